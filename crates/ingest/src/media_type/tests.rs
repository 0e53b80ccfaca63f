use super::*;

fn check(bytes: impl AsRef<[u8]>, expected: &str) {
    let shown = match media_type(bytes.as_ref()) {
        Ok(media_type) => media_type.as_str().to_owned(),
        Err(error) => format!("{}: {error}", error.code()),
    };
    assert_eq!(shown, expected, "{:?}", String::from_utf8_lossy(bytes.as_ref()));
}

fn check_refused(bytes: &[u8], found: &str) {
    let Err(IngestError::UnsupportedMediaType { found: shown, .. }) = media_type(bytes) else {
        panic!("not refused: {bytes:?}");
    };
    assert!(shown.contains(found), "{shown}");
}

#[test]
fn a_pdf_is_known_by_its_header_in_the_first_kilobyte() {
    let late = |junk: usize| [vec![0xFE; junk], b"%PDF-1.7".to_vec()].concat();
    check(b"%PDF-1.4", "application/pdf");
    check(late(1), "application/pdf");
    check(late(1023), "application/pdf");
    assert!(media_type(&late(1025)).is_err());
    check("HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n1 0 obj\n<<>>", "application/pdf");
}

#[test]
fn a_pdf_without_its_header_is_known_by_its_objects() {
    check("%PDF.1.4\n1 0 obj 5 endobj", "application/pdf");
    check(" 1 0 obj<<>> endobj", "application/pdf");
    check(b"\xFE\xFF\xFEm\n1 0 obj<<>> endobj", "application/pdf");
    check_refused(b"PK\x03\x04 1 0 obj<<>> endobj", "zip");
    check("An object begins with 1 0 obj and ends with endobj.", "text/plain");
    check("1 0 objections", "text/plain");
}

#[test]
fn a_text_about_pdf_headers_is_text() {
    check("# Headers\n\nA file begins with `%PDF-1.7`.", "text/markdown");
    check("A header is\n%PDF-1.7 and so on", "text/plain");
}

#[test]
fn other_formats_are_refused_by_name_with_advice() {
    check(
        b"PK\x03\x04rest",
        "UNSUPPORTED_MEDIA_TYPE: the file is a zip archive (also .docx, .xlsx, .pptx, .odt, \
         .epub), not a PDF, Markdown or plain text file: export the document as PDF and upload \
         that",
    );
    check_refused(b"\x89PNG\r\n\x1A\n", "PNG");
    check_refused(b"\xFF\xD8\xFF\xE0", "JPEG");
    check_refused(b"\x1F\x8B\x08", "gzip");
    check_refused(b"\x7FELF\x02", "program");
    check_refused(b"MZ\x90\0", "program");
    check_refused(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0", "old Office");
    check_refused(b"{\\rtf1 hello}", "RTF");
    check_refused(b"\n<!DOCTYPE HTML><p>hi", "HTML");
    check_refused(b"\x01\x02\x03\xFF\x04", "binary");
    check_refused(b"\0text\0and\0more\0of\0it", "binary");
    check_refused(b"K\xE4se and a \0", "binary");
}

#[test]
fn words_that_look_like_signatures_are_text() {
    check("MZ is a country code", "text/plain");
    check("RIFF raff", "text/plain");
    check("ID3 tags", "text/plain");
}

#[test]
fn an_empty_file_and_a_foreign_encoding_are_told_apart() {
    check(
        "",
        "EMPTY: the file is empty (0 bytes): check the export or the upload and send it \
               again",
    );
    check(
        b"# \xCF\xF0\xE8\xE2\xE5\xF2",
        "DAMAGED: the file is damaged: byte 0xCF on line 1 is not UTF-8; save the file as UTF-8 \
         (at byte 2)",
    );
}

#[test]
fn texts_that_need_a_warning_are_texts() {
    check(b"# Caf\xE9 au lait", "text/markdown");
    check(b"h\0e\0l\0l\0o\0", "text/plain");
    check(b"text and a \0", "text/plain");
}

#[test]
fn markdown_is_known_by_one_strong_sign_or_two_weak_ones() {
    for strong in [
        "# Title",
        "Title\n=====",
        "```\ncode\n```",
        "a | b\n--|--\n1 | 2",
        "see [here](there.md)",
        "[a]: https://example.org",
        "---\ntitle: x\n---\nbody",
        "<!-- hidden -->\ntext",
        "- a list\n- with **bold** words",
    ] {
        check(strong, "text/markdown");
        check(format!("\u{FEFF}{strong}"), "text/markdown");
    }
    for plain in [
        "Just a sentence.\nAnd another.",
        "- a list\n- of two",
        "1. a\n2. b",
        "C# and #hashtag",
        "2 * 3 ** 4",
        "-----\nnot an underline",
        "Total: 3 | 4",
        "\n \n",
    ] {
        check(plain, "text/plain");
    }
    check(b"\xFF\xFE#\0 \0a\0", "text/markdown");
}
