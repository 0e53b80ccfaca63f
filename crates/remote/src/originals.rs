//! Bytes of documents by content.

use document::ContentHash;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use train::{Originals, TrainError};

use crate::objects::{Failed, Objects, is_absent};

/// Largest document that is read back: twenty times the largest that is trained on by default.
const BYTES_MAX: u64 = 1 << 30;

/// A store keeps its bytes whole, so what is there with the right size is not read again before
/// it is taken for stored.
impl Originals for Objects {
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, TrainError> {
        let hash = ContentHash::of(bytes);
        let path = original(hash);
        let put = async {
            if self.size_of(&path).await? == Some(bytes.len() as u64) {
                return Ok(());
            }
            self.put_bytes(&path, bytes).await
        };
        self.wait(put).map(|()| hash).map_err(|error| self.refused(&path, error))
    }

    fn get(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, TrainError> {
        let path = original(hash);
        let read = self.wait(self.read_object(&path, BYTES_MAX));
        let Some(bytes) = read.map_err(|error| self.refused(&path, error))? else {
            return Ok(None);
        };
        match ContentHash::of(&bytes) {
            found if found == hash => Ok(Some(bytes.into())),
            found => Err(TrainError::DamagedOriginal { path: self.address(&path).into(), found }),
        }
    }

    fn size(&self, hash: ContentHash) -> Result<Option<u64>, TrainError> {
        let path = original(hash);
        let size = self.wait(self.size_of(&path));
        size.map_err(|error| self.refused(&path, error))
    }

    fn remove(&self, hash: ContentHash) -> Result<(), TrainError> {
        let path = original(hash);
        let removed = self.wait(async {
            match self.bulk.delete(&path).await {
                Err(error) if is_absent(&error) => Ok(()),
                result => result,
            }
        });
        removed.map_err(|error| self.refused(&path, error))
    }
}

impl Objects {
    fn refused(&self, path: &Path, error: object_store::Error) -> TrainError {
        TrainError::Remote { place: self.address(path), source: Box::new(Failed(error)) }
    }
}

fn original(hash: ContentHash) -> Path {
    let name = hash.to_string();
    let shard = name.get(..2).unwrap_or_default();
    Path::from(format!("originals/{shard}/{name}"))
}
