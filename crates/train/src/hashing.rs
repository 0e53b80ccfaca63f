//! The first look at an input: its hash and size, or why it cannot be read.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use document::ContentHash;
use ingest::IngestError;
use rayon::prelude::*;

use crate::stamps::{Stamp, Stamped, Stamps};
use crate::{Content, Failure, Input, Options, Progress};

/// Identity and size of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) hash: ContentHash,
    pub(crate) bytes: u64,
}

/// What the first look at an input found: its fingerprint, and its stamp where it was hashed.
pub(crate) type Look = Result<(Fingerprint, Option<Stamped>), Failure>;

/// Fingerprints all inputs, one result per input, in order: files that `stamps` believes by their
/// metadata, the others by hashing them on the pool. Files are streamed: memory does not grow
/// with them. Where all are believed, nothing is written and no thread is woken.
pub(crate) fn fingerprint_all(
    inputs: &[&Input],
    options: &Options,
    stamps: &mut Stamps<'_>,
    progress: &dyn Progress,
) -> Vec<Look> {
    let bytes_max = options.file_bytes_max();
    let believed: Vec<_> = inputs.iter().map(|input| believed(input, stamps)).collect();
    let look = |(input, believed): (&&Input, &Option<Fingerprint>)| {
        let look = match believed {
            Some(fingerprint) => Ok((*fingerprint, None)),
            None => fingerprint(&input.content, bytes_max),
        };
        progress.advance(&input.source, 0);
        look
    };
    if believed.iter().all(Option::is_some) {
        return inputs.iter().zip(&believed).map(look).collect();
    }
    stamps.begin_hashing();
    options.pool.get().install(|| inputs.par_iter().zip(&believed).map(look).collect())
}

fn believed(input: &Input, stamps: &Stamps<'_>) -> Option<Fingerprint> {
    match &input.content {
        Content::Path(path) => stamps.believed(&input.source, &fs::metadata(path).ok()?),
        Content::Stored { hash, bytes } => Some(Fingerprint { hash: *hash, bytes: *bytes }),
        Content::Bytes(_) => None,
    }
}

/// Whether something is at a path, be it a link that leads nowhere; where that cannot be told,
/// something is.
pub(crate) fn is_on_disk(path: &str) -> bool {
    !fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn fingerprint(content: &Content, bytes_max: u64) -> Look {
    let path = match content {
        Content::Bytes(bytes) => {
            within(bytes.len() as u64, bytes_max)?;
            let bytes = Fingerprint { hash: ContentHash::of(bytes), bytes: bytes.len() as u64 };
            return Ok((bytes, None));
        }
        Content::Stored { hash, bytes } => {
            return Ok((Fingerprint { hash: *hash, bytes: *bytes }, None));
        }
        Content::Path(path) => path,
    };
    let file = open(path, bytes_max)?;
    let before = file.metadata().ok().and_then(|metadata| Stamp::of(&metadata));
    let mut hasher = blake3::Hasher::new();
    // One byte more than allowed, so that a file which grows meanwhile is noticed.
    hasher
        .update_reader((&file).take(bytes_max.saturating_add(1)))
        .map_err(|error| Failure::unreadable(&error))?;
    within(hasher.count(), bytes_max)?;
    let hash = ContentHash::from_bytes(*hasher.finalize().as_bytes());
    let after = file.metadata().ok().and_then(|metadata| Stamp::of(&metadata));
    // A file that changed while it was read has no stamp.
    let stamped = after.filter(|after| before == Some(*after)).map(|stamp| Stamped { stamp, hash });
    Ok((Fingerprint { hash, bytes: hasher.count() }, stamped))
}

/// All bytes of an input that brings them.
pub(crate) fn read(content: &Content, bytes_max: u64) -> Result<Cow<'_, [u8]>, Failure> {
    let path = match content {
        Content::Bytes(bytes) => {
            within(bytes.len() as u64, bytes_max)?;
            return Ok(Cow::Borrowed(bytes));
        }
        Content::Stored { .. } => {
            return Err(Failure::unreadable(&io::Error::other("its bytes are in the store")));
        }
        Content::Path(path) => path,
    };
    let mut bytes = Vec::new();
    open(path, bytes_max)?
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::unreadable(&error))?;
    within(bytes.len() as u64, bytes_max)?;
    Ok(Cow::Owned(bytes))
}

/// Opens a regular file no larger than `bytes_max`.
fn open(path: &Path, bytes_max: u64) -> Result<File, Failure> {
    let unreadable = |error: io::Error| Failure::unreadable(&error);
    // Asked by name first: opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        let reason = fs::read_dir(path).err();
        return Err(unreadable(reason.unwrap_or_else(|| io::Error::other("it is a folder"))));
    }
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it is not a regular file")));
    }
    within(metadata.len(), bytes_max)?;
    File::open(path).map_err(unreadable)
}

fn within(found: u64, limit: u64) -> Result<(), Failure> {
    if found <= limit {
        return Ok(());
    }
    Err(Failure::from(&IngestError::TooLarge { what: "bytes".to_owned(), found, limit }))
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::sync::Arc;

    use super::*;
    #[cfg(unix)]
    use crate::{Silent, durable::LazyStaging};

    #[test]
    fn files_are_hashed_up_to_the_limit_and_refused_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"1234567890").unwrap();
        let content = Content::Path(path);
        let expected = Fingerprint { hash: ContentHash::of(b"1234567890"), bytes: 10 };
        let hashed = |content| fingerprint(content, 10).map(|(fingerprint, _)| fingerprint);
        assert_eq!(hashed(&content), Ok(expected));
        assert_eq!(read(&content, 10).unwrap(), b"1234567890".as_slice());
        let failure = fingerprint(&content, 9).unwrap_err();
        assert_eq!(failure.code, "TOO_LARGE");
        assert!(failure.message.contains("10 bytes, limit 9"), "{failure}");
        assert_eq!(read(&content, 9), Err(failure.clone()));
        let bytes = Content::Bytes(Cow::Borrowed(b"1234567890"));
        assert_eq!(hashed(&bytes), Ok(expected));
        assert_eq!(fingerprint(&bytes, 9), Err(failure));
    }

    #[cfg(unix)]
    #[test]
    fn only_what_must_be_hashed_costs_a_look_at_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let (path, staging) = (folder.path().join("file"), folder.path().join("staging"));
        fs::write(&path, b"one").unwrap();
        let lazy = LazyStaging::new(staging.clone());
        let bot = "shop".parse().unwrap();
        let stamps = || Stamps::read(folder.path(), &lazy, &bot);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let options = Options::new(Arc::new(pool.into()));
        let input = Input::new("s", Content::Path(path.clone()));
        let looks = || fingerprint_all(&[&input], &options, &mut stamps(), &Silent);
        stamps().trust("s", &fs::metadata(&path).unwrap(), ContentHash::of(b"other"));
        let believed = looks().remove(0).unwrap();
        assert_eq!(believed.0.hash, ContentHash::of(b"other"));
        let clock = || fs::metadata(&staging).unwrap().modified().unwrap();
        let before = clock();
        looks();
        assert_eq!(clock(), before);
        fs::write(&path, b"three").unwrap();
        let hashed = looks().remove(0).unwrap();
        assert_eq!(hashed.0.hash, ContentHash::of(b"three"));
        assert!(hashed.1.is_some() && clock() > before);
    }

    #[test]
    fn what_is_not_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path, expected: &str| {
            let failure = fingerprint(&Content::Path(path.to_owned()), 9).unwrap_err();
            assert_eq!(failure.code, "UNREADABLE");
            assert!(failure.message.contains(expected), "{failure}");
        };
        check(folder.path(), "it is a folder");
        check(&folder.path().join("gone"), "No such file");
    }
}
