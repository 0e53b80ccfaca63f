//! A document that crashes, hangs or eats memory fails alone, with its reason, and nothing of it
//! is left behind. The worker is the mock in `mock_worker.rs`, or the binary itself.

// No child outlives its use.
mod parents;
// Training through workers.
mod runs;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ingest::Config;
use train::{FileAccess, Verdict, Walls, WorkerCommand, WorkerError, WorkerLimits, WorkerPool};

use crate::app::{binary, built};
use crate::mutation::{mutated, originals};

const MIB: u64 = 1024 * 1024;

/// The mock that obeys documents.
pub(crate) fn mock() -> WorkerCommand {
    static MOCK: OnceLock<PathBuf> = OnceLock::new();
    let build =
        || built(&["--package", "tests", "--example", "mock_worker"], "examples/mock_worker");
    WorkerCommand { program: MOCK.get_or_init(build).clone(), arguments: Vec::new() }
}

/// The binary as it starts itself.
pub(crate) fn jely() -> WorkerCommand {
    WorkerCommand { program: binary().to_owned(), arguments: vec!["parse-worker".into()] }
}

/// Limits that a test has time to pass.
fn limits() -> WorkerLimits {
    WorkerLimits {
        walls: Walls { memory_bytes_max: 512 * MIB, cpu_seconds_max: 1, ..Walls::default() },
        wall_max: Duration::from_secs(10),
        stall_max: Duration::from_secs(5),
        ..WorkerLimits::default()
    }
}

fn pool(command: WorkerCommand, limits: WorkerLimits, workers: usize) -> WorkerPool {
    WorkerPool::new(command, limits, NonZeroUsize::new(workers).unwrap())
}

fn one(limits: WorkerLimits) -> WorkerPool {
    pool(mock(), limits, 1)
}

/// What the pool read of a document that is a command.
fn told(pool: &WorkerPool, document: &str) -> String {
    let verdict = pool.parse(document.as_bytes(), &Config::default(), 1);
    let extract = verdict.unwrap_or_else(|error| panic!("{document}: {error}")).parsed.unwrap();
    extract.chunks.into_iter().map(|chunk| chunk.text).collect()
}

/// Code and message of a document that was not read.
fn refused(pool: &WorkerPool, document: impl AsRef<[u8]>) -> (String, String) {
    match pool.parse(document.as_ref(), &Config::default(), 1) {
        Ok(verdict) => {
            let failure = verdict.parsed.unwrap_err();
            (failure.code, failure.message)
        }
        Err(error) => (error.code().to_owned(), error.to_string()),
    }
}

#[test]
fn every_end_has_its_code_and_its_reason() {
    let walls = Walls { output_bytes_max: 20_000, ..limits().walls };
    // On a busy machine a second of processor time takes many on the clock.
    let pool = one(WorkerLimits { walls, wall_max: Duration::from_secs(60), ..limits() });
    let secret = std::fs::read(fixtures::folder("pdf").join("encrypted_password_secret.pdf"));
    let drawing = std::fs::read(fixtures::folder("pdf").join("no_text_only_drawing.pdf"));
    let check = |document: &[u8], code: &str, says: &str| {
        let (found, message) = refused(&pool, document);
        let shown = String::from_utf8_lossy(&document[..document.len().min(40)]).into_owned();
        assert_eq!(found, code, "{shown}: {message}");
        assert!(message.contains(says), "{shown}: {message}");
        // The next document finds a worker that is well.
        assert_eq!(told(&pool, "One word."), "One word.");
    };
    check(b"", "EMPTY", "0 bytes");
    check(b"# Title\n\nab\xFF\xFE\xFDcd\n", "DAMAGED", "at byte 11");
    check(&secret.unwrap(), "ENCRYPTED", "needs a password");
    check(&drawing.unwrap(), "NO_TEXT", "(1)");
    check("word ".repeat(5000).as_bytes(), "TOO_LARGE", "limit 20000");
    check(b"mock eat 600000000", "OUT_OF_MEMORY", "512 MiB");
    check(b"mock overflow", "CRASHED", "stack overflowed");
    check(b"mock abort", "CRASHED", "signal 6 (SIGABRT)");
    check(b"mock exit 7", "CRASHED", "exit code 7");
    check(b"mock exit 0", "CRASHED", "exit code 0");
    check(b"mock panic", "CRASHED", "exit code 101");
    check(b"mock print", "CRASHED", "found \"Reading page 1");
    check(b"mock spin 60000", "TIMED_OUT", "more processor time than 1 s");
}

#[test]
fn clocks_stop_what_hangs_and_nothing_else() {
    let quick = |wall, stall| WorkerLimits { wall_max: wall, stall_max: stall, ..limits() };
    let (short, long) = (Duration::from_secs(2), Duration::from_secs(20));
    let brief = short / 2;
    let walled = one(quick(brief, long));
    assert_eq!(told(&walled, "mock sleep 300"), "slept");
    let begun = Instant::now();
    let stuck = ["mock hang", "mock sleep 5000", "mock nag", "mock dribble"];
    for document in stuck {
        let (code, message) = refused(&walled, document);
        assert_eq!(code, "TIMED_OUT");
        assert!(message.contains("longer than 1 s"), "{message}");
    }
    // Neither of them is tried again.
    assert!(begun.elapsed() < 7 * brief, "{:?}", begun.elapsed());
    let stalled = one(quick(long, short));
    assert_eq!(told(&stalled, "mock sleep 1500"), "slept");
    for document in ["mock half", "mock hang"] {
        let (code, message) = refused(&stalled, document);
        assert_eq!(code, "TIMED_OUT");
        assert!(message.contains("longer without progress than 2 s"), "{message}");
    }
}

#[test]
fn each_document_has_its_own_processor_time() {
    let walls = Walls { cpu_seconds_max: 2, ..limits().walls };
    let pool = one(WorkerLimits { walls, ..limits() });
    for _ in 0..3 {
        assert_eq!(told(&pool, "mock spin 1300"), "spun");
    }
    assert_eq!(pool.started(), 1, "3.9 s in one worker that has two for each document");
}

#[test]
fn a_stuck_page_is_stopped_while_a_long_document_goes_on() {
    let stall_max = Duration::from_millis(700);
    let walls = Walls { cpu_seconds_max: 30, ..limits().walls };
    let pool =
        one(WorkerLimits { walls, stall_max, wall_max: Duration::from_secs(30), ..limits() });
    // Three times as long as the pause that is allowed.
    assert_eq!(told(&pool, "mock pages 21"), "21 pages");
    assert_eq!(pool.started(), 1);
    for (document, says) in [
        ("mock stuck 12", "longer without progress than 0.7 s, the limit, and was stopped after 1"),
        ("mock stuck 0", "longer without progress than 0.7 s, the limit, and was stopped: save"),
    ] {
        let (code, message) = refused(&pool, document);
        assert_eq!(code, "TIMED_OUT");
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn memory_is_there_up_to_the_limit() {
    let pool = one(WorkerLimits { kept_bytes_max: u64::MAX, ..limits() });
    let pid = told(&pool, "mock pid");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let held = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let held: u64 = held.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024;
    let free = 512 * MIB - held;
    let just_under = free - MIB;
    assert_eq!(told(&pool, &format!("mock eat {just_under}")), just_under.to_string());
    let (code, _) = refused(&pool, format!("mock eat {}", free + MIB));
    assert_eq!(code, "OUT_OF_MEMORY");
}

#[test]
fn a_worker_reaches_nothing() {
    let pool = one(limits());
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("new");
    for document in [
        "mock open /etc/passwd".to_owned(),
        "mock open /proc/self/status".to_owned(),
        format!("mock write {}", file.display()),
        "mock bind".to_owned(),
        "mock start /bin/true".to_owned(),
    ] {
        let answer = told(&pool, &document);
        assert!(answer.starts_with("refused"), "{document}: {answer}");
    }
    assert!(!file.exists());
    // Only what the allocator is told.
    assert_eq!(told(&pool, "mock environment"), "1");
    let pid = told(&pool, "mock pid");
    let (group, niceness) = group_and_niceness(&pid);
    assert_eq!(group, pid, "a group of its own");
    // 19 is the highest there is.
    assert_eq!(niceness, 19.min(group_and_niceness("self").1 + 10));
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    for line in ["Max core file size        0  ", "Max open files            3  "] {
        assert!(limits.contains(line), "{limits}");
    }
    let confinement = pool.confinement().unwrap();
    assert!(confinement.dies_with_parent);
    if confinement.files == FileAccess::Open {
        println!("this kernel has no landlock: files are closed by the limit on open ones alone");
    }
}

/// Process group and niceness: proc(5), fields 5 and 19.
fn group_and_niceness(pid: &str) -> (String, i32) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[2].to_owned(), fields[16].parse().unwrap())
}

#[test]
fn workers_are_started_when_needed_kept_and_replaced() {
    let pool = one(WorkerLimits { documents_max: 3, ..limits() });
    assert_eq!((pool.started(), pool.confinement()), (0, None));
    let counts: Vec<_> = (0..7).map(|_| told(&pool, "mock count")).collect();
    assert_eq!(counts, ["0", "1", "2", "0", "1", "2", "0"]);
    assert_eq!(pool.started(), 3);
    // One that keeps memory goes at once.
    let pool = one(limits());
    told(&pool, &format!("mock keep {}", 100 * MIB));
    assert_eq!(told(&pool, "mock count"), "1");
    told(&pool, &format!("mock keep {}", 200 * MIB));
    assert_eq!(told(&pool, "mock count"), "0");
}

#[test]
fn a_document_is_not_blamed_for_what_a_worker_read_before() {
    let pool = one(limits());
    assert_eq!(told(&pool, "mock abort-unless-first"), "0");
    assert_eq!(told(&pool, "mock abort-unless-first"), "0");
    assert_eq!(pool.started(), 2);
    // Killed while it was idle: nobody notices.
    let pid = told(&pool, "mock pid");
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    assert_eq!(told(&pool, "mock count"), "0");
}

#[test]
fn what_a_worker_complains_of_holds_up_nobody() {
    let pool = one(limits());
    assert_eq!(told(&pool, "mock complain 1000000"), "complained");
    // A request that fills the pipe of a worker that no longer reads.
    let (code, _) = refused(&pool, format!("mock abort {}", " ".repeat(5_000_000)));
    assert_eq!(code, "CRASHED");
}

#[test]
fn threads_share_workers_and_a_parse_has_the_threads_it_was_given() {
    let pool = pool(mock(), limits(), 2);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..4).for_each(|_| assert_eq!(told(&pool, "mock sleep 5"), "slept")));
        }
    });
    assert_eq!(pool.started(), 2);
    for (asked, given) in [(1, "1"), (3, "3")] {
        let verdict = pool.parse(b"mock threads", &Config::default(), asked).unwrap();
        assert_eq!(verdict.parsed.unwrap().chunks[0].text, given);
    }
}

#[test]
fn what_is_no_worker_is_said_and_not_blamed_on_a_file() {
    let check = |program: &str, arguments: &[&str], says: &str| {
        let arguments = arguments.iter().map(Into::into).collect();
        let command = WorkerCommand { program: program.into(), arguments };
        let pool = pool(command, limits(), 1);
        let error = pool.parse(b"Words.", &Config::default(), 1).unwrap_err();
        assert!(matches!(error, WorkerError::NoWorker { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    check("/nowhere/jely", &[], "/nowhere/jely: No such file");
    check("/bin/true", &[], "ended at once (exit status: 0)");
    check("/bin/sh", &["-c", "echo no such luck >&2; exit 3"], "(exit status: 3): no such luck");
    check("/bin/sh", &["-c", "echo this is something else; sleep 9"], "no worker");
    let impatient = WorkerLimits { stall_max: Duration::from_millis(300), ..limits() };
    let arguments = vec!["-c".into(), "sleep 9".into()];
    let silent = pool(WorkerCommand { program: "/bin/sh".into(), arguments }, impatient, 1);
    let error = silent.parse(b"Words.", &Config::default(), 1).unwrap_err();
    assert!(error.to_string().contains("does not answer"), "{error}");
}

#[test]
fn every_fixture_reads_the_same_in_a_worker() {
    let pool = pool(jely(), WorkerLimits::default(), 2);
    let files = originals();
    let checked: Vec<_> = std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            let (files, pool) = (&files, &pool);
            scope.spawn(move || {
                for (name, bytes) in files.iter().skip(half).step_by(2) {
                    let here = Verdict::of(ingest::ingest(bytes, &Config::default()));
                    let there = pool.parse(bytes, &Config::default(), 1 + half).unwrap();
                    assert!(here == there, "{name}");
                }
            })
        });
        halves.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    assert!(checked.iter().all(Result::is_ok));
    let password = Config { password: Some("secret".into()), ..Config::default() };
    let secret = std::fs::read(fixtures::folder("pdf").join("encrypted_password_secret.pdf"));
    assert!(pool.parse(&secret.unwrap(), &password, 1).unwrap().parsed.is_ok());
}

#[test]
fn two_hundred_broken_files_end_in_a_verdict() {
    let pool = pool(jely(), WorkerLimits::default(), 2);
    let files = originals();
    let read = std::thread::scope(|scope| {
        let halves = [0_u64, 1].map(|half| {
            let (files, pool) = (&files, &pool);
            scope.spawn(move || {
                let seeds = (0..200).filter(|seed| seed % 2 == half);
                seeds
                    .filter(|seed| {
                        let (_, original) = &files[*seed as usize % files.len()];
                        let verdict = pool.parse(&mutated(original, *seed), &Config::default(), 1);
                        verdict.is_ok_and(|verdict| verdict.parsed.is_ok())
                    })
                    .count()
            })
        });
        halves.map(|half| half.join().unwrap()).iter().sum::<usize>()
    });
    println!("{read} of 200 broken files were read, by {} workers", pool.started());
    assert!(read > 60, "{read}");
}
