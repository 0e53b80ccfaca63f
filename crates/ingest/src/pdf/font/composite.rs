//! Composite fonts: codes of one to four bytes that select CIDs (ISO 32000-1, 9.7).

use std::collections::HashMap;
use std::sync::Arc;

use hayro_cmap::{BfString, CMap, CMapName, CidFamily, WritingMode};
use lopdf::{Dictionary, Object};

use super::program::{GlyphTexts, Program};
use super::simple::mapped_text;
use super::{predefined_cmap, read_cmap};
use crate::pdf::objects::{Objects, as_dict, number};

/// CIDs that may be given widths one by one; a font has at most 65,536.
const WIDTHS_MAX: usize = 1 << 16;

/// A composite font.
pub(super) struct CompositeFont {
    encoding: Arc<CMap>,
    pub(super) vertical: bool,
    to_unicode: Option<CMap>,
    by_collection: Option<Arc<CMap>>,
    glyph_texts: Option<GlyphTexts>,
    cid_to_glyph: Option<Vec<u8>>,
    widths: HashMap<u32, f32>,
    ranges: Vec<(u32, u32, f32)>,
    width_default: f32,
}

impl CompositeFont {
    pub(super) fn read(
        objects: &Objects<'_>,
        dict: &Dictionary,
        to_unicode: Option<CMap>,
        program: impl Fn() -> Option<Program>,
    ) -> Option<Self> {
        let descendant = objects.array(dict, b"DescendantFonts")?.first()?;
        let cid_font = as_dict(objects.resolve(descendant)?)?;
        let encoding = encoding(objects, dict);
        let family = character_collection(objects, cid_font).or_else(|| {
            encoding.metadata().character_collection.as_ref().map(|known| known.family.clone())
        });
        let by_collection = family.and_then(|family| family.ucs2_cmap()).and_then(predefined_cmap);
        let map = objects.stream(cid_font, b"CIDToGIDMap");
        // The program is read only where nothing else can tell what its glyphs mean.
        let needs_program = to_unicode.is_none() && by_collection.is_none();
        let mut font = Self {
            vertical: encoding.metadata().writing_mode == Some(WritingMode::Vertical),
            encoding,
            to_unicode,
            by_collection,
            glyph_texts: needs_program.then(|| program()?.glyph_texts()).flatten(),
            cid_to_glyph: map.and_then(|stream| objects.decode(stream).ok()),
            widths: HashMap::new(),
            ranges: Vec::new(),
            width_default: objects.number(cid_font, b"DW").unwrap_or(1000.0) / 1000.0,
        };
        font.read_widths(objects, cid_font);
        Some(font)
    }

    /// Splits the first code off a string: the code and how many bytes it takes.
    pub(super) fn first_code(&self, bytes: &[u8]) -> (u32, usize) {
        let mut code = 0u32;
        for (index, &byte) in bytes.iter().take(4).enumerate() {
            code = code << 8 | u32::from(byte);
            if self.encoding.lookup_cid_code(code, index as u8 + 1).is_some() {
                return (code, index + 1);
            }
        }
        // Outside every range: two bytes, as nearly all such fonts have.
        let taken = bytes.len().clamp(1, 2);
        (bytes.iter().take(taken).fold(0, |code, &byte| code << 8 | u32::from(byte)), taken)
    }

    pub(super) fn text(&self, code: u32, code_bytes: usize) -> Option<String> {
        if let Some(text) = self.to_unicode.as_ref().and_then(|cmap| mapped_text(cmap, code)) {
            return Some(text);
        }
        let cid = self.cid(code, code_bytes);
        if let Some(found) = self.by_collection.as_ref().and_then(|cmap| cmap.lookup_bf_string(cid))
        {
            return Some(match found {
                BfString::Char(c) => c.to_string(),
                BfString::String(text) => text,
            });
        }
        self.glyph_texts.as_ref().and_then(|texts| texts.get(self.glyph(cid)))
    }

    /// Advance along the line in em. Vertical fonts advance by 1 em unless they say otherwise
    /// (`DW2`, rarely given).
    pub(super) fn width(&self, code: u32, code_bytes: usize) -> f32 {
        let cid = self.cid(code, code_bytes);
        if self.vertical {
            return 1.0;
        }
        let in_range = || {
            let at = self.ranges.partition_point(|(first, _, _)| *first <= cid).checked_sub(1)?;
            let (_, last, width) = self.ranges[at];
            (cid <= last).then_some(width)
        };
        self.widths.get(&cid).copied().or_else(in_range).unwrap_or(self.width_default)
    }

    fn cid(&self, code: u32, code_bytes: usize) -> u32 {
        self.encoding.lookup_cid_code(code, code_bytes as u8).unwrap_or(0)
    }

    fn glyph(&self, cid: u32) -> u32 {
        let Some(map) = &self.cid_to_glyph else { return cid };
        let at = cid as usize * 2;
        map.get(at..at + 2).map_or(0, |pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
    }

    /// Reads `W`: `first [w w …]` and `first last w`, mixed (ISO 32000-1, 9.7.4.3).
    fn read_widths(&mut self, objects: &Objects<'_>, cid_font: &Dictionary) {
        let Some(entries) = objects.array(cid_font, b"W") else { return };
        let mut pending: Vec<f32> = Vec::new();
        for entry in entries.iter().filter_map(|entry| objects.resolve(entry)) {
            match entry {
                Object::Array(widths) => {
                    let first = pending.last().map_or(0, |&first| first as u32);
                    self.read_width_list(objects, first, widths);
                    pending.clear();
                }
                other => pending.extend(number(other)),
            }
            if let [first, last, width] = pending[..] {
                if self.ranges.len() >= WIDTHS_MAX {
                    break;
                }
                self.ranges.push((first as u32, last as u32, width / 1000.0));
                pending.clear();
            }
        }
        self.ranges.sort_by_key(|(first, _, _)| *first);
    }

    fn read_width_list(&mut self, objects: &Objects<'_>, first: u32, widths: &[Object]) {
        let room = WIDTHS_MAX.saturating_sub(self.widths.len());
        for (cid, width) in (first..=u32::MAX).zip(widths.iter().take(room)) {
            if let Some(width) = objects.resolve(width).and_then(number) {
                self.widths.insert(cid, width / 1000.0);
            }
        }
    }
}

fn encoding(objects: &Objects<'_>, dict: &Dictionary) -> Arc<CMap> {
    let found = match objects.get(dict, b"Encoding") {
        Some(Object::Name(name)) if name == b"Identity-V" => Some(Arc::new(CMap::identity_v())),
        Some(Object::Name(name)) => predefined_cmap(CMapName::from_bytes(name)),
        Some(Object::Stream(stream)) => {
            objects.decode(stream).ok().and_then(|data| read_cmap(&data)).map(Arc::new)
        }
        _ => None,
    };
    found.unwrap_or_else(|| Arc::new(CMap::identity_h()))
}

fn character_collection(objects: &Objects<'_>, cid_font: &Dictionary) -> Option<CidFamily> {
    let info = objects.dict(cid_font, b"CIDSystemInfo")?;
    let text = |key| objects.get(info, key).and_then(|text| text.as_str().ok());
    let family = CidFamily::from_registry_ordering(text(b"Registry")?, text(b"Ordering")?);
    family.ucs2_cmap().is_some().then_some(family)
}
