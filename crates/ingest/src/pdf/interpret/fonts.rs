//! The fonts that a page's content asks for.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use lopdf::{Dictionary, Object, dictionary};

use super::Interpreter;
use crate::pdf::content::Operand;
use crate::pdf::font::{Font, FontCache};
use crate::pdf::objects::as_dict;

/// Fonts of one page that are known by their names; most pages have fewer.
const NAMED_FONTS_MAX: usize = 32;

static STAND_IN: LazyLock<Object> = LazyLock::new(|| {
    let dict = dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding",
    };
    dict.into()
});

/// Fonts this page has asked for, without the lock of the shared cache.
#[derive(Default)]
pub(super) struct PageFonts {
    by_place: HashMap<usize, Arc<Font>>,
    /// The first ones by what names them.
    named: Vec<NamedFont>,
}

/// A font as content names it.
struct NamedFont {
    /// Where the resources stand in the loaded document.
    resources: usize,
    /// As it is written.
    name: Vec<u8>,
    font: Arc<Font>,
}

impl PageFonts {
    fn known(&self, resources: usize, name: &[u8]) -> Option<&Arc<Font>> {
        let is_it = |known: &&NamedFont| known.resources == resources && known.name == name;
        self.named.iter().find(is_it).map(|known| &known.font)
    }

    fn keep(&mut self, resources: usize, name: &[u8], font: &Arc<Font>) {
        if self.named.len() < NAMED_FONTS_MAX {
            let (name, font) = (name.to_vec(), Arc::clone(font));
            self.named.push(NamedFont { resources, name, font });
        }
    }
}

impl<'a> Interpreter<'a> {
    /// Performs `Tf`.
    pub(super) fn set_font(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        if let [.., _, Operand::Number(size)] = operands {
            self.state.size = *size;
        }
        let name = operands.iter().find(|operand| matches!(operand, Operand::Name(_)));
        self.state.font = self.named_font(name, resources);
    }

    fn named_font(
        &mut self,
        operand: Option<&Operand<'_>>,
        resources: Option<&'a Dictionary>,
    ) -> Option<Arc<Font>> {
        let (Some(Operand::Name(name)), Some(dict)) = (operand, resources) else { return None };
        let place = std::ptr::from_ref(dict).addr();
        if let Some(known) = self.fonts.known(place, name) {
            return Some(Arc::clone(known));
        }
        let font = self.font(self.resource(resources, b"Font", operand)?)?;
        self.fonts.keep(place, name, &font);
        Some(font)
    }

    /// The font that a dictionary, or a reference to one, describes.
    pub(super) fn font(&mut self, entry: &'a Object) -> Option<Arc<Font>> {
        let dict = as_dict(self.objects.resolve(entry)?)?;
        let key = FontCache::key(dict);
        if let Some(font) = self.fonts.by_place.get(&key) {
            return Some(Arc::clone(font));
        }
        let font = self.shared.fonts.font(self.objects, dict)?;
        self.fonts.by_place.insert(key, Arc::clone(&font));
        Some(font)
    }

    /// The font for a string whose own is missing from a broken file, as viewers choose it. Bytes
    /// of a composite font are recognised by their zeros and not guessed at.
    pub(super) fn stand_in(&mut self, bytes: &[u8]) -> Option<Arc<Font>> {
        bytes.iter().all(|&byte| byte >= b' ').then(|| self.font(&STAND_IN)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::pdf::objects::Objects;

    #[test]
    fn fonts_known_by_name_are_limited_on_both_sides() {
        let (document, limits) = (lopdf::Document::new(), Limits::default());
        let dict = as_dict(&STAND_IN).unwrap();
        let font = FontCache::default().font(&Objects::new(&document, &limits), dict).unwrap();
        let mut fonts = PageFonts::default();
        for at in 0..=NAMED_FONTS_MAX {
            assert!(fonts.known(7, &[at as u8]).is_none());
            fonts.keep(7, &[at as u8], &font);
            assert_eq!(fonts.known(7, &[at as u8]).is_some(), at < NAMED_FONTS_MAX);
        }
        assert!(fonts.known(8, &[0]).is_none());
    }
}
