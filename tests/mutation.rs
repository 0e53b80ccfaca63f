//! Broken files by the thousand, from whole ones: the same for the same seed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ingest::{Config, IngestError};
use rayon::prelude::*;

/// Numbers that look random (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike, and zero stays zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `bound`, 0 where that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D);
        usize::try_from(number >> 33).unwrap().checked_rem(bound).unwrap_or(0)
    }
}

/// Pieces that parsers count on, and numbers they should not.
const PIECES: &[&[u8]] = &[
    b"0",
    b"-1",
    b"4294967295",
    b"99999999999999999999",
    b"<<",
    b">>",
    b"[",
    b"]",
    b"(",
    b")",
    b"R",
    b"obj",
    b"endobj",
    b"stream\n",
    b"endstream",
    b"/Length 1",
    b"/Filter /FlateDecode",
    b"/Kids",
    b"/Parent 1 0 R",
    b"/Count -5",
    b"xref",
    b"startxref",
    b"%%EOF",
    b"\0",
    b"\xFF\xFE",
    b"```",
    b"> > > > ",
    b"|||",
    b"\n- ",
];

/// `bytes` with one to eight things done to them.
pub(crate) fn mutated(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(8) {
        mutate(&mut bytes, &mut random);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = bytes.len().min(at + 1 + random.below(200));
    match random.below(6) {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let again = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, again);
        }
        3 => {
            let piece = PIECES[random.below(PIECES.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        4 => {
            let piece = PIECES[random.below(PIECES.len())];
            let end = bytes.len().min(at + piece.len());
            bytes.splice(at..end, piece.iter().copied());
        }
        // Cut off, but seldom short: little is left to break then.
        _ => bytes.truncate(bytes.len() - random.below(bytes.len() / 4)),
    }
}

/// Every fixture by name, in one order.
pub(crate) fn originals() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in ["handbook", "markdown", "pdf"] {
        for entry in std::fs::read_dir(fixtures::folder(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            files.push((name, std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_seed_gives_one_file_and_seeds_differ() {
    let original = b"one two three four five six seven eight nine ten".repeat(20);
    let files: Vec<_> = (0..50).map(|seed| mutated(&original, seed)).collect();
    assert_eq!(files, (0..50).map(|seed| mutated(&original, seed)).collect::<Vec<_>>());
    let distinct: std::collections::BTreeSet<_> = files.iter().collect();
    assert!(distinct.len() > 45, "{}", distinct.len());
    for seed in 0..50 {
        mutated(b"", seed);
    }
}

/// Files of the normal test run, and of the longer one.
const FILES: u64 = 2_000;
const FILES_LONG: u64 = 100_000;
/// Seeds begin here, apart from those of the other tests.
const FIRST_SEED: u64 = 1_000_000;
/// One file in this many is read twice.
const TWICE_EVERY: u64 = 40;

/// Reads mutated fixtures on two threads; returns how many were read, and what went wrong.
fn read_mutated(files: u64) -> (usize, Vec<String>) {
    let mut originals = originals();
    // Plain inside, so that the mutations reach objects and content.
    let broken = crate::hostile::broken_files().into_iter();
    originals.extend(broken.map(|(name, bytes)| (name.to_owned(), bytes)));
    let read = AtomicUsize::new(0);
    let check = |seed: u64| {
        let (name, original) = &originals[usize::try_from(seed).unwrap() % originals.len()];
        let bytes = mutated(original, seed);
        let parsed = ingest::ingest(&bytes, &Config::default());
        read.fetch_add(usize::from(parsed.is_ok()), Ordering::Relaxed);
        if let Err(error @ IngestError::Crashed { .. }) = &parsed {
            return Some(format!("{name}, seed {seed}: {error}"));
        }
        let differs = seed.is_multiple_of(TWICE_EVERY)
            && ingest::ingest(&bytes, &Config::default()) != parsed;
        differs.then(|| format!("{name}, seed {seed}: read twice, and not the same"))
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let seeds = FIRST_SEED..FIRST_SEED + files;
    let wrong = threads.install(|| seeds.into_par_iter().filter_map(check).collect());
    (read.into_inner(), wrong)
}

#[test]
fn two_thousand_mutated_files_are_read_or_refused() {
    let begun = Instant::now();
    let (read, wrong) = read_mutated(FILES);
    println!("{read} of {FILES} mutated files were read in {:?}", begun.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 800, "{read}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

/// `cargo test --release -p tests mutated -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes; run by command"]
fn a_hundred_thousand_mutated_files_are_read_or_refused() {
    let begun = Instant::now();
    let (read, wrong) = read_mutated(FILES_LONG);
    println!("{read} of {FILES_LONG} mutated files were read in {:?}", begun.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
