//! Identity of a pipeline and of a snapshot.

use std::fmt;
use std::str::FromStr;

use document::{ContentHash, ParseHashError};
use serde::{Deserialize, Serialize};

use crate::analyzer::ANALYZER_VERSION;
use crate::schema::SCHEMA_VERSION;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(ContentHash);

        impl $name {
            /// The hash behind the key.
            pub fn hash(self) -> ContentHash {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

key!(
    /// How bytes become tokens: parser version, chunk settings and analyzer version. Shown and
    /// stored as 64 hex digits.
    PipelineKey
);
key!(
    /// A model that turns texts into vectors: the files it was read from, and how. Shown and
    /// stored as 64 hex digits.
    ModelKey
);
key!(
    /// What a snapshot holds: pipeline, schema, the set of its documents, and the model of its
    /// vectors where it has some. The same content has the same key, in whatever order it came.
    /// Shown and stored as 64 hex digits.
    SnapshotKey
);

impl PipelineKey {
    /// The key of a parser version and the canonical bytes of the chunk settings, together with
    /// [`ANALYZER_VERSION`].
    pub fn new(parser_version: u32, chunking: &[u8]) -> Self {
        let versions = [parser_version.to_le_bytes(), ANALYZER_VERSION.to_le_bytes()];
        Self(ContentHash::of_fields([&versions[0][..], chunking, &versions[1][..]]))
    }
}

impl ModelKey {
    /// The key with this digest.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(ContentHash::from_bytes(digest))
    }
}

impl SnapshotKey {
    /// The key of documents under a pipeline, each with its line, in the order of their ids.
    pub(crate) fn new(pipeline: PipelineKey, model: Option<ModelKey>, lines: &[u8]) -> Self {
        Self::of_schema(SCHEMA_VERSION, pipeline, model, lines)
    }

    /// The same for an index of some schema.
    pub(crate) fn of_schema(
        schema: u32,
        pipeline: PipelineKey,
        model: Option<ModelKey>,
        lines: &[u8],
    ) -> Self {
        let schema = schema.to_le_bytes();
        let model = model.as_ref().map_or(&[][..], |model| &model.0.as_bytes()[..]);
        Self(ContentHash::of_fields([&pipeline.0.as_bytes()[..], &schema, model, lines]))
    }
}
