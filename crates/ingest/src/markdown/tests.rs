use std::fmt::Write as _;
use std::time::{Duration, Instant};

use document::BlockKind;

use super::*;

fn read(source: &str) -> Document {
    parse(source.as_bytes(), &Config::default()).expect("has text")
}

/// A block a line: its kind and its text.
fn print(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        let kind = match block.kind {
            BlockKind::Heading { level } => format!("heading{level}"),
            BlockKind::Paragraph => "paragraph".to_owned(),
            BlockKind::ListItem => "item".to_owned(),
            BlockKind::Table => "table".to_owned(),
            BlockKind::Code => "code".to_owned(),
        };
        let text = block.span.of(&document.text).expect("in bounds");
        writeln!(out, "{kind} {text:?}").expect("a string");
    }
    out
}

fn check(source: &str, expected: &str) {
    assert_eq!(read(source).text, expected, "{source:?}");
}

#[test]
fn every_construct_has_its_block() {
    let document = read(include_str!("tests/constructs.md"));
    insta::assert_snapshot!(print(&document), @r#"
    heading1 "Brindle Cycles"
    paragraph "A shop with a workshop, a web site and [^note]. Second line,\nhard break."
    heading2 "Setext heading"
    paragraph "Quoted words over two lines."
    paragraph "And deeper."
    item "1. First"
    item "2. Second continued"
    paragraph "Another paragraph."
    item "- Nested bullet"
    item "- [x] done"
    item "- [ ] open"
    item "3. Third"
    table "Part | Price | Note\n--- | --- | ---\nTube | €7 |\nTyre | €32 | 700c only"
    code "fn main() {\n\n    ride();\n}"
    code "indented code"
    paragraph "More"
    paragraph "Hidden text — kept."
    heading6 "Deepest"
    paragraph "A red bike"
    paragraph "[^note]: A footnote in two lines."
    "#);
    assert_eq!(document.title.as_deref(), Some("The Brindle handbook"));
    let metadata: Vec<_> = document.metadata.into_iter().collect();
    let expected = [("lang", "en"), ("tags", "- bikes\n  - repairs")];
    assert_eq!(metadata, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn items_stand_on_consecutive_lines_and_other_blocks_apart() {
    check("- a\n- b\n\n  more\n- c\n", "- a\n- b\n\n  more\n\n- c");
    check("1. a\n   - b\n     1. c\n2. d\n", "1. a\n  - b\n    1. c\n2. d");
    check("- a\n\n* b\n", "- a\n\n- b");
    check("- - a\n-\n- [ ] b\n- [x] c", "  - a\n- [ ] b\n- [x] c".trim_start());
    check("- > quoted\n- # Heading\n- \n      code\n", "- quoted\n\nHeading\n\ncode");
    check("text\n- item", "text\n\n- item");
    check("7) a\n8) b", "7. a\n8. b");
}

#[test]
fn table_rows_keep_their_empty_cells() {
    check("| a | b |\n|---|---|\n| | 2 |\n| 3 |\n| | |\n", "a | b\n--- | ---\n| 2\n3 |");
    check("| | |\n|-|-|\n| x<br>y | `p\\|q` |\n", "x y | p|q");
}

#[test]
fn inline_markup_leaves_its_text() {
    check(
        "**b** *i* ~~s~~ `c  d` [l](u \"t\") ![alt *x*](u) <https://x.y/z>",
        "b i s c d l alt x https://x.y/z",
    );
    check("soft\nbreak, hard  \nbreak\\\nagain", "soft break, hard\nbreak\nagain");
    check("a<br>b<br/>c <span>d</span> <!-- no --> e", "a\nb\nc d e");
    check("&copy; &amp; &#233; &nbsp; x&shy;y \\*z\\*", "© & é xy *z*");
    check(
        "see[^1] and [^no]\n\n[^1]: the note\n\n    goes on\n",
        "see[^1] and [^no]\n\n[^1]: the note\n\ngoes on",
    );
}

#[test]
fn html_keeps_its_text_and_its_structure() {
    check(
        "<h1 align=\"center\">Big <b>title</b></h1>\n<p>one\ntwo<br>three</p>\n<ul>\n<li>a</li>\n<li>b\n</ul>\n",
        "Big title\n\none two\nthree\n\n- a\n- b",
    );
    check("<table>\n<tr><th>a<th>b\n<tr><td>1</td><td></td></tr></table>", "a | b\n1 |");
    check("<pre>\n  x\n    y\n</pre>", "  x\n    y");
    check("<!-- a\n\nb -->\n\n<script>\nlet a;\n</script>\n\ntext", "text");
    check("<div>\n\n**md** inside\n\n</div>", "md inside");
}

#[test]
fn a_title_comes_from_front_matter_then_from_headings() {
    let title = |source| read(source).title;
    assert_eq!(title("---\ntitle: 'T'\n---\n# H"), Some("T".into()));
    assert_eq!(title("---\nother: x\n---\n## Two\n# One"), Some("One".into()));
    assert_eq!(title("## *Two*"), Some("Two".into()));
    assert_eq!(title("text"), None);
}

#[test]
fn a_break_amid_the_text_hides_nothing() {
    check("a\n\n---\nb\n\n---\n\nc", "a\n\nb\n\nc");
    check("a\n\n+++\nb\n+++\n", "a\n\n+++ b +++");
}

#[test]
fn a_document_without_text_says_so() {
    for source in ["\n \n", "<!-- only -->", "---\n\n---", "-\n-\n", "![](x.png)", "&shy;"] {
        let error = parse(source.as_bytes(), &Config::default()).unwrap_err();
        assert_eq!(error, IngestError::NoText { pages: Vec::new() }, "{source:?}");
    }
}

#[test]
fn the_size_limit_holds_on_both_sides() {
    let mut config = Config::default();
    config.limits.text_bytes_max = 4;
    assert!(parse(b"# ab", &config).is_ok());
    let error = parse(b"# abc", &config).unwrap_err();
    assert_eq!(error, IngestError::TooLarge { what: "bytes of text".into(), found: 5, limit: 4 });
}

#[test]
fn deep_nesting_is_flattened_with_a_warning() {
    let document = read(&("> ".repeat(100) + "deep"));
    assert_eq!((document.text.as_str(), document.warnings.len()), ("deep", 0));
    let document = read(&("> ".repeat(101) + "deep"));
    assert_eq!(
        document.warnings,
        ["quotes and lists are nested 101 deep, limit 100: levels beyond it were read as one"]
    );
}

/// Quadratic work on half a mebibyte takes minutes.
#[test]
fn hostile_input_takes_linear_time() {
    const BYTES: usize = 512 * 1024;
    let quotes = "> ".repeat(100_000) + "deep";
    let lists = "- ".repeat(100_000) + "deep" + &"\n".repeat(100_000);
    let begun = Instant::now();
    assert_eq!(read(&quotes).text, "deep");
    read(&lists);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    for part in [
        "a", "a ", "*a ", "[", "![", "](", "`", "<", "<a ", "<!--", "&", "|", "|\n", "e\u{301}",
        "\u{301}", "[a]: b\n", "[^a]", "**a _b ", "- a\n", "> a\n", "\\", "~~a ", "_", "\n\n#",
    ] {
        let source = "x".to_owned() + &part.repeat(BYTES / part.len());
        let begun = Instant::now();
        read(&source);
        assert!(begun.elapsed() < Duration::from_secs(10), "{part:?}: {:?}", begun.elapsed());
    }
}
