//! Ten thousand broken files, some of which crash, hang or eat memory, go through the workers while
//! another thread asks a bot questions: the questions do not get slow, memory stays flat, nothing
//! is left behind.
//!
//! Takes minutes, so it runs by command:
//! `cargo test --release -p tests soak -- --ignored --nocapture`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use answer::{Extractive, Question};
use document::BotId;
use index::Snapshot;
use ingest::Config;
use train::{DataFolder, Walls, WorkerLimits, WorkerPool};

use crate::app::TestApp;
use crate::isolation::{jely, mock};
use crate::mutation::{mutated, originals};

const FILES: usize = 10_000;
const WORKERS: usize = 2;
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(2);
const IDLE: Duration = Duration::from_secs(20);
/// One file in this many is no broken one but an order to the mock.
const ORDER_EVERY: usize = 50;
const ORDERS: [&str; 5] =
    ["mock abort", "mock overflow", "mock eat 2000000000", "mock print", "mock panic"];
/// One in this many hangs.
const HANG_EVERY: usize = 2000;

#[test]
#[ignore = "takes minutes; run by command"]
fn ten_thousand_broken_files_while_questions_are_asked() {
    let _alone = alone();
    let app = TestApp::new();
    app.jely(["train", "shop", fixtures::folder("handbook").to_str().unwrap()]);
    let folder = DataFolder::open_existing(app.data(), index::Config::default()).unwrap();
    let snapshot = folder.snapshot(&"shop".parse::<BotId>().unwrap()).unwrap();
    let ended = AtomicBool::new(false);
    let idle = std::thread::scope(|scope| {
        let asking = scope.spawn(|| asked(&snapshot, &ended));
        std::thread::sleep(IDLE);
        ended.store(true, Ordering::SeqCst);
        asking.join().unwrap()
    });
    let before = Held::now();
    ended.store(false, Ordering::SeqCst);
    let walls = Walls { cpu_seconds_max: 1, ..Walls::default() };
    let limits = WorkerLimits { walls, ..WorkerLimits::default() };
    let pool = WorkerPool::new(mock(), limits, NonZeroUsize::new(WORKERS).unwrap());
    let begun = Instant::now();
    let (busy, middle) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| asked(&snapshot, &ended));
        let middle = read_all(&pool);
        ended.store(true, Ordering::SeqCst);
        (asking.join().unwrap(), middle)
    });
    let seconds = begun.elapsed().as_secs_f64();
    println!("{FILES} files in {seconds:.0} s through {} workers", pool.started());
    let after = Held::now();
    drop(pool);
    let left = Held::now();
    println!("questions idle  {idle}\nquestions busy  {busy}");
    println!("before {before}\nmiddle {middle}\nend    {after}\nleft   {left}");
    assert_eq!((left.files, left.children), (before.files, before.children));
    assert!(after.memory_kib < middle.memory_kib + 32 * 1024, "memory grows");
    assert!(busy.p99 < 2 * idle.p99, "questions wait for files");
}

/// One measurement at a time: the children and files of the process are counted.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a worker adds to a document, once it is warm, and what the first one costs.
#[test]
#[ignore = "measures; run by command"]
fn what_a_worker_costs() {
    let _alone = alone();
    let manual = fixtures::folder("handbook").join("larkspur-e3-manual.pdf");
    let documents = [
        ("a sentence", b"The lift carries 630 kg.".to_vec()),
        ("a manual of 11 pages", std::fs::read(manual).unwrap()),
        ("1 MiB of text", b"Words end here. ".repeat(64 * 1024)),
        ("10 MiB of text", b"Words end here. ".repeat(640 * 1024)),
    ];
    let config = Config::default();
    let fresh = || WorkerPool::new(jely(), WorkerLimits::default(), NonZeroUsize::MIN);
    let started = median(50, &|| drop(fresh().parse(&documents[0].1, &config, 1).unwrap()));
    println!("first document, worker started and ended: {started:?}");
    let pool = fresh();
    // One thread on both sides.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (name, bytes) in &documents {
        let here = median(50, &|| drop(one.install(|| ingest::ingest(bytes, &config)).unwrap()));
        let there = median(50, &|| drop(pool.parse(bytes, &config, 1).unwrap()));
        println!("{name}: {here:?} in process, {there:?} in a worker");
        if bytes.len() < 1024 * 1024 {
            assert!(there < here + Duration::from_millis(5), "{name}");
        }
    }
    let mut added: Vec<(Duration, String)> = originals()
        .into_iter()
        .map(|(name, bytes)| {
            let here = median(9, &|| drop(one.install(|| ingest::ingest(&bytes, &config))));
            let there = median(9, &|| drop(pool.parse(&bytes, &config, 1).unwrap()));
            (there.saturating_sub(here), name)
        })
        .collect();
    added.sort();
    println!("{} fixtures: median {:?}", added.len(), added[added.len() / 2].0);
    for (time, name) in added.iter().rev().take(3) {
        println!("    most {time:?} {name}");
    }
}

/// The median time of an act.
fn median(rounds: usize, act: &dyn Fn()) -> Duration {
    let times = (0..rounds).map(|_| {
        let begun = Instant::now();
        act();
        begun.elapsed()
    });
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[rounds / 2]
}

/// Reads all files on as many threads as there are workers; what the process holds half way.
fn read_all(pool: &WorkerPool) -> Held {
    let files = originals();
    let next = AtomicUsize::new(0);
    let ends = std::sync::Mutex::new(BTreeMap::new());
    let middle = std::sync::Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= FILES {
                        break;
                    }
                    if number == FILES / 2 {
                        *middle.lock().unwrap() = Some(Held::now());
                    }
                    let end = match pool.parse(&file(&files, number), &Config::default(), 1) {
                        Ok(verdict) => verdict
                            .parsed
                            .map_or_else(|failure| failure.code, |_| "READ".to_owned()),
                        Err(error) => error.code().to_owned(),
                    };
                    *ends.lock().unwrap().entry(end).or_insert(0) += 1;
                }
            });
        }
    });
    let ends = ends.into_inner().unwrap();
    println!("{ends:?}");
    assert_eq!(ends.get("TIMED_OUT"), Some(&(FILES / HANG_EVERY)), "only what was told to hangs");
    middle.into_inner().unwrap().unwrap()
}

/// The file of a number.
fn file(files: &[(String, Vec<u8>)], number: usize) -> Vec<u8> {
    if number.is_multiple_of(HANG_EVERY) {
        return b"mock spin 600000".to_vec();
    }
    if number.is_multiple_of(ORDER_EVERY) {
        return ORDERS[number / ORDER_EVERY % ORDERS.len()].into();
    }
    mutated(&files[number % files.len()].1, number as u64)
}

/// How long answers took.
struct Waits {
    count: usize,
    median: Duration,
    p99: Duration,
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} asked, median {:?}, p99 {:?}", self.count, self.median, self.p99)
    }
}

/// Asks until told to stop.
fn asked(snapshot: &Snapshot, ended: &AtomicBool) -> Waits {
    let config = answer::Config::default();
    let questions = fixtures::DEMO_QUESTIONS.iter().cycle();
    let mut waits: Vec<Duration> = Vec::new();
    for question in questions {
        if ended.load(Ordering::SeqCst) {
            break;
        }
        let begun = Instant::now();
        answer::answer(snapshot, &Question::new(question), &Extractive, &config).unwrap();
        waits.push(begun.elapsed());
        std::thread::sleep(PAUSE);
    }
    waits.sort_unstable();
    let at = |share: f64| waits[(waits.len() as f64 * share) as usize];
    Waits { count: waits.len(), median: at(0.5), p99: at(0.99) }
}

/// What this process holds.
struct Held {
    memory_kib: u64,
    files: usize,
    children: usize,
    zombies: usize,
}

impl Held {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let own = std::process::id();
        let children: Vec<_> =
            crate::processes::processes().into_iter().filter(|one| one.parent == own).collect();
        Self {
            memory_kib: memory.trim().trim_end_matches("kB").trim().parse().unwrap(),
            files: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            children: children.len(),
            zombies: children.iter().filter(|one| one.is_zombie).count(),
        }
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { memory_kib, files, children, zombies } = self;
        write!(f, "{memory_kib} KiB, {files} open files, {children} children, {zombies} zombies")
    }
}
