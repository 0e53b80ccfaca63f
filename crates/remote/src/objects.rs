//! A store of objects, spoken to from threads that may wait.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

/// Threads that do requests, whatever number of callers waits.
const THREADS: usize = 2;

/// What goes back and forth, by content, and the pointers to it.
pub(crate) struct Objects {
    /// Its address, for people.
    name: String,
    /// For what questions wait for.
    pub(crate) quick: Arc<dyn ObjectStore>,
    /// For files.
    pub(crate) bulk: Arc<dyn ObjectStore>,
    now: fn() -> SystemTime,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// A thread that waits.
struct Waiting(Thread);

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // Does not wait, and so may happen anywhere.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Objects {
    pub(crate) fn new(
        name: String,
        quick: Arc<dyn ObjectStore>,
        bulk: Arc<dyn ObjectStore>,
        now: fn() -> SystemTime,
    ) -> std::io::Result<Self> {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(THREADS).thread_name("remote").enable_all().build()?;
        Ok(Self { name, quick, bulk, now, runtime: Some(runtime) })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The address of an object, for people.
    pub(crate) fn address(&self, path: &Path) -> String {
        format!("{}/{path}", self.name)
    }

    /// Waits for requests. On whatever thread: one that runs tasks of another runtime is held up
    /// by this, but there is no panic, as there would be in `Runtime::block_on`.
    pub(crate) fn wait<T>(&self, requests: impl Future<Output = T>) -> T {
        let runtime = self.runtime.as_ref().expect("it is there until this is dropped");
        let _within = runtime.enter();
        let waker = Waker::from(Arc::new(Waiting(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut requests = pin!(requests);
        loop {
            match requests.as_mut().poll(&mut context) {
                Poll::Ready(done) => return done,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Whole days since 1970.
    pub(crate) fn today(&self) -> u64 {
        const DAY: u64 = 24 * 60 * 60;
        self.seconds() / DAY
    }

    /// Seconds since 1970; 0 for a clock that stands before.
    pub(crate) fn seconds(&self) -> u64 {
        let since = (self.now)().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or(Duration::ZERO).as_secs()
    }

    /// The bytes of an object of at most `bytes_max`; `None` where it is not there.
    pub(crate) async fn read_object(
        &self,
        path: &Path,
        bytes_max: u64,
    ) -> object_store::Result<Option<Bytes>> {
        let got = match self.bulk.get(path).await {
            Err(error) if is_absent(&error) => return Ok(None),
            result => result?,
        };
        if got.meta.size > bytes_max {
            return Err(too_large(path, got.meta.size, bytes_max));
        }
        got.bytes().await.map(Some)
    }

    /// The size of an object; `None` where it is not there.
    pub(crate) async fn size_of(&self, path: &Path) -> object_store::Result<Option<u64>> {
        match self.bulk.head(path).await {
            Err(error) if is_absent(&error) => Ok(None),
            result => result.map(|meta| Some(meta.size)),
        }
    }
}

/// Whether an object is not there. A bucket that is not there is another matter: taken for an empty
/// one, it would make every bot unknown.
pub(crate) fn is_absent(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { source, .. }
        if !source.to_string().contains("NoSuchBucket"))
}

/// Why a request failed, in one line: stores answer in several of markup.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.to_string().split_whitespace().collect::<Vec<_>>().join(" "))]
pub(crate) struct Failed(pub(crate) object_store::Error);

pub(crate) fn too_large(path: &Path, found: u64, limit: u64) -> object_store::Error {
    let source = format!("{path}: {found} bytes, limit {limit}").into();
    object_store::Error::Generic { store: "remote", source }
}
