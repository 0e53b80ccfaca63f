//! `jely ask --model` from outside, with a server that says one thing.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use crate::app::{Run, TestApp};

const QUESTION: &str = "How many days do I have to return goods?";
const KEY: &str = "sk-very-secret";

/// Answers one request with a status and a body; the request is what the thread returns.
fn serve(status: u16, body: &str) -> (String, JoinHandle<String>) {
    serve_as("application/json", status, body)
}

fn serve_as(media_type: &str, status: u16, body: &str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let response = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {media_type}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let server = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        // The body is one JSON object and ends with its brace.
        while !(request.ends_with(b"}") && request.windows(4).any(|w| w == b"\r\n\r\n")) {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "half a request");
            request.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(response.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, server)
}

fn ask(app: &TestApp, url: &str, more: &[&str]) -> Run {
    let mut command = app.command();
    command.args(["ask", "shop", QUESTION, "--model", "small", "--model-url", url]).args(more);
    Run::of(command.env("JELY_MODEL_KEY", KEY).output().unwrap())
}

#[test]
fn a_model_says_the_answer_and_the_documents_are_quoted() {
    let app = TestApp::new();
    app.file("returns.md", "# Returns\n\nYou can return goods within 42 days of delivery.\n");
    app.train("shop");
    let said =
        r#"{"choices":[{"message":{"content":"You have 42 days [1]."},"finish_reason":"stop"}]}"#;
    let (url, server) = serve(200, said);
    let answer = ask(&app, &url, &["--json"]).ends(0).json();
    assert_eq!((&answer["generator"], &answer["fallback"]), (&"model".into(), &().into()));
    assert_eq!(answer["answer"], "You have 42 days [1].");
    let excerpt = "You can return goods within 42 days of delivery.";
    assert_eq!(answer["sources"][0]["excerpt"], excerpt);
    let request = server.join().unwrap();
    assert!(request.contains(&format!("Bearer {KEY}")) && request.contains(excerpt), "{request}");

    let (url, server) = serve(401, KEY);
    let run = ask(&app, &url, &[]).ends(0);
    server.join().unwrap();
    assert!(run.stdout.starts_with(excerpt), "{}", run.stdout);
    assert!(run.stdout.contains("(Answered without the model: "), "{}", run.stdout);
    assert!(!run.stdout.contains(KEY) && !run.stderr.contains(KEY));
    ask(&app, "nowhere", &[]).ends(2);
}

/// A stream that says pieces.
fn events(pieces: &[&str]) -> String {
    let event = |piece: &&str| {
        let choice = serde_json::json!({"delta": {"content": piece}, "finish_reason": null});
        format!("data: {}\n\n", serde_json::json!({"choices": [choice]}))
    };
    pieces.iter().map(event).collect::<String>() + "data: [DONE]\n\n"
}

#[test]
fn a_stream_is_shown_once_and_replaced_where_it_does_not_hold() {
    let app = TestApp::new();
    app.file("returns.md", "# Returns\n\nYou can return goods within 42 days of delivery.\n");
    app.train("shop");
    let stream = |pieces: &[&str], more: &[&str]| {
        let (url, server) = serve_as("text/event-stream", 200, &events(pieces));
        let run = ask(&app, &url, more).ends(0);
        assert!(server.join().unwrap().contains("\"stream\":true"));
        run.stdout
    };
    let excerpt = "You can return goods within 42 days of delivery.";
    let shown = stream(&["<think>hm</think>", "You have ", "42 days [1]."], &["--stream"]);
    assert!(shown.starts_with("You have 42 days [1].\n\nSources:\n"), "{shown}");
    assert_eq!(shown.matches("You have").count(), 1, "{shown}");
    let shown = stream(&["You have ", "7 days."], &["--stream"]);
    let expected = "You have 7 days.\n\n(What the model said does not hold as it stands. \
                    The answer is:)\n\nYou can return";
    assert!(shown.starts_with(expected), "{shown}");
    assert!(shown.contains("(Answered without the model: "), "{shown}");
    let shown = stream(&["NO_", "ANSWER"], &["--stream"]);
    assert!(shown.starts_with("I could not find") && !shown.contains("NO_ANSWER"), "{shown}");

    let (url, server) = serve(200, "{}");
    let json = ask(&app, &url, &["--stream", "--json"]).ends(0).json();
    assert!(server.join().unwrap().contains("\"stream\":false"));
    assert_eq!(json["sources"][0]["excerpt"], excerpt);
}

#[test]
fn the_model_is_told_what_was_said_before() {
    let app = TestApp::new();
    app.file("returns.md", "# Returns\n\nYou can return goods within 42 days of delivery.\n");
    app.train("shop");
    let said = "{\"role\":\"user\",\"text\":\"I bought a lantern.\"}\n";
    let file = app.file("said.jsonl", said);
    let reply = r#"{"choices":[{"message":{"content":"42 days [1]."},"finish_reason":"stop"}]}"#;
    let (url, server) = serve(200, reply);
    ask(&app, &url, &["--history", file.to_str().unwrap()]).ends(0);
    assert!(server.join().unwrap().contains("user: I bought a lantern."));
}
