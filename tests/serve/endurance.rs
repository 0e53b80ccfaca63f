//! A server that is killed again and again while it is talked to, trained and told to forget:
//! what it acknowledged is there at the end, to the last message, document, rating and event.
//!
//! Half a minute in every run; `JELY_ENDURANCE_SECONDS=600` for ten minutes with a kill a minute.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Request;
use super::{Client, Setup, TestServer, from_environment};

const SETTINGS: &str = "[plans.pro]\nrequests = 1000000\nmessages_per_month = 10000000\n\
[webhooks]\nallow_private = true\ntimeout_seconds = 2\n[training]\nlease_seconds = 5\n";

/// How long all that was acknowledged may take to come to its end.
const SETTLES_MAX: Duration = Duration::from_secs(180);

/// Most memory that a server may take, in KiB.
const RESIDENT_MAX: u64 = 300 << 10;

/// What the server said is done.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Questions with their replies, by conversation: ids of both.
    messages: BTreeMap<String, BTreeSet<(String, String)>>,
    ratings: BTreeMap<String, u64>,
    /// Words that only one document has, by the document.
    documents: BTreeMap<String, String>,
    deleted: BTreeMap<String, String>,
    /// Of uploads and deletions whose reply was lost nothing is known.
    unknown: BTreeSet<String>,
}

/// What all who work on the server share.
struct Ground {
    address: RwLock<SocketAddr>,
    key: String,
    bot: String,
    is_over: AtomicBool,
    done: Mutex<Acknowledged>,
    told: Mutex<BTreeMap<String, Value>>,
}

impl Ground {
    fn client(&self) -> Client {
        Client { address: *self.address.read().unwrap(), key: Some(self.key.clone()) }
    }

    /// Sends a request; `None` where its reply is lost.
    fn send(&self, request: &Request) -> Option<Value> {
        match request.try_send() {
            Ok(reply) if reply.status < 300 => Some(reply.json()),
            // Busy, or on its way out.
            Ok(reply) if [503, 409, 404].contains(&reply.status) => None,
            Ok(reply) => panic!("{}: {}", reply.status, reply.text()),
            Err(_) => {
                thread::sleep(Duration::from_millis(20));
                None
            }
        }
    }

    fn until_over(&self, mut work: impl FnMut(u64)) {
        let mut round = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            work(round);
            round += 1;
        }
    }
}

/// Talks in conversations of some messages, and rates some replies.
fn talk(ground: &Ground) {
    let mut conversation: Option<String> = None;
    ground.until_over(|round| {
        let body = json!({
            "botId": ground.bot, "message": format!("What does part{} cost?", round % 50),
            "conversationId": conversation,
        });
        let client = ground.client();
        let said = ground.send(&client.request("POST", "/v1/chat/send").json(&body));
        let Some(said) = said else {
            conversation = None;
            return;
        };
        // Events are told one by one, each behind two commits: no more of them than the end can wait for.
        thread::sleep(Duration::from_millis(30));
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        let id = text("conversationId");
        let pair = (text("userMessageId"), text("messageId"));
        ground.done.lock().unwrap().messages.entry(id.clone()).or_default().insert(pair);
        conversation = Some(id).filter(|_| round % 5 != 4);
        if round % 3 == 0 {
            let rating = round % 5 + 1;
            let body = json!({"messageId": said["messageId"], "rating": rating});
            let request = client.request("POST", "/v1/chat/feedback").json(&body);
            if ground.send(&request).is_some() {
                ground.done.lock().unwrap().ratings.insert(text("messageId"), rating);
            }
        }
    });
}

/// Trains documents and deletes every third of them again.
fn train(ground: &Ground) {
    ground.until_over(|round| {
        let word = format!("part{round}");
        let content = format!("# Price of {word}\n\nThe {word} costs {} euros.\n", 10 + round);
        let client = ground.client();
        let request = client.request("POST", &format!("/v1/bots/{}/train", ground.bot));
        let given = ground.send(&request.file(&format!("{word}.md"), content.as_bytes()));
        let Some(given) = given else {
            ground.done.lock().unwrap().unknown.insert(word);
            return;
        };
        let id = given["document"]["id"].as_str().unwrap().to_owned();
        if round % 3 != 2 {
            ground.done.lock().unwrap().documents.insert(id, word);
        } else {
            let path = format!("/v1/bots/{}/documents/{id}", ground.bot);
            let deleted = ground.send(&client.request("DELETE", &path));
            let mut done = ground.done.lock().unwrap();
            match deleted {
                Some(_) => drop(done.deleted.insert(id, word)),
                None => drop(done.unknown.insert(word)),
            }
        }
        thread::sleep(Duration::from_millis(200));
    });
}

/// Takes events, the first time of each with an error.
fn receive(ground: &Ground, listener: &TcpListener) {
    let mut seen = BTreeSet::new();
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        // A server that is killed breaks off in the middle.
        let Some((id, body)) = told(&stream) else { continue };
        let is_first = seen.insert(id.clone());
        let status = if is_first && seen.len() % 2 == 0 { "500 Sorry" } else { "204 Taken" };
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        if (&stream).write_all(reply.as_bytes()).is_ok() && status.starts_with("204") {
            ground.told.lock().unwrap().insert(id, body);
        }
    }
}

fn told(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut id, mut length) = (String::new(), None, 0);
    while reader.read_line(&mut line).ok()? > 2 {
        match line.trim_end().split_once(": ") {
            Some(("webhook-id", value)) => id = Some(value.to_owned()),
            Some(("content-length", value)) => length = value.parse().ok()?,
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((id?, serde_json::from_slice(&body).ok()?))
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[test]
fn what_was_acknowledged_is_there_after_many_kills() {
    let seconds = from_environment("JELY_ENDURANCE_SECONDS");
    let seconds: u64 = seconds.map_or(20, |text| text.parse().unwrap());
    let between = Duration::from_secs((seconds / 10).max(4));
    let mut server = TestServer::start(Setup::config(SETTINGS));
    let client = server.client();
    let bot = client.create_bot("Shop");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let hook = json!({"url": url, "events": ["message.received", "message.sent"]});
    client.post("/v1/webhooks", &hook).expect(201);
    let ground = Arc::new(Ground {
        address: RwLock::new(client.address),
        key: server.key().to_owned(),
        bot,
        is_over: AtomicBool::new(false),
        done: Mutex::default(),
        told: Mutex::default(),
    });
    let receiving = Arc::clone(&ground);
    thread::spawn(move || receive(&receiving, &listener));
    let (since, mut kills, mut resident) = (Instant::now(), 0, 0);
    thread::scope(|scope| {
        let workers: [fn(&Ground); 3] = [talk, talk, train];
        let ground = &*ground;
        let workers: Vec<_> =
            workers.into_iter().map(|work| scope.spawn(move || work(ground))).collect();
        while since.elapsed().as_secs() < seconds && workers.iter().all(|one| !one.is_finished()) {
            thread::sleep(between);
            resident = resident.max(resident_kib(server.pid()));
            server.kill();
            server.restart();
            *ground.address.write().unwrap() = server.client().address;
            kills += 1;
        }
        ground.is_over.store(true, Ordering::Relaxed);
    });
    let done = ground.done.lock().unwrap();
    let replies: usize = done.messages.values().map(BTreeSet::len).sum();
    println!(
        "{kills} kills: {replies} replies in {} conversations, {} ratings, {} documents, {} deleted, \
         {} unknown; at most {} MiB",
        done.messages.len(),
        done.ratings.len(),
        done.documents.len(),
        done.deleted.len(),
        done.unknown.len(),
        resident >> 10,
    );
    assert!(replies > 10 && !done.documents.is_empty());
    assert!(resident < RESIDENT_MAX, "{resident} KiB");
    check_messages(&ground, &done);
    check_documents(&ground, &done);
    check_events(&ground, &done);
}

fn check_messages(ground: &Ground, done: &Acknowledged) {
    for (conversation, pairs) in &done.messages {
        let path = format!("/v1/chat/history/{conversation}");
        let history = ground.client().get(&path).expect(200).json();
        let messages = history["messages"].as_array().unwrap();
        let ids: Vec<&str> = messages.iter().map(|one| one["id"].as_str().unwrap()).collect();
        for (question, reply) in pairs {
            let at = ids.iter().position(|id| id == question);
            let at = at.unwrap_or_else(|| panic!("{question} is lost: {history}"));
            assert_eq!(ids.get(at + 1), Some(&reply.as_str()), "{history}");
            let rating = done.ratings.get(reply);
            assert!(rating.is_none() || messages[at + 1]["rating"].as_u64() == rating.copied());
        }
    }
}

fn check_documents(ground: &Ground, done: &Acknowledged) {
    let since = Instant::now();
    for (id, word) in &done.documents {
        let path = format!("/v1/bots/{}/documents/{id}", ground.bot);
        loop {
            let document = ground.client().get(&path).expect(200).json()["document"].clone();
            match document["status"].as_str().unwrap() {
                "trained" => break,
                "failed" => panic!("{word}: {document}"),
                _ => assert!(since.elapsed() < SETTLES_MAX, "{word} hangs: {document}"),
            }
            thread::sleep(Duration::from_millis(100));
        }
        let body = json!({"query": word, "limit": 1});
        let path = format!("/v1/bots/{}/search", ground.bot);
        let found = ground.client().post(&path, &body).expect(200).json();
        assert_eq!(found["passages"][0]["documentId"], *id, "{word} is not found: {found}");
    }
    for (id, word) in &done.deleted {
        let path = format!("/v1/bots/{}/documents/{id}", ground.bot);
        ground.client().get(&path).expect(404);
        let body = json!({"query": word});
        let path = format!("/v1/bots/{}/search", ground.bot);
        let found = ground.client().post(&path, &body).expect(200).text();
        assert!(!found.contains(&format!("{word} costs")), "{word} is answered from: {found}");
    }
}

fn check_events(ground: &Ground, done: &Acknowledged) {
    let wanted: BTreeSet<&str> = done
        .messages
        .values()
        .flatten()
        .flat_map(|(question, reply)| [question.as_str(), reply.as_str()])
        .collect();
    let since = Instant::now();
    loop {
        let told = ground.told.lock().unwrap();
        let about: BTreeSet<String> = told
            .values()
            .map(|body| body["data"]["message"]["id"].as_str().unwrap().to_owned())
            .collect();
        drop(told);
        let missing = wanted.iter().filter(|id| !about.contains(**id)).count();
        if missing == 0 {
            println!("{} events told", about.len());
            return;
        }
        assert!(since.elapsed() < SETTLES_MAX, "{missing} of {} events are lost", wanted.len());
        thread::sleep(Duration::from_millis(200));
    }
}
