//! What was acknowledged outlives a kill, and SIGTERM is an end in order.
#![cfg(unix)]

use super::TestServer;

const RETURNS: &str = "# Returns\n\nBikes may be returned within 42 days of delivery.\n";

#[test]
fn what_was_acknowledged_outlives_kill_and_end() {
    let mut server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    client.train(&bot, "returns.md", RETURNS);
    let said = client.say(&bot, "How long may bikes be returned?", None).expect(200).json();
    assert!(said["response"].as_str().unwrap().contains("42 days"), "{said}");
    let conversation = said["conversationId"].as_str().unwrap();
    let history = format!("/v1/chat/history/{conversation}");
    let before = client.get(&history).expect(200).json();
    for kill in [true, false] {
        if kill {
            server.kill();
        } else {
            server.terminate();
            assert!(server.ended().success(), "{}", server.log());
        }
        server.restart();
        let client = server.client();
        assert_eq!(client.get(&history).expect(200).json(), before);
        let again = client.say(&bot, "How long may bikes be returned?", None).expect(200).json();
        assert_eq!(again["sources"], said["sources"]);
    }
    let stranger = server.new_key("other", "pro");
    let stranger = server.client().with_key(Some(&stranger));
    stranger.get(&history).refused(404, "CONVERSATION_NOT_FOUND");
    server.client().with_key(None).get(&history).refused(401, "INVALID_API_KEY");
    server.client().delete(&format!("/v1/bots/{bot}")).expect(200);
    server.client().get(&history).refused(404, "CONVERSATION_NOT_FOUND");
    assert!(server.data().join("jely.db").is_file());
    assert!(!server.log().contains(server.key()));
}
