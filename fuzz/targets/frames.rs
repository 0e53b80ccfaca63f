//! What a worker may send: frames in any pieces, and replies in sound frames.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| train::fuzzing::hear(bytes));
