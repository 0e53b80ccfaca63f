use std::collections::BTreeMap;

use document::{BlockKind, MediaType, Page, PageRange, Rect};

use super::size::Size;
use super::*;
use crate::{Config, parse};

const SMALL: Chunking = Chunking { words_soft: 16, words_hard: 24 };

/// `count` words in sentences of eight.
fn words(count: usize) -> String {
    let word = |n: usize| match n % 8 {
        0 => "Word".to_owned(),
        7 => format!("w{n}."),
        _ => format!("w{n}"),
    };
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

fn markdown(source: &str) -> Document {
    // Front matter, so that every source is read as Markdown.
    let source = format!("---\nx: y\n---\n{source}");
    parse(source.as_bytes(), &Config::default()).expect("has text")
}

/// A chunk a line: its path, its words, how it begins and ends.
fn print(source: &str, chunking: Chunking) -> String {
    let chunks = chunk(&markdown(source), chunking);
    let lines = chunks.iter().map(|chunk| {
        let text = chunk.text.trim_end().replace('\n', "/");
        let characters: Vec<char> = text.chars().collect();
        let shown = match characters.len() {
            0..=44 => text,
            length => {
                let (begin, end) = (&characters[..20], &characters[length - 16..]);
                format!("{}…{}", String::from_iter(begin), String::from_iter(end))
            }
        };
        let words = Size::of(&chunk.text).half_words / 2;
        format!("[{}] {words} {shown}", chunk.headings.join(" > "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn check(source: &str, expected: &[&str]) {
    assert_eq!(print(source, SMALL), expected.join("\n"), "{source}");
}

#[test]
fn sections_begin_chunks_and_headings_go_with_what_follows() {
    check(
        &format!("# A\n\n## B\n\n{0}\n\n## C\n\n{0}\n\n# D\n\n{0}", words(8)),
        &[
            "[A > B] 10 A//B//Word w1 w2 w3 w4 w5 w6 w7.",
            "[A > C] 9 C//Word w1 w2 w3 w4 w5 w6 w7.",
            "[D] 9 D//Word w1 w2 w3 w4 w5 w6 w7.",
        ],
    );
    check("# Only", &["[Only] 1 Only"]);
    check("text\n\n# Last", &["[] 2 text//Last"]);
}

#[test]
fn tiny_sections_are_packed_under_one_parent_only() {
    check("# A\n\na\n\n# B\n\nb\n\n# C\n\nc", &["[A] 6 A//a//B//b//C//c"]);
    check("# A\n\n## B\n\nb\n\n# C\n\nc", &["[A > B] 3 A//B//b", "[C] 2 C//c"]);
    let big = words(8);
    check(
        &format!("# A\n\nintro\n\n## B\n\n{big}\n\n### Note\n\nn\n\n## C\n\nc"),
        &["[A] 13 A//intro//B//Word w1… w6 w7.//Note//n", "[A > C] 2 C//c"],
    );
}

#[test]
fn blocks_are_packed_whole_up_to_the_soft_budget() {
    check(
        &format!("{0}\n\n{0}\n\n{0}\n\n{0}", words(8)),
        &[
            "[] 16 Word w1 w2 w3 w4 w5 … w3 w4 w5 w6 w7.",
            "[] 16 Word w1 w2 w3 w4 w5 … w3 w4 w5 w6 w7.",
        ],
    );
    // Beyond soft, within hard.
    check(&words(24), &["[] 24 Word w1 w2 w3 w4 w5 …w20 w21 w22 w23."]);
}

#[test]
fn long_text_is_cut_between_sentences_and_evened_out() {
    check(
        &words(40),
        &[
            "[] 16 Word w1 w2 w3 w4 w5 …w12 w13 w14 w15.",
            "[] 16 Word w17 w18 w19 w20…w28 w29 w30 w31.",
            "[] 8 Word w33 w34 w35 w36 w37 w38 w39.",
        ],
    );
    let sentence = words(52).replace('.', "").replace("Word", "word");
    check(
        &sentence,
        &[
            "[] 16 word w1 w2 w3 w4 w5 … w12 w13 w14 w15",
            "[] 16 word w17 w18 w19 w20… w28 w29 w30 w31",
            "[] 20 word w33 w34 w35 w36…word w49 w50 w51",
        ],
    );
}

#[test]
fn tables_and_code_are_cut_between_lines() {
    let row = |n: usize| format!("| r{n} | a b c |\n");
    let rows: String = (0..12).map(row).collect();
    check(
        &format!("# T\n\n| x | y |\n|---|---|\n{rows}"),
        &[
            "[T] 15 T//x | y/--- | ---/r…a b c/r2 | a b c",
            "[T] 16 r3 | a b c/r4 | a b c/r5 | a b c/r6 | a b c",
            "[T] 20 r7 | a b c/r8 | a b … b c/r11 | a b c",
        ],
    );
    check(
        &format!("# T\n\nIntro:\n\n```\n{}```", "let x = y;\n".repeat(10)),
        &[
            "[T] 14 T//Intro://let x = y… = y;/let x = y;",
            "[T] 18 let x = y;/let x = y… = y;/let x = y;",
        ],
    );
    // With its heading the table exceeds the hard budget: the heading does not stay alone.
    let rows: String = (0..5).map(row).collect();
    check(
        &format!("# T\n\n| x | y |\n|---|---|\n{rows}| y | z |"),
        &["[T] 15 T//x | y/--- | ---/r…a b c/r2 | a b c", "[T] 10 r3 | a b c/r4 | a b c/y | z"],
    );
}

#[test]
fn a_lead_in_goes_with_its_list() {
    check(
        &format!("{}\n\nBring these:\n\n- {}\n- {}", words(14), words(8), words(8)),
        &[
            "[] 14 Word w1 w2 w3 w4 w5 … w10 w11 w12 w13",
            "[] 18 Bring these://- Word… w3 w4 w5 w6 w7.",
        ],
    );
}

#[test]
fn text_without_spaces_or_sentences_is_cut_all_the_same() {
    check(
        &"自転車".repeat(30),
        &[
            "[] 16 自転車自転車自転車自転車自転車自転車自転車自転車自転車自転車自転",
            "[] 16 車自転車自転車自転車自転車自転車自転車自転車自転車自転車自転車自",
            "[] 13 転車自転車自転車自転車自転車自転車自転車自転車自転車",
        ],
    );
    let bytes = |source: &str| -> Vec<usize> {
        chunk(&markdown(source), SMALL).iter().map(|chunk| chunk.text.len()).collect()
    };
    // Without a limit of bytes these would be one word and none.
    assert_eq!(bytes(&"x".repeat(4000)), [1024, 1024, 1024, 928]);
    assert_eq!(bytes(&"=+".repeat(1000)), [1024, 976]);
}

#[test]
fn every_chunk_knows_its_pages_and_place() {
    let text = "Ä one\n\ntwo two\n\nthree".to_owned();
    let page = |number, start, end| Page {
        number,
        bounds: Rect::from_corners([0.0, 0.0, 612.0, 792.0]),
        rotation: 0,
        span: Span::new(start, end),
        unmapped_glyphs: 0,
        partial: None,
    };
    let block = |start, end| Block { kind: BlockKind::Paragraph, span: Span::new(start, end) };
    let document = Document {
        media_type: MediaType::Pdf,
        title: None,
        metadata: BTreeMap::new(),
        blocks: vec![block(0, 6), block(8, 15), block(17, 22)],
        regions: Vec::new(),
        pages: vec![page(1, 0, 8), page(2, 8, 8), page(3, 8, 12), page(4, 12, 22)],
        text,
        removed: Vec::new(),
        warnings: Vec::new(),
    };
    let chunks = chunk(&document, Chunking { words_soft: 3, words_hard: 4 });
    let shown: Vec<_> = chunks
        .iter()
        .map(|chunk| {
            let breaks: Vec<_> = chunk.page_breaks.iter().map(|b| (b.offset, b.page)).collect();
            (chunk.ordinal, chunk.span.start, chunk.char_start, chunk.pages, breaks)
        })
        .collect();
    let pages = |first, last| Some(PageRange { first, last });
    assert_eq!(shown, [(0, 0, 0, pages(1, 1), vec![]), (1, 8, 7, pages(3, 4), vec![(12, 4)])]);
}

#[test]
fn unsound_blocks_do_no_harm() {
    let mut document = markdown("Some text here.");
    assert_eq!(chunk(&document, SMALL).len(), 1);
    document.blocks.clear();
    assert_eq!(chunk(&document, SMALL)[0].text, document.text);
    let beyond = Block { kind: BlockKind::Code, span: Span::new(5, 5000) };
    document.blocks = vec![beyond, beyond];
    assert_eq!(chunk(&document, SMALL)[0].text, document.text);
    document.text.clear();
    assert_eq!(chunk(&document, SMALL), []);
}

#[test]
fn a_heading_without_end_is_not_repeated_in_every_path() {
    let chunks = chunk(&markdown(&format!("# {}\n\ntext", words(100))), SMALL);
    assert!(chunks.len() > 4);
    assert!(chunks.iter().all(|chunk| chunk.headings.concat().len() <= 256));
}
