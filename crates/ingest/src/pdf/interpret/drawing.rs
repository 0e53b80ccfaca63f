//! Where a page is drawn on: the regions of plots, so that the labels of their axes are not taken
//! for sentences.
//!
//! Only the extent of paths is kept. A region is a burst of painting that no running text
//! interrupts; what makes it a plot is many strokes, slanted or curved ones among them. The
//! ruling lines of tables and forms are straight and few.

use crate::pdf::content::Operand;
use crate::pdf::matrix::Matrix;
use document::Rect;

/// Segments of a plot: two axes with ticks have more.
const SEGMENTS_MIN: usize = 60;
/// Slanted or curved segments of a plot.
const SLANTED_MIN: usize = 12;
/// Glyphs of labels between two strokes of one plot; a line of text has more.
const LABEL_GLYPHS_MAX: usize = 80;
/// Strokes of one plot, and its neighbouring panels, are closer than this, in points.
const APART_MAX: f32 = 60.0;
/// A path larger than this share of the page both ways is a background, not part of a plot.
const BACKGROUND_SHARE: f32 = 0.85;
/// Regions of one page.
const REGIONS_MAX: usize = 64;

/// The drawing of one page, as far as it is known.
pub(super) struct Drawing {
    page: (f32, f32),
    path: Path,
    /// `W` or `W*` was performed: the path clips once it is painted.
    clips: bool,
    clip: Option<Rect>,
    burst: Burst,
    regions: Vec<Rect>,
}

/// The path under construction, in page coordinates.
#[derive(Default)]
struct Path {
    bounds: Option<Rect>,
    last: Option<(f32, f32)>,
    segments: usize,
    slanted: usize,
    /// A rectangle that surely holds all of it.
    reach: Option<Rect>,
    /// Some point of it is no number.
    is_lost: bool,
}

#[derive(Default)]
struct Burst {
    bounds: Option<Rect>,
    segments: usize,
    slanted: usize,
    /// Glyphs on the page when it was last added to.
    glyphs: usize,
}

impl Drawing {
    pub(super) fn new(page: (f32, f32)) -> Self {
        Self {
            page,
            path: Path::default(),
            clips: false,
            clip: None,
            burst: Burst::default(),
            regions: Vec::new(),
        }
    }

    /// Performs a path operator; `false` where it is none. `glyphs` is the number shown so far.
    pub(super) fn perform(
        &mut self,
        operator: &[u8],
        operands: &[Operand<'_>],
        transform: Matrix,
        glyphs: usize,
    ) -> bool {
        match operator {
            b"m" => {
                self.path.last = point(operands, transform);
                self.path.reach_for(operands, transform);
            }
            b"l" => {
                self.path.line(point(operands, transform));
                self.path.reach_for(operands, transform);
            }
            b"c" | b"v" | b"y" => {
                self.path.curve(point(operands, transform));
                self.path.reach_for(operands, transform);
            }
            b"re" => self.path.rectangle(operands, transform),
            b"h" => {}
            b"W" | b"W*" => self.clips = true,
            b"S" | b"s" | b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" => {
                self.end_clip();
                self.paint(glyphs);
            }
            b"n" => {
                self.end_clip();
                self.path = Path::default();
            }
            _ => return false,
        }
        true
    }

    /// What the path painted last leaves to be seen, if it clips: a rectangle that holds it.
    pub(super) fn take_clip(&mut self) -> Option<Rect> {
        self.clip.take()
    }

    fn end_clip(&mut self) {
        if std::mem::take(&mut self.clips) && !self.path.is_lost {
            self.clip = self.path.reach;
        }
    }

    fn paint(&mut self, glyphs: usize) {
        let path = std::mem::take(&mut self.path);
        let Some(bounds) = path.bounds else { return };
        let large = bounds.width() > self.page.0 * BACKGROUND_SHARE
            && bounds.height() > self.page.1 * BACKGROUND_SHARE;
        if large {
            return;
        }
        let apart = self.burst.bounds.is_some_and(|known| !known.grown(APART_MAX).overlaps(bounds));
        if apart || glyphs > self.burst.glyphs + LABEL_GLYPHS_MAX {
            self.end_burst();
        }
        let burst = &mut self.burst;
        burst.bounds = Some(burst.bounds.map_or(bounds, |known| known.union(bounds)));
        burst.segments += path.segments;
        burst.slanted += path.slanted;
        burst.glyphs = glyphs;
    }

    fn end_burst(&mut self) {
        let burst = std::mem::take(&mut self.burst);
        let is_plot = burst.segments >= SEGMENTS_MIN && burst.slanted >= SLANTED_MIN;
        if is_plot && self.regions.len() < REGIONS_MAX {
            self.regions.extend(burst.bounds);
        }
    }

    /// The regions of plots, in the order they were drawn.
    pub(super) fn into_regions(mut self) -> Vec<Rect> {
        self.end_burst();
        self.regions
    }
}

impl Path {
    fn extend(&mut self, (x, y): (f32, f32)) {
        let point = Rect { x0: x, y0: y, x1: x, y1: y };
        self.bounds = Some(self.bounds.map_or(point, |known| known.union(point)));
    }

    fn line(&mut self, to: Option<(f32, f32)>) {
        if let (Some(from), Some(to)) = (self.last, to) {
            self.segments += 1;
            let (across, up) = ((from.0 - to.0).abs(), (from.1 - to.1).abs());
            self.slanted += usize::from(across > 0.2 && up > 0.2);
            self.extend(from);
            self.extend(to);
        }
        self.last = to.or(self.last);
    }

    fn curve(&mut self, to: Option<(f32, f32)>) {
        if let (Some(from), Some(to)) = (self.last, to) {
            self.segments += 1;
            self.slanted += 1;
            self.extend(from);
            self.extend(to);
        }
        self.last = to.or(self.last);
    }

    /// Takes in every point of a segment, those that only bend it too.
    fn reach_for(&mut self, operands: &[Operand<'_>], transform: Matrix) {
        for pair in operands.chunks_exact(2) {
            if let [Operand::Number(x), Operand::Number(y)] = pair {
                self.reach_to(transform.apply(*x, *y));
            }
        }
    }

    fn reach_to(&mut self, (x, y): (f32, f32)) {
        self.is_lost |= x.is_nan() || y.is_nan();
        let point = Rect { x0: x, y0: y, x1: x, y1: y };
        self.reach = Some(self.reach.map_or(point, |known| known.union(point)));
    }

    fn rectangle(&mut self, operands: &[Operand<'_>], transform: Matrix) {
        let [
            ..,
            Operand::Number(x),
            Operand::Number(y),
            Operand::Number(width),
            Operand::Number(height),
        ] = operands
        else {
            return;
        };
        self.segments += 4;
        for (x, y) in [(*x, *y), (x + width, *y), (*x, y + height), (x + width, y + height)] {
            self.reach_to(transform.apply(x, y));
        }
        for corner in [transform.apply(*x, *y), transform.apply(x + width, y + height)] {
            if is_place(corner) {
                self.extend(corner);
            }
        }
    }
}

/// The last point among the operands, on the page.
fn point(operands: &[Operand<'_>], transform: Matrix) -> Option<(f32, f32)> {
    let [Operand::Number(x), Operand::Number(y)] =
        operands.get(operands.len().checked_sub(2)?..)?
    else {
        return None;
    };
    Some(transform.apply(*x, *y)).filter(|place| is_place(*place))
}

fn is_place((x, y): (f32, f32)) -> bool {
    x.abs() < super::COORDINATE_MAX && y.abs() < super::COORDINATE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f32) -> Operand<'static> {
        Operand::Number(value)
    }

    fn stroke(drawing: &mut Drawing, from: (f32, f32), to: (f32, f32), glyphs: usize) {
        let operands = |(x, y): (f32, f32)| [number(x), number(y)];
        drawing.perform(b"m", &operands(from), Matrix::IDENTITY, glyphs);
        drawing.perform(b"l", &operands(to), Matrix::IDENTITY, glyphs);
        drawing.perform(b"S", &[], Matrix::IDENTITY, glyphs);
    }

    #[test]
    fn a_plot_is_a_region_and_a_table_is_none() {
        let mut drawing = Drawing::new((600.0, 800.0));
        for row in 0..100u8 {
            let y = 100.0 + f32::from(row);
            stroke(&mut drawing, (50.0, y), (550.0, y), 0);
        }
        // Two columns of text, then a curve of short strokes with labels between them.
        for step in 0..80u8 {
            let x = 100.0 + f32::from(step);
            stroke(
                &mut drawing,
                (x, 500.0 + x / 2.0),
                (x + 1.0, 500.5 + x / 2.0),
                5_000 + usize::from(step),
            );
        }
        let regions = drawing.into_regions();
        assert_eq!(regions.len(), 1);
        assert_eq!((regions[0].x0, regions[0].x1), (100.0, 180.0));
    }
}
