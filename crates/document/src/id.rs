//! Identity of records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ContentHash;

/// Longest accepted id, in bytes: ids become folder names.
const ID_BYTES_MAX: usize = 64;

/// A name that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{kind} id {id:?} is not valid: use 1 to {ID_BYTES_MAX} of a-z, A-Z, 0-9, '_' and '-', \
     beginning with a letter or digit"
)]
pub struct InvalidId {
    kind: &'static str,
    id: String,
}

fn check(kind: &'static str, id: &str) -> Result<(), InvalidId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let begins_well = id.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if begins_well && id.len() <= ID_BYTES_MAX && id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(InvalidId { kind, id: id.chars().take(80).collect() })
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// Safe as the name of a file or folder: letters, digits, `_` and `-` only.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(id: &str) -> Result<Self, InvalidId> {
                check($kind, id).map(|()| Self(id.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(id: String) -> Result<Self, InvalidId> {
                check($kind, &id).map(|()| Self(id))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// A bot: the owner of documents and of one index.
    BotId, "bot"
);
id!(
    /// A document record of a bot. Two records may share content.
    DocumentId, "document"
);

impl DocumentId {
    /// The id of the document that comes from `source` (a path, an external id): the same
    /// source always names the same document, so new bytes from it replace the old.
    pub fn from_source(source: &str) -> Self {
        let hex = ContentHash::of(source.as_bytes()).to_string();
        // 96 bits: no collision within any plausible number of documents.
        Self(format!("doc_{}", &hex[..24]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_folder_names() {
        for good in ["demo", "bot_1", "A-b", "7"] {
            assert!(good.parse::<BotId>().is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in ["", ".", "..", "a/b", "-x", "_x", "a b", "ä", "a\0", long.as_str()] {
            assert!(bad.parse::<BotId>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<BotId>("\"../etc\"").is_err());
    }

    #[test]
    fn a_source_names_one_document() {
        assert_eq!(DocumentId::from_source("a.md"), DocumentId::from_source("a.md"));
        assert_ne!(DocumentId::from_source("a.md"), DocumentId::from_source("b.md"));
        assert!(DocumentId::from_source("ä/ö").as_str().parse::<DocumentId>().is_ok());
    }
}
