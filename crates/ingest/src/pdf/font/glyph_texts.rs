//! The characters of an embedded program read backwards: from glyph to text.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use skrifa::raw::types::Tag;
use skrifa::{FontRef, GlyphNames, MetadataProvider};

use super::glyph_names;
use super::text::{is_private, is_readable};

/// Text by glyph id; by CID in a CFF program that has CIDs.
pub(super) struct GlyphTexts(HashMap<u32, Box<str>>);

impl GlyphTexts {
    pub(super) fn get(&self, glyph: u32) -> Option<&str> {
        self.0.get(&glyph).map(AsRef::as_ref)
    }

    /// From a Unicode `cmap`, and from glyph names where it has none.
    pub(super) fn of_font(font: &FontRef<'_>) -> Self {
        let mut texts: HashMap<u32, Box<str>> = HashMap::new();
        let charmap = font.charmap();
        let mappings = if charmap.is_symbol() { None } else { Some(charmap.mappings()) };
        for (code, glyph) in mappings.into_iter().flatten() {
            if let Some(c) = char::from_u32(code).filter(|c| !is_private(*c) && !c.is_control()) {
                // Several characters may share a glyph; the lowest is the plainest one.
                texts.entry(glyph.to_u32()).or_insert_with(|| c.to_string().into());
            }
        }
        let names = GlyphNames::new(font);
        for (glyph, name) in names.iter().filter(|(_, name)| !name.is_synthesized()) {
            if let Entry::Vacant(vacant) = texts.entry(glyph.to_u32())
                && let Some(text) = glyph_names::unicode_of(name.as_str())
            {
                vacant.insert(text.into());
            }
        }
        Self(texts).by_cid(font)
    }

    /// A font with CIDs is addressed by them, not by glyph.
    fn by_cid(self, font: &FontRef<'_>) -> Self {
        let cff = font.table_data(Tag::new(b"CFF "));
        let table = cff.as_ref().and_then(|cff| hayro_font::cff::Table::parse(cff.as_bytes()));
        let Some(table) = table.filter(hayro_font::cff::Table::is_cid) else { return self };
        let cid = |glyph: u32| table.glyph_cid(hayro_font::GlyphId(u16::try_from(glyph).ok()?));
        let keyed = self.0.into_iter().filter_map(|(glyph, text)| Some((cid(glyph)?.into(), text)));
        Self(keyed.collect())
    }

    /// By glyph name; a CID-keyed font has none.
    pub(super) fn of_cff(data: &[u8]) -> Option<Self> {
        let table = hayro_font::cff::Table::parse(data).filter(|table| !table.is_cid())?;
        let text = |id: u16| {
            let name = table.glyph_name(hayro_font::GlyphId(id))?;
            let text = glyph_names::unicode_of(name).filter(|text| is_readable(text))?;
            Some((u32::from(id), text.into()))
        };
        Some(Self((0..table.number_of_glyphs()).filter_map(text).collect()))
    }
}
