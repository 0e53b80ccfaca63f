use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::*;
use crate::NewWebhook;
use crate::testing::{Fresh, stores};

const ALL: (u32, u32) = (16, 16);

async fn webhook(store: &Store, account_id: &str) -> Webhook {
    let new = NewWebhook {
        account_id: account_id.to_owned(),
        url: "https://example.com/".into(),
        events: vec!["message.sent".into()],
        secret: "whsec_x".into(),
    };
    store.create_webhook(new, 99, 1).await.unwrap().unwrap()
}

/// Queues so many events of an account.
async fn queue(store: &Store, account_id: &str, many: usize, now: Millis) {
    let account_id = account_id.to_owned();
    let event = Event { name: "message.sent", body: "{}".into() };
    let events = vec![event; many];
    let change = store.write(move |connection| {
        Box::pin(async move { enqueue(connection, &account_id, &events, now).await })
    });
    assert!(change.await.unwrap());
}

fn came_of(due: &DueDelivery, then: Then) -> Attempt {
    Attempt {
        delivery_id: due.id.clone(),
        webhook_id: due.webhook.id.clone(),
        attempt: due.attempt,
        status_code: None,
        error: None,
        took_ms: 1,
        then,
    }
}

#[tokio::test]
async fn no_webhook_and_no_account_takes_all_places() {
    for Fresh { store, .. } in &stores().await {
        let (many, one) = (store.put_account("a", "pro", 1), store.put_account("b", "pro", 1));
        let (many, one) = (many.await.unwrap(), one.await.unwrap());
        for _ in 0..9 {
            webhook(store, &many.id).await;
        }
        let last = webhook(store, &one.id).await;
        queue(store, &many.id, 5, 10).await;
        queue(store, &one.id, 9, 20).await;
        let due = store.lease_deliveries((16, 6), 100, 30).await.unwrap();
        let mut places = BTreeMap::<&str, usize>::new();
        for delivery in &due {
            *places.entry(&delivery.webhook.account_id).or_default() += 1;
        }
        assert_eq!((places[many.id.as_str()], places[one.id.as_str()]), (6, 4));
        let mut hooks: Vec<_> = due.iter().map(|delivery| &delivery.webhook.id).collect();
        hooks.sort();
        hooks.dedup();
        assert_eq!(hooks.len(), 7, "each webhook in its turn");
        // What is leased holds its place until the lease ends, and is leased anew then: whoever had
        // it did not live to note the attempt.
        assert!(store.lease_deliveries((16, 6), 100, 40).await.unwrap().is_empty());
        let anew = store.lease_deliveries((16, 6), 200, 101).await.unwrap();
        let of_last = anew.iter().filter(|delivery| delivery.webhook.id == last.id);
        assert!(of_last.clone().all(|delivery| delivery.attempt == 1));
        assert_eq!(of_last.count(), 4);
        // A place that is free again is taken by what waits.
        let done = anew.iter().find(|delivery| delivery.webhook.id == last.id).unwrap();
        store.note_attempt(came_of(done, Then::Delivered), 102).await.unwrap();
        let next = store.lease_deliveries((16, 6), 200, 103).await.unwrap();
        assert_eq!(next.len(), 1);
        assert_eq!((next[0].attempt, &next[0].webhook.id), (1, &last.id));
    }
}

#[tokio::test]
async fn a_webhook_that_failed_rests() {
    for Fresh { store, .. } in &stores().await {
        let account = store.put_account("a", "pro", 1).await.unwrap();
        let hook = webhook(store, &account.id).await;
        queue(store, &account.id, 9, 10).await;
        let due = store.lease_deliveries((1, 16), 100, 10).await.unwrap();
        let far = Then::RetryAt(10_000_000);
        store.note_attempt(came_of(&due[0], far), 20).await.unwrap();
        assert!(store.lease_deliveries(ALL, 100, 20).await.unwrap().is_empty());
        // For a minute at most, and not where its owner asks, nor where it said something.
        let later = 20 + REST_MS_MAX;
        let due = store.lease_deliveries((1, 16), later + 9, later).await.unwrap();
        let soon = Then::RetryAt(later + 50);
        store.note_attempt(came_of(&due[0], soon), later).await.unwrap();
        assert!(store.lease_deliveries(ALL, later + 99, later + 49).await.unwrap().is_empty());
        let event = Event { name: "webhook.test", body: "{}".into() };
        store.enqueue_for(&hook.id, event, later + 49).await.unwrap();
        let due = store.lease_deliveries(ALL, later + 99, later + 49).await.unwrap();
        assert_eq!(due.len(), 4);
        let said =
            Attempt { status_code: Some(500), ..came_of(&due[0], Then::RetryAt(later + 99)) };
        store.note_attempt(said, later + 50).await.unwrap();
        assert_eq!(store.lease_deliveries(ALL, later + 99, later + 50).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn many_deliveries_cost_the_writer_little() {
    for Fresh { store, .. } in &stores().await {
        let account = store.put_account("a", "pro", 1).await.unwrap();
        let hook = webhook(store, &account.id).await;
        queue(store, &account.id, 4_000, 10).await;
        // Half of them are over, each with its attempt.
        let end = "UPDATE outbox SET status = 'delivered', finished_at = 20 WHERE id IN \
                   (SELECT id FROM outbox ORDER BY id LIMIT 2000)";
        let try_all = "INSERT INTO deliveries (id, outbox_id, webhook_id, attempt, took_ms, \
                       created_at) SELECT id, id, webhook_id, 1, 1, 20 FROM outbox";
        let change = store.write(move |connection| {
            Box::pin(async move {
                sqlx::query(end).execute(&mut *connection).await?;
                sqlx::query(try_all).execute(connection).await?;
                Ok(())
            })
        });
        change.await.unwrap();
        let since = Instant::now();
        assert_eq!(store.lease_deliveries(ALL, 100, 30).await.unwrap().len(), 4);
        assert!(store.lease_deliveries(ALL, 100, 30).await.unwrap().is_empty());
        assert!(since.elapsed() < Duration::from_millis(300), "{:?}", since.elapsed());
        assert_eq!(store.forget_deliveries(21, 900).await.unwrap(), 900);
        assert_eq!(store.forget_deliveries(20, 900).await.unwrap(), 0);
        let since = Instant::now();
        assert!(store.delete_webhook(&account.id, &hook.id).await.unwrap());
        assert!(since.elapsed() < Duration::from_millis(900), "{:?}", since.elapsed());
    }
}
