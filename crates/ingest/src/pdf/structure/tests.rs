//! Which unit content belongs to; trees that hold themselves or are too large.

use lopdf::dictionary;

use super::*;

/// A document whose tree, at most `nodes_max` nodes, is read from its object 1.
fn read(file: &lopdf::Document, nodes_max: usize) -> Structure {
    let limits = crate::Limits::default();
    let objects = Objects::new(file, &limits);
    let tree = file.get_object((1, 0)).and_then(Object::as_dict).unwrap();
    Reader::new(&objects, tree).read(tree, nodes_max)
}

fn element(role: &str, kids: Vec<Object>) -> Object {
    dictionary! { "S" => role, "K" => kids }.into()
}

/// The units of the marks 0, 1 and so on of a page, as a document's kids place them.
fn units(kids: Vec<Object>) -> Vec<usize> {
    let mut file = lopdf::Document::with_version("1.7");
    let all = dictionary! { "S" => "Document", "Pg" => (2, 0), "K" => kids };
    file.objects.insert((1, 0), dictionary! { "K" => all }.into());
    file.objects.insert((2, 0), Dictionary::new().into());
    let structure = read(&file, 100);
    let content = Structure::key(file.get_dictionary((2, 0)).unwrap());
    (0..4).map_while(|mark| structure.tag(content, mark).and_then(Tag::unit)).collect()
}

#[test]
fn an_array_of_kids_that_holds_itself_is_read_once() {
    let mut file = lopdf::Document::with_version("1.7");
    let section = dictionary! { "S" => "Sect", "K" => Object::Reference((2, 0)) };
    let again = Object::Reference((2, 0));
    file.objects.insert((1, 0), dictionary! { "K" => (3, 0) }.into());
    file.objects.insert((2, 0), vec![Object::from(section); 20].into());
    file.objects.insert((3, 0), again);
    assert_eq!(read(&file, 20).units.len(), read(&file, 40).units.len());
}

#[test]
fn of_a_long_list_of_attributes_the_first_are_read() {
    let second_column = |before: usize| {
        let mut attributes = vec![Object::from(Dictionary::new()); before];
        attributes.push(dictionary! { "ColSpan" => 2 }.into());
        let cell = dictionary! { "S" => "TD", "A" => attributes };
        let row = dictionary! { "S" => "TR", "K" => vec![Object::from(cell); 2] };
        let mut file = lopdf::Document::with_version("1.7");
        let table = dictionary! { "S" => "Table", "K" => row };
        file.objects.insert((1, 0), dictionary! { "K" => table }.into());
        read(&file, 10).units[1].cell.unwrap().column
    };
    assert_eq!(second_column(ATTRIBUTES_MAX - 1), 2);
    assert_eq!(second_column(ATTRIBUTES_MAX), 1);
}

#[test]
fn text_of_an_item_after_a_list_inside_it_stands_after_that() {
    let item = |kids: Vec<Object>| element("LI", vec![element("LBody", kids)]);
    let inner = |mark: i64| element("L", vec![item(vec![mark.into()])]);
    let kids = vec![0.into(), inner(1), 2.into(), element("Span", vec![3.into()])];
    assert_eq!(units(vec![element("L", vec![item(kids)])]), [0, 1, 2, 2]);
    let kids = vec![0.into(), inner(1), inner(2), 3.into()];
    assert_eq!(units(vec![element("L", vec![item(kids)])]), [0, 1, 2, 3]);
    let kids = vec![0.into(), element("Note", vec![1.into()]), 2.into()];
    assert_eq!(units(vec![element("L", vec![item(kids)])]), [0, 1, 0]);
}

#[test]
fn inline_elements_without_a_block_are_one_run() {
    let span = |mark: i64| element("Span", vec![mark.into()]);
    assert_eq!(units(vec![span(0), span(1), element("Link", vec![2.into(), 3.into()])]), [0; 4]);
    // A sentence with words in bold: what is between them is no element.
    assert_eq!(units(vec![0.into(), span(1), 2.into(), span(3)]), [0; 4]);
    // Marks alone are each a paragraph, as they may be lines or blocks.
    assert_eq!(units(vec![0.into(), 1.into(), span(2)]), [0, 1, 1]);
    let paragraph = element("P", vec![1.into()]);
    assert_eq!(units(vec![span(0), paragraph, span(2), span(3)]), [0, 1, 2, 2]);
    let section = element("Sect", vec![span(1), span(2)]);
    assert_eq!(units(vec![span(0), section, span(3)]), [0, 1, 1, 2]);
}

#[test]
fn a_tree_of_too_many_nodes_is_no_tree() {
    let mut file = lopdf::Document::with_version("1.7");
    let page = file.add_object(dictionary! { "Type" => "Page" });
    assert_eq!(page, (1, 0));
    let paragraph = dictionary! { "S" => "P", "Pg" => page, "K" => vec![0.into(), 1.into()] };
    file.objects.insert((1, 0), dictionary! { "K" => vec![Object::from(paragraph); 3] }.into());
    let whole = read(&file, 9);
    assert_eq!((whole.units.len(), whole.contents.len()), (3, 2));
    let cut = read(&file, 8);
    assert_eq!((cut.units.len(), cut.contents.len()), (0, 0));
}

#[test]
fn columns_of_a_table_are_limited_on_both_sides() {
    let second_column = |across: usize| {
        let cell = dictionary! { "S" => "TD", "A" => dictionary! { "ColSpan" => across as i64 } };
        let row = dictionary! { "S" => "TR", "K" => vec![Object::from(cell); 2] };
        let mut file = lopdf::Document::with_version("1.7");
        let table = dictionary! { "S" => "Table", "K" => row };
        file.objects.insert((1, 0), dictionary! { "K" => table }.into());
        read(&file, 10).units[1].cell.unwrap().column as usize
    };
    assert_eq!(second_column(COLUMNS_MAX - 1), COLUMNS_MAX - 1);
    assert_eq!(second_column(COLUMNS_MAX + 1), COLUMNS_MAX);
}

#[test]
fn steps_from_a_role_to_a_standard_one_are_limited_on_both_sides() {
    let paragraphs = |steps: usize| {
        let mut roles = Dictionary::new();
        for step in 1..steps {
            roles.set(format!("Own{step}"), Object::from(format!("Own{}", step + 1).as_str()));
        }
        roles.set(format!("Own{steps}"), "P");
        let mut file = lopdf::Document::with_version("1.7");
        let kids = vec![element("Own1", vec![])];
        file.objects.insert((1, 0), dictionary! { "K" => kids, "RoleMap" => roles }.into());
        read(&file, 10).units.len()
    };
    assert_eq!((paragraphs(ROLE_STEPS_MAX), paragraphs(ROLE_STEPS_MAX + 1)), (1, 0));
}
