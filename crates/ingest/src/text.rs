//! Plain text: paragraphs by blank lines, structure only where it is beyond doubt.
//!
//! Lines between two blank lines (or form feeds) are one paragraph and are joined by a space,
//! but
//!
//! * lines that begin with a bullet or a number are list items, and the lines after one belong
//!   to it;
//! * lines with aligned columns (a tab or three blanks inside of half of them) are preformatted;
//! * lines that are all short (up to three fifths of the longest line of the file, counted as 40
//!   to 100 characters) and none of which goes on in lower case were broken on purpose, as in an
//!   address or a poem, and stay lines;
//! * a single line is a heading if it is short, does not end like a sentence, something follows
//!   it, and it is either in CAPITALS (level 1) or numbered (`2.3 Scope`, level by its dots)
//!   while the paragraphs around it do not count on, which makes a list.
//!
//! A form feed ends a paragraph and begins no page: files carry it as a habit of printers, and a
//! page number nobody can look up is worse than none.

use std::collections::BTreeMap;

use document::{BlockKind, Document, MediaType};

use crate::canonical::{Canonical, Join};
use crate::{Config, IngestError, encoding, limits, normalize};

mod line;

use line::Marker;

/// Widest column, in characters: longer lines are not wrapped at all.
const WIDTH_MAX: usize = 100;

/// Narrowest column, in characters: a file of short lines is no narrow column.
const WIDTH_MIN: usize = 40;

/// Reads plain text. Linear in the bytes.
///
/// # Errors
///
/// `TooLarge`, `Damaged` where the bytes are no text, `NoText`.
pub(crate) fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    limits::check("bytes of text", bytes.len(), config.limits.text_bytes_max)?;
    let decoded = encoding::decode(bytes)?;
    let source = normalize::line_ends(&decoded.text);
    let lines: Vec<&str> =
        source.split('\u{C}').flat_map(|page| page.lines().chain([""])).collect();
    let groups: Vec<&[&str]> =
        lines.split(|line| line::is_blank(line)).filter(|group| !group.is_empty()).collect();
    let width = width(&lines);
    let mut out = Canonical::default();
    for (index, group) in groups.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| groups.get(before)).copied();
        let after = groups.get(index + 1).copied();
        match heading_level(group, before, after) {
            Some(level) => push_lines(&mut out, BlockKind::Heading { level }, group, " "),
            None => push_group(&mut out, group, width),
        }
    }
    let document = out.finish(MediaType::PlainText, None, BTreeMap::new(), config)?;
    Ok(Document { warnings: decoded.warnings, ..document })
}

/// The width of the column the text is set in, in characters.
fn width(lines: &[&str]) -> usize {
    let lengths = lines.iter().map(|line| line.chars().take(WIDTH_MAX).count());
    lengths.max().unwrap_or(0).max(WIDTH_MIN)
}

/// The level of a group that is a heading, given the groups around it.
fn heading_level(group: &[&str], before: Option<&[&str]>, after: Option<&[&str]>) -> Option<u8> {
    let [line] = group else { return None };
    let after = after?;
    if !line::is_title(line) {
        return None;
    }
    if line::is_capitals(line) {
        return Some(1);
    }
    let depth = line::numbering_depth(line)?;
    let counts_on =
        |group: &[&str]| group.first().and_then(|line| line::numbering_depth(line)) == Some(depth);
    let is_list = counts_on(after) || before.is_some_and(counts_on);
    (!is_list).then_some(depth)
}

fn push_group(out: &mut Canonical, group: &[&str], width: usize) {
    let is_item = |line: &str| Marker::of(line).is_some();
    let items = group.iter().filter(|line| is_item(line)).count();
    match group.iter().position(|line| is_item(line)) {
        // A single one amid a paragraph is a wrapped line that happens to begin so.
        Some(first) if first == 0 || items > 1 => {
            let (before, items) = group.split_at(first);
            push_prose(out, before, width);
            push_items(out, items);
        }
        _ => push_prose(out, group, width),
    }
}

fn push_items(out: &mut Canonical, lines: &[&str]) {
    for item in lines.chunk_by(|_, next| Marker::of(next).is_none()) {
        let Some(marker) = item.first().and_then(|line| Marker::of(line)) else { continue };
        let mut raw = marker.rest.to_owned();
        for line in item.iter().skip(1) {
            raw.extend([" ", line]);
        }
        let follows = out.last_kind() == Some(BlockKind::ListItem);
        let join = if follows { Join::NextLine } else { Join::Apart };
        let write = |text: &mut String| normalize::prose(&raw, text);
        out.push(BlockKind::ListItem, join, &marker.lead(), write);
    }
}

fn push_prose(out: &mut Canonical, lines: &[&str], width: usize) {
    let columns = lines.iter().filter(|line| line::has_columns(line)).count();
    if lines.len() > 1 && columns * 2 >= lines.len() {
        let raw = lines.join("\n");
        out.push(BlockKind::Code, Join::Apart, "", |text| normalize::preformatted(&raw, text));
        return;
    }
    let broken_on_purpose = lines.iter().all(|line| line::is_within(line, width * 3 / 5))
        && !lines.iter().skip(1).any(|line| line::begins_lowercase(line));
    push_lines(out, BlockKind::Paragraph, lines, if broken_on_purpose { "\n" } else { " " });
}

fn push_lines(out: &mut Canonical, kind: BlockKind, lines: &[&str], separator: &str) {
    let raw = lines.join(separator);
    out.push(kind, Join::Apart, "", |text| normalize::prose(&raw, text));
}

#[cfg(test)]
mod tests;
