//! What an embedded font program says about its characters: the built-in encoding of a simple
//! font, the Unicode text of a glyph, and its advance.

use std::sync::OnceLock;

use lopdf::{Dictionary, Object, ObjectId};
use skrifa::raw::TableProvider;
use skrifa::raw::tables::cmap::CmapSubtable;
use skrifa::raw::types::Tag;
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::glyph_texts::GlyphTexts;
use super::{encodings, glyph_names};
use crate::pdf::objects::Objects;

/// The program a font dictionary embeds, decoded when something asks for it first.
#[derive(Default)]
pub(super) struct EmbeddedProgram {
    stream: Option<ObjectId>,
    read: OnceLock<Option<Program>>,
}

impl EmbeddedProgram {
    /// The program of the font descriptor of `dict`.
    pub(super) fn of(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        let stream = objects.dict(dict, b"FontDescriptor").and_then(|descriptor| {
            let keys = [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"];
            keys.iter().find_map(|key| descriptor.get(key).and_then(Object::as_reference).ok())
        });
        Self { stream, read: OnceLock::new() }
    }

    pub(super) fn is_embedded(&self) -> bool {
        self.stream.is_some()
    }

    /// Always to be asked with the objects of the one document the font is of.
    pub(super) fn get(&self, objects: &Objects<'_>) -> Option<&Program> {
        let read = || {
            let stream = objects.document.get_object(self.stream?).ok()?.as_stream().ok()?;
            Program::read(objects.decode(stream).ok()?)
        };
        self.read.get_or_init(read).as_ref()
    }
}

/// A font program, as far as it could be read.
pub(super) struct Program {
    data: Data,
    builtin_names: OnceLock<Option<Names>>,
    code_texts: OnceLock<Option<Names>>,
    glyph_texts: OnceLock<Option<GlyphTexts>>,
}

/// A name or a text for each of the 256 codes.
type Names = Vec<Option<Box<str>>>;

enum Data {
    Type1(hayro_font::type1::Table),
    /// Bare CFF.
    Cff(Vec<u8>),
    /// TrueType, or OpenType around CFF.
    OpenType(Vec<u8>),
}

impl Program {
    /// Recognises a program by its first bytes; the key it was embedded under is often wrong.
    pub(super) fn read(data: Vec<u8>) -> Option<Self> {
        let data = match data.first_chunk::<4>()? {
            [0, 1, 0, 0] | b"true" | b"ttcf" | b"OTTO" => Data::OpenType(data),
            [b'%', b'!', ..] => type1(&data)?,
            // The first segment of a PFB file is its clear text, after a header of 6 bytes.
            [0x80, 1, ..] => type1(data.get(6..)?)?,
            [1, 0, ..] => Data::Cff(data),
            _ => return None,
        };
        Some(Self {
            data,
            builtin_names: OnceLock::new(),
            code_texts: OnceLock::new(),
            glyph_texts: OnceLock::new(),
        })
    }

    /// The name of a code in the built-in encoding.
    pub(super) fn builtin_name(&self, code: u8) -> Option<&str> {
        let names = self.builtin_names.get_or_init(|| self.read_builtin_names());
        names.as_ref()?.get(usize::from(code))?.as_deref()
    }

    /// Whether there is an encoding of names in the program, so that a code may be known to be
    /// unused.
    pub(super) fn has_builtin_names(&self) -> bool {
        self.builtin_names.get_or_init(|| self.read_builtin_names()).is_some()
    }

    fn read_builtin_names(&self) -> Option<Names> {
        if let Data::Type1(table) = &self.data {
            return Some(
                (0..=255).map(|code| table.code_to_string(code).map(Into::into)).collect(),
            );
        }
        let table = hayro_font::cff::Table::parse(self.cff()?)?;
        let name = |code| table.glyph_name(table.glyph_index(code)?).map(Into::into);
        (!table.is_cid()).then(|| (0..=255).map(name).collect())
    }

    /// The text of a code of a simple TrueType font that names no encoding (ISO 32000-1,
    /// 9.6.6.4): through its symbol or Macintosh `cmap` to the glyph, and back through the
    /// Unicode `cmap` or the glyph's name.
    pub(super) fn code_text(&self, code: u8) -> Option<&str> {
        let texts = self.code_texts.get_or_init(|| self.read_code_texts());
        texts.as_ref()?.get(usize::from(code))?.as_deref()
    }

    fn read_code_texts(&self) -> Option<Names> {
        let font = self.true_type()?;
        let texts = self.glyph_texts()?;
        let subtables = simple_subtables(&font);
        let is_mac = subtables.iter().any(|subtable| !subtable.symbol);
        let roman = encodings::named("MacRomanEncoding")?;
        let text = |code: u8| {
            let glyph = subtables.iter().find_map(|subtable| subtable.glyph(code))?;
            if let Some(text) = texts.get(glyph) {
                return Some(text.into());
            }
            let by_name = || glyph_names::unicode_of(roman[usize::from(code)]);
            is_mac.then(by_name).flatten().map(Into::into)
        };
        Some((0..=255).map(text).collect())
    }

    /// The Unicode text of every glyph that has one, for fonts addressed by glyph or CID.
    pub(super) fn glyph_texts(&self) -> Option<&GlyphTexts> {
        let read = || match &self.data {
            Data::OpenType(data) => Some(GlyphTexts::of_font(&FontRef::from_index(data, 0).ok()?)),
            Data::Cff(data) => GlyphTexts::of_cff(data),
            Data::Type1(_) => None,
        };
        self.glyph_texts.get_or_init(read).as_ref()
    }

    /// Advance in em of what a code of a simple font draws, by the glyph's name or, in TrueType,
    /// by the code.
    pub(super) fn width_of_code(&self, code: u8, name: Option<&str>) -> Option<f32> {
        if let Some(font) = self.true_type() {
            let by_code = || simple_subtables(&font).iter().find_map(|table| table.glyph(code));
            let by_name = || {
                let text = glyph_names::unicode_of(name?)?;
                font.charmap().map(text.chars().next()?).map(|glyph| glyph.to_u32())
            };
            return advance(&font, by_name().or_else(by_code)?);
        }
        let table = hayro_font::cff::Table::parse(self.cff()?)?;
        let by_name = name.and_then(|name| table.glyph_index_by_name(name));
        let width = table.glyph_width(by_name.or_else(|| table.glyph_index(code))?)?;
        Some(f32::from(width) * table.matrix().sx).filter(|width| width.is_finite())
    }

    /// Advance in em of a glyph of an OpenType program.
    pub(super) fn width_of_glyph(&self, glyph: u32) -> Option<f32> {
        let Data::OpenType(data) = &self.data else { return None };
        advance(&FontRef::from_index(data, 0).ok()?, glyph)
    }

    fn true_type(&self) -> Option<FontRef<'_>> {
        let Data::OpenType(data) = &self.data else { return None };
        (!data.starts_with(b"OTTO")).then(|| FontRef::from_index(data, 0).ok()).flatten()
    }

    fn cff(&self) -> Option<&[u8]> {
        match &self.data {
            Data::Cff(data) => Some(data),
            Data::OpenType(data) => {
                Some(FontRef::from_index(data, 0).ok()?.table_data(Tag::new(b"CFF "))?.as_bytes())
            }
            Data::Type1(_) => None,
        }
    }
}

fn advance(font: &FontRef<'_>, glyph: u32) -> Option<f32> {
    let units = f32::from(font.head().ok()?.units_per_em());
    let advance = font.hmtx().ok()?.advance(GlyphId::new(glyph))?;
    Some(f32::from(advance) / units).filter(|width| width.is_finite())
}

/// A Type 1 program, read up to its encrypted part: the encoding stands before that, and nothing
/// else is needed.
fn type1(data: &[u8]) -> Option<Data> {
    let end = memchr::memmem::find(data, b"eexec").unwrap_or(data.len());
    hayro_font::type1::Table::parse(&data[..end]).map(Data::Type1)
}

struct SimpleSubtable<'a> {
    subtable: CmapSubtable<'a>,
    /// Microsoft symbol, codes at 0xF000 or plain; else Macintosh Roman.
    symbol: bool,
}

impl SimpleSubtable<'_> {
    fn glyph(&self, code: u8) -> Option<u32> {
        let code = u32::from(code);
        // The pages that symbol fonts are known to use.
        let pages = [0xF000, 0, 0xF100, 0xF200];
        let pages = if self.symbol { pages.as_slice() } else { &[0] };
        let glyphs = pages.iter().filter_map(|page| self.subtable.map_codepoint(page + code));
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
