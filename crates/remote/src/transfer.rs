//! Files to objects and back.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path as FilePath;

use bytes::Bytes;
use document::ContentHash;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, Result, WriteMultipart};

use crate::objects::Objects;

/// Bytes of a part. What is not larger goes in one request.
const PART_BYTES: usize = 8 << 20;

/// Parts of a file under way at a time; so a transfer takes some 40 MiB of memory.
const PARTS: usize = 4;

impl Objects {
    /// Stores bytes.
    pub(crate) async fn put_bytes(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.put_from(path, bytes, bytes.len() as u64, None).await
    }

    /// Stores a file.
    ///
    /// # Errors
    ///
    /// [`Error::Precondition`] where the file has another hash than `expected`: nothing is stored.
    pub(crate) async fn put_file(
        &self,
        path: &Path,
        file: &FilePath,
        expected: ContentHash,
    ) -> Result<()> {
        let opened = File::open(file).map_err(local)?;
        let bytes = opened.metadata().map_err(local)?.len();
        self.put_from(path, opened, bytes, Some(expected)).await
    }

    async fn put_from(
        &self,
        path: &Path,
        mut from: impl Read,
        bytes: u64,
        expected: Option<ContentHash>,
    ) -> Result<()> {
        let mut hasher = blake3::Hasher::new();
        let mut next = |hasher: &mut blake3::Hasher| -> Result<Bytes> {
            let mut part = Vec::new();
            from.by_ref().take(PART_BYTES as u64).read_to_end(&mut part).map_err(local)?;
            hasher.update(&part);
            Ok(part.into())
        };
        let check = |hasher: &blake3::Hasher| {
            let found = ContentHash::from_bytes(*hasher.finalize().as_bytes());
            let is_other = expected.is_some_and(|expected| expected != found);
            if is_other { Err(other_content(path, found)) } else { Ok(()) }
        };
        if bytes <= PART_BYTES as u64 {
            let part = next(&mut hasher)?;
            check(&hasher)?;
            return self.bulk.put(path, part.into()).await.map(drop);
        }
        let upload = self.bulk.put_multipart(path).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let sent = async {
            loop {
                let part = next(&mut hasher)?;
                if part.is_empty() {
                    return check(&hasher);
                }
                upload.wait_for_capacity(PARTS).await?;
                upload.put(part);
            }
        };
        match sent.await {
            Ok(()) => upload.finish().await.map(drop),
            Err(error) => {
                // What stays of it costs room, until the store's own rules remove it.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// Writes an object to a file.
    pub(crate) async fn get_file(&self, path: &Path, file: &FilePath) -> Result<()> {
        let mut parts = self.bulk.get(path).await?.into_stream();
        let mut file = File::create(file).map_err(local)?;
        while let Some(part) = parts.try_next().await? {
            file.write_all(&part).map_err(local)?;
        }
        Ok(())
    }
}

/// An error of the local disk.
fn local(error: io::Error) -> Error {
    Error::Generic { store: "local", source: Box::new(error) }
}

fn other_content(path: &Path, found: ContentHash) -> Error {
    let source = format!("its bytes hash to {found}").into();
    Error::Precondition { path: path.to_string(), source }
}
