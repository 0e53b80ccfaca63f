//! Every limit of a page and of a document, just under and just over: what is done is kept, and
//! which limit was met is said.

use std::fmt::Write as _;

use crate::{Config, Limits};

const HELLO: &str = "BT /F 12 Tf 72 700 Td (Hello there) Tj ET ";

/// A file of one page: its content, entries of its dictionary and its resources, entries of the
/// catalog, and further objects from number 6 on.
#[derive(Default)]
struct File {
    content: String,
    page: String,
    resources: String,
    catalog: String,
    objects: String,
}

impl File {
    fn of(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { content, page, resources, catalog, objects } = self;
        let file = format!(
            "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R{catalog}>>endobj\n\
             2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
             3 0 obj<</Type/Page/Contents 4 0 R/Resources<</Font<</F 5 0 R>>{resources}>>{page}>>\
             endobj\n4 0 obj<</Length {}>>stream\n{content}\nendstream endobj\n\
             5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n{objects}\n\
             trailer<</Root 1 0 R>>\n%%EOF",
            content.len()
        );
        file.into_bytes()
    }

    /// The text, and all warnings that tell of a limit.
    fn read(&self, limits: Limits) -> (String, String) {
        let document = crate::parse(&self.bytes(), &Config { limits, ..Config::default() });
        let document = document.unwrap();
        let partial = document.pages[0].partial.iter().cloned();
        let warnings = partial.chain(document.warnings).filter(|warning| is_of_limit(warning));
        (document.text, warnings.collect::<Vec<_>>().join("\n"))
    }
}

fn is_of_limit(warning: &str) -> bool {
    ["limit", "more than", "over"].iter().any(|word| warning.contains(word))
}

/// With `limit` of something nothing is said; with one more `says` is, and the page keeps `keeps`.
#[track_caller]
fn check(file: impl Fn(usize) -> File, limit: usize, says: &str, keeps: &str) {
    let (text, warnings) = file(limit).read(Limits::default());
    assert!(text.contains("Hello there"), "{text:?}");
    assert_eq!(warnings, "", "just under");
    let (text, warnings) = file(limit + 1).read(Limits::default());
    assert!(warnings.contains(says), "just over: {warnings:?}");
    assert!(text.contains(keeps), "{text:?}");
}

fn objects(count: usize, object: impl Fn(usize) -> String) -> String {
    (6..6 + count).fold(String::new(), |mut all, number| {
        writeln!(all, "{number} 0 obj{}endobj", object(number)).unwrap();
        all
    })
}

fn references(count: usize) -> String {
    (6..6 + count).map(|number| format!("{number} 0 R ")).collect()
}

#[test]
fn operations_of_a_page() {
    let read = |operations_max: usize| {
        let limits = Limits { operations_max, ..Limits::default() };
        File::of(format!("{HELLO}n n (and more) Tj")).read(limits)
    };
    let (text, warnings) = read(8);
    assert!(text.ends_with("and more") && warnings.is_empty(), "{text:?} {warnings}");
    let (text, warnings) = read(7);
    assert_eq!(text, "Hello there");
    assert!(warnings.contains("it has more than 7 operations"), "{warnings}");
}

#[test]
fn glyphs_of_a_page() {
    let read = |glyphs_max: usize| File::of(HELLO).read(Limits { glyphs_max, ..Limits::default() });
    assert_eq!(read(11), ("Hello there".to_owned(), String::new()));
    let (text, warnings) = read(10);
    // The one that crosses the limit is kept.
    assert_eq!(text, "Hello there");
    assert!(warnings.contains("it has more than 10 glyphs"), "{warnings}");
    let (text, _) = read(4);
    assert_eq!(text, "Hello");
    // Without any operation after the one that crosses it.
    let bare = File::of("/F 12 Tf 9 700 Td (Hello there) Tj");
    let (_, warnings) = bare.read(Limits { glyphs_max: 4, ..Limits::default() });
    assert!(warnings.contains("it has more than 4 glyphs"), "{warnings}");
}

#[test]
fn text_of_a_page() {
    // Each glyph is 126 bytes of text.
    let map = format!("1 beginbfrange<41><41><{}>endbfrange", "0078".repeat(126));
    let file = |glyphs: usize| File {
        content: format!("{HELLO}BT /G 1 Tf 72 600 Td ({}) Tj ET", "A".repeat(glyphs)),
        resources: String::new(),
        objects: format!(
            "6 0 obj<</Length {}>>stream\n{map}\nendstream endobj \
             7 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>endobj",
            map.len()
        ),
        ..File::default()
    };
    let with_font = |glyphs: usize| {
        let bytes = String::from_utf8(file(glyphs).bytes()).unwrap();
        bytes.replace("/F 5 0 R", "/F 5 0 R/G 7 0 R")
    };
    let partial = |glyphs: usize| {
        let document = crate::parse(with_font(glyphs).as_bytes(), &Config::default()).unwrap();
        assert!(document.text.starts_with("Hello there"));
        document.pages[0].partial.clone()
    };
    let most = ((16 << 20) - "Hello there".len()) / 126;
    assert_eq!(partial(most), None);
    let why = "it has more than 16777216 bytes of text";
    assert_eq!(partial(most + 1).as_deref(), Some(why));
}

#[test]
fn forms_of_a_page() {
    let file = |draws: usize| File {
        content: format!("{HELLO}{}", "/X Do ".repeat(draws)),
        resources: "/XObject<</X 6 0 R>>".to_owned(),
        objects: objects(1, |_| "<</Subtype/Form/Length 0>>stream\n\nendstream ".to_owned()),
        ..File::default()
    };
    check(file, 50_000, "more than 50000 forms are drawn on it", "Hello there");
}

#[test]
fn forms_within_forms() {
    let form = |inner: usize, content: &str| {
        format!(
            "<</Subtype/Form/Resources<</Font<</F 5 0 R>>/XObject<</X {inner} 0 R>>>>/Length {}>>\
             stream\n{content}\nendstream ",
            content.len()
        )
    };
    let file = |depth: usize| File {
        content: format!("{HELLO}/X Do"),
        resources: "/XObject<</X 6 0 R>>".to_owned(),
        objects: objects(depth, |number| {
            form(number + 1, if number == 5 + depth { "(deepest) Tj" } else { "/X Do" })
        }),
        ..File::default()
    };
    check(file, 24, "forms are nested in it over 24 deep", "Hello there");
    assert!(file(24).read(Limits::default()).0.contains("deepest"));
}

#[test]
fn saved_states() {
    let file = |depth: usize| {
        let (down, up) = ("q 1 0 0 1 0 -0.1 cm ".repeat(depth), "Q ".repeat(depth));
        File::of(format!("{down}{up}{HELLO}"))
    };
    let says = "saved graphics states: 1001 found, limit 1000";
    check(file, 1_000, says, "Hello there");
    // What was not saved is not restored: the text stands where it should.
    let place = |depth: usize| {
        let document = crate::parse(&file(depth).bytes(), &Config::default()).unwrap();
        document.regions[0].bounds
    };
    assert_eq!(place(1), place(1_000));
}

#[test]
fn marked_content() {
    let file = |depth: usize| {
        File::of(format!("{}{HELLO}{}", "/A BMC ".repeat(depth), "EMC ".repeat(depth)))
    };
    let says = "marked-content sequences open at once: 1001 found, limit 1000";
    check(file, 1_000, says, "Hello there");
}

#[test]
fn replacement_texts() {
    let file = |bytes: usize| {
        let text = "w".repeat(bytes);
        File::of(format!("{HELLO}BT 72 600 Td /Span<</ActualText({text})>>BDC (shown) Tj EMC ET"))
    };
    let says = "bytes of a replacement text: 4097 found, limit 4096";
    check(file, 4_096, says, "shown");
    assert!(file(4_096).read(Limits::default()).0.contains("wwww"));
}

#[test]
fn annotations_of_a_page() {
    let appearance = "6 0 obj<</BBox[0 0 99 20]/Length 0>>stream\n\nendstream endobj ";
    let annotation = "7 0 obj<</Subtype/Stamp/Rect[0 0 99 20]/AP<</N 6 0 R>>>>endobj";
    let file = |count: usize| File {
        content: HELLO.to_owned(),
        page: format!("/Annots[{}]", "7 0 R ".repeat(count)),
        objects: format!("{appearance}{annotation}"),
        ..File::default()
    };
    check(file, 20_000, "it has 20001 annotations, limit 20000", "Hello there");
}

#[test]
fn ruling_lines_of_a_page() {
    let says = "ruling lines of a page: 20001 found, limit 20000";
    let strokes = |count: usize| File::of(format!("{HELLO}{}", "9 9 m 99 9 l S ".repeat(count)));
    check(strokes, 20_000, says, "Hello there");
    let one_path = |count: usize| File::of(format!("{HELLO}{} S", "9 9 m 99 9 l ".repeat(count)));
    check(one_path, 20_000, says, "Hello there");
    let slivers = |count: usize| File::of(format!("{HELLO}{}", "9 9 99 1 re f ".repeat(count)));
    check(slivers, 20_000, says, "Hello there");
}

#[test]
fn fonts_of_a_document() {
    // The page's own is one of them.
    let file = |count: usize| {
        let fonts = count - 1;
        let uses: String = (6..6 + fonts).map(|number| format!("/G{number} 1 Tf ")).collect();
        let names: String = (6..6 + fonts).map(|n| format!("/G{n} {n} 0 R")).collect();
        File {
            content: format!("{HELLO}{uses}"),
            resources: format!("/Font<</F 5 0 R{names}>>"),
            objects: objects(fonts, |_| "<</Type/Font/Subtype/Type1/BaseFont/Courier>>".to_owned()),
            ..File::default()
        }
    };
    check(file, 4_096, "4097 fonts, limit 4096", "Hello there");
}

#[test]
fn layers() {
    let file = |count: usize| File {
        content: HELLO.to_owned(),
        catalog: format!("/OCProperties<</D<</OFF[{}]>>>>", "6 0 R ".repeat(count)),
        ..File::default()
    };
    check(file, 100_000, "layers: 100001 found, limit 100000", "Hello there");
}

#[test]
fn outline_entries() {
    let file = |count: usize| File {
        content: HELLO.to_owned(),
        catalog: "/Outlines<</First 6 0 R>>".to_owned(),
        objects: objects(count, |number| format!("<</Title(x)/Next {} 0 R>>", number + 1)),
        ..File::default()
    };
    check(file, 10_000, "entries of the outline: 10001 found, limit 10000", "Hello there");
}

#[test]
fn names_of_an_encoding() {
    let file = |count: usize| File {
        content: format!("{HELLO}/G 9 Tf"),
        resources: "/Font<</F 5 0 R/G 6 0 R>>".to_owned(),
        objects: objects(1, |_| {
            let names = "/a ".repeat(count);
            format!("<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences[{names}]>>>>")
        }),
        ..File::default()
    };
    check(file, 4_096, "names of an encoding: 4097 found, limit 4096", "Hello there");
}

#[test]
fn entries_and_bytes_of_a_to_unicode_map() {
    let file = |map: String| File {
        content: format!("{HELLO}/G 9 Tf"),
        resources: "/Font<</F 5 0 R/G 7 0 R>>".to_owned(),
        objects: format!(
            "6 0 obj<</Length {}>>stream\n{map}\nendstream endobj \
             7 0 obj<</Type/Font/Subtype/Type1/BaseFont/Courier/ToUnicode 6 0 R>>endobj",
            map.len()
        ),
        ..File::default()
    };
    let entry = |at: usize| if at.is_multiple_of(2) { "<41><61>" } else { "<42><62>" };
    let entries = |count: usize| {
        file("1 beginbfchar ".to_owned() + &(0..count).map(entry).collect::<String>())
    };
    let says = "entries of a ToUnicode map: 131073 found, limit 131072";
    check(entries, 1 << 17, says, "Hello there");
    let bytes = |count: usize| file("1 beginbfchar <41><61>".to_owned() + &" ".repeat(count - 22));
    check(bytes, 4 << 20, "bytes of a ToUnicode map: 4194305 found, limit 4194304", "Hello there");
}

#[test]
fn bytes_of_a_cmap_and_widths_of_a_cid_font() {
    let font = |encoding: &str, entries: &str| {
        format!(
            "6 0 obj<</Type/Font/Subtype/Type0/BaseFont/X/Encoding {encoding}/DescendantFonts\
             [<</Type/Font/Subtype/CIDFontType2/BaseFont/X{entries}>>]>>endobj "
        )
    };
    let file = |objects: String| File {
        content: format!("{HELLO}BT /G 9 Tf <0001> Tj ET"),
        resources: "/Font<</F 5 0 R/G 6 0 R>>".to_owned(),
        objects,
        ..File::default()
    };
    let map = |bytes: usize| {
        let blank = " ".repeat(bytes);
        let map = format!("7 0 obj<</Length {bytes}>>stream\n{blank}\nendstream endobj");
        file(font("7 0 R", "") + &map)
    };
    check(map, 4 << 20, "bytes of a CMap: 4194305 found, limit 4194304", "Hello there");
    let widths = |count: usize| {
        let list: String = (0..count).map(|width| format!("{width} ")).collect();
        file(font("/Identity-H", &format!("/W[0[{list}]]")))
    };
    check(widths, 1 << 16, "widths of a CID font: 65537 found, limit 65536", "Hello there");
}

#[test]
fn depth_of_containers_and_length_of_names() {
    let file = |object: String| File {
        content: HELLO.to_owned(),
        objects: objects(1, |_| object.clone()),
        ..File::default()
    };
    let nested = |depth: usize| file("[".repeat(depth) + &"]".repeat(depth));
    check(nested, 100, "containers nested more than 100 deep, left out: 1", "Hello there");
    let named = |bytes: usize| file(format!("/{}", "n".repeat(bytes)));
    check(named, 4_096, "names of more than 4096 bytes, cut: 1", "Hello there");
    // In object streams as well.
    let inner = |depth: usize| {
        let data = format!("9 0 {}{}", "[".repeat(depth), "]".repeat(depth));
        let length = data.len();
        file(format!("<</Type/ObjStm/N 1/First 4/Length {length}>>stream\n{data}\nendstream "))
    };
    check(inner, 100, "containers nested more than 100 deep, left out: 1", "Hello there");
}

#[test]
fn filters_of_a_stream() {
    let file = |count: usize| {
        let filters = "/Crypt ".repeat(count);
        File {
            page: "/Contents[4 0 R 6 0 R]".to_owned(),
            content: HELLO.to_owned(),
            objects: objects(1, |_| format!("<</Filter[{filters}]/Length 0>>stream\n\nendstream ")),
            ..File::default()
        }
    };
    let bytes = |count: usize| {
        let bytes = String::from_utf8(file(count).bytes()).unwrap();
        bytes.replace("/Contents 4 0 R", "")
    };
    let partial = |count: usize| {
        let document = crate::parse(bytes(count).as_bytes(), &Config::default()).unwrap();
        assert_eq!(document.text, "Hello there");
        document.pages[0].partial.clone()
    };
    assert_eq!(partial(16), None);
    assert_eq!(partial(17).as_deref(), Some("a stream has 17 filters, limit 16"));
}

#[test]
fn nodes_of_the_structure_tree() {
    let kids = references(3);
    let file = File {
        content: HELLO.to_owned(),
        catalog: format!("/StructTreeRoot<</K[{kids}]>>"),
        objects: objects(3, |_| "<</S/P>>".to_owned()),
        ..File::default()
    };
    let loaded = super::load::load(&file.bytes(), &Config::default()).unwrap();
    let limits = Limits::default();
    let met = |nodes_max: usize| {
        let objects = super::objects::Objects::new(&loaded.document, &limits);
        super::structure::Structure::read_up_to(&objects, nodes_max);
        objects.limits_met()
    };
    assert_eq!(met(3), [""; 0]);
    assert_eq!(met(2), ["nodes of the structure tree: 3 found, limit 2; the rest is left out"]);
}

#[test]
fn depth_of_the_outline() {
    let found = |depth: usize| {
        let file = File {
            content: HELLO.to_owned(),
            catalog: "/Outlines<</First 6 0 R>>".to_owned(),
            objects: objects(depth, |number| format!("<</Title(x)/First {} 0 R>>", number + 1)),
            ..File::default()
        };
        let loaded = super::load::load(&file.bytes(), &Config::default()).unwrap();
        let limits = Limits::default();
        super::outline::bookmarks(&super::objects::Objects::new(&loaded.document, &limits)).len()
    };
    assert_eq!((found(6), found(7)), (6, 6));
}

#[test]
fn places_of_glyphs() {
    let hidden = |x: u32| {
        let file = File::of(format!("{HELLO}BT 1 0 0 1 {x} 700 Tm (far) Tj ET"));
        let document = crate::parse(&file.bytes(), &Config::default()).unwrap();
        assert_eq!(document.text, "Hello there");
        document.removed.len()
    };
    assert_eq!((hidden(99_900), hidden(100_000)), (1, 0));
}
