//! The text within HTML.
//!
//! Not a parser of documents: Markdown holds fragments, often cut by blank lines, so this only
//! tells tags from text. Linear in the bytes, whatever is left open.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use pulldown_cmark::{Event, Parser};

/// A part of an HTML fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, character references decoded.
    Text(Cow<'a, str>),
    /// An opening tag, by its name as written; also one that closes itself.
    Open(&'a str),
    /// A closing tag.
    Close(&'a str),
}

/// Longest character reference, with `&` and `;`.
const REFERENCE_BYTES_MAX: usize = 33;

/// The tags and texts of a fragment in order; comments, declarations, scripts and styles are
/// left out.
pub(super) fn tokens(html: &str) -> Tokens<'_> {
    Tokens { rest: html, unclosed: [false; 2], tags: true }
}

/// See [`tokens`].
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Whether no further `"` or `'` follows: found once, so that quotes left open are not
    /// searched for again at every tag.
    unclosed: [bool; 2],
    /// Whether a tag may still follow; none does where no `>` is left.
    tags: bool,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            let text = self.take_text();
            if !text.is_empty() {
                return Some(Token::Text(decoded(text)));
            }
            if let Some(token) = self.take_markup() {
                return Some(token);
            }
        }
        None
    }
}

impl<'a> Tokens<'a> {
    /// Takes what stands before the next markup.
    fn take_text(&mut self) -> &'a str {
        let mut end = 0;
        while let Some(at) = self.find_bracket(end) {
            let after = self.rest.as_bytes().get(at + 1);
            if after.is_some_and(|byte| byte.is_ascii_alphabetic() || b"/!?".contains(byte)) {
                return self.take(at);
            }
            end = at + 1;
        }
        self.take(self.rest.len())
    }

    fn find_bracket(&self, from: usize) -> Option<usize> {
        let rest = self.rest.as_bytes().get(from..)?;
        if self.tags { memchr(b'<', rest).map(|at| from + at) } else { None }
    }

    /// Takes one tag, comment or declaration; `None` for what is left out.
    fn take_markup(&mut self) -> Option<Token<'a>> {
        if self.rest.starts_with("<!--") {
            self.take_through("-->");
            return None;
        }
        if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
            self.take_through(">");
            return None;
        }
        let Some(end) = self.tag_end() else {
            self.tags = false;
            return None;
        };
        let tag = self.take(end);
        let closes = tag.starts_with("</");
        let name = tag_name(tag);
        if !closes && (is(name, &["script", "style"])) {
            self.take_raw_text(name);
            return None;
        }
        Some(if closes { Token::Close(name) } else { Token::Open(name) })
    }

    /// The length of the tag that begins the rest: to the first `>` outside of quotes, or if
    /// there is none, to the first.
    fn tag_end(&mut self) -> Option<usize> {
        let bytes = self.rest.as_bytes();
        let mut at = 1;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'>' => return Some(at),
                b'"' | b'\'' => at += self.quoted(at, byte),
                _ => {}
            }
        }
        // Quotes that hide the last `>` are no quotes, for this tag and all that follow.
        self.unclosed = [true; 2];
        memchr(b'>', bytes).map(|at| at + 1)
    }

    /// The length of a quoted value from `at`; 0 where the quote is never closed and so is none.
    fn quoted(&mut self, at: usize, quote: u8) -> usize {
        let unclosed = &mut self.unclosed[usize::from(quote == b'\'')];
        if *unclosed {
            return 0;
        }
        let end = self.rest.as_bytes().get(at..).and_then(|rest| memchr(quote, rest));
        *unclosed = end.is_none();
        end.map_or(0, |end| end + 1)
    }

    /// Takes the content of a script or style, which is no text.
    fn take_raw_text(&mut self, name: &str) {
        let end = memmem::find_iter(self.rest.as_bytes(), "</").find(|at| {
            let close = self.rest.as_bytes().get(at + 2..at + 2 + name.len());
            close.is_some_and(|close| close.eq_ignore_ascii_case(name.as_bytes()))
        });
        self.take(end.unwrap_or(self.rest.len()));
    }

    fn take_through(&mut self, end: &str) {
        let at = memmem::find(self.rest.as_bytes(), end.as_bytes());
        self.take(at.map_or(self.rest.len(), |at| at + end.len()));
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

/// The name of a tag, as written.
pub(super) fn tag_name(tag: &str) -> &str {
    let inside = tag.trim_start_matches(['<', '/']);
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    &inside[..end.unwrap_or(inside.len())]
}

/// Whether a name is one of `names`, whatever its case.
pub(super) fn is(name: &str, names: &[&str]) -> bool {
    names.iter().any(|candidate| name.eq_ignore_ascii_case(candidate))
}

/// The level of a heading tag.
pub(super) fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h' | b'H', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Whether a tag ends the line of text before it.
pub(super) fn is_block(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "p",
        "div",
        "section",
        "article",
        "aside",
        "main",
        "nav",
        "header",
        "footer",
        "address",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "caption",
        "tr",
        "td",
        "th",
        "blockquote",
        "pre",
        "hr",
        "details",
        "summary",
        "figure",
        "figcaption",
        "form",
        "fieldset",
        "legend",
        "center",
        "body",
        "head",
        "html",
        "title",
        "iframe",
    ];
    is(name, BLOCKS) || heading_level(name).is_some()
}

/// Decodes character references. Borrows where there are none.
fn decoded(text: &str) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = push_reference(rest, &mut out);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends what the reference at the start of `text` stands for; returns its length.
fn push_reference(text: &str, out: &mut String) -> usize {
    let head = &text.as_bytes()[..text.len().min(REFERENCE_BYTES_MAX)];
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let name = head[1..].iter().take_while(|byte| inside(byte)).count();
    if name == 0 || head.get(1 + name) != Some(&b';') {
        out.push('&');
        return 1;
    }
    let reference = &text[..name + 2];
    match reference {
        "&amp;" => out.push('&'),
        "&lt;" => out.push('<'),
        "&gt;" => out.push('>'),
        "&quot;" => out.push('"'),
        "&nbsp;" => out.push(' '),
        // The parser of Markdown has the whole table of names.
        _ => Parser::new(reference).for_each(|event| {
            if let Event::Text(text) = event {
                out.push_str(&text);
            }
        }),
    }
    reference.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        let shown: Vec<String> = tokens(html)
            .map(|token| match token {
                Token::Text(text) => text.into_owned(),
                Token::Open(name) => format!("<{name}>"),
                Token::Close(name) => format!("</{name}>"),
            })
            .collect();
        assert_eq!(shown.join(""), expected);
    }

    #[test]
    fn tags_are_told_from_text() {
        check("a <b class='x > y'>bold</b> 1 < 2", "a <b>bold</b> 1 < 2");
        check("<IMG src=x/>x<!-- <p> -->y<?php z ?><!DOCTYPE html>", "<IMG>xy");
        check("<style>p { }</STYLE>a<script>if (a</b) {}</script>b", "</STYLE>a</script>b");
    }

    #[test]
    fn nothing_is_lost_after_a_quote_left_open() {
        check("<div title=\"oops>text</div>", "<div>text</div>");
        check("<div <p text", "<div <p text");
        check("<a b='c>d' <i e", "<a>d' <i e");
        check("a <!-- never closed", "a ");
    }

    #[test]
    fn references_are_decoded_once() {
        check(
            "&lt;p&gt; &amp;amp; &eacute;&#8364;&#x20AC; &nope; & &;",
            "<p> &amp; é€€ &nope; & &;",
        );
    }

    #[test]
    fn references_are_read_to_a_length() {
        let taken = |bytes: usize| {
            let mut out = String::new();
            push_reference(&format!("&{};", "x".repeat(bytes - 2)), &mut out)
        };
        assert_eq!((taken(REFERENCE_BYTES_MAX), taken(REFERENCE_BYTES_MAX + 1)), (33, 1));
        // The longest name there is.
        check("&CounterClockwiseContourIntegral;", "∳");
    }

    #[test]
    fn hostile_fragments_take_linear_time() {
        for part in ["<a '", "<a \"", "<!--", "<", "&", "<script>", "</", "<a>'", "<a '> '"] {
            tokens(&part.repeat(300_000)).count();
        }
    }
}
