//! What annotations show, put where it is read: annotations come after all content, but the value
//! of a form field belongs behind its label.

use super::spacing::CELL_GAP_EM;
use super::{Line, Piece};
use crate::pdf::glyphs::Layer;

/// Baselines of a label and its field differ by less than this, in em of the label.
const BASELINE_EM: f32 = 0.7;
/// Lines of one paragraph stand closer than this, in em.
const PARAGRAPH_PITCH_MAX: f32 = 1.6;
/// A field stands closer to its label than this, in em, and a label has few words: prose is not
/// broken up for what stands beside it.
const LABEL_GAP_EM: f32 = 15.0;
const LABEL_WORDS_MAX: usize = 14;
/// Pairs of lines that are compared on one page.
const COMPARISONS_MAX: usize = 20_000_000;

/// Puts the lines of annotations into the lines of the content.
pub(super) fn in_place(lines: Vec<Line>) -> Vec<Line> {
    in_place_within(lines, COMPARISONS_MAX)
}

fn in_place_within(lines: Vec<Line>, comparisons_max: usize) -> Vec<Line> {
    if !lines.iter().any(|line| line.layer == Layer::Annotation) {
        return lines;
    }
    let (shown, mut lines): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| line.layer == Layer::Annotation);
    if shown.len().saturating_mul(lines.len()) > comparisons_max {
        lines.extend(shown);
        return lines;
    }
    for annotation in shown {
        match beside(&lines, &annotation) {
            Some(at) => lines[at].insert(&annotation),
            None => {
                let at = below(&lines, &annotation);
                lines.insert(at, annotation);
            }
        }
    }
    lines
}

/// The content line on the annotation's baseline that ends or has a gap nearest to its left, or
/// begins nearest to its right.
fn beside(lines: &[Line], annotation: &Line) -> Option<usize> {
    let same_baseline = |line: &Line| {
        line.degrees == annotation.degrees
            && (line.v - annotation.v).abs() < BASELINE_EM * line.size.max(annotation.size)
    };
    let distance = |line: &Line| {
        let over = |word: &Piece| word.u0 < annotation.u1 && annotation.u0 < word.u1;
        let nearest = line.words.iter().map(|word| {
            if word.u1 <= annotation.u0 { annotation.u0 - word.u1 } else { word.u0 - annotation.u1 }
        });
        let apart = !line.words.iter().any(over);
        let near = nearest.min_by(f32::total_cmp).filter(|_| apart);
        near.filter(|distance| *distance < LABEL_GAP_EM * line.size)
    };
    let is_label = |line: &Line| line.words.len() <= LABEL_WORDS_MAX;
    let candidates =
        lines.iter().enumerate().filter(|(_, line)| same_baseline(line) && is_label(line));
    candidates
        .filter_map(|(at, line)| Some((at, distance(line)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(at, _)| at)
}

/// One past the paragraph that stands next above the annotation, or before what stands below it.
fn below(lines: &[Line], annotation: &Line) -> usize {
    let gap = |line: &Line| {
        let over = line.u0 < annotation.u1 && annotation.u0 < line.u1;
        let gap = line.v - annotation.v;
        (line.degrees == annotation.degrees && over && gap > 0.0).then_some(gap)
    };
    let candidates = lines.iter().enumerate().filter_map(|(at, line)| Some((at, gap(line)?)));
    let above = candidates.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
    let Some(above) = above else {
        let is_lower = |line: &Line| line.degrees == annotation.degrees && line.v < annotation.v;
        return lines.iter().position(is_lower).unwrap_or(lines.len());
    };
    let goes_on = |pair: &&[Line]| {
        let pitch = (pair[0].v - pair[1].v) / pair[0].size;
        let over = pair[0].u0 < pair[1].u1 && pair[1].u0 < pair[0].u1;
        over && (0.0..PARAGRAPH_PITCH_MAX).contains(&pitch)
    };
    above + 1 + lines[above..].windows(2).take_while(goes_on).count()
}

impl Line {
    /// Takes the text of another line in, between the words it stands between.
    fn insert(&mut self, other: &Self) {
        let at = self.words.iter().position(|word| word.u0 >= other.u0);
        let start = at.map_or(self.text.len() + 1, |at| self.words[at].start);
        match at {
            Some(_) => self.text.insert_str(start, &format!("{} ", other.text)),
            None => self.text.extend([" ", other.text.as_str()]),
        }
        let shift = other.text.len() + 1;
        let inserted = other.words.iter().map(|word| Piece { start: start + word.start, ..*word });
        let at = at.unwrap_or(self.words.len());
        self.words[at..].iter_mut().for_each(|word| word.start += shift);
        self.words.splice(at..at, inserted);
        (self.u0, self.u1) = (self.u0.min(other.u0), self.u1.max(other.u1));
        self.cells = cells(&self.words, CELL_GAP_EM * self.size);
    }
}

/// The pieces between gaps wider than `gap`.
fn cells(words: &[Piece], gap: f32) -> Vec<Piece> {
    let mut cells: Vec<Piece> = Vec::new();
    for word in words {
        match cells.last_mut() {
            Some(cell) if word.u0 - cell.u1 <= gap => cell.u1 = cell.u1.max(word.u1),
            _ => cells.push(*word),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str, u0: f32, v: f32) -> Line {
        Line { layer: Layer::Annotation, ..Line::sample(text, u0, u0 + 40.0, v) }
    }

    fn texts(lines: Vec<Line>) -> Vec<String> {
        in_place(lines).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn values_stand_behind_their_labels() {
        let mut row = Line::sample("First: Last:", 50.0, 230.0, 700.0);
        row.words =
            vec![Piece { start: 0, u0: 50.0, u1: 80.0 }, Piece { start: 7, u0: 200.0, u1: 230.0 }];
        let lines = vec![
            row,
            Line::sample("Signed", 50.0, 80.0, 650.0),
            field("Lovelace", 240.0, 701.0),
            field("Ada", 90.0, 701.0),
            field("A remark", 50.0, 690.0),
            field("no label", 400.0, 100.0),
        ];
        assert_eq!(texts(lines), ["First: Ada Last: Lovelace", "A remark", "Signed", "no label"]);
    }

    #[test]
    fn comparisons_are_limited_on_both_sides() {
        let last = |comparisons_max: usize| {
            let field = field("Ada", 90.0, 700.0);
            let lines = [Line::sample("Name:", 50.0, 80.0, 700.0), field.clone(), field];
            let end = Line::sample("End", 50.0, 80.0, 600.0);
            let lines = lines.into_iter().chain([end]).collect();
            in_place_within(lines, comparisons_max).pop().unwrap().text
        };
        // Two fields and two lines of content.
        assert_eq!((last(4).as_str(), last(3).as_str()), ("End", "Ada"));
    }

    #[test]
    fn words_of_a_label_are_limited_on_both_sides() {
        let found = |words: usize| {
            let mut label = Line::sample("Label", 50.0, 80.0, 700.0);
            label.words = vec![label.words[0]; words];
            texts(vec![label, field("value", 90.0, 700.0)])
        };
        assert_eq!(found(LABEL_WORDS_MAX), ["Label value"]);
        assert_eq!(found(LABEL_WORDS_MAX + 1), ["Label", "value"]);
    }
}
