//! Predictors (ISO 32000-1, 7.4.4.4): rows stored as differences. A last row may be short, and a
//! row of an unknown kind is taken as it is.

use super::{Decoded, Shortfall};

/// Bytes of a row beyond which the parameters are nonsense.
const ROW_BYTES_MAX: usize = 1 << 24;

/// Undoes the predictor the parameters name, if any.
pub(super) fn undo(decoded: Decoded, number: &dyn Fn(&[u8]) -> Option<i64>) -> Decoded {
    let predictor = number(b"Predictor").unwrap_or(1);
    if predictor < 2 || decoded.bytes.is_empty() {
        return decoded;
    }
    let samples = |key: &[u8], default: i64| {
        usize::try_from(number(key).unwrap_or(default).max(1)).unwrap_or(usize::MAX)
    };
    let colors = samples(b"Colors", 1);
    let bits = colors.checked_mul(samples(b"BitsPerComponent", 8));
    let row_bits = bits.and_then(|bits| bits.checked_mul(samples(b"Columns", 1)));
    let row = row_bits.map_or(usize::MAX, |bits| bits.div_ceil(8));
    let pixel = bits.map_or(usize::MAX, |bits| bits.div_ceil(8));
    if row > ROW_BYTES_MAX {
        return Decoded { shortfall: Some(Shortfall::Broken), ..decoded };
    }
    let Decoded { mut bytes, shortfall } = decoded;
    if predictor >= 10 {
        bytes = png(&bytes, row, pixel);
    } else if samples(b"BitsPerComponent", 8) == 8 {
        bytes.chunks_mut(row).for_each(|row| sub(row, colors));
    }
    Decoded { bytes, shortfall }
}

fn png(data: &[u8], row: usize, pixel: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    for line in data.chunks(row + 1) {
        let Some((&kind, line)) = line.split_first() else { continue };
        let start = out.len();
        out.extend_from_slice(line);
        let (before, current) = out.split_at_mut(start);
        // The row above the first one is all zeros.
        let above = before.len().checked_sub(row).and_then(|at| before.get(at..));
        png_row(kind, current, above.unwrap_or_default(), pixel);
    }
    out
}

fn png_row(kind: u8, row: &mut [u8], above: &[u8], pixel: usize) {
    let up = |at: usize| above.get(at).copied().unwrap_or(0);
    match kind {
        1 => sub(row, pixel),
        2 => row.iter_mut().zip(above).for_each(|(byte, up)| *byte = byte.wrapping_add(*up)),
        3 | 4 => {
            for at in 0..row.len() {
                let left_at = at.checked_sub(pixel);
                let left = left_at.and_then(|at| row.get(at).copied()).unwrap_or(0);
                let up_left = left_at.map_or(0, up);
                let predicted = if kind == 3 {
                    u8::midpoint(left, up(at))
                } else {
                    paeth(left, up(at), up_left)
                };
                if let Some(byte) = row.get_mut(at) {
                    *byte = byte.wrapping_add(predicted);
                }
            }
        }
        _ => {}
    }
}

/// Adds to each byte the one `distance` before it.
fn sub(row: &mut [u8], distance: usize) {
    for at in distance..row.len() {
        row[at] = row[at].wrapping_add(row[at - distance]);
    }
}

fn paeth(left: u8, up: u8, up_left: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(up_left);
    let distance = |byte: u8| (estimate - i16::from(byte)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(up_left) {
        left
    } else if distance(up) <= distance(up_left) {
        up
    } else {
        up_left
    }
}
