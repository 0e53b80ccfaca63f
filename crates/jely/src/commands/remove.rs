//! `jely remove`.

use std::path::Path;

use anyhow::Result;
use document::{BotId, DocumentId};
use index::DocumentEntry;

use super::{existing_folder, options, train};
use crate::cli::{Global, Remove};
use crate::exit::{CommandError, Exit};
use crate::output::Output;
use crate::progress::Bar;
use crate::walk;

pub(super) fn run(global: &Global, arguments: &Remove, output: &mut Output<'_>) -> Result<Exit> {
    let folder = existing_folder(global)?;
    let bot = &arguments.bot;
    // The list alone: a damaged or outdated index must not keep its documents.
    let held = folder.manifest(bot)?.documents;
    let ids: Result<Vec<_>, _> =
        arguments.documents.iter().map(|name| resolve(name, bot, &held)).collect();
    let ids = ids?;
    let options = options(global, &arguments.parsing)?;
    let bar = Bar::new();
    let report = ::train::remove(&folder, bot, &ids, &options, &bar)?;
    drop(bar);
    train::print(bot, &report, output)?;
    Ok(Exit::Done)
}

/// The document of a bot that is meant by an id, a source, a path to a source, or a title.
pub(super) fn resolve(
    name: &str,
    bot: &BotId,
    held: &[DocumentEntry],
) -> Result<DocumentId, CommandError> {
    let path = walk::source(Path::new(name));
    let exact = held.iter().find(|entry| entry.id.as_str() == name);
    let exact = exact.or_else(|| held.iter().find(|entry| entry.source == name));
    if let Some(entry) = exact.or_else(|| held.iter().find(|entry| entry.source == path)) {
        return Ok(entry.id.clone());
    }
    let titled: Vec<_> = held.iter().filter(|entry| entry.title == name).collect();
    match titled.as_slice() {
        [entry] => Ok(entry.id.clone()),
        [] => Err(CommandError::document(
            "DOCUMENT_NOT_FOUND",
            format!("bot {bot}: no document {name:?}: `jely docs {bot}` lists them"),
        )),
        several => {
            let ids: Vec<_> = several.iter().map(|entry| entry.id.as_str()).collect();
            let ids = ids.join(", ");
            Err(CommandError::document(
                "AMBIGUOUS_DOCUMENT",
                format!(
                    "bot {bot}: {} documents are called {name:?}: use one of the ids {ids}",
                    several.len()
                ),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use document::{ContentHash, MediaType};

    use super::*;

    fn entry(source: &str, title: &str) -> DocumentEntry {
        DocumentEntry {
            id: DocumentId::from_source(source),
            source: source.to_owned(),
            title: title.to_owned(),
            media_type: MediaType::Markdown,
            content_hash: ContentHash::of(b""),
            metadata: BTreeMap::new(),
            pages: 0,
            pages_without_text: Vec::new(),
            chunks: 1,
        }
    }

    #[test]
    fn a_document_is_found_by_id_path_or_unique_title() {
        let bot: BotId = "shop".parse().unwrap();
        let held = [entry("/gone/a.md", "Terms"), entry("x:1", "Same"), entry("x:2", "Same")];
        let id = held[0].id.as_str();
        for name in [id, "/gone/a.md", "/gone/../gone/a.md", "Terms"] {
            let found = resolve(name, &bot, &held);
            // A path that is gone cannot be resolved, only made absolute.
            if !name.contains("..") {
                assert_eq!(found.unwrap(), held[0].id, "{name}");
            }
        }
        assert_eq!(resolve("x:2", &bot, &held).unwrap(), held[2].id);
        let ambiguous = resolve("Same", &bot, &held).unwrap_err().to_string();
        assert!(ambiguous.contains("2 documents are called \"Same\""), "{ambiguous}");
        assert!(resolve("other", &bot, &held).is_err());
    }
}
