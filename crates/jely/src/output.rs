//! Results on their way to standard output.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use answer::Citation;
use serde::Serialize;

/// Said where a command did its work and nobody can be told of it.
pub(crate) const UNREPORTED: &str =
    "the work is done and saved, but its report cannot be written to standard output";

/// Standard output: text for people or JSON for programs, and no complaint about a reader that
/// has gone.
pub(crate) struct Output<'a> {
    writer: &'a mut (dyn Write + Send),
    json: bool,
    /// Whether the reader closed its end.
    closed: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(writer: &'a mut (dyn Write + Send), json: bool) -> Self {
        Self { writer, json, closed: false }
    }

    /// Whether results are wanted as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes one line of text.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        let written = writeln!(self.writer, "{}", printable(text));
        self.notice(written)
    }

    /// Writes a part of a text, to be seen at once.
    pub(crate) fn piece(&mut self, text: &str) -> io::Result<()> {
        let written = write!(self.writer, "{}", printable(text));
        self.notice(written)?;
        self.flush()
    }

    /// Writes an object as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(value)?;
        let written = writeln!(self.writer, "{line}");
        self.notice(written)
    }

    /// Writes `{"name": value}` as one line of JSON.
    pub(crate) fn named(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        // A map of one, not a JSON value: that would sort the fields of `value`.
        self.json(&BTreeMap::from([(name, value)]))
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.writer.write_all(bytes);
        self.notice(written)
    }

    /// Hands over what was written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let flushed = if self.closed { Ok(()) } else { self.writer.flush() };
        self.notice(flushed)
    }

    /// `| head` closes the pipe when it has seen enough: the work goes on, silently.
    fn notice(&mut self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if self.closed || error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// The text without what a terminal would obey: documents may hold escape sequences.
fn printable(text: &str) -> String {
    let safe = |char: char| if char.is_control() && char != '\n' { ' ' } else { char };
    text.chars().map(safe).collect()
}

/// Where a quote stands: `title, p. 3 › Heading`.
pub(crate) fn place(citation: &Citation) -> String {
    let mut place = citation.title.clone();
    match (citation.page, citation.page_end) {
        (Some(first), Some(last)) if last > first => place += &format!(", pp. {first}–{last}"),
        (Some(page), _) => place += &format!(", p. {page}"),
        (None, _) => {}
    }
    for heading in shown_headings(citation) {
        place += " › ";
        place += heading;
    }
    one_line(&place)
}

/// The headings without a first one that only repeats the title.
fn shown_headings(citation: &Citation) -> &[String] {
    match citation.headings.as_slice() {
        [first, rest @ ..] if sounds_alike(first, &citation.title) => rest,
        all => all,
    }
}

/// Whether two texts are the same but for case, punctuation and blank space.
fn sounds_alike(left: &str, right: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (left_letters, right_letters) = (letters(left), letters(right));
    left == right || (left_letters == right_letters && !left_letters.is_empty())
}

/// The text with every run of blank space made one blank.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text up to `chars_max` characters, on one line, with `…` where it was cut.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// `1 chunk`, `2 chunks`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A duration for people: `12 ms`, `3.4 s`.
pub(crate) fn time(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ ..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use document::DocumentId;

    use super::*;

    fn citation(page: Option<u32>, page_end: Option<u32>, headings: &[&str]) -> Citation {
        Citation {
            document_id: DocumentId::from_source("a"),
            title: "Guide".into(),
            page,
            page_end,
            headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
            excerpt: String::new(),
            start: 0,
            end: 0,
            score: 1.0,
        }
    }

    #[test]
    fn a_place_names_title_pages_and_headings() {
        let check = |page, page_end, headings: &[&str], expected| {
            assert_eq!(place(&citation(page, page_end, headings)), expected);
        };
        check(Some(3), Some(3), &["Returns"], "Guide, p. 3 › Returns");
        check(Some(3), Some(4), &[], "Guide, pp. 3–4");
        check(None, None, &["Guide", "Tyres", "Fat\n tyres"], "Guide › Tyres › Fat tyres");
        check(None, None, &["Tyres", "Guide"], "Guide › Tyres › Guide");
    }

    #[test]
    fn a_heading_that_repeats_the_title_is_left_out() {
        let check = |title: &str, heading: &str, expected: &str| {
            let found = place(&Citation {
                title: title.into(),
                ..citation(None, None, &[heading, "Brakes"])
            });
            assert_eq!(found, format!("{title}{expected}"));
        };
        check("Larkspur E3 Owner's Manual", "LARKSPUR E3 – Owner’s Manual", " › Brakes");
        check("Manual", "Manual\n", " › Brakes");
        check("Manual", "Manual 2", " › Manual 2 › Brakes");
        check("?", "!", " › ! › Brakes");
        check("?", "?", " › Brakes");
    }

    #[test]
    fn text_is_shortened_between_characters() {
        assert_eq!(shortened("äöü\n äöü", 7), "äöü äöü");
        assert_eq!(shortened("äöü äöü", 4), "äöü…");
        assert_eq!(
            (counted(1, "chunk"), counted(0, "chunk")),
            ("1 chunk".into(), "0 chunks".into())
        );
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error_and_escapes_stay_harmless() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let mut gone = Gone;
        let mut output = Output::new(&mut gone, false);
        output.line("one").unwrap();
        output.line("two").unwrap();
        output.flush().unwrap();
        assert_eq!(printable("a\u{1b}[31m\nb"), "a [31m\nb");
    }
}
