//! A worker for tests: reads documents as the real one does, but obeys a document that begins
//! with the word `mock`. As `mock_worker parent WORKERS FILE…` it is a parent as well: it reads
//! the files through workers of its own, tells what it left behind, and waits to be killed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is what is asked of it, or how it misbehaves"
)]

use std::hint::black_box;
use std::io::{Write, stdin, stdout};
use std::num::NonZeroUsize;
use std::process::exit;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ingest::{Config, IngestError, Ingested, Progress};
use train::{WorkerCommand, WorkerLimits, WorkerPool};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("parent") => parent(&arguments[2..]),
        Some(walls) => {
            let walls = walls.parse().expect("walls come last");
            train::serve(&walls, stdin().lock(), stdout(), parse).expect("a parent that behaves");
        }
        None => {}
    }
}

fn parse(bytes: &[u8], config: &Config, progress: &Progress<'_>) -> Result<Ingested, IngestError> {
    static READ: AtomicU32 = AtomicU32::new(0);
    let before = READ.fetch_add(1, Ordering::SeqCst);
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut words = text.split_whitespace();
    if words.next() != Some("mock") {
        return ingest::ingest_with(bytes, config, progress);
    }
    let command = words.next().unwrap_or_default();
    let argument = words.next().unwrap_or_default();
    let number: usize = argument.parse().unwrap_or(0);
    let answer = match command {
        "abort" => std::process::abort(),
        "exit" => exit(i32::try_from(number).unwrap_or(1)),
        "panic" => panic!("as told"),
        "overflow" => overflow(0).to_string(),
        "hang" => hang(),
        "spin" => spin(Duration::from_millis(number as u64)),
        "pages" => pages(number, number, progress),
        "stuck" => {
            pages(number, 300, progress);
            spin(Duration::from_secs(60))
        }
        "sleep" => {
            std::thread::sleep(Duration::from_millis(number as u64));
            "slept".to_owned()
        }
        "eat" => black_box(vec![1_u8; number]).len().to_string(),
        "keep" => {
            std::mem::forget(black_box(vec![1_u8; number]));
            "kept".to_owned()
        }
        "print" => say("Reading page 1 of 1. Done.\n"),
        "half" => {
            say("jely\u{4}");
            hang()
        }
        "dribble" => dribble(),
        "nag" => loop {
            eprint!("{}", "x".repeat(1000));
        },
        "complain" => complain(number),
        "abort-unless-first" if before > 0 => std::process::abort(),
        "count" | "abort-unless-first" => before.to_string(),
        "pid" => std::process::id().to_string(),
        "threads" => rayon::current_num_threads().to_string(),
        "environment" => std::env::vars_os().count().to_string(),
        "open" => outcome(std::fs::File::open(argument)),
        "write" => outcome(std::fs::write(argument, b"x")),
        "bind" => outcome(std::net::UdpSocket::bind("127.0.0.1:0")),
        "start" => outcome(std::process::Command::new(argument).spawn()),
        other => format!("unknown command {other}"),
    };
    ingest::ingest(answer.as_bytes(), config)
}

#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn overflow(depth: u64) -> u64 {
    black_box(overflow(black_box(depth + 1)) + depth)
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

/// Uses the processor for so long.
fn spin(duration: Duration) -> String {
    let begun = Instant::now();
    while begun.elapsed() < duration {
        black_box(0);
    }
    "spun".to_owned()
}

/// Reads so many pages of a document, each of which takes a tenth of a second.
fn pages(count: usize, of: usize, progress: &Progress<'_>) -> String {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    for page in 1..=count {
        spin(Duration::from_millis(100));
        progress(number(page), number(of));
    }
    format!("{count} pages")
}

fn say(words: &str) -> String {
    let mut out = stdout();
    out.write_all(words.as_bytes()).and_then(|()| out.flush()).expect("the parent listens");
    words.to_owned()
}

/// Promises a reply of 1000 bytes and sends one after the other, slowly.
fn dribble() -> ! {
    say("jely\u{4}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}");
    loop {
        say("x");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn complain(bytes: usize) -> String {
    eprint!("{}", "x".repeat(bytes));
    "complained".to_owned()
}

fn outcome<T>(result: std::io::Result<T>) -> String {
    match result {
        Ok(_) => "allowed".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

fn parent(arguments: &[String]) {
    let workers: NonZeroUsize = arguments[0].parse().expect("a number of workers");
    let program = std::env::current_exe().expect("a program has a path");
    let command = WorkerCommand { program, arguments: Vec::new() };
    let limits = WorkerLimits { wall_max: Duration::from_secs(30), ..WorkerLimits::default() };
    let before = open_files();
    let pool = WorkerPool::new(command, limits, workers);
    std::thread::scope(|scope| {
        for file in &arguments[1..] {
            let pool = &pool;
            scope.spawn(move || {
                let bytes = std::fs::read(file).expect("a file that is there");
                let code = match pool.parse(&bytes, &Config::default(), 1) {
                    Ok(verdict) => {
                        verdict.parsed.map_or_else(|failure| failure.code, |_| "OK".into())
                    }
                    Err(error) => error.code().to_owned(),
                };
                println!("read {code}");
            });
        }
    });
    println!("idle");
    // Whoever holds the other end closes it when the idle workers have been seen.
    let _ = stdin().read_line(&mut String::new());
    drop(pool);
    println!("left {} files, {} children", open_files() - before, children());
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Children of this process, zombies included.
fn children() -> usize {
    let own = format!("PPid:\t{}\n", std::process::id());
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let statuses =
        processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("status")).ok());
    statuses.filter(|status| status.contains(&own)).count()
}
