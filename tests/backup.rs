//! A copy of the data folder that was made while a bot was trained: after `doctor --repair` it
//! answers from a state that was current, or the copy is made again.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::app::{Run, TestApp};
use crate::quay::{BOT, document, held};

const FILES: usize = 8;
const COPIES: usize = 10;
/// Copies that are made for one that holds all.
const TRIES_MAX: usize = 20;

/// As the README tells: indexes before what they name. What goes while it is copied is an error
/// of `cp`, which the doctor judges.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for name in ["version", "bots", "originals"] {
        let mut cp = Command::new("cp");
        cp.arg("-a").arg(from.join(name)).arg(to).stderr(Stdio::null());
        cp.status().unwrap();
    }
}

fn doctor(data: &Path) -> Run {
    let mut command = Command::new(crate::app::binary());
    command.args(["doctor", "--repair", "--json", "--data"]).arg(data);
    Run::of(command.output().unwrap())
}

/// How far the training is.
#[derive(Default)]
struct Training {
    stop: AtomicBool,
    /// Trainings begun.
    begun: AtomicU64,
    /// How long the last one took.
    milliseconds: AtomicU64,
}

impl Training {
    /// Trains on one generation after the other until it is told to stop.
    fn go_on(&self, app: &TestApp) {
        while !self.stop.load(Ordering::Relaxed) {
            write(app, self.begun.load(Ordering::Relaxed) + 2);
            self.begun.fetch_add(1, Ordering::Relaxed);
            let since = Instant::now();
            app.train(BOT);
            self.milliseconds.store(since.elapsed().as_millis() as u64, Ordering::Relaxed);
        }
    }

    /// Waits for another training to begin, and for a part of its time.
    fn wait(&self, share: f64) {
        let begun = self.begun.load(Ordering::Relaxed);
        let since = Instant::now();
        while self.begun.load(Ordering::Relaxed) == begun {
            assert!(since.elapsed() < Duration::from_secs(60), "the training has ended");
            std::thread::sleep(Duration::from_millis(1));
        }
        let usual = Duration::from_millis(self.milliseconds.load(Ordering::Relaxed));
        std::thread::sleep(usual.mul_f64(share));
    }
}

fn write(app: &TestApp, generation: u64) {
    for file in 0..FILES {
        app.file(&format!("berth{file}.md"), document(file, generation));
    }
}

#[test]
fn a_copy_made_during_a_training_is_whole_or_mended() {
    let app = TestApp::new();
    write(&app, 1);
    app.train(BOT);
    let training = Training::default();
    let (mut states, mut again) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        let trainer = scope.spawn(|| training.go_on(&app));
        // Whatever fails here, the training ends.
        let copies = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 0..COPIES {
                training.wait(number as f64 / COPIES as f64);
                let (state, tries) = copied(&app, number);
                states.push(state);
                again += tries - 1;
            }
        }));
        training.stop.store(true, Ordering::Relaxed);
        trainer.join().unwrap();
        copies.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    });
    let last = training.begun.into_inner();
    println!("{COPIES} copies during {last} trainings: {states:?}, {again} made again");
}

/// Makes a copy that the doctor finds whole or mends; what it said, and after how many.
fn copied(app: &TestApp, number: usize) -> (String, usize) {
    let to = app.data().with_file_name(format!("copy{number}"));
    for tries in 1..=TRIES_MAX {
        let oldest = *held(&app.data()).unwrap().values().min().unwrap();
        copy(&app.data(), &to);
        let newest = *held(&app.data()).unwrap().values().max().unwrap();
        let told = doctor(&to);
        if told.code != 0 {
            println!("copy {number}: {}", told.stdout);
            continue;
        }
        let state = held(&to).unwrap_or_else(|why| panic!("copy {number}: {why}"));
        assert_eq!(state.len(), FILES, "copy {number}");
        // Half of a state would be of two generations.
        let generation = state["berth0.md"];
        assert!(state.values().all(|one| *one == generation), "copy {number}: {state:?}");
        // One that is published meanwhile may be in the copy before its pointer has moved.
        assert!((oldest..=newest + 1).contains(&generation), "copy {number}: {generation}");
        return (told.json_lines()[0]["bot"]["state"].as_str().unwrap().to_owned(), tries);
    }
    panic!("copy {number}: none of {TRIES_MAX} is whole");
}

#[test]
fn a_copy_of_two_moments_is_put_back_to_the_one_it_holds() {
    let app = TestApp::new();
    let mut moments = Vec::new();
    for generation in [1, 2] {
        write(&app, generation);
        app.train(BOT);
        let moment = app.data().with_file_name(format!("moment{generation}"));
        copy(&app.data(), &moment);
        moments.push(moment);
    }
    let to = app.data().with_file_name("copy");
    // The pointer of one moment, the snapshots of the other.
    for (pointer, snapshots) in [(0, 1), (1, 0)] {
        copy(&moments[snapshots], &to);
        let current = Path::new("bots").join(BOT).join("current");
        std::fs::copy(moments[pointer].join(&current), to.join(&current)).unwrap();
        assert!(held(&to).is_err(), "nothing is answered from it before");
        let told = doctor(&to).ends(0).json_lines();
        assert_eq!(told[0]["bot"]["state"], "recovered");
        assert_eq!(held(&to).unwrap()["berth0.md"], snapshots as u64 + 1);
        assert_eq!(doctor(&to).ends(0).json_lines()[0]["bot"]["state"], "whole");
    }
    // A snapshot that went while it was copied: with its list, and without.
    for (gone, code) in [("segment", 0), ("json", 3)] {
        copy(&moments[0], &to);
        let snapshots = to.join("bots").join(BOT).join("snapshots");
        let snapshot = std::fs::read_dir(snapshots).unwrap().next().unwrap().unwrap().path();
        for file in std::fs::read_dir(snapshot).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|end| end == gone) {
                std::fs::remove_file(file).unwrap();
            }
        }
        let told = doctor(&to).ends(code).json_lines();
        let state = if code == 0 { "repaired" } else { "damaged" };
        assert_eq!(told[0]["bot"]["state"], state);
        assert_eq!(held(&to).is_ok(), code == 0);
    }
}
