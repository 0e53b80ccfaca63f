//! Numbers as nearly all are written; those of broken files are read by the callers.

/// A number as nearly all are written: a sign, then digits with a dot at most.
pub(in crate::pdf) struct PlainNumber {
    negative: bool,
    digits: u64,
    /// Digits after the dot, if there is one.
    decimals: Option<usize>,
    /// Bytes it takes.
    pub(in crate::pdf) length: usize,
}

impl PlainNumber {
    /// Digits that are exact in 64 bits, so that [`Self::real`] is the nearest one.
    const DIGITS_MAX: usize = 15;
    const POWERS: [f64; Self::DIGITS_MAX + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// The number that bytes begin with. `None` where it is longer, goes on with a sign or
    /// another dot, or reaches the end of the bytes.
    #[inline]
    pub(in crate::pdf) fn read(bytes: &[u8]) -> Option<Self> {
        let negative = bytes.first() == Some(&b'-');
        let start = usize::from(negative || bytes.first() == Some(&b'+'));
        let (mut digits, mut at, mut dot) = (0u64, start, None);
        loop {
            match *bytes.get(at)? {
                byte @ b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
                b'.' if dot.is_none() => dot = Some(at),
                b'.' | b'+' | b'-' => return None,
                _ => break,
            }
            at += 1;
            if at - start > Self::DIGITS_MAX {
                return None;
            }
        }
        Some(Self { negative, digits, decimals: dot.map(|dot| at - dot - 1), length: at })
    }

    pub(in crate::pdf) fn real(&self) -> f32 {
        let scale = self.decimals.and_then(|decimals| Self::POWERS.get(decimals)).unwrap_or(&1.0);
        let value = (self.digits as f64 / scale) as f32;
        if self.negative { -value } else { value }
    }

    /// The number, if it has no dot.
    pub(in crate::pdf) fn integer(&self) -> Option<i64> {
        let value = i64::try_from(self.digits).ok().filter(|_| self.decimals.is_none())?;
        Some(if self.negative { -value } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(f32, Option<i64>, usize)> {
        PlainNumber::read(text.as_bytes()).map(|n| (n.real(), n.integer(), n.length))
    }

    #[test]
    fn plain_numbers_are_the_nearest_ones() {
        for text in ["12", "-7", "+3", "0.1", "-.5", "4.", "612.283", "123456789.01234", "0"] {
            let (real, integer, length) = read(&format!("{text} ")).unwrap();
            assert_eq!((real, length), (text.parse::<f32>().unwrap(), text.len()), "{text}");
            assert_eq!(integer, text.parse::<i64>().ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_others() {
        for text in ["--5 ", "1.2.3 ", "5-3 ", "1234567890123456 ", "12"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read("123456789012345 ").is_some());
    }
}
