//! Requests that come twice and count once.

use serde_json::json;

use super::TestServer;

#[test]
fn the_same_key_gives_the_same_reply_and_charges_once() {
    let mut server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let body = json!({"botId": bot, "message": "Hello"});
    let send = |client: &super::Client, key: &str, body: &serde_json::Value| {
        client.request("POST", "/v1/chat/send").header("idempotency-key", key).json(body).send()
    };
    let first = send(&client, "one", &body).expect(200);
    let again = send(&client, "one", &body).expect(200);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = json!({"botId": bot, "message": "Goodbye"});
    send(&client, "one", &other).refused(422, "IDEMPOTENCY_CONFLICT");
    server.kill();
    server.restart();
    let client = server.client();
    assert_eq!(send(&client, "one", &body).expect(200).body, first.body);
    let conversation = first.json()["conversationId"].as_str().unwrap().to_owned();
    let history = client.get(&format!("/v1/chat/history/{conversation}")).expect(200).json();
    assert_eq!(history["messages"].as_array().unwrap().len(), 2);
    // A request that was refused may come again, mended.
    let wrong = json!({"botId": bot, "message": ""});
    send(&client, "two", &wrong).refused(400, "INVALID_REQUEST");
    send(&client, "two", &body).expect(200);
    // A key belongs to its account.
    let stranger = client.with_key(Some(&server.new_key("other", "pro")));
    send(&stranger, "one", &body).refused(404, "BOT_NOT_FOUND");
}

#[test]
fn many_at_once_with_one_key_are_one() {
    let server = TestServer::new();
    let client = server.client();
    let request = client.request("POST", "/v1/bots").header("idempotency-key", "bot");
    let request = request.json(&json!({"name": "Shop"}));
    let pending: Vec<_> = (0..20).map(|_| request.begin().unwrap()).collect();
    let statuses: Vec<u16> = pending.into_iter().map(|one| one.reply().unwrap().status).collect();
    assert!(statuses.contains(&201), "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    let bots = client.get("/v1/bots").expect(200).json();
    assert_eq!(bots["bots"].as_array().unwrap().len(), 1);
}

#[test]
fn an_upload_with_a_key_is_taken_once() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let upload = |content: &str| {
        let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
        let request = request.header("prefer", "wait=60").header("idempotency-key", "up");
        request.file("a.md", content.as_bytes()).send()
    };
    let first = upload("# Hours\n\nWe open at nine.\n").expect(200);
    assert_eq!(upload("# Hours\n\nWe open at nine.\n").expect(200).body, first.body);
    upload("# Hours\n\nWe open at ten.\n").refused(422, "IDEMPOTENCY_CONFLICT");
}
