//! Two machines that share a folder, by the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::app::{Run, TestApp};
use crate::quay::{BOT, document, held, held_in};

/// Documents that each of two machines trains at the same time.
const RACERS: usize = 4;

/// A machine: a cache of its own, and the address of what is shared.
struct Machine<'a> {
    app: &'a TestApp,
    data: PathBuf,
    remote: PathBuf,
}

impl<'a> Machine<'a> {
    fn new(app: &'a TestApp, name: &str) -> Self {
        let home = app.files().parent().unwrap().to_owned();
        Self { app, data: home.join(name), remote: home.join("share") }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(crate::app::binary());
        command.env_remove("JELY_DATA").env_remove("JELY_EMBEDDER");
        command.env("JELY_REMOTE", &self.remote).arg("--data").arg(&self.data);
        command.current_dir(self.app.files());
        command
    }

    fn jely(&self, arguments: &[&str]) -> Run {
        Run::of(self.command().args(arguments).output().unwrap())
    }

    fn train(&self, name: &str) -> Run {
        self.jely(&["train", BOT, name, "--json"])
    }
}

fn error_code(run: &Run) -> String {
    let line = run.stderr.lines().last().unwrap_or_default();
    let error: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    error["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_one_machine_trains_the_other_answers_from() {
    let app = TestApp::new();
    let (one, other) = (Machine::new(&app, "one"), Machine::new(&app, "other"));
    let write = |file: usize, generation| {
        let name = format!("berth{file}.md");
        app.file(&name, document(file, generation));
        name
    };
    let names: Vec<_> = (0..3).map(|file| write(file, 1)).collect();
    one.jely(&["train", BOT, "."]).ends(0);
    let found = other.jely(&["ask", BOT, "Who has leased berth number1 of the quay?"]).ends(0);
    assert!(found.stdout.contains("lessee1"), "{}", found.stdout);

    one.train(&write(1, 2)).ends(0);
    let found = other.jely(&["search", BOT, "number1", "--json"]).ends(0);
    assert!(
        found.stdout.contains("lessee2")
            && !found.stdout.contains("number1 of the quay is leased to lessee1")
    );
    other.jely(&["remove", BOT, &names[2]]).ends(0);
    let listed = one.jely(&["docs", BOT, "--json"]).ends(0).json_lines();
    assert_eq!(listed.len(), 2);
    let checked = other.jely(&["doctor", "--json"]).ends(0).json_lines();
    assert_eq!(checked[0]["bot"]["state"], "whole", "{checked:?}");
    assert_eq!(checked[0]["bot"]["originals"].as_array().map(Vec::len), Some(0), "{checked:?}");

    // What is shared is a data folder itself; a cache is none, and can be thrown away.
    let state = [("berth0.md".to_owned(), 1), ("berth1.md".to_owned(), 2)].into();
    assert_eq!(held(&one.remote).as_ref(), Ok(&state));
    assert!(!other.data.join("originals").exists());
    std::fs::remove_dir_all(&other.data).unwrap();
    other.jely(&["reindex", "--force"]).ends(0);
    assert_eq!(held(&one.remote), Ok(state));
    one.jely(&["ask", BOT, "Who has leased berth number1 of the quay?"]).ends(0);

    // While it is away, what is known answers, and nothing is acknowledged.
    let away = one.remote.with_extension("away");
    std::fs::rename(&one.remote, &away).unwrap();
    for is_mount_point in [false, true] {
        if is_mount_point {
            std::fs::create_dir(&one.remote).unwrap();
        }
        let found = one.jely(&["ask", BOT, "Who has leased berth number1 of the quay?"]).ends(0);
        assert!(found.stdout.contains("lessee2"), "{}", found.stdout);
        let failed = one.train(&write(0, 9));
        assert_eq!((failed.code, error_code(&failed).as_str()), (1, "IO"), "{}", failed.stderr);
        assert_eq!(error_code(&one.jely(&["docs", "other", "--json"])), "IO");
    }
    std::fs::remove_dir(&one.remote).unwrap();
    std::fs::rename(&away, &one.remote).unwrap();
    one.train(&write(0, 3)).ends(0);
    let found = other.jely(&["search", BOT, "number0", "--json"]).ends(0);
    assert!(found.stdout.contains("lessee3"), "{}", found.stdout);
}

#[test]
fn a_cache_is_not_taken_for_a_folder_of_bots_nor_the_other_way() {
    let app = TestApp::new();
    app.file("berth1.md", document(1, 1));
    let one = Machine::new(&app, "one");
    one.train("berth1.md").ends(0);
    let elsewhere = |run: Run| {
        assert_eq!((run.code, error_code(&run).as_str()), (1, "ELSEWHERE"), "{}", run.stderr);
    };
    let alone = |data: &Path| {
        let mut command = Command::new(crate::app::binary());
        command.env_remove("JELY_REMOTE").args(["docs", BOT, "--json", "--data"]).arg(data);
        Run::of(command.output().unwrap())
    };
    elsewhere(alone(&one.data));
    alone(&one.remote).ends(0);
    // A folder with bots of its own.
    app.train(BOT);
    let own = Machine { app: &app, data: app.data(), remote: one.remote.clone() };
    elsewhere(own.train("berth1.md"));
    alone(&app.data()).ends(0);
    // Another remote, a cache as a remote, and the remote as its own cache.
    let home = app.files().parent().unwrap().to_owned();
    let of = |data: &str, remote: &str| Machine {
        app: &app,
        data: home.join(data),
        remote: home.join(remote),
    };
    elsewhere(of("one", "second").train("berth1.md"));
    elsewhere(of("two", "one").train("berth1.md"));
    elsewhere(of("share", "share").train("berth1.md"));
    let unknown = Machine { remote: "gs://bucket".into(), ..of("three", "x") };
    unknown.train("berth1.md").ends(2);
}

#[test]
fn machines_that_train_at_once_lose_no_document() {
    let app = TestApp::new();
    let machines = [Machine::new(&app, "one"), Machine::new(&app, "other")];
    for file in 0..2 * RACERS {
        app.file(&format!("berth{file}.md"), document(file, 1));
    }
    let overtaken: usize = std::thread::scope(|scope| {
        let race = |number: usize, machine: &Machine<'_>| {
            let mut overtaken = 0;
            for file in (0..RACERS).map(|file| file * 2 + number) {
                loop {
                    let run = machine.train(&format!("berth{file}.md"));
                    if run.code == 0 {
                        break;
                    }
                    assert_eq!((run.code, &*error_code(&run)), (5, "OVERTAKEN"), "{}", run.stderr);
                    overtaken += 1;
                }
            }
            overtaken
        };
        let racing = machines.iter().enumerate();
        let racing: Vec<_> =
            racing.map(|(number, machine)| scope.spawn(move || race(number, machine))).collect();
        racing.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    let all: BTreeMap<_, _> = (0..2 * RACERS).map(|file| (format!("berth{file}.md"), 1)).collect();
    assert_eq!(held(&machines[0].remote), Ok(all.clone()));
    let cache = tempfile::tempdir().unwrap();
    let remote = train::Remote::folder(&machines[0].remote).unwrap();
    let config = index::Config::default();
    let store = index::Store::open_shared(cache.path(), remote.bots().clone(), config).unwrap();
    assert_eq!(held_in(&store), Ok(all));
    println!("{overtaken} of {} were overtaken", 2 * RACERS + overtaken);
}
