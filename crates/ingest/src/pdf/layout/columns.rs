//! Columns that are drawn row by row: the first line of the left one, the first of the right one,
//! the second of the left one, and so on, as simple producers and text layers of scans have them.
//!
//! Content order is believed unless it shows this: lines that stay on their side of a gutter while
//! they change sides again and again, and that are prose on both sides. Tables change sides too,
//! but their cells are short.

use std::borrow::Cow;

use super::{Line, is_set_solid};

/// Lines looked at in vain on one page; a dense page needs a tenth of it.
const TRIES_MAX: usize = 20_000;
/// Lines looked at for one stretch of columns.
const LINES_MAX: usize = 600;
/// Lines that must leave a gutter free for it to be one.
const LINES_AHEAD: usize = 8;
/// Words of these lines; prose has some hundred.
const WORDS_AHEAD_MAX: usize = 1_000;
/// Lines of each column in a stretch.
const COLUMN_LINES_MIN: usize = 5;
/// A gutter is at least this wide, in em.
const GUTTER_EM: f32 = 0.6;
/// A line further above the one before it, in em, begins something else.
const RISE_EM: f32 = 2.0;
/// Of all lines, this share changes the side, half of what columns drawn strictly in turn have.
const SWITCHES_SHARE: f32 = 0.5;
/// Words of a line of prose on average.
const WORDS_MIN: f32 = 4.0;
/// Characters of it in scripts without spaces.
const SOLID_CHARS_MIN: f32 = 7.0;
/// A line of prose is at least this share of its column's width, and this share of lines is.
const FULL_WIDTH: f32 = 0.75;
const FULL_SHARE: f32 = 0.5;
/// Share of lines that begin amid a sentence.
const AMID_SHARE: f32 = 0.2;
/// Columns within columns: three columns are one and two.
const DEPTH_MAX: usize = 4;

/// Puts columns that are drawn row by row one after the other.
pub(super) fn in_order(lines: Vec<Line>) -> Vec<Line> {
    ordered(lines, DEPTH_MAX, TRIES_MAX)
}

fn ordered(lines: Vec<Line>, depth: usize, tries_max: usize) -> Vec<Line> {
    if depth == 0 || lines.len() < COLUMN_LINES_MIN {
        return lines;
    }
    let stretches = stretches(&lines, tries_max);
    if stretches.is_empty() {
        return lines;
    }
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    for stretch in stretches {
        out.extend_from_slice(&lines[at..stretch.start]);
        at = stretch.end;
        let (left, right) = stretch.columns();
        out.extend(ordered(left, depth - 1, tries_max));
        out.extend(ordered(right, depth - 1, tries_max));
    }
    out.extend_from_slice(&lines[at..]);
    out
}

fn stretches(lines: &[Line], tries_max: usize) -> Vec<Stretch<'_>> {
    let mut stretches = Vec::new();
    let mut at = 0;
    let mut tries = 0;
    while at < lines.len() {
        let begun = Stretch::begin(lines, at).filter(|_| tries < tries_max);
        tries += begun.as_ref().map_or(0, |stretch| stretch.end - stretch.start);
        let stretch = begun.filter(Stretch::is_prose_in_turn);
        at = stretch.as_ref().map_or(at + 1, |stretch| stretch.end);
        stretches.extend(stretch);
    }
    stretches
}

/// Lines on two sides of a gutter.
struct Stretch<'l> {
    /// Where the left lines end and the right ones begin.
    gutter: (f32, f32),
    lines: Vec<(Side, Cow<'l, Line>)>,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

impl<'l> Stretch<'l> {
    /// The lines from `start` on that stay on their side of a gutter.
    fn begin(lines: &'l [Line], start: usize) -> Option<Self> {
        let gutter = first_gutter(lines, start)?;
        let mut stretch = Self { gutter, lines: Vec::new(), start, end: start };
        let first = &lines[start];
        let mut lowest = first.v;
        for line in lines[start..].iter().take(LINES_MAX) {
            let same_kind = line.degrees == first.degrees && line.cell.is_none();
            if !same_kind || line.v > lowest + RISE_EM * first.size || !stretch.take(line) {
                break;
            }
            lowest = lowest.min(line.v);
            stretch.end += 1;
        }
        Some(stretch)
    }

    /// Takes a line to its side, or its parts to both; `false` where it crosses the gutter.
    fn take(&mut self, line: &'l Line) -> bool {
        let middle = (self.gutter.0 + self.gutter.1) / 2.0;
        let first_right = line.words.iter().position(|word| (word.u0 + word.u1) / 2.0 > middle);
        let parts = match first_right {
            None => vec![(Side::Left, Cow::Borrowed(line))],
            Some(0) => vec![(Side::Right, Cow::Borrowed(line))],
            Some(at) => {
                let (left, right) = (line.part(0..at), line.part(at..line.words.len()));
                vec![(Side::Left, Cow::Owned(left)), (Side::Right, Cow::Owned(right))]
            }
        };
        let mut gutter = self.gutter;
        for (side, part) in &parts {
            match side {
                Side::Left => gutter.0 = gutter.0.max(part.u1),
                Side::Right => gutter.1 = gutter.1.min(part.u0),
            }
        }
        if gutter.1 - gutter.0 < GUTTER_EM * line.size {
            return false;
        }
        self.gutter = gutter;
        self.lines.extend(parts);
        true
    }

    fn is_prose_in_turn(&self) -> bool {
        let side = |wanted: Side| {
            self.lines.iter().filter(move |(side, _)| *side == wanted).map(|(_, line)| &**line)
        };
        let count = side(Side::Left).count().min(side(Side::Right).count());
        let switches = self.lines.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        count >= COLUMN_LINES_MIN
            && switches as f32 >= SWITCHES_SHARE * 2.0 * count as f32
            && is_prose(&side(Side::Left).collect::<Vec<_>>())
            && is_prose(&side(Side::Right).collect::<Vec<_>>())
    }

    fn columns(self) -> (Vec<Line>, Vec<Line>) {
        let (left, right): (Vec<_>, Vec<_>) =
            self.lines.into_iter().partition(|(side, _)| *side == Side::Left);
        let lines = |column: Vec<(Side, Cow<'_, Line>)>| {
            column.into_iter().map(|(_, line)| line.into_owned()).collect()
        };
        (lines(left), lines(right))
    }
}

/// Where a gutter may run: in the first wide gap of a line, or between it and the next one on its
/// height, as far as the lines that follow leave it free.
fn first_gutter(lines: &[Line], start: usize) -> Option<(f32, f32)> {
    let line = lines.get(start)?;
    let next = lines.get(start + 1)?;
    let gap = match line.cells.as_slice() {
        [first, second, ..] => (first.u1, second.u0),
        _ => (line.u1, next.u0),
    };
    let beside = line.cells.len() > 1 || (next.v - line.v).abs() < line.size;
    if !beside || next.degrees != line.degrees || gap.0 >= gap.1 {
        return None;
    }
    let following = &lines[start + 1..lines.len().min(start + 1 + LINES_AHEAD)];
    if following.iter().map(|line| line.words.len()).sum::<usize>() > WORDS_AHEAD_MAX {
        return None;
    }
    let mut words: Vec<(f32, f32)> = following
        .iter()
        .flat_map(|line| &line.words)
        .map(|word| (word.u0, word.u1))
        .filter(|word| word.0 < gap.1 && gap.0 < word.1)
        .collect();
    words.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free_from = gap.0;
    let mut widest = (gap.0, gap.0);
    for (from, to) in words.into_iter().chain([(gap.1, gap.1)]) {
        if from - free_from > widest.1 - widest.0 {
            widest = (free_from, from);
        }
        free_from = free_from.max(to);
    }
    (widest.1 - widest.0 >= GUTTER_EM * line.size).then_some(widest)
}

/// Whether the lines of a column are long, fill it, and go on with each other's sentences.
fn is_prose(lines: &[&Line]) -> bool {
    let count = lines.len() as f32;
    let left = lines.iter().map(|line| line.u0).fold(f32::MAX, f32::min);
    let right = lines.iter().map(|line| line.u1).fold(f32::MIN, f32::max);
    let share =
        |of: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| of(line)).count() as f32 / count;
    let mean =
        |of: fn(&Line) -> usize| lines.iter().map(|line| of(line)).sum::<usize>() as f32 / count;
    let is_solid = share(&|line| line.text.chars().any(is_set_solid)) > 0.5;
    let is_long = if is_solid {
        mean(|line| line.text.chars().count()) >= SOLID_CHARS_MIN
    } else {
        mean(|line| line.words.len()) >= WORDS_MIN && share(&begins_amid) >= AMID_SHARE
    };
    is_long && share(&|line| line.u1 - line.u0 > FULL_WIDTH * (right - left)) >= FULL_SHARE
}

/// Begins with a letter that begins no sentence.
fn begins_amid(line: &Line) -> bool {
    line.text.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::Piece;
    use super::*;

    const LEFT: [&str; 6] = [
        "The ferry leaves at nine",
        "in the morning and goes to",
        "the island without a stop.",
        "On the way back it calls",
        "at the mill, where it takes",
        "the miller and his flour.",
    ];
    const RIGHT: [&str; 6] = [
        "A ticket costs two crowns",
        "and is sold on board only.",
        "Dogs travel free of charge",
        "if they sit on a lap, and",
        "bicycles are tied to the",
        "rail behind the chimney.",
    ];

    fn line(text: &str, u0: f32, row: usize) -> Line {
        let u1 = u0 + 5.0 * text.len() as f32;
        Line::sample(text, u0, u1, 700.0 - 12.0 * row as f32).with_words()
    }

    fn texts(lines: Vec<Line>) -> Vec<String> {
        in_order(lines).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn columns_drawn_row_by_row_are_read_one_after_the_other() {
        let mut lines = vec![line("A title over both of the columns of this page", 60.0, 0)];
        for row in 0..6 {
            lines.push(line(LEFT[row], 50.0, row + 2));
            lines.push(line(RIGHT[row], 220.0, row + 2));
        }
        let found = texts(lines);
        assert_eq!(found[1..7], LEFT);
        assert_eq!(found[7..], RIGHT);
    }

    #[test]
    fn columns_in_order_and_tables_stay_as_they_are() {
        let left = LEFT.iter().enumerate().map(|(row, text)| line(text, 50.0, row));
        let right = RIGHT.iter().enumerate().map(|(row, text)| line(text, 220.0, row));
        let found = texts(left.chain(right).collect());
        assert_eq!(
            (&found[..6], &found[6..]),
            (&LEFT.map(str::to_owned)[..], &RIGHT.map(str::to_owned)[..])
        );
        let cells = ["Bolt", "four crowns", "Nut", "two crowns", "Washer", "one crown"];
        let table: Vec<Line> = (0..18)
            .map(|at| line(cells[at % 6], if at % 2 == 0 { 50.0 } else { 220.0 }, at / 2))
            .collect();
        let before: Vec<String> = table.iter().map(|line| line.text.clone()).collect();
        assert_eq!(texts(table), before);
    }

    #[test]
    fn lines_of_a_stretch_are_limited_on_both_sides() {
        // Where a stretch ends at the limit, the left column goes on after the right one.
        let switches = |lines: usize| {
            let row = |at: usize| match at % 2 {
                0 => line(LEFT[at / 2 % 6], 50.0, at / 2),
                _ => line(RIGHT[at / 2 % 6], 220.0, at / 2),
            };
            let found = in_order((0..lines).map(row).collect());
            found.windows(2).filter(|pair| pair[0].u0 != pair[1].u0).count()
        };
        assert_eq!(switches(LINES_MAX), 1);
        assert_eq!(switches(LINES_MAX + 20), 3);
    }

    #[test]
    fn lines_looked_at_are_limited_on_both_sides() {
        // Two stretches of 12 lines with a title between them.
        let section = |from: usize| {
            (0..6).flat_map(move |row| {
                [line(LEFT[row], 50.0, from + row), line(RIGHT[row], 220.0, from + row)]
            })
        };
        let title = line("A title over both of the columns of this page", 60.0, 8);
        let lines: Vec<Line> = section(0).chain([title]).chain(section(10)).collect();
        let found = |tries_max: usize| stretches(&lines, tries_max).len();
        assert_eq!((found(13), found(12)), (2, 1));
    }

    #[test]
    fn words_ahead_are_limited_on_both_sides() {
        let found = |words: usize| {
            let mut right = line(RIGHT[0], 220.0, 0);
            right.words = vec![right.words[0]; words];
            first_gutter(&[line(LEFT[0], 50.0, 0), right], 0).is_some()
        };
        assert_eq!((found(WORDS_AHEAD_MAX), found(WORDS_AHEAD_MAX + 1)), (true, false));
    }

    #[test]
    fn columns_within_columns_are_limited_on_both_sides() {
        // Each line runs through all columns.
        let row = |row: usize, columns: usize| {
            let mut whole = line(LEFT[row], 50.0, row);
            for column in 1..columns {
                let cell = line(LEFT[row], 50.0 + 170.0 * column as f32, row);
                let start = whole.text.len() + 1;
                let moved = |piece: &Piece| Piece { start: start + piece.start, ..*piece };
                whole.words.extend(cell.words.iter().map(moved));
                whole.cells.extend(cell.cells.iter().map(moved));
                whole.text = format!("{} {}", whole.text, cell.text);
                whole.u1 = cell.u1;
            }
            whole
        };
        let parts = |columns: usize| in_order((0..6).map(|at| row(at, columns)).collect()).len();
        let columns_max = DEPTH_MAX + 1;
        assert_eq!(parts(columns_max), 6 * columns_max);
        // The last two stay together.
        assert_eq!(parts(columns_max + 1), 6 * columns_max);
    }
}
