//! Changes of the database.
//!
//! SQLite has one writer at a time whatever one does, and a commit waits for the disk. So one task
//! takes all changes that wait and does them in one transaction, each behind a savepoint of its own:
//! while one commit waits for the disk the next batch gathers, and a hundred changes share a sync.
//! Nobody is told of a change before its batch is on the disk. PostgreSQL does all of that itself.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::{AnyConnection, AnyPool, Connection as _};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;

/// Changes in one commit, at most: what fails to commit fails for all of them.
const BATCH_MAX: usize = 256;

/// Changes that wait, at most; whoever brings more waits until there is room.
const WAITING_MAX: usize = 4096;

#[derive(Debug, Clone)]
pub(crate) enum Writer {
    /// One task writes.
    One(Arc<Task>),
    /// Any connection writes.
    Many(AnyPool),
}

/// The way to the task, and its pool.
pub(crate) struct Task {
    changes: mpsc::Sender<Box<dyn Change>>,
    pool: AnyPool,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}

/// Something to be done within a transaction, and someone who waits for it.
trait Change: Send {
    /// Does it; whether it succeeded.
    fn run<'c>(&'c mut self, connection: &'c mut AnyConnection) -> BoxFuture<'c, bool>;

    /// Tells what came of it, once it is known whether the transaction is on the disk.
    fn tell(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Waiting<T, F> {
    change: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Change for Waiting<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>>
        + Send
        + 'static,
{
    fn run<'c>(&'c mut self, connection: &'c mut AnyConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            let Some(change) = self.change.take() else { return false };
            // Whatever a change breaks of its own goes with it, and its savepoint with that.
            let result = AssertUnwindSafe(async { change(connection).await }).catch_unwind().await;
            let result = result.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)));
            self.result.insert(result).is_ok()
        })
    }

    fn tell(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) | (Err(_), Some(result @ Err(_))) => result,
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // Whoever waited may have gone; the change stands all the same.
        let _ = self.reply.send(result);
    }
}

impl Writer {
    /// A task that writes through the one connection of `pool`.
    pub(crate) fn one(pool: AnyPool) -> Self {
        let (changes, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write_all(pool.clone(), waiting));
        Self::One(Arc::new(Task { changes, pool }))
    }

    pub(crate) fn many(pool: AnyPool) -> Self {
        Self::Many(pool)
    }

    pub(crate) async fn run<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>>
            + Send
            + 'static,
    {
        match self {
            Self::One(task) => {
                let (reply, result) = oneshot::channel();
                let waiting = Waiting { change: Some(change), result: None, reply };
                let sent = task.changes.send(Box::new(waiting)).await;
                sent.map_err(|_| StoreError::Closed)?;
                result.await.map_err(|_| StoreError::Closed)?
            }
            Self::Many(pool) => {
                let mut transaction = pool.begin().await?;
                let value = change(&mut transaction).await?;
                transaction.commit().await?;
                Ok(value)
            }
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::One(task) => task.pool.close().await,
            Self::Many(pool) => pool.close().await,
        }
    }
}

async fn write_all(pool: AnyPool, mut waiting: mpsc::Receiver<Box<dyn Change>>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let committed = write_batch(&pool, &mut batch).await;
        let failed = committed.err().map(Arc::new);
        for change in batch.drain(..) {
            change.tell(failed.as_ref().map_or(Ok(()), |error| Err(told_to_all(error))));
        }
    }
}

async fn write_batch(pool: &AnyPool, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if let [change] = batch {
        // Alone it needs no savepoint: what fails takes the transaction with it.
        if change.run(&mut transaction).await {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        return Ok(());
    }
    for change in batch {
        let mut savepoint = transaction.begin().await?;
        if change.run(&mut savepoint).await {
            savepoint.commit().await?;
        } else {
            savepoint.rollback().await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// The error of a batch for one of its changes: it cannot be copied.
fn told_to_all(error: &StoreError) -> StoreError {
    StoreError::Database(sqlx::Error::Protocol(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn a_change_that_panics_fails_alone() {
        let fresh = stores().await.swap_remove(0);
        let store = &fresh.store;
        let breaks =
            || store.write::<(), _>(|_| Box::pin(async { panic!("a change that breaks off") }));
        assert!(matches!(breaks().await, Err(StoreError::Database(_))));
        // In one batch with others, too.
        let account = |name: &'static str| store.put_account(name, "pro", 1);
        let (first, broken, last) = tokio::join!(account("a"), breaks(), account("b"));
        assert!(first.is_ok() && broken.is_err() && last.is_ok());
        store.ping().await.unwrap();
        assert!(store.account_named("b").await.unwrap().is_some());
    }
}
