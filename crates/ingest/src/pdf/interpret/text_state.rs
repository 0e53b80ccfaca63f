//! The graphics state as far as text needs it (ISO 32000-1, 9.3 and 9.4).

use std::sync::Arc;

use document::Rect;

use crate::pdf::content::Operand;
use crate::pdf::font::Font;
use crate::pdf::glyphs::Degrees;
use crate::pdf::matrix::Matrix;
use crate::pdf::page_frame::PageFrame;

/// Text state, text matrices and the current transformation.
#[derive(Clone)]
pub(super) struct State {
    pub(super) transform: Matrix,
    pub(super) font: Option<Arc<Font>>,
    pub(super) size: f32,
    pub(super) character_spacing: f32,
    pub(super) word_spacing: f32,
    horizontal_scale: f32,
    leading: f32,
    rise: f32,
    /// Text render mode (ISO 32000-1, table 106).
    render_mode: i32,
    /// A rectangle of the upright page outside of which nothing is seen.
    pub(super) clip: Rect,
    text: Matrix,
    line: Matrix,
}

/// How a string's own space lies on the page: computed once a string, used for each glyph.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    cos: f32,
    sin: f32,
    pub(super) degrees: Degrees,
    /// One em along the line, in points; negative where text is mirrored.
    pub(super) em_along: f32,
    /// One em across the line, in points.
    pub(super) em_across: f32,
}

impl Frame {
    /// A point of the page in the frame of the text's direction.
    pub(super) fn place(&self, x: f32, y: f32) -> (f32, f32) {
        if self.degrees == 0 {
            return (x, y);
        }
        (x * self.cos + y * self.sin, y * self.cos - x * self.sin)
    }

    /// About what of a glyph at a point of the page tells which it is: from its baseline to its
    /// capitals' height, the middle third of its advance.
    pub(super) fn extent(&self, (x, y): (f32, f32), advance: f32) -> Rect {
        const CAPITALS_EM: f32 = 0.7;
        let aside = advance / 3.0;
        let (x, y, advance) = (x + aside * self.cos, y + aside * self.sin, advance - 2.0 * aside);
        let height = CAPITALS_EM * self.em_across;
        let (across, up) =
            (advance * self.cos - height * self.sin, advance * self.sin + height * self.cos);
        Rect::from_corners([x, y, x + across, y + up])
    }
}

impl State {
    pub(super) fn new(frame: PageFrame) -> Self {
        let (x1, y1) = frame.upright_size();
        Self {
            transform: frame.upright(),
            font: None,
            size: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            horizontal_scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            render_mode: 0,
            clip: Rect { x0: 0.0, y0: 0.0, x1, y1 },
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        }
    }

    /// The operators that only set state; others change nothing.
    pub(super) fn perform(&mut self, operator: &[u8], operands: &[Operand<'_>]) {
        match (operator, operands) {
            ([b'B', b'T'], _) => self.set_text_matrix(Matrix::IDENTITY),
            ([b'T', b'd'], [.., Operand::Number(x), Operand::Number(y)]) => self.move_line(*x, *y),
            ([b'T', b'D'], [.., Operand::Number(x), Operand::Number(y)]) => {
                self.leading = -y;
                self.move_line(*x, *y);
            }
            ([b'T', b'*'], _) => self.next_line(),
            ([b'T', b'm'], _) => {
                if let Some(matrix) = super::matrix(operands) {
                    self.set_text_matrix(matrix);
                }
            }
            ([b'T', b'c'], [.., Operand::Number(value)]) => self.character_spacing = *value,
            ([b'T', b'w'], [.., Operand::Number(value)]) => self.word_spacing = *value,
            ([b'T', b'z'], [.., Operand::Number(percent)]) => {
                self.horizontal_scale = percent / 100.0;
            }
            ([b'T', b'L'], [.., Operand::Number(value)]) => self.leading = *value,
            ([b'T', b's'], [.., Operand::Number(value)]) => self.rise = *value,
            ([b'T', b'r'], [.., Operand::Number(mode)]) => self.render_mode = *mode as i32,
            _ => {}
        }
    }

    /// Whether text is shown without being drawn.
    pub(super) fn is_invisible(&self) -> bool {
        self.render_mode == 3
    }

    /// Narrows what is seen to what also lies within `bounds`.
    pub(super) fn clip_to(&mut self, bounds: Rect) {
        const NOTHING: Rect = Rect { x0: f32::MAX, y0: f32::MAX, x1: f32::MIN, y1: f32::MIN };
        self.clip = self.clip.intersection(bounds).unwrap_or(NOTHING);
    }

    fn set_text_matrix(&mut self, matrix: Matrix) {
        self.text = matrix;
        self.line = matrix;
    }

    fn move_line(&mut self, x: f32, y: f32) {
        self.set_text_matrix(self.line.translated(x, y));
    }

    pub(super) fn next_line(&mut self) {
        self.move_line(0.0, -self.leading);
    }

    /// A number in a `TJ` array: moves back by thousandths of an em along the line.
    pub(super) fn adjust(&mut self, thousandths: f32) {
        let em = thousandths / 1000.0 * self.size;
        if self.font.as_ref().is_some_and(|font| font.vertical()) {
            self.text = self.text.translated(0.0, -em);
        } else {
            self.text = self.text.translated(-em * self.horizontal_scale, 0.0);
        }
    }

    /// Where the next glyph's origin lies on the page.
    pub(super) fn origin(&self) -> (f32, f32) {
        let (x, y) = self.text.apply(0.0, self.rise);
        self.transform.apply(x, y)
    }

    /// Moves past a glyph of `width` em (ISO 32000-1, 9.4.4).
    pub(super) fn advance(&mut self, width: f32, is_space: bool, vertical: bool) {
        let word = if is_space { self.word_spacing } else { 0.0 };
        let spacing = self.character_spacing + word;
        let (across, down) = if vertical {
            (0.0, spacing - width * self.size)
        } else {
            ((width * self.size + spacing) * self.horizontal_scale, 0.0)
        };
        self.text = self.text.translated(across, down);
    }

    fn shape(&self, map: Matrix, vertical: bool) -> Shape {
        let Matrix { a, b, c, d, .. } = map;
        let (size, horizontal_scale) = (self.size, self.horizontal_scale);
        Shape { numbers: [a, b, c, d, size, horizontal_scale], vertical }
    }
}

/// All that a frame depends on.
#[derive(Clone, Copy)]
struct Shape {
    /// The text space's map to the page without its translation, the size, the horizontal scale.
    numbers: [f32; 6],
    vertical: bool,
}

impl Shape {
    fn is(&self, other: &Self) -> bool {
        self.numbers.map(f32::to_bits) == other.numbers.map(f32::to_bits)
            && self.vertical == other.vertical
    }

    fn frame(&self) -> Option<Frame> {
        let Self { numbers: [a, b, c, d, size, horizontal_scale], vertical } = *self;
        let scale = size * horizontal_scale;
        // Text runs along the x axis of its space, or down the y axis.
        let (along_x, along_y) = if vertical { (-c, -d) } else { (a, b) };
        let along_x = along_x * size.signum();
        let along_y = along_y * size.signum();
        let length = along_x.hypot(along_y);
        let across = c.hypot(d) * size.abs();
        if length < 1e-6 || across < 1e-3 {
            return None;
        }
        let degrees = along_y.atan2(along_x).to_degrees().round() as Degrees;
        let degrees = if degrees == -180 { 180 } else { degrees };
        let em_along = if vertical { across } else { scale.abs() * a.hypot(b) };
        Some(Frame {
            cos: along_x / length,
            sin: along_y / length,
            degrees,
            em_along,
            em_across: across,
        })
    }
}

/// The frame computed last: most strings are set like the one before.
#[derive(Default)]
pub(super) struct Frames {
    last: Option<(Shape, Option<Frame>)>,
}

impl Frames {
    /// The frame of strings shown now; `None` where text would have no size or no place.
    pub(super) fn frame(&mut self, state: &State, vertical: bool) -> Option<Frame> {
        let map = state.text.then(state.transform);
        if !map.is_sane() {
            return None;
        }
        let shape = state.shape(map, vertical);
        if let Some((known, frame)) = &self.last
            && known.is(&shape)
        {
            return *frame;
        }
        let frame = shape.frame();
        self.last = Some((shape, frame));
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: PageFrame =
        PageFrame { visible: Rect { x0: 0.0, y0: 0.0, x1: 600.0, y1: 800.0 }, rotation: 0 };

    #[test]
    fn the_frame_turns_with_the_text() {
        let mut state = State::new(FRAME);
        state.size = 10.0;
        state.perform(b"Tm", &[0.0, 1.0, -1.0, 0.0, 50.0, 60.0].map(Operand::Number));
        let frame = Frames::default().frame(&state, false).unwrap();
        assert_eq!(frame.degrees, 90);
        assert!((frame.em_across - 10.0).abs() < 1e-4);
        let (u, v) = frame.place(50.0, 60.0);
        assert!((u - 60.0).abs() < 1e-4 && (v + 50.0).abs() < 1e-4);
    }

    #[test]
    fn text_without_size_or_place_has_no_frame() {
        let mut state = State::new(FRAME);
        assert!(Frames::default().frame(&state, false).is_none());
        state.size = 10.0;
        state.transform = Matrix { a: f32::NAN, ..Matrix::IDENTITY };
        assert!(Frames::default().frame(&state, false).is_none());
    }

    #[test]
    fn spacing_moves_the_next_glyph() {
        let mut state = State::new(FRAME);
        state.size = 10.0;
        state.perform(b"Tc", &[Operand::Number(1.0)]);
        state.perform(b"Tw", &[Operand::Number(2.0)]);
        state.advance(0.5, true, false);
        assert_eq!(state.origin(), (8.0, 0.0));
        state.adjust(-1000.0);
        assert_eq!(state.origin(), (18.0, 0.0));
    }
}
