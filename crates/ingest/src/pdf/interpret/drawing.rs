//! Where a page is drawn on: the regions of plots, so that the labels of their axes are not taken
//! for sentences, and ruling lines.
//!
//! Of paths the extent is kept, and the straight lines along and across the page, which may be the
//! rules of tables. A region is a burst of painting that no running text
//! interrupts; what makes it a plot is many strokes, slanted or curved ones among them. The
//! ruling lines of tables and forms are straight and few.

use super::is_place;
use crate::pdf::content::Operand;
use crate::pdf::glyphs::Rule;
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
/// Rules of one page.
pub(super) const RULES_MAX: usize = 20_000;
/// A shorter line, in points, is a tick or a part of a letter.
const RULE_LENGTH_MIN: f32 = 5.0;
/// A wider rectangle, in points, is an area.
const RULE_WIDTH_MAX: f32 = 3.0;
/// A straight line stays this close to its axis, in points.
const STRAIGHT: f32 = 0.5;
/// Regions of one page.
const REGIONS_MAX: usize = 64;

/// The drawing of one page, as far as it is known.
pub(super) struct Drawing {
    page: (f32, f32),
    path: Path,
    /// `W` or `W*` was performed: the path clips once it is painted.
    clips: bool,
    clip: Option<Rect>,
    rules: Vec<Rule>,
    /// Rules beyond [`RULES_MAX`].
    rules_dropped: usize,
    burst: Burst,
    regions: Vec<Rect>,
}

/// The path under construction, in page coordinates.
#[derive(Default)]
struct Path {
    bounds: Option<Rect>,
    start: Option<(f32, f32)>,
    last: Option<(f32, f32)>,
    segments: usize,
    slanted: usize,
    /// Straight lines that become rules if the path is stroked.
    strokes: Vec<Rule>,
    /// Rectangles so thin that they are rules if the path is filled.
    slivers: Vec<Rule>,
    /// Lines beyond [`RULES_MAX`].
    rules_dropped: usize,
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
            rules: Vec::new(),
            rules_dropped: 0,
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
            [b'm'] => {
                self.path.last = point(operands, transform);
                self.path.start = self.path.last;
                self.path.reach_for(operands, transform);
            }
            [b'l'] => {
                self.path.line(point(operands, transform));
                self.path.reach_for(operands, transform);
            }
            [b'c'] | [b'v'] | [b'y'] => {
                self.path.curve(point(operands, transform));
                self.path.reach_for(operands, transform);
            }
            [b'r', b'e'] => self.path.rectangle(operands, transform),
            [b'h'] => self.path.close(),
            [b'W'] | [b'W', b'*'] => self.clips = true,
            [b'S'] | [b's'] | [b'B'] | [b'B', b'*'] | [b'b'] | [b'b', b'*'] => {
                self.end_clip();
                if matches!(operator, [b's' | b'b', ..]) {
                    self.path.close();
                }
                let strokes = std::mem::take(&mut self.path.strokes);
                self.keep_rules(strokes);
                self.paint(glyphs);
            }
            [b'f'] | [b'F'] | [b'f', b'*'] => {
                self.end_clip();
                let slivers = self.path.take_slivers();
                self.keep_rules(slivers);
                self.paint(glyphs);
            }
            [b'n'] => {
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

    fn keep_rules(&mut self, rules: Vec<Rule>) {
        let room = RULES_MAX.saturating_sub(self.rules.len());
        self.rules_dropped += rules.len().saturating_sub(room) + self.path.rules_dropped;
        self.rules.extend(rules.into_iter().take(room));
    }

    /// Ruling lines met so far, kept or not.
    pub(super) fn rules_found(&self) -> usize {
        self.rules.len() + self.rules_dropped
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

    /// The regions of plots and the rules, in the order they were drawn.
    pub(super) fn finish(mut self) -> (Vec<Rect>, Vec<Rule>) {
        self.end_burst();
        (self.regions, self.rules)
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
            self.stroke(from, to);
            self.extend(from);
            self.extend(to);
        }
        self.last = to.or(self.last);
    }

    fn stroke(&mut self, (ax, ay): (f32, f32), (bx, by): (f32, f32)) {
        let rule = if (ay - by).abs() < STRAIGHT {
            Rule { is_horizontal: true, at: ay, from: ax.min(bx), to: ax.max(bx) }
        } else if (ax - bx).abs() < STRAIGHT {
            Rule { is_horizontal: false, at: ax, from: ay.min(by), to: ay.max(by) }
        } else {
            return;
        };
        if rule.to - rule.from < RULE_LENGTH_MIN {
            return;
        }
        if self.strokes.len() < RULES_MAX {
            self.strokes.push(rule);
        } else {
            self.rules_dropped += 1;
        }
    }

    fn close(&mut self) {
        if let (Some(from), Some(to)) = (self.last, self.start) {
            self.stroke(from, to);
        }
        self.last = self.start;
    }

    /// The rules that filling the path draws: its thin rectangles, or all of it where it is one.
    fn take_slivers(&mut self) -> Vec<Rule> {
        if let (true, Some(bounds), 3..=5) = (self.slivers.is_empty(), self.bounds, self.segments) {
            self.sides(bounds);
        }
        std::mem::take(&mut self.slivers)
    }

    /// Takes the sides of a rectangle, or its middle if it is a thin one.
    fn sides(&mut self, area: Rect) {
        let middle = |a: f32, b: f32| (a + b) / 2.0;
        let (a, b, c, d) =
            ((area.x0, area.y0), (area.x1, area.y0), (area.x1, area.y1), (area.x0, area.y1));
        let thin = area.width().min(area.height()) < RULE_WIDTH_MAX;
        if thin && area.width().max(area.height()) >= RULE_LENGTH_MIN {
            let rule = if area.width() > area.height() {
                let at = middle(area.y0, area.y1);
                Rule { is_horizontal: true, at, from: area.x0, to: area.x1 }
            } else {
                let at = middle(area.x0, area.x1);
                Rule { is_horizontal: false, at, from: area.y0, to: area.y1 }
            };
            if self.slivers.len() < RULES_MAX {
                self.slivers.push(rule);
            }
        }
        for (from, to) in [(a, b), (b, c), (c, d), (d, a)] {
            self.stroke(from, to);
        }
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
        let corners = [transform.apply(*x, *y), transform.apply(x + width, y + height)];
        for corner in corners {
            if is_place(corner) {
                self.extend(corner);
            }
        }
        if let [(ax, ay), (bx, by)] = corners
            && corners.into_iter().all(is_place)
        {
            self.sides(Rect::from_corners([ax, ay, bx, by]));
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
        let (regions, rules) = drawing.finish();
        assert_eq!(rules.len(), 100);
        assert_eq!(regions.len(), 1);
        assert_eq!((regions[0].x0, regions[0].x1), (100.0, 180.0));
    }

    /// As many slanted strokes close together, the glyphs shown before each of them.
    fn curve(drawing: &mut Drawing, left: f32, glyphs: impl Iterator<Item = usize>) {
        for shown in glyphs {
            stroke(drawing, (left, 9.0), (left + 1.0, 10.0), shown);
        }
    }

    #[test]
    fn regions_of_a_page_are_limited_on_both_sides() {
        let regions = |count: usize| {
            let mut drawing = Drawing::new((600.0, 800.0));
            for place in 0..count {
                let left = place as f32 * (APART_MAX + 9.0);
                curve(&mut drawing, left, std::iter::repeat_n(0, SEGMENTS_MIN));
            }
            drawing.finish().0.len()
        };
        assert_eq!(regions(REGIONS_MAX - 1), REGIONS_MAX - 1);
        assert_eq!((regions(REGIONS_MAX), regions(REGIONS_MAX + 1)), (REGIONS_MAX, REGIONS_MAX));
    }

    #[test]
    fn more_glyphs_than_labels_have_end_a_plot() {
        let regions = |glyphs: usize| {
            let mut drawing = Drawing::new((600.0, 800.0));
            let half = SEGMENTS_MIN / 2;
            let before = std::iter::repeat_n(7, half).chain(std::iter::repeat_n(7 + glyphs, half));
            curve(&mut drawing, 9.0, before);
            drawing.finish().0.len()
        };
        assert_eq!((regions(LABEL_GLYPHS_MAX), regions(LABEL_GLYPHS_MAX + 1)), (1, 0));
    }

    #[test]
    fn what_is_drawn_too_far_away_is_lost() {
        let rules = |x: f32| {
            let mut drawing = Drawing::new((600.0, 800.0));
            stroke(&mut drawing, (9.0, 9.0), (x, 9.0), 0);
            drawing.finish().1.len()
        };
        assert_eq!((rules(99_999.0), rules(100_000.0)), (1, 0));
    }
}
