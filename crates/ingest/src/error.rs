//! Why a document could not be read.

use std::fmt;

/// Why a document could not be read, in words for the person who uploaded it.
///
/// The text names the place within the file but not the file: the caller knows its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// There are no bytes.
    #[error("the file is empty (0 bytes): check the export or the upload and send it again")]
    Empty,
    /// The bytes are none of the formats that can be read.
    #[error("the file is {found}, not a PDF, Markdown or plain text file: {advice}")]
    UnsupportedMediaType {
        /// What the bytes look like, with its article ("a gzip archive").
        found: String,
        /// What to do instead.
        advice: String,
    },
    /// The text is behind a password or a cipher.
    #[error("the file is encrypted: {why}")]
    Encrypted {
        /// What is missing to open it.
        why: Encryption,
    },
    /// The bytes break the rules of their format beyond repair.
    #[error("the file is damaged: {what}{}", At(*.offset))]
    Damaged {
        /// What is wrong and what to do about it.
        what: String,
        /// Where, in bytes from the start of the file, if known.
        offset: Option<u64>,
    },
    /// The document was read and holds no text.
    #[error("{}", NoTextOn(.pages))]
    NoText {
        /// The pages without text, all there are, counted from 1; empty for a format without
        /// pages.
        pages: Vec<u32>,
    },
    /// The document exceeds a limit.
    #[error("the file holds {found} {what}, limit {limit}: split it, or raise the limit")]
    TooLarge {
        /// What there is too much of, a plural with its unit ("bytes of text", "pages").
        what: String,
        /// How much there is, or how much was seen before reading stopped.
        found: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// The parser itself failed; a fault of ours, not of the file.
    #[error("reading the file failed inside the parser: {message}; please report it")]
    Crashed {
        /// The message of the panic.
        message: String,
    },
}

impl IngestError {
    /// A stable name of the kind of failure, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::UnsupportedMediaType { .. } => "UNSUPPORTED_MEDIA_TYPE",
            Self::Encrypted { .. } => "ENCRYPTED",
            Self::Damaged { .. } => "DAMAGED",
            Self::NoText { .. } => "NO_TEXT",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::Crashed { .. } => "CRASHED",
        }
    }
}

/// What is missing to open an encrypted file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Encryption {
    /// It asks for a password and none was given.
    #[error("it needs a password; give the password, or save the file without one")]
    PasswordMissing,
    /// It asks for another password than the given one.
    #[error("the given password is wrong; check it, or save the file without a password")]
    PasswordWrong,
    /// It is encrypted in a way that cannot be undone here.
    #[error("its encryption ({0}) is not supported; save the file without encryption")]
    Unsupported(String),
}

/// The tail of a message that tells the place, where it is known.
struct At(Option<u64>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |offset| write!(f, " (at byte {offset})"))
    }
}

struct NoTextOn<'a>(&'a [u32]);

impl fmt::Display for NoTextOn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str(
                "no text in the file: it holds only blank space, comments or markup; \
                 check that the right file was uploaded",
            ),
            [page] => write!(f, "no text on the only page ({page}): {SCANNED}"),
            pages => {
                write!(f, "no text on any of {} pages ({}): {SCANNED}", pages.len(), Ranges(pages))
            }
        }
    }
}

const SCANNED: &str = "the file holds only images or drawings; run OCR on it and upload it again";

/// Page numbers in order, neighbours joined: `1-3, 7`.
pub(crate) struct Ranges<'a>(pub(crate) &'a [u32]);

impl fmt::Display for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.0.chunk_by(|left, right| left.checked_add(1) == Some(*right));
        for (index, run) in runs.enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            match run {
                [first, .., last] => write!(f, "{separator}{first}-{last}")?,
                [page] => write!(f, "{separator}{page}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: &IngestError, code: &str, message: &str) {
        assert_eq!(error.code(), code);
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_message_names_thing_place_numbers_and_remedy() {
        check(
            &IngestError::NoText { pages: vec![1, 2, 3] },
            "NO_TEXT",
            "no text on any of 3 pages (1-3): the file holds only images or drawings; \
             run OCR on it and upload it again",
        );
        check(
            &IngestError::TooLarge { what: "bytes of text".into(), found: 11, limit: 10 },
            "TOO_LARGE",
            "the file holds 11 bytes of text, limit 10: split it, or raise the limit",
        );
        check(
            &IngestError::Damaged { what: "no page tree".into(), offset: Some(17) },
            "DAMAGED",
            "the file is damaged: no page tree (at byte 17)",
        );
        check(
            &IngestError::Damaged { what: "no page tree".into(), offset: None },
            "DAMAGED",
            "the file is damaged: no page tree",
        );
        check(
            &IngestError::Encrypted { why: Encryption::PasswordMissing },
            "ENCRYPTED",
            "the file is encrypted: it needs a password; give the password, or save the file \
             without one",
        );
    }

    #[test]
    fn page_numbers_are_joined_to_ranges() {
        assert_eq!(Ranges(&[1, 2, 3, 7, 9, 10]).to_string(), "1-3, 7, 9-10");
        assert_eq!(Ranges(&[]).to_string(), "");
    }
}
