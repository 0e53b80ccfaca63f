//! Lines that are not read: invisible copies of visible text, watermarks, what the document
//! itself marks as header or footer.

use document::{Rect, RemovalReason};

use super::Line;
use crate::pdf::glyphs::Layer;
use crate::pdf::structure::Tag;

/// An invisible line is a copy where visible text covers this share of it.
const COVERED_SHARE: f32 = 0.5;
/// Visible lines at one height that are looked at for one invisible line.
const BESIDE_MAX: usize = 256;
/// A watermark runs at an angle of at least this, in degrees from either axis.
const SLANT_DEGREES: i16 = 12;
/// A watermark is larger than most text of its page by this factor.
const WATERMARK_LARGER: f32 = 1.8;
const WATERMARK_WORDS_MAX: usize = 6;
/// More lines are a page that was laid over another.
const WATERMARK_LINES_MAX: usize = 4;

/// Moves the lines that are not read to `removed`.
pub(super) fn without_unseen(
    lines: Vec<Line>,
    removed: &mut Vec<(RemovalReason, Line)>,
) -> Vec<Line> {
    let copies = copies(&lines);
    let usual = usual_size(&lines);
    let furniture_tagged = is_lesser_part(&lines, |line| line.tag == Tag::RUNNING);
    let marked = |line: &Line| line.tag == Tag::WATERMARK;
    let watermark_tagged = lines.iter().filter(|line| marked(line)).count() <= WATERMARK_LINES_MAX
        && is_lesser_part(&lines, marked);
    let across = watermarks(&lines, usual);
    let reason = |at: usize, line: &Line| {
        if copies[at] {
            Some(RemovalReason::Hidden)
        } else if (watermark_tagged && marked(line)) || across.contains(&at) {
            Some(RemovalReason::Watermark)
        } else if furniture_tagged && line.tag == Tag::RUNNING {
            Some(RemovalReason::RunningLine)
        } else {
            None
        }
    };
    let reasons: Vec<_> = lines.iter().enumerate().map(|(at, line)| reason(at, line)).collect();
    // Where nothing would be left, what looks like furniture is the page's text.
    if reasons.iter().all(Option::is_some) {
        return lines;
    }
    let mut kept = Vec::with_capacity(lines.len());
    for (line, reason) in lines.into_iter().zip(reasons) {
        match reason {
            Some(reason) => removed.push((reason, line)),
            None => kept.push(line),
        }
    }
    kept
}

/// Which lines are invisible copies of visible ones.
fn copies(lines: &[Line]) -> Vec<bool> {
    let of_layer = |layer| move |line: &&Line| line.layer == layer;
    let mut copies = vec![false; lines.len()];
    if !lines.iter().any(|line| line.layer == Layer::Invisible) {
        return copies;
    }
    let mut visible: Vec<Rect> =
        lines.iter().filter(of_layer(Layer::Visible)).map(Line::bounds).collect();
    visible.sort_by(|a, b| a.y0.total_cmp(&b.y0));
    for (copy, line) in copies.iter_mut().zip(lines) {
        *copy = line.layer == Layer::Invisible && is_covered(line.bounds(), &visible);
    }
    copies
}

/// Whether rectangles, sorted by their lower edge, cover most of `place`.
fn is_covered(place: Rect, by: &[Rect]) -> bool {
    let from = by.partition_point(|other| other.y0 < place.y0 - place.height());
    let near = by[from..].iter().take_while(|other| other.y0 < place.y1).take(BESIDE_MAX);
    let covered: f32 = near.filter_map(|other| other.intersection(place)).map(Rect::area).sum();
    covered > COVERED_SHARE * place.area()
}

/// The size that most characters have.
fn usual_size(lines: &[Line]) -> f32 {
    let mut sizes: Vec<(f32, usize)> =
        lines.iter().map(|line| (line.size, line.text.len())).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|(_, chars)| chars).sum::<usize>() / 2;
    let mut passed = 0;
    let median = sizes.iter().find(|(_, chars)| {
        passed += chars;
        passed > half
    });
    median.map_or(0.0, |(size, _)| *size)
}

/// The lines of a few large words that run slantwise across text. Where there are more, they are
/// heads of columns or part of a drawing.
fn watermarks(lines: &[Line], usual_size: f32) -> Vec<usize> {
    let is_slanted = |line: &Line| {
        let from_axis = line.degrees.rem_euclid(90);
        (SLANT_DEGREES..=90 - SLANT_DEGREES).contains(&from_axis)
    };
    let slanted: Vec<usize> = (0..lines.len()).filter(|&at| is_slanted(&lines[at])).collect();
    if slanted.len() > WATERMARK_LINES_MAX {
        return Vec::new();
    }
    let is_watermark = |&at: &usize| {
        let (line, bounds) = (&lines[at], lines[at].bounds());
        line.size > WATERMARK_LARGER * usual_size
            && line.text.split_whitespace().count() <= WATERMARK_WORDS_MAX
            && lines.iter().any(|other| other.degrees == 0 && other.bounds().overlaps(bounds))
    };
    slanted.into_iter().filter(is_watermark).collect()
}

/// Whether the lines that are tagged hold less text than the others.
fn is_lesser_part(lines: &[Line], tagged: impl Fn(&Line) -> bool) -> bool {
    let (own, others): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| tagged(line));
    let chars = |lines: &[&Line]| lines.iter().map(|line| line.text.len()).sum::<usize>();
    chars(&own) < chars(&others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: Vec<Line>, expected: &[&str], reason: RemovalReason) {
        let mut removed = Vec::new();
        let kept = without_unseen(lines, &mut removed);
        assert_eq!(kept.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), expected);
        assert!(removed.iter().all(|(why, _)| *why == reason), "{removed:?}");
    }

    fn invisible(text: &str, v: f32) -> Line {
        Line { layer: Layer::Invisible, ..Line::sample(text, 50.0, 150.0, v) }
    }

    #[test]
    fn invisible_text_counts_where_nothing_visible_stands() {
        let visible = Line::sample("Dear reader", 52.0, 148.0, 700.0);
        let lines = vec![visible, invisible("Oear reacler", 699.0), invisible("scanned", 600.0)];
        check(lines, &["Dear reader", "scanned"], RemovalReason::Hidden);
    }

    #[test]
    fn a_large_slanted_word_is_a_watermark_unless_it_is_all_there_is() {
        let draft = || Line { degrees: 45, size: 80.0, ..Line::sample("DRAFT", 0.0, 400.0, 0.0) };
        let text = |v| Line::sample("The contract begins in May.", 50.0, 200.0, v);
        check(
            vec![draft(), text(700.0)],
            &["DRAFT", "The contract begins in May."],
            RemovalReason::Watermark,
        );
        check(
            vec![draft(), text(150.0)],
            &["The contract begins in May."],
            RemovalReason::Watermark,
        );
        check(vec![draft()], &["DRAFT"], RemovalReason::Watermark);
        let sideways = Line { degrees: 90, size: 80.0, ..draft() };
        check(vec![sideways.clone()], &["DRAFT"], RemovalReason::Watermark);
    }

    #[test]
    fn tagged_headers_go_unless_the_tags_are_absurd() {
        let tagged = |text: &str| Line { tag: Tag::RUNNING, ..Line::sample(text, 0.0, 9.0, 700.0) };
        let text = || Line::sample("Some words of text.", 50.0, 200.0, 600.0);
        check(vec![tagged("Report"), text()], &["Some words of text."], RemovalReason::RunningLine);
        let all = "Everything on this page is said to be a header.";
        check(vec![tagged(all), text()], &[all, "Some words of text."], RemovalReason::RunningLine);
    }

    #[test]
    fn lines_beside_an_invisible_one_are_limited_on_both_sides() {
        let place = Rect { x0: 0.0, y0: 0.0, x1: 90.0, y1: 10.0 };
        let far = Rect { x0: 900.0, x1: 990.0, ..place };
        let covered = |before: usize| is_covered(place, &[vec![far; before], vec![place]].concat());
        assert_eq!((covered(BESIDE_MAX - 1), covered(BESIDE_MAX)), (true, false));
    }

    #[test]
    fn lines_and_words_of_a_watermark_are_limited_on_both_sides() {
        let found = |count: usize, words: usize| {
            let text = vec!["DRAFT"; words].join(" ");
            let slanted = Line { degrees: 45, size: 80.0, ..Line::sample(&text, 0.0, 400.0, 0.0) };
            let mut lines = vec![slanted; count];
            lines.push(Line::sample("The contract begins in May.", 50.0, 200.0, 150.0));
            watermarks(&lines, 10.0).len()
        };
        assert_eq!((found(WATERMARK_LINES_MAX, 1), found(WATERMARK_LINES_MAX + 1, 1)), (4, 0));
        assert_eq!((found(1, WATERMARK_WORDS_MAX), found(1, WATERMARK_WORDS_MAX + 1)), (1, 0));
    }
}
