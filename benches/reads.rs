//! Questions while a bot is trained in the same process. Corpus: a bot of 5,000 generated chunks
//! that is asked, and generated Markdown of 50,000 chunks that is trained meanwhile, into
//! another bot and then into the one that is asked.
//! `cargo bench --bench reads -- 3` runs three rounds; one without a number.
//!
//! A thread asks one question every 10 ms, while nothing else happens and then while training goes
//! on. An answer counts from the moment it was due, so a late start is a late answer. Printed:
//! quantiles of both, and the ratio of their 99th percentiles and medians. Training parses in this
//! process, on one thread or on all cores, or in child processes where `target/release/jely` is
//! there (`cargo build --release -p jely`); its thread gives way to others or does not.

use std::borrow::Cow;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use answer::{Extractive, Question, answer};
use benches::{Corpus, print, quantiles};
use document::BotId;
use train::{
    Content, DataFolder, Input, Isolation, Options, Pool, Silent, TrainError, WorkerCommand,
    WorkerLimits, WorkerPool, train,
};

/// Documents of the bot that is asked.
const ASKED: usize = 500;
/// Documents that are trained meanwhile.
const TRAINED: usize = 10_000;
const SECTIONS: usize = 5;
/// Niceness of training that gives way, as that of the workers.
const GIVE_WAY: u8 = 10;
/// From one question to the next.
const EVERY: Duration = Duration::from_millis(10);
/// How long nothing else happens.
const IDLE: Duration = Duration::from_secs(3);

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    for _ in 0..rounds {
        round().expect("generated documents can be trained and asked");
    }
}

/// Documents of generated Markdown.
fn inputs(name: &str, seed: u64, count: usize) -> Vec<Input> {
    let mut corpus = Corpus::new(seed);
    let input = |number: usize| {
        let content = Content::Bytes(Cow::Owned(corpus.markdown(SECTIONS).into_bytes()));
        Input::new(format!("{name}/{number}.md"), content)
    };
    (0..count).map(input).collect()
}

/// Threads are started by who trains, so that they inherit its niceness.
fn options(threads: usize) -> Options {
    let start = move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started")
    };
    Options::new(Arc::new(Pool::lazy(start)))
}

/// With workers, where the program is there that they are.
fn with_workers(options: &Options) -> Option<Options> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/jely");
    program.is_file().then(|| {
        let command = WorkerCommand { program, arguments: vec!["parse-worker".into()] };
        let workers = WorkerPool::new(command, WorkerLimits::default(), NonZeroUsize::MAX);
        Options { isolation: Isolation::Child(Arc::new(workers)), ..options.clone() }
    })
}

fn round() -> Result<(), TrainError> {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let folder = DataFolder::open(scratch.path().join("data"), index::Config::default())?;
    let [asked, other] = ["asked", "other"].map(|name| name.parse::<BotId>().expect("a name"));
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    train(&folder, &asked, &inputs("asked", 1, ASKED), &options(cores), &Silent)?;

    let mut ways = vec![
        ("another bot, one thread", &other, 0, options(1)),
        ("another bot, all cores", &other, 0, options(cores)),
        ("another bot, all cores, giving way", &other, GIVE_WAY, options(cores)),
    ];
    if let Some(workers) = with_workers(&options(cores)) {
        ways.push(("another bot, child processes, giving way", &other, GIVE_WAY, workers));
    }
    ways.push(("the same bot, all cores, giving way", &asked, GIVE_WAY, options(cores)));
    for (at, (name, bot, niceness, options)) in ways.into_iter().enumerate() {
        let inputs = inputs(name, at as u64 + 2, TRAINED);
        let train = || {
            train::give_way(niceness);
            train(&folder, bot, &inputs, &options, &Silent)
        };
        let idle = asking(&folder, &asked, || sleep(IDLE)).0;
        // In a thread of its own, which ends with its niceness.
        let train = || scope(|threads| threads.spawn(train).join().expect("training ends"));
        let start = Instant::now();
        let (busy, report) = asking(&folder, &asked, train);
        let (chunks, seconds) = (report?.chunks, start.elapsed().as_secs_f64());
        print("reads", &format!("{name}: the bot has {chunks} chunks after {seconds:.1} s"));
        print("reads", &format!("  idle {}; busy {}", shown(&idle), shown(&busy)));
        let ratio = |quantile: usize| busy[quantile] / idle[quantile];
        print("reads", &format!("  ratio  p99 {:.2}, median {:.2}", ratio(1), ratio(0)));
    }
    Ok(())
}

fn shown([median, p99, most]: &[f64; 3]) -> String {
    let [median, p99, most] = [median, p99, most].map(|seconds| 1e3 * seconds);
    format!("median {median:.2} ms, p99 {p99:.2} ms, most {most:.2} ms")
}

/// Asks `bot` at a fixed rate while `work` goes on: median, 99th percentile and maximum of the
/// seconds from when an answer was due until it was there.
fn asking<T>(folder: &DataFolder, bot: &BotId, work: impl FnOnce() -> T) -> ([f64; 3], T) {
    let ended = AtomicBool::new(false);
    let ask = || {
        let mut corpus = Corpus::new(7);
        let config = answer::Config::default();
        let mut seconds = Vec::new();
        let mut due = Instant::now();
        while !ended.load(Ordering::Relaxed) {
            due += EVERY;
            let question = Question::new(&corpus.prose(6));
            sleep(due.saturating_duration_since(Instant::now()));
            let snapshot = folder.snapshot(bot).expect("the bot was trained");
            let answered = answer(&snapshot, &question, &Extractive, &config);
            black_box(answered.expect("a whole snapshot answers"));
            seconds.push(due.elapsed().as_secs_f64());
        }
        quantiles(seconds)
    };
    scope(|threads| {
        let asking = threads.spawn(ask);
        let done = work();
        ended.store(true, Ordering::Relaxed);
        (asking.join().expect("questions end"), done)
    })
}
