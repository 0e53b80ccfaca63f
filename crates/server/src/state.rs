//! What all requests share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use store::{KeyOwner, Store};
use train::DataFolder;

use crate::answering::Answering;
use crate::config::{Config, Plan};
use crate::rates::Rates;
use crate::training::Bell;

/// How long a key is believed without asking the database again: a key that was revoked opens
/// nothing after that.
const KEY_BELIEVED: Duration = Duration::from_secs(1);

/// Keys that are believed at once.
const KEYS_BELIEVED_MAX: usize = 10_000;

/// A key's owner, and when the database said so.
type Believed = (Arc<KeyOwner>, Instant);

/// What all requests share; clones are handles.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) folder: Arc<DataFolder>,
    pub(crate) answering: Answering,
    pub(crate) rates: Rates,
    /// Wakes the trainer.
    pub(crate) bell: Bell,
    believed: Mutex<HashMap<String, Believed>>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    pub(crate) fn new(
        config: Config,
        store: Store,
        folder: Arc<DataFolder>,
        answering: Answering,
    ) -> Self {
        let (rates, bell, believed) = (Rates::default(), Bell::default(), Mutex::default());
        Self(Arc::new(Shared { config, store, folder, answering, rates, bell, believed }))
    }

    /// The plan of an account; where the settings name no such plan, one without the API.
    pub(crate) fn plan(&self, name: &str) -> Plan {
        let none = || Plan { api: false, ..Plan::default() };
        self.config.plans.get(name).cloned().unwrap_or_else(none)
    }

    /// The owner of the key of a hash.
    pub(crate) async fn key_owner(
        &self,
        hash: &str,
    ) -> Result<Option<Arc<KeyOwner>>, store::StoreError> {
        if let Some(owner) = self.believed_owner(hash) {
            return Ok(Some(owner));
        }
        let Some(owner) = self.store.key_by_hash(hash).await?.map(Arc::new) else {
            return Ok(None);
        };
        let mut believed = self.believed.lock().unwrap_or_else(|error| error.into_inner());
        if believed.len() >= KEYS_BELIEVED_MAX {
            believed.clear();
        }
        believed.insert(hash.to_owned(), (Arc::clone(&owner), Instant::now()));
        Ok(Some(owner))
    }

    fn believed_owner(&self, hash: &str) -> Option<Arc<KeyOwner>> {
        let believed = self.believed.lock().unwrap_or_else(|error| error.into_inner());
        let (owner, since) = believed.get(hash)?;
        (since.elapsed() < KEY_BELIEVED).then(|| Arc::clone(owner))
    }
}
