//! kill -9 of a writer at any moment leaves the state before or the one after, for every machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::contract::{store, texts};
use super::server::Server;

/// Kills.
const ROUNDS: u32 = 20;

/// The example beside this test: `target/<profile>/examples/writer`.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    profile.join("examples").join(format!("writer{}", std::env::consts::EXE_SUFFIX))
}

fn writer(server: &Server, folder: &Path, generation: u32) -> Child {
    let mut command = Command::new(program());
    command.arg(Server::address("k")).arg(folder).arg(generation.to_string());
    command.envs(server.settings()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn is_done(writer: Child) -> bool {
    writer.wait_with_output().unwrap().stdout == b"done\n"
}

#[test]
fn a_writer_that_is_killed_loses_nothing_it_acknowledged() {
    let Some(server) = Server::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let (cache, reading) = (home.path().join("writer"), home.path().join("reader/bots"));
    let since = Instant::now();
    assert!(is_done(writer(&server, &cache, 0)));
    let mut usual = since.elapsed();
    let shared = server.remote("k").bots().clone();
    let (mut held, mut acknowledged, mut published) = (0, 0, 0);
    for round in 1..=ROUNDS {
        let since = Instant::now();
        let mut child = writer(&server, &cache, round);
        // Spread over all of a run and a little more.
        let share = f64::from(round * 7 % ROUNDS) / f64::from(ROUNDS);
        std::thread::sleep(usual.mul_f64(1.1 * share) + Duration::from_millis(1));
        // SIGKILL on Unix: no handler runs.
        let _ = child.kill();
        let is_acknowledged = is_done(child);
        // Every other look is that of a machine which knows nothing.
        let reader = match round % 2 {
            0 => store(&reading, &shared),
            _ => store(&home.path().join(format!("fresh{round}")), &shared),
        };
        let texts = texts(&reader);
        let now: BTreeSet<u32> = texts.values().map(|text| generation(text)).collect();
        assert_eq!((texts.len(), now.len()), (4, 1), "round {round}: {texts:?}");
        let now = now.into_iter().next().unwrap();
        assert!(now == held || now == round, "round {round}: {now}, before {held}");
        assert!(now == round || !is_acknowledged, "round {round}: it is lost");
        acknowledged += u32::from(is_acknowledged);
        published += u32::from(now == round && !is_acknowledged);
        held = now;
        if is_acknowledged {
            usual = usual.min(since.elapsed());
        }
    }
    assert!(is_done(writer(&server, &cache, ROUNDS + 1)));
    println!(
        "{ROUNDS} kills: {acknowledged} after the end, {published} between publication and end"
    );
}

fn generation(text: &str) -> u32 {
    let digits = text.split("lessee").nth(1).unwrap().trim_end().trim_end_matches('.');
    digits.parse().unwrap()
}
