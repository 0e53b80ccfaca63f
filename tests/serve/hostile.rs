//! Requests that are too large, too deep, too slow, or never end: each is refused with a reason,
//! and nothing is left of it.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Client, Pending, Setup, TestServer};

/// A server that waits for bytes for a second.
fn impatient() -> TestServer {
    TestServer::start(Setup::config("[limits]\nread_seconds = 1\n"))
}

fn uploads(server: &TestServer) -> usize {
    std::fs::read_dir(server.data().join("uploads")).unwrap().count()
}

/// Asserts that nothing is left of an upload to a bot, soon.
#[track_caller]
fn nothing_is_left(server: &TestServer, bot: &str) {
    let since = Instant::now();
    while uploads(server) > 0 {
        assert!(since.elapsed() < Duration::from_secs(10), "a file is left");
        std::thread::sleep(Duration::from_millis(20));
    }
    let documents = server.client().get(&format!("/v1/bots/{bot}/documents")).expect(200).json();
    assert_eq!(documents["documents"], json!([]));
    let originals = server.data().join("originals");
    let stored = std::fs::read_dir(originals).map_or(0, |entries| entries.count());
    assert_eq!(stored, 0, "bytes are left");
}

#[test]
fn bodies_have_a_size_and_a_depth() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let say = |message: &str| client.say(&bot, message, None);
    say(&"a".repeat(8 << 10)).expect(200);
    let refused = say(&"a".repeat((8 << 10) + 1)).refused(400, "INVALID_REQUEST").json();
    assert_eq!(refused["error"]["details"][0]["field"], "message");
    let large = json!({"name": "a".repeat(300 << 10)});
    client.post("/v1/bots", &large).refused(413, "FILE_TOO_LARGE");
    let keyed = client.request("POST", "/v1/bots").header("idempotency-key", "k").json(&large);
    keyed.send().refused(413, "FILE_TOO_LARGE");
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let body =
            format!(r#"{{"botId":"{bot}","message":"Hi","metadata":{{"a":{open}{close}}}}}"#);
        let request = client.request("POST", "/v1/chat/send");
        request.header("content-type", "application/json").bytes(body).send()
    };
    nested(100).expect(200);
    let deep = nested(200).refused(400, "INVALID_REQUEST").text();
    assert!(deep.contains("recursion"), "{deep}");
    nested(50_000).refused(400, "INVALID_REQUEST");
}

#[test]
fn headers_have_a_number_and_a_size() {
    let server = TestServer::new();
    let client = server.client();
    let with = |count: usize, length: usize| {
        let value = "v".repeat(length);
        let request = client.request("GET", "/v1/bots");
        (0..count).fold(request, |request, n| request.header(&format!("x-{n}"), &value)).send()
    };
    with(90, 100).expect(200);
    with(101, 1).expect(431);
    with(1, 200 << 10).expect(431);
}

#[test]
fn a_key_is_given_once_and_in_one_way() {
    let server = TestServer::new();
    let (client, key) = (server.client(), server.key());
    let nobody = client.with_key(None);
    let given = |values: &[String]| {
        let request = nobody.request("GET", "/v1/bots");
        values.iter().fold(request, |request, value| request.header("authorization", value)).send()
    };
    given(&[format!("bearer {key}")]).expect(200);
    for values in [
        vec![],
        vec![format!("Bearer {key}"), format!("Bearer {key}")],
        vec![format!("Bearer {key}"), "Bearer x".to_owned()],
        vec![format!("Basic {key}")],
        vec![key.to_owned()],
        vec!["Bearer ".to_owned()],
        vec![format!("Bearer {key}x")],
        vec![format!("Bearer {}", key.to_uppercase())],
        vec!["Bearer \u{fc}".to_owned()],
    ] {
        let refused = given(&values).refused(401, "INVALID_API_KEY");
        assert!(refused.header("x-request-id").is_some());
    }
    nobody.get("/v1/nothing").refused(401, "INVALID_API_KEY");
    client.get("/v1/nothing").refused(404, "NOT_FOUND");
}

#[test]
fn no_other_origin_is_answered() {
    let server = TestServer::new();
    let client = server.client();
    let origin = |method: &str| {
        let request = client.request(method, "/v1/bots").header("origin", "https://evil.example");
        request.header("access-control-request-method", "GET").send()
    };
    for reply in [origin("GET").expect(200), origin("OPTIONS")] {
        let allowed = reply.headers.iter().find(|(name, _)| name.starts_with("access-control"));
        assert_eq!(allowed, None);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    // What a page of a stranger's can send without asking is no JSON.
    let body = json!({"name": "Mine"}).to_string();
    let form = client.request("POST", "/v1/bots").header("content-type", "text/plain").bytes(body);
    form.send().refused(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[test]
fn who_is_slow_is_not_waited_for() {
    let server = impatient();
    let client = server.client();
    let bot = client.create_bot("Shop");
    // Headers that never end.
    let mut silent = Pending::open(client.address).unwrap();
    silent.write(b"GET /v1/bots HTTP/1.1\r\nhost: a\r\n").unwrap();
    // A body of JSON of which a byte comes now and then.
    let body = json!({"name": "a".repeat(100)});
    let wire = client.request("POST", "/v1/bots").json(&body).wire();
    let (head, rest) = wire.split_at(wire.len() - 100);
    let mut dripping = Pending::open(client.address).unwrap();
    dripping.write(head).unwrap();
    // An upload that stops.
    let upload = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let wire = upload.file("a.md", &[b'a'; 5_000]).wire();
    let mut stopped = Pending::open(client.address).unwrap();
    stopped.write(&wire[..wire.len() - 2_000]).unwrap();
    // An upload of which a few bytes come, and then a few more.
    let mut crawling = Pending::open(client.address).unwrap();
    crawling.write(&wire[..wire.len() - 4_800]).unwrap();
    let since = Instant::now();
    for at in 0..12 {
        std::thread::sleep(Duration::from_millis(250));
        // Refused or not, nobody reads it.
        let _ = dripping.write(&rest[at..=at]);
        let from = wire.len() - 4_800 + at;
        let _ = crawling.write(&wire[from..=from]);
    }
    assert!(since.elapsed() >= Duration::from_secs(3));
    for late in [dripping, stopped, crawling] {
        let told = late.reply().unwrap().refused(400, "INVALID_REQUEST").text();
        assert!(told.contains("within 1 s"), "{told}");
    }
    let mut rest = Vec::new();
    let _ = silent.0.read_to_end(&mut rest);
    assert!(since.elapsed() < Duration::from_secs(10), "silence holds a place");
    assert_eq!(client.get("/v1/bots").expect(200).json()["bots"].as_array().unwrap().len(), 1);
    nothing_is_left(&server, &bot);
}

#[test]
fn only_so_many_uploads_are_received_at_once() {
    let server = TestServer::start(Setup::config("[limits]\nread_seconds = 1\nuploads_max = 1\n"));
    let client = server.client();
    let bot = client.create_bot("Shop");
    let upload = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let wire = upload.clone().file("a.md", &[b'a'; 64 << 10]).wire();
    let (begin, rest) = wire.split_at(wire.len() - 5_000);
    let mut first = Pending::open(client.address).unwrap();
    first.write(begin).unwrap();
    while uploads(&server) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = upload.clone().file("b.md", b"# B\n").begin().unwrap();
    let (dripped, rest) = rest.split_at(8);
    for byte in dripped {
        std::thread::sleep(Duration::from_millis(200));
        first.write(&[*byte]).unwrap();
    }
    second.reply().unwrap().refused(503, "OVERLOADED");
    first.write(rest).unwrap();
    first.reply().unwrap().expect(202);
    upload.file("b.md", b"# B\n").send().expect(202);
}

#[test]
fn who_hangs_up_leaves_nothing_behind() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let upload = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let wire = upload.file("a.md", &vec![b'a'; 3 << 20]).wire();
    for share in [10, 50, 99] {
        let mut gone = Pending::open(client.address).unwrap();
        gone.write(&wire[..wire.len() * share / 100]).unwrap();
        while uploads(&server) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        gone.0.shutdown(Shutdown::Both).unwrap();
        drop(gone);
        nothing_is_left(&server, &bot);
    }
    let body = json!({"name": "Half a bot"});
    let wire = client.request("POST", "/v1/bots").json(&body).wire();
    let mut gone = Pending::open(client.address).unwrap();
    gone.write(&wire[..wire.len() - 5]).unwrap();
    drop(gone);
    // A key of a request that was not completed is free.
    let keyed = client.request("POST", "/v1/bots").header("idempotency-key", "k");
    let wire = keyed.clone().json(&body).wire();
    let mut gone = Pending::open(client.address).unwrap();
    gone.write(&wire[..wire.len() - 5]).unwrap();
    drop(gone);
    keyed.json(&json!({"name": "Another"})).send().expect(201);
    let bots = client.get("/v1/bots").expect(200).json();
    assert_eq!(bots["bots"].as_array().unwrap().len(), 2, "{bots}");
}

/// A form whose file goes on for as long as somebody reads it; how many bytes that were.
fn endless(client: &Client, bot: &str) -> (usize, Option<super::Reply>) {
    let upload = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let wire = upload.file("a.md", b"").wire();
    let text = String::from_utf8(wire).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("content-length: ", "content-length: 99999999");
    let (part, _) = body.split_once("\r\n\r\n").unwrap();
    let mut open = Pending::open(client.address).unwrap();
    open.write(format!("{head}\r\n\r\n{part}\r\n\r\n").as_bytes()).unwrap();
    let mut writer = open.0.try_clone().unwrap();
    let sent = std::thread::spawn(move || {
        let piece = vec![b'a'; 64 << 10];
        let mut sent = 0;
        while sent < 900 << 20 && writer.write_all(&piece).is_ok() {
            sent += piece.len();
        }
        sent
    });
    // A server that stops reading ends the connection, and the reply may go with it.
    let reply = open.reply().ok();
    (sent.join().unwrap(), reply)
}

#[test]
fn a_file_that_is_too_large_is_refused_while_it_is_read() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let upload = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let large = upload.clone().file("large.md", &vec![b'a'; 51 << 20]);
    large.send().refused(413, "FILE_TOO_LARGE");
    nothing_is_left(&server, &bot);
    // Also where nobody looks into the body.
    let stranger = client.with_key(None).request("POST", "/v1/bots/bot_1/train");
    let some = vec![b'a'; 3 << 20];
    stranger.file("a.md", &some).send().refused(401, "INVALID_API_KEY");
    let nowhere = client.request("POST", "/v1/bots/bot_1/train");
    nowhere.file("a.md", &some).send().refused(404, "BOT_NOT_FOUND");
    let (sent, reply) = endless(&client, &bot);
    assert!((50 << 20..80 << 20).contains(&sent), "{sent} bytes were taken");
    if let Some(reply) = reply {
        reply.refused(413, "FILE_TOO_LARGE");
    }
    nothing_is_left(&server, &bot);
    // Files beyond the number, and forms that are none.
    let many = vec![(Some("a.md"), "file", b"# A\n".as_slice()); 21];
    upload.clone().form(&many).send().refused(400, "INVALID_REQUEST");
    upload.clone().form(&[(None, "metadata", b"{}")]).send().refused(400, "INVALID_REQUEST");
    upload.clone().json(&json!({})).send().refused(400, "INVALID_REQUEST");
    let odd = [(Some("a.md"), "file", b"# A\n".as_slice()), (None, "metadata", b"[1]")];
    upload.clone().form(&odd).send().refused(400, "INVALID_REQUEST");
    let long = "a".repeat(1 << 20);
    upload.clone().file(&long, b"# A\n").send().refused(400, "INVALID_REQUEST");
    let image = [0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0, 0, 13];
    upload.file("a.pdf", &image).send().refused(415, "UNSUPPORTED_MEDIA_TYPE");
    nothing_is_left(&server, &bot);
}
