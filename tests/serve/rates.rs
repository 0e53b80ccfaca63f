//! Limits that are exact: nobody gets more than a plan has, and every reply says what is left, also
//! a thousand at once and after a kill.
#![cfg(unix)]

use std::time::{Duration, Instant};

use super::client::all_at_once;
use super::{Client, Setup, TestServer};

const AT_ONCE: usize = 1_000;

/// A window that does not fill while a test looks at it.
fn limit(requests: u32) -> Setup {
    Setup::config(&format!("[plans.pro]\nrequests = {requests}\nwindow_seconds = 4000000000\n"))
}

/// What is left after each of a thousand requests that were let in, sorted.
fn remaining(client: &Client) -> Vec<u64> {
    let requests = vec![client.request("GET", "/v1/bots"); AT_ONCE];
    let mut remaining = Vec::new();
    for reply in all_at_once(&requests) {
        match reply.status {
            200 => remaining.push(reply.number("x-ratelimit-remaining")),
            _ => {
                let refused = reply.refused(429, "RATE_LIMIT_EXCEEDED");
                assert_eq!(refused.number("x-ratelimit-remaining"), 0);
                assert!(refused.number("retry-after") > 0);
            }
        }
    }
    remaining.sort_unstable();
    remaining
}

#[test]
fn every_reply_tells_what_is_left_and_the_last_when_to_come_again() {
    let server = TestServer::start(Setup::config(
        "[plans.pro]\nrequests = 3\nwindow_seconds = 3000\nmessages_per_month = 10\n",
    ));
    let client = server.client();
    for remaining in [2, 1, 0] {
        let reply = client.get("/v1/bots").expect(200);
        assert_eq!(reply.number("x-ratelimit-limit"), 3);
        assert_eq!(reply.number("x-ratelimit-remaining"), remaining);
        assert!(reply.header("ratelimit").is_some_and(|told| told.contains("r=")), "{reply:?}");
    }
    let refused = client.get("/v1/bots").refused(429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(refused.number("x-ratelimit-remaining"), 0);
    assert!((990..=1_000).contains(&refused.number("retry-after")), "{refused:?}");
    // Another key has its own.
    let other = client.with_key(Some(&server.new_key("other", "pro")));
    assert_eq!(other.get("/v1/bots").expect(200).number("x-ratelimit-remaining"), 2);
}

#[test]
fn a_thousand_requests_at_once_are_counted_to_the_last_one() {
    let mut server = TestServer::start(limit(700));
    assert!(remaining(&server.client()).into_iter().eq(0..700));
    server.kill();
    server.restart();
    server.client().get("/v1/bots").refused(429, "RATE_LIMIT_EXCEEDED");
}

#[test]
fn an_end_in_order_loses_nothing_and_a_kill_gives_nothing_away() {
    let mut server = TestServer::start(limit(2_000));
    assert!(remaining(&server.client()).into_iter().eq(1_000..2_000));
    server.terminate();
    assert!(server.ended().success());
    server.restart();
    let reply = server.client().get("/v1/bots").expect(200);
    assert_eq!(reply.number("x-ratelimit-remaining"), 999);
    server.kill();
    server.restart();
    let left = server.client().get("/v1/bots").expect(200).number("x-ratelimit-remaining");
    // A block of this plan is a hundred requests; it was held by the server that was killed.
    assert!((898..=998).contains(&left), "{left}");
    assert!(remaining(&server.client()).into_iter().eq(0..left));
}

#[test]
fn a_months_messages_are_given_to_the_last_one_and_no_further() {
    let mut server = TestServer::start(Setup::config(
        "[plans.pro]\nrequests = 100000\nmessages_per_month = 300\n\
         [chat]\nwaiting_max = 2000\nseconds_max = 120\n",
    ));
    let client = server.client();
    let bot = client.create_bot("Shop");
    let body = serde_json::json!({"botId": bot, "message": "Where is my bike?"});
    let requests = vec![client.request("POST", "/v1/chat/send").json(&body); AT_ONCE];
    let mut conversations = std::collections::BTreeSet::new();
    for reply in all_at_once(&requests) {
        if reply.status == 200 {
            let said = reply.json();
            assert!(conversations.insert(said["conversationId"].as_str().unwrap().to_owned()));
        } else {
            reply.refused(403, "QUOTA_EXCEEDED");
        }
    }
    assert_eq!(conversations.len(), 300);
    server.kill();
    server.restart();
    let client = server.client();
    client.say(&bot, "Where is my bike?", None).refused(403, "QUOTA_EXCEEDED");
    for conversation in conversations.iter().take(20) {
        let history = client.get(&format!("/v1/chat/history/{conversation}")).expect(200).json();
        assert_eq!(history["messages"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn the_last_use_of_a_key_is_noted() {
    let mut server = TestServer::new();
    let used = |server: &TestServer| {
        let keys = server.jely(&["keys", "list"]).ends(0).json_lines();
        keys[0]["lastUsedAt"].as_i64()
    };
    assert_eq!(used(&server), None);
    server.client().get("/v1/bots").expect(200);
    // Not at once, for that would be a write for each request.
    let since = Instant::now();
    while used(&server).is_none() {
        assert!(since.elapsed() < Duration::from_secs(30), "the use is not noted");
        std::thread::sleep(Duration::from_millis(500));
    }
    let first = used(&server);
    server.client().get("/v1/bots").expect(200);
    server.terminate();
    assert!(server.ended().success());
    assert!(used(&server) > first, "an end notes what is left to note");
}

#[test]
fn who_guesses_keys_is_not_listened_to_and_others_are() {
    let server = TestServer::start(Setup::config("[limits]\nunknown_keys_per_minute = 4\n"));
    let client = server.client();
    client.get("/v1/bots").expect(200);
    let unknown = TestServer::new().key().to_owned();
    let stranger = client.with_key(Some(&unknown));
    for _ in 0..4 {
        stranger.get("/v1/bots").refused(401, "INVALID_API_KEY");
    }
    let refused = stranger.get("/v1/bots").refused(429, "RATE_LIMIT_EXCEEDED");
    assert!((1..=15).contains(&refused.number("retry-after")), "{refused:?}");
    assert!(refused.header("x-ratelimit-limit").is_none(), "there is no plan to tell of");
    // A slip of the hand is told without a look, and does not count.
    client.with_key(Some("jt_live_abc")).get("/v1/bots").refused(401, "INVALID_API_KEY");
    client.get("/v1/bots").expect(200);
}
