use document::BlockKind;

use super::*;

fn read(source: &str) -> Document {
    parse(source.as_bytes(), &Config::default()).expect("has text")
}

fn check(source: &str, expected: &str) {
    assert_eq!(read(source).text, expected, "{source:?}");
}

fn headings(source: &str) -> Vec<(u8, String)> {
    let document = read(source);
    let blocks = document.blocks.iter();
    let headings = blocks.filter_map(|block| match block.kind {
        BlockKind::Heading { level } => Some((level, block.span.of(&document.text)?.to_owned())),
        _ => None,
    });
    headings.collect()
}

#[test]
fn wrapped_lines_are_one_paragraph() {
    check(
        "The workshop is open from nine to six on every day\nof the week but Sunday, and\n\
         on Sunday it rests.\r\n\r\nNext one.",
        "The workshop is open from nine to six on every day of the week but Sunday, and on \
         Sunday it rests.\n\nNext one.",
    );
    check("one\u{C}two", "one\n\ntwo");
}

#[test]
fn lines_broken_on_purpose_stay_lines() {
    check("Brindle Cycles\n12 Mill Lane\nOxford", "Brindle Cycles\n12 Mill Lane\nOxford");
    check("a short line that\ngoes on", "a short line that goes on");
}

#[test]
fn items_are_kept_apart_and_hold_their_lines() {
    check(
        "Bring:\n- a lamp\n  with oil\n* a rope\n\n- bread",
        "Bring:\n\n- a lamp with oil\n- a rope\n- bread",
    );
    check("1. First\n2) Second\na) Third", "1. First\n2) Second\na) Third");
    check(
        "A paragraph that is wrapped at a place where the next line\n- as it happens - begins so.",
        "A paragraph that is wrapped at a place where the next line - as it happens - begins so.",
    );
}

#[test]
fn aligned_columns_are_preformatted() {
    let document = read("Part      Price\nTube      €7\nTyre\t€32");
    assert_eq!(document.text, "Part      Price\nTube      €7\nTyre    €32");
    assert_eq!(document.blocks[0].kind, BlockKind::Code);
}

#[test]
fn headings_need_strong_evidence() {
    let source = "TERMS OF RENTAL\n\nSome text.\n\n1. Scope\n\nMore text.\n\n1.1 Who may rent\n\n\
                  Adults.\n\n2. Prices\n\nText.";
    let expected =
        [(1, "TERMS OF RENTAL"), (1, "1. Scope"), (2, "1.1 Who may rent"), (1, "2. Prices")];
    assert_eq!(headings(source), expected.map(|(level, text)| (level, text.to_owned())));
    assert_eq!(read(source).title.as_deref(), Some("TERMS OF RENTAL"));
    for none in [
        "1. Buy milk\n\n2. Buy bread\n\nThen go home.",
        "STOP!\n\nText.",
        "Not capitals\n\nText.",
        "LAST LINE",
        "OK\n\nText.",
        "3. lower case\n\nText.",
    ] {
        assert_eq!(headings(none), [], "{none:?}");
    }
}

#[test]
fn blank_text_says_so() {
    let error = parse(b" \n\t\n\x0C", &Config::default()).unwrap_err();
    assert_eq!(error, IngestError::NoText { pages: Vec::new() });
}
