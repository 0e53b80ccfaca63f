//! Facts as text that takes little room and is read fast: bytes in base64, numbers in groups of
//! seven bits, hashes as they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::facts::{DayFacts, Facts, QuestionFacts};
use crate::Millis;

/// Which shape this is; another is not read.
const FORMAT: u8 = 1;

/// The text of settled facts.
pub(super) fn write(facts: &Facts) -> String {
    let mut bytes = vec![FORMAT];
    number(&mut bytes, facts.days.len() as u64);
    for (day, facts) in &facts.days {
        signed(&mut bytes, *day);
        for figure in
            [facts.messages, facts.answered, facts.unanswered, facts.timed, facts.response_ms]
        {
            number(&mut bytes, figure);
        }
        number(&mut bytes, facts.visitors.len() as u64);
        bytes.extend(facts.visitors.iter().flat_map(|visitor| visitor.to_le_bytes()));
    }
    number(&mut bytes, facts.documents.len() as u64);
    for (document, replies) in &facts.documents {
        number(&mut bytes, document.len() as u64);
        bytes.extend_from_slice(document.as_bytes());
        number(&mut bytes, *replies);
    }
    let base = facts.questions.iter().map(|question| question.first_at).min().unwrap_or_default();
    signed(&mut bytes, base);
    number(&mut bytes, facts.questions.len() as u64);
    for question in &facts.questions {
        bytes.extend(question.key.to_le_bytes());
        bytes.extend(question.words.to_le_bytes());
        number(&mut bytes, question.asked);
        number(&mut bytes, question.unanswered);
        signed(&mut bytes, question.first_at.wrapping_sub(base));
        if question.unanswered > 0 {
            signed(&mut bytes, question.last_unanswered_at.wrapping_sub(base));
        }
    }
    STANDARD_NO_PAD.encode(bytes)
}

/// The facts of a text; `None` where it is no such text.
pub(super) fn read(text: &str) -> Option<Facts> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let mut rest = Rest(bytes.strip_prefix(&[FORMAT])?);
    let mut facts = Facts::default();
    for _ in 0..rest.number()? {
        let day = rest.signed()?;
        let mut figures = [0; 5];
        for figure in &mut figures {
            *figure = rest.number()?;
        }
        let [messages, answered, unanswered, timed, response_ms] = figures;
        let bytes = usize::try_from(rest.number()?).ok()?.checked_mul(8)?;
        let (visitors, _) = rest.take(bytes)?.as_chunks();
        let visitors = visitors.iter().copied().map(u64::from_le_bytes).collect();
        let day_facts = DayFacts { messages, answered, unanswered, timed, response_ms, visitors };
        facts.days.insert(day, day_facts);
    }
    for _ in 0..rest.number()? {
        let length = usize::try_from(rest.number()?).ok()?;
        let document = std::str::from_utf8(rest.take(length)?).ok()?.to_owned();
        facts.documents.insert(document, rest.number()?);
    }
    let base = rest.signed()?;
    for _ in 0..rest.number()? {
        facts.questions.push(rest.question(base)?);
    }
    rest.0.is_empty().then_some(facts)
}

fn number(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Small on both sides of zero: the sign goes last.
fn signed(bytes: &mut Vec<u8>, value: i64) {
    number(bytes, ((value << 1) ^ (value >> 63)) as u64);
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn question(&mut self, base: Millis) -> Option<QuestionFacts> {
        let key = u64::from_le_bytes(self.array()?);
        let words = u32::from_le_bytes(self.array()?);
        let (asked, unanswered) = (self.number()?, self.number()?);
        let first_at = base.wrapping_add(self.signed()?);
        let last_unanswered_at = match unanswered {
            0 => Millis::MIN,
            _ => base.wrapping_add(self.signed()?),
        };
        Some(QuestionFacts { key, words, asked, unanswered, first_at, last_unanswered_at })
    }
}
