//! What the bytes are, read from their content and never from a name.
//!
//! In order: a PDF header, the signature of some format that cannot be read (named in the error,
//! with what to do instead), then text. Text is Markdown if its first [`SAMPLE_BYTES`] show
//! enough of the signs listed at [`signs::markdown_signs`], else plain text. The two differ in what a
//! line end means, so a wrong guess costs some layout and never a word.

use document::MediaType;
use memchr::memmem;

use crate::{IngestError, encoding};

mod signature;
mod signs;

/// Where the header of a PDF must begin: bytes of junk before it are common.
const PDF_HEADER_BYTES: usize = 1024;

/// How much of a text is looked at for signs of Markdown.
const SAMPLE_BYTES: usize = 256 * 1024;

/// Weight of signs from which a text is Markdown: one that hardly occurs otherwise, or two that
/// do.
const SIGNS_MIN: u32 = 2;

/// What the bytes are, by content only. Linear at worst; a fraction of a parse.
///
/// # Errors
///
/// [`IngestError::Empty`] without bytes, [`IngestError::UnsupportedMediaType`] for what is
/// neither PDF nor text, [`IngestError::Damaged`] for text in an encoding that is not read.
pub fn media_type(bytes: &[u8]) -> Result<MediaType, IngestError> {
    if bytes.is_empty() {
        return Err(IngestError::Empty);
    }
    if is_pdf(bytes) {
        return Ok(MediaType::Pdf);
    }
    signature::refuse_known(bytes)?;
    if is_headless_pdf(bytes) {
        return Ok(MediaType::Pdf);
    }
    let text = match encoding::decode(bytes) {
        Err(error) => return Err(signature::binary(bytes).unwrap_or(error)),
        Ok(decoded) => decoded.text,
    };
    if let Some(binary) = signature::controls(text.as_bytes()) {
        return Err(binary);
    }
    signature::refuse_markup(&text)?;
    let weight = signs::markdown_signs(sample(&text));
    Ok(if weight >= SIGNS_MIN { MediaType::Markdown } else { MediaType::PlainText })
}

/// A header within the first kilobyte; inside of text only where a line of its own begins a
/// file with objects, for a text may well talk about PDF headers.
fn is_pdf(bytes: &[u8]) -> bool {
    let head = bytes.get(..PDF_HEADER_BYTES + 4).unwrap_or(bytes);
    let Some(at) = memmem::find(head, b"%PDF-") else { return false };
    let begins_line = at == 0 || matches!(head.get(at - 1), Some(b'\n' | b'\r'));
    at == 0 || (begins_line && memmem::find(bytes, b" obj").is_some()) || !encoding::is_sound(bytes)
}

/// Objects of a PDF whose header is damaged or cut off: in bytes that are no text, or where the
/// file begins with one.
fn is_headless_pdf(bytes: &[u8]) -> bool {
    let holds = |word: &[u8]| memmem::find(bytes, word).is_some();
    let start = bytes.trim_ascii_start();
    let header = start.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let mut words = header.take(3);
    let mut number = || words.next().is_some_and(|word| word.iter().all(u8::is_ascii_digit));
    let begins_with_object =
        number() && number() && words.next().is_some_and(|word| word.starts_with(b"obj"));
    holds(b"endobj")
        && holds(b" obj")
        && (begins_with_object || start.starts_with(b"%PDF") || !encoding::is_sound(bytes))
}

/// The first whole characters of a text, up to the sample size.
fn sample(text: &str) -> &str {
    &text[..text.floor_char_boundary(SAMPLE_BYTES)]
}

#[cfg(test)]
mod tests;
