//! Simple fonts: one byte a code (Type 1, TrueType, Type 3; ISO 32000-1, 9.6).

mod names;
mod widths;

use std::sync::OnceLock;

use lopdf::Dictionary;

use super::glyph_names;
use super::program::{EmbeddedProgram, Program};
use super::symbol_fonts;
use super::text::is_readable;
use super::to_unicode::ToUnicode;
use crate::pdf::objects::Objects;
use names::Names;
use widths::Widths;

/// Mean width of letters and digits, in em.
const LETTER_WIDTH: f32 = 0.5;
/// Where the letters give about the nominal em, that is it.
const EM_USUAL: std::ops::Range<f32> = 0.6..1.6;

/// What one code draws.
#[derive(Debug, Clone, Default)]
pub(super) struct Character {
    /// Empty where no Unicode text is known.
    pub(super) text: Box<str>,
    /// In em.
    pub(super) width: f32,
}

/// A simple font. What a code draws is found out when it is shown first.
pub(super) struct SimpleFont {
    face: Face,
    to_unicode: Option<ToUnicode>,
    names: Names,
    widths: Widths,
    program: EmbeddedProgram,
    characters: Vec<OnceLock<Character>>,
}

/// What a font says of itself as a whole.
struct Face {
    base_name: String,
    is_true_type: bool,
    is_type3: bool,
    /// The font flags (ISO 32000-1, table 123).
    flags: u32,
}

impl Face {
    fn read(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        let name = |key| objects.name(dict, key).map(String::from_utf8_lossy).unwrap_or_default();
        let descriptor = objects.dict(dict, b"FontDescriptor");
        let flags = descriptor.and_then(|descriptor| objects.number(descriptor, b"Flags"));
        Self {
            base_name: name(b"BaseFont").into_owned(),
            is_true_type: name(b"Subtype") == "TrueType",
            is_type3: name(b"Subtype") == "Type3",
            flags: flags.unwrap_or(0.0) as u32,
        }
    }

    fn is_symbolic(&self) -> bool {
        self.flags & 4 != 0
    }
}

impl SimpleFont {
    pub(super) fn read(
        objects: &Objects<'_>,
        dict: &Dictionary,
        to_unicode: Option<ToUnicode>,
    ) -> Self {
        let face = Face::read(objects, dict);
        let program = EmbeddedProgram::of(objects, dict);
        Self {
            names: Names::read(objects, dict, &face, program.is_embedded()),
            widths: Widths::read(objects, dict, &face),
            to_unicode,
            program,
            face,
            characters: std::iter::repeat_with(OnceLock::new).take(256).collect(),
        }
    }

    /// What a code draws.
    pub(super) fn character(&self, objects: &Objects<'_>, code: u8) -> &Character {
        self.characters[usize::from(code)].get_or_init(|| Character {
            text: self.text(objects, code),
            width: self.width(objects, code),
        })
    }

    /// Width of the space in em; `None` where no code is known for one.
    pub(super) fn space_width(&self, objects: &Objects<'_>) -> Option<f32> {
        let by_map = || u8::try_from(self.to_unicode.as_ref()?.code_of(' ')?).ok();
        // An embedded font may have anything at 32.
        let plain = || (!self.program.is_embedded() || self.face.is_true_type).then_some(32);
        let code = self.names.code_of("space").or_else(by_map).or_else(plain)?;
        Some(self.width(objects, code))
    }

    /// Size of an em in units of the font's nominal one. Type 3 fonts may be drawn at any scale,
    /// which their letters and digits tell: these are half an em wide.
    pub(super) fn em(&self, objects: &Objects<'_>) -> f32 {
        if !self.face.is_type3 {
            return 1.0;
        }
        let characters = (0..=255).map(|code| self.character(objects, code));
        let letters = characters.filter(|character| {
            character.width > 0.0 && character.text.chars().all(char::is_alphanumeric)
        });
        let (count, sum) =
            letters.fold((0.0, 0.0), |(count, sum), letter| (count + 1.0, sum + letter.width));
        let em = sum / count / LETTER_WIDTH;
        if EM_USUAL.contains(&em) || !em.is_normal() { 1.0 } else { em }
    }

    /// ToUnicode first, then what the names say, then the font program's own `cmap`; which of the
    /// two last comes first depends on the font.
    fn text(&self, objects: &Objects<'_>, code: u8) -> Box<str> {
        let mapped = self.to_unicode.as_ref().and_then(|map| map.text(code.into()));
        if let Some(text) = mapped.filter(|text| !self.belies_name(code, text)) {
            return (*text).into();
        }
        let name = self.name(objects, code);
        let by_name = || self.text_of_name(objects, name?, code);
        let by_program = || {
            let program = self.program(objects).filter(|_| self.names.own_codes_first)?;
            program.code_text(code).map(Into::into)
        };
        let known = if self.names.is_different(code) {
            by_name().or_else(by_program)
        } else {
            by_program().or_else(by_name)
        };
        // Wingdings is TrueType; what is so called otherwise is some font of letters.
        let has_own_codes = self.face.is_true_type && !self.names.is_named(code);
        let symbol = has_own_codes.then(|| symbol_fonts::text(&self.face.base_name, code));
        let symbol = symbol.flatten().map(String::from);
        let text =
            symbol.or(known).or_else(|| self.private(code)).or_else(|| self.plain(code, name));
        text.unwrap_or_default().into()
    }

    /// Whether a mapped text is blank and `Differences` names something to be seen.
    fn belies_name(&self, code: u8, mapped: &str) -> bool {
        let seen = |name| {
            let listed = glyph_names::unicode_of(name).filter(|text| is_readable(text));
            listed.is_some_and(|text| !text.trim().is_empty())
        };
        mapped.trim().is_empty() && self.names.different(code).is_some_and(seen)
    }

    fn program(&self, objects: &Objects<'_>) -> Option<&Program> {
        self.program.get(objects)
    }

    fn name(&self, objects: &Objects<'_>, code: u8) -> Option<&str> {
        self.names.name(code, || self.program(objects))
    }

    fn text_of_name(&self, objects: &Objects<'_>, name: &str, code: u8) -> Option<String> {
        if self.face.base_name.contains("Dingbats")
            && let Some(text) = glyph_names::zapf_dingbat(name)
        {
            return Some(text);
        }
        // WinAnsi's own is the micro sign; a font of Greek letters has the letter.
        if name == "mu" && self.is_greek(objects) {
            return Some("μ".into());
        }
        let listed = if self.names.are_all_known() {
            glyph_names::unicode_of(name)
        } else {
            glyph_names::unicode_by_standard(name)
        };
        listed.filter(|text| is_readable(text)).or_else(|| {
            let by_glyph = || {
                let glyph = glyph_names::glyph_number(name)?;
                self.program(objects)?.glyph_texts()?.get(glyph).map(str::to_owned)
            };
            code_as_name(name, code).or_else(by_glyph)
        })
    }

    /// Whether the font has other Greek letters, or is of TeX's, whose `mu` is always the letter.
    fn is_greek(&self, objects: &Objects<'_>) -> bool {
        let name =
            self.face.base_name.split_once('+').map_or(&*self.face.base_name, |(_, name)| name);
        let is_tex = name.starts_with("CM") || name.contains("Math");
        is_tex || (0..=255).any(|code| self.name(objects, code).is_some_and(names::is_greek_letter))
    }

    /// A private character of ToUnicode, read as the font of symbols it is from.
    fn private(&self, code: u8) -> Option<String> {
        let c = self.to_unicode.as_ref()?.private(code.into())?;
        Some(symbol_fonts::text_of_private(&self.face.base_name, c).unwrap_or(c).to_string())
    }

    /// The code itself: a Type 3 font names its drawings as it likes, and mostly has them at the
    /// codes of the characters they draw. What takes no room is a mark in a drawing.
    fn plain(&self, code: u8, name: Option<&str>) -> Option<String> {
        let named = name.is_some_and(|name| name != ".notdef");
        let is_plain = self.face.is_type3 && named && self.names.codes_are_characters();
        let takes_room = || self.widths.listed(code).is_some_and(|width| width > 0.0);
        (is_plain && code.is_ascii_graphic() && takes_room()).then(|| char::from(code).to_string())
    }

    fn width(&self, objects: &Objects<'_>, code: u8) -> f32 {
        if let Some(width) = self.widths.listed(code) {
            return width;
        }
        let name = self.name(objects, code);
        self.widths.unlisted(name, || self.program(objects)?.width_of_code(code, name))
    }
}

/// Names such as `a65` or `C65` on code 65 repeat the code: bitmap fonts are named like that,
/// and their codes are ASCII where ASCII has letters.
fn code_as_name(name: &str, code: u8) -> Option<String> {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let repeats = name.len() > digits.len() && digits.parse() == Ok(u32::from(code));
    (repeats && code.is_ascii_graphic()).then(|| char::from(code).to_string())
}

#[cfg(test)]
mod tests;
