//! Simple fonts: one byte a code (Type 1, TrueType, Type 3; ISO 32000-1, 9.6).

use hayro_cmap::{BfString, CMap};
use lopdf::{Dictionary, Object};

use super::encodings::{self, Encoding};
use super::program::Program;
use super::{glyph_names, standard_widths};
use crate::pdf::objects::{Objects, number};

/// What one code draws.
#[derive(Debug, Clone, Default)]
pub(super) struct Character {
    /// Empty where no Unicode text is known.
    pub(super) text: Box<str>,
    /// In em.
    pub(super) width: f32,
}

/// Text and width of each of the 256 codes.
pub(super) fn characters(
    objects: &Objects<'_>,
    dict: &Dictionary,
    to_unicode: Option<&CMap>,
    program: impl Fn() -> Option<Program>,
) -> Vec<Character> {
    let font = SimpleFont::read(objects, dict);
    let names = font.glyph_names(&program);
    let texts = font.texts(&names, to_unicode, &program);
    let widths = font.widths(&names);
    texts
        .into_iter()
        .zip(widths)
        .map(|(text, width)| Character { text: text.into(), width })
        .collect()
}

struct SimpleFont<'a> {
    objects: &'a Objects<'a>,
    dict: &'a Dictionary,
    base_name: String,
    is_true_type: bool,
    is_type3: bool,
    symbolic: bool,
}

/// Names by code and whether anything but the default encoding says so.
struct Names {
    names: Vec<Option<String>>,
    /// A TrueType font whose own `cmap` is to be believed before any name.
    through_cmap: bool,
    /// Codes that `Differences` names.
    different: [bool; 256],
}

impl<'a> SimpleFont<'a> {
    fn read(objects: &'a Objects<'a>, dict: &'a Dictionary) -> Self {
        let name = |key| objects.name(dict, key).map(String::from_utf8_lossy).unwrap_or_default();
        let descriptor = objects.dict(dict, b"FontDescriptor");
        let flags = descriptor.and_then(|descriptor| objects.number(descriptor, b"Flags"));
        Self {
            objects,
            dict,
            base_name: name(b"BaseFont").into_owned(),
            is_true_type: name(b"Subtype") == "TrueType",
            is_type3: name(b"Subtype") == "Type3",
            // Bit 3 of the font flags (ISO 32000-1, table 123).
            symbolic: flags.is_some_and(|flags| flags as i64 & 4 != 0),
        }
    }

    fn glyph_names(&self, program: &impl Fn() -> Option<Program>) -> Names {
        let encoding = self.objects.get(self.dict, b"Encoding");
        let base_name = match encoding {
            Some(Object::Name(name)) => Some(name.as_slice()),
            Some(Object::Dictionary(dict)) => self.objects.name(dict, b"BaseEncoding"),
            _ => None,
        };
        let base = base_name.and_then(|name| encodings::named(&String::from_utf8_lossy(name)));
        // A symbolic TrueType font has its own codes first, whatever encoding it claims, unless the
        // claim is precise (ISO 32000-1, 9.6.6.4).
        let own_codes_first = self.is_true_type
            && (base.is_none() || (self.symbolic && self.differences().is_none()));
        let builtin = || program().and_then(|program| program.builtin_names());
        let mut names = match base {
            Some(encoding) => owned(encoding),
            None => self
                .standard_builtin()
                .map(owned)
                .or_else(builtin)
                .unwrap_or_else(|| self.default_names()),
        };
        let mut different = [false; 256];
        for (code, name) in self.differences().into_iter().flatten() {
            different[usize::from(code)] = true;
            names[usize::from(code)] = Some(name);
        }
        Names { names, through_cmap: own_codes_first, different }
    }

    /// The encoding built into the standard fonts Symbol and ZapfDingbats.
    fn standard_builtin(&self) -> Option<&'static Encoding> {
        let embedded = self.objects.dict(self.dict, b"FontDescriptor").is_some_and(|descriptor| {
            [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"]
                .iter()
                .any(|key| descriptor.has(key))
        });
        let is = |name: &str| !embedded && self.base_name.contains(name);
        if is("Symbol") {
            encodings::named("SymbolEncoding")
        } else if is("Dingbats") {
            encodings::named("ZapfDingbatsEncoding")
        } else {
            None
        }
    }

    fn default_names(&self) -> Vec<Option<String>> {
        if self.is_type3 {
            return vec![None; 256];
        }
        encodings::named("StandardEncoding").map_or_else(|| vec![None; 256], owned)
    }

    fn differences(&self) -> Option<Vec<(u8, String)>> {
        let encoding = self.objects.dict(self.dict, b"Encoding")?;
        let mut differences = Vec::new();
        let mut code = 0i64;
        for object in self.objects.array(encoding, b"Differences")? {
            let Some(object) = self.objects.resolve(object) else { continue };
            match object {
                Object::Name(name) => {
                    if let Ok(code) = u8::try_from(code) {
                        differences.push((code, String::from_utf8_lossy(name).into_owned()));
                    }
                    code = code.saturating_add(1);
                }
                other => code = number(other).map_or(code, |number| number as i64),
            }
        }
        Some(differences)
    }

    /// ToUnicode first, then what the names say, then the font program's own `cmap`, then the
    /// code itself where the font is not one of symbols.
    fn texts(
        &self,
        names: &Names,
        to_unicode: Option<&CMap>,
        program: &impl Fn() -> Option<Program>,
    ) -> Vec<String> {
        let through_cmap = names.through_cmap.then(|| program()?.true_type_texts()).flatten();
        let text = |code: u8| {
            let at = usize::from(code);
            let mapped = to_unicode.and_then(|cmap| mapped_text(cmap, u32::from(code)));
            let by_name =
                || names.names[at].as_deref().and_then(|name| self.text_of_name(name, code));
            let by_program = || through_cmap.as_ref().and_then(|texts| texts[at].clone());
            let by_named_first = || {
                if names.different[at] {
                    by_name().or_else(by_program)
                } else {
                    by_program().or_else(by_name)
                }
            };
            mapped.or_else(by_named_first).unwrap_or_default()
        };
        (0..=255).map(text).collect()
    }

    fn text_of_name(&self, name: &str, code: u8) -> Option<String> {
        if self.base_name.contains("Dingbats")
            && let Some(text) = glyph_names::zapf_dingbat(name)
        {
            return Some(text);
        }
        glyph_names::unicode_of(name).or_else(|| code_as_name(name, code))
    }

    fn widths(&self, names: &Names) -> Vec<f32> {
        let first = self.objects.number(self.dict, b"FirstChar").unwrap_or(0.0) as i64;
        let given = self.objects.array(self.dict, b"Widths");
        let descriptor = self.objects.dict(self.dict, b"FontDescriptor");
        let missing =
            descriptor.and_then(|descriptor| self.objects.number(descriptor, b"MissingWidth"));
        let scale = self.width_scale();
        let width = |code: i64| {
            let place = code.checked_sub(first).and_then(|place| usize::try_from(place).ok());
            let listed = given.and_then(|widths| widths.get(place?));
            let listed = listed.and_then(|object| number(self.objects.resolve(object)?));
            let standard = || {
                let name = names.names.get(code as usize)?.as_deref()?;
                standard_widths::width(&self.base_name, name)
            };
            match listed {
                Some(width) => width * scale,
                None if given.is_none() => standard().unwrap_or(0.5),
                None => missing.unwrap_or(0.0) * scale,
            }
        };
        (0..256).map(width).collect()
    }

    /// Glyph space to em: a thousandth, but for Type 3 fonts, which say it themselves.
    fn width_scale(&self) -> f32 {
        let matrix = self.objects.matrix(self.dict, b"FontMatrix").filter(|_| self.is_type3);
        matrix.map_or(0.001, |matrix| matrix.a.abs())
    }
}

fn owned(encoding: &Encoding) -> Vec<Option<String>> {
    encoding.iter().map(|name| (!name.is_empty()).then(|| (*name).to_owned())).collect()
}

/// Names such as `a65` or `C65` on code 65 repeat the code: bitmap fonts are named like that,
/// and their codes are ASCII where ASCII has letters.
fn code_as_name(name: &str, code: u8) -> Option<String> {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let repeats = name.len() > digits.len() && digits.parse() == Ok(u32::from(code));
    (repeats && code.is_ascii_graphic()).then(|| char::from(code).to_string())
}

/// A code stands for a character or a ligature, not for a page of text.
const MAPPED_BYTES_MAX: usize = 128;

/// The text a ToUnicode map gives a code, unless it is no text at all.
pub(super) fn mapped_text(cmap: &CMap, code: u32) -> Option<String> {
    let text = match cmap.lookup_bf_string(code)? {
        BfString::Char(c) => c.to_string(),
        BfString::String(text) => text,
    };
    let nonsense =
        |c: char| c == '\u{FFFD}' || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    let plausible = (1..=MAPPED_BYTES_MAX).contains(&text.len());
    (plausible && !text.chars().all(nonsense)).then_some(text)
}
