use proptest::prelude::*;

use super::*;
use crate::testing::{Bot, bot};
use crate::{Extractive, GenerateError, Quote, retrieve};

const HANDBOOK: &str = "# Opening hours

The shop is open from Monday to Friday. Ask Dr. Miller for a tour, e.g. On holidays.

| Day | Opens | Closes
| Weekdays | 9:00 | 18:00
| Saturday | 10:00 | 14:00
| Sunday | never | never

# Returns

Goods are returned within 30 days of purchase. The receipt must be kept. Refunds take 5 days.

# Resetting the router

To reset the router, do this:

- Unplug the power cable.
- Hold the red button for ten seconds.
- Plug the cable in again.

Then wait until the lamp is green.";

const MANUAL: &str = "# Battery

The battery of the Brindle X2 lasts 14 hours. It is charged over USB.

# Warranty

The warranty of the Brindle X2 covers two years. Batteries are not covered.";

fn shop() -> Bot {
    bot(&[("Handbook", HANDBOOK), ("Manual", MANUAL)])
}

fn ask(bot: &Bot, question: &str) -> Answer {
    answer(&bot.snapshot, &Question::new(question), &Extractive, &Config::default()).unwrap()
}

fn check_citations(answer: &Answer) {
    for source in &answer.sources {
        let text = if source.title == "Handbook" { HANDBOOK } else { MANUAL };
        let quoted: String = text.chars().take(source.end).skip(source.start).collect();
        assert_eq!(source.excerpt, quoted);
    }
}

#[test]
fn an_answer_is_an_exact_sentence_with_its_place() {
    let answer = ask(&shop(), "How long does the battery of the Brindle X2 last?");
    assert!(answer.answered, "{answer:?}");
    assert_eq!((answer.generator, &answer.fallback), (Some(GeneratorKind::Extractive), &None));
    assert!(answer.answer.starts_with("The battery of the Brindle X2 lasts 14 hours."));
    let source = &answer.sources[0];
    assert_eq!(source.excerpt, "The battery of the Brindle X2 lasts 14 hours.");
    assert_eq!(
        (source.title.as_str(), source.headings.as_slice()),
        ("Manual", &["Battery".into()][..])
    );
    assert_eq!(source.page, None);
    check_citations(&answer);
}

#[test]
fn a_table_row_comes_with_its_header() {
    let answer = ask(&shop(), "What are the opening hours on Saturday?");
    assert!(answer.answered, "{answer:?}");
    let shown = "| Day | Opens | Closes\n| Saturday | 10:00 | 14:00";
    assert!(answer.answer.contains(shown), "{}", answer.answer);
    let row = "| Saturday | 10:00 | 14:00";
    assert!(answer.sources.iter().any(|source| source.excerpt == row), "{answer:?}");
    check_citations(&answer);
}

#[test]
fn the_cell_that_is_asked_for_is_named() {
    let text = "# Prices

| Vehicle | Per day | Per week | Deposit
| City bike | €18 | €90 | €100
| E-bike | €42 | €210 | €300

# Levels

| Level | Colour | Range
| Eco | green | 120 km
| Climb | violet | 60 km
| Boost | red | none

# Jobs

| Job | Price
| Fit a new chain | €16
| True a wheel | €22";
    let bot = bot(&[("Handbook", text)]);
    let check = |question: &str, start: &str, row: &str| {
        let answer = ask(&bot, question);
        assert!(answer.answer.starts_with(start), "{question}: {}", answer.answer);
        assert_eq!(answer.sources.len(), 1, "{answer:?}");
        assert_eq!(answer.sources[0].excerpt, row);
    };
    let bike = "| E-bike | €42 | €210 | €300";
    let table = "| Vehicle | Per day | Per week | Deposit\n| E-bike";
    let weekly = format!("E-bike · Per week: €210\n\n{table}");
    check("What does an e-bike cost per week?", &weekly, bike);
    check("What is the deposit for an e-bike?", "E-bike · Deposit: €300\n\n", bike);
    // Three columns have a price: none is named.
    check("What does an e-bike cost?", table, bike);
    let climb = "| Climb | violet | 60 km";
    check("What colour is the Climb level?", "Climb · Colour: violet\n\n", climb);
    check("How far is Climb?", "Climb · Range: 60 km\n\n", climb);
    let chain = "| Fit a new chain | €16";
    check("What does it cost to fit a new chain?", "Fit a new chain · Price: €16\n", chain);
}

#[test]
fn a_follow_up_names_its_own_cell() {
    let text = "# Prices

| Vehicle | Per day | Deposit
| City bike | €18 | €100
| E-bike | €42 | €300
| Trailer | €12 | €50";
    let bot = bot(&[("Handbook", text)]);
    let turn = crate::Turn { role: crate::Role::User, text: "The deposit for a city bike?".into() };
    let question = Question::with_history("and for a trailer?", &[turn]);
    let answer = answer(&bot.snapshot, &question, &Extractive, &Config::default()).unwrap();
    assert!(answer.answer.starts_with("Trailer · Deposit: €50\n\n"), "{answer:?}");
}

#[test]
fn what_decides_comes_first() {
    let text = "# Where to ride

A rental bike is collected on the beach by our van. A lock is included with each rental bike. \
                Bikes may be taken on ferries and on the train. The train leaves from the harbour.";
    let answer = ask(&bot(&[("Handbook", text)]), "May a rental bike be taken on the train?");
    assert!(answer.answer.starts_with("Bikes may be taken on ferries"), "{answer:?}");
}

#[test]
fn the_sentence_beside_the_best_one_fills_a_reply() {
    let text = "# Duty

Duty is the measure of how well a steam engine works. The idea came from James Watt and his \
                engine. Others followed.";
    let answer = ask(&bot(&[("Engines", text)]), "Who invented the duty of a steam engine?");
    assert!(answer.answer.ends_with("James Watt and his engine."), "{answer:?}");
    check_text(&answer, text);
}

#[test]
fn a_sentence_goes_on_below_a_formula() {
    let text = "# Compactness

A topological space X is called compact if each open cover of X

U = { A, B }

has a finite part that covers X. Balls are compact.";
    let answer = ask(&bot(&[("Topology", text)]), "When is a topological space called compact?");
    let whole = "if each open cover of X\n\nU = { A, B }\n\nhas a finite part that covers X.";
    assert!(answer.answer.contains(whole), "{answer:?}");
    check_text(&answer, text);
}

fn check_text(answer: &Answer, text: &str) {
    for source in &answer.sources {
        let quoted: String = text.chars().take(source.end).skip(source.start).collect();
        assert_eq!(source.excerpt, quoted);
    }
}

#[test]
fn steps_are_given_as_a_whole() {
    let answer = ask(&shop(), "How do I reset the router?");
    assert!(answer.answered, "{answer:?}");
    for step in ["do this:", "Unplug", "red button", "Plug the cable"] {
        assert!(answer.answer.contains(step), "{}", answer.answer);
    }
    assert!(answer.sources[0].excerpt.ends_with("Plug the cable in again."));
    check_citations(&answer);
}

#[test]
fn a_foreign_question_is_refused() {
    let bot = shop();
    for question in [
        "Who won the chess championship in Reykjavik?",
        "What is the capital of Mongolia?",
        "How do enzymes catalyse reactions?",
    ] {
        let answer = ask(&bot, question);
        assert!(!answer.answered && answer.sources.is_empty(), "{answer:?}");
        assert!(answer.answer.starts_with("I could not find an answer to that in the documents."));
    }
}

#[test]
fn a_refusal_speaks_the_language_of_the_question() {
    let answer = ask(&shop(), "Wer hat die Schachweltmeisterschaft gewonnen?");
    assert_eq!(answer.kind, AnswerKind::NotFound);
    assert!(answer.answer.starts_with("Dazu konnte ich in den Dokumenten keine Antwort finden."));
}

#[test]
fn a_greeting_is_answered_in_kind() {
    let answer = ask(&shop(), "Hello!");
    assert_eq!((answer.kind, answer.answered), (AnswerKind::SmallTalk, true));
    assert!(answer.sources.is_empty() && answer.confidence == 1.0);
    let question = ask(&shop(), "Hello, how long does the battery of the Brindle X2 last?");
    assert_eq!(question.kind, AnswerKind::Answer);
}

#[test]
fn a_follow_up_is_answered_from_the_conversation() {
    let bot = shop();
    let turn = |role, text: &str| crate::Turn { role, text: text.to_owned() };
    let history = [
        turn(crate::Role::User, "Which day does the shop open at 9:00?"),
        turn(crate::Role::Assistant, "On weekdays."),
    ];
    let question = Question::with_history("And on Saturday?", &history);
    let answer = answer(&bot.snapshot, &question, &Extractive, &Config::default()).unwrap();
    assert!(answer.answer.contains("| Saturday | 10:00 | 14:00"), "{answer:?}");
}

#[test]
fn a_sentence_that_points_back_takes_the_one_before_along() {
    let answer = ask(&shop(), "Is the Brindle X2 charged over USB?");
    let both = "The battery of the Brindle X2 lasts 14 hours. It is charged over USB.";
    assert!(answer.answer.contains(both), "{answer:?}");
    check_citations(&answer);
}

#[test]
fn a_refusal_names_the_nearest_topics() {
    let answer = ask(&shop(), "Does the warranty extend to submarine periscopes?");
    assert!(!answer.answered, "{answer:?}");
    assert!(answer.answer.contains("Manual › Warranty"), "{}", answer.answer);
}

#[test]
fn twins_of_a_document_are_one_passage() {
    let bot = bot(&[("A", HANDBOOK), ("B", HANDBOOK), ("C", MANUAL)]);
    let question = Question::new("Within how many days are goods returned?");
    let passages = retrieve(&bot.snapshot, &question, &Config::default()).unwrap();
    let returns = passages.iter().filter(|passage| passage.text().contains("30 days")).count();
    assert_eq!(returns, 1);
}

#[test]
fn neighbouring_chunks_become_one_passage() {
    let bot = shop();
    let question = Question::new("battery and warranty of the Brindle X2");
    let passages = retrieve(&bot.snapshot, &question, &Config::default()).unwrap();
    assert_eq!(passages[0].chunks.len(), 2);
    assert_eq!(passages[0].text(), MANUAL);
    let few = Config { passages_max: 1, ..Config::default() };
    assert_eq!(retrieve(&bot.snapshot, &question, &few).unwrap().len(), 1);
}

#[test]
fn odd_questions_get_a_reply() {
    let (bot, empty) = (shop(), bot(&[]));
    let emoji = "🙂".repeat(2 * 1024);
    let words = "router battery ".repeat(2_000);
    let odd = ["", " ", "the of and", "?!", "\u{0}", "a\"b:(c OR", &emoji, &words, "日曜日は?"];
    for question in odd {
        for bot in [&bot, &empty] {
            let answer = ask(bot, question);
            assert!(!answer.answer.is_empty() && (0.0..=1.0).contains(&answer.confidence));
            assert_eq!(answer.answered, answer.kind == AnswerKind::Answer);
            assert_eq!(answer.answered, !answer.sources.is_empty());
        }
    }
}

#[test]
fn a_small_budget_still_gives_whole_sentences() {
    let bot = shop();
    let question = Question::new("How long does the battery of the Brindle X2 last?");
    for tokens in [0, 5, 12, 20, 40, 80] {
        let config = Config { grounding_tokens_max: tokens, ..Config::default() };
        let answer = answer(&bot.snapshot, &question, &Extractive, &config).unwrap();
        assert_eq!(answer.answered, tokens >= 20, "{tokens}: {answer:?}");
        for source in &answer.sources {
            assert!(source.excerpt.ends_with('.'), "{}", source.excerpt);
        }
    }
}

/// Says the same whatever is asked.
struct Parrot(Generated);

impl Generator for Parrot {
    fn generate(&self, _: &Grounding) -> Result<Generated, GenerateError> {
        Ok(self.0.clone())
    }
}

#[test]
fn quotes_that_are_not_there_are_dropped() {
    let bot = shop();
    let question = Question::new("How long does the battery of the Brindle X2 last?");
    let quote = |passage, start, end| Quote { passage, span: document::Span::new(start, end) };
    let say = |quotes: Vec<Quote>| {
        let parrot = Parrot(Generated { text: "Long.".into(), quotes, ..Generated::default() });
        answer(&bot.snapshot, &question, &parrot, &Config::default()).unwrap()
    };
    let lies = vec![quote(99, 0, 5), quote(0, 0, usize::MAX), quote(0, 7, 7), quote(0, 9, 3)];
    assert!(!say(lies.clone()).answered);
    let mixed = say([lies, vec![quote(0, 11, 14)]].concat());
    assert!(mixed.answered);
    assert_eq!(mixed.sources.len(), 1);
    assert_eq!(mixed.sources[0].excerpt, "The");
}

#[test]
fn the_same_question_has_the_same_answer() {
    let (a, b) = (shop(), shop());
    for question in ["What is covered?", "When is the shop open?", "red lamp green"] {
        assert_eq!(ask(&a, question), ask(&b, question));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn quotes_are_exact_over_any_text(
        lines in prop::collection::vec("([-|#] )?[a-eäß🙂中 .!?:|]{0,40}", 1..12),
        question in "[a-eäß🙂中 ]{0,20}",
    ) {
        let text = lines.join("\n\n");
        let bot = bot(&[("T", &text)]);
        let config = Config { confidence_min: 0.0, ..Config::default() };
        let question = Question::new(&question);
        let answer = answer(&bot.snapshot, &question, &Extractive, &config).unwrap();
        for source in &answer.sources {
            let quoted: String = text.chars().take(source.end).skip(source.start).collect();
            prop_assert_eq!(&source.excerpt, &quoted);
            prop_assert!(answer.answer.contains(&source.excerpt));
        }
    }
}

#[test]
fn a_follow_up_is_refused_where_its_own_words_are_unknown() {
    let turn = |role, text: &str| crate::Turn { role, text: text.to_owned() };
    let history = [
        turn(crate::Role::User, "When does the shop open on weekdays?"),
        turn(crate::Role::Assistant, "Weekdays from 9:00 to 18:00, Saturday from 10:00 to 14:00."),
    ];
    let bot = shop();
    let ask = |text: &str| {
        let question = Question::with_history(text, &history);
        answer(&bot.snapshot, &question, &Extractive, &Config::default()).unwrap()
    };
    assert!(ask("And on Saturday?").answered);
    let foreign = ask("And the submarine volcano eruptions?");
    assert!(!foreign.answered, "{foreign:?}");
}

#[test]
fn a_misspelt_word_is_answered_with_less_confidence() {
    let bot =
        bot(&[("Terms", "The warranty of the battery lasts two years.\n\nOther text is here.")]);
    let asked = |text: &str| {
        answer(&bot.snapshot, &Question::new(text), &Extractive, &Config::default()).unwrap()
    };
    let (right, wrong) = (asked("How long is the warranty?"), asked("How long is the warrnaty?"));
    assert!(right.answered && wrong.answered);
    assert_eq!(right.answer, wrong.answer);
    assert!(wrong.confidence < right.confidence, "{} {}", wrong.confidence, right.confidence);
}

#[test]
fn what_a_filter_holds_back_is_not_known() {
    let shop = shop();
    let asked = |title: &str| {
        let documents = Some(vec![document::DocumentId::from_source(title)]);
        let filter = index::Filter { documents, ..index::Filter::default() };
        let question = Question::new("How long is the warranty of the Brindle X2?");
        let question = question.with_filter(filter);
        answer(&shop.snapshot, &question, &Extractive, &Config::default()).unwrap()
    };
    assert!(asked("Manual").answered);
    let refused = asked("Handbook");
    assert!(!refused.answered && refused.sources.is_empty(), "{refused:?}");
}
