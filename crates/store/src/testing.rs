//! What the tests of this crate share: each runs on SQLite and, where `JELY_TEST_POSTGRES` names a
//! server, on PostgreSQL too.

use crate::{Account, Bot, NewBot, Settings, Store};

/// A database for one test, gone with it.
pub(crate) struct Fresh {
    pub(crate) store: Store,
    _folder: Option<tempfile::TempDir>,
}

/// The databases to test on.
pub(crate) async fn stores() -> Vec<Fresh> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b%.db");
    let store = Store::open_file(&path, &Settings::default()).await.unwrap();
    let mut stores = vec![Fresh { store, _folder: Some(folder) }];
    if let Ok(url) = std::env::var("JELY_TEST_POSTGRES") {
        stores.push(Fresh { store: postgres(&url).await, _folder: None });
    }
    stores
}

/// A schema of its own, so that tests run side by side.
async fn postgres(url: &str) -> Store {
    let schema = crate::new_id(crate::Kind::Act);
    let server = Store::open_bare(url).await;
    let sql = format!("CREATE SCHEMA {schema}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&server).await.unwrap();
    server.close().await;
    let joint = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{joint}options=-c%20search_path%3D{schema}");
    Store::open(&url, &Settings::default()).await.unwrap()
}

impl Store {
    async fn open_bare(url: &str) -> sqlx::AnyPool {
        sqlx::any::install_default_drivers();
        sqlx::AnyPool::connect(url).await.unwrap()
    }

    pub(crate) async fn account_with_bot(&self, name: &str) -> (Account, Bot) {
        let account = self.put_account(name, "pro", 1).await.unwrap();
        let new = NewBot {
            account_id: account.id.clone(),
            name: "Shop".into(),
            description: None,
            configuration: serde_json::json!({"greeting": "Hello"}),
            idle_ms: 1_000,
        };
        let bot = self.create_bot(new, 2).await.unwrap();
        (account, bot)
    }
}
