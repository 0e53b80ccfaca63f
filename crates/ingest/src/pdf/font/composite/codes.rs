//! The encoding of a composite font: where a code ends, and which CID it selects.

use std::sync::Arc;

use hayro_cmap::{CMap, CMapName, CidFamily, WritingMode};
use lopdf::{Dictionary, Object};

use crate::pdf::font::cmaps::{BYTES_MAX, predefined, read};
use crate::pdf::objects::Objects;

/// An encoding CMap.
pub(super) struct Codes {
    cmap: Arc<CMap>,
    kind: Kind,
    vertical: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Two bytes, the CID itself.
    Identity,
    /// The code is UCS-2 or UTF-16.
    Unicode,
    Other,
}

impl Codes {
    pub(super) fn read(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        let found = match objects.get(dict, b"Encoding") {
            Some(Object::Name(name)) => Some(Self::named(name)),
            Some(Object::Stream(stream)) => {
                let data = objects.decode(stream).ok();
                let bytes = data.as_ref().map_or(0, Vec::len);
                objects.record_limit("bytes of a CMap", bytes, BYTES_MAX);
                let cmap = data.and_then(|data| read(&data));
                let of_dict = objects.number(&stream.dict, b"WMode") == Some(1.0);
                cmap.map(|cmap| {
                    let vertical = of_dict || writes_vertically(&cmap);
                    Self { cmap: Arc::new(cmap), kind: Kind::Other, vertical }
                })
            }
            _ => None,
        };
        found.unwrap_or_else(|| Self::identity(false))
    }

    fn named(name: &[u8]) -> Self {
        let vertical = name.ends_with(b"-V") || name == b"V";
        if name.starts_with(b"Identity") {
            return Self::identity(vertical);
        }
        let is_unicode = [b"-UCS2-".as_slice(), b"-UTF16-"]
            .iter()
            .any(|part| memchr::memmem::find(name, part).is_some());
        match predefined(CMapName::from_bytes(name)) {
            Some(cmap) => {
                let kind = if is_unicode { Kind::Unicode } else { Kind::Other };
                Self { vertical: vertical || writes_vertically(&cmap), cmap, kind }
            }
            // Its codes are known to be Unicode even where its CIDs are not.
            None if is_unicode => Self { kind: Kind::Unicode, ..Self::identity(vertical) },
            None => Self::identity(vertical),
        }
    }

    fn identity(vertical: bool) -> Self {
        let cmap = if vertical { CMap::identity_v() } else { CMap::identity_h() };
        Self { cmap: Arc::new(cmap), kind: Kind::Identity, vertical }
    }

    pub(super) fn is_vertical(&self) -> bool {
        self.vertical
    }

    pub(super) fn is_identity(&self) -> bool {
        self.kind == Kind::Identity
    }

    /// The collection of the CIDs, where the CMap says it.
    pub(super) fn family(&self) -> Option<CidFamily> {
        self.cmap.metadata().character_collection.as_ref().map(|known| known.family.clone())
    }

    /// The first code of a string and how many bytes it takes, at least one.
    pub(super) fn first(&self, bytes: &[u8]) -> (u32, usize) {
        if let (Kind::Identity, Some(pair)) = (self.kind, bytes.first_chunk::<2>()) {
            return (u16::from_be_bytes(*pair).into(), 2);
        }
        let mut code = 0u32;
        for (&byte, length) in bytes.iter().zip(1..=4u8) {
            code = code << 8 | u32::from(byte);
            if self.cmap.lookup_cid_code(code, length).is_some() {
                return (code, length.into());
            }
        }
        let taken = self.unknown_length(bytes).clamp(1, bytes.len().max(1));
        (bytes.iter().take(taken).fold(0, |code, &byte| code << 8 | u32::from(byte)), taken)
    }

    /// Outside every range: one byte where the encoding has ASCII in one byte and this is of it,
    /// else two, as nearly all such fonts have.
    fn unknown_length(&self, bytes: &[u8]) -> usize {
        let ascii = bytes.first().is_some_and(u8::is_ascii);
        if ascii && self.cmap.lookup_cid_code(b' '.into(), 1).is_some() { 1 } else { 2 }
    }

    /// The CID of a code; 0, the glyph for what is missing, where it has none.
    pub(super) fn cid(&self, code: u32, code_bytes: usize) -> u32 {
        if self.kind == Kind::Identity {
            return if code_bytes == 2 { code } else { 0 };
        }
        self.cmap.lookup_cid_code(code, code_bytes as u8).unwrap_or(0)
    }

    /// The CID of a code of unknown length.
    pub(super) fn cid_of_any_length(&self, code: u32) -> u32 {
        let lengths = [2, 1, 3, 4];
        lengths.iter().find_map(|length| self.cmap.lookup_cid_code(code, *length)).unwrap_or(0)
    }

    /// The character a code is in an encoding of Unicode.
    pub(super) fn unicode(&self, code: u32) -> Option<char> {
        if self.kind != Kind::Unicode {
            return None;
        }
        let units = [(code >> 16) as u16, code as u16];
        let pair = char::decode_utf16(units).next()?.ok().filter(|_| units[0] != 0);
        let c = pair.or_else(|| char::from_u32(code & 0xFFFF))?;
        (!c.is_control()).then_some(c)
    }

    /// The code of the space in an encoding of Unicode.
    pub(super) fn code_of_space(&self) -> Option<u32> {
        (self.kind == Kind::Unicode).then_some(0x20)
    }
}

fn writes_vertically(cmap: &CMap) -> bool {
    cmap.metadata().writing_mode == Some(WritingMode::Vertical)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Codes {
        Codes::named(name.as_bytes())
    }

    #[test]
    fn identity_takes_two_bytes() {
        let codes = named("Identity-H");
        assert_eq!(codes.first(&[1, 2, 3]), (0x102, 2));
        assert_eq!(codes.first(&[7]), (7, 1));
        assert_eq!((codes.cid(0x102, 2), codes.cid(7, 1)), (0x102, 0));
        assert!(named("Identity-V").is_vertical());
        assert!(named("Identiy-V").is_vertical() && named("Identiy-H").is_identity());
    }

    #[test]
    fn codes_of_mixed_length_are_split() {
        let codes = named("90ms-RKSJ-H");
        assert_eq!(codes.first(b"A\x82\xA0"), (0x41, 1));
        assert_eq!(codes.first(b"\x82\xA0A"), (0x82A0, 2));
        assert_eq!(codes.first(&[0x01, 0x41]), (1, 1));
        assert_eq!(codes.first(&[0xFF]), (0xFF, 1));
    }

    #[test]
    fn predefined_vertical_encodings_are_known() {
        for name in ["V", "UniJIS-UCS2-V", "90ms-RKSJ-V", "GBK-EUC-V", "ETen-B5-V", "UniKS-UTF16-V"]
        {
            assert!(named(name).is_vertical(), "{name}");
        }
        for name in ["H", "EUC-H", "KSCms-UHC-H", "GBK-EUC-H"] {
            assert!(!named(name).is_vertical() && !named(name).is_identity(), "{name}");
        }
    }

    #[test]
    fn a_code_of_unicode_is_its_own_text() {
        let utf16 = named("UniJIS-UTF16-H");
        assert_eq!(utf16.unicode(0x6F22), Some('漢'));
        assert_eq!(utf16.unicode(0xD842_DFB7), Some('𠮷'));
        assert_eq!(utf16.unicode(0xD842), None);
        assert_eq!(utf16.unicode(3), None);
        assert_eq!(utf16.first(&[0x6F, 0x22]), (0x6F22, 2));
        assert_eq!(named("GBK-EUC-H").unicode(0x41), None);
        assert_eq!(named("UniJIS2004-UTF16-H").unicode(0x6F22), Some('漢'));
    }
}
