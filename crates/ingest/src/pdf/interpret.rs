//! Runs a page's content streams for their text: the graphics and text state (ISO 32000-1, 8.4
//! and 9.3), form XObjects, annotations and marked content. Of painting only its extent is kept,
//! see [`drawing`]; of clipping a rectangle that holds what is left.

mod annotations;
mod drawing;
mod fonts;
mod marks;
mod text_state;

use document::Rect;
use lopdf::{Dictionary, Object, Stream};

use crate::pdf::Shared;
use crate::pdf::content::{
    Operand, Operations, decode_hex, decode_literal, decode_name, is_plain_literal,
};
use crate::pdf::font::Font;
use crate::pdf::glyphs::{Glyph, Layer, PageGlyphs};
use crate::pdf::matrix::Matrix;
use crate::pdf::objects::{Objects, as_dict};
use crate::pdf::page_tree::PageSource;
use crate::pdf::structure::Structure;
use drawing::Drawing;
use fonts::PageFonts;
use marks::Marks;
use text_state::{Frames, State};

/// Room made for the glyphs of a page before it is read: for one in so many bytes of content.
const CONTENT_BYTES_PER_GLYPH: usize = 4;
const GLYPHS_EXPECTED_MAX: usize = 4_096;
/// Text of one page, in bytes; a dense page has some ten thousand.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Saved graphics states; the standard's own limit is 28.
const SAVED_STATES_MAX: usize = 1_000;
/// Form XObjects drawn on one page.
const FORMS_MAX: usize = 50_000;
/// Forms within forms.
const FORM_DEPTH_MAX: usize = 24;
/// Coordinates beyond this, in points, are no place on a page (200 inches is the format's own
/// limit, `UserUnit` aside).
const COORDINATE_MAX: f32 = 100_000.0;

/// Reads the glyphs of a page.
pub(super) fn glyphs(shared: &Shared<'_>, source: &PageSource<'_>) -> PageGlyphs {
    let objects = shared.objects;
    let mut interpreter = Interpreter {
        objects,
        shared,
        fonts: PageFonts::default(),
        page: PageGlyphs::new(source.frame),
        state: State::new(source.frame),
        saved: Vec::new(),
        saves_skipped: 0,
        marks: Marks::of_content(Structure::key(source.dict)),
        meets_layers_off: false,
        layer: Layer::Visible,
        operations: 0,
        forms: 0,
        depth: 0,
        bytes: Vec::new(),
        drawing: Drawing::new(source.frame.upright_size()),
        frames: Frames::default(),
    };
    if objects.text_bytes() <= objects.limits.output_bytes_max {
        let content = interpreter.page_content(source.dict);
        let expected = (content.len() / CONTENT_BYTES_PER_GLYPH).min(GLYPHS_EXPECTED_MAX);
        interpreter.page.glyphs.reserve(expected);
        interpreter.page.text.reserve(expected);
        interpreter.run(&content, source.resources);
        interpreter.annotations(source);
        interpreter.mark_if_full();
        objects.count_text(interpreter.page.text.len());
    }
    let mut page = interpreter.page;
    let rules = interpreter.drawing.rules_found();
    objects.record_limit("ruling lines of a page", rules, drawing::RULES_MAX);
    (page.plots, page.rules) = interpreter.drawing.finish();
    // A page on which nothing is seen is cropped or clipped by mistake; layers are off on purpose.
    if page.glyphs.is_empty() && !interpreter.meets_layers_off {
        std::mem::swap(&mut page.glyphs, &mut page.hidden);
    }
    page
}

struct Interpreter<'a> {
    objects: &'a Objects<'a>,
    shared: &'a Shared<'a>,
    fonts: PageFonts,
    page: PageGlyphs,
    state: State,
    saved: Vec<State>,
    /// States not saved, because too many were.
    saves_skipped: usize,
    marks: Marks,
    /// Text of a layer that is switched off was met.
    meets_layers_off: bool,
    layer: Layer,
    operations: usize,
    forms: usize,
    depth: usize,
    /// Scratch for the bytes of a shown string.
    bytes: Vec<u8>,
    drawing: Drawing,
    frames: Frames,
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
            let part = self.decode(stream);
            if content.is_empty() {
                content = part;
            } else {
                content.extend(part);
            }
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
                return;
            }
            self.perform(operator, &operands, resources);
        }
        if let Some(why) = operations.shortfall() {
            self.mark_partial(why);
        }
    }

    fn is_full(&self) -> bool {
        self.amounts().iter().any(|(_, found, limit)| found > limit)
    }

    /// What a page has a limited amount of.
    fn amounts(&self) -> [(&'static str, usize, usize); 3] {
        let limits = self.objects.limits;
        let glyphs = self.page.glyphs.len() + self.page.hidden.len();
        [
            ("operations", self.operations, limits.operations_max),
            ("glyphs", glyphs, limits.glyphs_max),
            ("bytes of text", self.page.text.len(), TEXT_BYTES_MAX),
        ]
    }

    fn mark_if_full(&mut self) {
        for (what, found, limit) in self.amounts() {
            if found > limit {
                self.mark_partial(format!("it has more than {limit} {what}"));
            }
        }
    }

    fn perform(
        &mut self,
        operator: &[u8],
        operands: &[Operand<'_>],
        resources: Option<&'a Dictionary>,
    ) {
        match operator {
            [b'q'] => self.save(),
            [b'Q'] => self.restore(),
            [b'c', b'm'] => {
                if let Some(matrix) = matrix(operands) {
                    self.state.transform = matrix.then(self.state.transform);
                }
            }
            [b'D', b'o'] => self.draw(operands, resources),
            [b'T', b'f'] => self.set_font(operands, resources),
            [b'g', b's'] => self.set_graphics_state(operands, resources),
            [b'T', b'j'] => self.show_operand(operands.last()),
            [b'T', b'J'] => self.show_array(operands),
            [b'\''] => {
                self.state.next_line();
                self.show_operand(operands.last());
            }
            [b'"'] => {
                if let [Operand::Number(word), Operand::Number(character), ..] = operands {
                    self.state.word_spacing = *word;
                    self.state.character_spacing = *character;
                }
                self.state.next_line();
                self.show_operand(operands.last());
            }
            [b'B', b'D', b'C'] | [b'B', b'M', b'C'] => self.begin_mark(operands, resources),
            [b'E', b'M', b'C'] => self.marks.end(&mut self.page),
            _ => {
                let glyphs = self.page.glyphs.len();
                if !self.drawing.perform(operator, operands, self.state.transform, glyphs) {
                    self.state.perform(operator, operands);
                } else if let Some(bounds) = self.drawing.take_clip() {
                    self.state.clip_to(bounds);
                }
            }
        }
    }

    fn save(&mut self) {
        if self.saved.len() < SAVED_STATES_MAX {
            self.saved.push(self.state.clone());
        } else {
            self.saves_skipped += 1;
            let found = SAVED_STATES_MAX + self.saves_skipped;
            let what = "saved graphics states";
            self.objects.record_limit(what, found, SAVED_STATES_MAX);
        }
    }

    fn restore(&mut self) {
        if self.saves_skipped > 0 {
            self.saves_skipped -= 1;
        } else if let Some(state) = self.saved.pop() {
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

    fn set_graphics_state(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        let entry = self.resource(resources, b"ExtGState", operands.last());
        let dict = entry.and_then(|entry| self.objects.resolve(entry)).and_then(as_dict);
        let font = dict.and_then(|dict| self.objects.array(dict, b"Font"));
        if let Some([font, size]) = font.map(Vec::as_slice) {
            self.state.font = self.font(font);
            self.state.size = crate::pdf::objects::number(size).unwrap_or(self.state.size);
        }
    }

    fn draw(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        let entry = self.resource(resources, b"XObject", operands.last());
        let stream =
            entry.and_then(|entry| self.objects.resolve(entry)).and_then(|o| o.as_stream().ok());
        // Images show no text.
        if let Some(form) =
            stream.filter(|stream| self.objects.name(&stream.dict, b"Subtype") == Some(b"Form"))
        {
            self.draw_form(form, resources);
        }
    }

    /// Draws a form XObject: its content runs in its own resources, or the caller's where it has
    /// none, within its own bounding box.
    fn draw_form(&mut self, form: &'a Stream, resources: Option<&'a Dictionary>) {
        self.forms += 1;
        if self.forms > FORMS_MAX {
            self.mark_partial(format!("more than {FORMS_MAX} forms are drawn on it"));
            return;
        }
        if self.depth >= FORM_DEPTH_MAX {
            self.mark_partial(format!("forms are nested in it over {FORM_DEPTH_MAX} deep"));
            return;
        }
        if form.dict.get(b"OC").is_ok_and(|owner| self.shared.layers.is_off(self.objects, owner)) {
            return;
        }
        let content = self.decode(form);
        let outer = self.state.clone();
        let saved = std::mem::take(&mut self.saved);
        let saves_skipped = std::mem::take(&mut self.saves_skipped);
        let outer_marks = self.marks.enter(Structure::key(&form.dict));
        if let Some(matrix) = self.objects.matrix(&form.dict, b"Matrix") {
            self.state.transform = matrix.then(self.state.transform);
        }
        if let Some(corners) = self.objects.numbers(&form.dict, b"BBox") {
            self.state.clip_to(self.state.transform.bounds(Rect::from_corners(corners)));
        }
        self.depth += 1;
        self.run(&content, self.objects.dict(&form.dict, b"Resources").or(resources));
        self.depth -= 1;
        self.marks.leave(outer_marks, &mut self.page);
        (self.saved, self.saves_skipped) = (saved, saves_skipped);
        self.state = outer;
    }

    fn begin_mark(&mut self, operands: &[Operand<'_>], resources: Option<&'a Dictionary>) {
        let property = match operands {
            [_, name @ Operand::Name(_)] => self.resource(resources, b"Properties", Some(name)),
            _ => None,
        };
        self.marks.begin(self.objects, self.shared, operands, property, self.page.glyphs.len());
    }

    fn show_operand(&mut self, operand: Option<&Operand<'_>>) {
        if let Some(Operand::Literal(raw)) = operand
            && is_plain_literal(raw)
        {
            self.show(raw);
            return;
        }
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
        match self.state.font.take() {
            Some(font) => {
                self.show_in(&font, bytes);
                self.state.font = Some(font);
            }
            None => {
                if let Some(font) = self.stand_in(bytes) {
                    self.show_in(&font, bytes);
                }
            }
        }
    }

    fn show_in(&mut self, font: &Font, bytes: &[u8]) {
        let vertical = font.vertical();
        let Some(frame) = self.frames.frame(&self.state, vertical) else { return };
        let layer = if self.state.is_invisible() { Layer::Invisible } else { self.layer };
        let tag = self.marks.tag();
        self.meets_layers_off |= self.marks.is_hidden();
        let is_replaced = self.marks.is_replaced();
        let space = font.space_width * frame.em_along;
        let mut rest = bytes;
        let (mut codes, unmapped_before) = (0, self.page.unmapped);
        while !rest.is_empty() && !self.is_full() {
            codes += 1;
            let shown = font.show(self.objects, rest);
            rest = rest.get(shown.code_bytes.max(1)..).unwrap_or(&[]);
            let start = self.page.text.len() as u32;
            push(&mut self.page.text, &shown.text);
            let end = self.page.text.len() as u32;
            self.page.unmapped += u32::from(shown.text.is_empty() && !is_replaced);
            let (x, y) = self.state.origin();
            let (u, v) = frame.place(x, y);
            let (along, left) = shown.offset;
            let (u, v) = (u + along * frame.em_along, v + left * frame.em_across);
            let advance = shown.width * frame.em_along;
            // A glyph that advances backwards is drawn before its start.
            let (u0, u1) = if advance < 0.0 { (u + advance, u) } else { (u, u + advance) };
            let has_place = is_place((u, v)) && advance.is_finite();
            if has_place && (start != end || is_replaced) {
                let glyph = Glyph {
                    text: (start, end),
                    u0,
                    u1,
                    v,
                    size: frame.em_across * font.em,
                    space,
                    degrees: frame.degrees,
                    bold: font.bold,
                    monospaced: font.monospaced,
                    layer,
                    tag,
                };
                let seen = !self.marks.is_hidden()
                    && self.state.clip.overlaps(frame.extent((x, y), advance));
                if seen { self.page.glyphs.push(glyph) } else { self.page.hidden.push(glyph) }
            }
            self.state.advance(shown.width, shown.is_space_code, vertical);
        }
        font.about.count(codes, self.page.unmapped.saturating_sub(unmapped_before));
    }
}

fn is_place((x, y): (f32, f32)) -> bool {
    x.abs() < COORDINATE_MAX && y.abs() < COORDINATE_MAX
}

/// Appends a text, which mostly is one ASCII character.
fn push(out: &mut String, text: &str) {
    match *text.as_bytes() {
        [byte] => out.push(char::from(byte)),
        _ => out.push_str(text),
    }
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
