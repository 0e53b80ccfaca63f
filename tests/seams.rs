//! The seams between machines: what the folder behind them keeps to, and what becomes of a bot when
//! a call fails.

mod contract;
mod failing;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use document::{BotId, DocumentId};
use train::{
    Content, DataFolder, Input, Options, Pool, Reindex, Remote, Silent, TrainError, reindex,
    remove, train,
};

use self::failing::{Fault, Faults, failing};
use crate::quay::{BOT, State, document, held_in};

/// Documents the bot begins with.
const FILES: usize = 3;

/// A folder that its first cache has created.
fn share(home: &Path) -> Remote {
    let remote = Remote::folder(&home.join("share")).unwrap();
    DataFolder::open_shared(home.join("cache"), &remote, index::Config::default()).unwrap();
    remote
}

#[test]
fn a_folder_keeps_the_contract() {
    let homes: Vec<_> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
    let number = std::cell::Cell::new(0);
    contract::is_kept_by(|| share(homes[number.replace(number.get() + 1)].path()));
}

#[test]
fn what_fails_when_told_keeps_the_contract_until_then() {
    let homes: Vec<_> = (0..2).map(|_| tempfile::tempdir().unwrap()).collect();
    let quiet = |home: usize| failing(share(homes[home].path()), &Arc::default());
    contract::keeps_pointers_and_snapshots(quiet(0).bots());
    contract::serves_machines(quiet(1).bots());
    contract::keeps_originals(&**quiet(0).originals());
}

/// What is done while a call fails.
#[derive(Debug, Clone, Copy)]
enum Change {
    Add,
    Replace,
    Remove,
    Rebuild,
}

/// One machine of several.
struct Machine {
    folder: DataFolder,
    options: Options,
}

impl Machine {
    fn new(home: &Path, remote: &Remote) -> Self {
        let config = index::Config { pointer_age_max: Duration::ZERO, ..Default::default() };
        let pool = Pool::lazy(|| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
        let folder = DataFolder::open_shared(home, remote, config).unwrap();
        Self { folder, options: Options::new(Arc::new(pool)) }
    }

    fn train(&self, files: &State) -> Result<(), TrainError> {
        let inputs = files.iter().map(|(name, generation)| {
            let file = name.trim_start_matches("berth").trim_end_matches(".md").parse().unwrap();
            let text = document(file, *generation);
            Input::new(name.as_str(), Content::Bytes(Cow::Owned(text.into_bytes())))
        });
        let inputs: Vec<_> = inputs.collect();
        let report = train(&self.folder, &bot(), &inputs, &self.options, &Silent)?;
        assert_eq!(report.failed, 0, "{report:?}");
        Ok(())
    }

    fn change(&self, change: Change) -> Result<(), TrainError> {
        match change {
            Change::Add => self.train(&[(name(FILES), 1)].into()),
            Change::Replace => self.train(&[(name(0), 2)].into()),
            Change::Remove => {
                let ids = [DocumentId::from_source(&name(1))];
                match remove(&self.folder, &bot(), &ids, &self.options, &Silent) {
                    // Its reply was lost the last time.
                    Err(TrainError::NoDocument { .. }) => Ok(()),
                    result => result.map(drop),
                }
            }
            Change::Rebuild => {
                let what = Reindex { force: true, ..Reindex::default() };
                let mut failure = None;
                let told = &mut |report: train::BotReport| {
                    if let train::Rebuild::Failed(why) = report.outcome {
                        failure = Some(why);
                    }
                };
                reindex(&self.folder, &what, &self.options, &Silent, told)?;
                let lost = |failure: train::Failure| TrainError::Crashed {
                    source_name: failure.code,
                    message: failure.message,
                };
                failure.map_or(Ok(()), |failure| Err(lost(failure)))
            }
        }
    }

    fn held(&self) -> State {
        held_in(self.folder.store()).unwrap()
    }
}

fn bot() -> BotId {
    BOT.parse().unwrap()
}

fn name(file: usize) -> String {
    format!("berth{file}.md")
}

fn beginning() -> State {
    (0..FILES).map(|file| (name(file), 1)).collect()
}

/// Makes the call of this number fail; whether it came to that.
fn fails_at(change: Change, at: u64, fault: Fault, after: &State) -> bool {
    let context = format!("{change:?}, call {at}, {fault:?}");
    let home = tempfile::tempdir().unwrap();
    let share = Remote::folder(&home.path().join("share")).unwrap();
    let other = Machine::new(&home.path().join("other"), &share);
    let faults = Arc::new(Faults::default());
    let machine = Machine::new(&home.path().join("one"), &failing(share, &faults));
    machine.train(&beginning()).unwrap();
    faults.set(at, fault);
    let result = machine.change(change);
    let failed = faults.calls() >= at;
    faults.set(0, fault);
    // Another machine, which knows nothing, and this one see the same: what was before or after.
    let held = other.held();
    assert_eq!(machine.held(), held, "{context}");
    match &result {
        Ok(()) => assert_eq!(held, *after, "{context}: it was acknowledged"),
        Err(_) => assert!(held == *after || held == beginning(), "{context}: {held:?}"),
    }
    machine.change(change).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(other.held(), *after, "{context}");
    let hash = |entry: &index::DocumentEntry| entry.content_hash;
    for entry in other.folder.manifest(&bot()).unwrap().documents.iter().map(hash) {
        assert!(other.folder.originals().get(entry).unwrap().is_some(), "{context}");
    }
    failed
}

#[test]
fn whatever_call_fails_the_bot_is_as_it_was_or_as_it_was_to_be() {
    let mut faults = 0;
    for change in [Change::Add, Change::Replace, Change::Remove, Change::Rebuild] {
        let mut after = beginning();
        match change {
            Change::Add => drop(after.insert(name(FILES), 1)),
            Change::Replace => drop(after.insert(name(0), 2)),
            Change::Remove => drop(after.remove(&name(1))),
            Change::Rebuild => {}
        }
        for fault in [Fault::Before, Fault::After] {
            let before = faults;
            faults += (1..).take_while(|at| fails_at(change, *at, fault, &after)).count();
            assert!(faults > before + 3, "{change:?}: it makes more calls than that");
        }
    }
    println!("{faults} faults");
}
