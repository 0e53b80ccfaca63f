//! What an embedded font program says about its characters: the built-in encoding of a simple
//! font, and the Unicode text of a glyph.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use skrifa::raw::TableProvider;
use skrifa::raw::tables::cmap::CmapSubtable;
use skrifa::raw::types::Tag;
use skrifa::{FontRef, GlyphNames, MetadataProvider};

use super::encodings;

/// A font program, as far as it could be read.
pub(super) enum Program {
    Type1(hayro_font::type1::Table),
    /// Bare CFF, or the CFF table of an OpenType font.
    Cff(Vec<u8>),
    TrueType(Vec<u8>),
}

impl Program {
    /// Recognises a program by its first bytes; the key it was embedded under is often wrong.
    pub(super) fn read(data: Vec<u8>) -> Option<Self> {
        match data.first_chunk::<4>()? {
            [0, 1, 0, 0] | b"true" | b"ttcf" => Some(Self::TrueType(data)),
            b"OTTO" => {
                let font = FontRef::new(&data).ok()?;
                Some(Self::Cff(font.table_data(Tag::new(b"CFF "))?.as_bytes().to_vec()))
            }
            [b'%', b'!', ..] => type1(&data),
            // The first segment of a PFB file is its clear text, after a header of 6 bytes.
            [0x80, 1, ..] => type1(data.get(6..)?),
            [1, 0, ..] => Some(Self::Cff(data)),
            _ => None,
        }
    }

    /// The glyph names of the built-in encoding, by code; `None` for fonts without names.
    pub(super) fn builtin_names(&self) -> Option<Vec<Option<String>>> {
        match self {
            Self::Type1(table) => {
                Some((0..=255).map(|code| table.code_to_string(code).map(str::to_owned)).collect())
            }
            Self::Cff(data) => {
                let table = hayro_font::cff::Table::parse(data)?;
                let name = |code| table.glyph_name(table.glyph_index(code)?).map(str::to_owned);
                (!table.is_cid()).then(|| (0..=255).map(name).collect())
            }
            Self::TrueType(_) => None,
        }
    }

    /// The text of each code of a simple TrueType font that names no encoding (ISO 32000-1,
    /// 9.6.6.4): through its symbol or Macintosh `cmap` to the glyph, and back through the
    /// Unicode `cmap` or the glyph's name.
    pub(super) fn true_type_texts(&self) -> Option<Vec<Option<String>>> {
        let Self::TrueType(data) = self else { return None };
        let font = FontRef::new(data).ok()?;
        let texts = GlyphTexts::of_font(&font);
        let subtables = simple_subtables(&font);
        let roman = encodings::named("MacRomanEncoding")?;
        let text = |code: u8| {
            let glyph = subtables.iter().find_map(|subtable| subtable.glyph(code));
            let by_glyph = glyph.and_then(|glyph| texts.get(glyph));
            by_glyph.or_else(|| {
                let is_mac = subtables.iter().any(|subtable| !subtable.symbol);
                let name = roman[usize::from(code)];
                (is_mac && glyph.is_some()).then(|| super::glyph_names::unicode_of(name)).flatten()
            })
        };
        Some((0..=255).map(text).collect())
    }

    /// The Unicode text of every glyph that has one, for fonts addressed by glyph or CID.
    pub(super) fn glyph_texts(&self) -> Option<GlyphTexts> {
        match self {
            Self::TrueType(data) => Some(GlyphTexts::of_font(&FontRef::new(data).ok()?)),
            Self::Cff(data) => GlyphTexts::of_cff(data),
            Self::Type1(_) => None,
        }
    }
}

/// A Type 1 program, read up to its encrypted part: the encoding stands before that, and nothing
/// else is needed.
fn type1(data: &[u8]) -> Option<Program> {
    let end = memchr::memmem::find(data, b"eexec").unwrap_or(data.len());
    hayro_font::type1::Table::parse(&data[..end]).map(Program::Type1)
}

/// Text by glyph id.
pub(super) struct GlyphTexts(HashMap<u32, String>);

impl GlyphTexts {
    pub(super) fn get(&self, glyph: u32) -> Option<String> {
        self.0.get(&glyph).cloned()
    }

    fn of_font(font: &FontRef<'_>) -> Self {
        let mut texts: HashMap<u32, String> = HashMap::new();
        let charmap = font.charmap();
        let mappings = if charmap.is_symbol() { None } else { Some(charmap.mappings()) };
        for (code, glyph) in mappings.into_iter().flatten() {
            if let Some(c) = char::from_u32(code).filter(|c| !is_private(*c)) {
                // Several characters may share a glyph; the lowest is the plainest one.
                texts.entry(glyph.to_u32()).or_insert_with(|| c.to_string());
            }
        }
        for (glyph, name) in GlyphNames::new(font).iter().filter(|(_, name)| !name.is_synthesized())
        {
            if let Entry::Vacant(vacant) = texts.entry(glyph.to_u32())
                && let Some(text) = super::glyph_names::unicode_of(name.as_str())
            {
                vacant.insert(text);
            }
        }
        Self(texts)
    }

    /// By glyph name; a CID-keyed font has none.
    fn of_cff(data: &[u8]) -> Option<Self> {
        let table = hayro_font::cff::Table::parse(data).filter(|table| !table.is_cid())?;
        let text = |id: u16| {
            let name = table.glyph_name(hayro_font::GlyphId(id))?;
            Some((u32::from(id), super::glyph_names::unicode_of(name)?))
        };
        Some(Self((0..table.number_of_glyphs()).filter_map(text).collect()))
    }
}

fn is_private(c: char) -> bool {
    ('\u{E000}'..='\u{F8FF}').contains(&c) || c.is_control()
}

struct SimpleSubtable<'a> {
    subtable: CmapSubtable<'a>,
    /// Microsoft symbol, codes at 0xF000 or plain; else Macintosh Roman.
    symbol: bool,
}

impl SimpleSubtable<'_> {
    fn glyph(&self, code: u8) -> Option<u32> {
        let code = u32::from(code);
        let candidates = if self.symbol { [0xF000 + code, code] } else { [code, code] };
        let glyphs = candidates.iter().filter_map(|&code| self.subtable.map_codepoint(code));
        glyphs.map(|glyph| glyph.to_u32()).find(|&glyph| glyph != 0)
    }
}

fn simple_subtables<'a>(font: &FontRef<'a>) -> Vec<SimpleSubtable<'a>> {
    let Ok(cmap) = font.cmap() else { return Vec::new() };
    let records = cmap.encoding_records().iter().filter_map(|record| {
        let kind = (record.platform_id() as u16, record.encoding_id());
        let symbol = kind == (3, 0);
        (symbol || kind == (1, 0)).then_some((record, symbol))
    });
    let read = records.filter_map(|(record, symbol)| {
        let subtable = record.subtable(cmap.offset_data()).ok()?;
        Some(SimpleSubtable { subtable, symbol })
    });
    let mut subtables: Vec<_> = read.collect();
    subtables.sort_by_key(|subtable| !subtable.symbol);
    subtables
}
