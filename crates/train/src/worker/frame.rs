//! The envelope of every message: what it is, how long, and a checksum.
//!
//! A library that prints to standard output, or a child that goes astray, must not be mistaken
//! for a reply; so nothing is read as one that does not begin with the mark and match its sum. The
//! sum is a CRC-32: it tells accidents, at little cost; malice would know any sum.

use std::io::{self, Read, Write};

/// Begins every frame.
const MARK: [u8; 4] = *b"jely";
/// Mark, kind, length, checksum.
pub(super) const HEADER_BYTES: usize = 4 + 1 + 8 + 4;

/// The longest word of progress, in bytes: two numbers and their names.
const PROGRESS_BYTES_MAX: u64 = 64;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Child to parent, once: ready, and under which limits.
    Hello,
    /// Parent to child: how to read the document that follows.
    Request,
    /// Parent to child: the bytes.
    Document,
    /// Child to parent: what was read.
    Reply,
    /// Child to parent, before a reply: how far it has come.
    Progress,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Hello, Self::Request, Self::Document, Self::Reply, Self::Progress];

    fn byte(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Request => 2,
            Self::Document => 3,
            Self::Reply => 4,
            Self::Progress => 5,
        }
    }
}

/// Bytes that are no frame of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("expected a frame, found {0:?}")]
    NoFrame(String),
    #[error("expected a frame of kind {expected:?}, found kind {found}")]
    Kind { expected: Kind, found: u8 },
    #[error("a frame of {found} bytes, limit {limit}")]
    TooLong { found: u64, limit: u64 },
    #[error("a frame does not match its checksum")]
    Checksum,
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// What stands before the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: usize,
    checksum: u32,
}

impl Header {
    /// The header of a payload, as it is sent.
    pub(super) fn bytes_of(kind: Kind, payload: &[u8]) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MARK);
        bytes[4] = kind.byte();
        bytes[5..13].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes[13..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        bytes
    }

    /// Reads the header of a frame that must be of `kind` and hold at most `length_max` bytes.
    pub(super) fn parse(
        bytes: &[u8; HEADER_BYTES],
        kind: Kind,
        length_max: u64,
    ) -> Result<Self, FrameError> {
        let [m0, m1, m2, m3, found, l0, l1, l2, l3, l4, l5, l6, l7, checksum @ ..] = *bytes;
        let checksum = u32::from_le_bytes(checksum);
        if [m0, m1, m2, m3] != MARK || !Kind::ALL.iter().any(|kind| kind.byte() == found) {
            return Err(FrameError::NoFrame(String::from_utf8_lossy(bytes).into_owned()));
        }
        if found != kind.byte() {
            return Err(FrameError::Kind { expected: kind, found });
        }
        let found = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]);
        match usize::try_from(found) {
            Ok(length) if found <= length_max => Ok(Self { length, checksum }),
            _ => Err(FrameError::TooLong { found, limit: length_max }),
        }
    }

    /// Reads the header of the next frame of a child that owes one of `kind`: that, or progress
    /// before a reply.
    pub(super) fn parse_next(
        bytes: &[u8; HEADER_BYTES],
        kind: Kind,
        length_max: u64,
    ) -> Result<(Kind, Self), FrameError> {
        match Self::parse(bytes, kind, length_max) {
            Err(FrameError::Kind { expected: Kind::Reply, found })
                if found == Kind::Progress.byte() =>
            {
                let header = Self::parse(bytes, Kind::Progress, PROGRESS_BYTES_MAX)?;
                Ok((Kind::Progress, header))
            }
            header => Ok((kind, header?)),
        }
    }

    /// Whether this is the header of `payload`.
    pub(super) fn check(self, payload: &[u8]) -> Result<(), FrameError> {
        let matches = payload.len() == self.length && crc32fast::hash(payload) == self.checksum;
        if matches { Ok(()) } else { Err(FrameError::Checksum) }
    }
}

/// Writes a frame.
pub(super) fn write(output: &mut impl Write, kind: Kind, payload: &[u8]) -> io::Result<()> {
    output.write_all(&Header::bytes_of(kind, payload))?;
    output.write_all(payload)?;
    output.flush()
}

/// Reads the payload of a frame of `kind`; `None` where the input ends before it begins.
pub(super) fn read(
    input: &mut impl Read,
    kind: Kind,
    length_max: u64,
) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER_BYTES];
    let Some((first, rest)) = header.split_first_mut() else { return Ok(None) };
    if input.read(std::slice::from_mut(first))? == 0 {
        return Ok(None);
    }
    input.read_exact(rest)?;
    let header = Header::parse(&header, kind, length_max)?;
    let mut payload = Vec::with_capacity(header.length);
    input.take(header.length as u64).read_to_end(&mut payload)?;
    header.check(&payload)?;
    Ok(Some(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, kind, payload).unwrap();
        bytes
    }

    #[test]
    fn frames_arrive_as_they_were_sent() {
        let sent = [frame(Kind::Request, b"how"), frame(Kind::Document, b"")].concat();
        let mut input = sent.as_slice();
        assert_eq!(read(&mut input, Kind::Request, 3).unwrap().unwrap(), b"how");
        assert_eq!(read(&mut input, Kind::Document, 0).unwrap().unwrap(), b"");
        assert_eq!(read(&mut input, Kind::Request, 9).unwrap(), None);
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let sent = frame(Kind::Reply, b"text");
        for at in 0..sent.len() {
            let mut damaged = sent.clone();
            damaged[at] ^= 0x20;
            assert!(read(&mut damaged.as_slice(), Kind::Reply, 1000).is_err(), "byte {at}");
            let cut = read(&mut &sent[..at], Kind::Reply, 1000);
            assert!(at == 0 || cut.is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_frame_of_another_kind_or_beyond_the_limit_is_refused() {
        let check = |kind, limit, expected: &str| {
            let error = read(&mut frame(Kind::Reply, b"text").as_slice(), kind, limit).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        assert!(read(&mut frame(Kind::Reply, b"text").as_slice(), Kind::Reply, 4).is_ok());
        check(Kind::Reply, 3, "4 bytes, limit 3");
        check(Kind::Hello, 4, "of kind Hello, found kind 4");
        let printed = read(&mut b"running 1 test of something\n".as_slice(), Kind::Hello, 9);
        assert!(printed.unwrap_err().to_string().contains("found \"running 1 test"));
    }

    #[test]
    fn progress_is_short() {
        let next = |bytes: u64| {
            let sent = frame(Kind::Progress, &vec![b' '; bytes as usize]);
            Header::parse_next(sent.first_chunk().unwrap(), Kind::Reply, 1000)
        };
        assert!(matches!(next(PROGRESS_BYTES_MAX), Ok((Kind::Progress, _))));
        let error = next(PROGRESS_BYTES_MAX + 1).err().unwrap().to_string();
        assert!(error.contains("65 bytes, limit 64"), "{error}");
    }
}
