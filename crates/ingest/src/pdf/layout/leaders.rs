//! Leaders: the dots that lead from an entry of a table of contents to its page number. They are
//! no text, and a line that has them is an entry of its own.

use super::{Line, Piece};

/// Dots in a row that make a leader; an ellipsis has three.
const DOTS_MIN: usize = 4;

/// Takes the leaders out of lines and marks these as entries.
pub(super) fn without_leaders(lines: &mut [Line]) {
    for line in lines.iter_mut().filter(|line| may_have(&line.text)) {
        if let Some(leader) = leader(line) {
            line.remove(leader);
            line.is_entry = true;
        }
    }
}

fn may_have(text: &str) -> bool {
    text.contains("....") || text.contains(". . .") || text.contains("··") || text.contains("……")
}

/// The bytes of the leader: the longest run of dots and blanks, with words before it.
fn leader(line: &Line) -> Option<std::ops::Range<usize>> {
    let is_dot = |c: char| matches!(c, '.' | '·' | '…' | '․' | '‥');
    let mut longest: Option<(usize, std::ops::Range<usize>)> = None;
    let mut run: Option<(usize, std::ops::Range<usize>)> = None;
    for (at, c) in line.text.char_indices().chain([(line.text.len(), 'x')]) {
        let end = at + c.len_utf8();
        match &mut run {
            Some((dots, range)) if is_dot(c) || c == ' ' => {
                *dots += if c == '…' { 3 } else { usize::from(c != ' ') };
                range.end = end;
            }
            None if is_dot(c) => run = Some((1, at..end)),
            _ => {
                let ended = run.take().filter(|(dots, _)| *dots >= DOTS_MIN);
                let longer =
                    |(dots, _): &(usize, _)| longest.as_ref().is_none_or(|(known, _)| dots > known);
                longest = ended.filter(longer).or(longest);
            }
        }
    }
    let (_, range) = longest?;
    let before = line.text.get(..range.start)?;
    let behind = line.text.get(range.end..)?.trim();
    (before.contains(char::is_alphanumeric) && is_page_number(behind)).then_some(range)
}

/// `12`, `xiv`, `A-3`: what stands at the end of an entry. Behind the dots of a form stands
/// nothing, behind those of a table stand several numbers.
fn is_page_number(text: &str) -> bool {
    let is_roman = text.chars().all(|c| "ivxlcIVXLC".contains(c));
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    let is_one = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (1..=7).contains(&text.len()) && (is_roman || (has_digit && is_one))
}

impl Line {
    /// Takes a part of the text out; a space is left between what was before and behind it.
    fn remove(&mut self, part: std::ops::Range<usize>) {
        let behind = self.text.get(part.end..).unwrap_or_default().trim_start();
        let behind_at = self.text.len() - behind.len();
        let kept = self.text.get(..part.start).unwrap_or_default().trim_end().len();
        let text = format!("{} {behind}", &self.text[..kept]);
        let moved_to = kept + 1;
        let keep = |piece: &Piece| {
            if piece.start < kept {
                Some(*piece)
            } else {
                let start = (piece.start.checked_sub(behind_at)?) + moved_to;
                Some(Piece { start, ..*piece })
            }
        };
        let mut words: Vec<Piece> = self.words.iter().filter_map(keep).collect();
        let (u0, u1) = (self.u0, self.u1);
        // Where no space was drawn, the number was part of one word with the dots.
        if !behind.is_empty() && words.iter().all(|word| word.start < moved_to) {
            let char_width = (u1 - u0) / self.text.len().max(1) as f32;
            words.push(Piece { start: moved_to, u0: u1 - char_width * behind.len() as f32, u1 });
        }
        self.words = words;
        self.text = text.trim_end().to_owned();
        self.cells = vec![Piece { start: 0, u0, u1 }];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_go_and_ellipses_stay() {
        let texts = [
            ("2.1 The ladder . . . . . . . 3", "2.1 The ladder 3", true),
            ("Introduction..........ix", "Introduction ix", true),
            ("Kapitel ········· 7", "Kapitel 7", true),
            ("Name: .......... Date: ........", "Name: .......... Date: ........", false),
            ("Total . . . . . 12 14", "Total . . . . . 12 14", false),
            ("And so on ... it went", "And so on ... it went", false),
            (".......", ".......", false),
        ];
        for (text, expected, is_entry) in texts {
            let mut lines = [Line::sample(text, 50.0, 300.0, 700.0).with_words()];
            without_leaders(&mut lines);
            assert_eq!((lines[0].text.as_str(), lines[0].is_entry), (expected, is_entry));
            let words = lines[0].words.iter();
            let at = |word: &Piece| expected[word.start..].split(' ').next().map(str::to_owned);
            let found: Vec<_> = words.filter_map(at).collect();
            assert_eq!(found, expected.split(' ').collect::<Vec<_>>());
        }
    }
}
