//! `jely ask --model` from outside, with a server that says one thing.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use crate::app::{Run, TestApp};

const QUESTION: &str = "How many days do I have to return goods?";
const KEY: &str = "sk-very-secret";

/// Answers one request with a status and a body; the request is what the thread returns.
fn serve(status: u16, body: &str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let response = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: close\r\n\
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
