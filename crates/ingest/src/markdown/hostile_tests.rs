//! Markdown and plain text made to hurt: each is read in bounded time, and says what was cut.
//!
//! Memory is bounded by [`MARKUP_MAX`]; what a worker of 1 GiB makes of the largest files is shown
//! by the tests of the workers.

use std::time::{Duration, Instant};

use super::*;
use crate::Limits;

const MIB: usize = 1024 * 1024;

/// Reads within a time that leaves room for a busy machine and an unoptimised build, but not for
/// quadratic work.
fn read_soon(source: &[u8], limits: Limits) -> Result<Document, IngestError> {
    soon(source, |source| crate::parse(source, &Config { limits, ..Config::default() }))
}

fn soon<T>(source: &[u8], parse: impl FnOnce(&[u8]) -> T) -> T {
    let begun = Instant::now();
    let parsed = parse(source);
    let shown = String::from_utf8_lossy(&source[..source.len().min(30)]).into_owned();
    assert!(begun.elapsed() < Duration::from_secs(10), "{shown}: {:?}", begun.elapsed());
    parsed
}

fn read(source: &str) -> Document {
    soon(source.as_bytes(), |source| parse(source, &Config::default())).unwrap()
}

#[test]
fn a_million_levels_are_no_stack() {
    let words = "\n\nPlain words.\n";
    for (part, count) in [
        ("> ", 1_000_000),
        ("+ ", 1_000_000),
        ("1. ", 1_000_000),
        ("> + ", 500_000),
        ("[", 1_000_000),
        ("![", 1_000_000),
        ("*a _b ", 600_000),
        ("**", 1_000_000),
        ("~~a ", 1_000_000),
        ("<b>", 1_000_000),
        ("](", 1_000_000),
    ] {
        let document = read(&format!("# Head\n\n{}x{words}", part.repeat(count)));
        assert!(document.text.ends_with("Plain words."), "{part}");
    }
    let steps: String = (0..1_500).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    let document = read(&format!("# Head\n\n{steps}"));
    assert!(document.warnings[0].starts_with("quotes and lists are nested"));
}

#[test]
fn markup_is_limited_on_both_sides() {
    // Three of the head, then pairs.
    let file = |count: usize| format!("# a\n\n{}{}", "*b*c ".repeat(4), "`".repeat(count - 11));
    let document = read(&file(MARKUP_MAX));
    assert_eq!((document.media_type, document.warnings.len()), (MediaType::Markdown, 0));
    let document = read(&file(MARKUP_MAX + 1));
    assert_eq!(document.media_type, MediaType::PlainText);
    assert_eq!(
        document.warnings,
        ["the file has 4000001 characters of markup and line ends, limit 4000000: it was read as \
          plain text"]
    );
    assert!(document.text.contains("*b*c"));
}

#[test]
fn columns_are_limited_on_both_sides() {
    let file = |columns: usize| {
        let names: String = (1..=columns).map(|column| format!("c{column}|")).collect();
        format!("|{names}\n|{}\n|one|\n", "-|".repeat(columns))
    };
    let document = read(&file(COLUMNS_MAX));
    assert_eq!(document.warnings, [""; 0]);
    assert!(document.text.contains("c999 | c1000\n--- | ---"));
    let document = read(&file(COLUMNS_MAX + 1));
    assert!(document.text.contains("c999 | c1000 c1001\n--- | ---"));
    assert_eq!(
        document.warnings,
        ["a table has 1001 columns, limit 1000: those beyond it were read as one"]
    );
    let document = read(&file(900_000));
    assert!(document.text.contains(" c900000"));
    // Rows are filled up with empty cells.
    let filled = format!("{}{}", file(999), "x\n".repeat(1_000_000));
    assert!(read(&filled).text.contains("c999"));
    // A row of HTML.
    let html = format!("# Head\n\n<table><tr>{}</table>", "<td>a".repeat(300_000));
    assert!(read(&html).warnings[0].starts_with("a table has 300000 columns"));
}

#[test]
fn front_matter_is_limited_on_both_sides() {
    let keys = |count: usize| {
        let keys: String = (0..count).map(|key| format!("key{key}: v\n")).collect();
        read(&format!("---\n{keys}---\nWords.\n"))
    };
    let document = keys(1_000);
    assert_eq!((document.metadata.len(), document.warnings.len()), (1_000, 0));
    for count in [1_001, 700_000] {
        let document = keys(count);
        let says = format!("the front matter has {count} keys, limit 1000: the rest is left out");
        assert_eq!((document.metadata.len(), document.warnings), (1_000, vec![says]));
        assert_eq!(document.text, "Words.");
    }
    let value = |bytes: usize| {
        let document = read(&format!("---\nkey: {}\n---\nWords.\n", "v".repeat(bytes)));
        (document.metadata["key"].len(), document.warnings.len())
    };
    assert_eq!((value(64 * 1024), value(64 * 1024 + 1)), ((65_536, 0), (65_536, 1)));
    assert_eq!(value(8 * MIB), (65_536, 1));
    let key = |bytes: usize| {
        let document = read(&format!("---\n{}: v\n---\nWords.\n", "k".repeat(bytes)));
        (document.metadata.keys().next().map(String::len), document.warnings.len())
    };
    assert_eq!((key(256), key(257)), ((Some(256), 0), (Some(256), 1)));
}

#[test]
fn front_matter_bombs_are_read_soon() {
    // A name that is set before each of many keys.
    let table =
        format!("+++\n[{}]\n{}+++\nWords.\n", "t".repeat(4 * MIB), "k = 1\n".repeat(700_000));
    assert!(read(&table).text == "Words.");
    for flood in ["k: v\n", "- ", "k:\n", " |\n", "\"", "# \n", "k: [", "k: &a\n"] {
        let count = MIB / flood.len();
        let closed = format!("---\nk: {}\n---\nWords.\n", flood.repeat(count));
        assert!(read(&closed).text.ends_with("Words."), "{flood}");
        let open = format!("---\nk: {}\n\nWords.\n", flood.repeat(count));
        assert!(!read(&open).text.is_empty(), "{flood}");
    }
}

#[test]
fn html_bombs_are_read_soon() {
    for flood in [
        "<div>",
        "<p\n",
        "<!--",
        "<!-- -->",
        "<![CDATA[",
        "<?",
        "<table><tr><td>",
        "<pre>\n",
        "<li>",
        "&amp;",
        "&#x10FFFF;",
        "&nope;",
        "<a href='",
        "</",
        "<script>",
        "<h1>a",
        "<br>",
    ] {
        let source = format!("# Head\n\n<div>\n{}\n\nWords.\n", flood.repeat(MIB / flood.len()));
        assert!(read(&source).text.starts_with("Head"), "{flood}");
    }
}

#[test]
fn one_line_of_fifty_megabytes_is_refused_or_read_where_that_much_is_allowed() {
    let wide = Limits { text_bytes_max: 50 * MIB, ..Limits::default() };
    for (head, part) in [("", "words "), ("# Head\n\n", "words ")] {
        let source = format!("{head}{}", part.repeat(50 * MIB / part.len() - 2));
        let error = read_soon(source.as_bytes(), Limits::default()).unwrap_err();
        let found = source.len() as u64;
        let limit = 10 * MIB as u64;
        assert_eq!(error, IngestError::TooLarge { what: "bytes of text".into(), found, limit });
        assert!(read_soon(source.as_bytes(), wide.clone()).unwrap().text.ends_with("words"));
    }
}

#[test]
fn floods_in_every_encoding_are_read_soon() {
    let words = "Käse und Brot, café au lait. ".repeat(100_000);
    let little: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = words.chars().map(|c| c as u8).collect();
    let sources: [&[u8]; 5] = [
        &little,
        &[b"\xFF\xFE", &*little].concat(),
        &latin,
        &words.replace(". ", ".\0 ").into_bytes(),
        &[words.as_bytes(), b"\xFF"].concat(),
    ];
    for source in sources {
        let document = read_soon(source, Limits::default()).unwrap();
        assert!(document.text.starts_with("Käse und Brot, café au lait."), "{:?}", &source[..9]);
    }
}
