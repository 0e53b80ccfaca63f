//! From an address to what lies there.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use index::Shared;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use train::Remote;

use crate::objects::Objects;

/// How addresses begin.
const SCHEME: &str = "s3://";

/// How settings of the store begin.
const SETTING: &str = "aws_";

/// What the pointer of a bot is asked with: a question waits for it, and may be answered from what
/// is known instead.
const QUICK: Patience = Patience { connect: 2, request: 3, retries: 2, all: 6 };

/// What files go with: parts of 8 MiB, over a line of 1 Mbit/s.
const BULK: Patience = Patience { connect: 5, request: 90, retries: 5, all: 180 };

/// How long requests may take, in seconds.
struct Patience {
    connect: u64,
    /// One try.
    request: u64,
    retries: usize,
    /// All tries together; no other is begun after this.
    all: u64,
}

/// Why an address leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It is none of ours.
    #[error("{address}: expected s3://<bucket> or s3://<bucket>/<prefix>")]
    Address {
        /// The address.
        address: String,
    },
    /// The settings do not make a client.
    #[error("{address}: {source}")]
    Settings {
        /// The address.
        address: String,
        /// The cause.
        source: object_store::Error,
    },
    /// The system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] std::io::Error),
}

/// What lies at `s3://<bucket>/<prefix>`, with the settings that the tools of AWS take from the
/// environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`
/// and others; unknown ones count for nothing. An endpoint that begins with `http://` is spoken to
/// in the clear. `now` is the clock.
///
/// Nothing is asked yet.
///
/// # Errors
///
/// Where the address or a setting is wrong.
pub fn open(
    address: &str,
    settings: &[(String, String)],
    now: fn() -> SystemTime,
) -> Result<Remote, RemoteError> {
    let wrong = || RemoteError::Address { address: address.to_owned() };
    let rest = address.strip_prefix(SCHEME).ok_or_else(wrong)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong());
    }
    // Another part of the program may have chosen already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = |patience: &Patience| -> Result<Arc<dyn ObjectStore>, RemoteError> {
        let built = builder(bucket, settings, patience).build();
        let store = built
            .map_err(|source| RemoteError::Settings { address: address.to_owned(), source })?;
        Ok(match prefix.trim_matches('/') {
            "" => Arc::new(store),
            prefix => Arc::new(PrefixStore::new(store, prefix)),
        })
    };
    let name = address.trim_end_matches('/').to_owned();
    let objects = Objects::new(name, store(&QUICK)?, store(&BULK)?, now)?;
    Ok(remote(objects))
}

/// All that several machines share, in one store.
pub(crate) fn remote(objects: Objects) -> Remote {
    let name = objects.name().to_owned();
    let objects = Arc::new(objects);
    let bots = Shared { pointers: objects.clone(), snapshots: objects.clone() };
    Remote::new(name, bots, objects)
}

fn builder(bucket: &str, settings: &[(String, String)], patience: &Patience) -> AmazonS3Builder {
    let seconds = Duration::from_secs;
    let options = ClientOptions::new()
        .with_connect_timeout(seconds(patience.connect))
        .with_timeout(seconds(patience.request));
    let retries = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: patience.retries,
        retry_timeout: seconds(patience.all),
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_client_options(options)
        .with_retry(retries);
    let mut is_clear = false;
    for (name, value) in settings {
        let name = name.to_ascii_lowercase();
        let key = Some(&name).filter(|name| name.starts_with(SETTING));
        if let Some(key) = key.and_then(|name| name.parse::<AmazonS3ConfigKey>().ok()) {
            is_clear |= name.starts_with("aws_endpoint") && value.starts_with("http://");
            builder = builder.with_config(key, value);
        }
    }
    if is_clear { builder.with_allow_http(true) } else { builder }
}
