//! What annotations draw on a page (ISO 32000-1, 12.5.5): form fields, text boxes, stamps.
//!
//! Their appearance is part of what a reader sees. Notes that open when clicked on are not.

use document::Rect;
use lopdf::{Dictionary, Object, Stream};

use super::Interpreter;
use crate::pdf::glyphs::Layer;
use crate::pdf::matrix::Matrix;
use crate::pdf::objects::as_dict;
use crate::pdf::page_tree::PageSource;

/// Annotations of one page; a dense form has some thousand.
const ANNOTATIONS_MAX: usize = 20_000;
/// Flags (ISO 32000-1, table 165): hidden, not shown on screen.
const NOT_SEEN: i64 = 1 << 1 | 1 << 5;

impl<'a> Interpreter<'a> {
    /// Runs the appearances of the page's annotations, in their order.
    pub(super) fn annotations(&mut self, source: &PageSource<'a>) {
        let Some(annotations) = self.objects.array(source.dict, b"Annots") else { return };
        self.layer = Layer::Annotation;
        if annotations.len() > ANNOTATIONS_MAX {
            let found = annotations.len();
            self.mark_partial(format!("it has {found} annotations, limit {ANNOTATIONS_MAX}"));
        }
        for annotation in annotations.iter().take(ANNOTATIONS_MAX) {
            if let Some(dict) = self.objects.resolve(annotation).and_then(as_dict) {
                self.annotation(dict, source);
            }
        }
    }

    fn annotation(&mut self, dict: &'a Dictionary, source: &PageSource<'a>) {
        let flags = self.objects.number(dict, b"F").unwrap_or(0.0) as i64;
        let shows_text = matches!(
            self.objects.name(dict, b"Subtype"),
            Some(b"Widget" | b"FreeText" | b"Stamp" | b"Caret" | b"Redact")
        );
        let off = dict.get(b"OC").is_ok_and(|owner| self.shared.layers.is_off(self.objects, owner));
        if !shows_text || flags & NOT_SEEN != 0 || off {
            return;
        }
        let Some(corners) = self.objects.numbers(dict, b"Rect") else { return };
        let Some(appearance) = self.appearance(dict) else { return };
        let Some(placed) = self.placement(appearance, Rect::from_corners(corners)) else { return };
        self.state = super::State::new(source.frame);
        self.state.transform = placed.then(self.state.transform);
        self.saved.clear();
        self.saves_skipped = 0;
        self.draw_form(appearance, None);
    }

    /// The normal appearance, in the state the annotation is in.
    fn appearance(&self, dict: &'a Dictionary) -> Option<&'a Stream> {
        match self.objects.get(self.objects.dict(dict, b"AP")?, b"N")? {
            Object::Stream(stream) => Some(stream),
            Object::Dictionary(states) => {
                let state = self.objects.name(dict, b"AS")?;
                self.objects.stream(states, state)
            }
            _ => None,
        }
    }

    /// Maps the appearance's own box onto the annotation's place (ISO 32000-1, 12.5.5,
    /// algorithm 8.1).
    fn placement(&self, appearance: &'a Stream, place: Rect) -> Option<Matrix> {
        let own = Rect::from_corners(self.objects.numbers(&appearance.dict, b"BBox")?);
        let matrix = self.objects.matrix(&appearance.dict, b"Matrix").unwrap_or(Matrix::IDENTITY);
        let shown = matrix.bounds(own);
        let scale = |to: f32, from: f32| if from > 0.0 { to / from } else { 1.0 };
        let (a, d) = (scale(place.width(), shown.width()), scale(place.height(), shown.height()));
        let (e, f) = (place.x0 - shown.x0 * a, place.y0 - shown.y0 * d);
        Some(Matrix { a, b: 0.0, c: 0.0, d, e, f }).filter(|matrix| matrix.is_sane())
    }
}
