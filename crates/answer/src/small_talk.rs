//! Greetings, thanks and goodbyes: messages that ask nothing of the documents.

use std::sync::LazyLock;

use index::Snapshot;

use crate::Config;
use crate::language::by_code;
use crate::lexicon::Lexicon;

/// Longest message that can be small talk, in words (characters where there are no spaces).
const WORDS_MAX: usize = 12;

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    Greeting,
    Thanks,
    Goodbye,
}

macro_rules! files {
    ($($code:literal)*) => {
        [$(($code, include_str!(concat!("../data/small_talk/", $code, ".txt")))),*]
    };
}

/// Phrases with the code of their language.
static PHRASES: LazyLock<Lexicon<(&'static str, Talk)>> = LazyLock::new(|| {
    let mut phrases = Lexicon::default();
    let files = files![
        "ar" "cs" "da" "de" "el" "en" "es" "fa" "fi" "fr" "he" "hi" "hu" "id" "it" "ja" "ko" "nl" "no" "pl" "pt" "ro"
        "ru" "sv" "th" "tr" "uk" "vi" "zh"
    ];
    for (code, data) in files {
        phrases.add(data, |section| match section {
            "greeting" => Some((code, Talk::Greeting)),
            "thanks" => Some((code, Talk::Thanks)),
            "goodbye" => Some((code, Talk::Goodbye)),
            _ => None,
        });
    }
    phrases
});

/// The reply to a message that is nothing but a greeting, thanks or a goodbye. Of several the
/// first counts.
pub(crate) fn reply(message: &str, config: &Config) -> Option<String> {
    let (code, talk) = PHRASES.all_of(message, WORDS_MAX)?;
    let language = by_code(code);
    Some(match (talk, &config.greeting) {
        (Talk::Greeting, Some(greeting)) => greeting.clone(),
        (Talk::Greeting, None) => language.greeting.to_owned(),
        (Talk::Thanks, _) => language.thanks.to_owned(),
        (Talk::Goodbye, _) => language.goodbye.to_owned(),
    })
}

/// What a bot says before it is asked anything: its greeting, else one in the language of its
/// documents where they have one in common.
pub fn greeting(snapshot: &Snapshot, config: &Config) -> String {
    let code = match snapshot.languages() {
        [language] => language.code(),
        _ => "en",
    };
    config.greeting.clone().unwrap_or_else(|| by_code(code).greeting.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_greets_in_the_language_of_its_documents() {
        let of = |texts: &[&str], config: &Config| {
            let documents: Vec<(&str, &str)> = texts.iter().map(|text| (*text, *text)).collect();
            greeting(&crate::testing::bot(&documents).snapshot, config)
        };
        let german = "Der Laden ist am Morgen geöffnet, und die Werkstatt ist es auch.";
        let english = "The shop is open in the morning, and so is the workshop of the shop.";
        assert!(of(&[german], &Config::default()).starts_with("Hallo!"));
        assert!(of(&[german, english], &Config::default()).starts_with("Hello!"));
        let own = Config { greeting: Some("Ahoy!".into()), ..Config::default() };
        assert_eq!(of(&[german], &own), "Ahoy!");
    }

    fn said(message: &str) -> Option<String> {
        reply(message, &Config::default())
    }

    #[test]
    fn nothing_but_small_talk_is_small_talk() {
        assert_eq!(said("Hello!").as_deref(), Some("Hello! Ask me anything about the documents."));
        assert_eq!(said("thanks a lot").as_deref(), Some("You are welcome."));
        assert_eq!(said("Good bye").as_deref(), Some("Goodbye!"));
        assert_eq!(said("Vielen Dank!").as_deref(), Some("Gern geschehen."));
        assert_eq!(said("谢谢").as_deref(), Some("不客气。"));
        for message in ["", "?", "🙂", "Hello, when do you open?", "thanks for what", "open"] {
            assert_eq!(said(message), None, "{message}");
        }
    }

    #[test]
    fn a_bot_may_have_its_own_greeting() {
        let config = Config { greeting: Some("Ahoy!".into()), ..Config::default() };
        assert_eq!(reply("good morning", &config).as_deref(), Some("Ahoy!"));
        assert_eq!(reply("thank you", &config).as_deref(), Some("You are welcome."));
    }
}
