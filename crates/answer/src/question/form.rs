//! What kind of thing would answer a question, told by its form.

use std::sync::LazyLock;

use crate::language::language_of;
use crate::lexicon::{Found, Lexicon, is_unspaced, words_of};

/// How many words from its start are searched for the form of a question.
const FORM_WORDS_MAX: usize = 40;

/// What would answer a question, as far as its form tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Any statement.
    Statement,
    /// A date or a time.
    When,
    /// A number.
    Count,
    /// A person or a body.
    Who,
    /// A place.
    Where,
    /// A rule that says yes or no.
    YesNo,
    /// A reason.
    Why,
    /// The steps of a procedure.
    Steps,
}

/// The form of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// What would answer it.
    pub(crate) wants: Wants,
    /// What is counted: the word after "how many", in small letters.
    pub(crate) counted: Option<String>,
}

/// A section of a language's file.
type Meaning = (&'static str, Wants);

macro_rules! files {
    ($($code:literal)*) => {
        [$(($code, include_str!(concat!("../../data/question_forms/", $code, ".txt")))),*]
    };
}

static FORMS: LazyLock<Lexicon<Meaning>> = LazyLock::new(|| {
    let mut forms = Lexicon::default();
    let files = files![
        "ar" "cs" "da" "de" "el" "en" "es" "fa" "fi" "fr" "he" "hi" "hu" "id" "it" "ja" "ko" "nl" "no" "pl" "pt" "ro"
        "ru" "sv" "th" "tr" "uk" "vi" "zh"
    ];
    for (code, data) in files {
        forms.add(data, |section| Some((code, wants(section)?)));
    }
    forms
});

fn wants(section: &str) -> Option<Wants> {
    Some(match section {
        "when" => Wants::When,
        "count" => Wants::Count,
        "who" => Wants::Who,
        "where" => Wants::Where,
        "steps" => Wants::Steps,
        "yes_no" => Wants::YesNo,
        "why" => Wants::Why,
        _ => return None,
    })
}

impl Form {
    /// The form of a question. Of the phrases of its language the earliest counts, the longest of
    /// those. Other languages have none here: Vietnamese asks for a person by "ai".
    pub(crate) fn of(text: &str) -> Self {
        let found = FORMS.find(text, FORM_WORDS_MAX);
        let own = language_of(text).code;
        // "Is it open?" asks; "what is open" has the same word within.
        let unspaced = is_unspaced(text);
        let asks =
            |found: &&Found<Meaning>| found.what.1 != Wants::YesNo || found.at == 0 || unspaced;
        let is_own = |found: &&Found<Meaning>| found.what.0 == own;
        let rank = |found: &&Found<Meaning>| {
            let weak = unspaced && found.what.1 == Wants::YesNo;
            (weak, found.at, usize::MAX - found.len)
        };
        let Some(best) = found.iter().filter(is_own).filter(asks).min_by_key(rank) else {
            return Self { wants: Wants::Statement, counted: None };
        };
        let wants = best.what.1;
        let after = words_of(text).nth(best.at + best.len);
        Self { wants, counted: after.filter(|_| wants == Wants::Count && !unspaced) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Wants) {
        assert_eq!(Form::of(text).wants, expected, "{text}");
    }

    #[test]
    fn the_form_of_a_question_is_read_from_its_words() {
        check("How do I reset the router?", Wants::Steps);
        check("Since when are you open?", Wants::When);
        check("how   many pages, please", Wants::Count);
        check("Who pays?", Wants::Who);
        check("In which city is it?", Wants::Where);
        check("Is the shop open when it snows?", Wants::YesNo);
        check("What is the colour?", Wants::Statement);
        check("Why is it red?", Wants::Why);
        check("whenever you like", Wants::Statement);
        check("", Wants::Statement);
    }

    #[test]
    fn other_languages_have_their_forms() {
        check("Wie viele Tage habe ich Zeit?", Wants::Count);
        check("Wann öffnet der Laden?", Wants::When);
        check("¿Quién paga?", Wants::Who);
        check("Где находится магазин?", Wants::Where);
        check("商店几点开门?", Wants::When);
        check("Quand le magasin ouvre-t-il ?", Wants::When);
        check("Quanti giorni ho per restituirlo?", Wants::Count);
        check("What is AI about?", Wants::Statement);
    }

    #[test]
    fn what_is_counted_stands_after_the_form() {
        assert_eq!(Form::of("How many Days do I have?").counted.as_deref(), Some("days"));
        assert_eq!(Form::of("When is it?").counted, None);
        assert_eq!(Form::of("How many").counted, None);
    }
}
