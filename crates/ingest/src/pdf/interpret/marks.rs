//! Marked content (ISO 32000-1, 14.6): replacement text, structure, layers.

use lopdf::Object;

use crate::pdf::Shared;
use crate::pdf::content::{Operand, decode_hex, decode_literal};
use crate::pdf::glyphs::PageGlyphs;
use crate::pdf::objects::{Objects, as_dict};
use crate::pdf::structure::Tag;

/// Open marked-content sequences; those beyond keep their text as it is shown.
const MARKS_MAX: usize = 1_000;
/// A replacement text that is longer as it is stored is none.
const ACTUAL_TEXT_BYTES_MAX: usize = 4_096;

/// The marked-content sequences that are open.
pub(super) struct Marks {
    /// What names the page or form that runs now in the structure.
    content: usize,
    open: Vec<Mark>,
    /// Sequences open outside the form that runs now.
    floor: usize,
    /// Sequences opened beyond [`MARKS_MAX`].
    skipped: usize,
}

struct Mark {
    /// Text that replaces what the sequence shows (ISO 32000-1, 14.9.4).
    actual_text: Option<String>,
    first_glyph: usize,
    tag: Tag,
    /// Of a layer that is switched off.
    hidden: bool,
    /// Within a sequence that has replacement text.
    replaced: bool,
}

/// The sequences outside a form.
#[derive(Clone, Copy)]
pub(super) struct Outer {
    content: usize,
    floor: usize,
}

impl Marks {
    pub(super) fn of_content(content: usize) -> Self {
        Self { content, open: Vec::new(), floor: 0, skipped: 0 }
    }

    /// What the structure says of text shown now.
    pub(super) fn tag(&self) -> Tag {
        self.open.last().map_or(Tag::NONE, |mark| mark.tag)
    }

    /// Whether text shown now is of a layer that is switched off.
    pub(super) fn is_hidden(&self) -> bool {
        self.open.last().is_some_and(|mark| mark.hidden)
    }

    /// Whether text shown now will be replaced: then a glyph counts whose own text is unknown.
    pub(super) fn is_replaced(&self) -> bool {
        self.open.last().is_some_and(|mark| mark.replaced)
    }

    /// Begins to run a form; it closes its own sequences only.
    pub(super) fn enter(&mut self, content: usize) -> Outer {
        let outer = Outer { content: self.content, floor: self.floor };
        self.content = content;
        self.floor = self.open.len();
        outer
    }

    /// Ends a form and the sequences it left open.
    pub(super) fn leave(&mut self, outer: Outer, page: &mut PageGlyphs) {
        self.skipped = 0;
        while self.open.len() > self.floor {
            self.end(page);
        }
        (self.content, self.floor) = (outer.content, outer.floor);
    }

    /// Performs `BDC` and `BMC`; `property` is the entry of the resources that the operands name.
    pub(super) fn begin<'a>(
        &mut self,
        objects: &Objects<'a>,
        shared: &Shared<'a>,
        operands: &[Operand<'_>],
        property: Option<&'a Object>,
        first_glyph: usize,
    ) {
        if self.open.len() >= MARKS_MAX {
            self.skipped += 1;
            let found = MARKS_MAX + self.skipped;
            objects.record_limit("marked-content sequences open at once", found, MARKS_MAX);
            return;
        }
        let kind = match operands.first() {
            Some(Operand::Name(kind)) => *kind,
            _ => b"",
        };
        let mut mark = Mark {
            actual_text: None,
            first_glyph,
            tag: self.tag(),
            hidden: self.is_hidden(),
            replaced: self.is_replaced(),
        };
        let inline = match operands {
            [_, Operand::DictStart, entries @ ..] => entries,
            _ => &[],
        };
        let dict = property.and_then(|entry| objects.resolve(entry)).and_then(as_dict);
        if kind == b"OC" {
            mark.hidden |= property.is_some_and(|owner| shared.layers.is_off(objects, owner));
        } else if kind == b"Artifact" {
            let named = |key: &[u8]| match value(inline, key) {
                Some(Operand::Name(name)) => Some(*name),
                _ => dict.and_then(|dict| objects.name(dict, key)),
            };
            mark.tag = artifact(named(b"Type"), named(b"Subtype"));
        } else {
            let number = match value(inline, b"MCID") {
                Some(Operand::Number(number)) => Some(*number),
                _ => dict.and_then(|dict| objects.number(dict, b"MCID")),
            };
            let tag = number.and_then(|number| shared.structure.tag(self.content, number as i64));
            mark.tag = tag.unwrap_or(mark.tag);
            let given = dict.and_then(|dict| objects.get(dict, b"ActualText"));
            let given = given.and_then(|text| text.as_str().ok());
            mark.actual_text =
                inline_actual_text(objects, inline).or_else(|| actual_text(objects, given?));
            mark.replaced |= mark.actual_text.is_some();
        }
        self.open.push(mark);
    }

    /// Performs `EMC`: gives the first glyph of the sequence its replacement text and takes the
    /// others' away.
    pub(super) fn end(&mut self, page: &mut PageGlyphs) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        if self.open.len() <= self.floor {
            return;
        }
        let Some(Mark { actual_text: Some(text), first_glyph, .. }) = self.open.pop() else {
            return;
        };
        if page.glyphs.len() <= first_glyph {
            return;
        }
        let start = page.text.len() as u32;
        page.text.push_str(&text);
        let end = page.text.len() as u32;
        let Some((first, others)) =
            page.glyphs.get_mut(first_glyph..).and_then(<[_]>::split_first_mut)
        else {
            return;
        };
        first.text = (start, end);
        for other in others.iter_mut() {
            if other.degrees == first.degrees {
                (first.u0, first.u1) = (first.u0.min(other.u0), first.u1.max(other.u1));
            }
            other.text = (end, end);
        }
    }
}

/// What kind of furniture an artifact is (ISO 32000-1, 14.8.2.2).
fn artifact(kind: Option<&[u8]>, subtype: Option<&[u8]>) -> Tag {
    match (kind, subtype) {
        (_, Some(b"Watermark")) => Tag::WATERMARK,
        (Some(b"Pagination"), _) | (_, Some(b"Header" | b"Footer")) => Tag::RUNNING,
        _ => Tag::ARTIFACT,
    }
}

/// The operand after a key of an inline property list.
fn value<'o>(entries: &'o [Operand<'o>], key: &[u8]) -> Option<&'o Operand<'o>> {
    let at = entries.iter().position(|entry| *entry == Operand::Name(key))?;
    entries.get(at + 1)
}

/// The ActualText of a property list given inline.
fn inline_actual_text(objects: &Objects<'_>, entries: &[Operand<'_>]) -> Option<String> {
    let mut bytes = Vec::new();
    match value(entries, b"ActualText")? {
        Operand::Literal(raw) => decode_literal(raw, &mut bytes),
        Operand::Hex(raw) => decode_hex(raw, &mut bytes),
        _ => return None,
    }
    actual_text(objects, &bytes)
}

/// A replacement text; blank space and no text at all replace too. What is too long is not decoded,
/// for a page may name it any number of times.
fn actual_text(objects: &Objects<'_>, bytes: &[u8]) -> Option<String> {
    objects.record_limit("bytes of a replacement text", bytes.len(), ACTUAL_TEXT_BYTES_MAX);
    if bytes.len() > ACTUAL_TEXT_BYTES_MAX {
        return None;
    }
    let text = Object::String(bytes.to_vec(), lopdf::StringFormat::Literal);
    lopdf::decode_text_string(&text).ok()
}
