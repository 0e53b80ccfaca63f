//! The server over PostgreSQL, where `JELY_TEST_POSTGRES` names one.

use serde_json::json;

use super::{Setup, TestServer, from_environment};

#[test]
fn a_server_over_postgresql_keeps_what_it_acknowledged() {
    let Some(url) = from_environment("JELY_TEST_POSTGRES") else {
        println!("skipped: JELY_TEST_POSTGRES names no server");
        return;
    };
    let setup = Setup { database: Some(url), ..Setup::default() };
    let mut server = TestServer::start(setup);
    let client = server.client();
    let bot = client.create_bot("Shop");
    client.train(&bot, "hours.md", "# Hours\n\nThe shop opens at nine.\n");
    let said = client.say(&bot, "When does the shop open?", None).expect(200).json();
    assert!(said["response"].as_str().unwrap().contains("nine"), "{said}");
    let conversation = said["conversationId"].as_str().unwrap();
    client.post("/v1/chat/feedback", &json!({"messageId": said["messageId"], "rating": 4}));
    let history = format!("/v1/chat/history/{conversation}");
    let before = client.get(&history).expect(200).json();
    server.kill();
    server.restart();
    let client = server.client();
    assert_eq!(client.get(&history).expect(200).json(), before);
    let figures = client.get(&format!("/v1/bots/{bot}/analytics")).expect(200).json();
    assert_eq!(figures["analytics"]["totalMessages"], 1, "{figures}");
    assert_eq!(figures["analytics"]["averageSatisfaction"], 4.0, "{figures}");
    client.delete(&format!("/v1/bots/{bot}")).expect(200);
    client.get(&history).refused(404, "CONVERSATION_NOT_FOUND");
    assert!(!server.data().join("jely.db").exists());
}
