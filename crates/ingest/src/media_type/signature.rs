//! Formats that are recognised in order to be refused with advice.

use crate::IngestError;

const AS_PDF: &str = "export the document as PDF and upload that";
const UNPACK: &str = "unpack it and upload the documents in it";
const OCR: &str = "run OCR on it and upload the result as PDF";
const NO_WORDS: &str = "upload a document with text";

/// How a file of some format begins, what it is, and what to do instead.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "a zip archive (also .docx, .xlsx, .pptx, .odt, .epub)", AS_PDF),
    (b"PK\x05\x06", "an empty zip archive", AS_PDF),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Office document (.doc, .xls, .ppt)", AS_PDF),
    (b"{\\rtf", "an RTF document", AS_PDF),
    (b"%!PS", "a PostScript document", AS_PDF),
    (b"AT&TFORM", "a DjVu document", AS_PDF),
    (b"\x1F\x8B", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xFD7zXZ\0", "an xz archive", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1A\x07", "a RAR archive", UNPACK),
    (b"\x28\xB5\x2F\xFD", "a Zstandard archive", UNPACK),
    (b"\x89PNG\r\n", "a PNG image", OCR),
    (b"\xFF\xD8\xFF", "a JPEG image", OCR),
    (b"GIF87a", "a GIF image", OCR),
    (b"GIF89a", "a GIF image", OCR),
    (b"II*\0", "a TIFF image", OCR),
    (b"MM\0*", "a TIFF image", OCR),
    (b"\0\0\x01\0", "an icon", NO_WORDS),
    (b"RIFF", "an image, audio or video file", NO_WORDS),
    (b"OggS", "an audio or video file", NO_WORDS),
    (b"ID3", "an audio file", NO_WORDS),
    (b"fLaC", "an audio file", NO_WORDS),
    (b"\x1A\x45\xDF\xA3", "a video file", NO_WORDS),
    (b"\x7FELF", "a program", NO_WORDS),
    (b"\0asm", "a program", NO_WORDS),
    (b"\xCA\xFE\xBA\xBE", "a program", NO_WORDS),
    (b"\xCF\xFA\xED\xFE", "a program", NO_WORDS),
    (b"MZ", "a program", NO_WORDS),
    (b"SQLite format 3\0", "a database", "export its content as text and upload that"),
];

/// Signatures that a text could begin with too; they count only beside a NUL byte.
const WORDLIKE_BYTES_MAX: usize = 4;

/// How much is looked at for a NUL byte beside a wordlike signature.
const HEAD_BYTES: usize = 4096;

/// Refuses formats that are known by how they begin.
pub(super) fn refuse_known(bytes: &[u8]) -> Result<(), IngestError> {
    if bytes.get(257..262) == Some(b"ustar") {
        return Err(unsupported("a tar archive", UNPACK));
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Err(unsupported("an image or video file", NO_WORDS));
    }
    let known = SIGNATURES.iter().find(|(start, ..)| begins(bytes, start));
    known.map_or(Ok(()), |(_, found, advice)| Err(unsupported(found, advice)))
}

fn begins(bytes: &[u8], start: &[u8]) -> bool {
    let wordlike = start.len() <= WORDLIKE_BYTES_MAX && start.iter().all(u8::is_ascii_alphanumeric);
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    bytes.starts_with(start) && (!wordlike || head.contains(&0))
}

/// The refusal of bytes that are no text in any encoding: with a NUL byte, or with too many
/// [`controls`].
pub(super) fn binary(bytes: &[u8]) -> Option<IngestError> {
    if bytes.contains(&0) { Some(binary_data()) } else { controls(bytes) }
}

/// The refusal of what could be text but for the control characters on more than every eighth
/// place of its first kilobytes.
pub(super) fn controls(bytes: &[u8]) -> Option<IngestError> {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let is_control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let controls = head.iter().filter(is_control).count();
    (controls > head.len() / 8).then(binary_data)
}

fn binary_data() -> IngestError {
    unsupported("binary data", "if it is text, save it as UTF-8")
}

/// Refuses whole documents in HTML or XML: their layout is lost without a browser.
pub(super) fn refuse_markup(text: &str) -> Result<(), IngestError> {
    let begins = |start: &str| {
        let head = text.trim_start().as_bytes().get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    };
    if begins("<!doctype html") || begins("<html") {
        return Err(unsupported("an HTML page", "print the page to PDF and upload that"));
    }
    if begins("<?xml") || begins("<svg") {
        return Err(unsupported("an XML document", AS_PDF));
    }
    Ok(())
}

fn unsupported(found: &str, advice: &str) -> IngestError {
    IngestError::UnsupportedMediaType { found: found.to_owned(), advice: advice.to_owned() }
}
