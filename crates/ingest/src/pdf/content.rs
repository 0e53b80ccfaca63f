//! Content streams as a sequence of operations (ISO 32000-1, 7.8.2).
//!
//! One pass over the decoded bytes; operands borrow from them. A token that does not belong
//! anywhere (a stray `]`, `>>` or `)`, a malformed number) is skipped and reading goes on with
//! the next one, as viewers do: text after a broken token is still text.

mod plain_number;

use std::borrow::Cow;

pub(super) use plain_number::PlainNumber;

/// One operand. Arrays and dictionaries come flat, between their brackets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operand<'a> {
    Number(f32),
    /// As it is written, see [`decode_name`].
    Name(&'a [u8]),
    /// The bytes between the parentheses, escapes not yet decoded.
    Literal(&'a [u8]),
    /// The bytes between the angle brackets.
    Hex(&'a [u8]),
    ArrayStart,
    ArrayEnd,
    DictStart,
    DictEnd,
    /// `true`, `false` or `null`.
    Constant,
}

/// More operands than any sound operation has; the rest of a longer list is dropped.
const OPERANDS_MAX: usize = 1 << 17;

/// The dictionary of an inline image is looked for within this many bytes.
const DICTIONARY_BYTES_MAX: usize = 4_096;
/// Bytes after a doubtful end of an inline image in which a better one is looked for.
const LOOSE_END_BYTES: usize = 256;

/// Reads operations from the bytes of a content stream.
pub(super) struct Operations<'a> {
    data: &'a [u8],
    at: usize,
    operands_dropped: usize,
    /// Where `ID` stands next, if not before `at`.
    next_image_data: usize,
}

impl<'a> Operations<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, operands_dropped: 0, next_image_data: 0 }
    }

    /// Why operations are incomplete: some had more operands than are kept.
    pub(super) fn shortfall(&self) -> Option<String> {
        let found = OPERANDS_MAX + self.operands_dropped;
        (self.operands_dropped > 0)
            .then(|| format!("an operation has {found} operands, limit {OPERANDS_MAX}"))
    }

    /// Reads the next operation: its operands replace `operands`, its operator is returned.
    /// Inline images are passed over. `None` at the end.
    pub(super) fn next(&mut self, operands: &mut Vec<Operand<'a>>) -> Option<&'a [u8]> {
        operands.clear();
        loop {
            self.skip_blank();
            let byte = *self.data.get(self.at)?;
            let operand = match byte {
                b'0'..=b'9' | b'+' | b'-' | b'.' => Operand::Number(self.number()),
                b'/' => Operand::Name(self.name()),
                b'(' => Operand::Literal(self.literal()),
                b'<' => self.less_than(),
                b'>' => self.greater_than(),
                b'[' => self.single(Operand::ArrayStart),
                b']' => self.single(Operand::ArrayEnd),
                b')' | b'{' | b'}' => {
                    self.at += 1;
                    continue;
                }
                _ => match self.keyword() {
                    [b't', b'r', b'u', b'e']
                    | [b'f', b'a', b'l', b's', b'e']
                    | [b'n', b'u', b'l', b'l'] => Operand::Constant,
                    [b'B', b'I'] => {
                        self.skip_inline_image();
                        operands.clear();
                        continue;
                    }
                    operator => return Some(operator),
                },
            };
            if operands.len() < OPERANDS_MAX {
                operands.push(operand);
            } else {
                self.operands_dropped += 1;
            }
        }
    }

    fn single(&mut self, operand: Operand<'a>) -> Operand<'a> {
        self.at += 1;
        operand
    }

    fn skip_blank(&mut self) {
        while let Some(&byte) = self.data.get(self.at) {
            if is_blank(byte) {
                self.at += 1;
            } else if byte == b'%' {
                self.skip_comment();
            } else {
                return;
            }
        }
    }

    fn skip_comment(&mut self) {
        let rest = &self.data[self.at..];
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        self.at += end;
    }

    fn regular_run(&mut self) -> &'a [u8] {
        let rest = &self.data[self.at..];
        let end = rest.iter().position(|&byte| !is_regular(byte)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn keyword(&mut self) -> &'a [u8] {
        self.regular_run()
    }

    fn name(&mut self) -> &'a [u8] {
        self.at += 1;
        self.regular_run()
    }

    fn number(&mut self) -> f32 {
        let rest = self.data.get(self.at..).unwrap_or_default();
        if let Some(number) = PlainNumber::read(rest) {
            self.at += number.length;
            return number.real();
        }
        self.odd_number()
    }

    /// Reads a number; signs may repeat and digits after a second dot are dropped.
    fn odd_number(&mut self) -> f32 {
        let (mut negative, mut whole, mut scale, mut dots) = (false, 0.0f64, 1.0f64, 0);
        while let Some(&byte) = self.data.get(self.at) {
            match byte {
                b'0'..=b'9' if dots < 2 => {
                    whole = whole * 10.0 + f64::from(byte - b'0');
                    scale *= if dots == 1 { 10.0 } else { 1.0 };
                }
                b'0'..=b'9' | b'+' => {}
                b'-' => negative |= scale == 1.0 && whole == 0.0,
                b'.' => dots += 1,
                _ => break,
            }
            self.at += 1;
        }
        let value = (whole / scale) as f32;
        if !value.is_finite() {
            0.0
        } else if negative {
            -value
        } else {
            value
        }
    }

    fn literal(&mut self) -> &'a [u8] {
        self.at += 1;
        let start = self.at;
        let mut depth = 0usize;
        while let Some(&byte) = self.data.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'(' => depth += 1,
                b')' if depth == 0 => {
                    let end = self.at;
                    self.at += 1;
                    return &self.data[start..end];
                }
                b')' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.data.len();
        &self.data[start.min(self.at)..]
    }

    fn less_than(&mut self) -> Operand<'a> {
        if self.data.get(self.at + 1) == Some(&b'<') {
            self.at += 2;
            return Operand::DictStart;
        }
        let rest = &self.data[self.at + 1..];
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at = (self.at + end + 2).min(self.data.len());
        Operand::Hex(&rest[..end])
    }

    fn greater_than(&mut self) -> Operand<'a> {
        let double = self.data.get(self.at + 1) == Some(&b'>');
        self.at += if double { 2 } else { 1 };
        if double { Operand::DictEnd } else { Operand::Constant }
    }

    /// Goes to the `EI` that ends an inline image: one with blank space around it that is
    /// followed by what looks like operators, not by image data. Without such, one without the
    /// blank space before; without its dictionary it is no image, and nothing is passed over.
    fn skip_inline_image(&mut self) {
        // Found once for all images before it.
        if self.next_image_data < self.at {
            let offset = memchr::memmem::find(&self.data[self.at..], b"ID");
            self.next_image_data = offset.map_or(usize::MAX, |offset| self.at + offset);
        }
        if self.next_image_data.saturating_sub(self.at) > DICTIONARY_BYTES_MAX {
            return;
        }
        let body = self.next_image_data + 2;
        let rest = &self.data[body..];
        let mut loose: Option<usize> = None;
        for offset in memchr::memmem::find_iter(rest, b"EI") {
            let (at, end) = (body + offset, body + offset + 2);
            if loose.is_some_and(|loose| end - loose > LOOSE_END_BYTES) {
                break;
            }
            let after = &self.data[end..self.data.len().min(end + 12)];
            let text_after = after.iter().all(|&byte| is_blank(byte) || (32..127).contains(&byte));
            if !text_after || !after.first().is_none_or(|&byte| is_blank(byte)) {
                continue;
            }
            if is_blank(self.data[at - 1]) {
                self.at = end;
                return;
            }
            loose.get_or_insert(end);
        }
        self.at = loose.unwrap_or(self.data.len());
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

pub(super) fn is_regular(byte: u8) -> bool {
    REGULAR[usize::from(byte)]
}

/// Bytes that neither separate nor delimit tokens.
const REGULAR: [bool; 256] = {
    let mut regular = [true; 256];
    let others = b"\0\t\n\x0C\r ()<>[]{}/%";
    let mut at = 0;
    while at < others.len() {
        regular[others[at] as usize] = false;
        at += 1;
    }
    regular
};

/// What a name stands for: `#` and two digits are one byte (ISO 32000-1, 7.3.5).
pub(super) fn decode_name(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'#', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut name = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        let escaped = (byte == b'#').then(|| hex_pair(raw.get(at + 1..at + 3)?)).flatten();
        name.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    Cow::Owned(name)
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |at: usize| (*pair.get(at)? as char).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Whether a literal string stands for its own bytes.
pub(super) fn is_plain_literal(raw: &[u8]) -> bool {
    // Without branches, so that it goes over many bytes at once.
    !raw.iter().fold(false, |found, &byte| found | (byte == b'\\') | (byte == b'\r'))
}

/// Appends the bytes a literal string stands for (ISO 32000-1, table 3).
pub(super) fn decode_literal(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        match byte {
            b'\\' => at += decode_escape(&raw[at..], out),
            b'\r' => {
                out.push(b'\n');
                at += usize::from(raw.get(at) == Some(&b'\n'));
            }
            _ => out.push(byte),
        }
    }
}

/// Decodes what follows a backslash; returns how many bytes it took.
fn decode_escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(&byte) = rest.first() else { return 0 };
    let plain = match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'\n' => return 1,
        b'\r' => return 1 + usize::from(rest.get(1) == Some(&b'\n')),
        b'0'..=b'7' => {
            let digits = rest.iter().take(3).take_while(|digit| (b'0'..=b'7').contains(digit));
            let (count, value) = digits
                .fold((0, 0u32), |(n, value), digit| (n + 1, value * 8 + u32::from(digit - b'0')));
            // A value over 255 loses its high-order bit, as the standard says.
            out.push((value & 0xFF) as u8);
            return count;
        }
        other => other,
    };
    out.push(plain);
    1
}

/// Appends the bytes a hexadecimal string stands for; a missing last digit is 0.
pub(super) fn decode_hex(raw: &[u8], out: &mut Vec<u8>) {
    let mut high = None;
    for digit in raw.iter().filter_map(|&byte| (byte as char).to_digit(16)) {
        match high.take() {
            None => high = Some(digit),
            Some(first) => out.push((first * 16 + digit) as u8),
        }
    }
    if let Some(first) = high {
        out.push((first * 16) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: &str, expected: &[(&str, usize)]) {
        let mut operations = Operations::new(content.as_bytes());
        let mut operands = Vec::new();
        let mut found = Vec::new();
        while let Some(operator) = operations.next(&mut operands) {
            found.push((String::from_utf8_lossy(operator).into_owned(), operands.len()));
        }
        let expected: Vec<_> =
            expected.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
        assert_eq!(found, expected, "{content:?}");
    }

    #[test]
    fn operations_are_read_with_their_operands() {
        check("BT /F1 12 Tf (a\\)b) Tj ET", &[("BT", 0), ("Tf", 2), ("Tj", 1), ("ET", 0)]);
        check("[(a)-250(b)] TJ T*", &[("TJ", 5), ("T*", 0)]);
        check("/Span <</ActualText (x)>> BDC", &[("BDC", 5)]);
        check("% comment\n1 0 0 1 0 0 cm%end", &[("cm", 6)]);
    }

    #[test]
    fn broken_tokens_do_not_end_the_stream() {
        check("] >> ) } 1 Tc (x) Tj", &[("Tc", 3), ("Tj", 1)]);
        check("(unclosed", &[]);
        check("<41", &[]);
        check("--5 Tc 1.2.3 Tw", &[("Tc", 1), ("Tw", 1)]);
        let mut operands = Vec::new();
        Operations::new(b"--5.25 Tc").next(&mut operands);
        assert_eq!(operands, [Operand::Number(-5.25)]);
    }

    #[test]
    fn inline_images_are_passed_over() {
        check("q BI /W 1 ID \x01EI\x02 EI Q (x) Tj", &[("q", 0), ("Q", 0), ("Tj", 1)]);
        check("BI /W 1 ID no end", &[]);
        check("BI /W 1 ID \x01\x02EI Q (x) Tj", &[("Q", 0), ("Tj", 1)]);
        check("BI (x) Tj", &[("Tj", 1)]);
        let far = |blank: usize| format!("BI{}ID x EI Q (x) Tj", " ".repeat(blank));
        check(&far(DICTIONARY_BYTES_MAX), &[("Q", 0), ("Tj", 1)]);
        let beyond = [("ID", 0), ("x", 0), ("EI", 0), ("Q", 0), ("Tj", 1)];
        check(&far(DICTIONARY_BYTES_MAX + 1), &beyond);
    }

    #[test]
    fn operands_are_limited_on_both_sides() {
        let shortfall = |count: usize| {
            let content = "1 ".repeat(count) + "Tj";
            let mut operations = Operations::new(content.as_bytes());
            let mut operands = Vec::new();
            operations.next(&mut operands);
            assert_eq!(operands.len(), count.min(OPERANDS_MAX));
            operations.shortfall()
        };
        assert_eq!(shortfall(OPERANDS_MAX), None);
        let why = "an operation has 131073 operands, limit 131072";
        assert_eq!(shortfall(OPERANDS_MAX + 1).as_deref(), Some(why));
    }

    #[test]
    fn names_are_decoded() {
        assert_eq!(&*decode_name(b"A#42#4"), b"AB#4");
        assert_eq!(&*decode_name(b"#zz#"), b"#zz#");
    }

    #[test]
    fn strings_are_decoded() {
        let mut out = Vec::new();
        decode_literal(b"a\\(b\\051\\n\\\nc\\7\\d\r\n", &mut out);
        assert_eq!(out, b"a(b)\nc\x07d\n");
        out.clear();
        decode_hex(b"4 1 42 5", &mut out);
        assert_eq!(out, b"ABP");
    }
}
