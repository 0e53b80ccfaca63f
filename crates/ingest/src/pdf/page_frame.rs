//! How a page's own coordinates lie on the page as it is looked at.

use document::Rect;

use super::matrix::Matrix;

/// What is seen of a page, and how it is turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PageFrame {
    /// The visible region, in default user space (ISO 32000-1, 8.3.2.3).
    pub(super) visible: Rect,
    /// Degrees clockwise: 0, 90, 180 or 270.
    pub(super) rotation: u16,
}

impl PageFrame {
    /// Maps default user space to the page as it is looked at: upright, origin at the lower
    /// left corner of the visible region.
    pub(super) fn upright(self) -> Matrix {
        let Rect { x0, y0, x1, y1 } = self.visible;
        let (a, b, c, d, e, f) = match self.rotation {
            90 => (0.0, -1.0, 1.0, 0.0, -y0, x1),
            180 => (-1.0, 0.0, 0.0, -1.0, x1, y1),
            270 => (0.0, 1.0, -1.0, 0.0, y1, -x0),
            _ => (1.0, 0.0, 0.0, 1.0, -x0, -y0),
        };
        Matrix { a, b, c, d, e, f }
    }

    /// Width and height as looked at.
    pub(super) fn upright_size(self) -> (f32, f32) {
        let (width, height) = (self.visible.width(), self.visible.height());
        if self.rotation % 180 == 90 { (height, width) } else { (width, height) }
    }

    /// A rectangle of the upright page in default user space.
    pub(super) fn to_user_space(self, upright: Rect) -> Rect {
        let Rect { x0, y0, x1, y1 } = self.visible;
        let user = |x: f32, y: f32| match self.rotation {
            90 => (x1 - y, x + y0),
            180 => (x1 - x, y1 - y),
            270 => (y + x0, y1 - x),
            _ => (x + x0, y + y0),
        };
        let (ax, ay) = user(upright.x0, upright.y0);
        let (bx, by) = user(upright.x1, upright.y1);
        Rect::from_corners([ax, ay, bx, by])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rotation_leads_back() {
        let visible = Rect::from_corners([10.0, 20.0, 210.0, 320.0]);
        let place = Rect::from_corners([50.0, 60.0, 80.0, 75.0]);
        for rotation in [0, 90, 180, 270] {
            let frame = PageFrame { visible, rotation };
            let upright = frame.upright();
            let (ax, ay) = upright.apply(place.x0, place.y0);
            let (bx, by) = upright.apply(place.x1, place.y1);
            let there = Rect::from_corners([ax, ay, bx, by]);
            assert_eq!(frame.to_user_space(there), place, "{rotation}");
        }
    }
}
