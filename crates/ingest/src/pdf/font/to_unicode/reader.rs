//! Reads the operators of a ToUnicode map that matter; everything else is passed over.

use hayro_cmap::CMapName;

use super::{ENTRIES_MAX, Entry, TARGET_BYTES_MAX, Target, ToUnicode};
use crate::pdf::font::cmaps::predefined;
use crate::pdf::font::glyph_names;

/// Bytes of a code or a target that are looked at.
const STRING_BYTES_MAX: usize = 2 * TARGET_BYTES_MAX;

pub(super) fn read(data: &[u8]) -> ToUnicode {
    let mut reader = Reader { data, at: 0, map: ToUnicode::default() };
    reader.run();
    reader.map
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    map: ToUnicode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// The digits between `<` and `>`.
    Hex(&'a [u8]),
    Name(&'a [u8]),
    ArrayStart,
    ArrayEnd,
    Word(&'a [u8]),
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        let mut before = None;
        while let Some(token) = self.next() {
            if self.is_full() {
                return;
            }
            match token {
                Token::Word(word) if word.ends_with(b"beginbfchar") => self.characters(),
                Token::Word(word) if word.ends_with(b"beginbfrange") => self.ranges(),
                Token::Word(b"usecmap") => {
                    if let Some(Token::Name(name)) = before {
                        self.map.base = predefined(CMapName::from_bytes(name));
                    }
                }
                _ => {}
            }
            before = Some(token);
        }
    }

    /// `<code> <text>` or `<code> /glyphname`, up to `endbfchar`.
    fn characters(&mut self) {
        while let Some(token) = self.next_in_section() {
            let Some(code) = code(token) else { continue };
            let Some(target) = self.next_in_section() else { return };
            self.add(code, code, target);
        }
    }

    /// `<first> <last> <text>` or `<first> <last> [<text> …]`, up to `endbfrange`.
    fn ranges(&mut self) {
        while let Some(token) = self.next_in_section() {
            let Some(first) = code(token) else { continue };
            let Some(last) = self.next_in_section().and_then(code) else { continue };
            match self.next_in_section() {
                Some(Token::ArrayStart) => self.array(first, last),
                Some(target) => self.add(first, last, target),
                None => return,
            }
        }
    }

    fn array(&mut self, first: u32, last: u32) {
        let mut code = Some(first);
        while let Some(target) = self.next_in_section().filter(|token| *token != Token::ArrayEnd) {
            if let Some(code) = code.filter(|code| *code <= last) {
                self.add(code, code, target);
            }
            code = code.and_then(|code| code.checked_add(1));
        }
    }

    fn add(&mut self, first: u32, last: u32, target: Token<'_>) {
        let text = match target {
            Token::Hex(digits) => utf16(digits),
            Token::Name(name) => glyph_names::unicode_of(&String::from_utf8_lossy(name)),
            _ => None,
        };
        let Some(text) = text.filter(|text| (1..=TARGET_BYTES_MAX).contains(&text.len())) else {
            return;
        };
        if first > last {
            return;
        }
        if self.map.entries.len() >= ENTRIES_MAX {
            self.map.is_cut = true;
        } else {
            let target = self.target(&text);
            self.map.entries.push(Entry { first, last, target });
        }
    }

    fn target(&mut self, text: &str) -> Target {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Target::Char(c),
            _ => {
                let start = self.map.strings.len() as u32;
                self.map.strings.push_str(text);
                Target::Text { start, end: self.map.strings.len() as u32 }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.map.is_cut
    }

    /// The next token, or `None` at the end of the section, which is left to be read.
    fn next_in_section(&mut self) -> Option<Token<'a>> {
        if self.is_full() {
            return None;
        }
        let before = self.at;
        let token = self.next()?;
        let is_end = matches!(token, Token::Word(word) if word.starts_with(b"end") || word.ends_with(b"beginbfchar") || word.ends_with(b"beginbfrange"));
        if is_end {
            self.at = before;
            // `endbfchar` is passed, `beginbfrange` opens the next section.
            if matches!(token, Token::Word(word) if word.starts_with(b"end")) {
                self.next();
            }
            return None;
        }
        Some(token)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = *self.data.get(self.at)?;
            self.at += 1;
            return Some(match byte {
                b'<' if self.data.get(self.at) == Some(&b'<') => {
                    self.at += 1;
                    continue;
                }
                b'<' => Token::Hex(self.take(|byte| byte == b'>', 1)),
                b'[' => Token::ArrayStart,
                b']' => Token::ArrayEnd,
                b'/' => Token::Name(self.take(|byte| !is_regular(byte), 0)),
                b'%' => {
                    self.take(|byte| matches!(byte, b'\n' | b'\r'), 0);
                    continue;
                }
                byte if is_regular(byte) => {
                    self.at -= 1;
                    Token::Word(self.take(|byte| !is_regular(byte), 0))
                }
                _ => continue,
            });
        }
    }

    /// The bytes up to one that ends them, and past `closing` bytes after them.
    fn take(&mut self, ends: impl Fn(u8) -> bool, closing: usize) -> &'a [u8] {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len());
        self.at = (self.at + length + closing).min(self.data.len());
        rest.get(..length).unwrap_or_default()
    }
}

fn is_regular(byte: u8) -> bool {
    !matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
        && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// A code of one to four bytes; half a byte at its end is the upper half.
fn code(token: Token<'_>) -> Option<u32> {
    let Token::Hex(hex) = token else { return None };
    let (code, count) = digits(hex).fold((0u64, 0u32), |(code, count), digit| {
        (code << 4 & 0xF_FFFF_FFFF | u64::from(digit), count.saturating_add(1))
    });
    let code = if count % 2 == 0 { code } else { code << 4 };
    u32::try_from(code).ok().filter(|_| (1..=8).contains(&count))
}

fn digits(hex: &[u8]) -> impl Iterator<Item = u8> {
    hex.iter().filter_map(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8)
}

fn bytes(hex: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = digits(hex).take(2 * STRING_BYTES_MAX).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

/// UTF-16 with the higher byte first; a lone byte is a character by itself.
fn utf16(hex: &[u8]) -> Option<String> {
    let bytes = bytes(hex);
    let (odd, pairs) = bytes.split_at(bytes.len() % 2);
    let units = odd.iter().map(|byte| u16::from(*byte));
    let units =
        units.chain(pairs.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])));
    let text: Result<String, _> =
        char::decode_utf16(units.skip_while(|unit| *unit == 0xFEFF)).collect();
    // Half of a surrogate pair is no text.
    text.ok()
}
