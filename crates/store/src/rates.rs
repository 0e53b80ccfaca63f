//! Requests that keys may still make, as far as servers have not reserved them.
//!
//! A row holds what is left of a key's window. A server takes a small block out of it before it
//! lets anybody in, so what a crash forgets was counted as spent, and servers beside each other
//! share one window.

use sqlx::AnyConnection;

use crate::database::Dialect;
use crate::rows::get;
use crate::{Millis, Store, StoreError};

/// How far a clock may lie behind what another one wrote before it is taken for one that was set
/// back: clocks of servers differ by less.
const SKEW_MS: Millis = 60_000;

/// A block to be taken from a key's window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Requests that the window never exceeds: those of the plan, less what the server holds.
    pub most: f64,
    /// Requests that come back in a millisecond.
    pub per_ms: f64,
    /// Requests wanted.
    pub wanted: u32,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reserved {
    /// Requests that are the server's now: whole ones, as many as were wanted or there were.
    pub granted: u32,
    /// Requests that are left in the window.
    pub left: f64,
}

macro_rules! window {
    ($lock:literal) => {
        concat!("SELECT tokens, updated_at FROM rate_windows WHERE key_id = $1", $lock)
    };
}

impl Store {
    /// Takes a block of requests out of a key's window; a window that was never used is full.
    pub async fn reserve_requests(
        &self,
        key_id: &str,
        block: Block,
        now: Millis,
    ) -> Result<Reserved, StoreError> {
        let key_id = key_id.to_owned();
        let dialect = self.dialect;
        self.write(move |connection| {
            Box::pin(async move {
                let (tokens, at) = window(connection, dialect, &key_id, block.most, now).await?;
                let passed = (now - at).max(0) as f64;
                let left = (tokens + passed * block.per_ms).min(block.most).max(0.0);
                let granted = (left.floor() as u32).min(block.wanted);
                let left = left - f64::from(granted);
                let at = if at - now > SKEW_MS { now } else { at.max(now) };
                put(connection, &key_id, left, at).await?;
                Ok(Reserved { granted, left })
            })
        })
        .await
    }

    /// Gives back what a server holds of keys and has no use for: of each the requests, and how
    /// many its window has at most.
    pub async fn return_requests(&self, held: Vec<(String, u32, f64)>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for (key_id, count, most) in held {
                    sqlx::query(
                        "UPDATE rate_windows SET tokens = CASE WHEN tokens + $2 < $3 \
                         THEN tokens + $2 ELSE $3 END WHERE key_id = $1",
                    )
                    .bind(key_id)
                    .bind(f64::from(count))
                    .bind(most)
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// What is left of a window, and when that was so. With PostgreSQL the row is held.
async fn window(
    connection: &mut AnyConnection,
    dialect: Dialect,
    key_id: &str,
    full: f64,
    now: Millis,
) -> Result<(f64, Millis), StoreError> {
    sqlx::query(
        "INSERT INTO rate_windows (key_id, tokens, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (key_id) DO NOTHING",
    )
    .bind(key_id)
    .bind(full)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query(match dialect {
        Dialect::Sqlite => window!(""),
        Dialect::Postgres => window!(" FOR UPDATE"),
    })
    .bind(key_id)
    .fetch_one(connection)
    .await?;
    Ok((get(&row, "tokens")?, get(&row, "updated_at")?))
}

async fn put(
    connection: &mut AnyConnection,
    key_id: &str,
    tokens: f64,
    at: Millis,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE rate_windows SET tokens = $2, updated_at = $3 WHERE key_id = $1")
        .bind(key_id)
        .bind(tokens)
        .bind(at)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewKey;
    use crate::testing::stores;

    async fn key(store: &Store) -> String {
        let account = store.put_account("a", "pro", 1).await.unwrap();
        let new = NewKey {
            account_id: account.id,
            name: "k".into(),
            hash: "h".into(),
            hint: "t".into(),
            scopes: "chat".into(),
        };
        store.create_key(new, 1).await.unwrap().id
    }

    #[tokio::test]
    async fn a_window_empties_fills_and_takes_back() {
        for fresh in stores().await {
            let store = &fresh.store;
            let key = key(store).await;
            let block = Block { most: 10.0, per_ms: 0.001, wanted: 6 };
            let reserve = async |now| store.reserve_requests(&key, block, now).await.unwrap();
            assert_eq!(reserve(1_000_000).await, Reserved { granted: 6, left: 4.0 });
            assert_eq!(reserve(1_000_500).await, Reserved { granted: 4, left: 0.5 });
            // Another server's clock lies behind: that fills nothing, now and later.
            assert_eq!(reserve(990_000).await, Reserved { granted: 0, left: 0.5 });
            assert_eq!(reserve(1_000_500).await, Reserved { granted: 0, left: 0.5 });
            assert_eq!(reserve(1_002_000).await, Reserved { granted: 2, left: 0.0 });
            // A clock that was set back goes on from there.
            assert_eq!(reserve(500_000).await.granted, 0);
            assert_eq!(reserve(501_000).await.granted, 1);
            store.return_requests(vec![(key.clone(), 3, 10.0)]).await.unwrap();
            assert_eq!(reserve(501_000).await, Reserved { granted: 3, left: 0.0 });
            store.return_requests(vec![(key.clone(), 30, 10.0)]).await.unwrap();
            assert_eq!(reserve(501_000).await, Reserved { granted: 6, left: 4.0 });
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn servers_beside_each_other_share_a_window() {
        for fresh in stores().await {
            let store = &fresh.store;
            let key = key(store).await;
            let block = Block { most: 100.0, per_ms: 0.0, wanted: 7 };
            let tries = (0..40).map(|_| {
                let (store, key) = (store.clone(), key.clone());
                tokio::spawn(async move { store.reserve_requests(&key, block, 5).await })
            });
            let mut granted = 0;
            for one in tries.collect::<Vec<_>>() {
                granted += one.await.unwrap().unwrap().granted;
            }
            assert_eq!(granted, 100);
        }
    }
}
