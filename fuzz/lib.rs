//! What the fuzz targets share: small PDFs around the bytes under test, and what must hold of
//! every document that is read.
//!
//! The bytes reach the inner parsers (content streams, CMaps, font programs) the way they do in
//! life, inside a file; so nothing of `ingest` has to be public for this.

use ingest::{Chunking, Config, Limits};

const MIB: usize = 1024 * 1024;

/// Less of everything, so that a run is short.
pub fn config() -> Config {
    let limits = Limits {
        stream_bytes_max: MIB,
        document_bytes_max: 16 * MIB,
        output_bytes_max: 4 * MIB,
        pages_max: 50,
        ..Limits::default()
    };
    Config { limits, ..Config::default() }
}

/// Reads a file: it is refused, or its chunks are its text and its blocks lie in it.
///
/// # Panics
///
/// Where that does not hold, or the parser panics.
pub fn read(bytes: &[u8]) {
    let Ok(document) = ingest::parse(bytes, &config()) else { return };
    let chunks = ingest::chunk(&document, Chunking::default());
    let text: String = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    assert!(text == document.text, "chunks do not tile the text");
    assert!(document.blocks.iter().all(|block| block.span.of(&document.text).is_some()));
}

/// A PDF of one page under construction; object 1 is its catalog, 2 the page tree, 3 the page.
pub struct Pdf(Vec<u8>);

impl Pdf {
    /// A page whose resources are these.
    pub fn new(resources: &str) -> Self {
        let page = format!(
            "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
             2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
             3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R\
             /Resources<<{resources}>>>>endobj\n"
        );
        Self(page.into_bytes())
    }

    /// Adds an object.
    pub fn object(mut self, number: u32, value: &str) -> Self {
        self.0.extend(format!("{number} 0 obj{value}endobj\n").into_bytes());
        self
    }

    /// Adds a stream.
    pub fn stream(mut self, number: u32, entries: &str, bytes: &[u8]) -> Self {
        let head = format!("{number} 0 obj<<{entries}/Length {}>>stream\n", bytes.len());
        self.0.extend(head.into_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\nendstream endobj\n");
        self
    }

    /// The file.
    pub fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"trailer<</Root 1 0 R>>\n%%EOF\n");
        self.0
    }
}

/// A content stream that shows every code of one byte in the font `F`, and `codes` of two bytes
/// in `G`.
pub fn all_codes(codes: u16) -> Vec<u8> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let one: Vec<u8> = (0..=255).collect();
    let two: Vec<u8> = (0..codes).flat_map(u16::to_be_bytes).collect();
    format!("BT 9 TL 50 700 Td /F 9 Tf <{}> Tj T* /G 9 Tf <{}> Tj ET", hex(&one), hex(&two))
        .into_bytes()
}
