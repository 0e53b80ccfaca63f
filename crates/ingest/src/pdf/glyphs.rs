//! The glyphs of one page: the meeting point of interpretation and layout.

use document::Rect;

use super::page_frame::PageFrame;
use super::structure::Tag;

/// The direction a line of text runs in, in whole degrees counter-clockwise from rightwards.
pub(super) type Degrees = i16;

/// One shown character code with its place.
///
/// Coordinates are in the frame of the text's own direction: `u` grows along the line, `v`
/// across it, upwards when the text is looked at upright. For upright text on an upright page
/// they are x and y in PDF points from the lower left corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    /// Bytes of [`PageGlyphs::text`].
    pub(super) text: (u32, u32),
    /// Start of the advance.
    pub(super) u0: f32,
    /// End of the advance, character and word spacing left out.
    pub(super) u1: f32,
    /// Baseline.
    pub(super) v: f32,
    /// Height of one em.
    pub(super) size: f32,
    /// Width of a space in this font and size.
    pub(super) space: f32,
    pub(super) degrees: Degrees,
    pub(super) bold: bool,
    pub(super) monospaced: bool,
    pub(super) layer: Layer,
    /// What the document's structure says of it.
    pub(super) tag: Tag,
}

/// How a glyph comes onto the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Drawn by the page's content.
    Visible,
    /// Shown in text render mode 3, which draws nothing: the text layer of a scan.
    Invisible,
    /// Drawn by an annotation: a form field, a text box, a stamp.
    Annotation,
}

/// A straight line drawn along or across the page, as between the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) is_horizontal: bool,
    /// Its y if it is horizontal, else its x.
    pub(super) at: f32,
    /// Its extent on the other axis.
    pub(super) from: f32,
    pub(super) to: f32,
}

/// Everything shown on a page, in the order of its content stream.
#[derive(Debug)]
pub(super) struct PageGlyphs {
    /// The texts of the glyphs, one after the other.
    pub(super) text: String,
    pub(super) glyphs: Vec<Glyph>,
    /// Those that cannot be seen: beside the page, clipped away, of a layer that is switched off.
    pub(super) hidden: Vec<Glyph>,
    pub(super) frame: PageFrame,
    /// Regions of plots, in points.
    pub(super) plots: Vec<Rect>,
    pub(super) rules: Vec<Rule>,
    /// Codes without known text.
    pub(super) unmapped: u32,
    /// Why the page is incomplete.
    pub(super) partial: Option<String>,
}

impl PageGlyphs {
    pub(super) fn new(frame: PageFrame) -> Self {
        Self {
            text: String::new(),
            glyphs: Vec::new(),
            hidden: Vec::new(),
            frame,
            plots: Vec::new(),
            rules: Vec::new(),
            unmapped: 0,
            partial: None,
        }
    }

    pub(super) fn text_of(&self, glyph: &Glyph) -> &str {
        self.text.get(glyph.text.0 as usize..glyph.text.1 as usize).unwrap_or("")
    }
}
