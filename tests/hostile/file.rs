//! PDFs written byte by byte.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// What every page says.
pub(super) const WORDS: &str = "The ferry leaves at noon";

/// A page's content that says it.
pub(super) const CONTENT: &str = "BT /F 12 Tf 72 700 Td (The ferry leaves at noon) Tj ET\n";

/// A file under construction.
#[derive(Clone, Default)]
pub(super) struct File {
    bytes: Vec<u8>,
    /// Numbers and places of the objects.
    places: Vec<(u32, usize)>,
}

impl File {
    /// A file of one page: catalog 1, page tree 2, page 3, content 4, font 5; more from 6 on.
    pub(super) fn page(content: impl AsRef<[u8]>) -> Self {
        Self::with("", "", "", content)
    }

    /// The same with entries of its catalog, page and resources.
    pub(super) fn with(
        catalog: &str,
        page: &str,
        resources: &str,
        content: impl AsRef<[u8]>,
    ) -> Self {
        Self { bytes: b"%PDF-1.7\n".to_vec(), places: Vec::new() }
            .object(1, format!("<</Type/Catalog/Pages 2 0 R{catalog}>>"))
            .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
            .object(
                3,
                format!(
                    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R\
                     /Resources<</Font<</F 5 0 R>>{resources}>>{page}>>"
                ),
            )
            .stream(4, "", content)
            .object(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    }

    pub(super) fn object(mut self, number: u32, body: impl AsRef<[u8]>) -> Self {
        self.places.push((number, self.bytes.len()));
        writeln!(self.bytes, "{number} 0 obj").unwrap();
        self.bytes.extend(body.as_ref());
        self.bytes.extend(b"\nendobj\n");
        self
    }

    pub(super) fn stream(self, number: u32, entries: &str, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref();
        let head = format!("<</Length {}{entries}>>\nstream\n", data.len());
        self.object(number, [head.as_bytes(), data, b"\nendstream"].concat())
    }

    /// A stream that inflates to `data`.
    pub(super) fn flate(self, number: u32, entries: &str, data: impl AsRef<[u8]>) -> Self {
        self.stream(number, &format!("/Filter/FlateDecode{entries}"), deflated(data.as_ref()))
    }

    /// Bytes that belong nowhere.
    pub(super) fn junk(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.bytes.extend(bytes.as_ref());
        self
    }

    /// The objects alone.
    pub(super) fn body(self) -> Vec<u8> {
        self.bytes
    }

    /// The objects, a table of them and a trailer.
    pub(super) fn end(self) -> Vec<u8> {
        self.end_with("/Root 1 0 R")
    }

    pub(super) fn end_with(mut self, trailer: &str) -> Vec<u8> {
        let start = self.bytes.len();
        let mut tail = "xref\n0 1\n0000000000 65535 f \n".to_owned();
        for (number, place) in &self.places {
            write!(tail, "{number} 1\n{place:010} 00000 n \n").unwrap();
        }
        write!(tail, "trailer\n<</Size 99{trailer}>>\nstartxref\n{start}\n%%EOF\n").unwrap();
        self.bytes.extend(tail.as_bytes());
        self.bytes
    }
}

pub(super) fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// `bytes` with the first `from` in it replaced, which must be there.
#[track_caller]
pub(super) fn replaced(bytes: &[u8], from: &str, to: impl AsRef<[u8]>) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("no {from:?}"));
    [&bytes[..at], to.as_ref(), &bytes[at + from.len()..]].concat()
}
