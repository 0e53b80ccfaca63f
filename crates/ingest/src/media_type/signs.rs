//! Signs of Markdown in a text.

use crate::markdown::front_matter;

/// A sign that hardly occurs outside of Markdown.
const STRONG: u32 = 2;
/// A sign that people use in plain text as well; each kind counts once.
const WEAK: u32 = 1;

/// The weight of the signs of Markdown in a text.
///
/// Strong, weight 2: front matter, an ATX heading, a setext underline, a code fence, the
/// delimiter row of a table, a link or image with its target, a link definition, an HTML
/// comment. Weak, weight 1 for each kind however often: list items, block quotes, emphasis,
/// inline code. Lists alone are plain text, which reads them as well.
pub(super) fn markdown_signs(text: &str) -> u32 {
    if front_matter::split(text).is_some() {
        return STRONG;
    }
    let mut found = Found::default();
    let mut previous = "";
    for line in text.lines() {
        found.add(line, previous);
        if found.strong {
            return STRONG;
        }
        previous = line;
    }
    found.weight()
}

#[derive(Default)]
struct Found {
    strong: bool,
    list: bool,
    quote: bool,
    emphasis: bool,
    code: bool,
}

impl Found {
    fn add(&mut self, line: &str, previous: &str) {
        let trimmed = line.trim();
        self.strong |= is_strong(trimmed, previous.trim());
        self.list |= is_list_item(trimmed);
        self.quote |= trimmed.starts_with("> ");
        self.emphasis |= has_pair(trimmed, "**") || has_pair(trimmed, "__");
        self.code |= has_pair(trimmed, "`");
    }

    fn weight(&self) -> u32 {
        let weak = [self.list, self.quote, self.emphasis, self.code];
        WEAK * weak.into_iter().map(u32::from).sum::<u32>()
    }
}

fn is_strong(line: &str, previous: &str) -> bool {
    is_heading(line)
        || line.starts_with("```")
        || line.starts_with("~~~")
        || line.starts_with("<!--")
        || is_underline(line, previous)
        || is_delimiter_row(line, previous)
        || has_link(line)
        || is_link_definition(line)
}

fn is_heading(line: &str) -> bool {
    let text = line.trim_start_matches('#');
    (1..=6).contains(&(line.len() - text.len())) && text.starts_with(' ')
}

/// Three or more of `=` or `-` under a line of text.
fn is_underline(line: &str, previous: &str) -> bool {
    let all = |mark| line.bytes().all(|byte| byte == mark);
    line.len() >= 3 && (all(b'=') || all(b'-')) && previous.contains(char::is_alphanumeric)
}

fn is_delimiter_row(line: &str, previous: &str) -> bool {
    let allowed = line.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' '));
    allowed && line.contains('|') && line.contains("--") && previous.contains('|')
}

fn has_link(line: &str) -> bool {
    let Some((before, after)) = line.split_once("](") else { return false };
    before.contains('[') && after.contains(')')
}

fn is_link_definition(line: &str) -> bool {
    line.starts_with('[') && line.split_once("]: ").is_some_and(|(_, target)| !target.is_empty())
}

fn is_list_item(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = (1..=9).contains(&digits) && line[digits..].starts_with(". ");
    numbered || ["- ", "* ", "+ "].iter().any(|bullet| line.starts_with(bullet))
}

/// Whether `mark` stands before a word and again behind one.
fn has_pair(line: &str, mark: &str) -> bool {
    let Some((_, after)) = line.split_once(mark) else { return false };
    let Some((inside, _)) = after.split_once(mark) else { return false };
    !inside.is_empty() && inside.trim() == inside && inside.contains(char::is_alphanumeric)
}
