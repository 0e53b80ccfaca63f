//! What operators see: logs without secrets, and metrics without end of neither names nor labels.

use serde_json::{Value, json};

use super::{Client, Setup, TestServer};

const RETURNS: &str = "# Returns\n\nBikes may be returned within 42 days of delivery.\n";

/// A day of a server; the secrets it was told or told.
fn tour(server: &TestServer) -> Vec<String> {
    let client = server.client();
    let mut secrets = vec![server.key().to_owned(), server.new_key("other", "pro")];
    let other = client.with_key(Some(&secrets[1]));
    let bot = client.create_bot("Shop");
    client.train(&bot, "returns.md", RETURNS);
    let hook = json!({"url": "http://127.0.0.1:9/hook"});
    let made = client.post("/v1/webhooks", &hook).expect(201).json();
    let id = made["webhook"]["id"].as_str().unwrap();
    secrets.push(made["webhook"]["secret"].as_str().unwrap().to_owned());
    let rotated = client.request("POST", &format!("/v1/webhooks/{id}/rotate")).send().expect(200);
    secrets.push(rotated.json()["webhook"]["secret"].as_str().unwrap().to_owned());
    client.request("POST", &format!("/v1/webhooks/{id}/test")).send().expect(202);
    client.say(&bot, "How long may bikes be returned?", None).expect(200);
    client.say(&bot, "Who won the World Cup in 1990?", None).expect(200);
    client.say(&bot, "Hello!", None).expect(200);
    let search = json!({"query": "bikes"});
    client.post(&format!("/v1/bots/{bot}/search"), &search).expect(200);
    other.get(&format!("/v1/bots/{bot}")).refused(404, "BOT_NOT_FOUND");
    let unknown = TestServer::new().key().to_owned();
    client.with_key(Some(&unknown)).get("/v1/bots").refused(401, "INVALID_API_KEY");
    secrets.push(unknown);
    secrets
}

#[test]
fn no_log_tells_a_secret_and_every_line_of_a_request_names_it() {
    let setup = Setup { log: "trace", ..Setup::config("[webhooks]\nallow_private = true\n") };
    let server = TestServer::start(setup);
    let secrets = tour(&server);
    let client = server.client();
    client.request("GET", "/v1/bots").header("x-request-id", "my-own.name").send().expect(200);
    let log = server.log();
    assert!(log.lines().count() > 100, "at `trace` there is more to read");
    for secret in &secrets {
        // What follows the kind of a secret is the secret.
        let bare = secret.rsplit('_').next().unwrap();
        assert!(bare.len() > 20, "{secret}");
        assert!(!log.contains(bare), "a log tells a secret");
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let done: Vec<_> = lines.iter().filter(|line| line["message"] == "done").collect();
    assert!(done.len() > 10);
    for line in &done {
        assert!(line["span"]["id"].is_string(), "{line}");
        assert!(line.get("spans").is_none(), "the same is told twice: {line}");
    }
    assert!(done.iter().any(|line| line["span"]["id"] == "my-own.name"));
}

fn metrics(client: &Client) -> String {
    client.with_key(None).get("/metrics").expect(200).text()
}

fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{metrics}")).parse().unwrap()
}

#[test]
fn metrics_tell_stages_and_outcomes_and_grow_with_nobodys_wishes() {
    let server = TestServer::start(Setup::config("[webhooks]\nallow_private = true\n"));
    tour(&server);
    let client = server.client();
    let told = metrics(&client);
    for stage in ["queue", "retrieve", "generate", "job_queue", "parse", "index", "publish"] {
        assert!(value(&told, &format!("jely_stage_seconds_count{{stage=\"{stage}\"}}")) >= 1.0);
    }
    for (name, count) in [
        ("jely_answers_total{outcome=\"answered\"}", 1.0),
        ("jely_answers_total{outcome=\"abstained\"}", 1.0),
        ("jely_answers_total{outcome=\"small_talk\"}", 1.0),
        ("jely_jobs_total{kind=\"train\",outcome=\"done\"}", 1.0),
        ("jely_refused_total{code=\"BOT_NOT_FOUND\"}", 1.0),
        ("jely_refused_total{code=\"INVALID_API_KEY\"}", 1.0),
    ] {
        assert_eq!(value(&told, name), count, "{name}");
    }
    assert!(value(&told, "jely_webhooks_total{outcome=\"retried\"}") >= 1.0);
    let route = "{method=\"POST\",route=\"/v1/bots/{botId}/train\",status=\"200\"}";
    assert_eq!(value(&told, &format!("jely_http_seconds_count{route}")), 1.0);
    // Whatever is asked for, the series are those.
    let wishes = |number: usize| {
        client.request(&format!("METHOD{number}"), "/v1/bots").send();
        client.get(&format!("/v1/nothing/{number}")).refused(404, "NOT_FOUND");
        client.get(&format!("/v1/bots/bot_{number}")).refused(404, "BOT_NOT_FOUND");
        client.with_key(None).get(&format!("/other/{number}"));
    };
    wishes(0);
    let few = metrics(&client).lines().count();
    (1..30).for_each(wishes);
    assert_eq!(metrics(&client).lines().count(), few);
}
