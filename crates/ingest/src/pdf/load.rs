//! Opening the file: object loading by lopdf, encryption, document information.

use std::collections::BTreeMap;

use lopdf::LoadOptions;

use crate::error::Encryption;
use crate::pdf::Reading;
use crate::pdf::objects::{Objects, as_dict};
use crate::{Config, IngestError};

/// Loads the objects of a PDF and decrypts them with the empty password, or else with the
/// configured one.
pub(super) fn load(bytes: &[u8], config: &Config) -> Result<lopdf::Document, IngestError> {
    match (load_with(bytes, None, config), &config.password) {
        (Err(IngestError::Encrypted { why: Encryption::PasswordMissing }), Some(password)) => {
            load_with(bytes, Some(password), config)
        }
        (loaded, _) => loaded,
    }
}

fn load_with(
    bytes: &[u8],
    password: Option<&str>,
    config: &Config,
) -> Result<lopdf::Document, IngestError> {
    let options = LoadOptions {
        password: password.map(str::to_owned),
        max_decompressed_size: Some(config.limits.stream_bytes_max),
        ..LoadOptions::default()
    };
    let wrong = || match password {
        Some(_) => Encryption::PasswordWrong,
        None => Encryption::PasswordMissing,
    };
    let document = match lopdf::Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        Err(lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_)) => {
            return Err(IngestError::Encrypted { why: wrong() });
        }
        Err(lopdf::Error::UnsupportedSecurityHandler(name)) => {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(IngestError::Encrypted { why: Encryption::Unsupported(name) });
        }
        Err(error) => return Err(damaged(bytes, &error)),
    };
    // A password that does not open the file leaves it as it was, without an error.
    if document.is_encrypted() {
        Err(IngestError::Encrypted { why: wrong() })
    } else {
        Ok(document)
    }
}

fn damaged(bytes: &[u8], error: &lopdf::Error) -> IngestError {
    let tail = &bytes[bytes.len().saturating_sub(2048)..];
    let advice = if memchr::memmem::find(tail, b"%%EOF").is_none() {
        "its end is missing; upload it again, the transfer may have been cut off"
    } else {
        "open it in a viewer and export it again"
    };
    let offset = match error {
        lopdf::Error::IndirectObject { offset } | lopdf::Error::InvalidOffset(offset) => {
            Some(*offset as u64)
        }
        _ => None,
    };
    let what = match error {
        // lopdf's word for a read that runs past the end or into something unexpected.
        lopdf::Error::IO(_) => "its cross-reference table or trailer cannot be read".to_owned(),
        lopdf::Error::Unimplemented(_) => {
            "it is compressed in a way that cannot be read here".to_owned()
        }
        other => other.to_string(),
    };
    IngestError::Damaged { what: format!("{what}; {advice}"), offset }
}

/// The better of two readings: the one with more text, the first of equals. Of two failures the
/// second if it says that a password is wrong or missing, else the first.
pub(super) fn better(
    first: Result<Reading, IngestError>,
    second: Result<Reading, IngestError>,
) -> Result<Reading, IngestError> {
    match (&first, &second) {
        (Ok(one), Ok(other)) if other.document.text.len() > one.document.text.len() => second,
        (Ok(_), _) => first,
        (Err(_), Ok(_)) => second,
        (Err(_), Err(IngestError::Encrypted { .. })) => second,
        // Pages without text are better than none.
        (Err(IngestError::Damaged { .. }), Err(IngestError::NoText { .. })) => second,
        (Err(_), Err(_)) => first,
    }
}

/// The document information dictionary (ISO 32000-1, 14.3.3), keys in lower case.
pub(super) fn information(objects: &Objects<'_>) -> BTreeMap<String, String> {
    let info = objects.document.trailer.get(b"Info").ok();
    let info = info.and_then(|info| objects.resolve(info)).and_then(as_dict);
    let keys = ["Title", "Author", "Subject", "Keywords", "CreationDate", "ModDate"];
    let entry = |key: &str| Some((key.to_lowercase(), objects.text(info?, key.as_bytes())?));
    keys.into_iter().filter_map(entry).collect()
}
