//! Whole PDFs made here, odd and hostile ones above all: each is read or refused, in bounded time.

use std::time::{Duration, Instant};

use document::Document;
use lopdf::{Dictionary, Object, Stream, dictionary};

use crate::{Config, IngestError};

/// A PDF with one page per content stream and one font, `F`.
fn pdf(font: Dictionary, contents: &[&[u8]]) -> Vec<u8> {
    let mut file = lopdf::Document::with_version("1.7");
    let font = file.add_object(font);
    with_pages(file, contents, &dictionary! { "Font" => dictionary! { "F" => font } })
}

fn with_pages(mut file: lopdf::Document, contents: &[&[u8]], resources: &Dictionary) -> Vec<u8> {
    let pages = file.new_object_id();
    let page = |content: &&[u8]| {
        let content = file.add_object(Stream::new(Dictionary::new(), content.to_vec()));
        let page = dictionary! {
            "Type" => "Page", "Parent" => pages, "Contents" => content,
            "Resources" => resources.clone(),
            "MediaBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
        };
        Object::from(file.add_object(page))
    };
    let kids: Vec<Object> = contents.iter().map(page).collect();
    let count = kids.len() as i64;
    let tree = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count };
    file.objects.insert(pages, tree.into());
    let catalog = file.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    file.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    file.save_to(&mut bytes).unwrap();
    bytes
}

fn helvetica() -> Dictionary {
    dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" }
}

fn parse(bytes: &[u8]) -> Result<Document, IngestError> {
    crate::parse(bytes, &Config::default())
}

/// Parses within a time that leaves room for a busy machine, but not for quadratic work.
fn parse_soon(bytes: &[u8]) -> Result<Document, IngestError> {
    let started = Instant::now();
    let parsed = parse(bytes);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    parsed
}

const HELLO: &[u8] = b"BT /F 12 Tf 72 700 Td (Hello there) Tj ET";

#[test]
fn pages_without_text_between_others_are_named() {
    let document = parse(&pdf(helvetica(), &[HELLO, b"", HELLO])).unwrap();
    assert_eq!(document.pages_without_text(), [2]);
    assert_eq!(document.text, "Hello there\n\nHello there");
    assert_eq!(document.page_at(13), Some(3));
}

#[test]
fn absurd_numbers_of_a_font_are_survived() {
    let mut font = helvetica();
    font.set("FirstChar", Object::Real(-1e30));
    font.set("Widths", vec![500.into()]);
    assert!(parse(&pdf(font, &[HELLO])).is_ok());

    let descendant = dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "X",
        "W" => vec![Object::Real(5e9), vec![500.into(), 500.into()].into()],
    };
    let composite = dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "X", "Encoding" => "Identity-H",
        "DescendantFonts" => vec![descendant.into()],
    };
    assert_eq!(parse(&pdf(composite, &[HELLO])).unwrap_err().code(), "NO_TEXT");
}

#[test]
fn a_range_of_all_codes_is_not_expanded() {
    let map = b"1 begincodespacerange <00> <FF> endcodespacerange \
        1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange";
    let mut file = lopdf::Document::with_version("1.7");
    let map = file.add_object(Stream::new(Dictionary::new(), map.to_vec()));
    let mut font = helvetica();
    font.set("ToUnicode", map);
    let font = file.add_object(font);
    let resources = dictionary! { "Font" => dictionary! { "F" => font } };
    assert!(parse_soon(&with_pages(file, &[HELLO], &resources)).is_ok());
}

#[test]
fn forms_that_include_themselves_end() {
    let mut file = lopdf::Document::with_version("1.7");
    let font = file.add_object(helvetica());
    let form = file.new_object_id();
    let resources = dictionary! {
        "Font" => dictionary! { "F" => font }, "XObject" => dictionary! { "X" => form },
    };
    let dict = dictionary! { "Subtype" => "Form", "Resources" => resources.clone() };
    let content = [HELLO, b" /X Do /X Do"].concat();
    file.objects.insert(form, Stream::new(dict, content).into());
    let document = parse_soon(&with_pages(file, &[b"/X Do"], &resources)).unwrap();
    assert!(document.text.starts_with("Hello there"));
    assert!(document.pages[0].partial.is_some());
    assert!(document.warnings[0].starts_with("page 1 is incomplete"), "{:?}", document.warnings);
}

#[test]
fn a_kids_array_under_many_nodes_is_walked_once() {
    let mut file = lopdf::Document::with_version("1.7");
    let kids = file.new_object_id();
    let node = |file: &mut lopdf::Document| {
        Object::from(file.add_object(dictionary! { "Type" => "Pages", "Kids" => kids }))
    };
    let nodes: Vec<Object> = (0..20_000).map(|_| node(&mut file)).collect();
    file.objects.insert(kids, nodes.into());
    let root = file.add_object(dictionary! { "Type" => "Pages", "Kids" => kids });
    let catalog = file.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    file.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    file.save_to(&mut bytes).unwrap();
    assert_eq!(parse_soon(&bytes).unwrap_err().code(), "DAMAGED");
}

#[test]
fn floods_of_one_operator_end() {
    for flood in [
        &b"BI EI "[..],
        b"BI ID xEI ",
        b"BI ",
        b"/A BMC ",
        b"q ",
        b"<</A ",
        b"[ ",
        b"/F 1 Tf ",
        b"0 0 m 1 1 l S ",
    ] {
        let content = [flood.repeat(60_000), HELLO.to_vec()].concat();
        let parsed = parse_soon(&pdf(helvetica(), &[&content]));
        assert!(parsed.is_ok() || parsed.unwrap_err().code() == "NO_TEXT");
    }
}

#[test]
fn a_font_dictionary_given_inline_serves_all_its_uses() {
    let file = lopdf::Document::with_version("1.7");
    let resources = dictionary! { "Font" => dictionary! { "F" => helvetica() } };
    let content = [b"/F 1 Tf ".repeat(50_000), HELLO.to_vec()].concat();
    let document = parse_soon(&with_pages(file, &[&content], &resources)).unwrap();
    assert_eq!(document.text, "Hello there");
}

#[test]
fn actual_text_replaces_what_is_shown() {
    let content = b"BT /F 12 Tf 72 700 Td /Span <</ActualText (whole)>> BDC (w) Tj (h) Tj EMC ET";
    assert_eq!(parse(&pdf(helvetica(), &[content])).unwrap().text, "whole");
}

#[test]
fn actual_text_stands_for_glyphs_whose_own_text_is_unknown() {
    let content = b"BT /F 12 Tf 72 700 Td (a) Tj /Span <</ActualText (b)>> BDC <80> Tj EMC \
        /Span <</ActualText (cd)>> BDC /Span <</ActualText (x)>> BDC <80> Tj EMC (y) Tj EMC \
        (e) Tj ET";
    assert_eq!(parse(&pdf(helvetica(), &[content])).unwrap().text, "abcde");
}

#[test]
fn coordinates_beyond_any_page_are_left_out() {
    let content = [
        &b"BT /F 12 Tf 0 0 0 0 0 0 Tm (nowhere) Tj ET "[..],
        b"BT /F 12 Tf 1 0 0 1 500000 0 Tm (away) Tj ET ",
        HELLO,
    ];
    assert_eq!(parse(&pdf(helvetica(), &[&content.concat()])).unwrap().text, "Hello there");
}

#[test]
fn the_outline_gives_headings_their_levels() {
    let mut file = lopdf::Document::with_version("1.7");
    let font = file.add_object(helvetica());
    let resources = dictionary! { "Font" => dictionary! { "F" => font } };
    let (first, second) = (file.new_object_id(), file.new_object_id());
    let entry = |title: &str| dictionary! { "Title" => Object::string_literal(title) };
    let mut chapter = entry("Pumps");
    chapter.set("First", second);
    // A loop: the second entry names the first as its successor.
    let mut section = entry("Care of the pump");
    section.set("Next", first);
    file.objects.insert(first, chapter.into());
    file.objects.insert(second, section.into());
    let outlines = file.add_object(dictionary! { "First" => first });
    let content = b"BT /F 12 Tf 72 700 Td (1 Pumps) Tj 0 -60 Td (Water is moved by pumps.) Tj \
        0 -60 Td (Care of the pump) Tj 0 -60 Td (Oil it.) Tj ET";
    let bytes = with_pages(file, &[content], &resources);
    let mut file = lopdf::Document::load_mem(&bytes).unwrap();
    file.catalog_mut().unwrap().set("Outlines", outlines);
    let mut bytes = Vec::new();
    file.save_to(&mut bytes).unwrap();
    let document = parse(&bytes).unwrap();
    let levels: Vec<_> = document.blocks.iter().map(|block| block.kind).collect();
    use document::BlockKind::{Heading, Paragraph};
    assert_eq!(levels, [Heading { level: 1 }, Paragraph, Heading { level: 2 }, Paragraph]);
}

/// A font whose codes `a` to `d` are the first letters of the Hebrew alphabet.
fn hebrew() -> lopdf::Document {
    let mut file = lopdf::Document::with_version("1.7");
    let map = b"2 beginbfrange <61> <64> <05D0> <20> <39> <0020> endbfrange".to_vec();
    let map = file.add_object(Stream::new(Dictionary::new(), map));
    let mut font = helvetica();
    font.set("ToUnicode", map);
    file.add_object(font);
    file
}

fn read_hebrew(content: &[u8]) -> String {
    let file = hebrew();
    let font = Object::Reference((2, 0));
    let resources = dictionary! { "Font" => dictionary! { "F" => font } };
    parse(&with_pages(file, &[content], &resources)).unwrap().text
}

#[test]
fn parts_of_a_right_to_left_line_drawn_from_the_right_are_one_line() {
    let parts = b"BT /F 10 Tf 1 0 0 1 100 700 Tm ( dcba) Tj 1 0 0 1 89 700 Tm (17) Tj \
        1 0 0 1 72 700 Tm (ab ,) Tj ET";
    assert_eq!(read_hebrew(parts), "אבגד 17, בא");
    let spaces_first = b"BT /F 10 Tf 1 0 0 1 111 700 Tm ( ) Tj 1 0 0 1 100 700 Tm (ba) Tj \
        1 0 0 1 114 700 Tm (dc) Tj ET";
    assert_eq!(read_hebrew(spaces_first), "גד אב");
}

#[test]
fn parts_of_a_right_to_left_line_are_joined_in_bounded_time() {
    // Each part is blank and lies over all before it, until the last has letters.
    let mut content = b"BT /F 10 Tf ".to_vec();
    for _ in 0..40_000 {
        content.extend(b"1 0 0 1 100 700 Tm ( ) Tj 1 0 0 1 400 700 Tm ( ) Tj ");
    }
    content.extend(b"1 0 0 1 200 700 Tm (ba) Tj ET");
    let started = Instant::now();
    assert_eq!(read_hebrew(&content), "אב");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
