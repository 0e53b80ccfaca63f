//! How a file says it is encrypted (ISO 32000-1, 7.6.1), whether or not that can be undone.

use lopdf::{Dictionary, Object};

use crate::inspect::EncryptionFacts;
use crate::pdf::objects::{Objects, as_dict};

/// What the encryption dictionary says; `None` where the file has none. How it was opened is for
/// the caller to add.
pub(in crate::pdf) fn encryption(objects: &Objects<'_>) -> Option<EncryptionFacts> {
    let dict = as_dict(objects.resolve(objects.document.trailer.get(b"Encrypt").ok()?)?)?;
    let handler = objects.name(dict, b"Filter").unwrap_or(b"Standard");
    let revision = objects.get(dict, b"R").and_then(|revision| revision.as_i64().ok());
    Some(EncryptionFacts {
        handler: String::from_utf8_lossy(handler).into_owned(),
        revision: revision.and_then(|revision| u32::try_from(revision).ok()),
        cipher: cipher(objects, dict),
        opened: None,
    })
}

/// The cipher of streams: by the version of the dictionary, or of the filter it names.
fn cipher(objects: &Objects<'_>, dict: &Dictionary) -> Option<String> {
    let integer = |key| objects.get(dict, key).and_then(|value| Object::as_i64(value).ok());
    let bits = || integer(b"Length").filter(|bits| (40..=256).contains(bits));
    match integer(b"V")? {
        1 => Some("RC4, 40 bits".to_owned()),
        2 | 3 => Some(format!("RC4, {} bits", bits().unwrap_or(40))),
        _ => {
            let name = objects.name(dict, b"StmF")?;
            let filter = objects.dict(objects.dict(dict, b"CF")?, name)?;
            match objects.name(filter, b"CFM")? {
                b"V2" => Some(format!("RC4, {} bits", bits().unwrap_or(128))),
                b"AESV2" => Some("AES, 128 bits".to_owned()),
                b"AESV3" => Some("AES, 256 bits".to_owned()),
                _ => None,
            }
        }
    }
}
