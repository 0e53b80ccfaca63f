//! Lines of standard input.

use std::io::{self, BufRead, Read};

/// Longest line that is read, in bytes; twice what counts of a question.
const BYTES_MAX: u64 = 16 * 1024;

/// The next line without its end; `None` at the end of the input. The rest of a line that is too
/// long is passed over, and bytes that are no text become the sign for it.
pub(super) fn next(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = (&mut *input).take(BYTES_MAX).read_until(b'\n', &mut bytes)?;
    if read == 0 {
        return Ok(None);
    }
    if read as u64 == BYTES_MAX && bytes.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    let line = String::from_utf8_lossy(&bytes);
    Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_and_are_bounded() {
        let limit = BYTES_MAX as usize;
        let text = format!("one\r\n\n{}\n{}\nlast", "a".repeat(limit - 1), "b".repeat(limit + 9));
        let mut input = text.as_bytes();
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input).unwrap() {
            lines.push(line);
        }
        let lengths: Vec<usize> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [3, 0, limit - 1, limit, 4]);
        assert_eq!(next(&mut &b"\xff\n"[..]).unwrap().as_deref(), Some("\u{fffd}"));
    }
}
