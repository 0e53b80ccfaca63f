//! API keys: `jt_live_`, 30 characters of base 62, 6 of a checksum.

use std::fmt;

use blake3::Hasher;

const PREFIX: &str = "jt_live_";

/// Characters that carry the secret: 30 of base 62 are 178 bits.
const SECRET_LEN: usize = 30;

/// Characters of the checksum: 6 of base 62 hold the 32 bits of a CRC.
const CHECKSUM_LEN: usize = 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key in the clear. Shown once, and never logged: it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey(…{})", self.hint())
    }
}

/// The system gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoRandomness(#[from] getrandom::Error);

impl ApiKey {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut secret = String::with_capacity(SECRET_LEN);
        while secret.len() < SECRET_LEN {
            let mut bytes = [0; 64];
            getrandom::fill(&mut bytes)?;
            // Bytes from 248 on would make the first digits likelier than the rest.
            let digits = bytes.iter().filter(|byte| **byte < 248);
            let digits = digits.map(|byte| char::from(DIGITS[usize::from(byte % 62)]));
            secret.extend(digits.take(SECRET_LEN - secret.len()));
        }
        let checksum = checksum(&secret);
        Ok(Self(format!("{PREFIX}{secret}{checksum}")))
    }

    /// Reads a key; `None` where its shape or its checksum is wrong, so that a slip of the hand
    /// costs no look-up.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != SECRET_LEN + CHECKSUM_LEN
            || !rest.bytes().all(|byte| DIGITS.contains(&byte))
        {
            return None;
        }
        let (secret, found) = rest.split_at(SECRET_LEN);
        (checksum(secret) == found).then(|| Self(text.to_owned()))
    }

    /// The key itself, for the one time it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. A key has 178 random bits, so a fast hash is as good as a slow one.
    pub fn hash(&self) -> String {
        let mut hasher = Hasher::new_derive_key("jelytech 2026 api key");
        hasher.update(self.0.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// Its last four characters, for people to know it by.
    pub fn hint(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

fn checksum(secret: &str) -> String {
    let mut rest = crc32fast::hash(secret.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_again_and_a_slip_is_not() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(key.reveal().len(), PREFIX.len() + 36);
        assert_eq!(ApiKey::parse(key.reveal()), Some(key.clone()));
        assert_ne!(ApiKey::generate().unwrap(), key);
        for at in PREFIX.len()..key.reveal().len() {
            let mut other = key.reveal().as_bytes().to_vec();
            other[at] = if other[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(ApiKey::parse(str::from_utf8(&other).unwrap()), None, "{at}");
        }
        for bad in ["", "jt_live_", "jt_live_ä", "Bearer x"] {
            assert_eq!(ApiKey::parse(bad), None);
        }
        assert!(!format!("{key:?}").contains(&key.reveal()[..20]));
    }
}
