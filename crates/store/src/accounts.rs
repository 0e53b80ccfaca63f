//! Who owns bots and keys.

use sqlx::any::AnyRow;

use crate::rows::{all, get};
use crate::{Kind, Millis, Store, StoreError, new_id};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `acc_…`
    pub id: String,
    /// What people call it; no two have the same.
    pub name: String,
    /// The plan, by the name it has in the configuration.
    pub plan: String,
    /// When it was made.
    pub created_at: Millis,
}

impl Account {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            name: get(row, "name")?,
            plan: get(row, "plan")?,
            created_at: get(row, "created_at")?,
        })
    }
}

impl Store {
    /// Makes an account, or gives the one of this name its plan.
    pub async fn put_account(
        &self,
        name: &str,
        plan: &str,
        now: Millis,
    ) -> Result<Account, StoreError> {
        let (name, plan) = (name.to_owned(), plan.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(
                    "INSERT INTO accounts (id, name, plan, created_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (name) DO UPDATE SET plan = excluded.plan \
                     RETURNING id, name, plan, created_at",
                )
                .bind(new_id(Kind::Account))
                .bind(name)
                .bind(plan)
                .bind(now)
                .fetch_one(connection)
                .await?;
                Account::of(&row)
            })
        })
        .await
    }

    /// The account of a name.
    pub async fn account_named(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT id, name, plan, created_at FROM accounts WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Account::of).transpose()
    }

    /// All accounts, the oldest first.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows =
            sqlx::query("SELECT id, name, plan, created_at FROM accounts ORDER BY created_at, id")
                .fetch_all(&self.read)
                .await?;
        all(&rows, Account::of)
    }
}
