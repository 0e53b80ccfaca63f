//! Identity of a pipeline and of a snapshot.

use std::fmt;
use std::str::FromStr;

use document::{ContentHash, ParseHashError};
use serde::{Deserialize, Serialize};

use crate::analyzer::ANALYZER_VERSION;
use crate::manifest::DocumentEntry;
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
    /// The key of documents under a pipeline; `documents` are sorted by id.
    pub(crate) fn new(
        pipeline: PipelineKey,
        documents: &[DocumentEntry],
        model: Option<ModelKey>,
    ) -> Self {
        let schema = SCHEMA_VERSION.to_le_bytes();
        let metadata: Vec<ContentHash> =
            documents.iter().map(DocumentEntry::metadata_hash).collect();
        let documents = documents.iter().zip(&metadata).flat_map(|(entry, metadata)| {
            [entry.id.as_str().as_bytes(), entry.content_hash.as_bytes(), metadata.as_bytes()]
        });
        // Documents take three fields each, so no list of them ends like this one.
        let model = model.as_ref().map(|model| &model.0.as_bytes()[..]);
        let fields = [&pipeline.0.as_bytes()[..], &schema].into_iter().chain(documents);
        Self(ContentHash::of_fields(fields.chain(model)))
    }
}
