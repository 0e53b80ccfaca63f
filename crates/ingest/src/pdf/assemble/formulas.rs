//! Displayed formulas: numerators, denominators, limits and tall brackets stand above and below
//! each other, and all of them are one block, with the formula's number.

use crate::pdf::layout::Line;

/// What a formula relates its sides by.
const RELATIONS: &[char] = &['=', '≤', '≥', '≈', '∝', '→', '∈', '≡', '√', '∑', '∫', '∏', '<', '>'];
/// Letters of a word in a formula, such as `sin`.
const LETTERS_MAX: usize = 4;
/// Words of a part of a formula; prose has more.
const WORDS_MAX: usize = 5;
/// Parts of one formula overlap or stand closer than this, in em.
const GAP_EM: f32 = 1.5;
/// Baselines of neighbouring parts differ by less, in em.
const RISE_EM: f32 = 1.7;
/// Parts of one formula; more are something else.
const PARTS_MAX: usize = 60;
/// Parts of one formula, the lines that are looked back over.
const PARTS_BACK: usize = 8;

/// Whether a line goes on with the formula that a block of lines is, or is its number.
pub(super) fn goes_on(block: &[Line], line: &Line) -> bool {
    let relates = |line: &Line| line.text.contains(RELATIONS);
    if line.words.len() > WORDS_MAX
        || block.len() > PARTS_MAX
        || !block.iter().all(is_part)
        || !(relates(line) || block.iter().any(relates))
    {
        return false;
    }
    let mut parts = block.iter().rev().take(PARTS_BACK);
    if is_number(&line.text) {
        return parts.any(|part| (part.v - line.v).abs() < 0.3 * line.size && part.u1 < line.u0);
    }
    is_part(line) && parts.any(|part| adjoins(part, line))
}

/// A few short words and signs.
fn is_part(line: &Line) -> bool {
    let is_long = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > LETTERS_MAX;
    let is_foreign = |c: char| c.is_alphabetic() && !matches!(c, '\0'..='\u{3FF}');
    line.degrees == 0
        && line.words.len() <= 2 * WORDS_MAX
        && !line.monospaced
        && !line.text.split(|c: char| !c.is_alphanumeric()).any(is_long)
        && !line.text.contains(is_foreign)
}

/// Whether two parts touch without standing on one line, or one below the other as lines do.
fn adjoins(part: &Line, line: &Line) -> bool {
    let size = part.size.max(line.size);
    let rise = (part.v - line.v).abs();
    let gap = (line.u0 - part.u1).max(part.u0 - line.u1);
    let over = gap < 0.0;
    let tall = rise < RISE_EM * size && rise > 0.05 * size;
    // Below each other are fractions; two short lines of text, such as an address, stand further
    // apart than numerator and denominator, or begin at one margin.
    let aligned = (part.u0 - line.u0).abs() < 0.3 * size;
    let same_line = rise <= 0.05 * size && (0.0..GAP_EM * size).contains(&gap);
    same_line || (tall && gap < GAP_EM * size && !(over && aligned))
}

/// `(3)`, `(2.1)`, `(A4)`.
fn is_number(text: &str) -> bool {
    let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inside.is_some_and(|label| {
        label.len() <= 6
            && label.contains(|c: char| c.is_ascii_digit())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, u0: f32, v: f32) -> Line {
        Line::sample(text, u0, u0 + 5.0 * text.len() as f32, v).with_words()
    }

    #[test]
    fn a_fraction_and_its_number_are_one_block() {
        let parts = [
            line("I(R) = I0", 50.0, 700.0),
            line("1", 104.0, 707.0),
            line("1 + R2", 98.0, 693.0),
            line("(7)", 250.0, 700.0),
        ];
        for at in 1..parts.len() {
            assert!(goes_on(&parts[..at], &parts[at]), "{}", parts[at].text);
        }
        let prose = line("where R is the radius of the star", 50.0, 680.0);
        assert!(!goes_on(&parts, &prose));
    }

    #[test]
    fn short_lines_of_text_are_no_formula() {
        assert!(!goes_on(&[line("Weir Lane 22", 50.0, 700.0)], &line("4410 Mill", 50.0, 688.0)));
        assert!(!goes_on(&[line("results", 50.0, 700.0)], &line("x", 70.0, 692.0)));
    }
}
