//! A document that crashes, hangs or eats memory fails alone, with its reason, and nothing of it
//! is left behind. The worker is the mock in `mock_worker.rs`, or the binary itself.

use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ingest::Config;
use train::{
    Content, DataFolder, FileAccess, Input, Isolation, Options, Outcome, Report, Silent, Verdict,
    Walls, WorkerCommand, WorkerError, WorkerLimits, WorkerPool,
};

use crate::app::{TestApp, binary, built};
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
    let walled = one(quick(short, long));
    assert_eq!(told(&walled, "mock sleep 300"), "slept");
    let begun = Instant::now();
    let stuck = ["mock hang", "mock sleep 5000", "mock nag", "mock dribble"];
    for document in stuck {
        let (code, message) = refused(&walled, document);
        assert_eq!(code, "TIMED_OUT");
        assert!(message.contains("longer than 2 s"), "{message}");
    }
    // Neither of them is tried again.
    assert!(begun.elapsed() < 7 * short, "{:?}", begun.elapsed());
    let stalled = one(quick(long, short));
    assert_eq!(told(&stalled, "mock sleep 2500"), "slept", "a parse is no stall");
    let (code, message) = refused(&stalled, "mock half");
    assert_eq!(code, "TIMED_OUT");
    assert!(message.contains("a longer pause than 2 s"), "{message}");
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
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!((fields[2], fields[16]), (pid.as_str(), "10"), "own group, nice 10: {stat}");
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

/// A data folder and a run on it whose workers are the mock.
struct Trained {
    _home: tempfile::TempDir,
    folder: DataFolder,
    options: Options,
}

impl Trained {
    fn new(threads: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path().join("data"), index::Config::default()).unwrap();
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut options = Options::new(Arc::new(threads.into()));
        options.isolation = Isolation::Child(Arc::new(pool(mock(), limits(), 9)));
        Self { _home: home, folder, options }
    }

    fn train(&self, documents: &[&'static str]) -> Report {
        let input = |(at, document): (usize, &&'static str)| {
            Input::new(format!("{at}.md"), Content::Bytes(Cow::Borrowed(document.as_bytes())))
        };
        let inputs: Vec<_> = documents.iter().enumerate().map(input).collect();
        train::train(&self.folder, &"shop".parse().unwrap(), &inputs, &self.options, &Silent)
            .unwrap()
    }

    fn text(&self) -> String {
        let snapshot = self.folder.snapshot(&"shop".parse().unwrap()).unwrap();
        let mut texts: Vec<String> = Vec::new();
        for entry in &snapshot.manifest().documents {
            texts.extend(snapshot.chunks(&entry.id).unwrap().into_iter().map(|chunk| chunk.text));
        }
        texts.sort();
        texts.join(" ")
    }
}

#[test]
fn bad_documents_fail_alone_and_an_unchanged_run_starts_no_worker() {
    let trained = Trained::new(2);
    let bad = ["Good.", "mock abort", "mock eat 600000000", "Better.", "mock spin 60000"];
    let report = trained.train(&bad);
    assert_eq!((report.added, report.failed), (2, 3));
    let code = |at: usize| match &report.documents[at].outcome {
        Outcome::Failed(failure) => failure.code.clone(),
        _ => String::new(),
    };
    let codes: Vec<_> = (0..5).map(code).collect();
    assert_eq!(codes, ["", "CRASHED", "OUT_OF_MEMORY", "", "TIMED_OUT"]);
    assert!(report.isolation.is_some());
    assert_eq!(trained.text(), "Better. Good.");

    let mut trained = Trained::new(2);
    trained.train(&["Good.", "Better."]);
    let fresh = Arc::new(pool(mock(), limits(), 9));
    trained.options.isolation = Isolation::Child(Arc::clone(&fresh));
    assert_eq!(trained.train(&["Good.", "Better."]).unchanged, 2);
    assert_eq!(fresh.started(), 0);
}

#[test]
fn all_workers_together_use_the_threads_of_the_run() {
    let check = |threads, documents: &[&'static str], expected| {
        let trained = Trained::new(threads);
        trained.train(documents);
        assert_eq!(trained.text(), expected);
    };
    check(2, &["mock threads"], "2");
    check(1, &["mock threads"], "1");
    check(2, &["mock sleep 400", "mock threads"], "1 slept");
    // Equal bytes are one document to read.
    check(3, &["mock threads", "mock threads"], "3 3");
}

/// A PDF of one page whose form draws itself.
fn endless_pdf() -> Vec<u8> {
    let words = "BT /F 12 Tf 72 700 Td (Hello there) Tj ET /X Do";
    let resources = "<< /Font << /F 4 0 R >> /XObject << /X 5 0 R >> >>";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 612 792] >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Resources {resources} >>"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!(
            "<< /Subtype /Form /BBox [0 0 612 792] /Resources {resources} /Length {} >>\nstream\n{words}\nendstream",
            words.len()
        ),
        "<< /Length 5 >>\nstream\n/X Do\nendstream".to_owned(),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = file.len();
    file += &format!("xref\n0 7\n{table}trailer\n<< /Size 7 /Root 1 0 R >>\n");
    file += &format!("startxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

#[test]
fn what_was_cut_short_is_on_record() {
    let app = TestApp::new();
    app.file("endless.pdf", endless_pdf());
    let run = app.jely(["train", "shop", app.files().to_str().unwrap(), "--json"]).ends(0);
    let document = run.json_lines()[0]["document"].clone();
    assert_eq!(document["pagesIncomplete"], serde_json::json!([1]), "{document}");
    assert!(document["warnings"][0].as_str().unwrap().contains("page 1 is incomplete"));
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

/// A process that reads files through workers, and its children.
struct Parent {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    _home: tempfile::TempDir,
}

impl Parent {
    fn of(documents: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(mock().program);
        command.args(["parent", "3"]);
        for (at, document) in documents.iter().enumerate() {
            let path = home.path().join(at.to_string());
            std::fs::write(&path, document).unwrap();
            command.arg(path);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, _home: home }
    }

    /// The lines up to the one that says `last`.
    fn until(&mut self, last: &str) -> Vec<String> {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|line: &String| !line.starts_with(last)) {
            seen.push(self.lines.next().unwrap().unwrap());
        }
        seen
    }

    /// Waits until it has `count` children that have begun to work.
    fn workers(&self, count: usize) -> Vec<u32> {
        let own = self.child.id();
        wait_for(|| Some(children_of(own)).filter(|found| found.len() == count))
    }

    fn kill_and_expect_none_of(mut self, workers: &[u32]) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        wait_until_dead(workers);
    }
}

pub(crate) struct Process {
    pid: u32,
    pub(crate) parent: u32,
    pub(crate) is_zombie: bool,
}

/// All processes of the machine.
pub(crate) fn processes() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let process = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut fields = stat.rsplit(')').next()?.split_whitespace();
        let is_zombie = fields.next()? == "Z";
        Some(Process { pid, parent: fields.next()?.parse().ok()?, is_zombie })
    };
    entries.filter_map(process).collect()
}

/// The processes that `parent` started, by id.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let children = processes().into_iter().filter(|one| one.parent == parent);
    children.map(|one| one.pid).collect()
}

/// Waits until none of these processes is alive.
pub(crate) fn wait_until_dead(pids: &[u32]) {
    // Without an init that waits for orphans, the dead stay on the list.
    let is_alive = |one: &Process| pids.contains(&one.pid) && !one.is_zombie;
    wait_for(|| (!processes().iter().any(is_alive)).then_some(()));
}

/// What `look` finds, within ten seconds.
fn wait_for<T>(look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_parent_that_is_killed_leaves_no_worker() {
    let busy = Parent::of(&["mock hang", "mock spin 25000", "mock sleep 25000"]);
    let workers = busy.workers(3);
    busy.kill_and_expect_none_of(&workers);
    let mut idle = Parent::of(&["Words.", "mock sleep 200", "mock sleep 200"]);
    idle.until("idle");
    let workers = idle.workers(3);
    idle.kill_and_expect_none_of(&workers);
}

#[test]
fn a_parent_that_goes_on_has_no_zombies_and_no_open_files() {
    let mut documents = vec!["Words.", "mock abort", "mock overflow", "mock exit 3", "mock print"];
    documents.extend(["More words."; 10]);
    let mut parent = Parent::of(&documents);
    let mut read = parent.until("idle");
    read.sort();
    assert_eq!(read.iter().filter(|line| *line == "read OK").count(), 11, "{read:?}");
    assert_eq!(read.iter().filter(|line| *line == "read CRASHED").count(), 4, "{read:?}");
    let own = parent.child.id();
    let children: Vec<_> = processes().into_iter().filter(|one| one.parent == own).collect();
    assert!(children.len() <= 3, "{}", children.len());
    assert!(children.iter().all(|one| !one.is_zombie));
    drop(parent.child.stdin.take());
    assert_eq!(parent.until("left"), ["left 0 files, 0 children"]);
    assert!(parent.child.wait().unwrap().success());
}

#[test]
fn the_command_line_isolates_unless_told_not_to() {
    let app = TestApp::new();
    app.file("good.md", "# Lift\n\nThe lift carries 630 kg.\n");
    let files = app.files();
    let train = |extra: &[&str]| {
        app.jely([&["train", "shop", files.to_str().unwrap()], extra].concat()).ends(0)
    };
    let run = train(&["--json"]);
    let report = run.json_lines().pop().unwrap()["report"].clone();
    assert_eq!((report["isolation"]["diesWithParent"] == true, run.stderr.as_str()), (true, ""));
    // Nothing to read, nobody to read it.
    assert!(train(&["--json"]).json_lines().pop().unwrap()["report"].get("isolation").is_none());
    app.file("good.md", "# Lift\n\nThe lift carries 640 kg.\n");
    let run = train(&["--no-isolation"]);
    assert!(run.stderr.starts_with("warning: --no-isolation: "), "{}", run.stderr);
    app.file("good.md", "# Lift\n\nThe lift carries 650 kg.\n");
    let run = train(&["--no-isolation", "--json"]);
    let warning: serde_json::Value = serde_json::from_str(run.stderr.trim()).unwrap();
    assert_eq!(warning["warning"]["code"], "NO_ISOLATION");
    assert!(run.json_lines().pop().unwrap()["report"].get("isolation").is_none());
    let help = app.jely(["--help"]).ends(0).stdout;
    assert!(!help.contains("parse-worker"), "{help}");
    assert!(Path::new("/proc/self/exe").exists());
}
