//! Ways into the frames for the fuzz targets; no part of the crate's interface.

use ingest::{Config, Inspection};

use super::frame::{self, Kind};
use super::message::{PagesDone, Reply, Request, SMALL_BYTES_MAX, Task, Verdict};
use super::talk::replay;

/// More than any reply of the targets.
const LENGTH_MAX: u64 = 1 << 20;

/// Takes bytes as a parent does from a child, in pieces, then as each side reads a frame, and at
/// last as what sound frames may hold: it may be refused, and must not panic.
pub fn hear(bytes: &[u8]) {
    for kind in [Kind::Hello, Kind::Reply] {
        for at_once in [1 + bytes.len() / 3, 7] {
            replay(bytes, at_once, kind, LENGTH_MAX);
        }
    }
    for kind in [Kind::Request, Kind::Document] {
        let _ = frame::read(&mut &*bytes, kind, SMALL_BYTES_MAX);
    }
    let _ = Verdict::decode(bytes);
    let _ = Inspection::decode(bytes);
    let _ = serde_json::from_slice::<Request>(bytes);
    replay(&framed(&[(Kind::Progress, bytes), (Kind::Reply, bytes)]), 50, Kind::Reply, LENGTH_MAX);
}

/// Sound messages, in frames and bare.
pub fn seeds() -> Vec<Vec<u8>> {
    let config = Config::default();
    let text = b"# One\n\nWords of a chunk.\n";
    let request = Request { task: Task::Parse, config: config.clone(), threads: 1, bytes: 9 };
    let bare = [
        encoded(Verdict::of(ingest::ingest(text, &config))),
        encoded(Verdict::of(ingest::ingest(b"", &config))),
        encoded(ingest::inspect(text, &config)),
        serde_json::to_vec(&PagesDone { done: 1, of: 2 }).unwrap_or_default(),
        serde_json::to_vec(&request).unwrap_or_default(),
    ];
    let kinds = [Kind::Reply, Kind::Reply, Kind::Reply, Kind::Progress, Kind::Request];
    let single = bare.iter().zip(kinds).map(|(payload, kind)| framed(&[(kind, payload)]));
    let framed = single.collect::<Vec<_>>();
    bare.iter().chain(&framed).cloned().chain([framed.concat()]).collect()
}

fn encoded(reply: impl Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector takes everything.
    let _ = reply.encode(&mut bytes);
    bytes
}

fn framed(frames: &[(Kind, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, payload) in frames {
        // A vector takes everything.
        let _ = frame::write(&mut bytes, *kind, payload);
    }
    bytes
}
