//! What holds for every input.

use document::{Document, MediaType, Span};
use proptest::prelude::*;

use super::*;

/// Lines with a taste for Markdown, so that blocks nest, break and end in odd places.
fn markdownish() -> impl Strategy<Value = String> {
    let starts = prop::sample::select(vec![
        "",
        "",
        "",
        "# ",
        "### ",
        "- ",
        "  - ",
        "1. ",
        "> ",
        "    ",
        "```",
        "~~~",
        "| ",
        "---",
        "===",
        "<div>",
        "<!-- ",
        "</table>",
        "<table><tr><td>",
        "<pre>",
        "[^1]: ",
        "[a]: ",
        "+++",
        "- [ ] ",
        "\t",
    ]);
    let words = prop::sample::select(vec![
        "word",
        "Word.",
        "a",
        "*b*",
        "**",
        "`c`",
        "[^1]",
        "![d](e)",
        "<br>",
        "<td>",
        "&amp;",
        "&nbsp;",
        "|",
        "|---|",
        "e\u{301}",
        "\u{301}",
        "\u{AD}",
        "自転車の修理。",
        "カタカナ",
        "😀",
        "\u{200D}",
        "x".repeat(70).leak(),
        "1.",
        "~~s~~",
        "\\",
        "\r",
        "\u{C}",
        "\u{2028}",
        "no:",
    ]);
    let line = (starts, prop::collection::vec(words, 0..12))
        .prop_map(|(start, words)| format!("{start}{}", words.join(" ")));
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

fn source() -> impl Strategy<Value = String> {
    prop_oneof![3 => markdownish(), 1 => any::<String>()]
}

fn parsers(source: &str) -> Vec<Document> {
    let config = Config::default();
    let parsed = [
        parse(source.as_bytes(), &config),
        markdown::parse(source.as_bytes(), &config),
        text::parse(source.as_bytes(), &config),
    ];
    parsed.into_iter().flatten().collect()
}

fn assert_sound(document: &Document) {
    let mut end = 0;
    for block in &document.blocks {
        let between = Span::new(end, block.span.start).of(&document.text).expect("in order");
        assert_eq!(between.trim(), "", "visible text outside of blocks");
        let content = block.span.of(&document.text).expect("in bounds");
        assert!(!content.is_empty() && content.trim() == content, "{content:?}");
        end = block.span.end;
    }
    assert_eq!(end, document.text.len());
}

fn assert_tiles(document: &Document, chunks: &[Chunk]) {
    let mut start = Span::new(0, 0);
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.ordinal as usize, index);
        assert_eq!(chunk.span.start, start.end);
        assert_eq!(chunk.span.of(&document.text), Some(chunk.text.as_str()));
        assert_eq!(chunk.char_start, document.text[..chunk.span.start].chars().count());
        assert!(!chunk.text.trim().is_empty());
        for block in &chunk.blocks {
            assert!(!block.span.is_empty() && chunk.slice(block.span).is_some());
        }
        start = chunk.span;
    }
    assert_eq!(start.end, document.text.len());
}

proptest! {
    #[test]
    fn blocks_hold_the_text_and_chunks_tile_it(
        source in source(),
        soft in 1_usize..40,
        more in 0_usize..20,
    ) {
        let chunking = Chunking { words_soft: soft, words_hard: soft + more };
        for document in parsers(&source) {
            assert_sound(&document);
            let chunks = chunk(&document, chunking);
            assert_tiles(&document, &chunks);
            for chunk in &chunks {
                prop_assert!(chunker::half_words(&chunk.text) <= 2 * (soft + more), "{:?}", chunk.text);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = media_type(&bytes);
        if media_type(&bytes) != Ok(MediaType::Pdf) {
            let _ = ingest(&bytes, &Config::default());
        }
    }

    #[test]
    fn threads_change_nothing(sources in prop::collection::vec(source(), 0..12)) {
        let config = Config::default();
        let alone: Vec<_> = sources.iter().map(|source| ingest(source.as_bytes(), &config)).collect();
        for threads in [1, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert_eq!(&ingest_all(&sources, &config, &pool), &alone);
        }
    }
}

#[test]
fn a_single_line_of_ten_mebibytes_is_read_and_cut() {
    for part in ["Words end. ", "x", "自"] {
        let source = part.repeat(10 * 1024 * 1024 / part.len());
        let begun = std::time::Instant::now();
        let ingested = ingest(source.as_bytes(), &Config::default()).unwrap();
        assert_sound(&ingested.document);
        assert_eq!(ingested.chunks.last().unwrap().span.end, ingested.document.text.len());
        assert!(begun.elapsed().as_secs() < 20, "{part:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn every_page_is_counted_once() {
    let path = fixtures::folder("pdf").join("multi_page_with_running_headers.pdf");
    let bytes = std::fs::read(path).unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let progress = |done, of| seen.lock().unwrap().push((done, of));
    let document = parse_with(&bytes, &Config::default(), &progress).unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    let pages = document.pages.len() as u32;
    assert!(pages > 2);
    assert_eq!(seen, (1..=pages).map(|page| (page, pages)).collect::<Vec<_>>());
}

#[test]
fn a_second_reading_counts_again() {
    let path = fixtures::folder("pdf").join("multi_page_with_running_headers.pdf");
    let bytes = std::fs::read(path).unwrap();
    let mut config = Config::default();
    config.limits.output_bytes_max = 100;
    let calls = std::sync::atomic::AtomicU32::new(0);
    let progress = |_, pages| {
        calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert!(pages > 2);
    };
    assert!(parse_with(&bytes, &config, &progress).is_err());
    let pages = parse(&bytes, &Config::default()).unwrap().pages.len() as u32;
    assert_eq!(calls.into_inner(), 2 * pages);
}
