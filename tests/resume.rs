//! `jely reindex` after an upgrade, killed twice on its way and started again: what was parsed is not
//! parsed again, bots that were done stay as they are, nothing is lost, and the end is that of a run
//! nobody disturbed.
//!
//! 200 documents in the normal run; `JELY_RESUME_DOCUMENTS=2000` sets more, for
//! `cargo test --release -p tests resume -- --nocapture`, which prints the reports.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use document::BotId;
use serde_json::Value;
use train::{Content, DataFolder, Input, Options, Silent, train};

use crate::app::TestApp;
use crate::crash::knob;
use crate::processes::{children_of, wait_until_dead};

/// Documents of all bots together.
const DOCUMENTS: u64 = 200;
const BOTS: u64 = 7;
/// Every so many documents one is a PDF.
const PDF_EVERY: u64 = 5;
/// Most memory a run may hold, in KiB: some four times what it does.
const PEAK_KIB_MAX: u64 = 512 * 1024;

fn options() -> Options {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    Options::new(Arc::new(pool.into()))
}

/// A document like no other.
fn content(number: u64) -> Vec<u8> {
    if number.is_multiple_of(PDF_EVERY) {
        let names = ["chromium_article", "czech_typst", "cairo_pdf_surface"];
        let name = names[(number / PDF_EVERY) as usize % names.len()];
        let mut bytes = std::fs::read(fixtures::folder("pdf").join(format!("{name}.pdf"))).unwrap();
        bytes.extend(format!("\n% copy {number}\n").bytes());
        return bytes;
    }
    let section = |at: u64| {
        let figure = number * 31 + at;
        format!(
            "## Clause {at}\n\nClause {at} of lease {number} names berth{figure}. {}\n\n",
            format!("Its rent is {figure} crowns, due before the tide turns. ").repeat(12)
        )
    };
    let sections: String = (0..4 + number % 9).map(section).collect();
    format!("# Lease {number}\n\n{sections}").into_bytes()
}

/// Bots that another version made, in unequal shares: nothing of what this one needs is parsed.
fn trained_by_another_version(data: &Path, documents: u64) {
    let folder = DataFolder::open(data, index::Config::default()).unwrap();
    let mut options = options();
    options.ingest.chunking.words_soft -= 1;
    let mut first = 0;
    for bot in 1..=BOTS {
        let end = documents * bot * bot / (BOTS * BOTS);
        let inputs: Vec<_> = (first..end)
            .map(|at| Input::new(format!("lease/{at}"), Content::Bytes(content(at).into())))
            .collect();
        let id: BotId = format!("harbour{bot}").parse().unwrap();
        let report = train(&folder, &id, &inputs, &options, &Silent).unwrap();
        assert_eq!(report.added as u64, end - first, "{report:?}");
        first = end;
    }
}

/// What was parsed by this version: the file of each content, by its inode, which another parse
/// would change.
fn parsed(data: &Path) -> BTreeMap<PathBuf, u64> {
    let folder = data.join("extracts").join(options().pipeline().to_string());
    let shards = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = shards.flat_map(|shard| std::fs::read_dir(shard.path()).unwrap().flatten());
    files.map(|file| (file.path(), file.metadata().unwrap().ino())).collect()
}

/// The snapshot that each bot answers from. Its name is that of its content.
fn current(data: &Path) -> BTreeMap<String, String> {
    let bot = |bot: u64| {
        let name = format!("harbour{bot}");
        let pointer = std::fs::read_to_string(data.join("bots").join(&name).join("current"));
        (name, pointer.unwrap())
    };
    (1..=BOTS).map(bot).collect()
}

/// What a run printed, and the most memory it held, in KiB.
struct Ended {
    lines: Vec<Value>,
    is_killed: bool,
    peak_kib: u64,
    seconds: f64,
}

impl Ended {
    fn report(&self) -> &Value {
        &self.lines.last().unwrap()["report"]
    }

    /// The bots of an outcome.
    fn bots(&self, outcome: &str) -> Vec<&str> {
        let bots = self.lines.iter().map(|line| &line["bot"]);
        let bots = bots.filter(|bot| bot["outcome"] == outcome);
        bots.map(|bot| bot["botId"].as_str().unwrap()).collect()
    }
}

/// Reindexes, and kills the run as soon as so many contents are parsed.
fn reindex(app: &TestApp, kill_at: Option<usize>) -> Ended {
    let data = app.data();
    let mut command = app.command();
    command.args(["reindex", "--jobs", "2", "--json"]);
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kib = 0;
    let (code, workers) = loop {
        peak_kib = peak(&status).unwrap_or(peak_kib);
        if let Some(ended) = child.try_wait().unwrap() {
            break (ended.code(), Vec::new());
        }
        if kill_at.is_some_and(|kill_at| parsed(&data).len() >= kill_at) {
            let workers = children_of(child.id());
            // SIGKILL: no handler runs.
            child.kill().unwrap();
            break (child.wait().unwrap().code(), workers);
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    wait_until_dead(&workers);
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert!(matches!(code, None | Some(0)), "{code:?}: {stdout}");
    let lines = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Ended { lines, is_killed: code.is_none(), peak_kib, seconds: begun.elapsed().as_secs_f64() }
}

/// The most memory a process held so far, in KiB; `None` once it is gone.
fn peak(status: &Path) -> Option<u64> {
    let status = std::fs::read_to_string(status).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches("kB").trim().parse().ok()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &target) } else { drop(std::fs::copy(path, target)) }
    }
}

#[test]
fn a_reindex_that_is_killed_twice_goes_on_where_it_was() {
    let documents = knob("JELY_RESUME_DOCUMENTS", DOCUMENTS);
    let count = documents as usize;
    let (app, calm) = (TestApp::new(), TestApp::new());
    let data = app.data();
    trained_by_another_version(&data, documents);
    copy(&data, &calm.data());
    let undisturbed = reindex(&calm, None);
    assert_eq!(undisturbed.report()["parsed"], documents, "{:?}", undisturbed.lines);

    let outdated = current(&data);
    let mut before = parsed(&data);
    assert!(before.is_empty());
    for kill_at in [count / 3, 2 * count / 3] {
        let killed = reindex(&app, Some(kill_at));
        let after = parsed(&data);
        assert!(killed.is_killed && after.len() < count, "killed too late: {:?}", killed.lines);
        println!(
            "killed after {:.1} s: {} of {count} contents parsed, {} rebuilt, {} current before, \
             peak {} KiB",
            killed.seconds,
            after.len(),
            killed.bots("rebuilt").len(),
            killed.bots("unchanged").len(),
            killed.peak_kib
        );
        // Every file there was is there, and is the same file.
        assert!(before.iter().all(|(path, inode)| after.get(path) == Some(inode)), "parsed twice");
        // Who was told to be done is; who was not answers from the old state or the new one.
        for (bot, snapshot) in current(&data) {
            let is_new = snapshot != outdated[&bot];
            let is_told = killed.bots("rebuilt").contains(&bot.as_str());
            assert!(is_new || !is_told, "{bot} was told to be done and is not");
        }
        before = after;
    }

    let done = current(&data);
    let last = reindex(&app, None);
    println!("undisturbed: {} peak {} KiB", undisturbed.report(), undisturbed.peak_kib);
    println!("resumed:     {} peak {} KiB", last.report(), last.peak_kib);
    let report = last.report();
    assert_eq!(report["failed"], 0, "{:?}", last.lines);
    assert_eq!(report["bots"], BOTS);
    assert_eq!(report["parsed"], count - before.len(), "exactly what was not parsed is parsed");
    let after = parsed(&data);
    assert_eq!(after.len(), count);
    assert!(before.iter().all(|(path, inode)| after.get(path) == Some(inode)), "parsed twice");
    // Bots that were done stay as they were, and there are some.
    let is_done = |bot: &&String| done[*bot] != outdated[*bot];
    let were_done: Vec<_> = done.keys().filter(is_done).map(String::as_str).collect();
    assert_eq!(last.bots("unchanged"), were_done);
    assert!(!were_done.is_empty() && were_done.len() < BOTS as usize, "{were_done:?}");
    // The content is that of the run nobody disturbed, to the last document.
    assert_eq!(current(&data), current(&calm.data()));
    for key in ["documents", "pages", "chunks"] {
        assert_eq!(report[key], undisturbed.report()[key], "{key}");
    }
    for run in [&undisturbed, &last] {
        assert!(run.peak_kib < PEAK_KIB_MAX, "{} KiB", run.peak_kib);
    }
    let bots = app.jely(["doctor", "--json"]).ends(0).json_lines();
    assert_eq!(bots.iter().filter(|line| line["bot"]["state"] == "whole").count() as u64, BOTS);
}
