//! Initials that reach over several lines: they belong to the first word beside them.

use super::Line;

/// An initial is larger than its text by this factor.
const LARGER: f32 = 1.7;
/// How far the text begins from it, in em of the text.
const GAP_EM: f32 = 1.5;

/// Initials of one page; more large letters are something else.
const INITIALS_MAX: usize = 100;

/// Joins each large initial to the line it begins, whenever it is drawn.
pub(super) fn joined(mut lines: Vec<Line>) -> Vec<Line> {
    let mut initials: Vec<usize> =
        (0..lines.len()).filter(|&at| is_initial(&lines[at])).take(INITIALS_MAX).collect();
    while let Some(at) = initials.pop() {
        let beside = (0..lines.len()).find(|&text| begins(&lines[at], &lines[text]));
        if let Some(text) = beside {
            let initial = lines[at].clone();
            lines[text].prefix(&initial);
            lines.remove(at);
        }
    }
    lines
}

fn is_initial(line: &Line) -> bool {
    let mut letters = line.text.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some_and(char::is_uppercase)
        && letters.next().is_none()
        && line.text.chars().count() <= 2
}

/// Whether a line is an initial and `text` the top line beside it.
fn begins(initial: &Line, text: &Line) -> bool {
    let gap = (text.u0 - initial.u1) / text.size;
    let near = |a: f32, b: f32| (a - b).abs() < 0.6 * text.size;
    // About where capitals end.
    let top = |line: &Line| line.v + 0.7 * line.size;
    initial.degrees == text.degrees
        && initial.size > LARGER * text.size
        && (-0.5..GAP_EM).contains(&gap)
        && (near(text.v, initial.v) || near(top(text), top(initial)))
        && goes_on(&text.text)
}

/// Whether a text lacks its first letter: it goes on in lower case, or in capitals as far as its
/// first word. What begins like a sentence is whole.
fn goes_on(text: &str) -> bool {
    let first: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
    let in_capitals = first.chars().count() > 1 && first.chars().all(char::is_uppercase);
    first.starts_with(char::is_lowercase) || in_capitals
}

impl Line {
    /// Sets the text of another line before the first word, without a space.
    fn prefix(&mut self, initial: &Self) {
        self.text.insert_str(0, &initial.text);
        self.u0 = self.u0.min(initial.u0);
        let shift = initial.text.len();
        for pieces in [&mut self.words, &mut self.cells] {
            for (at, piece) in pieces.iter_mut().enumerate() {
                if at == 0 {
                    piece.u0 = piece.u0.min(initial.u0);
                } else {
                    piece.start += shift;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_initial_begins_the_word_beside_it() {
        let initial = Line { size: 30.0, ..Line::sample("O", 50.0, 72.0, 687.0) };
        let lines = vec![
            initial.clone(),
            Line::sample("nce upon a time", 75.0, 200.0, 700.0),
            Line::sample("there was a bug", 75.0, 200.0, 688.0),
            Line { u0: 400.0, u1: 422.0, ..initial },
            Line::sample("far away", 500.0, 540.0, 700.0),
            Line { size: 30.0, ..Line::sample("B", 50.0, 72.0, 487.0) },
            Line::sample("Winds are made by trees", 75.0, 200.0, 500.0),
        ];
        let texts: Vec<String> = joined(lines).into_iter().map(|line| line.text).collect();
        assert_eq!(
            texts,
            [
                "Once upon a time",
                "there was a bug",
                "O",
                "far away",
                "B",
                "Winds are made by trees"
            ]
        );
    }

    #[test]
    fn initials_are_limited_on_both_sides() {
        let left_alone = |initials: usize| {
            let pair = |at: usize| {
                let v = 60.0 * at as f32;
                let initial = Line { size: 30.0, ..Line::sample("O", 50.0, 72.0, v - 13.0) };
                [initial, Line::sample("nce upon a time", 75.0, 200.0, v)]
            };
            let lines = joined((0..initials).flat_map(pair).collect());
            lines.iter().filter(|line| line.text == "O").count()
        };
        assert_eq!((left_alone(INITIALS_MAX), left_alone(INITIALS_MAX + 1)), (0, 1));
    }
}
