//! Metadata at the head of a Markdown file.
//!
//! Between two lines `---` stands YAML, between two lines `+++` TOML. Only what documents use is
//! read: `key: value` and `key = value` with plain or quoted scalars. A list, a map or a text of
//! several lines is kept as it is written; a TOML table puts its name and a dot before its keys.

use std::collections::BTreeMap;

use crate::normalize;

/// The language of a front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Yaml,
    Toml,
}

/// Parts a text into its front matter and the rest; `None` where it has none. The first line
/// opens it, the next is not blank, and a later one closes it.
pub(crate) fn split(text: &str) -> Option<(Format, &str, &str)> {
    let (first, rest) = text.split_once('\n')?;
    let format = match first.trim_end() {
        "---" => Format::Yaml,
        "+++" => Format::Toml,
        _ => return None,
    };
    let mut offset = 0;
    for line in rest.split_inclusive('\n') {
        let content = line.trim_end();
        let closes = match format {
            Format::Yaml => content == "---" || content == "...",
            Format::Toml => content == "+++",
        };
        if closes {
            return Some((format, &rest[..offset], &rest[offset + line.len()..]));
        }
        if offset == 0 && content.is_empty() {
            return None;
        }
        offset += line.len();
    }
    None
}

/// Keys that are kept; documents have some ten.
const KEYS_MAX: usize = 1_000;
/// Bytes of a key, and of the name of a TOML table, that are kept.
const KEY_BYTES_MAX: usize = 256;
/// Bytes of a value that are kept.
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// What a front matter says.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// By key; of a key given twice the last value.
    pub(crate) values: BTreeMap<String, String>,
    /// Keys beyond [`KEYS_MAX`], which are left out.
    dropped: usize,
    /// Keys and values too long, which are cut.
    cut: usize,
}

impl Values {
    /// What limits took, one sentence each.
    pub(super) fn warnings(&self) -> Vec<String> {
        let (found, cut) = (self.values.len() + self.dropped, self.cut);
        let many =
            || format!("the front matter has {found} keys, limit {KEYS_MAX}: the rest is left out");
        let long = || {
            format!(
                "keys of the front matter beyond {KEY_BYTES_MAX} bytes, or values beyond \
                 {VALUE_BYTES_MAX}, cut: {cut}"
            )
        };
        (self.dropped > 0).then(many).into_iter().chain((cut > 0).then(long)).collect()
    }

    fn insert(&mut self, key: &str, value: &str) {
        let key = self.shortened(key, KEY_BYTES_MAX);
        let value = self.shortened(value, VALUE_BYTES_MAX);
        if self.values.len() < KEYS_MAX || self.values.contains_key(&key) {
            self.values.insert(key, value);
        } else {
            self.dropped += 1;
        }
    }

    fn shortened(&mut self, text: &str, bytes_max: usize) -> String {
        let end = text.floor_char_boundary(bytes_max);
        self.cut += usize::from(end < text.len());
        text[..end].to_owned()
    }
}

/// The keys and values of a front matter.
pub(crate) fn read(format: Format, text: &str) -> Values {
    let mut values = Values::default();
    let mut table = String::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        let begins = match format {
            Format::Yaml => yaml_entry(line),
            Format::Toml => toml_entry(line),
        };
        if let Some((key, value)) = begins {
            store(open.take(), &mut values);
            open = Some((format!("{table}{key}"), value.to_owned()));
        } else if let (Format::Toml, Some(name)) = (format, toml_table(line)) {
            store(open.take(), &mut values);
            // Each of its keys has it in front.
            table = format!("{}.", &name[..name.floor_char_boundary(KEY_BYTES_MAX)]);
        } else if let Some((_, value)) = &mut open
            && !line.trim_start().starts_with('#')
        {
            value.push('\n');
            value.push_str(line);
        }
    }
    store(open, &mut values);
    values
}

/// Keeps an entry that is complete, if it has a value.
fn store(entry: Option<(String, String)>, values: &mut Values) {
    let Some((key, raw)) = entry else { return };
    let mut value = String::new();
    match raw.trim().split_once('\n') {
        None => normalize::line(&scalar(&raw), &mut value),
        Some((mark, lines)) if is_block_mark(mark) => normalize::preformatted(lines, &mut value),
        Some(_) => normalize::preformatted(raw.trim(), &mut value),
    }
    let value = value.trim();
    if !value.is_empty() {
        values.insert(&key, value);
    }
}

/// `|`, `>` and their variants: the value is the lines below.
fn is_block_mark(mark: &str) -> bool {
    mark.starts_with(['|', '>']) && mark.trim_end().len() <= 3
}

/// `key: value` at the margin.
fn yaml_entry(line: &str) -> Option<(&str, &str)> {
    if line.starts_with([' ', '\t', '#', '-', '[', '{']) {
        return None;
    }
    let (key, value) = match line.split_once(": ") {
        Some(parts) => parts,
        None => (line.trim_end().strip_suffix(':')?, ""),
    };
    named(key, value)
}

/// `key = value`, the key bare or quoted.
fn toml_entry(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let key = key.trim();
    let quoted = unquoted(key).is_some();
    if quoted || key.chars().all(bare) { named(key, value) } else { None }
}

fn toml_table(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.trim_end().strip_suffix(']')?;
    Some(name.trim_matches(['[', ']', ' ']))
}

fn named<'a>(key: &'a str, value: &'a str) -> Option<(&'a str, &'a str)> {
    let key = key.trim();
    let key = unquoted(key).map_or(key, |(_, inside)| inside);
    (!key.is_empty()).then_some((key, value))
}

/// What stands between quotes, and the quote.
fn unquoted(text: &str) -> Option<(char, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some((quote, inside))
}

/// A scalar without its quotes, escapes and trailing comment.
fn scalar(raw: &str) -> String {
    let raw = raw.trim();
    let commented = || unquoted(raw.rsplit_once(" #")?.0.trim_end());
    match unquoted(raw).or_else(commented) {
        Some(('"', inside)) => unescaped(inside),
        Some((_, inside)) => inside.replace("''", "'"),
        None => without_comment(raw).to_owned(),
    }
}

fn without_comment(raw: &str) -> &str {
    if raw.starts_with('#') {
        return "";
    }
    raw.split_once(" #").map_or(raw, |(value, _)| value).trim_end()
}

fn unescaped(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        text.push(match escaped {
            Some('n' | 't') => ' ',
            other => other.unwrap_or(character),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let (format, inside, rest) = split(text).expect("front matter");
        assert_eq!(rest, "Body");
        let values = read(format, inside);
        let shown: Vec<_> = values.values.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn yaml_scalars_lose_their_quotes_and_other_values_stay_as_written() {
        check(
            "---\ntitle: \"Say \\\"hi\\\"\" # greeting\nname: 'it''s'\n# no\nurl: https://a.b/#c\n\
             empty:\ntags:\n  - one\n  - two\nlist: [a, b]\nlong: >\n  two\n  lines\n---\nBody",
            &[
                ("list", "[a, b]"),
                ("long", "two\n  lines"),
                ("name", "it's"),
                ("tags", "- one\n  - two"),
                ("title", "Say \"hi\""),
                ("url", "https://a.b/#c"),
            ],
        );
    }

    #[test]
    fn toml_tables_prefix_their_keys() {
        check(
            "+++\ntitle = \"A = b\"\ndate = 2024-05-01\ntags = [\n  \"x\",\n  \"y\",\n]\n[extra]\n\
             \"my key\" = true\n+++\nBody",
            &[
                ("date", "2024-05-01"),
                ("extra.my key", "true"),
                ("tags", "[\n  \"x\",\n  \"y\",\n]"),
                ("title", "A = b"),
            ],
        );
    }

    #[test]
    fn a_thematic_break_opens_no_front_matter() {
        assert_eq!(split("---\n\ntext\n---\n"), None);
        assert_eq!(split("---\ntitle: never closed\n"), None);
        assert_eq!(split("\n---\ntitle: late\n---\n"), None);
        assert_eq!(split("---\n---\nBody"), Some((Format::Yaml, "", "Body")));
    }
}
