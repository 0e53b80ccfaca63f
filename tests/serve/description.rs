//! The description of the API: what is promised validates against it, and every route is in it.

use serde_json::Value;

use super::TestServer;

#[test]
fn every_route_is_described_and_answers_for_itself() {
    let server = TestServer::new();
    let client = server.client();
    let description = client.with_key(None).get("/openapi.json").expect(200).json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 15);
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{name}: another route is called {id} too");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("default"), "{name}: its errors are not described");
            assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
            // It is there: whatever it says to nothing, it is not that the method is unknown.
            let concrete = path.replace(['{', '}'], "");
            let status = client.request(&method.to_uppercase(), &concrete).send().status;
            assert!(status != 405 && status < 500, "{name}: {status}");
            client.with_key(None).request(&method.to_uppercase(), &concrete).send().expect(401);
        }
    }
    assert!(references(&description).iter().all(|name| {
        let schemas = description["components"]["schemas"].as_object().unwrap();
        schemas.contains_key(name)
    }));
}

/// The names of all schemas that are referred to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|path| path.strip_prefix("#/components/schemas/"));
            own.map(str::to_owned)
                .into_iter()
                .chain(members.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_reference_page_needs_no_network() {
    let server = TestServer::new();
    let page = server.client().with_key(None).get("/docs").expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let text = page.text();
    assert!(!text.contains("http://") && !text.contains("https://"), "it loads from elsewhere");
    assert!(page.header("content-security-policy").unwrap().contains("'self'"));
}
