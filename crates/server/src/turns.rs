//! Places that all accounts share, of which none may have them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// One account may have one place of so many.
const ACCOUNTS_AT_LEAST: usize = 2;

/// Places, and who has them.
#[derive(Debug)]
pub(crate) struct Turns {
    places: Arc<Semaphore>,
    of_account: usize,
    /// Of those accounts that have a place or wait for one.
    accounts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
    _of_account: OwnedSemaphorePermit,
}

impl Turns {
    /// So many places.
    pub(crate) fn new(places: usize) -> Self {
        let places = places.min(Semaphore::MAX_PERMITS);
        let of_account = places.div_ceil(ACCOUNTS_AT_LEAST);
        Self { places: Arc::new(Semaphore::new(places)), of_account, accounts: Mutex::default() }
    }

    /// Waits for a place, for the account first and then among all.
    pub(crate) async fn take(&self, account_id: &str) -> Result<Turn, AcquireError> {
        let of_account = self.account(account_id).acquire_owned().await?;
        let place = Arc::clone(&self.places).acquire_owned().await?;
        Ok(Turn { _place: place, _of_account: of_account })
    }

    fn account(&self, id: &str) -> Arc<Semaphore> {
        let mut accounts = self.accounts.lock().unwrap_or_else(|error| error.into_inner());
        // Each place and each who waits for one holds the account's.
        accounts.retain(|_, places| Arc::strong_count(places) > 1);
        let places =
            accounts.entry(id.to_owned()).or_insert_with(|| Semaphore::new(self.of_account).into());
        Arc::clone(places)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn no_account_has_all_places() {
        let turns = Turns::new(4);
        let take = async |account| timeout(Duration::from_millis(20), turns.take(account)).await;
        let held = [take("a").await.unwrap(), take("a").await.unwrap()];
        assert!(take("a").await.is_err());
        let others = [take("b").await.unwrap(), take("c").await.unwrap()];
        assert!(take("d").await.is_err());
        drop(held);
        assert!(take("a").await.is_ok());
        drop(others);
        assert!(take("d").await.is_ok());
        assert_eq!(turns.accounts.lock().unwrap().len(), 1, "who has gone is forgotten");
    }
}
