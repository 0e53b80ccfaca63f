use document::Rect;
use proptest::prelude::*;

use super::*;
use crate::pdf::glyphs::Layer;
use crate::pdf::page_frame::PageFrame;
use crate::pdf::structure::Tag;

const WIDTH: f32 = 5.0;

/// How a producer draws a line.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Drawn {
    FromLeft,
    InReadingOrder,
    /// From left to right, brackets given as they look.
    AsShapes,
}

/// A page with one line of glyphs, each at a place counted in widths.
fn page(glyphs: &[(&str, f32, f32)]) -> PageGlyphs {
    let visible = Rect { x0: 0.0, y0: 0.0, x1: 600.0, y1: 800.0 };
    let mut page = PageGlyphs::new(PageFrame { visible, rotation: 0 });
    for (text, from, to) in glyphs {
        let start = page.text.len() as u32;
        page.text.push_str(text);
        page.glyphs.push(Glyph {
            text: (start, page.text.len() as u32),
            u0: 50.0 + WIDTH * from,
            u1: 50.0 + WIDTH * to,
            v: 700.0,
            size: 10.0,
            space: 2.5,
            degrees: 0,
            bold: false,
            monospaced: false,
            layer: Layer::Visible,
            tag: Tag::NONE,
        });
    }
    page
}

/// What is read on a page of right-to-left text, spaces at gaps.
fn read(page: &PageGlyphs) -> String {
    read_among(page, Letters { rtl: 1_000, ltr: 100 })
}

fn read_among(page: &PageGlyphs, letters: Letters) -> String {
    let indices: Vec<usize> = (0..page.glyphs.len()).collect();
    let visual = Visual::of(page, &page.glyphs, &indices, letters).unwrap();
    let steps = visual.reading_order(0.0);
    let text: String =
        steps.iter().flat_map(|step| [if step.gap > 0.0 { " " } else { "" }, step.text]).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The characters of a line as they stand on the page, with their place in the line.
fn displayed(line: &str, base: Level) -> Vec<(usize, char, Level)> {
    let bidi = BidiInfo::new(line, Some(base));
    let mut chars: Vec<_> = line.char_indices().map(|(at, c)| (at, c, bidi.levels[at])).collect();
    for level in (1..=2).rev() {
        for run in chars.chunk_by_mut(|a, b| (a.2.number() >= level) == (b.2.number() >= level)) {
            if run.iter().all(|(.., own)| own.number() >= level) {
                run.reverse();
            }
        }
    }
    chars
}

fn draw(line: &str, base: Level, drawn: Drawn) -> PageGlyphs {
    let mut glyphs: Vec<(usize, String, f32)> = Vec::new();
    for (place, (at, c, level)) in displayed(line, base).into_iter().enumerate() {
        let own = c.to_string();
        let shape = brackets::mirrored(&own).filter(|_| drawn == Drawn::AsShapes && level.is_rtl());
        glyphs.push((at, shape.map_or(own, str::to_owned), place as f32));
    }
    if drawn == Drawn::InReadingOrder {
        glyphs.sort_by_key(|(at, ..)| *at);
    }
    let glyphs: Vec<_> = glyphs.iter().map(|(_, c, at)| (c.as_str(), *at, at + 1.0)).collect();
    page(&glyphs)
}

fn check_from(base: Level, line: &str, producers: &[Drawn]) {
    let letters = match base.is_rtl() {
        true => Letters { rtl: 1_000, ltr: 100 },
        false => Letters { rtl: 100, ltr: 1_000 },
    };
    for drawn in producers {
        let page = draw(line, base, *drawn);
        assert_eq!(read_among(&page, letters), line, "{drawn:?}");
    }
}

const ALL: [Drawn; 3] = [Drawn::FromLeft, Drawn::InReadingOrder, Drawn::AsShapes];

fn check(line: &str) {
    check_from(Level::rtl(), line, &ALL);
}

#[test]
fn words_numbers_and_marks_come_out_in_order() {
    check("שלום לכולם, מה שלומכם?");
    check("רחוב הדייגים 14, מול המגדלור.");
    check("בין 10–12 אנשים, 2024-05-17, 12/5/2024, 9:30 ו־17:00");
    check("הנחה של 15% על ₪1,250.50 או $30 או 40€");
    check("טלפון 03-555-0142, או +972-3-555-0142");
    check("في 1934 و١٢ يوما و٣٫٥ و10-12 و15%، ثم ٢٠٢٤/٥/١٧");
    check("מ־1,5 עד 2.75 ק״מ");
}

#[test]
fn phrases_of_another_script_keep_their_order() {
    check("שעון מתוצרת Ostermere Clock Works, מצלצל");
    check("המילה slowly. אחר כך");
    check("עם Windows 11 במחשב");
    check("ה־USB 3.0, של Foo (bar) בע״מ");
    check("(WiFi) ועוד C++ ו־C#");
    check("שפת Route 66 (west) היא");
}

#[test]
fn where_a_number_is_drawn_before_its_unit_it_stands_before_it() {
    let line = "עוד 5 km לשם";
    check_from(Level::rtl(), line, &[Drawn::InReadingOrder]);
    assert_eq!(read(&draw(line, Level::rtl(), Drawn::FromLeft)), "עוד km 5 לשם");
}

#[test]
fn brackets_are_what_they_mean() {
    check("שעון אחד (הוא דולף מעט). ועוד [אחד]");
    check("קיץ (יולי ואוגוסט) יש «סיור» (ערב)");
    check("כרטיס (12 שקלים) לילד");
    // The other one stands on another line.
    check("דולף מעט). רוב השעונים");
    check("רוב השעונים (הוא");
}

#[test]
fn a_line_of_a_left_to_right_page_keeps_its_own_direction() {
    let line = "The word שלום לך (peace) is 1 of 20 here";
    check_from(Level::ltr(), line, &ALL);
    let letters = Letters { rtl: 5, ltr: 900 };
    let base = |rtl, ltr, ends| letters.base(Letters { rtl, ltr }, ends);
    assert_eq!(base(8, 20, (None, None)), Level::ltr());
    assert_eq!(base(20, 3, (None, None)), Level::rtl());
    assert_eq!(base(8, 7, (Some('.'), Some('W'))), Level::rtl());
    let letters = Letters { rtl: 900, ltr: 5 };
    let base = |rtl, ltr, ends| letters.base(Letters { rtl, ltr }, ends);
    assert_eq!(base(4, 30, (None, None)), Level::rtl());
    assert_eq!(base(4, 30, (Some('W'), Some('.'))), Level::ltr());
}

#[test]
fn a_ligature_is_one_glyph_and_its_text_stays() {
    assert_eq!(read(&page(&[("م", 0.0, 1.0), ("لا", 1.0, 2.0), ("س", 2.0, 3.0)])), "سلام");
    // A part without a width stands at the left edge of the other.
    assert_eq!(read(&page(&[(" ", 0.0, 1.0), ("ا", 1.0, 1.0), ("ل", 1.0, 2.0)])), "لا");
}

#[test]
fn marks_stay_with_their_letters_however_they_are_drawn() {
    let (bet, qamats, dagesh) = ("ב", "\u{5B8}", "\u{5BC}");
    let from_left = [("א", 0.0, 1.0), (dagesh, 1.5, 1.5), (qamats, 1.4, 1.4), (bet, 1.0, 2.0)];
    assert_eq!(read(&page(&from_left)), "ב\u{5B8}\u{5BC}א");
    let in_order = [(bet, 1.0, 2.0), (qamats, 1.0, 1.0), ("א", 0.0, 1.0)];
    assert_eq!(read(&page(&in_order)), "ב\u{5B8}א");
    // Its origin lies over the letter before it.
    let beside = [("א", 0.0, 1.0), (qamats, 0.8, 0.8), (bet, 1.0, 2.0)];
    assert_eq!(read(&page(&beside)), "ב\u{5B8}א");
    let last = [("א", 0.0, 1.0), (bet, 1.0, 2.0), (qamats, 1.5, 1.5)];
    assert_eq!(read(&page(&last)), "ב\u{5B8}א");
}

#[test]
fn gaps_are_spaces_where_they_are_clear() {
    assert_eq!(read(&page(&[("ב", 0.0, 1.0), ("א", 1.5, 2.5)])), "א ב");
    assert_eq!(read(&page(&[("ב", 0.0, 1.0), ("א", 1.2, 2.2)])), "אב");
    // A number's neighbour is far from its first digit, and next to its last.
    let number = [("،", 0.0, 1.0), ("2", 1.0, 2.0), ("7", 2.0, 3.0), ("م", 3.5, 4.5)];
    assert_eq!(read(&page(&number)), "م 27،");
    let joined = [("ل", 0.0, 1.0), ("ا", 1.5, 2.5), (" ", 2.5, 3.5), ("م", 3.5, 4.5)];
    assert_eq!(read(&page(&joined)), "م ال");
}

#[test]
fn latin_pages_have_no_direction() {
    assert_eq!(Letters::of_page("Größe, Ångström, naïve: 漢字 и др."), None);
    assert_eq!(Letters::of_page("a שב"), Some(Letters { rtl: 2, ltr: 1 }));
}

proptest! {
    /// Whatever is read from a line of words and numbers shows that line.
    #[test]
    fn what_is_read_shows_what_was_drawn(
        words in proptest::collection::vec("[א-ת]{1,4}[,.]?|[0-9]{1,3}([.,:/][0-9]{2})?|[a-z]{2,4}", 1..9)
    ) {
        let line = format!("ש {} ת", words.join(" "));
        let page = draw(&line, Level::rtl(), Drawn::FromLeft);
        let shown = |line: &str| -> String {
            displayed(line, Level::rtl()).into_iter().map(|(_, c, _)| c).collect()
        };
        prop_assert_eq!(shown(&read(&page)), shown(&line));
    }

    /// No order of drawing and no overlap loses or repeats a glyph.
    #[test]
    fn every_glyph_is_read_once(
        glyphs in proptest::collection::vec(("[א-תa-c0-9() .\u{5B8}\u{200F}]", 0.0f32..40.0, 0.0f32..3.0), 1..60)
    ) {
        let glyphs: Vec<_> =
            glyphs.iter().map(|(text, from, width)| (text.as_str(), *from, from + width)).collect();
        let page = page(&glyphs);
        let letters = Letters { rtl: 1, ltr: 1 };
        let indices: Vec<usize> = (0..page.glyphs.len()).collect();
        if let Some(visual) = Visual::of(&page, &page.glyphs, &indices, letters) {
            let mut read: Vec<_> =
                visual.reading_order(0.0).iter().map(|step| step.glyph.text).collect();
            read.sort_unstable();
            let drawn: Vec<_> = page.glyphs.iter().map(|glyph| glyph.text).collect();
            prop_assert_eq!(read, drawn);
        }
    }
}
