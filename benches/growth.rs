//! One bot that grows: 100, 1,000, 10,000 and 100,000 generated chunks of 150 words, ten a
//! document. `cargo bench --bench growth -- 10000` stops at so many.
//!
//! Printed for each size: seconds to build it at once and to add one document, bytes on disk, and,
//! in a process of its own, seconds until it is open, quantiles of the first questions, memory.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs, io};

use answer::{Extractive, Question, answer};
use benches::{Corpus, Held, entry, print, print_quantiles};
use document::BotId;
use index::{Begin, Config, IndexError, PipelineKey, Store};

const CHUNKS_MAX: usize = 100_000;
const CHUNKS_PER_DOCUMENT: usize = 10;

/// Documents added one by one; the median counts.
const ADDED: usize = 5;

const QUESTIONS: usize = 200;

/// The argument that makes this process the one that asks; the folder follows.
const ASK: &str = "ask";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder = arguments.iter().position(|argument| argument == ASK);
    if let Some(folder) = folder.and_then(|at| arguments.get(at + 1)) {
        return ask(Path::new(folder)).expect("a bot that was just made can be asked");
    }
    let most = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(CHUNKS_MAX);
    let sizes = [100, 1_000, 10_000, 100_000].into_iter().filter(|&chunks| chunks <= most);
    for chunks in sizes {
        let folder = tempfile::tempdir().expect("a temporary folder");
        print("growth", &format!("{chunks} chunks"));
        make(folder.path(), chunks).expect("a bot can be made");
        let this = env::current_exe().expect("a bench has a file");
        let asked = Command::new(this).arg(ASK).arg(folder.path()).status();
        assert!(asked.is_ok_and(|status| status.success()), "the asking process failed");
    }
}

fn bot() -> BotId {
    "growth".parse().expect("a constant name")
}

fn make(folder: &Path, chunks: usize) -> Result<(), IndexError> {
    let store = Store::open(folder, Config::default())?;
    let mut corpus = Corpus::new(11);
    let documents = chunks / CHUNKS_PER_DOCUMENT;
    let seconds = put(&store, &mut corpus, 0..documents)?;
    let added = (documents..documents + ADDED).map(|at| put(&store, &mut corpus, at..at + 1));
    let mut added = added.collect::<Result<Vec<_>, _>>()?;
    added.sort_by(f64::total_cmp);
    let (one, mib) = (1e3 * added[ADDED / 2], bytes(folder).unwrap_or_default() as f64 / 1048576.0);
    print("growth", &format!("  build {seconds:.2} s, add one document {one:.1} ms, {mib:.1} MiB"));
    Ok(())
}

/// Publishes documents; the seconds it took without making them up.
fn put(
    store: &Store,
    corpus: &mut Corpus,
    numbers: std::ops::Range<usize>,
) -> Result<f64, IndexError> {
    let start = Instant::now();
    let mut writer = store.writer(&bot())?;
    let mut transaction = writer.begin(PipelineKey::new(1, b"bench"), Begin::Incremental)?;
    let mut made_up = 0.0;
    for number in numbers {
        let before = Instant::now();
        let chunks = corpus.chunks(CHUNKS_PER_DOCUMENT);
        made_up += before.elapsed().as_secs_f64();
        transaction.put(entry(number), &chunks)?;
    }
    transaction.publish()?;
    Ok(start.elapsed().as_secs_f64() - made_up)
}

fn ask(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(folder, Config::default())?;
    let mut corpus = Corpus::new(7);
    let questions: Vec<String> = (0..QUESTIONS).map(|_| corpus.prose(6)).collect();
    let config = answer::Config::default();
    let before = Held::now()?;
    let start = Instant::now();
    let snapshot = store.snapshot(&bot())?.ok_or("nothing was published")?;
    let seconds = start.elapsed().as_secs_f64();
    let opened = Held::now()?.since(&before);
    print("growth", &format!("  cold open {:.2} ms: {opened}", 1e3 * seconds));
    for name in ["  first questions", "  the same again"] {
        let ask = |question: &String| -> Result<f64, answer::AnswerError> {
            let start = Instant::now();
            black_box(answer(&snapshot, &Question::new(question), &Extractive, &config)?);
            Ok(start.elapsed().as_secs_f64())
        };
        print_quantiles("growth", name, questions.iter().map(ask).collect::<Result<_, _>>()?);
    }
    let mib = store.cached().bytes as f64 / 1048576.0;
    let asked = Held::now()?.since(&before);
    print("growth", &format!("  then: {asked}; {mib:.1} MiB by the cache's own count"));
    Ok(())
}

/// Bytes of all files under a folder.
fn bytes(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        total += if metadata.is_dir() { bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(total)
}
