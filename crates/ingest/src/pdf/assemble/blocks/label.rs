//! Labels of list items that are no plain numbers: letters, Roman numerals, numbers of sections.

/// Roman numerals that label items.
const ROMAN: [&str; 12] =
    ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"];
/// Levels of a number of sections, and the largest of their numbers.
const LEVELS: std::ops::RangeInclusive<usize> = 2..=4;
const NUMBER_MAX: u32 = 99;

/// What a label may stand for; `i.` is a letter and a numeral.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Values {
    /// A letter, the capital ones in a range of their own.
    letter: Option<u8>,
    roman: Option<usize>,
    /// The levels before the last, and the last.
    section: Option<(String, u32)>,
}

impl Values {
    /// Whether `next` comes right after this label.
    pub(super) fn is_before(&self, next: &Self) -> bool {
        let section = || {
            let ((above, last), (next_above, next)) =
                (self.section.as_ref()?, next.section.as_ref()?);
            Some(above == next_above && last + 1 == *next)
        };
        self.letter.is_some_and(|letter| next.letter == Some(letter + 1))
            || self.roman.is_some_and(|number| next.roman == Some(number + 1))
            || section().unwrap_or(false)
    }
}

/// The values of a label such as `A.`, `iv.` or `2.1`; `None` for any other word.
pub(super) fn values(word: &str) -> Option<Values> {
    if let Some(label) = word.strip_suffix('.').filter(|label| !label.contains('.')) {
        let letter = match label.as_bytes() {
            [letter] if letter.is_ascii_alphabetic() => Some(*letter),
            _ => None,
        };
        let roman = ROMAN.iter().position(|numeral| *numeral == label);
        let known = letter.is_some() || roman.is_some();
        return known.then_some(Values { letter, roman, section: None });
    }
    let number = word.strip_suffix('.').unwrap_or(word);
    let parts: Vec<u32> = number
        .split('.')
        .map(|part| part.parse().ok().filter(|number| (1..=NUMBER_MAX).contains(number)))
        .collect::<Option<_>>()?;
    let (above, _) = number.rsplit_once('.')?;
    let last = *parts.last()?;
    LEVELS
        .contains(&parts.len())
        .then(|| Values { section: Some((above.to_owned(), last)), ..Values::default() })
}
