//! Headings that are set like the text around them: they stand alone, and either their labels
//! count up through the document, or they are centred over it.

use std::collections::BTreeMap;

use document::BlockKind;

use super::{Measures, PageBlock};
use crate::pdf::layout::Line;

const CHARS_MAX: usize = 90;
/// Small capitals are mostly smaller than the text.
const SIZE_SHARE_MIN: f32 = 0.7;
/// Characters of the text that a labelled heading stands over.
const TEXT_CHARS_MIN: usize = 80;
/// Characters of the text that a centred heading stands over: more than an address has.
const LONG_TEXT_CHARS_MIN: usize = 200;
/// Labels that count up, for them to be those of headings.
const LABELS_MIN: usize = 2;
/// Centred headings of a document.
const CENTRED_MIN: usize = 2;
/// Words of a centred heading.
const WORDS_MAX: usize = 8;
/// A centred line is at most this share of the width of the text.
const WIDTH_SHARE_MAX: f32 = 0.6;
/// How far its middle is from that of the text, in em.
const OFF_CENTRE_EM: f32 = 0.6;

/// How a heading is labelled, outermost first where a document mixes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Roman,
    Number,
    Letter,
}

/// Names the headings that stand alone. Those found otherwise keep their levels.
pub(super) fn name(pages: &mut [Vec<PageBlock<'_>>], measures: &Measures) {
    let is_heading = |block: &PageBlock<'_>| matches!(block.kind, BlockKind::Heading { .. });
    let outer = u8::from(pages.first().is_some_and(|page| page.iter().any(is_heading)));
    let labelled = labelled(pages, measures);
    let found = if labelled.is_empty() && !pages.iter().skip(1).flatten().any(is_heading) {
        // One line in the middle may be anything; headings come in numbers.
        let centred = centred(pages, measures);
        let several = centred.len() >= CENTRED_MIN;
        centred.into_iter().filter(|_| several).map(|place| (place, 1)).collect()
    } else {
        labelled
    };
    for ((page, at), depth) in found {
        pages[page][at].kind = BlockKind::Heading { level: (outer + depth).min(6) };
    }
}

/// The place of a block: page and index.
type Place = (usize, usize);

/// Blocks whose labels count up, with the depth of their kind of label.
fn labelled(pages: &[Vec<PageBlock<'_>>], measures: &Measures) -> Vec<(Place, u8)> {
    let mut by_label: BTreeMap<Label, Vec<(usize, Place)>> = BTreeMap::new();
    for (place, block, next) in with_next(pages) {
        let stands_alone = may_be_heading(block, measures) && chars(next) >= TEXT_CHARS_MIN;
        let readings = labels(&block.lines[0].text).into_iter().filter(|_| stands_alone);
        for (label, number) in readings {
            by_label.entry(label).or_default().push((number, place));
        }
    }
    let mut found: Vec<(Place, u8)> = Vec::new();
    let mut depth = 0;
    for places in by_label.into_values() {
        let runs = counting_runs(&places);
        if runs.len() >= LABELS_MIN {
            depth += 1;
            let fresh = |place: &Place| !found.iter().any(|(known, _)| known == place);
            let fresh: Vec<Place> = runs.into_iter().filter(fresh).collect();
            found.extend(fresh.into_iter().map(|place| (place, depth)));
        }
    }
    found
}

/// The places whose numbers go on from one to the next, or begin again at 1.
fn counting_runs(places: &[(usize, Place)]) -> Vec<Place> {
    let mut expected = 1;
    let mut run = Vec::new();
    for &(number, place) in places {
        if number == expected || number == 1 {
            run.push(place);
            expected = number + 1;
        }
    }
    run
}

/// Short centred lines between long paragraphs.
fn centred(pages: &[Vec<PageBlock<'_>>], measures: &Measures) -> Vec<Place> {
    let Some((left, right)) = text_extent(pages) else { return Vec::new() };
    let is_centred = |line: &Line| {
        let off = ((line.u0 + line.u1) - (left + right)).abs() / 2.0;
        line.u1 - line.u0 < WIDTH_SHARE_MAX * (right - left) && off < OFF_CENTRE_EM * line.size
    };
    with_next(pages)
        .filter(|(_, block, next)| {
            let [line] = block.lines else { return false };
            may_be_heading(block, measures)
                && line.words.len() <= WORDS_MAX
                && is_centred(line)
                && is_title(&line.text)
                && chars(next) >= LONG_TEXT_CHARS_MIN
                && !next.lines.iter().all(is_centred)
        })
        .map(|(place, _, _)| place)
        .collect()
}

/// Words, and not a formula or the caption of a picture.
fn is_title(text: &str) -> bool {
    const CAPTIONS: [&str; 9] =
        ["Fig", "FIG", "Tab", "TAB", "Abb", "Figura", "Tabla", "Listing", "Source"];
    let has_word = text.split_whitespace().any(|word| {
        word.chars().count() > 2 && word.chars().all(|c| c.is_alphabetic() || "-'’".contains(c))
    });
    has_word
        && !text.contains(['=', '<', '>', '≤', '≥', '∑', '∫', '|'])
        && !CAPTIONS.iter().any(|caption| text.starts_with(caption))
}

/// Where most long lines begin and end.
fn text_extent(pages: &[Vec<PageBlock<'_>>]) -> Option<(f32, f32)> {
    let long = pages.iter().flatten().filter(|block| chars(block) >= LONG_TEXT_CHARS_MIN);
    let mut lines: Vec<(f32, f32)> =
        long.flat_map(|block| block.lines).map(|line| (line.u0, line.u1)).collect();
    let middle = lines.len() / 2;
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let left = lines.get(middle)?.0;
    lines.sort_by(|a, b| a.1.total_cmp(&b.1));
    Some((left, lines.get(middle)?.1))
}

/// Each block with the one that follows it.
fn with_next<'a, 'l>(
    pages: &'a [Vec<PageBlock<'l>>],
) -> impl Iterator<Item = (Place, &'a PageBlock<'l>, &'a PageBlock<'l>)> {
    let blocks = pages.iter().enumerate().flat_map(|(page, blocks)| {
        blocks.iter().enumerate().map(move |(at, block)| ((page, at), block))
    });
    blocks.clone().zip(blocks.skip(1)).map(|((place, block), (_, next))| (place, block, next))
}

fn chars(block: &PageBlock<'_>) -> usize {
    let is_text = matches!(block.kind, BlockKind::Paragraph);
    block.lines.iter().filter(|_| is_text).map(|line| line.text.len()).sum()
}

fn may_be_heading(block: &PageBlock<'_>, measures: &Measures) -> bool {
    let [line, rest @ ..] = block.lines else { return false };
    let text = line.text.trim_end();
    matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem)
        && rest.len() <= 1
        && line.degrees == 0
        && line.size > SIZE_SHARE_MIN * measures.body_size
        && !line.is_entry
        && text.len() <= CHARS_MAX
        && !text.ends_with(['.', ',', ';', ':', '?', '!'])
        && text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
}

/// What the label in front of a title may mean: `C.` is a letter and a Roman numeral.
fn labels(text: &str) -> Vec<(Label, usize)> {
    let Some((label, title)) = text.split_once(' ') else { return Vec::new() };
    if !title.trim_start().starts_with(char::is_uppercase) {
        return Vec::new();
    }
    let bare = label.trim_end_matches('.');
    let mut readings = Vec::new();
    if let Ok(number) = bare.parse::<usize>() {
        readings.extend((bare.len() <= 2).then_some((Label::Number, number)));
    } else if label.ends_with('.') {
        readings.extend(roman(bare).map(|number| (Label::Roman, number)));
        if let [letter @ b'A'..=b'Z'] = bare.as_bytes() {
            readings.push((Label::Letter, usize::from(letter - b'A') + 1));
        }
    }
    readings
}

fn roman(text: &str) -> Option<usize> {
    const ROMAN: [&str; 20] = [
        "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV",
        "XV", "XVI", "XVII", "XVIII", "XIX", "XX",
    ];
    ROMAN.iter().position(|known| *known == text).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "A long line of the text that a heading may stand over, long enough to be \
        more than an address, and then some more words so that two hundred characters are reached \
        before the line ends, as it does here.";

    fn line(text: &str, u0: f32) -> Vec<Line> {
        vec![Line::sample(text, u0, u0 + 5.0 * text.len() as f32, 700.0).with_words()]
    }

    fn named(lines: &[Vec<Line>]) -> Vec<Option<u8>> {
        let block = |lines: &'_ Vec<Line>| -> PageBlock<'_> {
            // Leaked so that the block may borrow it: a test is short.
            let lines: &'static [Line] = Box::leak(lines.clone().into_boxed_slice());
            PageBlock { kind: BlockKind::Paragraph, lines, rows: None }
        };
        let mut pages = vec![lines.iter().map(block).collect::<Vec<_>>()];
        let measures = Measures::of(&[crate::pdf::layout::PageLayout::sample(lines.concat())]);
        name(&mut pages, &measures);
        let level = |block: &PageBlock<'_>| match block.kind {
            BlockKind::Heading { level } => Some(level),
            _ => None,
        };
        pages[0].iter().map(level).collect()
    }

    #[test]
    fn labels_that_count_up_are_headings_and_nest() {
        let text = || line(TEXT, 50.0);
        let lines = [
            line("I. INTRODUCTION", 50.0),
            text(),
            line("A. Dream", 50.0),
            text(),
            line("B. Style", 50.0),
            text(),
            line("II. BASICS", 50.0),
            text(),
            line("P. Miller wrote this", 50.0),
            text(),
        ];
        let levels = named(&lines);
        assert_eq!(levels[..8], [Some(1), None, Some(2), None, Some(2), None, Some(1), None]);
        assert_eq!(levels[8..], [None, None]);
    }

    #[test]
    fn centred_lines_over_text_are_headings_and_addresses_are_not() {
        let middle = 50.0 + 2.5 * TEXT.len() as f32;
        let centred = |text: &str| line(text, middle - 2.5 * text.len() as f32);
        let lines = [
            centred("Weir Lane 22"),
            centred("4410 Ostermere"),
            line(TEXT, 50.0),
            centred("Methods"),
            line(TEXT, 50.0),
            line("To the left", 50.0),
            line(TEXT, 50.0),
            centred("Results"),
            line(TEXT, 50.0),
            centred("F = m a"),
            line(TEXT, 50.0),
        ];
        assert_eq!(named(&lines)[3..8], [Some(1), None, None, None, Some(1)]);
        assert_eq!(named(&lines)[9], None);
        assert_eq!(named(&lines)[0], None);
    }
}
