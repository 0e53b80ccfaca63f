//! The widths of a simple font's codes (ISO 32000-1, 9.6.2 and table 122).

use lopdf::Dictionary;

use super::Face;
use crate::pdf::font::standard_widths;
use crate::pdf::objects::{Objects, number};

/// Widths by code: those listed, and what stands for the others.
pub(super) struct Widths {
    first: i64,
    /// In em; `NaN` where the file gives none.
    listed: Vec<f32>,
    /// In em.
    missing: Option<f32>,
    base_name: String,
    /// One of the 14 standard fonts, to measure a font that nothing describes.
    stand_in: &'static str,
    is_type3: bool,
}

/// Widths of a font that are read; it has 256 codes.
const LISTED_MAX: usize = 256;
/// A width where nothing tells.
const WIDTH_DEFAULT: f32 = 0.5;

impl Widths {
    pub(super) fn read(objects: &Objects<'_>, dict: &Dictionary, face: &Face) -> Self {
        let scale = scale(objects, dict, face.is_type3);
        let given = objects.array(dict, b"Widths").map_or([].as_slice(), Vec::as_slice);
        let width = |object| {
            let width = objects.resolve(object).and_then(number).map(|width| width * scale);
            width.filter(|width| *width >= 0.0).unwrap_or(f32::NAN)
        };
        let mut listed: Vec<f32> = given.iter().take(LISTED_MAX).map(width).collect();
        // Nothing but zeros is a list that was never filled in; Type 3 marks may take no room.
        if !face.is_type3 && listed.iter().all(|width| width.is_nan() || *width == 0.0) {
            listed.clear();
        }
        let descriptor = objects.dict(dict, b"FontDescriptor");
        let missing = descriptor.and_then(|dict| objects.number(dict, b"MissingWidth"));
        Self {
            first: first_code(objects, dict, listed.len()),
            listed,
            missing: missing.filter(|width| *width > 0.0).map(|width| width * scale),
            base_name: face.base_name.clone(),
            stand_in: stand_in(face),
            is_type3: face.is_type3,
        }
    }

    /// The width the file lists for a code, in em.
    pub(super) fn listed(&self, code: u8) -> Option<f32> {
        let place = i64::from(code).checked_sub(self.first)?;
        let width = self.listed.get(usize::try_from(place).ok()?)?;
        (!width.is_nan()).then_some(*width)
    }

    /// Width of a code outside the list: of a standard font, of the program, or `MissingWidth`.
    pub(super) fn unlisted(
        &self,
        name: Option<&str>,
        by_program: impl FnOnce() -> Option<f32>,
    ) -> f32 {
        let standard = |font: &str| standard_widths::width(font, name?);
        let known = if self.listed.is_empty() {
            standard(&self.base_name).or_else(by_program).or(self.missing)
        } else {
            self.missing.or_else(by_program).or_else(|| standard(&self.base_name))
        };
        known.unwrap_or_else(|| self.unknown(standard(self.stand_in)))
    }

    /// A code outside a list has no width; one of a font without a list looks like others.
    fn unknown(&self, stand_in: Option<f32>) -> f32 {
        match (self.listed.is_empty(), self.is_type3) {
            (false, _) => 0.0,
            (true, true) => WIDTH_DEFAULT,
            (true, false) => stand_in.unwrap_or(WIDTH_DEFAULT),
        }
    }
}

/// Glyph space to em: a thousandth, but for Type 3 fonts, which say it themselves.
fn scale(objects: &Objects<'_>, dict: &Dictionary, is_type3: bool) -> f32 {
    let matrix = objects.matrix(dict, b"FontMatrix").filter(|_| is_type3);
    matrix.map_or(0.001, |matrix| matrix.a.hypot(matrix.b))
}

/// `FirstChar`; where it is missing, what `LastChar` or the length of the list makes of it.
fn first_code(objects: &Objects<'_>, dict: &Dictionary, length: usize) -> i64 {
    if let Some(first) = objects.number(dict, b"FirstChar") {
        return first as i64;
    }
    let last = objects.number(dict, b"LastChar").map(|last| last as i64);
    let by_last = last.map(|last| last.saturating_add(1).saturating_sub(length as i64));
    // Without control characters, 224 codes are left.
    by_last.unwrap_or(if length <= 224 { 32 } else { 0 }).max(0)
}

/// By the flags for fixed pitch and serifs (ISO 32000-1, table 123).
fn stand_in(face: &Face) -> &'static str {
    let bold = face.base_name.contains("Bold");
    match (face.flags & 1 != 0, face.flags & 2 != 0, bold) {
        (true, _, _) => "Courier",
        (false, true, false) => "Times-Roman",
        (false, true, true) => "Times-Bold",
        (false, false, false) => "Helvetica",
        (false, false, true) => "Helvetica-Bold",
    }
}
