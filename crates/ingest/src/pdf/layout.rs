//! Glyphs of a page to its lines, in content-stream order.

mod accents;
mod annotations;
mod columns;
mod direction;
mod grids;
mod initials;
mod labels;
mod leaders;
mod letter_spacing;
mod lines;
mod script;
mod spacing;
mod tags;
mod unseen;

use document::{Rect, RemovalReason};

use super::glyphs::{Degrees, Glyph, Layer, PageGlyphs};
use super::matrix::Matrix;
use super::page_frame::PageFrame;
use super::structure::{CellPlace, Structure, Tag};
pub(super) use labels::is_label;
pub(super) use script::{has_spaces_between_phrases, is_set_solid};

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The text, spaces set, in Normalization Form C.
    pub(super) text: String,
    /// Its words.
    pub(super) words: Vec<Piece>,
    /// The pieces between wide gaps: one unless the line has such gaps.
    pub(super) cells: Vec<Piece>,
    /// Extent along the line and baseline, in the frame of [`Glyph`](super::glyphs::Glyph).
    pub(super) u0: f32,
    pub(super) u1: f32,
    pub(super) v: f32,
    /// The font size most of its characters have, in points.
    pub(super) size: f32,
    pub(super) degrees: Degrees,
    /// Whether all of its letters are in a heavy face.
    pub(super) bold: bool,
    /// Whether all of it is in a face whose characters have one width.
    pub(super) monospaced: bool,
    pub(super) layer: Layer,
    pub(super) tag: Tag,
    /// Whether it is an entry of a table of contents.
    pub(super) is_entry: bool,
    /// Whether it begins with the raised mark of a note.
    pub(super) opens_note: bool,
    /// The cell it stands in, where ruling lines or the document's structure show that.
    pub(super) cell: Option<CellPlace>,
}

/// A word, or a piece of a line between wide gaps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    /// First byte in the line's text.
    pub(super) start: usize,
    /// Extent along the line.
    pub(super) u0: f32,
    pub(super) u1: f32,
}

impl Line {
    /// The middle of the line on the page as it is looked at, in points.
    pub(super) fn middle(&self) -> (f32, f32) {
        let bounds = self.bounds();
        ((bounds.x0 + bounds.x1) / 2.0, (bounds.y0 + bounds.y1) / 2.0)
    }

    /// What the line covers on the page as it is looked at, in points.
    pub(super) fn bounds(&self) -> Rect {
        self.bounds_of(self.u0, self.u1)
    }

    /// What a part of the line covers.
    pub(super) fn bounds_of(&self, u0: f32, u1: f32) -> Rect {
        // Where letters reach that have parts below and above the line.
        const DESCENT_EM: f32 = 0.22;
        const ASCENT_EM: f32 = 0.76;
        let upright = Rect {
            x0: u0,
            y0: self.v - DESCENT_EM * self.size,
            x1: u1,
            y1: self.v + ASCENT_EM * self.size,
        };
        if self.degrees == 0 {
            return upright;
        }
        let (sin, cos) = f32::from(self.degrees).to_radians().sin_cos();
        Matrix { a: cos, b: sin, c: -sin, d: cos, e: 0.0, f: 0.0 }.bounds(upright)
    }
}

/// The lines of one page.
#[derive(Debug)]
pub(super) struct PageLayout {
    pub(super) lines: Vec<Line>,
    /// Lines that are not read, and why.
    pub(super) removed: Vec<(RemovalReason, Line)>,
    pub(super) frame: PageFrame,
    /// Regions of plots, in points.
    pub(super) plots: Vec<Rect>,
    pub(super) unmapped: u32,
    pub(super) partial: Option<String>,
}

impl PageLayout {
    /// Height of the page as looked at, in points.
    pub(super) fn height(&self) -> f32 {
        self.frame.upright_size().1
    }
}

/// Lays out one page.
pub(super) fn page(mut glyphs: PageGlyphs, structure: &Structure) -> PageLayout {
    let is_tagged = tags::are_sound(&glyphs, structure);
    if !is_tagged {
        tags::forget(&mut glyphs);
    }
    let letters = direction::Letters::of_page(&glyphs.text);
    let lines_of = |shown: &[Glyph]| -> Vec<Line> {
        let runs = lines::runs(&glyphs, shown, letters);
        runs.iter().filter_map(|run| spacing::line(&glyphs, shown, run, letters)).collect()
    };
    let lines = without_overprints(lines_of(&glyphs.glyphs));
    let mut lines = labels::with_labels(lines);
    leaders::without_leaders(&mut lines);
    let hidden = lines_of(&glyphs.hidden).into_iter();
    let mut removed: Vec<_> = hidden.map(|line| (RemovalReason::Hidden, line)).collect();
    let lines = unseen::without_unseen(lines, &mut removed);
    let lines = annotations::in_place(lines);
    let lines = if is_tagged {
        tags::in_order(lines, structure)
    } else {
        margin_notes_first(lines, glyphs.frame.upright_size().0)
    };
    let lines = grids::with_cells(initials::joined(lines), &glyphs.rules);
    let lines = if is_tagged { lines } else { columns::in_order(lines) };
    PageLayout {
        lines,
        removed,
        frame: glyphs.frame,
        plots: glyphs.plots,
        unmapped: glyphs.unmapped,
        partial: glyphs.partial,
    }
}

/// Moves what runs along the side margins, such as the stamp of an archive, to the page's start:
/// where it is drawn, it would stand inside a paragraph.
fn margin_notes_first(lines: Vec<Line>, page_width: f32) -> Vec<Line> {
    const MARGIN_SHARE: f32 = 0.1;
    let in_margin = |line: &Line| {
        // The baseline of text that runs upwards or downwards, as x on the page.
        let x = match line.degrees {
            90 => -line.v,
            -90 => line.v,
            _ => return false,
        };
        x < page_width * MARGIN_SHARE || x > page_width * (1.0 - MARGIN_SHARE)
    };
    let sideways = lines.iter().filter(|line| line.degrees.abs() == 90).count();
    if sideways * 2 > lines.len() {
        return lines;
    }
    let (mut first, rest): (Vec<_>, Vec<_>) = lines.into_iter().partition(in_margin);
    first.extend(rest);
    first
}

/// Drops a line, or words of one, drawn again almost on themselves, which is how some producers
/// make bold text and shadows. Only the few lines before it are looked at: producers draw copies at once.
fn without_overprints(lines: Vec<Line>) -> Vec<Line> {
    const LINES_BACK: usize = 8;
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        let near = |a: f32, b: f32| (a - b).abs() < 0.3 * line.size;
        let starts_alike = |other: &Line, word: &Piece| {
            near(word.u0, line.u0)
                && other.text.get(word.start..).is_some_and(|rest| rest.starts_with(&line.text))
        };
        let copies = |other: &Line| {
            other.degrees == line.degrees
                && near(other.v, line.v)
                && other.words.iter().any(|word| starts_alike(other, word))
        };
        if !kept.iter().rev().take(LINES_BACK).any(copies) {
            kept.push(line);
        }
    }
    kept
}

#[cfg(test)]
impl Line {
    /// A visible upright line of 10 points.
    pub(super) fn sample(text: &str, u0: f32, u1: f32, v: f32) -> Self {
        Self {
            text: text.into(),
            words: vec![Piece { start: 0, u0, u1 }],
            cells: vec![Piece { start: 0, u0, u1 }],
            u0,
            u1,
            v,
            size: 10.0,
            degrees: 0,
            bold: false,
            monospaced: false,
            layer: Layer::Visible,
            tag: Tag::NONE,
            is_entry: false,
            opens_note: false,
            cell: None,
        }
    }
}

#[cfg(test)]
impl Line {
    /// The same with a word for each word of its text, all characters being of one width.
    pub(super) fn with_words(self) -> Self {
        let char_width = (self.u1 - self.u0) / self.text.len() as f32;
        let mut start = 0;
        let words = self.text.split(' ').map(|word| {
            let u0 = self.u0 + char_width * start as f32;
            let piece = Piece { start, u0, u1: u0 + char_width * word.len() as f32 };
            start += word.len() + 1;
            piece
        });
        Self { words: words.collect(), ..self.clone() }
    }
}

#[cfg(test)]
impl PageLayout {
    /// A page of 600 by 800 points.
    pub(super) fn sample(lines: Vec<Line>) -> Self {
        let visible = Rect { x0: 0.0, y0: 0.0, x1: 600.0, y1: 800.0 };
        Self {
            lines,
            removed: Vec::new(),
            frame: PageFrame { visible, rotation: 0 },
            plots: Vec::new(),
            unmapped: 0,
            partial: None,
        }
    }
}
