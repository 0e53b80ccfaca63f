use index::{EmbedFailure, Embedder, Embedding, ModelKey, TextKind};

use crate::testing::{Bot, bot, bot_with};
use crate::{AnswerError, Config, Passage, Question, Role, Turn, retrieve};

/// Knows three matters and a few words for each.
#[derive(Debug)]
struct Matters(u8);

const WORDS: [&[&str]; 3] = [
    &["warranty", "guarantee", "covered", "liable"],
    &["bicycle", "bike", "cycling", "pedal"],
    &["opening", "hours", "closed", "sundays"],
];

impl Embedder for Matters {
    fn key(&self) -> ModelKey {
        ModelKey::from_digest([self.0; 32])
    }

    fn dimensions(&self) -> usize {
        WORDS.len()
    }

    fn embed(&self, _: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        let count = |text: &str, words: &[&str]| {
            let text = text.to_lowercase();
            words.iter().filter(|word| text.contains(**word)).count() as f32
        };
        Ok(texts.iter().map(|text| WORDS.map(|words| count(text, words)).to_vec()).collect())
    }
}

const DOCUMENTS: [(&str, &str); 4] = [
    ("Promise", "We are liable for two years."),
    ("Sale", "A bicycle costs 400 euro, and bells are extra."),
    ("Times", "The shop is closed on some days."),
    ("Brakes", "Ask about the brakes of older models."),
];

fn shop() -> Bot {
    bot_with(&DOCUMENTS, Embedding::With(&Matters(1)))
}

fn titles(passages: &[Passage]) -> Vec<&str> {
    passages.iter().map(|passage| passage.title.as_str()).collect()
}

fn found(bot: &Bot, question: &Question, weight: f32) -> Vec<Passage> {
    let config = Config { similarity_weight: weight, passages_max: 2, ..Config::default() };
    retrieve(&bot.snapshot, question, &config).unwrap()
}

#[test]
fn what_shares_no_word_is_found_by_its_meaning() {
    let (shop, question) = (shop(), Question::new("guarantee?"));
    assert!(found(&shop, &question, 0.3).is_empty());
    let question = question.embedded(&Matters(1)).unwrap();
    let passages = found(&shop, &question, 0.3);
    assert_eq!(passages[0].title, "Promise");
    assert!((passages[0].signals.similarity - 1.0).abs() < 1e-3, "{:?}", passages[0].signals);
    assert!(passages.iter().all(|passage| (0.0..=1.0).contains(&passage.score)));
    // A question of nothing but noise has a meaning too.
    let noise = Question::new("").embedded(&Matters(1)).unwrap();
    assert!(found(&shop, &noise, 0.3).iter().all(|passage| passage.score.is_finite()));
}

#[test]
fn the_weight_decides_between_words_and_meaning() {
    let shop = shop();
    let question = Question::new("brakes of a bike").embedded(&Matters(1)).unwrap();
    assert_eq!(titles(&found(&shop, &question, 0.0))[0], "Brakes");
    assert_eq!(titles(&found(&shop, &question, 0.3)), ["Brakes", "Sale"]);
    assert_eq!(titles(&found(&shop, &question, 1.0))[0], "Sale");
}

#[test]
fn a_question_that_leans_means_what_was_asked_before_as_well() {
    let shop = shop();
    let before = Turn { role: Role::User, text: "When are your opening hours?".to_owned() };
    let question = Question::with_history("And in May?", &[before]);
    let question = question.embedded(&Matters(1)).unwrap();
    assert_eq!(titles(&found(&shop, &question, 0.3))[0], "Times");
}

#[test]
fn a_question_in_the_vectors_of_another_model_is_refused() {
    let question = Question::new("guarantee?").embedded(&Matters(2)).unwrap();
    for bot in [shop(), bot(&DOCUMENTS)] {
        let error = retrieve(&bot.snapshot, &question, &Config::default()).unwrap_err();
        let other = matches!(error, AnswerError::Index(index::IndexError::OtherModel { .. }));
        assert!(other, "{error}");
    }
}
