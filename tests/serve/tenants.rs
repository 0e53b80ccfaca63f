//! Accounts see nothing of each other: every route of the description, with another's ids.

use serde_json::{Value, json};

use super::{Client, Setup, TestServer};

/// What an account has, one of each kind.
struct Belongings {
    bot: String,
    document: String,
    job: String,
    conversation: String,
    message: String,
    webhook: String,
    delivery: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Belongings {
    /// Each account has other days, and so other bytes: documents of the same bytes and the same
    /// name have the same id in every bot.
    fn of(client: &Client, days: u32) -> Self {
        let bot = client.create_bot("Shop");
        let returns = format!("# Returns\n\nBikes may be returned within {days} days.\n");
        let trained = client.train(&bot, "returns.md", returns);
        let said = client.say(&bot, "How long may bikes be returned?", None).expect(200).json();
        let webhook = json!({"url": "http://127.0.0.1:9/hook"});
        let webhook = client.post("/v1/webhooks", &webhook).expect(201).json();
        let webhook = text(&webhook["webhook"]["id"]);
        let test = client.request("POST", &format!("/v1/webhooks/{webhook}/test")).send();
        Self {
            bot,
            document: text(&trained["document"]["id"]),
            job: text(&trained["job"]["id"]),
            conversation: text(&said["conversationId"]),
            message: text(&said["messageId"]),
            webhook,
            delivery: text(&test.expect(202).json()["deliveryId"]),
        }
    }

    fn of_kind(&self, parameter: &str) -> &str {
        match parameter {
            "botId" => &self.bot,
            "documentId" => &self.document,
            "jobId" => &self.job,
            "conversationId" => &self.conversation,
            "messageId" => &self.message,
            "webhookId" => &self.webhook,
            "deliveryId" => &self.delivery,
            other => panic!("what is {other}? This test has to know every kind of id"),
        }
    }

    /// All that can be read of it, to see whether it changed.
    fn seen(&self, client: &Client) -> Vec<Value> {
        let Self { bot, document, conversation, .. } = self;
        let paths = [
            format!("/v1/bots/{bot}"),
            format!("/v1/bots/{bot}/documents/{document}"),
            format!("/v1/chat/history/{conversation}"),
            "/v1/webhooks".to_owned(),
        ];
        paths.iter().map(|path| client.get(path).expect(200).json()).collect()
    }
}

/// The code of an unknown thing.
fn code(parameter: &str) -> &'static str {
    match parameter {
        "botId" => "BOT_NOT_FOUND",
        "documentId" => "DOCUMENT_NOT_FOUND",
        "conversationId" => "CONVERSATION_NOT_FOUND",
        _ => "NOT_FOUND",
    }
}

/// A body that a route takes.
fn body(method: &str, path: &str, ids: &Belongings) -> Option<Value> {
    match (method, path) {
        ("patch", _) => Some(json!({"name": "Mine"})),
        ("post", "/v1/bots/{botId}/search") => Some(json!({"query": "bikes"})),
        ("post", "/v1/chat/end") => Some(json!({"conversationId": ids.conversation})),
        ("post", "/v1/chat/feedback") => Some(json!({"messageId": ids.message, "rating": 1})),
        ("post", "/v1/chat/send") => {
            Some(json!({"botId": ids.bot, "message": "How long may bikes be returned?"}))
        }
        _ => None,
    }
}

/// Each operation of the description: method, path, names of the ids in the path.
fn operations(client: &Client) -> Vec<(String, String, Vec<String>)> {
    let description = client.get("/openapi.json").expect(200).json();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let ids = path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned);
        let ids: Vec<_> = ids.collect();
        for method in ["get", "post", "patch", "delete", "put"] {
            if item.get(method).is_some() {
                operations.push((method.to_owned(), path.clone(), ids.clone()));
            }
        }
    }
    operations
}

#[test]
fn no_route_lets_an_account_at_what_is_anothers() {
    let server = TestServer::start(Setup::config("[webhooks]\nallow_private = true\n"));
    let owner = server.client();
    let stranger = owner.with_key(Some(&server.new_key("stranger", "pro")));
    let (owned, own) = (Belongings::of(&owner, 42), Belongings::of(&stranger, 30));
    let before = owned.seen(&owner);
    let (mut tried, mut lists) = (0, Vec::new());
    let check = |method: &str, path: &str, ids: &[&str], expected: &str, body_ids: &Belongings| {
        let mut url = path.to_owned();
        for (name, id) in path.split(['{', '}']).skip(1).step_by(2).zip(ids) {
            url = url.replace(&format!("{{{name}}}"), id);
        }
        let mut request = stranger.request(&method.to_uppercase(), &url);
        if path.ends_with("/train") {
            request = request.file("mine.md", b"# Mine\n\nAll of it is mine.\n");
        } else if let Some(body) = body(method, path, body_ids) {
            request = request.json(&body);
        }
        let reply = request.send();
        assert_eq!(reply.status, 404, "{method} {url}: {}", reply.text());
        reply.refused(404, expected);
    };
    for (method, path, ids) in operations(&owner) {
        // The first of another's, and each of another's below one's own.
        for (place, foreign) in ids.iter().enumerate() {
            let given: Vec<&str> = ids
                .iter()
                .enumerate()
                .map(|(at, id)| if at < place { own.of_kind(id) } else { owned.of_kind(id) })
                .collect();
            check(&method, &path, &given, code(foreign), &own);
            tried += 1;
        }
        if !ids.is_empty() {
            continue;
        }
        match (method.as_str(), path.as_str()) {
            ("post", "/v1/chat/send") => check(&method, &path, &[], "BOT_NOT_FOUND", &owned),
            ("post", "/v1/chat/end") => {
                check(&method, &path, &[], "CONVERSATION_NOT_FOUND", &owned);
            }
            ("post", "/v1/chat/feedback") => check(&method, &path, &[], "NOT_FOUND", &owned),
            ("get", _) => lists.push(path),
            ("post", "/v1/bots" | "/v1/webhooks") => {}
            other => panic!("{other:?} takes no id: can it reach what is another's?"),
        }
    }
    assert!(tried >= 20, "the description names {tried} ids in all paths");
    // A conversation of another's, with one's own bot.
    let said = stranger.say(&own.bot, "And then?", Some(&owned.conversation));
    said.refused(404, "CONVERSATION_NOT_FOUND");
    // Another's documents as a filter: nothing is found.
    let wanted = json!({"query": "bikes", "filter": {"documentIds": [owned.document]}});
    let path = format!("/v1/bots/{}/search", own.bot);
    let found = stranger.post(&path, &wanted).expect(200).json();
    assert_eq!(found["passages"], json!([]));
    for path in &lists {
        let listed = stranger.get(path).expect(200).text();
        for id in [&owned.bot, &owned.webhook, &owned.conversation] {
            assert!(!listed.contains(id.as_str()), "{path}: {listed}");
        }
    }
    assert!(lists.len() >= 2);
    assert_eq!(owned.seen(&owner), before, "something of the owner's changed");
}
