use serde_json::Value;

use super::*;

const EXAMPLE: &str = include_str!("../../../../jely.example.toml");

/// The example with what it shows behind `# ` set as well.
fn whole() -> String {
    let shown = |line: &str| {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let is_setting = line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
        if is_setting { line.to_owned() } else { String::new() }
    };
    EXAMPLE.lines().map(shown).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_what_holds_without_a_file() {
    let example: Config = toml::from_str(EXAMPLE).unwrap();
    assert_eq!(example.checked().unwrap(), Config::default());
}

#[test]
fn every_setting_stands_in_the_example_and_may_be_set() {
    let config: Config = toml::from_str(&whole()).unwrap();
    let config = serde_json::to_value(config.checked().unwrap()).unwrap();
    let mut missing = Vec::new();
    find_missing("", &config, &mut missing);
    assert!(missing.is_empty(), "not in the example: {missing:?}");
    // What stands in it is explained: each name follows a comment when it is first met.
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let mut met = std::collections::BTreeSet::new();
    for pair in lines.windows(2) {
        let Some((name, _)) = pair[1].split_once(" = ") else { continue };
        let is_shown = name.starts_with("# ");
        if met.insert(name.trim_start_matches("# ").to_owned()) && !is_shown {
            assert!(pair[0].starts_with('#'), "{name} is not explained");
        }
    }
}

/// Settings without a value: the example does not show them.
fn find_missing(path: &str, value: &Value, missing: &mut Vec<String>) {
    match value {
        Value::Null => missing.push(path.to_owned()),
        Value::Object(members) => {
            for (name, value) in members {
                find_missing(&format!("{path}.{name}"), value, missing);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jely.toml");
    let check = |text: &str, told: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let error = Config::read(&path).unwrap_err().to_string();
        for part in told {
            assert!(error.contains(part), "{part:?} is not told: {error}");
        }
    };
    check("[chat]\nat_once = 2\nwating_max = 3\n", &["line 3", "wating_max", "waiting_max"]);
    check("[training]\njobs = \"two\"\n", &["line 2", "jobs"]);
    check("[plans.pro]\nrequests = 0\n", &["plans.pro"]);
    check("[limits]\nread_seconds = 0\n", &["limits.read_seconds"]);
    check("[limits]\naddress_header = \"a b\"\n", &["limits.address_header"]);
    check("[chat]\nconfidence_min = 1.5\n", &["chat.confidence_min"]);
    check("[webhooks]\nat_once = 0\n", &["webhooks.at_once"]);
    let missing = Config::read(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(missing.contains("none.toml"), "{missing}");
}

#[test]
fn a_file_that_names_one_plan_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jely.toml");
    std::fs::write(&path, "[plans.pro]\nrequests = 7\n").unwrap();
    let config = Config::read(&path).unwrap();
    assert_eq!(config.plans["pro"].requests, 7);
    assert_eq!(config.plans["enterprise"], Config::default().plans["enterprise"]);
}
