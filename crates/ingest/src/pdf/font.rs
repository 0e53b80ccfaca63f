//! Fonts as far as text needs them: codes to Unicode, and widths.
//!
//! A code's text comes from the first source that knows it, in this order of trust: the
//! ToUnicode map, the names of `Encoding` and its `Differences` through the glyph list, the
//! character collection of a CID font, the embedded program's own encoding and `cmap`. A source
//! that speaks against itself is passed over, code by code or as a whole. What no source knows is
//! counted by the caller, never guessed from the shape.

mod about;
mod cid_metrics;
mod cmaps;
mod composite;
mod encodings;
mod glyph_names;
mod glyph_texts;
mod program;
mod simple;
mod standard_widths;
mod symbol_fonts;
mod text;
mod to_unicode;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lopdf::{Dictionary, Object};

pub(super) use about::About;
use composite::CompositeFont;
use simple::SimpleFont;
use text::Text;
use to_unicode::ToUnicode;

use crate::IngestError;
use crate::limits::check;
use crate::pdf::objects::{Objects, as_dict};

/// A font, read once for its document.
pub(super) struct Font {
    kind: Kind,
    /// Size of an em in units of the nominal one; 1 but for Type 3 fonts of another scale.
    pub(super) em: f32,
    /// Whether the name or the descriptor says it is a heavy face.
    pub(super) bold: bool,
    /// Whether all its characters are said to have one width.
    pub(super) monospaced: bool,
    /// Width of the space in nominal em; [`SPACE_WIDTH_DEFAULT`] where the font has none.
    pub(super) space_width: f32,
    pub(super) about: About,
}

enum Kind {
    Simple(Box<SimpleFont>),
    Composite(Box<CompositeFont>),
}

/// One code of a shown string.
pub(super) struct Shown<'f> {
    /// Empty where unknown.
    pub(super) text: Text<'f>,
    /// Advance along the line in em.
    pub(super) width: f32,
    /// From the pen to the start of the glyph's box in em: along the line and to its left. Only
    /// vertical writing has one.
    pub(super) offset: (f32, f32),
    /// Bytes the code took.
    pub(super) code_bytes: usize,
    /// A single-byte code 32: word spacing applies.
    pub(super) is_space_code: bool,
}

/// A space where a font does not say; TeX's faces, which have none, set it at 0.33 and shrink it.
const SPACE_WIDTH_DEFAULT: f32 = 0.3;

impl Font {
    fn read(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        let kind = Kind::read(objects, dict);
        let em = kind.em(objects);
        let space_width = kind.space_width(objects).map(|width| width / em);
        let space_width = space_width.filter(|width| (0.1..0.8).contains(width));
        Self {
            kind,
            em,
            bold: is_bold(objects, dict),
            monospaced: is_monospaced(objects, dict),
            space_width: space_width.unwrap_or(SPACE_WIDTH_DEFAULT) * em,
            about: About::read(objects, dict),
        }
    }

    /// Whether lines run top to bottom.
    pub(super) fn vertical(&self) -> bool {
        matches!(&self.kind, Kind::Composite(font) if font.is_vertical())
    }

    /// The first code of a string that is not empty. `objects` are those of the font's document.
    pub(super) fn show<'f>(&'f self, objects: &Objects<'_>, bytes: &[u8]) -> Shown<'f> {
        let first = bytes.first().copied().unwrap_or(0);
        match &self.kind {
            Kind::Simple(font) => {
                let character = font.character(objects, first);
                Shown {
                    text: Text::Borrowed(&character.text),
                    width: character.width,
                    offset: (0.0, 0.0),
                    code_bytes: 1,
                    is_space_code: first == b' ',
                }
            }
            Kind::Composite(font) => {
                let (code, code_bytes) = font.first_code(bytes);
                let placement = font.placement(objects, code, code_bytes);
                Shown {
                    text: font.text(objects, code, code_bytes),
                    width: placement.advance,
                    offset: placement.offset,
                    code_bytes,
                    is_space_code: code_bytes == 1 && first == b' ',
                }
            }
        }
    }
}

impl Kind {
    fn read(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        if objects.name(dict, b"Subtype") == Some(b"Type0")
            && let Some(font) = CompositeFont::read(objects, dict, to_unicode(objects, dict))
        {
            return Self::Composite(Box::new(font));
        }
        Self::Simple(Box::new(SimpleFont::read(objects, dict, to_unicode(objects, dict))))
    }

    fn em(&self, objects: &Objects<'_>) -> f32 {
        match self {
            Self::Simple(font) => font.em(objects),
            Self::Composite(_) => 1.0,
        }
    }

    fn space_width(&self, objects: &Objects<'_>) -> Option<f32> {
        match self {
            Self::Simple(font) => font.space_width(objects),
            Self::Composite(font) => font.space_width(objects),
        }
    }
}

fn to_unicode(objects: &Objects<'_>, dict: &Dictionary) -> Option<ToUnicode> {
    match objects.get(dict, b"ToUnicode")? {
        Object::Stream(stream) => {
            let data = objects.decode(stream).ok()?;
            let map = ToUnicode::read(&data);
            let entries = map.as_ref().map_or(0, ToUnicode::entries_found);
            objects.record_limit("bytes of a ToUnicode map", data.len(), to_unicode::BYTES_MAX);
            objects.record_limit("entries of a ToUnicode map", entries, to_unicode::ENTRIES_MAX);
            map
        }
        Object::Name(name) if name.starts_with(b"Identity") => Some(ToUnicode::identity()),
        _ => None,
    }
}

fn descendant<'a>(objects: &Objects<'a>, dict: &'a Dictionary) -> Option<&'a Dictionary> {
    as_dict(objects.resolve(objects.array(dict, b"DescendantFonts")?.first()?)?)
}

fn is_bold(objects: &Objects<'_>, dict: &Dictionary) -> bool {
    let name = objects.name(dict, b"BaseFont").unwrap_or_default();
    let name = String::from_utf8_lossy(name).to_lowercase();
    // Computer Modern says bold as `bx`: CMBX12, SFBX1200, CMSSBX10.
    let by_name = ["bold", "black", "heavy", "demi", "cmbx", "cmssbx", "sfbx", "ecbx"];
    let holder = descendant(objects, dict).unwrap_or(dict);
    let descriptor = objects.dict(holder, b"FontDescriptor");
    let weight = descriptor.and_then(|descriptor| objects.number(descriptor, b"FontWeight"));
    by_name.iter().any(|part| name.contains(part)) || weight.is_some_and(|weight| weight >= 600.0)
}

fn is_monospaced(objects: &Objects<'_>, dict: &Dictionary) -> bool {
    let name = objects.name(dict, b"BaseFont").unwrap_or_default();
    let name = String::from_utf8_lossy(name).to_lowercase();
    let by_name = ["mono", "courier", "consol", "typewriter", "cmtt", "sftt", "ectt", "menlo"];
    let holder = descendant(objects, dict).unwrap_or(dict);
    let descriptor = objects.dict(holder, b"FontDescriptor");
    let flags = descriptor.and_then(|descriptor| objects.number(descriptor, b"Flags"));
    // Bit 1 of the font flags (ISO 32000-1, table 123).
    by_name.iter().any(|part| name.contains(part))
        || flags.is_some_and(|flags| flags as i64 & 1 != 0)
}

/// Fonts of one document; real ones have some hundreds.
const FONTS_MAX: usize = 4_096;

/// The fonts of a document: each is read once, whichever page asks first.
#[derive(Default)]
pub(super) struct FontCache {
    fonts: Mutex<HashMap<usize, Arc<OnceLock<Arc<Font>>>>>,
    asked: AtomicUsize,
}

impl FontCache {
    /// What names a font dictionary: its place in the loaded document, which does not move.
    pub(super) fn key(dict: &Dictionary) -> usize {
        std::ptr::from_ref(dict).addr()
    }

    /// The font a dictionary describes; `None` beyond the number of fonts a document may have.
    pub(super) fn font(&self, objects: &Objects<'_>, dict: &Dictionary) -> Option<Arc<Font>> {
        let key = Self::key(dict);
        let cell = {
            let mut fonts = self.fonts.lock().unwrap_or_else(PoisonError::into_inner);
            if fonts.len() >= FONTS_MAX && !fonts.contains_key(&key) {
                self.asked.store(FONTS_MAX + 1, Ordering::Relaxed);
                return None;
            }
            Arc::clone(fonts.entry(key).or_default())
        };
        Some(Arc::clone(cell.get_or_init(|| Arc::new(Font::read(objects, dict)))))
    }

    /// All that were read, in no order.
    pub(super) fn into_fonts(self) -> Vec<Arc<Font>> {
        let fonts = self.fonts.into_inner().unwrap_or_else(PoisonError::into_inner);
        fonts.into_values().filter_map(|cell| cell.get().cloned()).collect()
    }

    /// Refuses a document of too many fonts: which of them were read depends on the threads.
    pub(super) fn check(&self) -> Result<(), IngestError> {
        check("fonts", self.asked.load(Ordering::Relaxed), FONTS_MAX)
    }
}
