//! Composite fonts: codes of one to four bytes that select CIDs (ISO 32000-1, 9.7).

mod codes;
mod glyph_order;

use std::sync::{Arc, OnceLock};

use hayro_cmap::{BfString, CMap, CidFamily};
use lopdf::{Dictionary, Object};

use super::cid_metrics::{CidTable, VerticalTable};
use super::cmaps::predefined;
use super::program::EmbeddedProgram;
use super::symbol_fonts;
use super::text::{Text, is_readable};
use super::to_unicode::ToUnicode;
use crate::pdf::objects::{Objects, as_dict};
use codes::Codes;

/// CIDs looked at to tell whether a ToUnicode map only repeats them.
const IDENTITY_CIDS_MAX: u32 = 1 << 16;
/// Characters of the program that are enough to tell it.
const IDENTITY_SAMPLE: u32 = 256;
/// Half of the height of an em above the middle of its box, which reaches from -0.12 to 0.88.
const EM_MIDDLE: f32 = 0.38;
/// Height of the vertical origin over the baseline, where a font does not say.
const VERTICAL_ORIGIN: f32 = 0.88;

/// A composite font.
pub(super) struct CompositeFont {
    codes: Codes,
    to_unicode: Option<ToUnicode>,
    /// Whether `to_unicode` was found to say what the program says, or cannot be tested.
    identity_believed: OnceLock<bool>,
    by_collection: Option<Arc<CMap>>,
    /// Whether glyphs are known to be in the order of the Macintosh.
    glyph_order_proven: OnceLock<bool>,
    program: EmbeddedProgram,
    base_name: String,
    glyphs: Glyphs,
    widths: CidTable<1>,
    /// In em; `None` where the font gives no widths at all.
    width_default: Option<f32>,
    vertical: Option<VerticalTable>,
}

/// Which glyph a CID selects.
enum Glyphs {
    Numbered,
    /// Big-endian pairs of bytes by CID.
    Listed(Vec<u8>),
    /// There is a map, but it is missing or damaged.
    Lost,
}

impl Glyphs {
    fn read(objects: &Objects<'_>, cid_font: &Dictionary) -> Self {
        let Ok(map) = cid_font.get(b"CIDToGIDMap") else { return Self::Numbered };
        match objects.resolve(map) {
            Some(Object::Stream(stream)) => objects.decode(stream).map_or(Self::Lost, Self::Listed),
            Some(Object::Name(_) | Object::Null) => Self::Numbered,
            _ => Self::Lost,
        }
    }
}

/// Where a glyph lies, in em.
pub(super) struct Placement {
    /// Along the line.
    pub(super) advance: f32,
    /// From the pen to where the glyph's box starts: along the line and to its left.
    pub(super) offset: (f32, f32),
}

impl CompositeFont {
    pub(super) fn read(
        objects: &Objects<'_>,
        dict: &Dictionary,
        to_unicode: Option<ToUnicode>,
    ) -> Option<Self> {
        let descendant = objects.array(dict, b"DescendantFonts")?.first()?;
        let cid_font = as_dict(objects.resolve(descendant)?)?;
        let codes = Codes::read(objects, dict);
        let family = character_collection(objects, cid_font).or_else(|| codes.family());
        let widths = CidTable::read(objects, cid_font, b"W");
        let width_default = objects.number(cid_font, b"DW").map(|width| width / 1000.0);
        let name = objects.name(cid_font, b"BaseFont").unwrap_or_default();
        Some(Self {
            vertical: codes.is_vertical().then(|| VerticalTable::read(objects, cid_font)),
            codes,
            to_unicode,
            identity_believed: OnceLock::new(),
            glyph_order_proven: OnceLock::new(),
            by_collection: family.and_then(|family| family.ucs2_cmap()).and_then(predefined),
            program: EmbeddedProgram::of(objects, cid_font),
            base_name: String::from_utf8_lossy(name).into_owned(),
            glyphs: Glyphs::read(objects, cid_font),
            width_default: width_default.or((!widths.is_empty()).then_some(1.0)),
            widths,
        })
    }

    pub(super) fn is_vertical(&self) -> bool {
        self.vertical.is_some()
    }

    /// Splits the first code off a string: the code and how many bytes it takes.
    pub(super) fn first_code(&self, bytes: &[u8]) -> (u32, usize) {
        self.codes.first(bytes)
    }

    /// ToUnicode, the code itself where it is Unicode, the collection of the CIDs, the program, and
    /// last the order of the glyphs where it is known, or the code where the glyphs are lost.
    pub(super) fn text(&self, objects: &Objects<'_>, code: u32, code_bytes: usize) -> Text<'_> {
        if let Some(text) = self.to_unicode(objects).and_then(|map| map.text(code)) {
            return text;
        }
        let cid = self.codes.cid(code, code_bytes);
        let by_code = self.codes.unicode(code).map(Text::from);
        let by_program = || {
            let texts = self.program.get(objects)?.glyph_texts()?;
            texts.get(self.glyph(cid)?).map(Text::Borrowed)
        };
        by_code
            .or_else(|| self.text_of_collection(cid))
            .or_else(by_program)
            .or_else(|| self.private(code))
            .or_else(|| self.text_by_glyph_order(cid))
            .or_else(|| self.text_without_glyphs(code))
            .unwrap_or_default()
    }

    fn text_of_collection(&self, cid: u32) -> Option<Text<'_>> {
        match self.by_collection.as_ref()?.lookup_bf_string(cid)? {
            BfString::Char(c) => Some(c.into()),
            BfString::String(text) => Some(text.into()),
        }
    }

    fn text_by_glyph_order(&self, cid: u32) -> Option<Text<'_>> {
        let applies = || {
            let by_glyph = self.codes.is_identity() && self.by_collection.is_none();
            by_glyph && glyph_order::is_proven(&self.base_name, &self.widths)
        };
        let proven = *self.glyph_order_proven.get_or_init(applies);
        glyph_order::character(self.glyph(cid)?).filter(|_| proven).map(Text::from)
    }

    /// Programs that map CIDs to glyphs do so to write Unicode for CIDs. Where the map is lost, and
    /// ToUnicode with it, that is the best there is.
    fn text_without_glyphs(&self, code: u32) -> Option<Text<'_>> {
        let lost = matches!(self.glyphs, Glyphs::Lost) && self.codes.is_identity();
        let c = char::from_u32(code).filter(|c| is_readable(c.encode_utf8(&mut [0; 4])));
        c.filter(|_| lost && self.by_collection.is_none()).map(Text::from)
    }

    /// What a private character is in a font of symbols that is known by name; itself elsewhere.
    fn private(&self, code: u32) -> Option<Text<'_>> {
        let c = self.to_unicode.as_ref()?.private(code)?;
        Some(symbol_fonts::text_of_private(&self.base_name, c).unwrap_or(c).into())
    }

    /// The ToUnicode map, but for one that repeats codes that are glyph numbers.
    fn to_unicode(&self, objects: &Objects<'_>) -> Option<&ToUnicode> {
        let map = self.to_unicode.as_ref()?;
        let believed = || !map.is_identity() || !self.contradicts_identity(objects);
        self.identity_believed.get_or_init(believed).then_some(map)
    }

    /// Whether most characters of the program have another number than their glyph.
    fn contradicts_identity(&self, objects: &Objects<'_>) -> bool {
        if !self.codes.is_identity() {
            return false;
        }
        let Some(texts) = self.program.get(objects).and_then(|program| program.glyph_texts())
        else {
            return false;
        };
        let (mut same, mut other) = (0u32, 0u32);
        for cid in 0..IDENTITY_CIDS_MAX {
            let Some(text) = self.glyph(cid).and_then(|glyph| texts.get(glyph)) else { continue };
            let is_same = char::from_u32(cid).is_some_and(|c| text.chars().eq([c]));
            *if is_same { &mut same } else { &mut other } += 1;
            if same + other >= IDENTITY_SAMPLE {
                break;
            }
        }
        other > same
    }

    /// Advance and place of a glyph.
    pub(super) fn placement(&self, objects: &Objects<'_>, code: u32, bytes: usize) -> Placement {
        let cid = self.codes.cid(code, bytes);
        let width = self.width(objects, cid);
        let Some(vertical) = &self.vertical else {
            return Placement { advance: width, offset: (0.0, 0.0) };
        };
        let metrics = vertical.get(cid, width);
        // Down the line is along it; the baseline of a line turned downwards is on its left side
        // as seen on the page, and the glyph's middle lies over it.
        let (x, y) = metrics.position;
        let offset = (y - VERTICAL_ORIGIN, width / 2.0 - x - EM_MIDDLE);
        Placement { advance: metrics.advance, offset }
    }

    /// Horizontal advance in em.
    fn width(&self, objects: &Objects<'_>, cid: u32) -> f32 {
        if let Some([width]) = self.widths.get(cid) {
            return width / 1000.0;
        }
        let by_program = || self.program.get(objects)?.width_of_glyph(self.glyph(cid)?);
        self.width_default.or_else(by_program).unwrap_or(1.0)
    }

    /// Width of the space in em, where a map tells its code.
    pub(super) fn space_width(&self, objects: &Objects<'_>) -> Option<f32> {
        let by_map = self.to_unicode.as_ref().and_then(|map| map.code_of(' '));
        let code = by_map.or_else(|| self.codes.code_of_space());
        let by_code = code.map(|code| self.codes.cid_of_any_length(code));
        // CID 1 is the space in all of the collections.
        let cid = by_code.or(self.by_collection.is_some().then_some(1))?;
        Some(self.width(objects, cid))
    }

    /// The glyph of a CID; `None` where nobody knows.
    fn glyph(&self, cid: u32) -> Option<u32> {
        let map = match &self.glyphs {
            Glyphs::Numbered => return Some(cid),
            Glyphs::Listed(map) => map,
            Glyphs::Lost => return None,
        };
        let at = (cid as usize).saturating_mul(2);
        let pair = map.get(at..).and_then(<[u8]>::first_chunk::<2>);
        Some(pair.map_or(0, |pair| u16::from_be_bytes(*pair).into()))
    }
}

fn character_collection(objects: &Objects<'_>, cid_font: &Dictionary) -> Option<CidFamily> {
    let info = objects.dict(cid_font, b"CIDSystemInfo")?;
    let text = |key| objects.get(info, key).and_then(|text| text.as_str().ok());
    let family = CidFamily::from_registry_ordering(text(b"Registry")?, text(b"Ordering")?);
    family.ucs2_cmap().is_some().then_some(family)
}

#[cfg(test)]
mod tests;
