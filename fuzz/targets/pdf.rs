//! A whole file that may be a PDF, or pass for one.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzz::read(bytes);
    let inspection = ingest::inspect(bytes, &fuzz::config());
    assert_ne!(inspection.outcome.code, "CRASHED", "{}", inspection.outcome.message);
});
