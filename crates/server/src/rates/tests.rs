use store::{NewKey, Settings};

use super::*;

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_file(&folder.path().join("db"), &Settings::default()).await.unwrap();
    (folder, store)
}

async fn key(store: &Store, name: &str) -> String {
    let account = store.put_account("a", "pro", 1).await.unwrap();
    let (name, hash, hint, scopes) = (name.into(), name.into(), "t".into(), "chat".into());
    let new = NewKey { account_id: account.id, name, hash, hint, scopes };
    store.create_key(new, 1).await.unwrap().id
}

fn plan(requests: u32, window_seconds: u32) -> Plan {
    Plan { requests, window_seconds, ..Plan::default() }
}

/// Takes until there is nothing left; how many there were.
async fn drain(rates: &Rates, store: &Store, key: &str, plan: &Plan, now: Millis) -> u32 {
    let mut taken = 0;
    while rates.take(store, key, plan, now).await.unwrap().allowed {
        taken += 1;
    }
    taken
}

#[tokio::test]
async fn a_bucket_empties_and_fills_evenly() {
    let (_folder, store) = store().await;
    let (key, other) = (key(&store, "k").await, key(&store, "o").await);
    let (rates, plan) = (Rates::default(), plan(3, 30));
    for remaining in [2, 1, 0] {
        let taken = rates.take(&store, &key, &plan, 100_000).await.unwrap();
        assert_eq!((taken.allowed, taken.remaining), (true, remaining));
    }
    let refused = rates.take(&store, &key, &plan, 100_000).await.unwrap();
    assert!(!refused.allowed);
    assert_eq!((refused.next_at, refused.full_at), (110_000, 130_000));
    let earlier = rates.take(&store, &key, &plan, 99_000).await.unwrap();
    assert!(!earlier.allowed, "a clock that goes back fills nothing");
    assert!(rates.take(&store, &key, &plan, 111_000).await.unwrap().allowed);
    assert!(rates.take(&store, &other, &plan, 100_000).await.unwrap().allowed);
    assert_eq!(drain(&rates, &store, &key, &plan, 1_000_000).await, 3, "and no more than a window");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_get_what_there_is_and_each_another_number() {
    let (_folder, store) = store().await;
    let key = key(&store, "k").await;
    let (rates, plan) = (Arc::new(Rates::default()), plan(700, u32::MAX));
    let tries = (0..1_000).map(|_| {
        let (rates, store, key, plan) =
            (Arc::clone(&rates), store.clone(), key.clone(), plan.clone());
        tokio::spawn(async move { rates.take(&store, &key, &plan, 5).await.unwrap() })
    });
    let mut seen = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        let taken = one.await.unwrap();
        if taken.allowed {
            seen.push(taken.remaining);
        }
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..700));
}

#[tokio::test]
async fn an_end_in_order_loses_nothing_and_a_kill_a_block() {
    let (_folder, store) = store().await;
    let key = key(&store, "k").await;
    let plan = plan(100, u32::MAX);
    let rates = Rates::default();
    for _ in 0..13 {
        assert!(rates.take(&store, &key, &plan, 5).await.unwrap().allowed);
    }
    rates.settle(&store).await.unwrap();
    assert_eq!(rates.buckets().len(), 0);
    assert_eq!(store.keys(None).await.unwrap()[0].last_used_at, Some(5));
    let rates = Rates::default();
    assert_eq!(rates.take(&store, &key, &plan, 5).await.unwrap().remaining, 86);
    drop(rates);
    // What the second held is spent: four, besides the one it let in.
    assert_eq!(drain(&Rates::default(), &store, &key, &plan, 5).await, 82);
}

#[tokio::test]
async fn two_servers_share_what_there_is() {
    let (_folder, store) = store().await;
    let key = key(&store, "k").await;
    let plan = plan(100, u32::MAX);
    let (one, other) = (Rates::default(), Rates::default());
    let mut taken = 0;
    for _ in 0..30 {
        taken += u32::from(one.take(&store, &key, &plan, 5).await.unwrap().allowed);
        taken += u32::from(other.take(&store, &key, &plan, 5).await.unwrap().allowed);
    }
    taken += drain(&one, &store, &key, &plan, 5).await;
    taken += drain(&other, &store, &key, &plan, 5).await;
    assert_eq!(taken, 100);
}

#[tokio::test]
async fn keys_that_rest_are_forgotten_and_lose_nothing() {
    let (_folder, store) = store().await;
    let plan = plan(100, u32::MAX);
    let rates = Rates::default();
    let mut keys = Vec::new();
    for number in 0..5 {
        let key = key(&store, &format!("k{number}")).await;
        assert!(rates.take(&store, &key, &plan, number).await.unwrap().allowed);
        keys.push(key);
    }
    store.return_requests(rates.forget(Millis::MIN, 3)).await.unwrap();
    assert_eq!(rates.buckets().len(), 3);
    rates.tend(&store, REST_MS + 4).await.unwrap();
    assert_eq!(rates.buckets().len(), 1, "the last one still rests too short");
    for key in &keys {
        assert_eq!(drain(&rates, &store, key, &plan, 5).await, 99);
    }
}
