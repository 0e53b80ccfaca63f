//! A copy of a server's folder, made as the README tells while it works, is a server again.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Client, Setup, TestServer};
use crate::app::{Run, binary};

const COPIES: usize = 2;

/// The commands of the README, in its order.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let database = from.join("jely.db");
    let backup = format!(".backup '{}'", to.join("jely.db").display());
    assert!(Command::new("sqlite3").arg(database).arg(backup).status().unwrap().success());
    for name in ["version", "bots", "originals"] {
        // What goes while it is copied is an error of `cp`, which the doctor judges.
        let mut cp = Command::new("cp");
        cp.arg("-a").arg(from.join(name)).arg(to).stderr(std::process::Stdio::null());
        cp.status().unwrap();
    }
}

/// Trains and asks until it is told to stop.
fn go_on(client: &Client, bot: &str, stop: &AtomicBool) {
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let text = format!("# Berth {number}\n\nBerth {number} is {number} metres long.\n");
        client.train(bot, &format!("berth{number}.md"), text);
        client.say(bot, "How long is the first berth?", None).expect(200);
        // A copy is checked document by document.
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_copy_made_while_the_server_works_is_a_server() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        println!("skipped: there is no sqlite3");
        return;
    }
    // What was under way when it was copied is leased to the other server for that long.
    let server = TestServer::start(Setup::config("[training]\nlease_seconds = 5\n"));
    let client = server.client();
    let bot = client.create_bot("Quay");
    client.train(&bot, "quay.md", "# Quay\n\nThe quay is open from 6:00 to 22:30.\n");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| go_on(&client, &bot, &stop));
        let copies = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 0..COPIES {
                std::thread::sleep(Duration::from_millis(150 * number as u64));
                check(&server, &client, &bot, number);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        worker.join().unwrap();
        copies.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    });
}

/// Makes a copy and starts a server on it, which knows what was acknowledged before.
fn check(server: &TestServer, client: &Client, bot: &str, number: usize) {
    let said = client.say(bot, "When is the quay open?", None).expect(200).json();
    let documents = format!("/v1/bots/{bot}/documents?limit=100");
    let known = client.get(&documents).expect(200).json();
    let known: Vec<_> = known["documents"].as_array().unwrap().clone();
    let to = server.data().with_file_name(format!("copy{number}"));
    copy(&server.data(), &to);
    let mut doctor = Command::new(binary());
    doctor.args(["doctor", "--repair", "--json", "--data"]).arg(&to);
    Run::of(doctor.output().unwrap()).ends(0);
    let copied = TestServer::on_copy(&to, Setup::default(), server.key());
    let client = copied.client();
    let conversation = said["conversationId"].as_str().unwrap();
    let history = client.get(&format!("/v1/chat/history/{conversation}")).expect(200).json();
    assert_eq!(history["messages"][1]["content"], said["response"]);
    let again = client.say(bot, "When is the quay open?", None).expect(200).json();
    assert_eq!(again["sources"], said["sources"]);
    let since = Instant::now();
    for document in known {
        let path = format!("/v1/bots/{bot}/documents/{}", document["id"].as_str().unwrap());
        // What was queued when it was copied is trained by the copy.
        while client.get(&path).expect(200).json()["document"]["status"] != "trained" {
            assert!(since.elapsed() < Duration::from_secs(60), "{document}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let chunks = client.get(&format!("{path}/chunks")).expect(200).json();
        assert_eq!(chunks["chunks"].as_array().map(Vec::len), Some(1), "{document}");
    }
}
