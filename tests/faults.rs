//! What disks and clocks do: full, read-only, torn, going back. Nothing is answered from what is
//! damaged, errors name the file, and what can be mended is.

use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::app::{Run, TestApp};
use crate::quay::{BOT, State, document, held};

const FILES: usize = 8;
const QUESTION: &str = "Who has leased berth number3 of the quay?";

/// Writes a generation of all files.
fn write(app: &TestApp, generation: u64) -> State {
    let write = |file| {
        let name = format!("berth{file}.md");
        app.file(&name, document(file, generation));
        (name, generation)
    };
    (0..FILES).map(write).collect()
}

fn trained() -> (TestApp, State) {
    let app = TestApp::new();
    let state = write(&app, 1);
    app.train(BOT);
    (app, state)
}

/// The error on standard error, as JSON.
fn error(run: &Run) -> Value {
    let line = run.stderr.lines().last().unwrap_or_default();
    let object: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    object["error"].clone()
}

fn train(app: &TestApp) -> Run {
    app.jely(["train", BOT, app.files().to_str().unwrap(), "--json"])
}

/// A file system over a folder, for as long as this lives.
#[cfg(target_os = "linux")]
struct Mount(PathBuf);

#[cfg(target_os = "linux")]
impl Mount {
    /// `None`, with a line that says so, where mounting is not permitted.
    fn new(folder: &Path, calls: &[&[&str]]) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mut mount = None;
        for call in calls {
            let run = std::process::Command::new("mount").args(*call).arg(folder).output();
            if !run.as_ref().is_ok_and(|run| run.status.success()) {
                println!("skipped: mount {call:?}: {run:?}");
                return None;
            }
            mount.get_or_insert_with(|| Self(folder.to_owned()));
        }
        mount
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_bot_as_it_was() {
    let app = TestApp::new();
    let tmpfs = &["-t", "tmpfs", "-o", "size=8m", "tmpfs"];
    let Some(_mount) = Mount::new(&app.data(), &[tmpfs]) else { return };
    let mut state = write(&app, 1);
    app.train(BOT);
    let ballast = app.data().join("ballast");
    let (mut failed, mut done) = (0, 0);
    for (round, free) in [0, 4, 12, 24, 40, 60, 80, 100, 130, 160, 200, 260].into_iter().enumerate()
    {
        // All there is, and back to what is to be free.
        let _ = std::io::copy(&mut std::io::repeat(0), &mut File::create(&ballast).unwrap());
        let bytes = std::fs::metadata(&ballast).unwrap().len();
        let file = File::options().write(true).open(&ballast).unwrap();
        file.set_len(bytes - free * 1024).unwrap();
        // As long as it is open its room stays taken.
        drop(file);
        let next = write(&app, round as u64 + 2);
        let run = train(&app);
        let seen = held(&app.data()).unwrap_or_else(|why| panic!("{free} KiB free: {why}"));
        if run.code == 0 {
            done += 1;
            assert_eq!(seen, next, "{free} KiB free");
        } else {
            failed += 1;
            let error = error(&run.ends(1));
            let message = error["message"].as_str().unwrap();
            assert!(matches!(error["code"].as_str(), Some("IO" | "INDEX")), "{free}: {error}");
            assert!(message.contains("No space left"), "{free} KiB free: {message}");
            assert_eq!(seen, state, "{free} KiB free: {message}");
        }
        assert_eq!(app.ask(BOT, QUESTION)["answered"], true);
        std::fs::remove_file(&ballast).unwrap();
        app.jely(["doctor"]).ends(0);
        train(&app).ends(0);
        assert_eq!(held(&app.data()).as_ref(), Ok(&next), "{free} KiB free, then more");
        state = next;
    }
    println!("full disk: {failed} trainings failed, {done} had room enough");
    assert!(failed > 2 && done > 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_asked_and_not_trained() {
    let (app, state) = trained();
    let data = app.data();
    let data = data.to_str().unwrap();
    let calls: [&[&str]; 2] = [&["--bind", data], &["-o", "remount,bind,ro"]];
    let Some(_mount) = Mount::new(&app.data(), &calls) else { return };
    assert_eq!(app.ask(BOT, QUESTION)["answered"], true);
    app.jely(["search", BOT, "quay"]).ends(0);
    assert_eq!(app.jely(["docs", BOT, "--json"]).ends(0).json_lines().len(), FILES);
    write(&app, 2);
    let file = app.files().join("berth0.md");
    let file = file.to_str().unwrap();
    let commands: [&[&str]; 3] =
        [&["train", BOT, file], &["remove", BOT, file], &["train", "other", file]];
    for command in commands {
        let error = error(&app.jely(command.iter().chain(&["--json"])).ends(1));
        assert_eq!(error["code"], "IO", "{command:?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("Read-only") && message.contains(data), "{message}");
    }
    let run = app.jely(["reindex", "--force", "--json"]).ends(3);
    assert_eq!(run.json_lines()[0]["bot"]["error"]["code"], "IO", "{}", run.stdout);
    assert_eq!(held(&app.data()), Ok(state));
}

/// The files of a folder and those below it, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Tears a file: to its half, or to nothing.
fn tear(path: &Path, divisor: usize) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let length = bytes.len().checked_div(divisor).unwrap_or(0);
    // Another file of the same name: a linked one must not change with it.
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, &bytes[..length]).unwrap();
    bytes
}

/// Asserts that nothing is answered, and that the error names `file`.
fn check_refused(app: &TestApp, file: &Path) {
    for run in
        [app.jely(["ask", BOT, QUESTION, "--json"]), app.jely(["search", BOT, "quay", "--json"])]
    {
        let run = run.ends(1);
        assert_eq!(run.stdout, "", "{}", file.display());
        let message = error(&run)["message"].to_string();
        assert!(message.contains(file.to_str().unwrap()), "{}: {message}", file.display());
    }
}

#[test]
fn a_torn_file_of_the_index_is_never_answered_from_and_made_anew() {
    let (app, state) = trained();
    let folder = app.data().join("bots").join(BOT).join("snapshots");
    let names: Vec<_> =
        files(&folder).iter().map(|file| file.extension().unwrap().to_owned()).collect();
    let of_kind = |kind| files(&folder).into_iter().find(|file| file.extension() == Some(kind));
    for kind in names.iter().filter(|name| *name != "json") {
        for divisor in [2, 0] {
            let file = of_kind(kind).unwrap();
            tear(&file, divisor);
            check_refused(&app, &file);
            let told = app.jely(["doctor", "--json"]).ends(3).json_lines();
            assert_eq!(told[0]["bot"]["state"], "damaged", "{}", file.display());
            // By a repair, or by whoever trains next.
            if divisor == 0 {
                app.jely(["doctor", "--repair"]).ends(0);
            } else {
                train(&app).ends(0);
            }
            assert_eq!(held(&app.data()).as_ref(), Ok(&state), "{}", file.display());
            app.jely(["doctor"]).ends(0);
        }
    }
}

#[test]
fn a_torn_list_of_documents_is_named_by_all_who_need_it() {
    let (app, state) = trained();
    let folder = app.data().join("bots").join(BOT).join("snapshots");
    let is_manifest = |file: &PathBuf| file.ends_with("manifest.json");
    let manifest = files(&folder).into_iter().find(is_manifest).unwrap();
    for divisor in [2, 0] {
        let bytes = tear(&manifest, divisor);
        check_refused(&app, &manifest);
        app.jely(["doctor", "--repair"]).ends(3);
        let error = error(&train(&app).ends(1));
        assert_eq!(error["code"], "LOST_MANIFEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(manifest.to_str().unwrap()), "{message}");
        // As when it is restored from a backup.
        std::fs::write(&manifest, bytes).unwrap();
        assert_eq!(held(&app.data()).as_ref(), Ok(&state));
    }
}

#[test]
fn a_torn_pointer_is_named_and_put_back_by_a_repair() {
    let (app, state) = trained();
    let pointer = app.data().join("bots").join(BOT).join("current");
    for divisor in [2, 0] {
        tear(&pointer, divisor);
        check_refused(&app, &pointer);
        let error = error(&train(&app).ends(1));
        assert_eq!(error["code"], "LOST_MANIFEST");
        assert!(error["message"].as_str().unwrap().contains(pointer.to_str().unwrap()), "{error}");
        let told = app.jely(["doctor", "--repair", "--json"]).ends(0).json_lines();
        assert_eq!(told[0]["bot"]["state"], "recovered");
        assert_eq!(held(&app.data()).as_ref(), Ok(&state));
        app.jely(["doctor"]).ends(0);
    }
}

#[test]
fn torn_caches_and_originals_cost_no_answer() {
    let (app, _) = trained();
    // Files just written have no stamps yet, which only the clock can change.
    std::thread::sleep(Duration::from_millis(2600));
    train(&app).ends(0);
    for (round, divisor) in [2, 0].into_iter().enumerate() {
        for folder in ["stamps", "extracts", "originals"] {
            for file in files(&app.data().join(folder)) {
                if !file.ends_with("lock") {
                    tear(&file, divisor);
                }
            }
        }
        assert_eq!(app.ask(BOT, QUESTION)["answered"], true);
        // A change is noticed, and whatever is unchanged is not taken for another.
        let state = held(&app.data()).unwrap();
        let generation = round as u64 + 2;
        app.file("berth3.md", document(3, generation));
        let report = train(&app).ends(0).json_lines().pop().unwrap()["report"].clone();
        assert_eq!((&report["replaced"], &report["unchanged"]), (&1.into(), &(FILES - 1).into()));
        let mut next = state;
        next.insert("berth3.md".to_owned(), generation);
        assert_eq!(held(&app.data()).as_ref(), Ok(&next));
        app.jely(["doctor"]).ends(3);
        app.jely(["doctor", "--repair"]).ends(0);
        app.jely(["doctor"]).ends(0);
        app.jely(["reindex", "--force"]).ends(0);
        assert_eq!(held(&app.data()), Ok(next));
    }
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

#[test]
fn a_clock_that_goes_back_hides_no_change_and_makes_none() {
    let (app, mut state) = trained();
    std::thread::sleep(Duration::from_millis(2600));
    let report = app.train(BOT);
    assert_eq!(report["unchanged"], FILES);
    let path = app.files().join("berth3.md");
    let pointer = app.data().join("bots").join(BOT).join("current");
    let now = std::fs::metadata(&path).unwrap().modified().unwrap();
    let day = Duration::from_hours(24);
    for (round, time) in [now - 400 * day, now + 400 * day, now].into_iter().enumerate() {
        set_modified(&pointer, time);
        set_modified(&path, time);
        let report = app.train(BOT);
        assert_eq!(report["unchanged"], FILES, "{time:?}");
        // Other bytes, as many, of the same time.
        let generation = round as u64 + 2;
        app.file("berth3.md", document(3, generation));
        set_modified(&path, time);
        let report = app.train(BOT);
        let counts = (&report["replaced"], &report["unchanged"]);
        assert_eq!(counts, (&1.into(), &(FILES - 1).into()), "{time:?}");
        state.insert("berth3.md".to_owned(), generation);
        assert_eq!(held(&app.data()).as_ref(), Ok(&state), "{time:?}");
        app.jely(["doctor"]).ends(0);
    }
}
