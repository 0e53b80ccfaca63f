//! What stands in `packaging/`, as far as it can be tried without the systems it is for.
#![cfg(unix)]

use std::process::Command;

use super::TestServer;

const DOCKERFILE: &str = include_str!("../../packaging/Dockerfile");
const UNIT: &str = include_str!("../../packaging/jely.service");

#[test]
fn the_health_check_of_the_image_tells_alive_from_dead() {
    let line = DOCKERFILE.lines().find_map(|line| line.trim().strip_prefix("CMD [\"bash\""));
    let line = format!("[\"bash\"{}", line.unwrap());
    let command: Vec<String> = serde_json::from_str(&line).unwrap();
    let mut server = TestServer::new();
    let port = server.client().address.port().to_string();
    let is_healthy = || {
        let mut check = Command::new(&command[0]);
        check.args(command[1..].iter().map(|word| word.replace("8080", &port)));
        check.output().unwrap().status.success()
    };
    assert!(is_healthy());
    server.kill();
    assert!(!is_healthy());
}

#[test]
fn the_unit_leaves_the_parse_workers_what_they_need() {
    let set = |line: &str| UNIT.lines().any(|found| found == line);
    // Workers are sealed by landlock, which the group of calls does not hold everywhere, ...
    for call in ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"] {
        let filters = UNIT.lines().filter(|line| line.starts_with("SystemCallFilter="));
        assert!(filters.into_iter().any(|line| line.contains(call)), "{call}");
    }
    // ... may run out of memory without an end for all, and end with the server and not before.
    for line in ["NoNewPrivileges=yes", "OOMPolicy=continue", "KillMode=mixed"] {
        assert!(set(line), "{line}");
    }
    // The first key is printed on standard output, and a journal is a log.
    assert!(set("StandardOutput=null"));
}
