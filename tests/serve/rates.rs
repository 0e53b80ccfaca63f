//! Limits that are exact: nobody gets more than a plan has, and every reply says what is left.

use super::{Setup, TestServer};

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
