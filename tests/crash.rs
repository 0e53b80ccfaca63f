//! kill -9 during training, at any moment: afterwards the bot answers from the old state or the
//! new one, the next run completes, and nothing acknowledged is lost.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::app::TestApp;

/// Rounds in the normal run; `JELY_CRASH_ROUNDS` sets more.
const ROUNDS: u64 = 12;
const FILES: usize = 40;

/// A document whose generation is in its text.
fn document(file: usize, generation: u64) -> String {
    let filler = "The quay is swept every morning before the first boat lands. ".repeat(30);
    format!("# Berth {file}\n\nBerth number{file} is leased to lessee{generation}.\n\n{filler}\n")
}

fn write_generation(app: &TestApp, generation: u64) {
    for file in 0..FILES {
        app.file(&format!("berth{file}.md"), document(file, generation));
    }
}

/// Which generation a bot answers from.
fn answered_generation(app: &TestApp, file: usize) -> u64 {
    let found = app
        .jely(["search", "quay", &format!("berth number{file} leased"), "--json"])
        .ends(0)
        .json();
    let excerpt = found["passages"][0]["excerpt"].as_str().unwrap().to_owned();
    let at = excerpt.find("lessee").unwrap_or_else(|| panic!("{excerpt}"));
    excerpt[at + 6..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// Starts a training and kills it after `delay`; returns the lines it had acknowledged.
fn killed_training(app: &TestApp, delay: Duration) -> Vec<String> {
    let mut command = app.command();
    command.args(["train", "quay"]).arg(app.files()).arg("--json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::sleep(delay);
    #[cfg(target_os = "linux")]
    let workers = crate::processes::children_of(child.id());
    // SIGKILL on Unix: no handler runs.
    let _ = child.kill();
    child.wait().unwrap();
    #[cfg(target_os = "linux")]
    crate::processes::wait_until_dead(&workers);
    stdout.lines().map_while(Result::ok).collect()
}

#[test]
fn a_kill_leaves_the_old_state_or_the_new_one() {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test, not of the program")]
    let rounds =
        std::env::var("JELY_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let app = TestApp::new();
    write_generation(&app, 0);
    let started = std::time::Instant::now();
    app.train("quay");
    let usual = started.elapsed();
    let mut acknowledged = 0;
    for generation in 1..=rounds {
        write_generation(&app, generation);
        // Spread over the run by the golden ratio: no two rounds stop at the same place.
        let share = (generation as f64 * 0.618_033_988_75).fract();
        let lines = killed_training(&app, usual.mul_f64(share * 1.1));
        if lines.iter().any(|line| line.contains("\"report\"")) {
            acknowledged = generation;
        }
        let seen = answered_generation(&app, 0);
        assert!(seen >= acknowledged && seen <= generation, "round {generation}: {seen}");
        // One publish for the whole run: every document is of the same generation.
        assert_eq!(answered_generation(&app, FILES - 1), seen, "round {generation}");
        if generation % 3 == 0 {
            app.train("quay");
            acknowledged = generation;
            assert_eq!(answered_generation(&app, 0), generation);
        }
    }
    app.train("quay");
    assert_eq!(answered_generation(&app, FILES / 2), rounds);
    let snapshots = std::fs::read_dir(app.data().join("bots/quay/snapshots")).unwrap().count();
    assert_eq!(snapshots, 1, "leftovers are swept");
}
