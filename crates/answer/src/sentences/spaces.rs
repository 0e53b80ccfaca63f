//! Thai and Lao have no full stop: their clauses end at a space.

/// Least length of a clause, in characters: a space also stands around numbers and names. A Thai
/// sentence has some 60.
const CLAUSE_CHARS_MIN: usize = 50;

/// The bounds of a line, with those at its spaces where the script has no others.
pub(super) fn add_bounds(line: &str, bounds: Vec<usize>) -> Vec<usize> {
    if !line.contains(is_stopless) {
        return bounds;
    }
    let mut out = Vec::new();
    let mut start = 0;
    for end in bounds {
        let mut chars = 0;
        let mut before = ' ';
        for (at, char) in line.get(start..end).unwrap_or_default().char_indices() {
            if before.is_whitespace() && chars >= CLAUSE_CHARS_MIN && is_stopless(char) {
                out.push(start + at);
                chars = 0;
            }
            chars += 1;
            before = char;
        }
        out.push(end);
        start = end;
    }
    out
}

fn is_stopless(char: char) -> bool {
    matches!(char, '\u{e00}'..='\u{eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let mut start = 0;
        let mut found = Vec::new();
        for end in add_bounds(line, vec![line.len()]) {
            found.push(&line[start..end]);
            start = end;
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn long_clauses_end_at_spaces() {
        let clause = "ร้านเปิดทุกวันตั้งแต่เก้าโมงเช้าถึงหกโมงเย็นยกเว้นวันอาทิตย์";
        let line = format!("{clause} {clause} 12 {clause}");
        let parts = [format!("{clause} "), format!("{clause} 12 "), clause.to_owned()];
        check(&line, &parts.each_ref().map(String::as_str));
        check("ร้านเปิด ทุกวัน", &["ร้านเปิด ทุกวัน"]);
        check("plain text only", &["plain text only"]);
    }
}
