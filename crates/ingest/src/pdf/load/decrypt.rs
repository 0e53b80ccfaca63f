//! Decryption by the standard security handler (ISO 32000-1, 7.6), for files whose encryption
//! dictionary is less than perfect. The keys and ciphers are lopdf's; what is encrypted with
//! which of them is decided here.

use std::sync::Arc;

use aes::cipher::{Block, BlockModeDecrypt, KeyIvInit};
use lopdf::encryption::crypt_filters::CryptFilter;
use lopdf::{Dictionary, EncryptionState, Object, ObjectId, Stream, StringFormat};

use crate::IngestError;
use crate::error::Encryption;
use crate::inspect::Opened;
use crate::pdf::objects::Objects;

/// Containers within containers that are decrypted; the reader builds none deeper.
const DEPTH_MAX: usize = 128;
const AES_BLOCK_BYTES: usize = 16;
/// Bytes of the passwords' hashes up to revision 4.
const HASH_BYTES: usize = 32;

/// The keys of one file.
pub(super) struct Keys {
    state: EncryptionState,
    /// With which password.
    pub(super) opened: Opened,
    streams: Arc<dyn CryptFilter>,
    strings: Arc<dyn CryptFilter>,
}

/// Finds the keys of an encrypted file with the empty password, or else with the given one.
/// `None` where nothing is encrypted but attachments.
pub(super) fn keys(
    objects: &Objects<'_>,
    encrypt: &Dictionary,
    id: Option<&Object>,
    password: Option<&str>,
) -> Result<Option<Keys>, IngestError> {
    let encrypt = Object::Dictionary(resolved(objects, encrypt));
    let Object::Dictionary(encrypt) = encrypt else { return Ok(None) };
    let handler = encrypt.get(b"Filter").and_then(Object::as_name).unwrap_or(b"Standard");
    if handler != b"Standard" {
        let name = String::from_utf8_lossy(handler).into_owned();
        return Err(IngestError::Encrypted { why: Encryption::Unsupported(name) });
    }
    let encrypt = normalized(encrypt);
    if leaves_text_alone(&encrypt) {
        return Ok(None);
    }
    let file = file_of(objects, encrypt, id);
    let given = password.map(|password| (password, Opened::GivenPassword));
    for (password, opened) in [("", Opened::EmptyPassword)].into_iter().chain(given) {
        if let Some(state) = unlocked(&file, password)? {
            let (streams, strings) = (state.get_stream_filter(), state.get_string_filter());
            return Ok(Some(Keys { state, opened, streams, strings }));
        }
    }
    let why = password.map_or(Encryption::PasswordMissing, |_| Encryption::PasswordWrong);
    Err(IngestError::Encrypted { why })
}

/// The state a password unlocks; `None` where it is not the password.
fn unlocked(
    file: &lopdf::Document,
    password: &str,
) -> Result<Option<EncryptionState>, IngestError> {
    use lopdf::encryption::DecryptionError::{IncorrectPassword, StringPrep};
    let unlocked = file.authenticate_password(password).and_then(|()| {
        let algorithm = lopdf::encryption::PasswordAlgorithm::try_from(file)?;
        EncryptionState::decode(file, algorithm.sanitize_password(password)?)
    });
    match unlocked {
        Ok(state) => Ok(Some(state)),
        Err(lopdf::Error::Decryption(IncorrectPassword | StringPrep(_))) => Ok(None),
        Err(error) => {
            let why = Encryption::Unsupported(error_text(&error));
            Err(IngestError::Encrypted { why })
        }
    }
}

fn error_text(error: &lopdf::Error) -> String {
    match error {
        lopdf::Error::Decryption(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

/// The dictionary with every value in place, two levels deep as `CF` is.
fn resolved(objects: &Objects<'_>, dict: &Dictionary) -> Dictionary {
    fn level(objects: &Objects<'_>, dict: &Dictionary, depth: u32) -> Dictionary {
        let mut copy = Dictionary::new();
        for (key, value) in dict {
            let value = match objects.document.dereference(value) {
                Ok((_, Object::Dictionary(inner))) if depth > 0 => {
                    Object::Dictionary(level(objects, inner, depth - 1))
                }
                Ok((_, value)) => value.clone(),
                Err(_) => continue,
            };
            copy.set(key.clone(), value);
        }
        copy
    }
    level(objects, dict, 2)
}

/// Makes an encryption dictionary what lopdf takes: key lengths in bits and only where they are
/// free, hashes of the right size, whole numbers.
fn normalized(mut dict: Dictionary) -> Dictionary {
    let integer = |dict: &Dictionary, key: &[u8]| {
        dict.get(key).ok().and_then(|value| {
            let real = value.as_float().ok().map(|real| real as i64);
            value.as_i64().ok().or(real)
        })
    };
    let revision = integer(&dict, b"R");
    let version = integer(&dict, b"V").filter(|&version| version != 0).unwrap_or(match revision {
        Some(2) => 1,
        Some(3) => 2,
        Some(5 | 6) => 5,
        _ => 4,
    });
    let revision = revision.unwrap_or(match version {
        1 => 2,
        4 => 4,
        5 => 6,
        _ => 3,
    });
    let bits = match integer(&dict, b"Length") {
        // Some producers count bytes.
        Some(bytes @ 5..=16) => bytes * 8,
        Some(bits) if (40..=128).contains(&bits) && bits % 8 == 0 => bits,
        _ => 40,
    };
    // RC4 everywhere, with a key shorter than lopdf takes for version 4, is what version 2 is.
    let version =
        if version == 3 || (version == 4 && is_short_rc4(&dict, bits)) { 2 } else { version };
    dict.remove(b"Length");
    if version == 2 {
        dict.set("Length", bits);
    }
    dict.set("V", version);
    dict.set("R", revision);
    dict.set("Filter", Object::Name(b"Standard".to_vec()));
    dict.set("P", integer(&dict, b"P").unwrap_or(-1));
    if dict.get(b"EncryptMetadata").and_then(Object::as_bool).is_err() {
        dict.remove(b"EncryptMetadata");
    }
    let hashes: &[(&str, usize)] = if revision >= 5 {
        &[("OE", 32), ("UE", 32), ("Perms", 16)]
    } else {
        &[("O", HASH_BYTES), ("U", HASH_BYTES)]
    };
    for &(key, bytes) in hashes {
        let mut hash = dict.get(key.as_bytes()).and_then(Object::as_str).unwrap_or(b"").to_vec();
        hash.resize(bytes, 0);
        dict.set(key, Object::String(hash, StringFormat::Literal));
    }
    dict
}

/// Whether strings and streams are both encrypted by RC4 with a key of less than 128 bits.
fn is_short_rc4(encrypt: &Dictionary, bits: i64) -> bool {
    let method = |key: &[u8]| {
        let name = encrypt.get(key).and_then(Object::as_name)?;
        let filters = encrypt.get(b"CF").and_then(Object::as_dict)?;
        filters.get(name)?.as_dict()?.get(b"CFM")?.as_name()
    };
    let is_rc4 = |key: &[u8]| method(key).is_ok_and(|method| method == b"V2");
    encrypt.has(b"Length") && bits < 128 && is_rc4(b"StmF") && is_rc4(b"StrF")
}

/// Whether strings and streams are both plain: only attached files are encrypted, or nothing.
fn leaves_text_alone(encrypt: &Dictionary) -> bool {
    let version = encrypt.get(b"V").and_then(Object::as_i64).unwrap_or(0);
    let is_identity = |key: &[u8]| {
        encrypt.get(key).and_then(Object::as_name).is_ok_and(|name| name == b"Identity")
            || !encrypt.has(key)
    };
    version >= 4 && is_identity(b"StmF") && is_identity(b"StrF")
}

/// A file of nothing but what the security handler reads.
fn file_of(objects: &Objects<'_>, encrypt: Dictionary, id: Option<&Object>) -> lopdf::Document {
    let first = id.and_then(|id| objects.document.dereference(id).ok());
    let first = first.and_then(|(_, id)| id.as_array().ok()).and_then(|parts| parts.first());
    let first = first.and_then(|part| objects.document.dereference(part).ok());
    let first = first.and_then(|(_, part)| part.as_str().ok()).unwrap_or(b"").to_vec();
    let mut file = lopdf::Document::new();
    let encrypt = file.add_object(encrypt);
    file.trailer.set("Encrypt", encrypt);
    file.trailer.set("ID", vec![Object::String(first, StringFormat::Literal)]);
    file
}

impl Keys {
    /// Decrypts an object in place; what cannot be decrypted becomes empty.
    pub(super) fn decrypt(&self, id: ObjectId, object: &mut Object) {
        if object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"XRef")) {
            return;
        }
        self.decrypt_within(id, object, 0);
    }

    fn decrypt_within(&self, id: ObjectId, object: &mut Object, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match object {
            Object::String(bytes, _) => *bytes = self.plain(&*self.strings, id, bytes),
            Object::Array(items) => {
                for item in items {
                    self.decrypt_within(id, item, depth + 1);
                }
            }
            Object::Dictionary(dict) => self.decrypt_dict(id, dict, depth),
            Object::Stream(stream) => {
                if let Some(filter) = self.stream_filter(stream) {
                    let plain = self.plain(&*filter, id, &stream.content);
                    stream.set_content(plain);
                }
                self.decrypt_dict(id, &mut stream.dict, depth);
            }
            _ => {}
        }
    }

    fn decrypt_dict(&self, id: ObjectId, dict: &mut Dictionary, depth: usize) {
        for (_, value) in dict.iter_mut() {
            self.decrypt_within(id, value, depth + 1);
        }
    }

    /// How a stream is encrypted: by its own `Crypt` filter or as all are; `None` if it is plain.
    fn stream_filter(&self, stream: &Stream) -> Option<Arc<dyn CryptFilter>> {
        if stream.dict.has_type(b"Metadata") && !self.state.encrypt_metadata() {
            return None;
        }
        let own = match stream.dict.get(b"Filter") {
            Ok(Object::Array(filters)) => filters.first().is_some_and(is_crypt),
            Ok(filter) => is_crypt(filter),
            Err(_) => false,
        };
        if !own {
            return Some(Arc::clone(&self.streams));
        }
        let params = match stream.dict.get(b"DecodeParms") {
            Ok(Object::Array(params)) => params.first().and_then(|params| params.as_dict().ok()),
            Ok(params) => params.as_dict().ok(),
            Err(_) => None,
        };
        let name = params.and_then(|params| params.get(b"Name").ok()?.as_name().ok());
        self.state.crypt_filters().get(name?).cloned()
    }

    fn plain(&self, filter: &dyn CryptFilter, id: ObjectId, bytes: &[u8]) -> Vec<u8> {
        let Ok(key) = filter.compute_key(self.state.file_encryption_key(), id) else {
            return Vec::new();
        };
        // Only AES can fail, whose chain of blocks must end with a padding.
        let damaged = || match filter.method() {
            b"AESV3" => chained_blocks::<cbc::Decryptor<aes::Aes256>>(&key, bytes),
            _ => chained_blocks::<cbc::Decryptor<aes::Aes128>>(&key, bytes),
        };
        filter.decrypt(&key, bytes).ok().or_else(damaged).unwrap_or_default()
    }
}

/// Decrypts the whole blocks there are, padding and all: lopdf gives nothing of what does not end
/// as it should.
fn chained_blocks<C: BlockModeDecrypt + KeyIvInit>(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let (start, data) = bytes.split_at_checked(AES_BLOCK_BYTES)?;
    let mut cipher = C::new_from_slices(key, start).ok()?;
    let mut plain = data.to_vec();
    let mut blocks = plain.chunks_exact_mut(AES_BLOCK_BYTES);
    for block in &mut blocks {
        cipher.decrypt_block(<&mut Block<C>>::try_from(block).ok()?);
    }
    let rest = blocks.into_remainder().len();
    plain.truncate(plain.len() - rest);
    Some(plain)
}

fn is_crypt(filter: &Object) -> bool {
    filter.as_name().is_ok_and(|name| name == b"Crypt")
}

#[cfg(test)]
mod tests {
    use lopdf::encryption::DecryptionError;

    use super::*;

    /// Decrypts everything to one word.
    #[derive(Debug)]
    struct Plain;

    impl CryptFilter for Plain {
        fn method(&self) -> &[u8] {
            b"Plain"
        }

        fn compute_key(&self, key: &[u8], _: ObjectId) -> Result<Vec<u8>, DecryptionError> {
            Ok(key.to_vec())
        }

        fn encrypt(&self, _: &[u8], bytes: &[u8]) -> Result<Vec<u8>, DecryptionError> {
            Ok(bytes.to_vec())
        }

        fn decrypt(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, DecryptionError> {
            Ok(b"plain".to_vec())
        }
    }

    #[test]
    fn containers_within_containers_are_decrypted_to_a_depth() {
        let (streams, strings) = (Arc::new(Plain), Arc::new(Plain));
        let (state, opened) = (EncryptionState::default(), Opened::EmptyPassword);
        let keys = Keys { state, opened, streams, strings };
        let decrypted = |depth: usize| {
            let secret = Object::string_literal("secret");
            let mut object = (0..depth).fold(secret, |inner, _| vec![inner].into());
            keys.decrypt((1, 0), &mut object);
            let mut inner = &object;
            while let Object::Array(items) = inner {
                inner = &items[0];
            }
            inner.as_str().unwrap().to_vec()
        };
        assert_eq!(decrypted(DEPTH_MAX), b"plain");
        assert_eq!(decrypted(DEPTH_MAX + 1), b"secret");
    }
}
