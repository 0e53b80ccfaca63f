//! Object storage in memory, and a real server where one is installed.
#![expect(clippy::print_stdout, reason = "a test prints what it measured or why it was skipped")]

// What every implementation keeps to.
#[path = "../../../tests/seams/contract.rs"]
mod contract;
// Names by the day.
mod days;
// A server that speaks S3.
mod server;
// Machines over that.
mod machines;
// Writers that are killed.
mod kill;

use std::sync::Arc;
use std::time::SystemTime;

use object_store::ObjectStore;
use object_store::memory::InMemory;

use crate::address::remote;
use crate::objects::Objects;
use crate::{RemoteError, open};

fn in_memory(now: fn() -> SystemTime) -> (Arc<dyn ObjectStore>, Objects) {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let (quick, bulk) = (Arc::clone(&store), Arc::clone(&store));
    (store, Objects::new("memory://test".to_owned(), quick, bulk, now).unwrap())
}

#[test]
fn a_store_in_memory_keeps_the_contract() {
    contract::is_kept_by(|| remote(in_memory(|| SystemTime::UNIX_EPOCH).1));
}

#[test]
fn a_task_of_another_runtime_may_call() {
    let bots = remote(in_memory(|| SystemTime::UNIX_EPOCH).1).bots().clone();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(async { bots.pointers.bots() }).unwrap(), []);
    // Nor does the end of it panic there.
    runtime.block_on(async { drop(bots) });
}

#[test]
fn addresses_and_settings_are_checked() {
    let open = |address: &str, settings: &[(&str, &str)]| {
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        open(address, &settings, || SystemTime::UNIX_EPOCH)
    };
    for address in ["s3://", "s3:///x", "http://x", "bucket"] {
        let error = open(address, &[]).unwrap_err();
        assert!(matches!(error, RemoteError::Address { .. }), "{error}");
    }
    let remote = open("s3://bucket/a/b/", &[("AWS_REGION", "eu-west-1"), ("AWS_X", "y")]).unwrap();
    assert_eq!(remote.name(), "s3://bucket/a/b");
    let error = open("s3://bucket", &[("AWS_ALLOW_HTTP", "maybe")]).unwrap_err();
    assert!(matches!(error, RemoteError::Settings { .. }), "{error}");
}
