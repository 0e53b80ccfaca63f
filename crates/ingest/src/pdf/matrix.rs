//! Affine maps of the plane (ISO 32000-1, 8.3.3), row vectors: a point `p` goes to `p × M`.

use document::Rect;

/// `x' = a·x + c·y + e`, `y' = b·x + d·y + f`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) c: f32,
    pub(super) d: f32,
    pub(super) e: f32,
    pub(super) f: f32,
}

impl Matrix {
    pub(super) const IDENTITY: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    pub(super) fn from_numbers(numbers: [f32; 6]) -> Self {
        let [a, b, c, d, e, f] = numbers;
        Self { a, b, c, d, e, f }
    }

    /// A translation first, then this map.
    pub(super) fn translated(self, x: f32, y: f32) -> Self {
        let (e, f) = self.apply(x, y);
        Self { e, f, ..self }
    }

    /// This map first, then `next`.
    pub(super) fn then(self, next: Self) -> Self {
        Self {
            a: self.a * next.a + self.b * next.c,
            b: self.a * next.b + self.b * next.d,
            c: self.c * next.a + self.d * next.c,
            d: self.c * next.b + self.d * next.d,
            e: self.e * next.a + self.f * next.c + next.e,
            f: self.e * next.b + self.f * next.d + next.f,
        }
    }

    pub(super) fn apply(self, x: f32, y: f32) -> (f32, f32) {
        (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)
    }

    /// The bounding box of where a rectangle goes.
    pub(super) fn bounds(self, rect: Rect) -> Rect {
        let corner = |x, y| {
            let (x, y) = self.apply(x, y);
            Rect { x0: x, y0: y, x1: x, y1: y }
        };
        let lower = corner(rect.x0, rect.y0).union(corner(rect.x1, rect.y0));
        lower.union(corner(rect.x0, rect.y1)).union(corner(rect.x1, rect.y1))
    }

    /// Whether every entry is a number that coordinates on a page can have.
    pub(super) fn is_sane(self) -> bool {
        [self.a, self.b, self.c, self.d, self.e, self.f].iter().all(|entry| entry.abs() < 1e7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_compose_left_to_right() {
        let scale = Matrix { a: 2.0, d: 3.0, ..Matrix::IDENTITY };
        let moved = scale.then(Matrix::IDENTITY.translated(10.0, 20.0));
        assert_eq!(moved.apply(1.0, 1.0), (12.0, 23.0));
        assert_eq!(scale.translated(1.0, 1.0).apply(0.0, 0.0), (2.0, 3.0));
        assert!(!Matrix { a: f32::NAN, ..scale }.is_sane());
        assert!(!Matrix { e: 1e30, ..scale }.is_sane());
    }
}
