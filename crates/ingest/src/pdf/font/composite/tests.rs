use lopdf::{Document, Object, Stream, dictionary};

use super::*;
use crate::Limits;

/// A TrueType program of nothing but a Unicode `cmap`: characters, in order, with their glyphs.
fn program(characters: &[(char, u32)]) -> Vec<u8> {
    let mut cmap = [0, 1, 3, 10].iter().flat_map(|n: &u16| n.to_be_bytes()).collect::<Vec<_>>();
    let groups = characters.len() as u32;
    // Offset of the subtable; format 12, its length, language, groups.
    for number in [12, 12 << 16, 16 + 12 * groups, 0, groups] {
        cmap.extend(number.to_be_bytes());
    }
    for (c, glyph) in characters {
        for number in [u32::from(*c), u32::from(*c), *glyph] {
            cmap.extend(number.to_be_bytes());
        }
    }
    let mut font = vec![0, 1, 0, 0, 0, 1, 0, 16, 0, 0, 0, 0];
    font.extend(*b"cmap");
    for number in [0, 28, cmap.len() as u32] {
        font.extend(number.to_be_bytes());
    }
    font.extend(cmap);
    font
}

struct Sample {
    document: Document,
    font: Dictionary,
}

impl Sample {
    fn new(encoding: &str, cid_font: Dictionary, embedded: &[(char, u32)]) -> Self {
        let mut document = Document::new();
        let mut cid_font = cid_font;
        if !embedded.is_empty() {
            let program = document.add_object(Stream::new(Dictionary::new(), program(embedded)));
            cid_font.set("FontDescriptor", dictionary! { "FontFile2" => program });
        }
        let font = dictionary! {
            "Subtype" => "Type0", "Encoding" => encoding,
            "DescendantFonts" => vec![cid_font.into()],
        };
        Self { document, font }
    }

    fn with<T>(&self, map: &str, read: impl Fn(&CompositeFont, &Objects<'_>) -> T) -> T {
        let limits = Limits::default();
        let objects = Objects::new(&self.document, &limits);
        let map = ToUnicode::read(map.as_bytes());
        read(&CompositeFont::read(&objects, &self.font, map).unwrap(), &objects)
    }

    fn text(&self, map: &str, bytes: &[u8]) -> String {
        self.with(map, |font, objects| {
            let (mut rest, mut text) = (bytes, String::new());
            while !rest.is_empty() {
                let (code, taken) = font.first_code(rest);
                text.push_str(&font.text(objects, code, taken));
                rest = &rest[taken..];
            }
            text
        })
    }
}

const LETTERS: [(char, u32); 4] = [('!', 4), ('H', 1), ('i', 2), ('漢', 3)];

#[test]
fn without_a_map_the_program_is_read_backwards() {
    let sample = Sample::new("Identity-H", Dictionary::new(), &LETTERS);
    assert_eq!(sample.text("", &[0, 1, 0, 2, 0, 3, 0, 9]), "Hi漢");
}

#[test]
fn holes_of_a_map_are_filled_by_the_program() {
    let sample = Sample::new("Identity-H", Dictionary::new(), &LETTERS);
    let map = "3 beginbfchar <0001> <0041> <0002> <FFFD> <0003> <E001> endbfchar";
    assert_eq!(sample.text(map, &[0, 1, 0, 2, 0, 3, 0, 4]), "Ai漢!");
}

#[test]
fn a_map_that_repeats_glyph_numbers_is_rejected() {
    let identity = "1 beginbfrange <0000> <FFFF> <0000> endbfrange";
    let sample = Sample::new("Identity-H", Dictionary::new(), &LETTERS);
    assert_eq!(sample.text(identity, &[0, 1, 0, 2]), "Hi");
    // Here the glyphs do have the numbers of their characters.
    let honest = Sample::new("Identity-H", Dictionary::new(), &[('H', 0x48), ('i', 0x69)]);
    assert_eq!(honest.text(identity, &[0, 0x48, 0, 0x69, 0, 0x21]), "Hi!");
    let unknown = Sample::new("Identity-H", Dictionary::new(), &[]);
    assert_eq!(unknown.text(identity, &[0, 0x48]), "H");
}

#[test]
fn the_map_from_cid_to_glyph_is_followed() {
    let mut sample = Sample::new("Identity-H", Dictionary::new(), &LETTERS);
    let map = sample.document.add_object(Stream::new(Dictionary::new(), vec![0, 0, 0, 2, 0, 1]));
    let mut cid_font = sample.font.get(b"DescendantFonts").unwrap().as_array().unwrap()[0]
        .as_dict()
        .unwrap()
        .clone();
    cid_font.set("CIDToGIDMap", map);
    sample.font.set("DescendantFonts", vec![Object::from(cid_font)]);
    assert_eq!(sample.text("", &[0, 2, 0, 1, 0, 7]), "Hi");
}

#[test]
fn predefined_encodings_lead_to_text_through_their_collection() {
    let check = |encoding: &str, bytes: &[u8], expected: &str| {
        let sample = Sample::new(encoding, Dictionary::new(), &[]);
        assert_eq!(sample.text("", bytes), expected, "{encoding}");
    };
    check("90ms-RKSJ-H", b"A\x82\xA0\x8A\xBF", "Aあ漢");
    check("EUC-H", b"\xB4\xC1", "漢");
    check("GBK-EUC-H", b"A\xBA\xBA\xD7\xD6", "A汉字");
    check("GB-EUC-V", b"\xBA\xBA", "汉");
    check("KSCms-UHC-H", b"\xC7\xD1", "한");
    check("ETen-B5-H", b"\xBA\x7E", "漢");
    check("UniGB-UCS2-H", &[0x6C, 0x49], "汉");
    check("UniKS-UTF16-V", &[0xD5, 0x5C], "한");
    check("UniJIS-UTF16-H", &[0xD8, 0x42, 0xDF, 0xB7], "𠮷");
}

#[test]
fn the_collection_of_a_cid_font_is_enough() {
    let info = dictionary! {
        "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Japan1"),
    };
    let sample = Sample::new("Identity-H", dictionary! { "CIDSystemInfo" => info }, &[]);
    assert_eq!(sample.text("", &[0, 34]), "A");
}

#[test]
fn vertical_glyphs_lie_below_the_pen() {
    let cid_font = dictionary! {
        "DW" => 600, "DW2" => vec![880.into(), (-1000).into()],
        "W2" => vec![7.into(), vec![(-500).into(), 100.into(), 780.into()].into()],
    };
    let sample = Sample::new("Identity-V", cid_font, &[]);
    sample.with("", |font, objects| {
        assert!(font.is_vertical());
        let place = |code| font.placement(objects, code, 2);
        let near = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).hypot(a.1 - b.1) < 1e-5;
        assert!((place(1).advance - 1.0).abs() < 1e-5);
        assert!(near(place(1).offset, (0.0, -0.38)));
        assert!((place(7).advance - 0.5).abs() < 1e-5);
        assert!(near(place(7).offset, (-0.1, 0.3 - 0.1 - 0.38)));
    });
}

#[test]
fn the_space_is_measured_by_the_map_or_the_collection() {
    let widths = vec![1.into(), vec![231.into(), 500.into(), 260.into()].into()];
    let sample = Sample::new("Identity-H", dictionary! { "W" => widths.clone() }, &[]);
    let space = |sample: &Sample, map: &str| sample.with(map, CompositeFont::space_width);
    assert_eq!(space(&sample, "1 beginbfchar <0003> <0020> endbfchar"), Some(0.26));
    assert_eq!(space(&sample, ""), None);
    let japanese = Sample::new("UniJIS-UCS2-H", dictionary! { "W" => widths }, &[]);
    assert_eq!(space(&japanese, ""), Some(0.231));
}

#[test]
fn a_font_without_any_width_is_one_em_wide() {
    let width = |cid_font: Dictionary| {
        let sample = Sample::new("Identity-H", cid_font, &[]);
        sample.with("", |font, objects| font.placement(objects, 5, 2).advance)
    };
    assert_eq!(width(Dictionary::new()), 1.0);
    assert_eq!(width(dictionary! { "DW" => 300 }), 0.3);
    assert_eq!(width(dictionary! { "W" => vec![1.into(), 9.into(), 250.into()] }), 0.25);
}

#[test]
fn a_system_font_named_by_glyph_is_read_where_its_widths_prove_the_order() {
    let text = |name: &str, widths: [i64; 5]| {
        // Space, D, E, R, S of Arial.
        let glyphs = [3, 39, 40, 53, 54];
        let entries = glyphs.into_iter().zip(widths);
        let w = entries.flat_map(|(glyph, width)| [glyph.into(), vec![width.into()].into()]);
        let cid_font = dictionary! { "BaseFont" => name, "W" => w.collect::<Vec<Object>>() };
        Sample::new("Identity-H", cid_font, &[]).text("", &[0, 39, 0, 40, 0, 54, 1, 54])
    };
    let arial = [278, 722, 667, 722, 667];
    assert_eq!(text("ArialMT", arial), "DES");
    assert_eq!(text("ABCDEF+TimesNewRoman", arial), "");
    assert_eq!(text("ArialMT", [278, 722, 667, 722, 300]), "");
    assert_eq!(text("CourierNew", [600; 5]), "");
    assert_eq!(text("Calibri", arial), "");
}

#[test]
fn letters_drawn_alike_prove_the_order_too() {
    let text = |widths: [i64; 5]| {
        // A, B, E, O, P of Cyrillic, and one that Latin has not.
        let entries = [570, 572, 575, 584, 586].into_iter().zip(widths);
        let w = entries.flat_map(|(glyph, width)| [glyph.into(), vec![width.into()].into()]);
        let cid_font = dictionary! { "BaseFont" => "Arial", "W" => w.collect::<Vec<Object>>() };
        let shown: [u8; 10] = [2, 0x49, 2, 0x4A, 2, 0x3C, 2, 0x48, 2, 0x40];
        Sample::new("Identity-H", cid_font, &[]).text("", &shown)
    };
    assert_eq!(text([667, 667, 667, 778, 667]), "ПРВОЖ");
    assert_eq!(text([667, 667, 667, 778, 600]), "");
}

#[test]
fn cids_that_an_identity_is_held_against_are_limited() {
    let identity = "1 beginbfrange <0000> <FFFF> <0000> endbfrange";
    // One CID has a glyph, the last of the map.
    let text = |cid: u32| {
        let mapped = dictionary! { "CIDToGIDMap" => Object::Reference((99, 0)) };
        let mut sample = Sample::new("Identity-H", mapped, &[('A', 1)]);
        let mut map = vec![0; 2 * cid as usize];
        map.extend([0, 1]);
        sample.document.objects.insert((99, 0), Stream::new(Dictionary::new(), map).into());
        sample.text(identity, &[0, 0x42])
    };
    assert_eq!((&*text(IDENTITY_CIDS_MAX - 1), &*text(IDENTITY_CIDS_MAX)), ("", "B"));
}

#[test]
fn codes_are_characters_where_the_map_to_glyphs_is_lost() {
    let lost = dictionary! { "CIDToGIDMap" => Object::Reference((99, 0)) };
    let sample = Sample::new("Identity-H", lost, &LETTERS);
    assert_eq!(sample.text("", &[0, 0x48, 0, 2, 0, 0x69]), "Hi");
    let numbered = dictionary! { "CIDToGIDMap" => "Identity" };
    let sample = Sample::new("Identity-H", numbered, &LETTERS);
    assert_eq!(sample.text("", &[0, 1, 0, 2, 0, 0x48]), "Hi");
}
