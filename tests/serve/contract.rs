//! The contract, request by request, as it was promised: names, nesting, formats, order.

use serde_json::json;

use super::TestServer;
use super::client::Reply;

const MANUAL: &str = "---\ntitle: Heater manual\n---\n\n# Safety\n\nNever cover the heater. \
The surface reaches 80 degrees.\n\n# Warranty\n\nThe warranty lasts five years from purchase.\n";

/// Asserts that a reply begins with these members, in this order.
#[track_caller]
fn begins_with(reply: &Reply, members: &[&str]) {
    let text = reply.text();
    let mut rest = text.as_str();
    for member in members {
        let name = format!("\"{member}\":");
        let at = rest.find(&name).unwrap_or_else(|| panic!("no {member} here, in {text}"));
        rest = &rest[at + name.len()..];
    }
}

/// Asserts a time in ISO 8601, in UTC.
#[track_caller]
fn is_time(value: &serde_json::Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    let shape: String =
        text.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{text}");
}

#[test]
fn a_bot_is_made_trained_asked_and_measured_as_promised() {
    let server = TestServer::new();
    let client = server.client();

    // POST /v1/bots
    let reply = client.post(
        "/v1/bots",
        &json!({
            "name": "Support Bot",
            "description": "Answers questions on heaters",
            "configuration": {
                "greeting": "Hello! How can I help?",
                "theme": {"primaryColor": "#007bff", "position": "bottom-right"},
            },
        }),
    );
    let reply = reply.expect(201);
    begins_with(&reply, &["success", "bot", "id", "name", "status", "createdAt"]);
    let body = reply.json();
    assert_eq!(body["success"], true);
    assert_eq!(body["bot"]["name"], "Support Bot");
    assert_eq!(body["bot"]["status"], "active");
    is_time(&body["bot"]["createdAt"]);
    let bot = body["bot"]["id"].as_str().unwrap().to_owned();
    assert!(bot.starts_with("bot_"));

    // POST /v1/bots/:botId/train
    let train = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let metadata = br#"{"title":"Heater manual","category":"manuals","edition":3}"#;
    let form: &[(Option<&str>, &str, &[u8])] =
        &[(Some("heater.md"), "file", MANUAL.as_bytes()), (None, "metadata", metadata)];
    let reply = train.header("prefer", "wait=60").form(form).send().expect(200);
    let body = reply.json();
    assert_eq!(body["success"], true);
    assert_eq!(body["document"]["status"], "trained", "{body}");
    assert_eq!(body["document"]["title"], "Heater manual");
    assert_eq!(body["document"]["metadata"], json!({"category": "manuals", "edition": "3"}));
    assert_eq!(body["job"]["status"], "done");

    // POST /v1/chat/send
    let reply = client.post(
        "/v1/chat/send",
        &json!({
            "botId": bot,
            "message": "How long is the warranty?",
            "userId": "user_123",
            "metadata": {"source": "website", "userAgent": "Mozilla/5.0"},
        }),
    );
    let reply = reply.expect(200);
    begins_with(
        &reply,
        &["success", "response", "conversationId", "messageId", "timestamp", "userMessageId"],
    );
    let said = reply.json();
    assert!(said["response"].as_str().unwrap().contains("five years"), "{said}");
    assert!(said["conversationId"].as_str().unwrap().starts_with("conv_"));
    assert!(said["messageId"].as_str().unwrap().starts_with("msg_"));
    is_time(&said["timestamp"]);
    assert_eq!(said["answered"], true);
    let source = &said["sources"][0];
    assert_eq!(source["documentId"], body["document"]["id"]);
    assert_eq!(source["headings"], json!(["Warranty"]));
    assert_eq!(source["excerpt"], "The warranty lasts five years from purchase.");

    // GET /v1/chat/history/:conversationId
    let conversation = said["conversationId"].as_str().unwrap();
    let reply = client.get(&format!("/v1/chat/history/{conversation}")).expect(200);
    begins_with(
        &reply,
        &["success", "conversationId", "messages", "id", "role", "content", "timestamp"],
    );
    let body = reply.json();
    assert_eq!(body["conversationId"], conversation);
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!(messages[0]["content"], "How long is the warranty?");
    assert_eq!(messages[0]["id"], said["userMessageId"]);
    assert_eq!(messages[1]["content"], said["response"]);
    assert_eq!(messages[1]["id"], said["messageId"]);
    messages.iter().for_each(|message| is_time(&message["timestamp"]));
}

#[test]
fn errors_have_the_promised_shape_and_codes() {
    let server = TestServer::new();
    let client = server.client();
    let reply = client.with_key(None).get("/v1/bots").refused(401, "INVALID_API_KEY");
    begins_with(&reply, &["success", "error", "code", "message", "statusCode"]);
    assert!(reply.header("x-request-id").is_some());
    let unknown = format!("bot_{}", "0".repeat(32));
    for bot in [unknown.as_str(), "nothing", "bot_../../x"] {
        let body = json!({"botId": bot, "message": "Hi"});
        client.post("/v1/chat/send", &body).refused(404, "BOT_NOT_FOUND");
    }
    let bot = client.create_bot("Shop");
    for body in [
        json!({"botId": bot}),
        json!({"botId": bot, "message": ""}),
        json!({"botId": bot, "message": 5}),
        json!({"botId": bot, "message": "a".repeat(9 << 10)}),
        json!({"botId": bot, "message": "Hi", "metadata": []}),
        json!([]),
    ] {
        let reply = client.post("/v1/chat/send", &body).refused(400, "INVALID_REQUEST");
        let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.len() > 10, "{message}");
    }
    // Members that nobody knows are passed over.
    let body = json!({"botId": bot, "message": "Hi", "colour": "red"});
    client.post("/v1/chat/send", &body).expect(200);
    let wrong = client.request("POST", "/v1/chat/send").header("content-type", "application/json");
    wrong.bytes("{\"botId\":").send().refused(400, "INVALID_REQUEST");
    client.get("/v1/bots?limit=x").refused(400, "INVALID_REQUEST");
    client.get("/v1/bots?limit=0").refused(400, "INVALID_REQUEST");
    client.get("/v1/bots/%ff").refused(404, "NOT_FOUND");
    client.get("/v1/nothing").refused(404, "NOT_FOUND");
    client.request("PUT", "/v1/bots").send().refused(405, "METHOD_NOT_ALLOWED");
    let limits = client.get("/v1/bots").expect(200);
    let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    names.iter().for_each(|name| assert!(limits.number(name) > 0, "{name}"));
}

#[test]
fn a_month_that_is_spent_and_a_plan_without_api_are_told() {
    let server = TestServer::start(super::Setup::config(
        "[plans.pro]\nmessages_per_month = 1\n[plans.free]\napi = false\n",
    ));
    let client = server.client();
    let bot = client.create_bot("Shop");
    client.say(&bot, "Hello", None).expect(200);
    client.say(&bot, "Hello", None).refused(403, "QUOTA_EXCEEDED");
    let free = server.new_key("free", "free");
    client.with_key(Some(&free)).get("/v1/bots").refused(403, "PLAN_REQUIRED");
}

#[test]
fn conversations_go_on_and_end() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    client.train(&bot, "heater.md", MANUAL);
    let said = client.say(&bot, "How long is the warranty?", None).expect(200).json();
    let conversation = said["conversationId"].as_str().unwrap();
    let next = client.say(&bot, "From when on?", Some(conversation)).expect(200).json();
    assert_eq!(next["conversationId"], conversation);
    assert!(next["response"].as_str().unwrap().contains("from purchase"), "{next}");
    let other = client.create_bot("Other");
    client.say(&other, "Hi", Some(conversation)).refused(404, "CONVERSATION_NOT_FOUND");
    let end = json!({"conversationId": conversation});
    client.post("/v1/chat/end", &end).expect(200);
    client.post("/v1/chat/end", &end).refused(409, "CONVERSATION_ENDED");
    client.say(&bot, "Hi", Some(conversation)).refused(409, "CONVERSATION_ENDED");
    let rating = json!({"messageId": next["messageId"], "rating": 5});
    client.post("/v1/chat/feedback", &rating).expect(200);
    client.post("/v1/chat/feedback", &rating).expect(200);
    let wrong = json!({"messageId": next["messageId"], "rating": 6});
    client.post("/v1/chat/feedback", &wrong).refused(400, "INVALID_REQUEST");
    let own = json!({"messageId": next["userMessageId"], "rating": 5});
    client.post("/v1/chat/feedback", &own).refused(400, "INVALID_REQUEST");
}

#[test]
fn documents_are_replaced_told_apart_and_deleted() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let first = client.train(&bot, "heater.md", MANUAL);
    let again = client.train(&bot, "heater.md", MANUAL);
    assert_eq!(again["unchanged"], true);
    assert_eq!(again["document"]["id"], first["document"]["id"]);
    let path = format!("/v1/bots/{bot}/train");
    let named = |content: &str, metadata: &str| {
        let form: &[(Option<&str>, &str, &[u8])] = &[
            (Some("prices.md"), "file", content.as_bytes()),
            (None, "metadata", metadata.as_bytes()),
        ];
        let request = client.request("POST", &path).header("prefer", "wait=60");
        request.form(form).send()
    };
    let twin = named(MANUAL, r#"{"title":"The same again"}"#).expect(200).json();
    assert_eq!(twin["document"]["duplicateOf"], first["document"]["id"], "{twin}");
    let old = named("# Prices\n\nA heater costs 90 euros.\n", r#"{"externalId":"prices"}"#);
    let old = old.expect(200).json();
    let new = named("# Prices\n\nA heater costs 120 euros.\n", r#"{"externalId":"prices"}"#);
    let new = new.expect(200).json();
    assert_eq!(new["document"]["id"], old["document"]["id"]);
    let said = client.say(&bot, "What does a heater cost?", None).expect(200).json();
    let response = said["response"].as_str().unwrap();
    assert!(response.contains("120 euros") && !response.contains("90 euros"), "{response}");
    // What cannot be read fails alone, and what was trained under its name stays.
    let failed = named("%PDF-1.4\nnothing", r#"{"externalId":"prices"}"#).expect(200).json();
    assert_eq!(failed["document"]["status"], "failed", "{failed}");
    assert!(failed["document"]["error"]["code"].is_string(), "{failed}");
    let said = client.say(&bot, "What does a heater cost?", None).expect(200).json();
    assert!(said["response"].as_str().unwrap().contains("120 euros"), "{said}");
    let id = new["document"]["id"].as_str().unwrap();
    let document = format!("/v1/bots/{bot}/documents/{id}");
    client.delete(&document).expect(200);
    let said = client.say(&bot, "What does a heater cost?", None).expect(200).json();
    assert!(!said["response"].as_str().unwrap().contains("120"), "{said}");
    client.get(&document).refused(404, "DOCUMENT_NOT_FOUND");
    let listed = client.get(&format!("/v1/bots/{bot}/documents?limit=1")).expect(200).json();
    assert_eq!(listed["pagination"]["hasMore"], true);
    let cursor = listed["pagination"]["cursor"].as_str().unwrap();
    let rest = client.get(&format!("/v1/bots/{bot}/documents?cursor={cursor}")).expect(200).json();
    assert_eq!(rest["documents"].as_array().unwrap().len(), 1);
    client.get(&format!("/v1/bots?cursor={cursor}")).refused(400, "INVALID_REQUEST");
}

#[test]
fn several_files_are_several_documents_each_with_its_own_result() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let form: &[(Option<&str>, &str, &[u8])] = &[
        (Some("a.md"), "file", b"# Hours\n\nWe open at nine.\n"),
        (Some("b.zip"), "file", b"PK\x03\x04\x14\x00\x00\x00"),
    ];
    let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let body = request.header("prefer", "wait=60").form(form).send().expect(200).json();
    assert_eq!(body["results"][0]["document"]["status"], "trained", "{body}");
    assert_eq!(body["results"][1]["success"], false);
    assert_eq!(body["results"][1]["error"]["code"], "UNSUPPORTED_MEDIA_TYPE", "{body}");
    let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
    request.form(&[(None, "metadata", b"{}")]).send().refused(400, "INVALID_REQUEST");
    let request = client.request("POST", &format!("/v1/bots/{bot}/train"));
    let form: &[(Option<&str>, &str, &[u8])] =
        &[(Some("a.md"), "file", b"Text."), (None, "metadata", b"[1]")];
    request.form(form).send().refused(400, "INVALID_REQUEST");
    // The chunks, and what the bot would find.
    let id = body["results"][0]["document"]["id"].as_str().unwrap();
    let chunks = client.get(&format!("/v1/bots/{bot}/documents/{id}/chunks")).expect(200).json();
    assert_eq!(chunks["chunks"][0]["headings"], json!(["Hours"]));
    let search = json!({"query": "open", "explain": true});
    let found = client.post(&format!("/v1/bots/{bot}/search"), &search).expect(200).json();
    assert_eq!(found["passages"][0]["documentId"], id);
    assert!(found["passages"][0]["explanation"]["coverage"].as_f64().unwrap() > 0.5, "{found}");
}

/// The bytes that are stored, by the names of their files.
fn stored(server: &TestServer) -> Vec<String> {
    let shards = std::fs::read_dir(server.data().join("originals")).unwrap();
    let shards = shards.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("tmp"));
    let files = shards.flat_map(|shard| std::fs::read_dir(shard).unwrap());
    files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_waits_is_not_begun_twice_and_leaves_the_disk_when_it_is_deleted() {
    let server = TestServer::new();
    let client = server.client();
    let bot = client.create_bot("Shop");
    let path = format!("/v1/bots/{bot}/train");
    let upload = |content: &[u8]| client.request("POST", &path).file("heater.md", content);
    let first = upload(MANUAL.as_bytes()).send().json();
    let again = upload(MANUAL.as_bytes()).header("prefer", "wait=60").send().expect(200).json();
    assert_eq!(again["unchanged"], true);
    assert_eq!(again["document"]["status"], "trained", "{first} {again}");
    for number in 0..5 {
        let other = upload(format!("{MANUAL}\n\nNumber {number}.\n").as_bytes()).send().json();
        let id = other["document"]["id"].as_str().unwrap();
        client.delete(&format!("/v1/bots/{bot}/documents/{id}")).expect(200);
    }
    upload(b"\x00\x01\x02\x03").send().refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let since = std::time::Instant::now();
    while stored(&server) != [first["document"]["contentHash"].as_str().unwrap()] {
        assert!(since.elapsed().as_secs() < 30, "{:?}", stored(&server));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn what_is_deleted_leaves_the_disk_unless_another_has_it() {
    let server = TestServer::new();
    let client = server.client();
    let (one, other) = (client.create_bot("One"), client.create_bot("Other"));
    let first = client.train(&one, "heater.md", MANUAL);
    client.train(&other, "heater.md", MANUAL);
    let hash = first["document"]["contentHash"].as_str().unwrap().to_owned();
    let gone = |bot: &str| {
        client.delete(&format!("/v1/bots/{bot}")).expect(200);
        client.get(&format!("/v1/bots/{bot}")).refused(404, "BOT_NOT_FOUND");
    };
    let waiting = || {
        let metrics = client.with_key(None).get("/metrics").expect(200).text();
        let line = metrics.lines().find(|line| line.starts_with("jely_jobs_waiting ")).unwrap();
        line.split(' ').nth(1).unwrap().parse::<f64>().unwrap()
    };
    gone(&one);
    while waiting() > 0.0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(stored(&server), [hash]);
    gone(&other);
    let since = std::time::Instant::now();
    while !stored(&server).is_empty() {
        assert!(since.elapsed().as_secs() < 20, "the bytes stay");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
