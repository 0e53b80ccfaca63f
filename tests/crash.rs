//! kill -9 while a bot is trained, a document of it replaced, some removed, or all made anew, at
//! any moment: afterwards the bot answers from the state before or the one after, never less than
//! was acknowledged, and the next run completes.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::app::{Run, TestApp};
use crate::quay::{BOT, State, document, held};

/// Rounds in the normal run; `JELY_CRASH_ROUNDS` sets more.
const ROUNDS: u64 = 200;
/// What is done and when it is killed; `JELY_CRASH_SEED` sets another.
const SEED: u64 = 1;
/// Bots that are killed at the same time, each with a seed of its own, from that one on.
const LANES: u64 = 4;
const FILES: usize = 8;
/// Fewer documents than this are not taken away from.
const FILES_MIN: usize = 4;
/// How long the dead may hold the lock.
const LOCK_MAX: Duration = Duration::from_secs(10);
/// Runs after which all leftovers must be swept: what another test forks may hold a snapshot, as
/// any reader does, for the moment of the first.
const SWEEPS_MAX: u32 = 5;
/// Every so many rounds the programs of the user look as well.
const LOOK_EVERY: u64 = 10;

#[expect(clippy::disallowed_methods, reason = "a knob of this test, not of the program")]
pub(crate) fn knob(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    /// At least 0, less than 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }
}

/// What is killed.
#[derive(Debug, Clone)]
enum Operation {
    /// `train --prune` on the folder, of which files were changed, added and removed.
    Train,
    /// `train` on one file that was changed or is new.
    Replace(String),
    /// `remove` of some documents, whose files stay.
    Remove(Vec<String>),
    /// `reindex --force`.
    Reindex,
}

/// Where a round is: for every message.
struct At {
    round: u64,
    seed: u64,
    operation: Operation,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {}, seed {}, {:?}", self.round, self.seed, self.operation)
    }
}

/// A bot, the files it is trained on, and what is known of both.
struct Quay {
    app: TestApp,
    random: Random,
    /// The last generation written.
    generation: u64,
    files: State,
    held: State,
    /// How long a run that is not killed took last, by kind of operation.
    usual: [Duration; 4],
}

impl Quay {
    fn new(seed: u64) -> Self {
        let mut quay = Self {
            app: TestApp::new(),
            random: Random(seed),
            generation: 0,
            files: State::new(),
            held: State::new(),
            usual: [Duration::ZERO; 4],
        };
        (0..FILES).for_each(|file| drop(quay.write(file)));
        let removed = quay.name(0);
        for operation in [
            Operation::Train,
            Operation::Remove(vec![removed.clone()]),
            Operation::Replace(removed),
            Operation::Reindex,
        ] {
            let at = At { round: 0, seed, operation };
            quay.finish(&at);
            quay.held = held(&quay.app.data()).unwrap_or_else(|why| panic!("{at}: {why}"));
            assert!(
                quay.held == quay.files || matches!(at.operation, Operation::Remove(_)),
                "{at}"
            );
        }
        quay
    }

    fn name(&self, file: usize) -> String {
        format!("berth{file}.md")
    }

    /// Writes the next generation of a file; its name.
    fn write(&mut self, file: usize) -> String {
        self.generation += 1;
        let name = self.name(file);
        self.app.file(&name, document(file, self.generation));
        self.files.insert(name.clone(), self.generation);
        name
    }

    fn path(&self, name: &str) -> PathBuf {
        // A source is the path with links resolved.
        self.app.files().canonicalize().unwrap().join(name)
    }

    /// Chooses what to do, changes the files for it, and tells what the bot is to hold then.
    fn next(&mut self) -> (Operation, State) {
        match self.random.below(8) {
            0..3 => {
                for file in 0..FILES {
                    let (name, share) = (self.name(file), self.random.share());
                    if share < 0.4 {
                        self.write(file);
                    } else if share > 0.85 && self.files.len() > FILES_MIN {
                        let _ = std::fs::remove_file(self.path(&name));
                        self.files.remove(&name);
                    }
                }
                (Operation::Train, self.files.clone())
            }
            3..5 => {
                let file = self.random.below(FILES);
                let name = self.write(file);
                let mut after = self.held.clone();
                after.insert(name.clone(), self.generation);
                (Operation::Replace(name), after)
            }
            5..7 if self.held.len() > FILES_MIN => {
                let mut after = self.held.clone();
                let mut names = Vec::new();
                for _ in 0..=self.random.below(2) {
                    let place = self.random.below(after.len());
                    let name = after.keys().nth(place).unwrap().clone();
                    after.remove(&name);
                    names.push(name);
                }
                (Operation::Remove(names), after)
            }
            _ => (Operation::Reindex, self.held.clone()),
        }
    }

    fn command(&self, operation: &Operation) -> Command {
        let mut command = self.app.command();
        command.arg("--json");
        match operation {
            Operation::Train => command.args(["train", BOT, "--prune"]).arg(self.app.files()),
            Operation::Replace(name) => command.args(["train", BOT]).arg(self.path(name)),
            Operation::Remove(names) => {
                command.args(["remove", BOT]).args(names.iter().map(|name| self.path(name)))
            }
            Operation::Reindex => command.args(["reindex", "--force"]),
        };
        command
    }

    fn usual(&mut self, operation: &Operation) -> &mut Duration {
        let [train, replace, remove, reindex] = &mut self.usual;
        match operation {
            Operation::Train => train,
            Operation::Replace(_) => replace,
            Operation::Remove(_) => remove,
            Operation::Reindex => reindex,
        }
    }

    /// Runs an operation to its end.
    fn finish(&mut self, at: &At) {
        let since = Instant::now();
        let run = Run::of(self.command(&at.operation).output().unwrap());
        assert!(run.code == 0 && is_report(&run.stdout), "{at}: {}{}", run.stdout, run.stderr);
        *self.usual(&at.operation) = since.elapsed();
    }

    /// Runs an operation and kills it after a while; whether it had acknowledged all it does.
    fn killed(&mut self, at: &At) -> bool {
        // The later, the denser: what is dangerous comes at the end.
        let delay = self.usual(&at.operation).mul_f64(1.15 * self.random.share().sqrt());
        let mut command = self.command(&at.operation);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(delay);
        #[cfg(target_os = "linux")]
        let workers = crate::processes::children_of(child.id());
        // SIGKILL on Unix: no handler runs.
        let _ = child.kill();
        let status = child.wait().unwrap();
        #[cfg(target_os = "linux")]
        crate::processes::wait_until_dead(&workers);
        let (mut stdout, mut stderr) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        self.wait_for_lock(at);
        // It was killed, or it did not fail.
        assert!(matches!(status.code(), None | Some(0)), "{at}: {stdout}{stderr}");
        is_report(&stdout)
    }

    /// Waits until nobody holds the bot's lock: a worker that was being forked when its parent was
    /// killed holds all of its parent's files until it runs its program, and dies then.
    fn wait_for_lock(&self, at: &At) {
        let path = self.app.data().join("bots").join(BOT).join("lock");
        let lock = std::fs::File::options().write(true).open(path).unwrap();
        let since = Instant::now();
        while lock.try_lock().is_err() {
            assert!(since.elapsed() < LOCK_MAX, "{at}: the dead still hold the lock");
            std::thread::sleep(Duration::from_millis(1));
        }
        // By name: what another test forks right now holds this file as well.
        lock.unlock().unwrap();
    }

    /// What the user's programs say of the bot, which holds `self.held`.
    fn look(&self, at: &At, replaced: &State) {
        let bots = self.app.jely(["doctor", "--json"]).ends(0).json_lines();
        assert_eq!(bots[0]["bot"]["state"], "whole", "{at}: {bots:?}");
        assert_eq!(bots[0]["bot"]["originals"].as_array().map(Vec::len), Some(0), "{at}");
        let docs = self.app.jely(["docs", BOT, "--json"]).ends(0).json_lines();
        let sources = docs.iter().map(|line| line["document"]["source"].as_str().unwrap());
        let names: BTreeSet<_> = sources.map(|path| path.rsplit('/').next().unwrap()).collect();
        let expected: BTreeSet<_> = self.held.keys().map(String::as_str).collect();
        assert_eq!(names, expected, "{at}");
        let gone = replaced
            .iter()
            .find(|(name, generation)| self.held.get(*name).is_none_or(|now| now != *generation));
        if let Some((name, generation)) = gone {
            let old = format!("lessee{generation}");
            let found = self.app.jely(["search", BOT, &format!("quay {old}"), "--json"]).ends(0);
            let passages = found.json()["passages"].to_string();
            let mut words = passages.split(|c: char| !c.is_alphanumeric());
            assert!(!words.any(|word| word == old), "{at}: {name} answers from {old}");
        }
    }
}

fn is_report(stdout: &str) -> bool {
    stdout.lines().any(|line| line.starts_with(r#"{"report":"#))
}

/// Names of what an interrupted run leaves, anywhere in a folder.
fn leftovers(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if [".tmp", ".stage", ".trash-", "current.next"].iter().any(|end| name.starts_with(end))
            && name != ".staging"
        {
            found.push(path);
        } else if path.is_dir() {
            found.extend(leftovers(&path));
        }
    }
    found
}

/// Kills that came after the report, and between publication and report.
type Told = (u64, u64);

fn kill_again_and_again(rounds: u64, seed: u64) -> Told {
    let mut quay = Quay::new(seed);
    let (mut acknowledged, mut published) = (0, 0);
    for round in 1..=rounds {
        let before = quay.held.clone();
        let (operation, after) = quay.next();
        let at = At { round, seed, operation };
        let is_told = quay.killed(&at);
        quay.held = held(&quay.app.data()).unwrap_or_else(|why| panic!("{at}: {why}"));
        let is_new = quay.held == after;
        assert!(is_new || quay.held == before, "{at}: half a state {:?}", quay.held);
        assert!(is_new || !is_told, "{at}: it was acknowledged and is lost: {:?}", quay.held);
        acknowledged += u64::from(is_told);
        published += u64::from(is_new && before != after && !is_told);
        if round % LOOK_EVERY == 0 {
            quay.look(&at, &before);
        }
        // Now and then a kill follows on a kill.
        let is_gone = is_new && matches!(at.operation, Operation::Remove(_));
        if quay.random.below(2) == 0 && !is_gone {
            quay.finish(&at);
            quay.held = held(&quay.app.data()).unwrap_or_else(|why| panic!("{at}: {why}"));
            assert_eq!(quay.held, after, "{at}");
        }
    }
    let at = At { round: rounds + 1, seed, operation: Operation::Train };
    let data = quay.app.data();
    let snapshots = data.join("bots").join(BOT).join("snapshots");
    for left in (0..SWEEPS_MAX).rev() {
        quay.write(0);
        quay.finish(&at);
        quay.held = held(&data).unwrap_or_else(|why| panic!("{at}: {why}"));
        assert_eq!(quay.held, quay.files, "{at}");
        let left_over = (std::fs::read_dir(&snapshots).unwrap().count(), leftovers(&data));
        if left_over == (1, Vec::new()) {
            break;
        }
        assert!(left > 0, "{at}: {left_over:?}");
    }
    quay.look(&at, &State::new());
    (acknowledged, published)
}

#[test]
fn a_kill_leaves_the_old_state_or_the_new_one() {
    let (rounds, seed) = (knob("JELY_CRASH_ROUNDS", ROUNDS), knob("JELY_CRASH_SEED", SEED));
    println!("JELY_CRASH_SEED={seed} JELY_CRASH_ROUNDS={rounds}");
    let since = Instant::now();
    // Most of a run is waiting for the disk; so several bots are killed at a time.
    let lanes = std::thread::scope(|scope| {
        let share = |lane| rounds / LANES + u64::from(lane < rounds % LANES);
        let start = |lane| scope.spawn(move || kill_again_and_again(share(lane), seed + lane));
        let lanes: Vec<_> = (0..LANES).map(start).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).collect::<Vec<Told>>()
    });
    println!(
        "{rounds} kills in {:.1} s: {} after the report, {} between publication and report, the \
         others before",
        since.elapsed().as_secs_f64(),
        lanes.iter().map(|told| told.0).sum::<u64>(),
        lanes.iter().map(|told| told.1).sum::<u64>(),
    );
}
