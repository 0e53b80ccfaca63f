//! The README's tour, as it stands there.
#![cfg(unix)]

use std::process::Command;

use serde_json::Value;

use super::TestServer;

/// The block of shell commands under the heading of the API.
fn tour() -> String {
    let readme = include_str!("../../README.md");
    let section = readme.split("## Serve the API").nth(1).unwrap();
    let block = section.split("```sh\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn from_zero_to_an_answer_with_its_source() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: curl is not here");
        return;
    }
    let server = TestServer::new();
    let tour = tour();
    let (given, printed) = ("jt_live_...", "http://127.0.0.1:8080");
    assert!(tour.contains(given) && tour.contains(printed), "{tour}");
    let address = format!("http://{}", server.client().address);
    let script = tour.replace(given, server.key()).replace(printed, &address);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let run = Command::new("sh").arg("-ec").arg(&script).current_dir(root).output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let mut replies = serde_json::Deserializer::from_str(&said).into_iter::<Value>();
    let trained = replies.next().unwrap().unwrap();
    assert_eq!(trained["document"]["status"], "trained", "{trained}");
    let answer = replies.next().unwrap().unwrap();
    assert_eq!(answer["answered"], true, "{answer}");
    let source = &answer["sources"][0];
    assert!(source["page"].as_u64().is_some() && source["excerpt"].is_string(), "{answer}");
}
