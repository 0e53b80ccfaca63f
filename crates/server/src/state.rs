//! What all requests share.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use store::{KeyOwner, Store};
use tokio::sync::{RwLock, Semaphore, watch};
use train::DataFolder;

use crate::answering::Answering;
use crate::bell::Bell;
use crate::config::{Config, Plan};
use crate::rates::Rates;
use crate::strangers::Strangers;
use crate::turns::Turns;

/// How long a key is believed without asking the database again: a key that was revoked opens
/// nothing after that.
const KEY_BELIEVED: Duration = Duration::from_secs(1);

/// Keys that are believed at once.
const KEYS_BELIEVED_MAX: usize = 10_000;

/// Uploads held in memory at once.
const STORING_MAX: usize = 2;

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
    /// Who came with keys that nobody knows.
    pub(crate) strangers: Strangers,
    /// Becomes true when the server is to end.
    pub(crate) stop: watch::Receiver<bool>,
    /// Wakes the trainer.
    pub(crate) bell: Bell,
    /// Wakes who tells webhooks.
    pub(crate) outbox_bell: Bell,
    pub(crate) metrics: PrometheusHandle,
    /// Read by uploads from their bytes to their document, written by who takes bytes away.
    pub(crate) uploading: RwLock<()>,
    /// Places of uploads that are read whole on their way to the disk.
    pub(crate) storing: Semaphore,
    /// Places of uploads that are read from their senders or wait to be stored.
    pub(crate) spooling: Turns,
    /// Where files lie that are on their way in.
    uploads: PathBuf,
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
        metrics: PrometheusHandle,
        uploads: PathBuf,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let spooling = Turns::new(config.limits.uploads_max);
        Self(Arc::new(Shared {
            config,
            store,
            folder,
            answering,
            rates: Rates::default(),
            strangers: Strangers::default(),
            stop,
            bell: Bell::default(),
            outbox_bell: Bell::default(),
            metrics,
            uploading: RwLock::default(),
            storing: Semaphore::new(STORING_MAX),
            spooling,
            uploads,
            believed: Mutex::default(),
        }))
    }

    /// Where files lie that are on their way in.
    pub(crate) fn uploads(&self) -> &Path {
        &self.uploads
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
        let owner = self.store.key_by_hash(hash).await?.map(Arc::new);
        let mut believed = self.believed.lock().unwrap_or_else(|error| error.into_inner());
        let Some(owner) = owner else {
            believed.remove(hash);
            return Ok(None);
        };
        if believed.len() >= KEYS_BELIEVED_MAX {
            believed.clear();
        }
        believed.insert(hash.to_owned(), (Arc::clone(&owner), Instant::now()));
        Ok(Some(owner))
    }

    /// Whether the key of a hash was right before, be it long ago.
    pub(crate) fn has_believed(&self, hash: &str) -> bool {
        self.believed.lock().unwrap_or_else(|error| error.into_inner()).contains_key(hash)
    }

    fn believed_owner(&self, hash: &str) -> Option<Arc<KeyOwner>> {
        let believed = self.believed.lock().unwrap_or_else(|error| error.into_inner());
        let (owner, since) = believed.get(hash)?;
        (since.elapsed() < KEY_BELIEVED).then(|| Arc::clone(owner))
    }
}
