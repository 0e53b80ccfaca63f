//! Runs a page's content streams for their text: the graphics and text state (ISO 32000-1, 8.4
//! and 9.3), form XObjects and marked content. Of painting only its extent is kept, see [`drawing`].

mod drawing;
mod text_state;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use lopdf::{Dictionary, Object, Stream, dictionary};

use crate::pdf::content::{Operand, Operations, decode_hex, decode_literal, decode_name};
use crate::pdf::font::{Font, FontCache};
use crate::pdf::glyphs::{Glyph, PageGlyphs};
use crate::pdf::matrix::Matrix;
use crate::pdf::objects::{Objects, as_dict};
use crate::pdf::page_tree::PageSource;
use drawing::Drawing;
use text_state::State;

/// Operations of one page; a page of dense text has some ten thousand.
const OPERATIONS_MAX: usize = 20_000_000;
/// Glyphs of one page; a dense newspaper page has some thirty thousand.
const GLYPHS_MAX: usize = 2_000_000;
/// Text of one page, in bytes; a dense page has some ten thousand.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Open marked-content sequences; those beyond keep their text as it is shown.
const MARKS_MAX: usize = 1_000;
/// A longer replacement text is none.
const ACTUAL_TEXT_BYTES_MAX: usize = 4_096;
/// Saved graphics states; the standard's own limit is 28.
const SAVED_STATES_MAX: usize = 1_000;
/// Form XObjects drawn on one page.
const FORMS_MAX: usize = 50_000;
/// Forms within forms.
const FORM_DEPTH_MAX: usize = 24;
/// Coordinates beyond this, in points, are no place on a page (200 inches is the format's own
/// limit, `UserUnit` aside).
const COORDINATE_MAX: f32 = 100_000.0;

static STAND_IN: LazyLock<Object> = LazyLock::new(|| {
    let dict = dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding",
    };
    dict.into()
});

/// Reads the glyphs of a page.
pub(super) fn glyphs(
    objects: &Objects<'_>,
    fonts: &FontCache,
    source: &PageSource<'_>,
) -> PageGlyphs {
    let (width, height) = source.upright_size();
    let mut interpreter = Interpreter {
        objects,
        fonts,
        page_fonts: HashMap::new(),
        page: PageGlyphs { width, height, ..PageGlyphs::default() },
        state: State::new(source.upright()),
        saved: Vec::new(),
        marks: Vec::new(),
        marks_floor: 0,
        skipped_marks: 0,
        operations: 0,
        forms: 0,
        depth: 0,
        bytes: Vec::new(),
        drawing: Drawing::new((width, height)),
    };
    if objects.text_bytes() <= objects.limits.output_bytes_max {
        let content = interpreter.page_content(source.dict);
        interpreter.run(&content, source.resources);
        objects.count_text(interpreter.page.text.len());
    }
    interpreter.page.plots = interpreter.drawing.into_regions();
    interpreter.page
}

struct Interpreter<'a> {
    objects: &'a Objects<'a>,
    fonts: &'a FontCache,
    /// Fonts this page has asked for, without the lock of the shared cache.
    page_fonts: HashMap<usize, Arc<Font>>,
    page: PageGlyphs,
    state: State,
    saved: Vec<State>,
    marks: Vec<Mark>,
    /// Sequences open outside the form that runs now.
    marks_floor: usize,
    /// Sequences opened beyond [`MARKS_MAX`].
    skipped_marks: usize,
    operations: usize,
    forms: usize,
    depth: usize,
    /// Scratch for the bytes of a shown string.
    bytes: Vec<u8>,
    drawing: Drawing,
}

/// An open marked-content sequence.
struct Mark {
    /// Text that replaces what the sequence shows (ISO 32000-1, 14.9.4).
    actual_text: Option<String>,
    first_glyph: usize,
}

impl<'a> Interpreter<'a> {
    /// The content streams of a page as one; a stream that cannot be decoded marks the page.
    fn page_content(&mut self, dict: &'a Dictionary) -> Vec<u8> {
        let contents = self.objects.get(dict, b"Contents");
        let streams: Vec<&Stream> = match contents {
            Some(Object::Stream(stream)) => vec![stream],
            Some(Object::Array(parts)) => {
                let resolved = parts.iter().filter_map(|part| self.objects.resolve(part));
                resolved.filter_map(|part| part.as_stream().ok()).collect()
            }
            _ => Vec::new(),
        };
        let mut content = Vec::new();
        for stream in streams {
            // A token never crosses from one stream to the next (ISO 32000-1, 7.8.2).
            content.extend(self.decode(stream));
            content.push(b'\n');
        }
        content
    }

    fn decode(&mut self, stream: &Stream) -> Vec<u8> {
        let (content, error) = self.objects.content(stream);
        if let Some(error) = error {
            self.mark_partial(error.to_string());
        }
        content
    }

    fn mark_partial(&mut self, why: String) {
        self.page.partial.get_or_insert(why);
    }

    fn run(&mut self, content: &[u8], resources: Option<&'a Dictionary>) {
        let mut operations = Operations::new(content);
        let mut operands = Vec::new();
        while let Some(operator) = operations.next(&mut operands) {
            self.operations += 1;
            if self.is_full() {
                let limit = format!(
                    "{OPERATIONS_MAX} operations, {GLYPHS_MAX} glyphs or {TEXT_BYTES_MAX} bytes of text"
                );
                self.mark_partial(format!("the page has more than {limit}"));
                return;
            }
            self.perform(operator, &operands, resources);
        }
        if let Some(why) = operations.shortfall() {
            self.mark_partial(why);
        }
    }

    fn is_full(&self) -> bool {
        self.operations > OPERATIONS_MAX
            || self.page.glyphs.len() > GLYPHS_MAX
            || self.page.text.len() > TEXT_BYTES_MAX
    }

    fn perform(
        &mut self,
        operator: &[u8],
        operands: &[Operand<'_>],
        resources: Option<&'a Dictionary>,
    ) {
        match operator {
            b"q" => self.save(),
            b"Q" => self.restore(),
            b"cm" => {
                if let Some(matrix) = matrix(operands) {
                    self.state.transform = matrix.then(self.state.transform);
                }
            }
            b"Do" => self.draw(operands, resources),
            b"Tf" => self.set_font(operands, resources),
            b"gs" => self.set_graphics_state(operands, resources),
            b"Tj" => self.show_operand(operands.last()),
            b"TJ" => self.show_array(operands),
            b"'" => {
                self.state.next_line();
                self.show_operand(operands.last());
            }
            b"\"" => {
                if let [Operand::Number(word), Operand::Number(character), ..] = operands {
                    self.state.word_spacing = *word;
                    self.state.character_spacing = *character;
                }
                self.state.next_line();
                self.show_operand(operands.last());
            }
            b"BDC" => self.begin_mark(operands, resources),
            b"BMC" => self.open_mark(None),
            b"EMC" => self.end_mark(),
            _ => {
                let glyphs = self.page.glyphs.len();
                if !self.drawing.perform(operator, operands, self.state.transform, glyphs) {
                    self.state.perform(operator, operands);
                }
            }
        }
    }

    fn save(&mut self) {
        if self.saved.len() < SAVED_STATES_MAX {
            self.saved.push(self.state.clone());
        }
    }

    fn restore(&mut self) {
        if let Some(state) = self.saved.pop() {
            self.state = state;
        }
    }

    fn resource(
        &self,
        resources: Option<&'a Dictionary>,
        kind: &[u8],
        name: Option<&Operand<'_>>,
    ) -> Option<&'a Object> {
        let Some(Operand::Name(name)) = name else { return None };
        self.objects.dict(resources?, kind)?.get(&decode_name(name)).ok()
    }

    fn set_font(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        if let [.., _, Operand::Number(size)] = operands {
            self.state.size = *size;
        }
        let name = operands.iter().find(|operand| matches!(operand, Operand::Name(_)));
        self.state.font =
            self.resource(resources, b"Font", name).and_then(|entry| self.font(entry));
    }

    fn font(&mut self, entry: &'a Object) -> Option<Arc<Font>> {
        let dict = as_dict(self.objects.resolve(entry)?)?;
        let key = FontCache::key(dict);
        if let Some(font) = self.page_fonts.get(&key) {
            return Some(Arc::clone(font));
        }
        let font = self.fonts.font(self.objects, dict)?;
        self.page_fonts.insert(key, Arc::clone(&font));
        Some(font)
    }

    /// The font for a string whose own is missing from a broken file, as viewers choose it. Bytes
    /// of a composite font are recognised by their zeros and not guessed at.
    fn stand_in(&mut self, bytes: &[u8]) -> Option<Arc<Font>> {
        bytes.iter().all(|&byte| byte >= b' ').then(|| self.font(&STAND_IN)).flatten()
    }

    fn set_graphics_state(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        let entry = self.resource(resources, b"ExtGState", operands.last());
        let dict = entry.and_then(|entry| self.objects.resolve(entry)).and_then(as_dict);
        let font = dict.and_then(|dict| self.objects.array(dict, b"Font"));
        if let Some([font, size]) = font.map(Vec::as_slice) {
            self.state.font = self.font(font);
            self.state.size = crate::pdf::objects::number(size).unwrap_or(self.state.size);
        }
    }

    /// Draws a form XObject: its content runs in its own resources, or the caller's where it has
    /// none. Images show no text.
    fn draw(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        let entry = self.resource(resources, b"XObject", operands.last());
        let stream =
            entry.and_then(|entry| self.objects.resolve(entry)).and_then(|o| o.as_stream().ok());
        let Some(form) =
            stream.filter(|stream| self.objects.name(&stream.dict, b"Subtype") == Some(b"Form"))
        else {
            return;
        };
        self.forms += 1;
        if self.depth >= FORM_DEPTH_MAX || self.forms > FORMS_MAX {
            self.mark_partial(format!(
                "more than {FORMS_MAX} forms, or forms nested over {FORM_DEPTH_MAX} deep"
            ));
            return;
        }
        let content = self.decode(form);
        let outer = self.state.clone();
        let saved = std::mem::take(&mut self.saved);
        // A form closes its own sequences only.
        let outer_floor = std::mem::replace(&mut self.marks_floor, self.marks.len());
        if let Some(matrix) = self.objects.matrix(&form.dict, b"Matrix") {
            self.state.transform = matrix.then(self.state.transform);
        }
        self.depth += 1;
        self.run(&content, self.objects.dict(&form.dict, b"Resources").or(resources));
        self.depth -= 1;
        self.skipped_marks = 0;
        while self.marks.len() > self.marks_floor {
            self.end_mark();
        }
        self.marks_floor = outer_floor;
        self.saved = saved;
        self.state = outer;
    }

    fn begin_mark(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        let actual_text = match operands {
            [_, Operand::DictStart, entries @ ..] => inline_actual_text(entries),
            [_, name @ Operand::Name(_)] => {
                let entry = self.resource(resources, b"Properties", Some(name));
                let dict = entry.and_then(|entry| self.objects.resolve(entry)).and_then(as_dict);
                dict.and_then(|dict| self.objects.text(dict, b"ActualText"))
            }
            _ => None,
        };
        self.open_mark(actual_text.filter(|text| text.len() <= ACTUAL_TEXT_BYTES_MAX));
    }

    fn open_mark(&mut self, actual_text: Option<String>) {
        if self.marks.len() < MARKS_MAX {
            self.marks.push(Mark { actual_text, first_glyph: self.page.glyphs.len() });
        } else {
            self.skipped_marks += 1;
        }
    }

    /// Gives the first glyph of a sequence its replacement text and takes the others' away.
    fn end_mark(&mut self) {
        if self.skipped_marks > 0 {
            self.skipped_marks -= 1;
            return;
        }
        if self.marks.len() <= self.marks_floor {
            return;
        }
        let Some(Mark { actual_text: Some(text), first_glyph }) = self.marks.pop() else { return };
        if self.page.glyphs.len() <= first_glyph {
            return;
        }
        let start = self.page.text.len() as u32;
        self.page.text.push_str(&text);
        let end = self.page.text.len() as u32;
        let Some((first, others)) =
            self.page.glyphs.get_mut(first_glyph..).and_then(<[_]>::split_first_mut)
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

    fn show_operand(&mut self, operand: Option<&Operand<'_>>) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        match operand {
            Some(Operand::Literal(raw)) => decode_literal(raw, &mut bytes),
            Some(Operand::Hex(raw)) => decode_hex(raw, &mut bytes),
            _ => {}
        }
        self.show(&bytes);
        self.bytes = bytes;
    }

    fn show_array(&mut self, operands: &[Operand<'_>]) {
        for operand in operands {
            match operand {
                Operand::Number(thousandths) => self.state.adjust(*thousandths),
                string => self.show_operand(Some(string)),
            }
        }
    }

    fn show(&mut self, bytes: &[u8]) {
        let Some(font) = self.state.font.clone().or_else(|| self.stand_in(bytes)) else { return };
        let Some(frame) = self.state.frame(font.vertical()) else { return };
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_full() {
            let shown = font.show(rest);
            rest = rest.get(shown.code_bytes.max(1)..).unwrap_or(&[]);
            let start = self.page.text.len() as u32;
            self.page.text.push_str(&shown.text);
            let end = self.page.text.len() as u32;
            self.page.unmapped += u32::from(shown.text.is_empty());
            let (x, y) = self.state.origin();
            let (u, v) = frame.place(x, y);
            let advance = shown.width * frame.em_along;
            // A glyph that advances backwards is drawn before its start.
            let (u0, u1) = if advance < 0.0 { (u + advance, u) } else { (u, u + advance) };
            let on_page =
                u.abs() < COORDINATE_MAX && v.abs() < COORDINATE_MAX && advance.is_finite();
            if on_page && start != end {
                let space = font.space_width * frame.em_along;
                let (size, degrees) = (frame.em_across, frame.degrees);
                self.page.glyphs.push(Glyph {
                    text: (start, end),
                    u0,
                    u1,
                    v,
                    size,
                    space,
                    degrees,
                    bold: font.bold,
                });
            }
            self.state.advance(shown.width, shown.is_space_code, font.vertical());
        }
    }
}

/// The ActualText of a property list given inline.
fn inline_actual_text(entries: &[Operand<'_>]) -> Option<String> {
    let at = entries.iter().position(|entry| *entry == Operand::Name(b"ActualText"))?;
    let mut bytes = Vec::new();
    match entries.get(at + 1)? {
        Operand::Literal(raw) => decode_literal(raw, &mut bytes),
        Operand::Hex(raw) => decode_hex(raw, &mut bytes),
        _ => return None,
    }
    lopdf::decode_text_string(&Object::String(bytes, lopdf::StringFormat::Literal)).ok()
}

fn matrix(operands: &[Operand<'_>]) -> Option<Matrix> {
    let mut numbers = [0.0; 6];
    let tail = operands.get(operands.len().checked_sub(6)?..)?;
    for (number, operand) in numbers.iter_mut().zip(tail) {
        let Operand::Number(value) = operand else { return None };
        *number = *value;
    }
    Some(Matrix::from_numbers(numbers)).filter(|matrix| matrix.is_sane())
}
