//! A reader of objects (ISO 32000-1, 7.3) that takes what it can: a token that belongs nowhere is
//! skipped, whatever is still open is closed where the object ends.

use lopdf::{Dictionary, Object, StringFormat};

use crate::pdf::content::{
    PlainNumber, decode_hex, decode_literal, decode_name, is_blank, is_regular,
};

/// Values read from one file, those inside containers included. A manual of 600 pages with many
/// links has 560,000; this many take 0.7 GB at worst.
pub(super) const VALUES_MAX: usize = 4_000_000;
/// A longer name is cut; the standard's own limit is 127 bytes.
const NAME_BYTES_MAX: usize = 4_096;

/// Reads objects from a part of a file.
pub(super) struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    nesting_max: usize,
    /// Values that may still be read, of the whole file.
    values_left: usize,
    /// Entries of the dictionaries that are open.
    entries: Vec<(Vec<u8>, Object)>,
    losses: Losses,
}

/// What limits of single objects took from them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Losses {
    /// Containers nested too deep, which are left out.
    pub(super) containers: usize,
    /// Names too long, which are cut.
    pub(super) names: usize,
}

impl Losses {
    pub(super) fn add(&mut self, other: Self) {
        self.containers += other.containers;
        self.names += other.names;
    }

    /// One sentence for each kind of them.
    pub(super) fn sentences(self, nesting_max: usize) -> Vec<String> {
        let Self { containers, names } = self;
        let deep =
            format!("containers nested more than {nesting_max} deep, left out: {containers}");
        let long = format!("names of more than {NAME_BYTES_MAX} bytes, cut: {names}");
        let sentences = [(containers, deep), (names, long)].into_iter();
        sentences.filter(|(count, _)| *count > 0).map(|(_, sentence)| sentence).collect()
    }
}

/// What stands at one place.
enum Token<'a> {
    Value(Object),
    ArrayStart,
    ArrayEnd,
    DictStart,
    DictEnd,
    Keyword(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8], nesting_max: usize, values_left: usize) -> Self {
        let (entries, losses) = (Vec::new(), Losses::default());
        Self { data, at: 0, nesting_max, values_left, entries, losses }
    }

    /// Where the next token is looked for.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What was lost of the objects read so far.
    pub(super) fn losses(&self) -> Losses {
        self.losses
    }

    /// Values that may still be read.
    pub(super) fn values_left(&self) -> usize {
        self.values_left
    }

    /// Reads the object at `start`, not beyond `end`. `None` where there is none, or no value may
    /// be read any more.
    pub(super) fn object_at(&mut self, start: usize, end: usize) -> Option<Object> {
        let whole = self.data;
        self.data = whole.get(..end).unwrap_or(whole);
        self.at = start.min(self.data.len());
        let object = self.object(0);
        self.data = whole;
        object
    }

    fn object(&mut self, depth: usize) -> Option<Object> {
        self.skip_blank();
        let before = self.at;
        match self.token()? {
            Token::Value(value) => Some(value),
            Token::ArrayStart if depth < self.nesting_max => Some(self.array(depth + 1)),
            Token::DictStart if depth < self.nesting_max => Some(self.dictionary(depth + 1)),
            Token::Keyword(b"null") => Some(Object::Null),
            Token::Keyword(_) => {
                self.at = before;
                None
            }
            Token::ArrayStart | Token::DictStart => {
                self.losses.containers += 1;
                None
            }
            Token::ArrayEnd | Token::DictEnd => None,
        }
    }

    fn array(&mut self, depth: usize) -> Object {
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            let before = self.at;
            match self.token() {
                None | Some(Token::ArrayEnd) => break,
                // The bracket is missing: the dictionary around ends here.
                Some(Token::DictEnd) => {
                    self.at = before;
                    break;
                }
                Some(Token::Keyword(word)) if ends_object(word) => {
                    self.at = before;
                    break;
                }
                Some(Token::Keyword(word)) => items.extend(constant(word)),
                Some(Token::Value(value)) => items.push(value),
                Some(Token::ArrayStart | Token::DictStart) => {
                    self.at = before;
                    items.extend(self.object(depth));
                }
            }
        }
        Object::Array(items)
    }

    fn dictionary(&mut self, depth: usize) -> Object {
        let first = self.entries.len();
        while let Some((key, value)) = self.entry(depth) {
            self.entries.push((key, value));
        }
        // Made when its size is known: growing it is what takes most of the time.
        let mut dict = Dictionary::new();
        dict.as_hashmap_mut().reserve(self.entries.len() - first);
        for (key, value) in self.entries.drain(first..) {
            dict.set(key, value);
        }
        Object::Dictionary(dict)
    }

    /// The next entry of a dictionary; `None` at its end.
    fn entry(&mut self, depth: usize) -> Option<(Vec<u8>, Object)> {
        loop {
            self.skip_blank();
            let before = self.at;
            match self.token()? {
                Token::DictEnd => return None,
                Token::Keyword(word) if ends_object(word) => {
                    self.at = before;
                    return None;
                }
                Token::Value(Object::Name(key)) => {
                    if let Some(value) = self.value(depth)? {
                        return Some((key, value));
                    }
                }
                _ => {}
            }
        }
    }

    /// The value after a key: `None` where the file ends, `Some(None)` where there is none.
    fn value(&mut self, depth: usize) -> Option<Option<Object>> {
        self.skip_blank();
        let before = self.at;
        Some(match self.token()? {
            Token::Value(value) => Some(value),
            Token::ArrayStart | Token::DictStart => {
                self.at = before;
                self.object(depth)
            }
            Token::Keyword(word) if !ends_object(word) => {
                Some(constant(word).unwrap_or(Object::Null))
            }
            Token::ArrayEnd => None,
            Token::DictEnd | Token::Keyword(_) => {
                self.at = before;
                None
            }
        })
    }

    fn token(&mut self) -> Option<Token<'a>> {
        self.values_left = self.values_left.checked_sub(1)?;
        loop {
            self.skip_blank();
            let byte = *self.data.get(self.at)?;
            let next = self.data.get(self.at + 1);
            return Some(match byte {
                b'0'..=b'9' | b'+' | b'-' | b'.' => Token::Value(self.number_or_reference()),
                b'/' => Token::Value(Object::Name(self.name())),
                b'(' => Token::Value(self.literal()),
                b'<' if next == Some(&b'<') => self.passed(2, Token::DictStart),
                b'<' => Token::Value(self.hex()),
                b'>' if next == Some(&b'>') => self.passed(2, Token::DictEnd),
                b'[' => self.passed(1, Token::ArrayStart),
                b']' => self.passed(1, Token::ArrayEnd),
                b'>' | b')' | b'{' | b'}' => {
                    self.at += 1;
                    continue;
                }
                _ => Token::Keyword(self.regular_run()),
            });
        }
    }

    fn passed(&mut self, bytes: usize, token: Token<'a>) -> Token<'a> {
        self.at += bytes;
        token
    }

    /// Passes over blank space and comments.
    fn skip_blank(&mut self) {
        self.at = skip_blank(self.data, self.at);
    }

    fn regular_run(&mut self) -> &'a [u8] {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| !is_regular(byte)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let raw = self.regular_run();
        self.losses.names += usize::from(raw.len() > NAME_BYTES_MAX);
        let raw = raw.get(..NAME_BYTES_MAX).unwrap_or(raw);
        decode_name(raw).into_owned()
    }

    fn literal(&mut self) -> Object {
        let start = self.at + 1;
        let end = literal_end(self.data, start);
        self.at = (end + 1).min(self.data.len());
        let mut bytes = Vec::new();
        decode_literal(self.data.get(start..end).unwrap_or_default(), &mut bytes);
        Object::String(bytes, StringFormat::Literal)
    }

    fn hex(&mut self) -> Object {
        let rest = self.data.get(self.at + 1..).unwrap_or_default();
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at = (self.at + end + 2).min(self.data.len());
        let mut bytes = Vec::new();
        decode_hex(rest.get(..end).unwrap_or_default(), &mut bytes);
        Object::String(bytes, StringFormat::Hexadecimal)
    }

    fn number_or_reference(&mut self) -> Object {
        let number = self.number();
        let Object::Integer(first) = number else { return number };
        let Ok(first) = u32::try_from(first) else { return number };
        let after_number = self.at;
        if self.reference_follows() {
            // Generations are not kept apart: a wrong one is more common than a reused number.
            return Object::Reference((first, 0));
        }
        self.at = after_number;
        number
    }

    /// Passes over `G R` of a reference.
    fn reference_follows(&mut self) -> bool {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let blank = rest.iter().take_while(|&&byte| is_blank(byte)).count();
        let digits = digits(rest.get(blank..).unwrap_or_default());
        if blank == 0 || digits == 0 || digits > 5 {
            return false;
        }
        let rest = rest.get(blank + digits..).unwrap_or_default();
        let blank_after = rest.iter().take_while(|&&byte| is_blank(byte)).count();
        let is_reference = blank_after > 0
            && rest.get(blank_after) == Some(&b'R')
            && rest.get(blank_after + 1).is_none_or(|&byte| !is_regular(byte));
        if is_reference {
            self.at += blank + digits + blank_after + 1;
        }
        is_reference
    }

    fn number(&mut self) -> Object {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let Some(number) = PlainNumber::read(rest) else { return self.odd_number() };
        self.at += number.length;
        number.integer().map_or_else(|| Object::Real(number.real()), Object::Integer)
    }

    /// Reads a number; signs may repeat and what follows a second dot is dropped.
    fn odd_number(&mut self) -> Object {
        let raw = self.data.get(self.at..).unwrap_or_default();
        let length = raw.iter().take_while(|byte| b"+-.0123456789".contains(byte)).count();
        self.at += length;
        let (mut value, mut scale, mut dots, mut negative) = (0.0f64, 1.0f64, 0, false);
        for &byte in raw.iter().take(length) {
            match byte {
                b'.' => dots += 1,
                b'-' => negative |= value == 0.0 && dots == 0,
                b'0'..=b'9' if dots < 2 => {
                    value = value * 10.0 + f64::from(byte - b'0');
                    scale *= if dots == 1 { 10.0 } else { 1.0 };
                }
                _ => {}
            }
        }
        let value = if negative { -value } else { value };
        if dots == 0 && value.abs() < 9e15 {
            Object::Integer(value as i64)
        } else {
            let value = (value / scale) as f32;
            Object::Real(if value.is_finite() { value } else { 0.0 })
        }
    }
}

/// The index after blank space and comments.
pub(super) fn skip_blank(data: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = data.get(at) {
        if byte == b'%' {
            let rest = data.get(at..).unwrap_or_default();
            at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        } else if is_blank(byte) {
            at += 1;
        } else {
            break;
        }
    }
    at
}

/// The index of the parenthesis that closes a literal string begun before `start`.
fn literal_end(data: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0usize);
    while let Some(offset) = memchr::memchr3(b'(', b')', b'\\', data.get(at..).unwrap_or_default())
    {
        at += offset;
        match data.get(at) {
            Some(b'\\') => at += 1,
            Some(b'(') => depth += 1,
            _ if depth == 0 => return at,
            _ => depth -= 1,
        }
        at += 1;
    }
    data.len()
}

/// How many digits the bytes begin with.
pub(super) fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A word that no value holds: whatever is open was never closed.
fn ends_object(word: &[u8]) -> bool {
    matches!(
        word,
        b"obj" | b"endobj" | b"stream" | b"endstream" | b"xref" | b"trailer" | b"startxref"
    )
}

fn constant(word: &[u8]) -> Option<Object> {
    match word {
        b"true" => Some(Object::Boolean(true)),
        b"false" => Some(Object::Boolean(false)),
        b"null" => Some(Object::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Object> {
        Reader::new(text.as_bytes(), 100, VALUES_MAX).object_at(0, text.len())
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(format!("{:?}", read(text)), format!("{:?}", read(expected)), "{text}");
        assert!(read(text).is_some(), "{text}");
    }

    #[test]
    fn objects_are_read() {
        assert_eq!(read("12 0 R"), Some(Object::Reference((12, 0))));
        assert_eq!(read("12 7 R"), Some(Object::Reference((12, 0))));
        assert_eq!(read("12 0 Rest"), Some(Object::Integer(12)));
        assert_eq!(read("-.5"), Some(Object::Real(-0.5)));
        assert_eq!(read("/A#42#4"), Some(Object::Name(b"AB#4".to_vec())));
        assert_eq!(read("(a\\(b(c))"), Some(Object::string_literal("a(b(c)")));
        assert_eq!(read("null"), Some(Object::Null));
        assert_eq!(read("endobj"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn what_is_broken_is_closed_or_skipped() {
        check("<</A[1 2/B 3>>", "<</A [1 2 /B 3]>>");
        check("<</A 1 /B (open endobj", "<</A 1 /B (open endobj)>>");
        check("<</A>>", "<</A null>>".replace("/A null", "").as_str());
        check("<</A ] /B 2 ) } >>", "<</B 2>>");
        check("<</A <</B 1 /C", "<</A <</B 1>> >>");
        check("<</A 1 /B 2 /A 3>>", "<</A 3 /B 2>>");
        check("<<1 2 /A true junk /B 2>>", "<</A true /B 2>>");
        check("[1 true junk 2", "[1 true 2]");
        check("--5", "-5");
        check("1.2.3", "1.2");
    }

    #[test]
    fn names_are_limited_on_both_sides() {
        let length = |bytes: usize| {
            let name = read(&format!("/{}", "n".repeat(bytes)));
            name.and_then(|name| name.as_name().map(<[u8]>::len).ok())
        };
        assert_eq!(length(NAME_BYTES_MAX), Some(NAME_BYTES_MAX));
        assert_eq!(length(NAME_BYTES_MAX + 1), Some(NAME_BYTES_MAX));
    }

    #[test]
    fn nesting_and_values_are_limited_on_both_sides() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let depth = |text: &str| {
            let mut object = read(text);
            let mut depth = 0;
            while let Some(Object::Array(mut items)) = object {
                depth += 1;
                object = items.pop();
            }
            depth
        };
        assert_eq!(depth(&nested(100)), 100);
        assert_eq!(depth(&nested(101)), 100);

        let items = |values: usize| {
            let mut reader = Reader::new(b"[1 2 3]", 100, values);
            reader.object_at(0, 7).and_then(|array| array.as_array().map(Vec::len).ok())
        };
        assert_eq!(items(5), Some(3));
        assert_eq!(items(3), Some(2));
        assert_eq!(items(0), None);
    }
}
