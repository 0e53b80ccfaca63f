//! Webhooks: signed, told at least once, retried, replayed, disabled.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Setup, TestServer};

/// How long an event is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something a receiver was told.
#[derive(Debug)]
struct Told {
    headers: Vec<(String, String)>,
    body: String,
}

impl Told {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Listens, and replies with these statuses in turn, the last of them for ever.
fn receiver(statuses: &'static [&'static str]) -> (SocketAddr, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let status = statuses[number.min(statuses.len() - 1)];
            if tell.send(take(&stream.unwrap(), status)).is_err() {
                return;
            }
        }
    });
    (address, told)
}

fn take(mut stream: &TcpStream, status: &str) -> Told {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        line.clear();
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(reply.as_bytes()).unwrap();
    Told { headers, body: String::from_utf8(body).unwrap() }
}

fn server() -> TestServer {
    TestServer::start(Setup::config("[webhooks]\nallow_private = true\ntimeout_seconds = 2\n"))
}

#[test]
fn events_are_told_in_the_promised_shape_and_signed() {
    let server = server();
    let client = server.client();
    let (address, told) = receiver(&["204 No Content"]);
    let made = client.post("/v1/webhooks", &json!({"url": format!("http://{address}/hook")}));
    let made = made.expect(201).json();
    let secret = made["webhook"]["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let listed = client.get("/v1/webhooks").expect(200).json();
    assert!(listed["webhooks"][0]["secret"].is_null(), "{listed}");
    let bot = client.create_bot("Shop");
    let body = json!({"botId": bot, "message": "Hello", "userId": "user_1"});
    let said = client.post("/v1/chat/send", &body).expect(200).json();
    let mut events: Vec<Told> = (0..3).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
    events.sort_by_key(|told| told.json()["event"].as_str().unwrap().to_owned());
    let names: Vec<_> = events.iter().map(|told| told.json()["event"].clone()).collect();
    assert_eq!(names, ["conversation.started", "message.received", "message.sent"]);
    for told in &events {
        assert!(told.body.starts_with("{\"event\":\""), "{}", told.body);
        assert!(told.json()["timestamp"].is_string());
        assert!(told.header("webhook-id").starts_with("evt_"));
        assert!(told.header("webhook-timestamp").parse::<u64>().unwrap() > 1_700_000_000);
        assert!(told.header("webhook-signature").starts_with("v1,"));
    }
    let data = &events[1].json()["data"];
    assert_eq!(data["botId"], bot);
    assert_eq!(data["conversationId"], said["conversationId"]);
    let message = json!({"id": said["userMessageId"], "content": "Hello", "userId": "user_1"});
    assert_eq!(data["message"], message);
    // For a day after a rotation both secrets sign.
    let hook = made["webhook"]["id"].as_str().unwrap();
    let rotated = client.request("POST", &format!("/v1/webhooks/{hook}/rotate")).send();
    assert_ne!(rotated.expect(200).json()["webhook"]["secret"], secret);
    client.request("POST", &format!("/v1/webhooks/{hook}/test")).send().expect(202);
    let tested = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(tested.json()["event"], "webhook.test");
    assert_eq!(tested.header("webhook-signature").split(' ').count(), 2);
}

#[test]
fn a_receiver_that_fails_is_told_again_and_one_that_is_gone_no_more() {
    let mut server = server();
    let client = server.client();
    let (address, told) = receiver(&["500 Internal Server Error", "200 OK", "410 Gone"]);
    let body = json!({"url": format!("http://{address}/"), "events": ["message.sent"]});
    let made = client.post("/v1/webhooks", &body).expect(201).json();
    let hook = made["webhook"]["id"].as_str().unwrap().to_owned();
    let bot = client.create_bot("Shop");
    client.say(&bot, "Hello", None).expect(200);
    let first = told.recv_timeout(PATIENCE).unwrap();
    // What waits outlives a kill.
    server.kill();
    server.restart();
    let second = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(second.body, first.body);
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    let client = server.client();
    let deliveries = format!("/v1/webhooks/{hook}/deliveries");
    let delivered = || client.get(&deliveries).expect(200).json()["deliveries"][0].clone();
    while delivered()["status"] != "delivered" {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Of the first attempt the server may not have lived to note what came of it.
    assert!(delivered()["attempts"].as_u64().unwrap() >= 1);
    let id = delivered()["id"].as_str().unwrap().to_owned();
    client.request("POST", &format!("{deliveries}/{id}/replay")).send().expect(202);
    told.recv_timeout(PATIENCE).unwrap();
    let status = || client.get("/v1/webhooks").expect(200).json()["webhooks"][0].clone();
    while status()["status"] != "disabled" {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(status()["disabledReason"].as_str().unwrap().contains("410"));
    client.say(&bot, "Hello", None).expect(200);
    assert!(told.recv_timeout(Duration::from_millis(300)).is_err());
    for act in [format!("{deliveries}/{id}/replay"), format!("/v1/webhooks/{hook}/test")] {
        client.request("POST", &act).send().refused(409, "WEBHOOK_DISABLED");
    }
    client.delete(&format!("/v1/webhooks/{hook}")).expect(200);
    client.get(&deliveries).refused(404, "NOT_FOUND");
}

#[test]
fn addresses_of_this_machine_are_refused_unless_allowed() {
    let server = TestServer::new();
    let client = server.client();
    for url in ["http://example.com/", "https://127.0.0.1/", "https://[::1]:9/", "x", ""] {
        client.post("/v1/webhooks", &json!({"url": url})).refused(400, "INVALID_REQUEST");
    }
    let unknown = json!({"url": "https://example.com/", "events": ["message.lost"]});
    client.post("/v1/webhooks", &unknown).refused(400, "INVALID_REQUEST");
}
