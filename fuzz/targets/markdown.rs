//! Markdown and plain text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzz::read(bytes);
    // The same with signs of Markdown before it, so that it is taken for that.
    fuzz::read(&[b"# One\n\n- two\n- three\n\n```\nfour\n```\n\n", bytes].concat());
});
