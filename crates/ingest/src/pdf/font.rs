//! Fonts as far as text needs them: codes to Unicode, and widths.
//!
//! A code's text comes from the first source that knows it, in this order of trust: the
//! ToUnicode map, the names of `Encoding` and its `Differences` through the glyph list, the
//! embedded program's own encoding and `cmap`, the character collection of a CID font. What no
//! source knows is counted by the caller, never guessed from the shape.

mod composite;
mod encodings;
mod glyph_names;
mod program;
mod simple;
mod standard_widths;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hayro_cmap::{CMap, CMapName, load_embedded};
use lopdf::Dictionary;

use composite::CompositeFont;
use program::Program;
use simple::Character;

use crate::IngestError;
use crate::limits::check;
use crate::pdf::objects::{Objects, as_dict};

/// A font, read once for its document.
pub(super) struct Font {
    kind: Kind,
    /// Whether the name or the descriptor says it is a heavy face.
    pub(super) bold: bool,
    /// Whether all its characters are said to have one width.
    pub(super) monospaced: bool,
    /// Width of the space in em; [`SPACE_WIDTH_DEFAULT`] where the font has none.
    pub(super) space_width: f32,
}

enum Kind {
    Simple(Vec<Character>),
    Composite(Box<CompositeFont>),
}

/// One code of a shown string.
pub(super) struct Shown<'f> {
    /// Empty where unknown.
    pub(super) text: std::borrow::Cow<'f, str>,
    /// Advance in em.
    pub(super) width: f32,
    /// Bytes the code took.
    pub(super) code_bytes: usize,
    /// A single-byte code 32: word spacing applies.
    pub(super) is_space_code: bool,
}

/// A space where a font does not say; TeX's faces, which have none, set it at 0.33 and shrink it.
const SPACE_WIDTH_DEFAULT: f32 = 0.3;

impl Font {
    fn read(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        let to_unicode =
            objects.stream(dict, b"ToUnicode").and_then(|stream| objects.decode(stream).ok());
        let to_unicode = to_unicode.and_then(|data| read_cmap(&data));
        let kind = if objects.name(dict, b"Subtype") == Some(b"Type0") {
            let descendant = descendant(objects, dict);
            let program = || program(objects, descendant?);
            CompositeFont::read(objects, dict, to_unicode, program)
                .map(Box::new)
                .map(Kind::Composite)
        } else {
            let program = || program(objects, dict);
            Some(Kind::Simple(simple::characters(objects, dict, to_unicode.as_ref(), program)))
        };
        let kind = kind.unwrap_or_else(|| Kind::Simple(vec![Character::default(); 256]));
        let space_width = kind.space_width().filter(|width| (0.1..0.8).contains(width));
        Self {
            kind,
            bold: is_bold(objects, dict),
            monospaced: is_monospaced(objects, dict),
            space_width: space_width.unwrap_or(SPACE_WIDTH_DEFAULT),
        }
    }

    /// Whether lines run top to bottom.
    pub(super) fn vertical(&self) -> bool {
        matches!(&self.kind, Kind::Composite(font) if font.vertical)
    }

    /// The first code of a string that is not empty.
    pub(super) fn show<'f>(&'f self, bytes: &[u8]) -> Shown<'f> {
        let first = bytes.first().copied().unwrap_or(0);
        match &self.kind {
            Kind::Simple(characters) => {
                let character = &characters[usize::from(first)];
                let text = std::borrow::Cow::Borrowed(&*character.text);
                Shown { text, width: character.width, code_bytes: 1, is_space_code: first == b' ' }
            }
            Kind::Composite(font) => {
                let (code, code_bytes) = font.first_code(bytes);
                let text = font.text(code, code_bytes).unwrap_or_default().into();
                let is_space_code = code_bytes == 1 && first == b' ';
                Shown { text, width: font.width(code, code_bytes), code_bytes, is_space_code }
            }
        }
    }
}

impl Kind {
    fn space_width(&self) -> Option<f32> {
        match self {
            Self::Simple(characters) => {
                let space = characters.iter().find(|character| &*character.text == " ");
                space.map(|character| character.width)
            }
            Self::Composite(_) => None,
        }
    }
}

fn descendant<'a>(objects: &Objects<'a>, dict: &'a Dictionary) -> Option<&'a Dictionary> {
    as_dict(objects.resolve(objects.array(dict, b"DescendantFonts")?.first()?)?)
}

fn program(objects: &Objects<'_>, dict: &Dictionary) -> Option<Program> {
    let descriptor = objects.dict(dict, b"FontDescriptor")?;
    let keys = [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"];
    let stream = keys.iter().find_map(|key| objects.stream(descriptor, key))?;
    Program::read(objects.decode(stream).ok()?)
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

    /// Refuses a document of too many fonts: which of them were read depends on the threads.
    pub(super) fn check(&self) -> Result<(), IngestError> {
        check("fonts", self.asked.load(Ordering::Relaxed), FONTS_MAX)
    }
}

/// A CMap stream longer than this is no map of a font.
const CMAP_BYTES_MAX: usize = 4 << 20;
/// Predefined CMaps that one CMap may build on.
const CMAPS_USED_MAX: u32 = 16;

/// Reads an embedded CMap.
fn read_cmap(data: &[u8]) -> Option<CMap> {
    // `bcmap` begins the parser's own compiled form, which a PDF never holds.
    if data.starts_with(b"bcmap") || data.len() > CMAP_BYTES_MAX {
        return None;
    }
    let used = Cell::new(0);
    let used = &used;
    CMap::parse(data, move |name| {
        used.set(used.get() + 1);
        if used.get() > CMAPS_USED_MAX { None } else { load_embedded(name) }
    })
}

/// A predefined CMap, parsed once for the process.
fn predefined_cmap(name: CMapName<'_>) -> Option<Arc<CMap>> {
    static PARSED: Mutex<BTreeMap<Vec<u8>, Arc<CMap>>> = Mutex::new(BTreeMap::new());
    let key = name.to_bytes().to_vec();
    if let Some(known) = PARSED.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Some(Arc::clone(known));
    }
    // Parsed without the lock: two threads may both do it, and the first stays.
    let parsed = Arc::new(CMap::parse(load_embedded(name)?, load_embedded)?);
    let mut known = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    Some(Arc::clone(known.entry(key).or_insert(parsed)))
}
