//! `jely ask` as a conversation: lines of standard input, and what was said before in a file.

use crate::app::TestApp;

const HOURS: &str = "# Opening hours\n\nThe shop opens at 9:15 on weekdays. On Saturdays it opens at \
                     10:30. The shop stays closed on Sundays.\n";
const RETURNS: &str =
    "# Returns\n\nYou can return goods within 42 days of delivery. The parcel label is free.\n";

const WEEKDAYS: &str = "When does the shop open on weekdays?";
const SATURDAYS: &str = "And on Saturdays?";

fn shop() -> TestApp {
    let app = TestApp::new();
    app.file("hours.md", HOURS);
    app.file("returns.md", RETURNS);
    app.train("shop");
    app
}

#[test]
fn each_line_gets_an_answer() {
    let app = shop();
    let lines = format!("Hello!\r\n\n   \n{WEEKDAYS}\nWho discovered the moons of Jupiter?");
    let run = app.jely_with(["ask", "shop", "--json"], &lines).ends(0);
    let answers = run.json_lines();
    let kinds: Vec<&str> = answers.iter().map(|answer| answer["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["smallTalk", "answer", "notFound"]);
    assert!(answers[1]["answer"].as_str().unwrap().contains("9:15"));
    assert_eq!(answers[1], app.ask("shop", WEEKDAYS), "a first question is asked as alone");

    let run = app.jely_with(["ask", "shop", "--exit-code"], &lines).ends(4);
    assert!(run.stdout.contains("9:15") && run.stdout.contains("Sources:"), "{}", run.stdout);
    assert!(!run.stdout.contains("> "), "no prompt in a pipe: {}", run.stdout);
    let run = app.jely_with(["ask", "shop", "--exit-code", "--json"], "");
    assert_eq!(run.ends(0).stdout, "");
}

#[test]
fn a_follow_up_leans_on_the_lines_before_it() {
    let app = shop();
    let lines = format!("{WEEKDAYS}\nThanks!\n{SATURDAYS}\n");
    let last = |more: &[&str]| {
        let arguments = ["ask", "shop", "--json"].iter().chain(more);
        app.jely_with(arguments, &lines).ends(0).json_lines().pop().unwrap()
    };
    let found = last(&[]);
    assert!(found["answer"].as_str().unwrap().contains("10:30"), "{found}");
    assert_ne!(found, app.ask("shop", SATURDAYS), "alone it has less to go by");
    assert_eq!(last(&["--no-history"]), app.ask("shop", SATURDAYS));
}

#[test]
fn a_conversation_may_come_from_a_file() {
    let app = shop();
    let said = format!(
        "{{\"role\":\"user\",\"text\":\"{WEEKDAYS}\"}}\n\n\
         {{\"role\":\"assistant\",\"text\":\"The shop opens at 9:15 on weekdays.\"}}\n"
    );
    let file = app.file("said.jsonl", &said);
    let file = file.to_str().unwrap();
    let ask = |question: &[&str], input: &str| {
        let arguments = ["ask", "shop"].iter().chain(question);
        app.jely_with(arguments.chain(&["--json", "--history", file]), input).ends(0).json()
    };
    let answer = ask(&[SATURDAYS], "");
    assert!(answer["answer"].as_str().unwrap().contains("10:30"), "{answer}");
    assert_eq!(ask(&[], SATURDAYS), answer);
    assert_ne!(answer, app.ask("shop", SATURDAYS));

    for (wrong, reason) in [
        ("{\"role\":\"judge\",\"text\":\"x\"}", "line 1"),
        ("{\"role\":\"user\",\"text\":\"x\"}\nhello", "line 2"),
    ] {
        let file = app.file("wrong.jsonl", wrong);
        let run = app.jely(["ask", "shop", "x", "--history", file.to_str().unwrap()]).ends(2);
        assert!(run.stderr.contains(reason), "{}", run.stderr);
    }
    app.jely(["ask", "shop", "x", "--history", "nowhere.jsonl"]).ends(1);
}

#[test]
fn odd_lines_are_questions_too() {
    let app = shop();
    let odd = format!("\u{0}\n?!\n{}\n\u{1F980}\n", "warranty ".repeat(10_000));
    let answers = app.jely_with(["ask", "shop", "--json"], &odd).ends(0).json_lines();
    assert_eq!(answers.len(), 4);
}
