//! The model that gives texts their vectors, as `--embedder` names it.

use std::path::Path;
use std::sync::Arc;

use answer::Question;
use anyhow::Result;
use index::Embedder;
use train::Vectors;

use crate::cli::Global;

/// What `--embedder` says for "no vectors".
const NONE: &str = "none";

/// What becomes of the vectors of a bot that is changed. What is embedded is remembered in the data
/// folder, so that work that was interrupted is not done twice.
pub(crate) fn vectors(global: &Global) -> Result<Vectors> {
    Ok(match global.embedder.as_deref() {
        None => Vectors::Keep,
        Some(folder) if folder.as_os_str() == NONE => Vectors::Without,
        Some(folder) => Vectors::With(dense::kept(folder, &global.data)?),
    })
}

/// The model, if one is named, its vectors remembered in the data folder.
pub(crate) fn kept(global: &Global) -> Result<Option<Arc<dyn Embedder>>> {
    let folder = named(global).map(|folder| dense::kept(folder, &global.data));
    folder.transpose()
}

/// Gives questions their vectors, if a model is named.
#[derive(Default)]
pub(crate) struct Asker {
    model: Option<Box<dyn Embedder>>,
}

impl Asker {
    pub(crate) fn of(global: &Global) -> Result<Self> {
        Ok(Self { model: named(global).map(dense::open).transpose()? })
    }

    /// The question with its vector.
    pub(crate) fn embedded(&self, question: Question) -> Result<Question> {
        match &self.model {
            Some(model) => Ok(question.embedded(&**model)?),
            None => Ok(question),
        }
    }
}

fn named(global: &Global) -> Option<&Path> {
    global.embedder.as_deref().filter(|folder| folder.as_os_str() != NONE)
}

#[cfg(feature = "dense")]
mod dense {
    use super::{Arc, Embedder, Path, Result};

    pub(super) fn open(folder: &Path) -> Result<Box<dyn Embedder>> {
        Ok(Box::new(embed::Model::open(folder)?))
    }

    pub(super) fn kept(folder: &Path, data: &Path) -> Result<Arc<dyn Embedder>> {
        let model = embed::Model::open(folder)?;
        Ok(Arc::new(embed::Kept::new(model, &train::DataFolder::vectors(data))?))
    }
}

#[cfg(not(feature = "dense"))]
mod dense {
    use super::{Arc, Embedder, Path, Result};
    use crate::exit::CommandError;

    pub(super) fn open(_: &Path) -> Result<Box<dyn Embedder>> {
        Err(missing().into())
    }

    pub(super) fn kept(_: &Path, _: &Path) -> Result<Arc<dyn Embedder>> {
        Err(missing().into())
    }

    fn missing() -> CommandError {
        let why = "--embedder: this program was built without models: build it with \
                   `cargo build --release --features jely/dense`";
        CommandError::usage(why)
    }
}
