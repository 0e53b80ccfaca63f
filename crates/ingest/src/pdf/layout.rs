//! Glyphs of a page to its lines, in content-stream order.

mod accents;
mod labels;
mod lines;
mod script;
mod spacing;

use super::glyphs::{Degrees, PageGlyphs};
use super::page_tree::Rect;
pub(super) use labels::is_label;
pub(super) use script::is_set_solid;

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The text, spaces set, in Normalization Form C.
    pub(super) text: String,
    /// The pieces between wide gaps: one unless the line has such gaps.
    pub(super) cells: Vec<Cell>,
    /// Extent along the line and baseline, in the frame of [`Glyph`](super::glyphs::Glyph).
    pub(super) u0: f32,
    pub(super) u1: f32,
    pub(super) v: f32,
    /// The font size most of its characters have, in points.
    pub(super) size: f32,
    pub(super) degrees: Degrees,
    /// Whether all of its letters are in a heavy face.
    pub(super) bold: bool,
}

impl Line {
    /// The middle of the line on the page, in points.
    pub(super) fn middle(&self) -> (f32, f32) {
        let (u, v) = ((self.u0 + self.u1) / 2.0, self.v + 0.3 * self.size);
        let (sin, cos) = f32::from(self.degrees).to_radians().sin_cos();
        (u * cos - v * sin, u * sin + v * cos)
    }
}

/// A piece of a line between wide gaps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// First byte in the line's text.
    pub(super) start: usize,
    /// Extent along the line.
    pub(super) u0: f32,
    pub(super) u1: f32,
}

/// The lines of one page.
#[derive(Debug)]
pub(super) struct PageLayout {
    pub(super) lines: Vec<Line>,
    /// Height of the page as looked at, in points.
    pub(super) height: f32,
    /// Regions of plots, in points.
    pub(super) plots: Vec<Rect>,
    pub(super) unmapped: u32,
    pub(super) partial: Option<String>,
}

/// Lays out one page.
pub(super) fn page(glyphs: &PageGlyphs) -> PageLayout {
    let runs = lines::runs(glyphs);
    let lines = runs.iter().filter_map(|run| spacing::line(glyphs, run)).collect();
    let lines = labels::with_labels(without_overprints(lines));
    PageLayout {
        lines: margin_notes_first(lines, glyphs.width),
        height: glyphs.height,
        plots: glyphs.plots.clone(),
        unmapped: glyphs.unmapped,
        partial: glyphs.partial.clone(),
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

/// Drops a line that is drawn again almost on itself, which is how some producers make bold
/// text and shadows. Only the few lines before it are looked at: producers draw copies at once.
fn without_overprints(lines: Vec<Line>) -> Vec<Line> {
    const LINES_BACK: usize = 8;
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        let near = |a: f32, b: f32| (a - b).abs() < 0.3 * line.size;
        let copies = |other: &Line| {
            other.text == line.text
                && other.degrees == line.degrees
                && near(other.u0, line.u0)
                && near(other.v, line.v)
        };
        if !kept.iter().rev().take(LINES_BACK).any(copies) {
            kept.push(line);
        }
    }
    kept
}
