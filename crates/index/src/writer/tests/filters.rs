//! What a query may find.

use document::PageRange;

use super::*;
use crate::{CATEGORY, Filter};

/// A bot of two categories, its documents with a page a line from 1.
fn filled() -> Fixture {
    let fixture = fixture();
    let mut writer = fixture.store.writer(&bot()).unwrap();
    let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
    for (name, category, text) in [
        ("a", Some("terms"), "Oil.\nOil and water.\nOil again."),
        ("b", Some("manual"), "The oil of the pump.\nWater."),
        ("c", None, "Oil, oil, oil."),
    ] {
        let mut entry = entry(name, text);
        entry.metadata.extend(category.map(|own| (CATEGORY.to_owned(), own.to_owned())));
        let mut chunks = chunks(text);
        for chunk in chunks.iter_mut().filter(|_| name != "c") {
            chunk.pages = Some(PageRange::single(chunk.ordinal + 1));
        }
        transaction.put(entry, &chunks).unwrap();
    }
    transaction.publish().unwrap();
    drop(writer);
    fixture
}

fn found(snapshot: &Snapshot, filter: &Filter, limit: usize) -> Vec<(String, u32, u32)> {
    let query = Query::parse("oil").with_filter(filter.clone());
    let hits = snapshot.search(&query, limit).unwrap();
    let row =
        |hit: crate::Hit| (hit.document_id.to_string(), hit.chunk.ordinal, hit.score.to_bits());
    hits.into_iter().map(row).collect()
}

#[test]
fn a_filter_leaves_out_and_changes_nothing_else() {
    let Fixture { store, folder: _folder } = &filled();
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    let all = found(&snapshot, &Filter::default(), 100);
    assert_eq!(all.len(), 5);
    let category = |name: &str| Filter { category: Some(name.into()), ..Filter::default() };
    let documents = |ids: &[&str]| Filter {
        documents: Some(ids.iter().map(|name| id(name)).collect()),
        ..Filter::default()
    };
    let pages =
        |first, last| Filter { pages: Some(PageRange { first, last }), ..Filter::default() };
    let check = |filter: &Filter, keeps: &dyn Fn(&str, u32) -> bool| {
        let expected: Vec<_> =
            all.iter().filter(|(name, ordinal, _)| keeps(name, *ordinal)).cloned().collect();
        assert_eq!(found(&snapshot, filter, 100), expected, "{filter:?}");
        // The best of what passes, however much better what does not.
        assert_eq!(found(&snapshot, filter, 1), expected[..expected.len().min(1)], "{filter:?}");
    };
    check(&category("terms"), &|name, _| name == "a");
    check(&category("manual"), &|name, _| name == "b");
    check(&category("Terms"), &|_, _| false);
    check(&documents(&["c", "unknown", "a"]), &|name, _| name != "b");
    check(&documents(&[]), &|_, _| false);
    check(&pages(2, 3), &|name, ordinal| name == "a" && ordinal > 0);
    check(&pages(1, 1), &|name, ordinal| name != "c" && ordinal == 0);
    check(&pages(4, 9), &|_, _| false);
    let both = Filter { pages: pages(1, 1).pages, ..category("terms") };
    check(&both, &|name, ordinal| name == "a" && ordinal == 0);
    assert!(!both.is_empty() && Filter::default().is_empty());
}
