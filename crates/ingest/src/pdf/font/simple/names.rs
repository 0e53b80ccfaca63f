//! The glyph names of a simple font's codes (ISO 32000-1, 9.6.6).

use std::sync::OnceLock;

use lopdf::{Dictionary, Object};

use super::Face;
use crate::pdf::font::encodings::{self, Encoding};
use crate::pdf::font::glyph_names;
use crate::pdf::font::program::Program;
use crate::pdf::objects::{Objects, number};

/// Entries of `Differences` that are read; a font has 256 codes.
const DIFFERENCES_MAX: usize = 4_096;

/// Names by code.
pub(super) struct Names {
    base: Base,
    /// Codes that `Differences` names, by code.
    differences: Vec<(u8, Box<str>)>,
    /// A TrueType font whose own `cmap` is to be believed before any name.
    pub(super) own_codes_first: bool,
    is_type3: bool,
    all_known: OnceLock<bool>,
}

/// What names the codes that `Differences` leaves.
enum Base {
    Listed(&'static Encoding),
    /// The encoding of the embedded program, else the standard one.
    Program,
    Nothing,
}

impl Names {
    pub(super) fn read(
        objects: &Objects<'_>,
        dict: &Dictionary,
        face: &Face,
        embedded: bool,
    ) -> Self {
        let encoding = objects.get(dict, b"Encoding");
        let base_name = match encoding {
            Some(Object::Name(name)) => Some(name.as_slice()),
            Some(Object::Dictionary(dict)) => objects.name(dict, b"BaseEncoding"),
            _ => None,
        };
        let base = base_name.and_then(|name| encodings::named(&String::from_utf8_lossy(name)));
        let differences = differences(objects, dict);
        // A symbolic TrueType font has its own codes first, whatever encoding it claims, unless
        // the claim is precise (ISO 32000-1, 9.6.6.4).
        let own_codes_first =
            face.is_true_type && (base.is_none() || (face.is_symbolic() && differences.is_none()));
        let base = match base.or_else(|| builtin_of_standard(&face.base_name, embedded)) {
            Some(encoding) => Base::Listed(encoding),
            None if face.is_type3 => Base::Nothing,
            None => Base::Program,
        };
        let differences = differences.unwrap_or_default();
        let is_type3 = face.is_type3;
        Self { base, differences, own_codes_first, is_type3, all_known: OnceLock::new() }
    }

    pub(super) fn is_different(&self, code: u8) -> bool {
        self.different(code).is_some()
    }

    /// Whether the file itself names the glyph of a code.
    pub(super) fn is_named(&self, code: u8) -> bool {
        matches!(self.base, Base::Listed(_)) || self.is_different(code)
    }

    /// The name that `Differences` gives a code.
    pub(super) fn different(&self, code: u8) -> Option<&str> {
        let at = self.differences.binary_search_by_key(&code, |(code, _)| *code).ok()?;
        self.differences.get(at).map(|(_, name)| &**name)
    }

    /// The name of a code's glyph.
    pub(super) fn name<'p>(
        &'p self,
        code: u8,
        program: impl FnOnce() -> Option<&'p Program>,
    ) -> Option<&'p str> {
        if let Some(name) = self.different(code) {
            return Some(name);
        }
        match self.base {
            Base::Listed(encoding) => listed(encoding, code),
            Base::Nothing => None,
            Base::Program => match program().filter(|program| program.has_builtin_names()) {
                Some(program) => program.builtin_name(code),
                None => listed(encodings::named("StandardEncoding")?, code),
            },
        }
    }

    /// The code of a glyph name, as far as the file itself names it.
    pub(super) fn code_of(&self, name: &str) -> Option<u8> {
        let listed = |code: &u8| match self.base {
            Base::Listed(encoding) => listed(encoding, *code) == Some(name),
            Base::Program | Base::Nothing => false,
        };
        let different = self.differences.iter().find(|(_, known)| **known == *name);
        let base = || (0..=255).find(|code| !self.is_different(*code) && listed(code));
        different.map(|(code, _)| *code).or_else(base)
    }

    /// Whether every name means something. In a Type 3 font with names of its own, those that
    /// TeX's fonts happen to use as well mean nothing either.
    pub(super) fn are_all_known(&self) -> bool {
        let known = |name: &str| name == ".notdef" || glyph_names::unicode_of(name).is_some();
        let all_known = || self.differences.iter().all(|(_, name)| known(name));
        !self.is_type3 || *self.all_known.get_or_init(all_known)
    }

    /// Whether codes with names of the font's own can be characters: not where glyphs are just
    /// numbered, from the first codes on.
    pub(super) fn codes_are_characters(&self) -> bool {
        let unknown = |name: &str| name != ".notdef" && glyph_names::unicode_of(name).is_none();
        let mut codes = self.differences.iter().filter(|(_, name)| unknown(name));
        codes.next().is_some_and(|(code, _)| *code > b'!')
    }
}

/// Greek letters that no Latin encoding has.
pub(super) fn is_greek_letter(name: &str) -> bool {
    const LETTERS: [&str; 20] = [
        "Gamma", "Theta", "Lambda", "Sigma", "Phi", "Psi", "alpha", "beta", "gamma", "delta",
        "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "sigma", "phi", "psi", "omega",
    ];
    LETTERS.contains(&name)
}

fn listed(encoding: &'static Encoding, code: u8) -> Option<&'static str> {
    Some(encoding[usize::from(code)]).filter(|name| !name.is_empty())
}

/// The encoding built into the standard fonts Symbol and ZapfDingbats.
fn builtin_of_standard(base_name: &str, embedded: bool) -> Option<&'static Encoding> {
    let is = |name: &str| !embedded && base_name.contains(name);
    if is("Symbol") {
        encodings::named("SymbolEncoding")
    } else if is("Dingbats") {
        encodings::named("ZapfDingbatsEncoding")
    } else {
        None
    }
}

/// The names of `Differences` by code, the later of two on one code.
fn differences(objects: &Objects<'_>, dict: &Dictionary) -> Option<Vec<(u8, Box<str>)>> {
    let encoding = objects.dict(dict, b"Encoding")?;
    let mut differences: Vec<(u8, Box<str>)> = Vec::new();
    let mut code = 0i64;
    let entries = objects.array(encoding, b"Differences")?;
    objects.record_limit("names of an encoding", entries.len(), DIFFERENCES_MAX);
    for object in entries.iter().take(DIFFERENCES_MAX) {
        match objects.resolve(object) {
            Some(Object::Name(name)) => {
                if let Ok(code) = u8::try_from(code) {
                    differences.push((code, String::from_utf8_lossy(name).into()));
                }
                code = code.saturating_add(1);
            }
            Some(other) => code = number(other).map_or(code, |number| number as i64),
            None => {}
        }
    }
    differences.reverse();
    differences.sort_by_key(|(code, _)| *code);
    differences.dedup_by_key(|(code, _)| *code);
    Some(differences)
}
