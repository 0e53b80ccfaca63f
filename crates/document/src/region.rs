//! Where on a page something stands.

use serde::{Deserialize, Serialize};

/// A rectangle in PDF points (1/72 inch), corners ordered, `y` upwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x0: f32,
    /// Lower edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Upper edge.
    pub y1: f32,
}

impl Rect {
    /// The rectangle with two opposite corners, given as `x y x y`.
    pub fn from_corners([ax, ay, bx, by]: [f32; 4]) -> Self {
        Self { x0: ax.min(bx), y0: ay.min(by), x1: ax.max(bx), y1: ay.max(by) }
    }

    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// What lies in both; `None` where that has no area.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let both = Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        };
        (both.width() > 0.0 && both.height() > 0.0).then_some(both)
    }

    /// The same, larger by `by` on all sides.
    #[must_use]
    pub fn grown(self, by: f32) -> Self {
        Self { x0: self.x0 - by, y0: self.y0 - by, x1: self.x1 + by, y1: self.y1 + by }
    }

    /// Whether the two share a point.
    pub fn overlaps(self, other: Self) -> bool {
        self.x0 <= other.x1 && other.x0 <= self.x1 && self.y0 <= other.y1 && other.y0 <= self.y1
    }

    /// Whether a point lies in it, edges included.
    pub fn contains(self, (x, y): (f32, f32)) -> bool {
        (self.x0..=self.x1).contains(&x) && (self.y0..=self.y1).contains(&y)
    }

    /// Width, never negative for ordered corners.
    pub fn width(self) -> f32 {
        self.x1 - self.x0
    }

    /// Height, never negative for ordered corners.
    pub fn height(self) -> f32 {
        self.y1 - self.y0
    }

    /// Width times height.
    pub fn area(self) -> f32 {
        self.width() * self.height()
    }
}

/// The part of a page that a block covers. A block that goes on in the next column or on the
/// next page has several.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Index into [`Document::blocks`](crate::Document::blocks).
    pub block: usize,
    /// Physical page number, counted from 1.
    pub page: u32,
    /// The place in the page's default user space (ISO 32000-1, 8.3.2.3), the one annotations
    /// are placed in: a rotated page's regions are not rotated.
    pub bounds: Rect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_come_in_any_order() {
        let rect = Rect::from_corners([10.0, 20.0, 0.0, 5.0]);
        assert_eq!((rect.x0, rect.y0, rect.width(), rect.height()), (0.0, 5.0, 10.0, 15.0));
    }

    #[test]
    fn rectangles_that_only_touch_share_no_area() {
        let left = Rect::from_corners([0.0, 0.0, 10.0, 10.0]);
        let right = Rect::from_corners([10.0, 0.0, 20.0, 10.0]);
        assert!(left.overlaps(right) && left.contains((10.0, 5.0)));
        assert_eq!(left.intersection(right), None);
        assert_eq!(left.intersection(right.grown(1.0)).map(Rect::area), Some(10.0));
        assert_eq!(left.union(right).area(), 200.0);
    }
}
