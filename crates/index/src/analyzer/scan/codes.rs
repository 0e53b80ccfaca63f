//! Words that are made of parts: numbers with units, versions, part numbers, names in programs,
//! addresses. Each is found whole and by its parts.

use document::Span;

use super::{Scanner, is_digits};

/// Most parts of one whole; what has more is encoded data.
const PARTS_MAX: usize = 8;

/// Longest whole, in bytes of the text.
const WHOLE_BYTES_MAX: usize = 48;

/// Units that are written close to their number.
const UNITS: [&str; 37] = [
    "m", "mm", "cm", "km", "nm", "g", "mg", "kg", "l", "ml", "v", "mv", "kv", "w", "mw", "kw",
    "kwh", "ma", "mah", "ah", "hz", "khz", "mhz", "ghz", "kb", "mb", "gb", "tb", "bar", "psi",
    "min", "ms", "rpm", "db", "ft", "lb", "oz",
];

/// What holds two parts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Hyphen,
    Underscore,
    Slash,
    /// A dot between digits.
    Point,
}

impl Scanner {
    /// Emits a word, and its parts where it is a quantity (`5mm`) or has capitals inside
    /// (`getUserName`, `HTTPServer`).
    pub(super) fn plain(&mut self, text: &str, span: Span, emit: &mut impl FnMut(Span, &str)) {
        self.word(text, span, emit);
        let word = &text[span.start..span.end];
        let bytes = word.as_bytes();
        let [first, rest @ ..] = bytes else { return };
        if first.is_ascii_digit() {
            if let Some(digits) = quantity(word) {
                let middle = span.start + digits;
                self.word(text, Span::new(span.start, middle), emit);
                self.word(text, Span::new(middle, span.end), emit);
            }
            return;
        }
        if !rest.iter().any(u8::is_ascii_uppercase) || !word.is_ascii() {
            return;
        }
        let mut start = 0;
        for at in 1..bytes.len() {
            if at - start >= 2 && begins_part(bytes, at) {
                self.word(text, Span::new(span.start + start, span.start + at), emit);
                start = at;
            }
        }
        if start > 0 {
            self.word(text, Span::new(span.start + start, span.end), emit);
        }
    }

    /// Emits what begins with a part and is held together by hyphens and the like: `E-27`,
    /// `ABC-1234/X`, `max_file_size`, `info@example.org`. The parts are left.
    pub(super) fn wholes(&mut self, text: &str, at: usize, emit: &mut impl FnMut(Span, &str)) {
        self.address(text, at, emit);
        let narrow = self.joined(text, at, |link| link != Link::Slash);
        if narrow > 1 {
            self.flush_whole(text, at, narrow, emit);
        }
        let wide = self.joined(text, at, |_| true);
        if wide > narrow.max(1) {
            self.flush_whole(text, at, wide, emit);
        }
    }

    /// How many parts from one on are a whole, which is then in `folded`; 0 where none begins.
    fn joined(&mut self, text: &str, at: usize, holds: impl Fn(Link) -> bool) -> usize {
        let link = |at: usize| {
            let [left, right] = *self.parts.get(at..at + 2)? else { return None };
            link(text, left, right).filter(|&link| holds(link))
        };
        if at.checked_sub(1).is_some_and(|before| link(before).is_some()) {
            return 0;
        }
        let links: Vec<Link> = (at..).map_while(link).take(PARTS_MAX).collect();
        let Some(parts) = self.parts.get(at..=at + links.len()) else { return 0 };
        let word = |part: &Span| &text[part.start..part.end];
        let has_digit =
            parts.iter().any(|part| word(part).bytes().any(|byte| byte.is_ascii_digit()));
        let is_letter = |part: &Span| part.len() == 1;
        let is_whole = match links.as_slice() {
            [] => false,
            [Link::Hyphen] if parts.iter().any(is_letter) => true,
            links if links.contains(&Link::Underscore) => true,
            // `1918-1919` is a range: two numbers, not one.
            [Link::Hyphen]
                if parts[0].len() == parts[1].len()
                    && parts.iter().all(|part| is_digits(word(part))) =>
            {
                false
            }
            links => has_digit && links.iter().any(|link| *link != Link::Point),
        };
        let len = parts[links.len()].end - parts[0].start;
        if !is_whole || links.len() == PARTS_MAX || len > WHOLE_BYTES_MAX {
            return 0;
        }
        self.folded.clear();
        for (index, part) in (at..=at + links.len()).zip(parts.to_vec()) {
            if index > at {
                let before = self.parts[index - 1];
                // `61010-1` is not 610101, nor `1/2` 12.
                let [left, right] = [before, part].map(|part| is_digits(word(&part)));
                if left && right {
                    self.folded.push_str(match links[index - at - 1] {
                        Link::Hyphen => "-",
                        Link::Underscore => "",
                        Link::Slash => "/",
                        Link::Point => ".",
                    });
                }
            }
            self.append(text, part);
        }
        links.len() + 1
    }

    fn flush_whole(
        &mut self,
        text: &str,
        at: usize,
        parts: usize,
        emit: &mut impl FnMut(Span, &str),
    ) {
        debug_assert!(parts > 0 && text.len() >= self.parts[at].end);
        let span = Span::new(self.parts[at].start, self.parts[at + parts - 1].end);
        self.flush(span, emit);
    }

    /// Emits the e-mail address that begins with a part.
    fn address(&mut self, text: &str, at: usize, emit: &mut impl FnMut(Span, &str)) {
        let gap = |at: usize| {
            let [left, right] = *self.parts.get(at..at + 2)? else { return None };
            let sign = |gap: &&str| matches!(*gap, "@" | "." | "-" | "_" | "+");
            Some(&text[left.end..right.start]).filter(sign)
        };
        if at.checked_sub(1).is_some_and(|before| gap(before).is_some()) {
            return;
        }
        let gaps: Vec<&str> = (at..).map_while(gap).take(PARTS_MAX).collect();
        let domain = gaps.iter().position(|gap| *gap == "@").and_then(|at| gaps.get(at + 1..));
        let is_address = domain.is_some_and(|rest| {
            rest.contains(&".") && rest.iter().all(|gap| matches!(*gap, "." | "-"))
        });
        let Some(last) = self.parts.get(at + gaps.len()).filter(|_| is_address) else { return };
        let span = Span::new(self.parts[at].start, last.end);
        if span.len() <= WHOLE_BYTES_MAX && text[span.start..span.end].is_ascii() {
            self.folded.clear();
            self.folded.push_str(&text[span.start..span.end]);
            self.folded.make_ascii_lowercase();
            self.flush(span, emit);
        }
    }
}

/// What stands between two parts, if it holds them together.
fn link(text: &str, left: Span, right: Span) -> Option<Link> {
    Some(match &text[left.end..right.start] {
        "-" | "\u{2010}" | "\u{2011}" => Link::Hyphen,
        "_" => Link::Underscore,
        "/" => Link::Slash,
        "." => {
            let before = text[..left.end].bytes().last()?;
            let after = text[right.start..].bytes().next()?;
            (before.is_ascii_digit() && after.is_ascii_digit()).then_some(Link::Point)?
        }
        _ => return None,
    })
}

/// Whether a part begins with a capital: after a small letter or a digit, or as the last one of
/// several before small letters.
fn begins_part(bytes: &[u8], at: usize) -> bool {
    let is = |at: usize, class: fn(&u8) -> bool| bytes.get(at).is_some_and(class);
    if !is(at, u8::is_ascii_uppercase) || at + 1 >= bytes.len() {
        return false;
    }
    let small = |at: usize| is(at, u8::is_ascii_lowercase);
    !is(at - 1, u8::is_ascii_uppercase) || small(at + 1) && small(at + 2)
}

/// The number of digits of a number with its unit: `5mm`.
pub(super) fn quantity(word: &str) -> Option<usize> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (_, unit) = word.split_at_checked(digits).filter(|(_, unit)| !unit.is_empty())?;
    let known = digits > 0 && UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known));
    known.then_some(digits)
}

/// Whether a part is a version's first: `v2`.
pub(super) fn is_version(part: &str) -> bool {
    part.strip_prefix(['v', 'V']).is_some_and(|digits| !digits.is_empty() && is_digits(digits))
}
