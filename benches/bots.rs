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
use benches::{Corpus, entry};
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
    print(&format!("{count} bots, {chunks} chunks: made in {whole:.1} s"));
    print_quantiles("publish", seconds.into_inner().expect("nobody panics"));
    let (files, bytes) = size(folder).map_err(|error| panic!("{error}")).unwrap_or_default();
    let (files, kib) = (files as f64 / count as f64, bytes as f64 / 1024.0 / count as f64);
    print(&format!("on disk: {kib:.0} KiB and {files:.1} files a bot"));
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
    let first = bots.iter().zip(&questions).skip(1).map(|(bot, question)| ask(bot, question));
    let first = first.collect::<Result<Vec<_>, _>>()?;
    let after = Held::now()?;
    let last = bots.iter().rev().take(WARM_BOTS);
    let pairs = last.flat_map(|bot| questions.iter().take(WARM_QUESTIONS).map(move |q| (bot, q)));
    let warm = pairs.map(|(bot, question)| ask(bot, question)).collect::<Result<Vec<_>, _>>()?;
    print_quantiles("cold open + first answer", first);
    print_quantiles("warm answer", warm);
    after.print("after all first answers", &before);
    Held::now()?.print("after all warm answers", &before);
    Ok(())
}

/// What the process holds.
struct Held {
    resident_mib: f64,
    /// Of that, what is no mapped file.
    own_mib: f64,
    open_files: usize,
    mappings: usize,
    threads: usize,
}

impl Held {
    fn now() -> io::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.unwrap_or_default() / 1024.0
        };
        Ok(Self {
            resident_mib: mib("VmRSS:"),
            own_mib: mib("RssAnon:"),
            open_files: fs::read_dir("/proc/self/fd")?.count(),
            mappings: fs::read_to_string("/proc/self/maps")?.lines().count(),
            threads: fs::read_dir("/proc/self/task")?.count(),
        })
    }

    fn print(&self, when: &str, before: &Self) {
        let resident = self.resident_mib - before.resident_mib;
        let own = self.own_mib - before.own_mib;
        let Self { open_files, mappings, threads, .. } = self;
        print(&format!(
            "{when}: resident +{resident:.0} MiB, of that +{own:.0} MiB not mapped files; \
             {open_files} open files, {mappings} mappings, {threads} threads"
        ));
    }
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

fn print_quantiles(name: &str, mut seconds: Vec<f64>) {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| 1e3 * seconds[(share * (seconds.len() - 1) as f64) as usize];
    let (median, p99, most) = (at(0.5), at(0.99), at(1.0));
    print(&format!("{name}: median {median:.2} ms, p99 {p99:.2} ms, most {most:.2} ms"));
}

#[expect(clippy::print_stdout, reason = "the figures are what a bench is run for")]
fn print(line: &str) {
    println!("bots   {line}");
}
