use std::collections::BTreeMap;

use document::{ContentHash, MediaType};
use index::{Begin, PipelineKey, Store};

use super::*;

/// Documents as (source, title, pages, text).
const DOCUMENTS: [(&str, &str, u32, &str); 4] = [
    ("/shop/hours.md", "Opening hours", 0, "The shop opens at nine on weekdays."),
    ("/shop/manual.pdf", "Pump manual", 12, "Oil the pump once a month with two drops of oil."),
    ("/a/terms.md", "Terms", 0, "Goods may be returned within forty days of delivery."),
    ("/b/terms.md", "Old terms", 0, "Nothing may be brought back to us at all."),
];

struct Bot {
    snapshot: std::sync::Arc<Snapshot>,
    _folder: tempfile::TempDir,
}

fn bot() -> Bot {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), index::Config::default()).unwrap();
    let id = "b".parse().unwrap();
    let mut writer = store.writer(&id).unwrap();
    let mut transaction = writer.begin(PipelineKey::new(1, b""), Begin::Rebuild).unwrap();
    for (source, title, pages, text) in DOCUMENTS {
        let mut chunks =
            ingest::ingest(text.as_bytes(), &ingest::Config::default()).unwrap().chunks;
        if pages > 0 {
            chunks[0].pages = Some(document::PageRange { first: 7, last: 7 });
        }
        let entry = DocumentEntry {
            id: DocumentId::from_source(source),
            source: source.to_owned(),
            title: title.to_owned(),
            media_type: MediaType::PlainText,
            content_hash: ContentHash::of(text.as_bytes()),
            metadata: BTreeMap::new(),
            pages,
            pages_without_text: Vec::new(),
            chunks: 0,
        };
        transaction.put(entry, &chunks).unwrap();
    }
    transaction.publish().unwrap();
    Bot { snapshot: store.snapshot(&id).unwrap().unwrap(), _folder: folder }
}

fn cases(bot: &Bot, rows: &str) -> Result<Vec<Case>, String> {
    let text = format!("note,question,expected\n{rows}");
    read_cases(&text, Path::new("set.csv"), bot.snapshot.manifest()).map_err(|e| e.to_string())
}

#[test]
fn what_is_expected_is_told_from_what_the_bot_holds() {
    let bot = bot();
    let aim = |expected: &str| {
        let cases = cases(&bot, &format!(",why?,\"{expected}\"")).unwrap();
        cases.into_iter().next().unwrap().aim
    };
    let document = |at: usize, page| Aim::Document(DocumentId::from_source(DOCUMENTS[at].0), page);
    for name in ["hours.md", "./hours.md", "shop/hours.md", "/shop/hours.md", "Opening hours"] {
        assert_eq!(aim(name), document(0, None), "{name}");
    }
    assert_eq!(aim(DocumentId::from_source("/shop/hours.md").as_str()), document(0, None));
    assert_eq!(aim("manual.pdf#7"), document(1, Some(7)));
    assert_eq!(aim("Pump manual # 7".replace("# 7", "#7").as_str()), document(1, Some(7)));
    assert_eq!(aim(""), Aim::Refusal);
    assert!(matches!(aim("at nine"), Aim::Text(_)));
    assert!(matches!(aim("ours.md and more"), Aim::Text(_)));
}

#[test]
fn rows_that_cannot_be_meant_are_refused_with_their_line() {
    let bot = bot();
    let check = |rows: &str, expected: &str| {
        let message = cases(&bot, rows).unwrap_err();
        assert!(message.contains(expected), "{message}");
    };
    check(",one?,x\n,two?,terms.md", "set.csv:3: 2 documents are called \"terms.md\"");
    check(",one?,guide.pdf", "set.csv:2: the bot has no document \"guide.pdf\"");
    check(",one?,guide.pdf#3", "no document \"guide.pdf#3\"");
    check(",one?,manual.pdf#13", "\"manual.pdf\" has 12 pages, not 13");
    check(",one?,hours.md#1", "has 0 pages");
    check(",,x", "set.csv:2: no question");
    check(",one?", "2 fields, but the header has 3");
    check(",one?,?!", "holds no word");
    check(",\"one", "set.csv:2: a quoted field does not end");
    let header = read_cases("question;expected\n", Path::new("s.csv"), bot.snapshot.manifest());
    let message = header.unwrap_err().to_string();
    assert_eq!(message, "s.csv:1: the header names no column \"question\"");
}

#[test]
fn outcomes_are_counted_by_what_was_expected() {
    let bot = bot();
    let rows = ",When does the shop open?,hours.md\n\
                ,When does the shop open?,manual.pdf\n\
                ,When does the shop open?,At Nine\n\
                ,When does the shop open?,at ten\n\
                ,How often do I oil the pump?,manual.pdf#7\n\
                ,How often do I oil the pump?,manual.pdf#8\n\
                ,Who discovered Neptune?,\n\
                ,When does the shop open?,\n\
                ,Who discovered Neptune?,Galle";
    let cases = cases(&bot, rows).unwrap();
    let found = outcomes(&bot.snapshot, &cases, &Settings::default(), None, &|| ()).unwrap();
    let failures: Vec<usize> =
        found.iter().filter(|o| o.failure.is_some()).map(|outcome| outcome.line).collect();
    assert_eq!(failures, [3, 5, 7, 9, 10], "{found:#?}");
    let said = |at: usize| found[at].failure.clone().unwrap();
    assert_eq!(said(1), "not found; first is Opening hours");
    assert!(said(3).starts_with("answered: The shop opens at nine"), "{}", said(3));
    assert_eq!(said(5), "quotes Pump manual p. 7");
    assert!(said(8).starts_with("not answered, confidence 0."), "{}", said(8));
    let golden = Golden::of(&cases, &found);
    let expected = Golden {
        questions: 9,
        answered: Some(6.0 / 7.0),
        hit_1: Some(0.75),
        hit_5: Some(0.75),
        page_right: Some(0.5),
        answer_contains: Some(1.0 / 3.0),
        refused: Some(0.5),
    };
    assert_eq!(golden, expected);
    assert_eq!(Golden::of(&[], &[]).hit_1, None);
}
