//! Headers that name the chapter or section they stand over: their words change, but they begin or
//! end with the page's number and stand in one place.

use std::collections::BTreeMap;

use super::{DRIFT_POINTS, PAGES_APART_MAX, candidates};
use crate::pdf::layout::{Line, PageLayout};

/// Pages on which such headers must stand.
const PAGES_MIN: usize = 4;
/// One in so many has its number at the end: left and right pages differ.
const BEHIND_SHARE: usize = 3;
/// Words of such a header.
const WORDS_MAX: usize = 16;

/// The place of a line: page and index.
type Place = (usize, usize);

/// The lines that count the pages, in no order. Titles, larger than `title_size` or in
/// a heavy face, are none.
pub(super) fn lines(pages: &[PageLayout], title_size: f32) -> Vec<Place> {
    let mut by_offset: BTreeMap<(bool, i64), Vec<Place>> = BTreeMap::new();
    for (page_at, page) in pages.iter().enumerate() {
        for (lines, at_top) in candidates(page) {
            let &[line_at] = lines.as_slice() else { continue };
            let line = &page.lines[line_at];
            if line.size > title_size || line.bold || line.words.len() > WORDS_MAX {
                continue;
            }
            for number in outer_numbers(&line.text) {
                let key = (at_top, number - page_at as i64);
                by_offset.entry(key).or_default().push((page_at, line_at));
            }
        }
    }
    let line = |(page, line): Place| &pages[page].lines[line];
    let chains = by_offset.into_iter().flat_map(|((_, offset), places)| {
        // Numbers in front may be those of chapters or notes, one a page; behind they are pages.
        let is_behind =
            |&(page, at): &Place| last_number(&line((page, at)).text) == Some(offset + page as i64);
        let counts = move |chain: &Vec<Place>| {
            let behind = chain.iter().filter(|place| is_behind(place)).count();
            chain.len() >= PAGES_MIN && behind * BEHIND_SHARE >= chain.len()
        };
        chains(&places, line).into_iter().filter(counts).collect::<Vec<_>>()
    });
    chains.flatten().collect()
}

/// Consecutive places at one height and of one size.
fn chains<'l>(places: &[Place], line: impl Fn(Place) -> &'l Line) -> Vec<Vec<Place>> {
    let mut chains: Vec<Vec<Place>> = Vec::new();
    for &place in places {
        let own = line(place);
        let goes_on = |chain: &&mut Vec<Place>| {
            chain.last().is_some_and(|&last| {
                let known = line(last);
                (1..=PAGES_APART_MAX).contains(&(place.0 - last.0))
                    && (known.v - own.v).abs() < DRIFT_POINTS
                    && (known.size - own.size).abs() < 0.05 * own.size
            })
        };
        match chains.iter_mut().rev().take(super::CHAINS_BACK).find(goes_on) {
            Some(chain) => chain.push(place),
            None => chains.push(vec![place]),
        }
    }
    chains
}

/// The numbers that a line begins or ends with.
fn outer_numbers(text: &str) -> impl Iterator<Item = i64> {
    let first = text.split_whitespace().next().and_then(number);
    let last = last_number(text).filter(|last| Some(*last) != first);
    first.into_iter().chain(last)
}

fn last_number(text: &str) -> Option<i64> {
    text.split_whitespace().next_back().and_then(number)
}

fn number(word: &str) -> Option<i64> {
    let is_number = word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(header: &str, v: f32) -> PageLayout {
        PageLayout::sample(vec![
            Line::sample(header, 50.0, 200.0, v),
            Line::sample("Text", 50.0, 80.0, 400.0),
        ])
    }

    #[test]
    fn headers_that_count_the_pages_are_found_whatever_they_say() {
        let pages = [
            page("Title", 600.0),
            page("2 Chapter 1. Finding an island", 770.0),
            page("1.2 By ear 3", 770.0),
            page("Another chapter", 650.0),
            page("2.1 On a beach 5", 770.0),
            page("6 Chapter 2. Landing", 770.0),
        ];
        assert_eq!(lines(&pages, 20.0), [(1, 0), (2, 0), (4, 0), (5, 0)]);
    }

    #[test]
    fn chapters_that_begin_on_each_page_are_content() {
        let titles = ["1 Safety first", "2 In the box", "3 Assembly", "4 Battery", "5 Riding"];
        assert!(lines(&titles.map(|title| page(title, 770.0)), 20.0).is_empty());
    }

    #[test]
    fn notes_that_count_are_content() {
        let notes = ["1 Smith, London 1987", "2 Ibid.", "3 Talk with 4", "4 See there", "5 No"];
        assert!(lines(&notes.map(|note| page(note, 40.0)), 20.0).is_empty());
    }

    #[test]
    fn numbers_that_jump_about_or_move_are_content() {
        let pages = [("In 1999", 770.0), ("7 dwarfs", 770.0), ("Step 3", 760.0), ("4 more", 720.0)];
        assert!(lines(&pages.map(|(text, v)| page(text, v)), 20.0).is_empty());
    }

    #[test]
    fn words_of_a_header_are_limited_on_both_sides() {
        let found = |words: usize| {
            let header = |number: usize| format!("{}{number}", "word ".repeat(words - 1));
            let page = |number: usize| {
                let header = Line::sample(&header(number), 50.0, 500.0, 770.0).with_words();
                PageLayout::sample(vec![header, Line::sample("Text", 50.0, 80.0, 400.0)])
            };
            lines(&[1, 2, 3, 4].map(page), 20.0).len()
        };
        assert_eq!((found(WORDS_MAX), found(WORDS_MAX + 1)), (4, 0));
    }
}
