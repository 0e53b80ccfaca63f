//! What became of a file, in one sentence.

use serde::{Deserialize, Serialize};

use super::PdfFacts;
use crate::IngestError;
use crate::error::Ranges;

/// One character in this many may be without text before that is what a person should know of
/// the file: symbols and ornaments often are.
const UNMAPPED_SHARE: u64 = 50;

const UNMAPPED_ADVICE: &str = "export it again with fonts that map to Unicode, or run OCR on it";

/// What became of a file, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// `READ`, `PARTIAL`, or the name of the failure ([`IngestError::code`]).
    pub code: String,
    /// One sentence. That of a failure tells what to do as well.
    pub message: String,
    /// What to do about a file that was read, if there is anything.
    pub advice: Option<String>,
}

impl Outcome {
    /// Whether the file was read, if only in part.
    pub fn is_read(&self) -> bool {
        matches!(self.code.as_str(), "READ" | "PARTIAL")
    }

    /// A failure.
    pub fn refused(error: &IngestError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), advice: None }
    }

    fn read(message: String, advice: Option<&str>) -> Self {
        Self { code: "READ".to_owned(), message, advice: advice.map(str::to_owned) }
    }

    fn partial(message: String, advice: &str) -> Self {
        Self { code: "PARTIAL".to_owned(), message, advice: Some(advice.to_owned()) }
    }

    /// That of a text file.
    pub(super) fn of_text(warnings: usize) -> Self {
        match warnings {
            0 => Self::read("all of it was read".to_owned(), None),
            _ => Self::read("all of it was read, with warnings".to_owned(), None),
        }
    }

    /// That of a PDF with text: the worst that is to be told.
    pub(crate) fn of_pdf(pdf: &PdfFacts, pages_read: usize) -> Self {
        let found = pdf.pages.unwrap_or(0);
        if (pages_read as u64) < u64::from(found) {
            let message = format!("the first {pages_read} of {found} pages were read");
            return Self::partial(message, "split the file");
        }
        if !pdf.pages_partial.is_empty() {
            let pages: Vec<u32> = pdf.pages_partial.iter().map(|partial| partial.page).collect();
            let message = format!("it was read, but in part only on page {}", Ranges(&pages));
            return Self::partial(message, "export it again; where a limit is named, split it");
        }
        if let Some((unmapped, all)) = pdf.unmapped() {
            let message =
                format!("{unmapped} of {all} characters stand for no known text and were left out");
            return Self::partial(message, UNMAPPED_ADVICE);
        }
        if !pdf.pages_without_text.is_empty() {
            let pages = Ranges(&pdf.pages_without_text);
            let message = format!("it was read, and there is no text on page {pages}");
            return Self::read(message, Some("if these are scans, run OCR on the file"));
        }
        if !pdf.repairs.is_empty() || pdf.damaged_streams > 0 {
            let advice = "look whether the text is complete; if not, export the file again";
            return Self::read("all pages were read, after repairs".to_owned(), Some(advice));
        }
        Self::read("all pages were read".to_owned(), None)
    }
}

impl Outcome {
    /// That of a PDF whose pages were read and that is refused all the same.
    pub(crate) fn of_unread_pdf(error: &IngestError, pdf: &PdfFacts) -> Self {
        let unmapped = pdf.unmapped().filter(|_| matches!(error, IngestError::NoText { .. }));
        let advice = unmapped.map(|(unmapped, _)| {
            format!("it shows {unmapped} characters of no known text: {UNMAPPED_ADVICE}")
        });
        Self { advice, ..Self::refused(error) }
    }
}

impl PdfFacts {
    /// Characters without text, and all; `None` where they are few.
    fn unmapped(&self) -> Option<(u64, u64)> {
        let sum = |of: fn(&super::FontFacts) -> u64| self.fonts.iter().map(of).sum::<u64>();
        let (unmapped, all) = (sum(|font| font.unmapped), sum(|font| font.characters));
        (unmapped.saturating_mul(UNMAPPED_SHARE) > all).then_some((unmapped, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FontFacts, PartialPage};

    fn font(characters: u64, unmapped: u64) -> FontFacts {
        FontFacts {
            name: "A".into(),
            kind: "Type 1".into(),
            embedded: true,
            to_unicode: false,
            fonts: 1,
            characters,
            unmapped,
        }
    }

    #[test]
    fn the_worst_is_told() {
        let check = |change: &dyn Fn(&mut PdfFacts), code: &str, says: &str| {
            let mut pdf = PdfFacts { pages: Some(3), ..PdfFacts::default() };
            change(&mut pdf);
            let outcome = Outcome::of_pdf(&pdf, 3);
            assert_eq!((outcome.code.as_str(), outcome.message.as_str()), (code, says));
            assert!(outcome.is_read());
        };
        check(&|_| {}, "READ", "all pages were read");
        check(&|pdf| pdf.damaged_streams = 1, "READ", "all pages were read, after repairs");
        let blank = |pdf: &mut PdfFacts| {
            pdf.repairs.push("x".into());
            pdf.pages_without_text = vec![1, 3];
        };
        check(&blank, "READ", "it was read, and there is no text on page 1, 3");
        check(&|pdf| pdf.fonts = vec![font(100, 2)], "READ", "all pages were read");
        let unmapped = "3 of 100 characters stand for no known text and were left out";
        check(&|pdf| pdf.fonts = vec![font(60, 0), font(40, 3)], "PARTIAL", unmapped);
        let partial = |pdf: &mut PdfFacts| {
            blank(pdf);
            pdf.pages_partial = vec![PartialPage { page: 2, reason: "x".into() }];
        };
        check(&partial, "PARTIAL", "it was read, but in part only on page 2");
        check(&|pdf| pdf.pages = Some(9), "PARTIAL", "the first 3 of 9 pages were read");
    }
}
