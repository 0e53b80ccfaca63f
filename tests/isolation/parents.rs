//! What is left of workers when their parent goes on, and when it is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::mock;
use crate::processes::{children_of, processes, wait_for, wait_until_dead};

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

#[test]
fn a_parent_that_is_killed_leaves_no_worker() {
    let busy = Parent::of(&["mock hang", "mock spin 25000", "mock sleep 25000"]);
    let workers = busy.workers(3);
    busy.kill_and_expect_none_of(&workers);
    let mut idle = Parent::of(&["Words.", "mock sleep 200", "mock sleep 200"]);
    idle.until("idle");
    let workers = children_of(idle.child.id());
    assert!(!workers.is_empty());
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
