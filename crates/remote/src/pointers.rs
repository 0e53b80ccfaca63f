//! Pointers as small objects that are put on a condition.

use document::BotId;
use index::{IndexError, Pointer, Pointers, Target, Version};
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutResult, UpdateVersion,
};

use crate::objects::{Failed, Objects, is_absent, too_large};
use crate::place::Place;

/// Format of the pointers this release writes, and the newest it reads.
const FORMAT: u32 = 1;

/// How the first line begins; the format follows.
const HEAD: &str = "pointer ";

/// A snapshot has some ten objects, a large one a hundred; each takes a line of 71 bytes.
const BYTES_MAX: u64 = 4 << 20;

/// The ETag of nothing that is ever stored.
const OTHER_TAG: &str = "\"00000000000000000000000000000000\"";

impl Pointers for Objects {
    fn bots(&self) -> Result<Vec<BotId>, IndexError> {
        let folder = Path::from("current");
        let listed = self.wait(self.quick.list_with_delimiter(Some(&folder)));
        let listed = listed.map_err(|error| self.failed(&folder, error))?;
        let names = listed.objects.iter().filter_map(|meta| meta.location.filename());
        let mut bots: Vec<BotId> = names.filter_map(|name| name.parse().ok()).collect();
        bots.sort();
        Ok(bots)
    }

    fn read(&self, bot: &BotId) -> Result<Option<Pointer>, IndexError> {
        let path = pointer_of(bot);
        let read = self.wait(async {
            let got = match self.quick.get(&path).await {
                Err(error) if is_absent(&error) => return Ok(None),
                result => result?,
            };
            if got.meta.size > BYTES_MAX {
                return Err(too_large(&path, got.meta.size, BYTES_MAX));
            }
            let meta = got.meta.clone();
            Ok(Some((meta, got.bytes().await?)))
        });
        let read = read.map_err(|error| self.failed(&path, error))?;
        let Some((meta, bytes)) = read else { return Ok(None) };
        let version = self.version(&path, meta.e_tag)?;
        let target = self.target_of(&path, &bytes)?;
        Ok(Some(Pointer { target, version, moved: Some(meta.last_modified.into()) }))
    }

    fn swap(
        &self,
        bot: &BotId,
        from: Option<&Version>,
        to: &Target,
    ) -> Result<Version, IndexError> {
        let path = pointer_of(bot);
        let text = format!("{HEAD}{FORMAT}\n{}\n{}", to.key, to.place);
        let mode = match from {
            None => PutMode::Create,
            Some(Version(tag)) => {
                PutMode::Update(UpdateVersion { e_tag: Some(tag.clone()), version: None })
            }
        };
        match self.put_if(&path, &text, mode) {
            Ok(put) if from.is_none() => {
                self.check_conditions(&path, &text)?;
                self.version(&path, put.e_tag)
            }
            Ok(put) => self.version(&path, put.e_tag),
            Err(error) if is_lost(&error) => {
                // It may have been moved by this very request, and the reply was lost.
                match self.read(bot)? {
                    Some(now) if now.target.as_ref() == Some(to) => Ok(now.version),
                    _ => Err(IndexError::Overtaken { bot: bot.clone() }),
                }
            }
            Err(error) => Err(self.failed(&path, error)),
        }
    }
}

impl Objects {
    /// What a pointer's bytes lead to; `None` where they lead nowhere.
    fn target_of(&self, path: &Path, bytes: &[u8]) -> Result<Option<Target>, IndexError> {
        let Ok(text) = str::from_utf8(bytes) else { return Ok(None) };
        let Some((head, rest)) = text.split_once('\n') else { return Ok(None) };
        let format = head.strip_prefix(HEAD).and_then(|format| format.parse::<u32>().ok());
        if let Some(found) = format.filter(|format| *format > FORMAT) {
            let file = self.address(path).into();
            return Err(IndexError::NewerFormat { file, found, supported: FORMAT });
        }
        let target = rest.split_once('\n').and_then(|(key, place)| {
            let key = key.parse().ok()?;
            Place::parse(place).map(|_| Target { key, place: place.to_owned() })
        });
        Ok(target.filter(|_| format.is_some()))
    }

    fn put_if(&self, path: &Path, text: &str, mode: PutMode) -> object_store::Result<PutResult> {
        let options = PutOptions { mode, ..PutOptions::default() };
        self.wait(self.quick.put_opts(path, text.to_owned().into(), options))
    }

    /// Puts the first pointer of a bot twice more, on conditions that do not hold. A store that
    /// does not know them does not say so, and would let writers overwrite each other.
    fn check_conditions(&self, path: &Path, text: &str) -> Result<(), IndexError> {
        let other = UpdateVersion { e_tag: Some(OTHER_TAG.to_owned()), version: None };
        for mode in [PutMode::Create, PutMode::Update(other)] {
            match self.put_if(path, text, mode) {
                Err(error) if is_lost(&error) => {}
                Err(error) => return Err(self.failed(path, error)),
                Ok(_) => {
                    let source = "the store does not keep conditions on PUT (If-Match, \
                                  If-None-Match): writers would overwrite each other"
                        .into();
                    return Err(IndexError::Remote { place: self.address(path), source });
                }
            }
        }
        Ok(())
    }

    fn version(&self, path: &Path, tag: Option<String>) -> Result<Version, IndexError> {
        let missing = || IndexError::Remote {
            place: self.address(path),
            source: "the store gives it no ETag, so it cannot be moved safely".into(),
        };
        tag.map(Version).ok_or_else(missing)
    }

    /// Names the object in an error.
    pub(crate) fn failed(&self, path: &Path, error: Error) -> IndexError {
        IndexError::Remote { place: self.address(path), source: Box::new(Failed(error)) }
    }
}

/// Whether a put on a condition failed because of that.
fn is_lost(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. }) || is_absent(error)
}

fn pointer_of(bot: &BotId) -> Path {
    Path::from(format!("current/{bot}"))
}
