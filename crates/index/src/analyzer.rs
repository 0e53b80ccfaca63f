//! The one chain from text to tokens, shared by documents, queries and the scoring of answers.
//!
//! A token has two forms. `exact` is the word as written, folded: NFKC, lower case, invisible
//! characters dropped, at most [`EXACT_BYTES_MAX`] bytes. `term` is its stem. Rules, in order:
//!
//! - A word is a run of letters, marks and digits (word bounds of UAX 29); every other character
//!   separates, so `example.com` is found by its parts.
//! - An apostrophe before one or two letters stays inside (`don't`), and `'s` is cut off.
//! - Digits keep an inner dot (`3.14`, `2.0.1`) and lose the comma of thousands (`1,000`); one
//!   before two digits is a dot (`49,90`). `2.0.1` gives `2.0` as well, `12.05.2024` the year,
//!   `v2.0.1` the version without its letter, `3.5mm` number and unit.
//! - Single letters with dots become one word (`U.S.` gives `us`).
//! - Parts with hyphens, slashes or low lines between give the parts and, where they are a code,
//!   all joined as well: `E-27` gives `e`, `27`, `e27`, so `E27` finds it; `max_file_size` gives
//!   `maxfilesize`, as `maxFileSize` does, whose parts begin with capitals. Joined digits keep the
//!   sign between them (`61010-1`). An e-mail address gives itself and its parts.
//! - Scripts written without spaces give every character and every pair of neighbours.
//!
//! A chunk is analysed in its own language, a question in all those that its bot holds: a stem is
//! that of a language. Words in a script that is not the language's get the stem of the most
//! spoken language of their script.

use std::cell::RefCell;

use document::Span;

use crate::language::{Language, Votes};

mod fold;
mod scan;
mod stem;

#[cfg(test)]
mod tests;

/// Raised whenever the tokens of any text change.
pub const ANALYZER_VERSION: u32 = 3;

/// Longest `exact` form, in bytes. What is longer is no word but encoded data; its beginning
/// still finds it.
pub(crate) const EXACT_BYTES_MAX: usize = 64;

/// One token of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where it stands in the analysed text, in bytes. Spans begin in ascending order; those of
    /// joined forms and of character pairs overlap their parts.
    pub span: Span,
    /// The folded form, as written: NFKC, lower case; never empty, without blank space.
    pub exact: String,
    /// The stem; the same as `exact` where there is nothing to stem.
    pub term: String,
}

thread_local! {
    /// Remembered stems are worth keeping from one sentence to the next: they make a sentence
    /// several times cheaper, and are the same for every text.
    static ANALYZER: RefCell<Analyzer> = RefCell::default();
}

/// Runs with this thread's analyzer.
pub(crate) fn analyzer<T>(run: impl FnOnce(&mut Analyzer) -> T) -> T {
    ANALYZER.with_borrow_mut(run)
}

/// The tokens of a text in some language, in order. Linear in the text; never fails.
pub fn analyze(text: &str, language: Language) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 6);
    each_token(text, language, |span, exact, term| {
        tokens.push(Token { span, exact: exact.to_owned(), term: term.to_owned() });
    });
    tokens
}

/// Calls `emit(span, exact, term)` for every token that [`analyze`] gives, in order, without
/// allocating any. `emit` must not analyse in its turn.
pub fn each_token(text: &str, language: Language, emit: impl FnMut(Span, &str, &str)) {
    analyzer(|analyzer| analyzer.each_token(text, language, emit));
}

/// The chain with its scratch space: nothing is allocated per token.
#[derive(Default)]
pub(crate) struct Analyzer {
    scanner: scan::Scanner,
    stems: stem::Stems,
}

impl Analyzer {
    /// Calls `emit(span, exact, term)` for every token of `text`, in order.
    pub(crate) fn each_token(
        &mut self,
        text: &str,
        language: Language,
        mut emit: impl FnMut(Span, &str, &str),
    ) {
        let Self { scanner, stems } = self;
        scanner.each_word(text, |span, exact| emit(span, exact, stems.stem(exact, language)));
    }

    /// Calls `emit(span, exact)` for every token of `text`, in order.
    pub(crate) fn each_word(&mut self, text: &str, emit: impl FnMut(Span, &str)) {
        self.scanner.each_word(text, emit);
    }

    /// The stem of a folded word.
    pub(crate) fn stem<'a>(&'a mut self, exact: &'a str, language: Language) -> &'a str {
        self.stems.stem(exact, language)
    }

    /// Counts the function words of a text.
    pub(crate) fn votes(&mut self, text: &str) -> Votes {
        let mut votes = Votes::default();
        self.each_word(text, |_, exact| votes.take(exact));
        votes
    }
}
