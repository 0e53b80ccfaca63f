//! Which lines run, and which are content.

use super::*;

fn bare_page(lines: &[(&str, f32)]) -> PageLayout {
    let line = |&(text, v): &(&str, f32)| Line::sample(text, 50.0, 300.0, v).with_words();
    PageLayout::sample(lines.iter().map(line).collect())
}

/// The lines, and behind them text enough to be what the page is about.
fn page(lines: &[(&str, f32)]) -> PageLayout {
    let text = "word ".repeat(60);
    bare_page(&[lines, &[(text.trim(), 300.0)]].concat())
}

#[test]
fn repeated_headers_and_page_numbers_are_found() {
    let pages: Vec<_> = (1..=4)
        .map(|number| {
            page(&[
                ("Annual report", 770.0),
                (&format!("Words of {number}"), 400.0),
                (&number.to_string(), 30.0),
            ])
        })
        .collect();
    assert_eq!(lines(&pages), vec![vec![0, 2]; 4]);
}

#[test]
fn numbers_that_do_not_count_pages_stay() {
    let pages = [page(&[("1999", 30.0)]), page(&[("2024", 30.0)]), page(&[("1871", 30.0)])];
    assert_eq!(lines(&pages), [vec![], vec![], vec![] as Vec<usize>]);
}

#[test]
fn numbers_that_are_content_stay_with_their_words() {
    let customers = [10_023, 10_457, 20_001, 7];
    let pages: Vec<_> = customers
        .map(|customer| page(&[(&format!("Customer {customer}"), 770.0), ("Dear reader", 400.0)]))
        .into();
    assert_eq!(lines(&pages), vec![vec![] as Vec<usize>; 4]);
    let pages: Vec<_> = (8..12)
        .map(|number| page(&[(&format!("Page {number} of 40"), 30.0), ("Dear reader", 400.0)]))
        .collect();
    assert_eq!(lines(&pages), vec![vec![0]; 4]);
}

#[test]
fn what_nobody_else_says_stays_once() {
    let footer = "Ostermere Trading, phone 0555 123 456";
    let text = |number: usize| format!("Text of page {number}");
    let pages: Vec<_> =
        (0..4).map(|number| page(&[(&text(number), 400.0), (footer, 30.0)])).collect();
    assert_eq!(lines(&pages), [vec![], vec![1], vec![1], vec![1]]);
    let pages: Vec<_> =
        (0..4).map(|number| page(&[(&text(number), 400.0), ("Report of 2024", 30.0)])).collect();
    assert_eq!(lines(&pages), vec![vec![1]; 4]);
}

#[test]
fn on_few_pages_what_repeats_stays_once() {
    let report =
        |number: usize| page(&[("Payable by transfer", 770.0), (&format!("Item {number}"), 400.0)]);
    let pages: Vec<_> = (1..PAGES_SURE).map(report).collect();
    assert_eq!(lines(&pages), [vec![], vec![0], vec![0]]);
    let pages: Vec<_> = (1..=PAGES_SURE).map(report).collect();
    assert_eq!(lines(&pages), vec![vec![0]; PAGES_SURE]);
    let numbered = |number: usize| page(&[(&format!("Page {number}"), 30.0)]);
    let pages: Vec<_> = (1..PAGES_SURE).map(numbered).collect();
    assert_eq!(lines(&pages), vec![vec![0]; PAGES_SURE - 1]);
}

#[test]
fn parts_of_paragraphs_and_titles_that_count_stay() {
    let pages = ["before the ride.", "or by card.", "at the quay."].map(|end| {
        let mut page = page(&[("Deposit: fifty crowns, in cash", 742.0), (end, 730.0)]);
        page.lines.iter_mut().for_each(|line| *line = line.clone().with_words());
        page
    });
    assert_eq!(lines(&pages), vec![vec![] as Vec<usize>; 3]);
    let exercise = |number: usize| {
        let mut page = page(&[(&format!("Exercise {number}"), 770.0), ("What is it?", 600.0)]);
        page.lines[0].bold = true;
        page
    };
    assert_eq!(lines(&[1, 2, 3, 4].map(exercise)), vec![vec![] as Vec<usize>; 4]);
}

#[test]
fn a_title_repeated_on_slides_stays_once() {
    let pages: Vec<_> = (0..3)
        .map(|number| {
            let words = format!("Enough words to be what most of slide {number} is set in");
            let mut slide = page(&[("Results", 770.0), (&words, 400.0)]);
            slide.lines[0].size = 24.0;
            slide
        })
        .collect();
    assert_eq!(lines(&pages), [vec![], vec![0], vec![0]]);
}

#[test]
fn pages_that_hold_nothing_else_keep_their_lines() {
    let pages: Vec<_> =
        (0..9).map(|number| bare_page(&[(&format!("Slide {number}"), 770.0)])).collect();
    assert_eq!(lines(&pages), vec![vec![] as Vec<usize>; 9]);
}

#[test]
fn roman_numerals_count() {
    assert_eq!(roman("xiv"), Some(14));
    assert_eq!(roman("mix up"), None);
    assert_eq!(masked("Page 12 of 40"), "page#of#");
}

#[test]
fn pages_between_two_occurrences_are_limited_on_both_sides() {
    let marked = |apart: usize| {
        let header = |at: usize| if at.is_multiple_of(apart) { "Annual report" } else { "" };
        let text = |at: usize| format!("Words of {}", char::from(b'a' + at as u8));
        let pages: Vec<_> = (0..=3 * apart)
            .map(|at| {
                page(
                    &[(header(at), 770.0), (&text(at), 400.0)]
                        [usize::from(header(at).is_empty())..],
                )
            })
            .collect();
        lines(&pages).concat().len()
    };
    assert_eq!((marked(PAGES_APART_MAX), marked(PAGES_APART_MAX + 1)), (4, 0));
}

#[test]
fn lines_at_an_end_are_limited_on_both_sides() {
    let marked = |above: usize| {
        let page_of = |page_at: usize| {
            let own: Vec<String> = (0..above)
                .map(|at| format!("{} unlike", char::from(b'a' + (page_at * above + at) as u8)))
                .collect();
            let own = own.iter().enumerate().map(|(at, text)| (&**text, 790.0 - 15.0 * at as f32));
            let all: Vec<(&str, f32)> = own.chain([("Annual report", 700.0)]).collect();
            page(&all)
        };
        lines(&(0..4).map(page_of).collect::<Vec<_>>()).concat().len()
    };
    assert_eq!((marked(LINES_AT_END - 1), marked(LINES_AT_END)), (4, 0));
}

#[test]
fn cells_of_a_row_are_limited_on_both_sides() {
    use crate::pdf::structure::CellPlace;
    let found = |columns: usize| {
        let cell = |column: usize| {
            let place = CellPlace { table: 1, row: 0, column: column as u32, is_head: false };
            Line { cell: Some(place), ..Line::sample("x", 5.0 * column as f32, 9.0, 770.0) }
        };
        candidates(&PageLayout::sample((0..columns).map(cell).collect()))[0].0.len()
    };
    assert_eq!((found(LINES_MAX), found(LINES_MAX + 1)), (LINES_MAX, LINES_MAX));
}
