//! Markdown: CommonMark with tables, footnotes, strikethrough, task lists and front matter.
//!
//! The events of the parser are folded, one by one and never recursively, into the canonical
//! text; the state is what is open at the moment, so a hostile depth costs nothing. What a reader
//! of the rendered page would see as text is kept, what they would not see (tags, comments,
//! link targets, front matter) is not; nothing is invented but the bullets and cell separators
//! of the canonical form.
//!
//! * paragraphs and block quotes: a line break in the source is a space, a hard one a line end;
//! * list items begin with `- `, `1. `, `- [ ] ` or `- [x] `, two spaces deeper a level, and
//!   stand on consecutive lines; numbers count on from the first one, as they are rendered;
//! * tables are one block, header row first, cells joined by ` | `; rows without any text go;
//! * code is one block without its fence;
//! * footnotes stand where they are defined as `[^label]: text`; an image is its alternative text;
//! * HTML loses its tags; headings, items, tables and preformatted text in it stay such.
//!
//! Nesting beyond [`nesting_max`](crate::Limits::nesting_max) keeps its text at the indent of
//! the limit, cells beyond [`COLUMNS_MAX`] stand in the last column, and what is all markup and no
//! text is read as plain text; each with a warning.

use document::{Document, MediaType};
use pulldown_cmark::{Options, Parser};

use crate::{Config, IngestError, encoding, limits, normalize, text};

pub(crate) mod front_matter;
mod html;
mod reader;

/// What is read beyond CommonMark. Front matter is not in it: the parser would take any two
/// `---` lines amid the text for it and drop what stands between them.
const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// Characters of markup and line ends in a text that is read as Markdown. The parser takes some
/// 60 to 100 bytes for each, and half as much again while it grows: 10 MiB of them do not fit into
/// the 1 GiB a worker has, this many do. In documents one character of ten is of them.
const MARKUP_MAX: usize = 4_000_000;

/// Cells of a row that are told apart.
const COLUMNS_MAX: usize = 1_000;

/// Reads Markdown. Linear in the bytes.
///
/// # Errors
///
/// `TooLarge`, `Damaged` where the bytes are no text, `NoText`.
pub(crate) fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    limits::check("bytes of text", bytes.len(), config.limits.text_bytes_max)?;
    let decoded = encoding::decode(bytes)?;
    let markup = decoded.text.bytes().filter(|byte| is_markup(*byte)).count();
    if markup > MARKUP_MAX {
        let mut document = text::parse(bytes, config)?;
        document.warnings.push(format!(
            "the file has {markup} characters of markup and line ends, limit {MARKUP_MAX}: it was \
             read as plain text"
        ));
        return Ok(document);
    }
    let source = normalize::line_ends(&decoded.text);
    let (front, body) = match front_matter::split(&source) {
        Some((format, inside, body)) => (front_matter::read(format, inside), body),
        None => (front_matter::Values::default(), &*source),
    };
    let mut warnings = decoded.warnings;
    warnings.extend(front.warnings());
    let mut metadata = front.values;
    let title = metadata.remove("title");
    let events = Parser::new_ext(body, OPTIONS);
    let (canonical, extent) = reader::read(events, config.limits.nesting_max);
    let mut document = canonical.finish(MediaType::Markdown, title, metadata, config)?;
    warnings.extend(extent.warnings(config.limits.nesting_max));
    document.warnings = warnings;
    Ok(document)
}

/// Whether a character may begin or end markup or a line.
fn is_markup(byte: u8) -> bool {
    b"*_`~[]()<>!&\\|#+-\n\r".contains(&byte)
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
