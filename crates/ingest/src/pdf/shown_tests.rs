//! What of a page is read, and where it stands: hidden text, annotations, tags, boxes.

use document::{BlockKind, Document, RemovalReason};
use lopdf::{Dictionary, Object, ObjectId, Stream, dictionary};

use crate::{Config, IngestError};

/// A PDF of one page, 600 by 800 points, with Helvetica as `F`, under construction.
struct Sheet {
    file: lopdf::Document,
    content: Vec<u8>,
    page: Dictionary,
    page_id: ObjectId,
    resources: Dictionary,
    catalog: Dictionary,
}

impl Sheet {
    fn new(content: &[u8]) -> Self {
        let mut file = lopdf::Document::with_version("1.7");
        let font = dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        };
        let font = file.add_object(font);
        let page_id = file.new_object_id();
        Self {
            resources: dictionary! { "Font" => dictionary! { "F" => font } },
            page: dictionary! { "Type" => "Page", "MediaBox" => numbers(&[0, 0, 600, 800]) },
            catalog: dictionary! { "Type" => "Catalog" },
            content: content.to_vec(),
            page_id,
            file,
        }
    }

    fn form(&mut self, bounds: &[i64], content: &[u8]) -> ObjectId {
        let dict = dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => numbers(bounds),
            "Resources" => self.resources.clone(),
        };
        self.file.add_object(Stream::new(dict, content.to_vec()))
    }

    fn read(self) -> Document {
        self.try_read().unwrap()
    }

    fn try_read(mut self) -> Result<Document, IngestError> {
        let pages = self.file.new_object_id();
        let content = self.file.add_object(Stream::new(Dictionary::new(), self.content));
        self.page.set("Parent", pages);
        self.page.set("Contents", content);
        self.page.set("Resources", self.resources);
        self.file.objects.insert(self.page_id, self.page.into());
        let kids = vec![Object::from(self.page_id)];
        let tree = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => 1 };
        self.file.objects.insert(pages, tree.into());
        self.catalog.set("Pages", pages);
        let catalog = self.file.add_object(self.catalog);
        self.file.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        self.file.save_to(&mut bytes).unwrap();
        crate::parse(&bytes, &Config::default())
    }
}

fn numbers(all: &[i64]) -> Vec<Object> {
    all.iter().map(|number| Object::from(*number)).collect()
}

fn text_at(x: i64, y: i64, text: &str) -> String {
    format!("BT /F 12 Tf {x} {y} Td ({text}) Tj ET ")
}

fn hidden(document: &Document) -> Vec<&str> {
    let removed = document.removed.iter();
    removed.filter(|line| line.reason == RemovalReason::Hidden).map(|l| l.text.as_str()).collect()
}

#[test]
fn text_beside_the_page_is_not_read() {
    let content = [text_at(72, 700, "on the page"), text_at(72, 900, "above it")].concat();
    let mut sheet = Sheet::new(content.as_bytes());
    sheet.page.set("CropBox", numbers(&[0, 0, 600, 790]));
    let document = sheet.read();
    assert_eq!(document.text, "on the page");
    assert_eq!(hidden(&document), ["above it"]);
}

#[test]
fn a_page_with_nothing_to_be_seen_is_read_whole() {
    let mut sheet = Sheet::new(text_at(72, 700, "cropped by mistake").as_bytes());
    sheet.page.set("CropBox", numbers(&[0, 0, 20, 20]));
    assert_eq!(sheet.read().text, "cropped by mistake");
}

#[test]
fn text_outside_a_clipping_path_is_not_read() {
    let clipped = |path: &str| {
        let inside = text_at(72, 700, "inside");
        let outside = text_at(72, 300, "outside");
        let after = text_at(72, 100, "after");
        let content = format!("q {path} {inside}{outside} Q {after}");
        Sheet::new(content.as_bytes()).read().text
    };
    assert_eq!(clipped("50 650 300 100 re W n"), "inside\n\nafter");
    assert_eq!(clipped("50 650 m 350 650 l 350 750 l 50 750 l h W* n"), "inside\n\nafter");
    // Curves reach no further than the points that bend them.
    assert_eq!(clipped("50 690 m 50 800 350 800 350 690 c h W n"), "inside\n\nafter");
    let all = "inside\n\noutside\n\nafter";
    assert_eq!(clipped("-1000000 -1000000 2000000 2000000 re W n"), all);
    assert_eq!(clipped("50 650 300 100 re f"), all);
    assert_eq!(clipped("W n"), all);
}

#[test]
fn of_a_letter_more_than_an_edge_is_seen() {
    // The H is nearly 9 points wide.
    let clipped = |x: i64, width: i64| {
        let after = text_at(72, 100, "after");
        let content = format!("q {x} 690 {width} 30 re W n {}Q {after}", text_at(72, 700, "H"));
        Sheet::new(content.as_bytes()).read().text
    };
    // As in a column that a spreadsheet has at no width.
    assert_eq!(clipped(72, 1), "after");
    assert_eq!(clipped(80, 9), "after");
    assert_eq!(clipped(72, 4), "H\n\nafter");
    assert_eq!(clipped(77, 9), "H\n\nafter");
}

#[test]
fn a_form_shows_no_more_than_its_box() {
    let mut sheet = Sheet::new(b"/X Do");
    let content = [text_at(72, 700, "inside"), text_at(72, 300, "outside")].concat();
    let form = sheet.form(&[50, 650, 350, 750], content.as_bytes());
    sheet.resources.set("XObject", dictionary! { "X" => form });
    let document = sheet.read();
    assert_eq!((document.text.as_str(), hidden(&document)), ("inside", vec!["outside"]));
}

/// A sheet with a line of text on each of the layers named.
fn layered(layers: &[&str]) -> Sheet {
    let mut sheet = Sheet::new(b"");
    let layer =
        |name: &str| dictionary! { "Type" => "OCG", "Name" => Object::string_literal(name) };
    let on = sheet.file.add_object(layer("on"));
    let off = sheet.file.add_object(layer("off"));
    let either = dictionary! { "Type" => "OCMD", "OCGs" => vec![on.into(), off.into()] };
    let both = dictionary! { "P" => "AllOn", "OCGs" => vec![on.into(), off.into()] };
    sheet.resources.set(
        "Properties",
        dictionary! { "On" => on, "Off" => off, "Either" => either, "Both" => both },
    );
    sheet.catalog.set(
        "OCProperties",
        dictionary! {
            "OCGs" => vec![on.into(), off.into()],
            "D" => dictionary! { "OFF" => vec![off.into()] },
        },
    );
    for (at, layer) in (0..).zip(layers) {
        let text = text_at(72, 700 - 100 * at, layer);
        sheet.content.extend(format!("/OC /{layer} BDC {text} EMC ").bytes());
    }
    sheet
}

#[test]
fn layers_that_are_off_are_not_read() {
    let document = layered(&["On", "Off", "Either", "Both"]).read();
    assert_eq!(document.text, "On\n\nEither");
    assert_eq!(hidden(&document), ["Off", "Both"]);
    assert_eq!(layered(&["Off"]).try_read().unwrap_err().code(), "NO_TEXT");
}

#[test]
fn a_replacement_text_replaces_wherever_it_is_given() {
    let read = |replacement: &[u8]| {
        let shown = text_at(72, 700, "b");
        let sheet = |operands: &str| {
            let before = text_at(66, 700, "a");
            let content = format!("{before}/Span {operands} BDC {shown} EMC");
            Sheet::new(content.as_bytes())
        };
        let text = Object::string_literal(replacement);
        let mut named = sheet("/T");
        named
            .resources
            .set("Properties", dictionary! { "T" => dictionary! { "ActualText" => text } });
        let hex: String = replacement.iter().map(|byte| format!("{byte:02X}")).collect();
        let inline = sheet(&format!("<</ActualText <{hex}>>>"));
        (named.read().text, inline.read().text)
    };
    let both = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(read(b"xyz"), both("axyz"));
    assert_eq!(read(b""), both("a"));
    assert_eq!(read(b" "), both("a"));
    let longest = "x".repeat(4_096);
    assert_eq!(read(longest.as_bytes()), both(&format!("a{longest}")));
    assert_eq!(read("x".repeat(4_097).as_bytes()), both("ab"));
}

#[test]
fn what_annotations_show_is_read_at_its_label() {
    let content = [text_at(72, 700, "Name:"), text_at(72, 600, "Signed by nobody.")].concat();
    let mut sheet = Sheet::new(content.as_bytes());
    let value = sheet.form(&[0, 0, 100, 20], text_at(2, 5, "Ada").as_bytes());
    let note = sheet.form(&[0, 0, 100, 20], text_at(2, 5, "a note").as_bytes());
    let annotation = |subtype: &str, appearance: Object, flags: i64| {
        Object::from(dictionary! {
            "Type" => "Annot", "Subtype" => subtype, "Rect" => numbers(&[110, 695, 210, 715]),
            "AP" => dictionary! { "N" => appearance }, "F" => flags, "AS" => "On",
        })
    };
    let states = dictionary! { "On" => value, "Off" => note };
    let annotations = vec![
        annotation("Widget", states.into(), 4),
        annotation("Widget", note.into(), 2),
        annotation("Text", note.into(), 0),
    ];
    sheet.page.set("Annots", annotations);
    assert_eq!(sheet.read().text, "Name: Ada\n\nSigned by nobody.");
}

#[test]
fn a_sound_structure_tree_gives_the_order_and_the_headings() {
    let marked = |number: i64, y: i64, text: &str| {
        format!("/P <</MCID {number}>> BDC {} EMC ", text_at(72, y, text))
    };
    let content = [
        marked(0, 600, "The second paragraph."),
        marked(1, 700, "A heading"),
        marked(2, 650, "The first paragraph."),
    ];
    let mut sheet = Sheet::new(content.concat().as_bytes());
    let page = sheet.page_id;
    let mut element = |role: &str, mark: i64| {
        let dict = dictionary! { "S" => role, "Pg" => page, "K" => mark };
        Object::from(sheet.file.add_object(dict))
    };
    let kids = vec![element("Kapitel", 1), element("P", 2), element("P", 0)];
    let root = dictionary! {
        "Type" => "StructTreeRoot", "K" => kids,
        "RoleMap" => dictionary! { "Kapitel" => "Titel", "Titel" => "H2" },
    };
    sheet.catalog.set("StructTreeRoot", root);
    let document = sheet.read();
    assert_eq!(document.text, "A heading\n\nThe first paragraph.\n\nThe second paragraph.");
    assert_eq!(document.blocks[0].kind, BlockKind::Heading { level: 2 });
}

#[test]
fn blocks_know_their_boxes_in_the_pages_own_coordinates() {
    for rotation in [0, 90, 180, 270] {
        let mut sheet = Sheet::new(text_at(172, 600, "Hello").as_bytes());
        sheet.page.set("CropBox", numbers(&[100, 200, 500, 700]));
        sheet.page.set("Rotate", rotation);
        let document = sheet.read();
        let page = &document.pages[0];
        assert_eq!(
            (page.rotation, page.bounds.x0, page.bounds.y1),
            (rotation as u16, 100.0, 700.0)
        );
        let [region] = document.regions_of(0) else { panic!("{:?}", document.regions) };
        let found = region.bounds;
        // Helvetica's advances of "Hello", 12 points, and the reach of its letters.
        let expected = [172.0, 600.0 - 2.64, 172.0 + 27.34, 600.0 + 9.12];
        for (edge, expected) in [found.x0, found.y0, found.x1, found.y1].iter().zip(expected) {
            assert!((edge - expected).abs() < 0.1, "{rotation}: {found:?}");
        }
    }
}

#[test]
fn tagged_tables_keep_their_spans_and_loops_are_cut() {
    // Drawn in one column, so that only the tags tell the rows.
    let texts = ["Station", "Spring", "Rain", "Days", "Cold Well", "212", "41"];
    let mut content = String::new();
    for (number, text) in texts.iter().enumerate() {
        let text = text_at(72, 700 - 30 * number as i64, text);
        content += &format!("/TD <</MCID {number}>> BDC {text} EMC ");
    }
    let mut sheet = Sheet::new(content.as_bytes());
    let page = sheet.page_id;
    let cell = |sheet: &mut Sheet, role: &str, mark: i64, span: Option<(&str, i64)>| {
        let mut dict = dictionary! { "S" => role, "Pg" => page, "K" => mark };
        if let Some((key, count)) = span {
            dict.set("A", dictionary! { "O" => "Table", key => count });
        }
        Object::from(sheet.file.add_object(dict))
    };
    let rows = [
        vec![
            cell(&mut sheet, "TH", 0, Some(("RowSpan", 2))),
            cell(&mut sheet, "TH", 1, Some(("ColSpan", 2))),
        ],
        vec![cell(&mut sheet, "TH", 2, None), cell(&mut sheet, "TH", 3, None)],
        vec![
            cell(&mut sheet, "TD", 4, None),
            cell(&mut sheet, "TD", 5, None),
            cell(&mut sheet, "TD", 6, None),
        ],
    ];
    let table = sheet.file.new_object_id();
    let mut kids: Vec<Object> = rows
        .into_iter()
        .map(|cells| sheet.file.add_object(dictionary! { "S" => "TR", "K" => cells }).into())
        .collect();
    kids.push(table.into());
    sheet.file.objects.insert(table, dictionary! { "S" => "Table", "K" => kids }.into());
    let root = dictionary! { "Type" => "StructTreeRoot", "K" => table };
    sheet.catalog.set("StructTreeRoot", root);
    let document = sheet.read();
    let rows = "Station | Spring\n--- | --- | ---\n | Rain | Days\nCold Well | 212 | 41";
    assert_eq!((document.text.as_str(), document.blocks[0].kind), (rows, BlockKind::Table));
}
