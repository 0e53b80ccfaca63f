//! How much of anything a document may hold.

use crate::IngestError;

const MIB: usize = 1024 * 1024;

/// How much of a document is read, all inclusive: a document exactly at a limit is read wholly.
///
/// Beyond the size of a file or of its text a document is refused with
/// [`IngestError::TooLarge`]; beyond the limits of its parts the rest of it is left out, and the
/// document's warnings or its pages say which limit, what was found and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a PDF file; 50 MiB, the largest upload.
    pub pdf_bytes_max: usize,
    /// Bytes of a Markdown or plain text file; 10 MiB, about two million words: text is all
    /// content, so the same size holds far more of it than a PDF.
    pub text_bytes_max: usize,
    /// Pages of a PDF; 10,000.
    pub pages_max: usize,
    /// Bytes one PDF stream may decode to, at each of its filters; 32 MiB. What is beyond is left
    /// out.
    pub stream_bytes_max: usize,
    /// Bytes that go into and come out of all streams of one PDF, each time they are decoded; 1 GiB.
    /// Pages after that are left out.
    pub document_bytes_max: usize,
    /// Depth of containers: PDF objects and forms, Markdown quotes and lists; 100. Deeper
    /// Markdown keeps its text and loses the levels beyond.
    pub nesting_max: usize,
    /// Objects of a PDF; 1,000,000.
    pub objects_max: usize,
    /// Operations of one PDF page, those of its forms and annotations included; 20,000,000. A page
    /// of dense text has some ten thousand.
    pub operations_max: usize,
    /// Glyphs of one PDF page; 2,000,000. A dense newspaper page has some thirty thousand.
    pub glyphs_max: usize,
    /// Bytes of the canonical text; 256 MiB.
    pub output_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pdf_bytes_max: 50 * MIB,
            text_bytes_max: 10 * MIB,
            pages_max: 10_000,
            stream_bytes_max: 32 * MIB,
            document_bytes_max: 1024 * MIB,
            nesting_max: 100,
            objects_max: 1_000_000,
            operations_max: 20_000_000,
            glyphs_max: 2_000_000,
            output_bytes_max: 256 * MIB,
        }
    }
}

/// Refuses `found` beyond `limit`; `what` is a plural with its unit ("bytes of text").
pub(crate) fn check(what: &str, found: usize, limit: usize) -> Result<(), IngestError> {
    if found <= limit {
        return Ok(());
    }
    Err(IngestError::TooLarge { what: what.to_owned(), found: found as u64, limit: limit as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_inclusive() {
        assert_eq!(check("pages", 10, 10), Ok(()));
        let error = IngestError::TooLarge { what: "pages".into(), found: 11, limit: 10 };
        assert_eq!(check("pages", 11, 10), Err(error));
    }
}
