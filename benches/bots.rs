//! Many bots in one data folder. Corpus: bots of 20 to 200 generated chunks of 150 words, ten a
//! document. `cargo bench --bench bots -- 10000` makes so many of them, 1,000 without a number.
//!
//! The bots are made on all cores, then a process of its own opens each of them in random order
//! and asks it one question, and asks those that stay open some more. Printed: seconds and bytes
//! of a bot, quantiles of the first and of later answers, and what the process holds at the end.
//! The files were just written, so the page cache is warm; the disk is measured in making only.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;
use std::{env, fs, io};

use answer::{Extractive, Question, answer};
use benches::{Corpus, Held, cpu_seconds, entry, print, print_quantiles};
use document::BotId;
use index::{Begin, Config, IndexError, PipelineKey, Store};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

const BOTS: usize = 1_000;
const CHUNKS_PER_DOCUMENT: usize = 10;

/// Bots asked again while they are open.
const WARM_BOTS: usize = 50;

/// Questions each of them is asked.
const WARM_QUESTIONS: usize = 20;

/// The argument that makes this process the one that asks; the folder follows.
const ASK: &str = "ask";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder = arguments.iter().position(|argument| argument == ASK);
    if let Some(folder) = folder.and_then(|at| arguments.get(at + 1)) {
        return ask_all(Path::new(folder)).expect("bots that were just made can be asked");
    }
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(BOTS);
    let folder = tempfile::tempdir().expect("a temporary folder");
    make_all(folder.path(), count).expect("bots can be made");
    let this = env::current_exe().expect("a bench has a file");
    let asked = Command::new(this).arg(ASK).arg(folder.path()).status();
    assert!(asked.is_ok_and(|status| status.success()), "the asking process failed");
}

fn bot(number: usize) -> BotId {
    format!("bot-{number}").parse().expect("letters, a hyphen and digits")
}

/// Documents of a bot: 2 to 20, each as often.
fn documents_of(number: usize) -> usize {
    2 + number * 7 % 19
}

fn make_all(folder: &Path, count: usize) -> Result<(), IndexError> {
    let store = Store::open(folder, Config::default())?;
    let seconds = Mutex::new(Vec::with_capacity(count));
    let start = Instant::now();
    (0..count).into_par_iter().try_for_each(|number| {
        let mut corpus = Corpus::new(number as u64 % 64);
        let documents: Vec<_> = (0..documents_of(number))
            .map(|at| (entry(at), corpus.chunks(CHUNKS_PER_DOCUMENT)))
            .collect();
        let start = Instant::now();
        let mut writer = store.writer(&bot(number))?;
        let mut transaction = writer.begin(PipelineKey::new(1, b"bench"), Begin::Incremental)?;
        for (entry, chunks) in &documents {
            transaction.put(entry.clone(), chunks)?;
        }
        transaction.publish()?;
        seconds.lock().expect("nobody panics").push(start.elapsed().as_secs_f64());
        Ok::<_, IndexError>(())
    })?;
    let whole = start.elapsed().as_secs_f64();
    let chunks: usize = (0..count).map(|at| documents_of(at) * CHUNKS_PER_DOCUMENT).sum();
    print("bots", &format!("{count} bots, {chunks} chunks: made in {whole:.1} s"));
    print_quantiles("bots", "publish", seconds.into_inner().expect("nobody panics"));
    let (files, bytes) = size(folder).map_err(|error| panic!("{error}")).unwrap_or_default();
    let (files, kib) = (files as f64 / count as f64, bytes as f64 / 1024.0 / count as f64);
    print("bots", &format!("on disk: {kib:.0} KiB and {files:.1} files a bot"));
    Ok(())
}

fn ask_all(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::default();
    let store = Store::open(folder, config.clone())?;
    let mut corpus = Corpus::new(7);
    let mut bots = store.bots()?;
    shuffle(&mut bots);
    let questions: Vec<String> =
        (0..bots.len().max(WARM_QUESTIONS)).map(|_| corpus.prose(6)).collect();
    let answers = answer::Config::default();
    let ask = |bot: &BotId, question: &str| -> Result<f64, Box<dyn std::error::Error>> {
        let start = Instant::now();
        let snapshot = store.snapshot(bot)?.ok_or("a bot without a snapshot")?;
        black_box(answer(&snapshot, &Question::new(question), &Extractive, &answers)?);
        Ok(start.elapsed().as_secs_f64())
    };
    // What is made once a process (stemmers, lists of words) is no cost of a bot.
    for bot in bots.iter().take(1) {
        ask(bot, "warm up")?;
    }
    let before = Held::now()?;
    let (start, opened) = (cpu_seconds()?, bots.len() - 1);
    let first = bots.iter().zip(&questions).skip(1).map(|(bot, question)| ask(bot, question));
    let first = first.collect::<Result<Vec<_>, _>>()?;
    let cpu = 1e3 * (cpu_seconds()? - start) / opened as f64;
    let (after, cached) = (Held::now()?, store.cached());
    let last = bots.iter().rev().take(WARM_BOTS);
    let pairs = last.flat_map(|bot| questions.iter().take(WARM_QUESTIONS).map(move |q| (bot, q)));
    let warm = pairs.map(|(bot, question)| ask(bot, question)).collect::<Result<Vec<_>, _>>()?;
    print_quantiles("bots", "cold open + first answer", first);
    print_quantiles("bots", "warm answer", warm);
    print("bots", &format!("cold open + first answer: mean {cpu:.2} ms of processor time"));
    print(
        "bots",
        &format!(
            "cache: {} MiB, {} snapshots at most",
            config.cache_bytes_max >> 20,
            config.cache_snapshots_max
        ),
    );
    for (when, held, cached) in [
        ("after all first answers", after, cached),
        ("after all warm answers", Held::now()?, store.cached()),
    ] {
        print("bots", &format!("{when}: {}", held.since(&before)));
        let (snapshots, mib) = (cached.snapshots, cached.bytes as f64 / 1048576.0);
        print(
            "bots",
            &format!("{when}: {snapshots} open snapshots, {mib:.0} MiB by the cache's own count"),
        );
    }
    Ok(())
}

/// Fisher and Yates, with a fixed seed.
fn shuffle(bots: &mut [BotId]) {
    let mut state = 1_u64;
    for at in (1..bots.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bots.swap(at, (state >> 33) as usize % (at + 1));
    }
}

/// Number and bytes of all files under a folder.
fn size(folder: &Path) -> io::Result<(usize, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let (own_files, own_bytes) =
            if metadata.is_dir() { size(&entry.path())? } else { (1, metadata.len()) };
        files += own_files;
        bytes += own_bytes;
    }
    Ok((files, bytes))
}
