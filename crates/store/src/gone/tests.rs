use std::collections::BTreeMap;

use crate::testing::stores;
use crate::{JobOutcome, NewDocument, Store, Trained};

fn document(bot_id: &str, id: &str, hash: &str) -> NewDocument {
    NewDocument {
        id: id.into(),
        bot_id: bot_id.into(),
        source: id.into(),
        title: None,
        metadata: BTreeMap::new(),
        content_hash: hash.into(),
        bytes: 7,
        media_type: "text/markdown".into(),
    }
}

/// The hashes that are due, in their order.
async fn due(store: &Store, now: i64) -> Vec<String> {
    let mut hashes: Vec<_> =
        store.gone(99, now).await.unwrap().into_iter().map(|note| note.hash).collect();
    hashes.sort();
    hashes
}

/// Does the next jobs; those of documents find `hash`.
async fn work(store: &Store, hash: &str, now: i64) {
    let jobs = store.lease_jobs("me", 9, now + 9, now).await.unwrap();
    assert!(!jobs.is_empty());
    let trained = Trained { content_hash: hash.into(), ..Trained::default() };
    let done = jobs.into_iter().map(|job| (job, JobOutcome::Done(Some(trained.clone()))));
    store.finish_jobs("me", done.collect(), Vec::new(), now).await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_replaced_or_deleted_are_noted_until_the_index_is_rid_of_them() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        work(store, "h1", 11).await;
        store.upload(document(&bot.id, "doc_1", "h2"), 9, 12).await.unwrap();
        assert!(due(store, 13).await.is_empty(), "the bot answers from h1");
        // Deleted before it was trained.
        store.delete_document(&bot.id, "doc_1", 14).await.unwrap().unwrap();
        assert!(due(store, 15).await.is_empty(), "the index has h1");
        work(store, "", 16).await;
        assert_eq!(due(store, 17).await, ["h1", "h2"]);
        assert_eq!(store.unreferenced(vec!["h1".into(), "h2".into()]).await.unwrap(), ["h1", "h2"]);
        let notes = store.gone(99, 17).await.unwrap();
        store.upload(document(&bot.id, "doc_2", "h2"), 9, 18).await.unwrap();
        assert_eq!(due(store, 18).await, ["h1"], "h2 is held again");
        store.settle_gone(notes).await.unwrap();
        assert!(due(store, 19).await.is_empty());
    }
}

#[tokio::test]
async fn bytes_of_a_deleted_bot_are_noted_until_its_index_is_cleared() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        store.upload(document(&bot.id, "doc_1", "h1"), 9, 10).await.unwrap();
        work(store, "h1", 11).await;
        store.upload(document(&bot.id, "doc_1", "h2"), 9, 12).await.unwrap();
        store.upload(document(&bot.id, "doc_2", "h3"), 9, 12).await.unwrap();
        // Someone works on it at the moment.
        store.lease_jobs("me", 9, 99, 13).await.unwrap();
        assert!(store.delete_bot(&account.id, &bot.id, 14).await.unwrap());
        assert!(due(store, 15).await.is_empty());
        work(store, "", 16).await;
        assert_eq!(due(store, 17).await, ["h1", "h2", "h3"]);
    }
}

#[tokio::test]
async fn bytes_that_never_became_a_document_are_noted() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        for hash in ["h1", "h2", "h3"] {
            store.note_coming(&bot.id, hash, 100).await.unwrap();
        }
        store.upload(document(&bot.id, "doc_1", "h1"), 1, 10).await.unwrap().unwrap();
        assert!(due(store, 11).await.is_empty());
        assert!(store.upload(document(&bot.id, "doc_2", "h2"), 1, 12).await.unwrap().is_none());
        assert_eq!(due(store, 12).await, ["h2"], "the bot may have no more documents");
        assert_eq!(due(store, 100).await, ["h2", "h3"], "whoever stored h3 died");
        // Someone else is about to store the same.
        let (_, other) = store.account_with_bot("b").await;
        store.note_coming(&other.id, "h2", 200).await.unwrap();
        assert_eq!(due(store, 100).await, ["h3"]);
    }
}
