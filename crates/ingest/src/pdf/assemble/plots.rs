//! Labels of plots: numbers along axes and names in legends, which are no sentences.

use super::blocks::Measures;
use crate::pdf::layout::{Line, PageLayout};
use document::Rect;

/// Numbers along the axes of a plot; a drawing with fewer is a diagram, whose words count.
const NUMBERS_MIN: usize = 4;
/// A label is at most this much larger than the text of its page.
const LARGER_MAX: f32 = 1.3;
/// Words of a label; a longer line is text.
const WORDS_MAX: usize = 7;
/// Words of the name of an axis.
const NAME_WORDS_MAX: usize = 3;
/// Labels stand outside the axes by at most this, in em of their size.
const OUTSIDE_EM: f32 = 3.5;

/// For each page, the indices of its plot labels, sorted.
pub(super) fn labels(pages: &[PageLayout]) -> Vec<Vec<usize>> {
    pages.iter().map(of_page).collect()
}

fn of_page(page: &PageLayout) -> Vec<usize> {
    if page.plots.is_empty() {
        return Vec::new();
    }
    // Labels are not larger than text; large figures in pictures are what these are about.
    let size_max = LARGER_MAX * Measures::of(std::slice::from_ref(page)).body_size;
    let mut labels: Vec<usize> =
        page.plots.iter().flat_map(|plot| of_plot(&page.lines, *plot, size_max)).collect();
    labels.sort_unstable();
    labels.dedup();
    // Where the plot is what the page is about, its labels are the page's text.
    let words = |line: &Line| line.text.split_whitespace().count();
    let all: usize = page.lines.iter().map(words).sum();
    let in_plots: usize = labels.iter().map(|&at| words(&page.lines[at])).sum();
    if in_plots * 2 > all { Vec::new() } else { labels }
}

fn of_plot(lines: &[Line], plot: Rect, size_max: f32) -> Vec<usize> {
    let near = |line: &Line| {
        let words = line.text.split_whitespace().count();
        words <= WORDS_MAX
            && line.size < size_max
            && line.cell.is_none()
            && plot.grown(OUTSIDE_EM * line.size).contains(line.middle())
    };
    let is_prose = |line: &Line| {
        line.text.split_whitespace().count() > WORDS_MAX && plot.contains(line.middle())
    };
    if lines.iter().any(is_prose) {
        return Vec::new();
    }
    let candidates: Vec<bool> = lines.iter().map(near).collect();
    let numbers =
        lines.iter().zip(&candidates).filter(|(line, near)| **near && is_numeric(&line.text));
    if numbers.count() < NUMBERS_MIN {
        return Vec::new();
    }
    let is_label = |&at: &usize| {
        let line = &lines[at];
        let neighbour =
            |at: Option<usize>| at.and_then(|at| candidates.get(at)).copied().unwrap_or(true);
        let amid = neighbour(at.checked_sub(1)) && neighbour(Some(at + 1));
        let inside = plot.contains(line.middle());
        let named = is_numeric(&line.text)
            || line.degrees != 0
            || (amid && !line.bold && is_name(&line.text));
        candidates[at] && !is_caption(&line.text) && (inside || named)
    };
    (0..lines.len()).filter(is_label).collect()
}

/// The name of an axis or a curve. Beside a plot stands text too: short lines of it, and headings,
/// are no labels.
fn is_name(text: &str) -> bool {
    text.split_whitespace().count() <= NAME_WORDS_MAX && !text.ends_with([':', '.', ','])
}

/// The caption of one panel, `(a) …`.
fn is_caption(text: &str) -> bool {
    let label = text.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    label.is_some_and(|(label, rest)| label.len() == 1 && !rest.trim().is_empty())
}

/// Whether a line holds numbers, signs and units of few letters only.
fn is_numeric(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    digits > 0 && letters <= digits.min(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, u0: f32, v: f32) -> Line {
        let u1 = u0 + 5.0 * text.len() as f32;
        Line { size: 9.0, ..Line::sample(text, u0, u1, v) }
    }

    fn check(lines: Vec<Line>, plot: Rect, expected: &[usize]) {
        let page = PageLayout { plots: vec![plot], ..PageLayout::sample(lines) };
        assert_eq!(labels(&[page]), [expected.to_vec()]);
    }

    const PLOT: Rect = Rect { x0: 100.0, y0: 400.0, x1: 300.0, y1: 600.0 };

    #[test]
    fn labels_go_and_captions_and_text_stay() {
        let lines = vec![
            line("as shown below.", 100.0, 620.0),
            line("0.1", 90.0, 400.0),
            line("0.2", 90.0, 450.0),
            line("0.3", 90.0, 500.0),
            line("all stars", 120.0, 580.0),
            line("10", 150.0, 390.0),
            line("R [kpc]", 180.0, 380.0),
            line("(a) Major axis", 180.0, 375.0),
            line("Fig. 3. Profiles of the velocity dispersion of all stars.", 100.0, 370.0),
            line("Solid lines show the model.", 100.0, 358.0),
        ];
        check(lines, PLOT, &[1, 2, 3, 4, 5, 6]);
        let heading = Line { bold: true, ..line("Example 11 (metric)", 100.0, 615.0) };
        let numbers = (0..4u8).map(|at| line("0.1", 90.0, 400.0 + 30.0 * f32::from(at)));
        let text = line("A long line of text that is more than all of the labels are", 50.0, 50.0);
        let lines = std::iter::once(heading).chain(numbers).chain([text]).collect();
        check(lines, PLOT, &[1, 2, 3, 4]);
    }

    #[test]
    fn a_diagram_with_words_keeps_them() {
        let lines = vec![line("Sensor", 120.0, 500.0), line("Controller 2", 200.0, 500.0)];
        check(lines, PLOT, &[]);
    }
}
