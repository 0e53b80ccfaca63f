//! The filters that write bytes as text; characters that are none of theirs are passed over.

use super::{Decoded, Shortfall};

/// ASCII85 (ISO 32000-1, 7.4.3).
pub(super) fn base85(input: &[u8], limit: usize) -> Decoded {
    let input = input.trim_ascii_start();
    let input = input.strip_prefix(b"<~").unwrap_or(input);
    let (mut bytes, mut group, mut digits) = (Vec::new(), 0u32, 0usize);
    for &byte in input {
        if bytes.len() > limit {
            return Decoded { bytes, shortfall: Some(Shortfall::TooLarge) };
        }
        match byte {
            b'~' => break,
            b'z' if digits == 0 => bytes.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                digits += 1;
                if digits == 5 {
                    bytes.extend_from_slice(&group.to_be_bytes());
                    (group, digits) = (0, 0);
                }
            }
            _ => {}
        }
    }
    for _ in digits..5 {
        group = group.wrapping_mul(85).wrapping_add(84);
    }
    bytes.extend(group.to_be_bytes().iter().take(digits.saturating_sub(1)));
    Decoded { bytes, shortfall: None }
}

/// ASCIIHex (ISO 32000-1, 7.4.2); a missing last digit is 0.
pub(super) fn hex(input: &[u8], limit: usize) -> Decoded {
    let end = memchr::memchr(b'>', input).unwrap_or(input.len());
    // Two digits a byte, blank space aside.
    let mut bytes = Vec::with_capacity((end / 2).min(limit));
    crate::pdf::content::decode_hex(input.get(..end).unwrap_or_default(), &mut bytes);
    Decoded { bytes, shortfall: None }
}
