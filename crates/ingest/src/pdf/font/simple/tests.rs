use lopdf::{Document, Object, Stream, dictionary};

use super::*;
use crate::Limits;

/// Text and width of each code of a font.
fn shown(font: &Dictionary, to_unicode: &str, codes: &[u8]) -> Vec<(String, f32)> {
    let (document, limits) = (Document::new(), Limits::default());
    let objects = Objects::new(&document, &limits);
    let font = SimpleFont::read(&objects, font, ToUnicode::read(to_unicode.as_bytes()));
    let character = |code: &u8| {
        let character = font.character(&objects, *code);
        (character.text.to_string(), character.width)
    };
    codes.iter().map(character).collect()
}

fn text(font: &Dictionary, to_unicode: &str, codes: &[u8]) -> String {
    shown(font, to_unicode, codes).into_iter().map(|(text, _)| text).collect()
}

fn named(subtype: &str, differences: Vec<Object>) -> Dictionary {
    dictionary! {
        "Subtype" => subtype, "BaseFont" => "X", "FirstChar" => 0,
        "Widths" => vec![Object::from(500); 256],
        "Encoding" => dictionary! { "Differences" => differences },
    }
}

fn name(name: &str) -> Object {
    Object::Name(name.into())
}

#[test]
fn holes_of_a_to_unicode_map_are_filled_by_names() {
    let font = named("Type1", vec![65.into(), name("alpha"), name("beta"), name("unknown")]);
    assert_eq!(text(&font, "1 beginbfchar <41> <0061> endbfchar", b"ABD"), "aβD");
    assert_eq!(text(&font, "2 beginbfchar <41> <FFFD> <42> <E000> endbfchar", b"AB"), "αβ");
    assert_eq!(text(&font, "1 beginbfchar <43> <E123> endbfchar", b"C"), "\u{E123}");
}

#[test]
fn a_letter_by_name_is_no_blank_whatever_the_map_says() {
    let font = named("Type1", vec![1.into(), name("g"), name("space"), name("unknown")]);
    let blanks = "3 beginbfchar <01> <0009> <02> <0020> <03> <0020> endbfchar";
    assert_eq!(text(&font, blanks, &[1, 2, 3]), "g  ");
    // A letter that the name contradicts is believed: the map is made for readers.
    assert_eq!(text(&font, "1 beginbfchar <01> <0067> endbfchar", &[1]), "g");
    assert_eq!(text(&font, "1 beginbfchar <01> <0071> endbfchar", &[1]), "q");
}

#[test]
fn mu_is_a_letter_among_greek_letters_and_else_a_unit() {
    let greek = named("Type1", vec![1.into(), name("mu"), name("theta")]);
    assert_eq!(text(&greek, "", &[1]), "\u{3BC}");
    let latin = named("Type1", vec![1.into(), name("mu"), name("eth")]);
    assert_eq!(text(&latin, "", &[1]), "\u{B5}");
    let mut tex = latin;
    tex.set("BaseFont", name("ABCDEF+CMMI10"));
    assert_eq!(text(&tex, "", &[1]), "\u{3BC}");
}

#[test]
fn a_type3_font_with_names_of_its_own_is_read_by_its_codes() {
    let own = named("Type3", vec![97.into(), name("square"), name("triangle"), name("a")]);
    assert_eq!(text(&own, "", b"abc"), "aba");
    let tex = named("Type3", vec![97.into(), name("triangle"), name("a")]);
    assert_eq!(text(&tex, "", b"ab"), "△a");
    let numbered = named("Type3", vec![32.into(), name("x0"), name("x1"), name("x2")]);
    assert_eq!(text(&numbered, "", b" !\""), "");
    let mut marks = named("Type3", vec![98.into(), name("Bullet")]);
    marks.set("Widths", vec![Object::from(0); 256]);
    assert_eq!(text(&marks, "", b"b"), "");
}

#[test]
fn codes_repeated_by_names_are_characters() {
    let font = named("Type1", vec![65.into(), name("a65"), name("C66"), name("a65")]);
    assert_eq!(text(&font, "", b"ABC"), "AB");
}

#[test]
fn wingdings_is_read_by_code_unless_it_is_encoded() {
    let mut font = dictionary! { "Subtype" => "TrueType", "BaseFont" => "Wingdings-Regular" };
    assert_eq!(text(&font, "", &[0xFC, b'n']), "✓■");
    assert_eq!(text(&font, "1 beginbfchar <D8> <F0D8> endbfchar", &[0xD8]), "➢");
    font.set("Encoding", name("WinAnsiEncoding"));
    assert_eq!(text(&font, "", b"n"), "n");
}

#[test]
fn later_differences_hold_and_absurd_ones_are_survived() {
    let names = vec![
        65.into(),
        name("x"),
        65.into(),
        name("y"),
        Object::Real(-1e30),
        name("z"),
        300.into(),
        name("w"),
    ];
    assert_eq!(text(&named("Type1", names), "", b"A"), "y");
}

#[test]
fn widths_come_from_the_list_the_standard_fonts_or_missing_width() {
    let width = |font: &Dictionary, code: u8| shown(font, "", &[code])[0].1;
    let standard = dictionary! { "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    assert_eq!(width(&standard, b'W'), 0.944);
    let mut listed = dictionary! {
        "Subtype" => "Type1", "BaseFont" => "X", "FirstChar" => 65,
        "Widths" => vec![600.into(), Object::Null, (-5).into()],
        "FontDescriptor" => dictionary! { "MissingWidth" => 250 },
    };
    assert_eq!([b'A', b'B', b'C', b'D'].map(|code| width(&listed, code)), [0.6, 0.25, 0.25, 0.25]);
    listed.set("FontDescriptor", Dictionary::new());
    assert_eq!(width(&listed, b'D'), 0.0);
    let zeros = dictionary! {
        "Subtype" => "Type1", "BaseFont" => "Arial", "FirstChar" => 0,
        "Widths" => vec![Object::from(0); 256],
    };
    assert_eq!(width(&zeros, b'A'), 0.667);
}

#[test]
fn a_font_that_nothing_describes_measures_like_its_kind() {
    let width = |flags: i64| {
        let font = dictionary! {
            "Subtype" => "Type1", "BaseFont" => "Unknown",
            "FontDescriptor" => dictionary! { "Flags" => flags },
        };
        shown(&font, "", b"i")[0].1
    };
    assert_eq!([width(1), width(2), width(0)], [0.6, 0.278, 0.222]);
}

#[test]
fn a_missing_first_char_follows_from_the_last_or_the_length() {
    let width = |font: &Dictionary| shown(font, "", b"A")[0].1;
    let widths: Vec<Object> = (0..10).map(|at| Object::from(100 * at)).collect();
    let mut font = dictionary! { "Subtype" => "Type1", "BaseFont" => "X", "Widths" => widths };
    font.set("LastChar", 70);
    assert_eq!(width(&font), 0.4);
    let widths: Vec<Object> = (0..224).map(Object::from).collect();
    let font = dictionary! { "Subtype" => "Type1", "BaseFont" => "X", "Widths" => widths };
    assert_eq!(width(&font), 0.033);
}

#[test]
fn the_space_is_measured_where_it_is() {
    let space = |font: &Dictionary, to_unicode: &str| {
        let (document, limits) = (Document::new(), Limits::default());
        let objects = Objects::new(&document, &limits);
        let font = SimpleFont::read(&objects, font, ToUnicode::read(to_unicode.as_bytes()));
        font.space_width(&objects)
    };
    let mut font = named("Type1", vec![3.into(), name("space")]);
    let mut widths = vec![Object::from(500); 256];
    widths[3] = 250.into();
    widths[32] = 300.into();
    font.set("Widths", widths);
    assert_eq!(space(&font, ""), Some(0.25));
    font.remove(b"Encoding");
    assert_eq!(space(&font, "1 beginbfchar <03> <0020> endbfchar"), Some(0.25));
    assert_eq!(space(&font, ""), Some(0.3));
}

#[test]
fn a_program_is_decoded_only_for_codes_that_need_it() {
    let mut document = Document::new();
    let program = document.add_object(Stream::new(
        Dictionary::new(),
        b"%!PS\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\ndup 1 /germandbls put\nreadonly def\neexec".to_vec(),
    ));
    let font = dictionary! {
        "Subtype" => "Type1", "BaseFont" => "X", "FirstChar" => 1, "Widths" => vec![500.into(), 500.into()],
        "FontDescriptor" => dictionary! { "FontFile" => program },
    };
    let limits = Limits::default();
    let objects = Objects::new(&document, &limits);
    let map = ToUnicode::read(b"1 beginbfchar <02> <0041> endbfchar");
    let font = SimpleFont::read(&objects, &font, map);
    assert_eq!(&*font.character(&objects, 2).text, "A");
    assert_eq!(objects.decoded_bytes(), 0);
    assert_eq!(&*font.character(&objects, 1).text, "ß");
    assert!(objects.decoded_bytes() > 0);
}

#[test]
fn the_em_of_a_type3_font_follows_from_its_letters() {
    let em = |subtype: &str, scale: f32| {
        let mut font = named(subtype, vec![97.into(), name("a"), name("b"), name("period")]);
        font.set("Widths", vec![Object::from(50); 256]);
        font.set("FontMatrix", [scale, 0.0, 0.0, scale, 0.0, 0.0].map(Object::Real).to_vec());
        let (document, limits) = (Document::new(), Limits::default());
        let objects = Objects::new(&document, &limits);
        SimpleFont::read(&objects, &font, None).em(&objects)
    };
    assert_eq!(em("Type3", 0.01), 1.0);
    assert!((em("Type3", 0.1) - 10.0).abs() < 1e-3);
    assert!((em("Type3", 0.0042) - 0.42).abs() < 1e-3);
    assert_eq!(em("Type1", 0.1), 1.0);
}
