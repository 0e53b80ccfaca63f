//! Where the model is and how long it may take.

use std::fmt;
use std::time::Duration;

/// How to reach a model and what to allow it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the endpoint is, up to `/chat/completions`: `http://127.0.0.1:8080/v1`.
    pub base_url: String,
    /// The name of the model at that endpoint.
    pub model: String,
    /// What the endpoint wants to see as a bearer token. Over `http` it can be read on the way.
    pub key: Option<Key>,
    /// How long a connection may take to stand, TLS included.
    pub connect_timeout: Duration,
    /// How long an answer may take in all, retries and their pauses included.
    pub timeout: Duration,
    /// How much of a response is read, in bytes; a longer one is not used.
    pub reply_bytes_max: usize,
    /// How many tokens the model may say.
    pub tokens_max: u32,
    /// How many requests are made at most for one answer, at least 1.
    pub tries_max: u32,
}

impl Settings {
    /// Settings without a key: 5 s to connect, 60 s in all, 4 MiB, 1,024 tokens, 3 tries.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            key: None,
            connect_timeout: Duration::from_secs(5),
            // What a model on a processor alone needs for a few sentences.
            timeout: Duration::from_secs(60),
            // A streamed token comes in some 300 bytes; this holds ten times the tokens allowed.
            reply_bytes_max: 4 * 1024 * 1024,
            tokens_max: 1_024,
            tries_max: 3,
        }
    }

    /// The address that is asked.
    pub(crate) fn url(&self) -> Result<String, SettingsError> {
        let base = self.base_url.trim().trim_end_matches('/');
        let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        // A password in an address would end up in messages and logs.
        if host.is_empty() || base.contains(['@', '?', '#']) || base.contains(char::is_whitespace) {
            return Err(SettingsError::Url);
        }
        Ok(format!("{base}/chat/completions"))
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let sound =
            |key: &Key| !key.0.is_empty() && key.0.bytes().all(|byte| byte.is_ascii_graphic());
        if self.model.trim().is_empty() {
            return Err(SettingsError::Model);
        }
        if self.key.as_ref().is_some_and(|key| !sound(key)) {
            return Err(SettingsError::Key);
        }
        Ok(())
    }
}

/// A secret: it is sent, and shown nowhere.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// A key; blank space around it, as a file or a shell leaves it, is dropped.
    pub fn new(key: &str) -> Self {
        Self(key.trim().to_owned())
    }

    /// The value of the header that shows it.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why a model cannot be asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The address is none, or holds more than an address.
    #[error(
        "the model's address must be a plain http or https URL such as http://127.0.0.1:8080/v1, \
         without user, password, query or fragment"
    )]
    Url,
    /// The model has no name.
    #[error("the model's name is empty: give the name under which its server knows it")]
    Model,
    /// The key cannot be sent in a header.
    #[error("the model's key is empty or holds characters that no key has")]
    Key,
}
