use proptest::prelude::*;

use super::*;
use crate::testing::grounding_of;

const RETURNS: &str = "# Returns\n\nGoods are returned within 30 days. The receipt must be kept. \
                       Refunds take 5 days.";
const BATTERY: &str = "# Battery\n\nThe battery lasts 14 hours. It is charged over USB.";

fn grounding() -> Grounding {
    grounding_of("How long may goods be returned?", &[RETURNS, BATTERY])
}

/// The text of a reply and what it quotes.
fn read(reply: &str) -> (String, Vec<String>) {
    let grounding = grounding();
    match read_reply(reply, &grounding) {
        Reply::Answer(generated) => {
            assert_eq!(generated.generator, GeneratorKind::Model);
            let quoted = generated.quotes.iter();
            let quoted = quoted.map(|q| grounding.passages[q.passage].slice(q.span).unwrap());
            (generated.text, quoted.collect())
        }
        other => (format!("{other:?}"), Vec::new()),
    }
}

#[test]
fn a_citation_quotes_what_supports_its_statement() {
    let cases: &[(&str, &[&str])] = &[
        ("Keep the receipt [1].", &["The receipt must be kept."]),
        ("Keep the receipt. [1]", &["The receipt must be kept."]),
        ("[1] Keep the receipt.", &["The receipt must be kept."]),
        (
            "You have 30 days [1]. USB charges it [2].",
            &["Goods are returned within 30 days.", "It is charged over USB."],
        ),
        (
            "- Refunds: 5 days [1]\n- Battery: 14 hours[2]",
            &["Refunds take 5 days.", "The battery lasts 14 hours."],
        ),
        (
            "The battery lasts hours [1, 2].",
            &["Goods are returned within 30 days.", "The battery lasts 14 hours."],
        ),
        ("The battery [2][2] lasts [2].", &["The battery lasts 14 hours."]),
        ("Xyzzy [1].", &["Goods are returned within 30 days."]),
    ];
    for (reply, expected) in cases {
        let (text, quoted) = read(reply);
        assert_eq!(
            (text.as_str(), quoted),
            (*reply, expected.iter().map(|q| (*q).into()).collect())
        );
    }
}

#[test]
fn citations_of_unknown_passages_vanish() {
    assert_eq!(read("30 days [1, 7]; kept [9].").0, "30 days [1]; kept.");
    assert_eq!(read("30 days [1][99999999999999999999999999].").0, "30 days [1].");
    assert_eq!(read("30 days [0] [1]").0, "30 days [1]");
    assert_eq!(read("[sic] 30 days [1] [] [a1] [").0, "[sic] 30 days [1] [] [a1] [");
}

#[test]
fn what_cites_nothing_is_no_answer() {
    for reply in ["", "30 days.", "30 days [3].", "[1]", "<think>30 days [1]"] {
        assert_eq!(read_reply(reply, &grounding()), Reply::Uncited, "{reply:?}");
    }
    for reply in ["NO_ANSWER", " `NO_ANSWER`.\n", "NO_ANSWER [1]", "Sorry: NO_ANSWER"] {
        assert_eq!(read_reply(reply, &grounding()), Reply::NoAnswer, "{reply:?}");
    }
    assert_eq!(read("<think>NO_ANSWER?</think>\n30 days [1]").0, "30 days [1]");
}

proptest! {
    #[test]
    fn any_reply_is_read_and_every_quote_lies_in_its_passage(
        reply in "([a-zé中. \\n\\[\\],]|\\[[0-9]{1,2}\\]|NO_ANSWER|days){0,60}",
    ) {
        let grounding = grounding();
        if let Reply::Answer(generated) = read_reply(&reply, &grounding) {
            prop_assert!(!generated.quotes.is_empty());
            for quote in generated.quotes {
                prop_assert!(grounding.passages[quote.passage].slice(quote.span).is_some());
            }
        }
    }
}
