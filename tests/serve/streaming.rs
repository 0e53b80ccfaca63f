//! Answers piece by piece.

use serde_json::{Value, json};

use super::TestServer;

const HOURS: &str = "# Hours\n\nThe shop opens at nine on weekdays and at ten on Saturdays, and it \
is closed on Sundays and on public holidays.\n";

#[test]
fn an_answer_comes_in_pieces_that_make_the_answer() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    client.train(&bot, "hours.md", HOURS);
    let body = json!({"botId": bot, "message": "When does the shop open?", "stream": true});
    let reply = client.post("/v1/chat/send", &body).expect(200);
    assert!(reply.header("content-type").unwrap().starts_with("text/event-stream"));
    let text = reply.text();
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> =
        data[..data.len() - 1].iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    assert!(chunks.len() > 2, "{text}");
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
    let pieces = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    let said: String = pieces.collect();
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["response"], said);
    assert!(said.contains("nine on weekdays"), "{said}");
    assert_eq!(last["sources"][0]["headings"], json!(["Hours"]));
    let conversation = last["conversationId"].as_str().unwrap();
    let history = client.get(&format!("/v1/chat/history/{conversation}")).expect(200).json();
    assert_eq!(history["messages"][1]["content"], said);
}

#[test]
fn what_is_wrong_before_the_first_piece_is_an_error() {
    let server = TestServer::new();
    let client = server.client();
    let body = json!({"botId": "bot_x", "message": "Hi", "stream": true});
    client.post("/v1/chat/send", &body).refused(404, "BOT_NOT_FOUND");
}
