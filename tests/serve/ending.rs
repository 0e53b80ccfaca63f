//! SIGTERM at a bad moment: what was accepted is finished, or resumed at the next start.
#![cfg(unix)]

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Client, Pending, Setup, TestServer};

const WARRANTY: &str = "# Warranty\n\nThe frame has a warranty of thirty years.\n";

/// A text that takes a while to be indexed, here some seconds.
fn long_text() -> String {
    let line = |number: usize| {
        let word = mixed(number);
        format!("Shelf {word} holds spare part {number} for the model {}.\n\n", word % 977)
    };
    (0..120_000).map(line).collect()
}

/// Words that differ (splitmix64).
fn mixed(number: usize) -> u64 {
    let mixed = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 20
}

fn document(client: &Client, bot: &str, id: &str) -> Value {
    client.get(&format!("/v1/bots/{bot}/documents/{id}")).expect(200).json()
}

/// Waits until a document is trained.
#[track_caller]
fn trained(client: &Client, bot: &str, id: &str) -> Value {
    let since = Instant::now();
    loop {
        let reply = document(client, bot, id);
        match reply["document"]["status"].as_str() {
            Some("trained") => return reply,
            Some("failed") => panic!("{reply}"),
            _ => assert!(since.elapsed() < Duration::from_secs(120), "{reply}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_slow_upload_is_taken_to_its_end() {
    let mut server = TestServer::start(Setup::config("shutdown_seconds = 20\n"));
    let client = server.client();
    let bot = client.create_bot("Shop");
    let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let wire = request.header("prefer", "wait=60").file("warranty.md", WARRANTY.as_bytes()).wire();
    let mut upload = Pending::open(client.address).unwrap();
    let (first, rest) = wire.split_at(wire.len() - 60);
    upload.write(first).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.terminate();
    std::thread::sleep(Duration::from_millis(500));
    assert!(client.request("GET", "/healthz").try_send().is_err(), "nobody new is let in");
    for piece in rest.chunks(20) {
        upload.write(piece).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    let since = Instant::now();
    let reply = upload.reply().unwrap();
    assert!([200, 202].contains(&reply.status), "{}", reply.text());
    let id = reply.json()["document"]["id"].as_str().unwrap().to_owned();
    assert!(server.ended().success(), "{}", server.log());
    assert!(since.elapsed() < Duration::from_secs(15), "nobody waits for what is not begun");
    server.restart();
    trained(&server.client(), &bot, &id);
    let said = server.client().say(&bot, "How long is the warranty of the frame?", None);
    assert!(said.expect(200).text().contains("thirty years"));
}

#[test]
fn a_long_training_is_given_back_and_resumed() {
    let mut server = TestServer::start(Setup::config("shutdown_seconds = 1\n"));
    let client = server.client();
    let bot = client.create_bot("Shop");
    client.train(&bot, "warranty.md", WARRANTY);
    let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let reply = request.file("shelves.md", long_text().as_bytes()).send().expect(202).json();
    let id = reply["document"]["id"].as_str().unwrap();
    while document(&client, &bot, id)["document"]["status"] != "processing" {
        std::thread::sleep(Duration::from_millis(10));
    }
    server.terminate();
    let since = Instant::now();
    assert!(server.ended().success(), "{}", server.log());
    let took = since.elapsed();
    assert!(took < Duration::from_secs(8), "the deadline is one second: {took:?}");
    server.restart();
    let client = server.client();
    // It is not begun anew after a lease has run out, but at once.
    let said = client.say(&bot, "How long is the warranty of the frame?", None).expect(200);
    assert!(said.text().contains("thirty years"), "{}", said.text());
    let reply = trained(&client, &bot, id);
    assert_eq!(reply["job"]["attempts"], 1, "the attempt that was cut off does not count: {reply}");
}

#[test]
fn a_training_that_was_killed_is_taken_up_again() {
    let mut server = TestServer::start(Setup::config("[training]\nlease_seconds = 5\n"));
    let client = server.client();
    let bot = client.create_bot("Shop");
    let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let reply = request.file("shelves.md", long_text().as_bytes()).send().expect(202).json();
    let id = reply["document"]["id"].as_str().unwrap();
    while document(&client, &bot, id)["document"]["status"] != "processing" {
        std::thread::sleep(Duration::from_millis(10));
    }
    server.kill();
    server.restart();
    let reply = trained(&server.client(), &bot, id);
    assert_eq!(reply["job"]["attempts"], 2, "{reply}");
}
