//! `jely docs`.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{ContentHash, DocumentId, MediaType};
use index::DocumentEntry;
use serde::Serialize;

use super::existing_folder;
use crate::cli::{Docs, Global};
use crate::exit::Exit;
use crate::output::{Output, counted, one_line};

pub(super) fn run(global: &Global, arguments: &Docs, output: &mut Output<'_>) -> Result<Exit> {
    let documents = existing_folder(global)?.manifest(&arguments.bot)?.documents;
    let mut documents = Vec::from(documents);
    documents.sort_by(|left, right| (&left.source, &left.id).cmp(&(&right.source, &right.id)));
    for entry in &documents {
        if output.is_json() {
            output.named("document", &Object::from(entry))?;
        } else {
            output.line(&line(entry))?;
        }
    }
    if !output.is_json() {
        let chunks: u64 = documents.iter().map(|entry| u64::from(entry.chunks)).sum();
        let counts = (counted(documents.len() as u64, "document"), counted(chunks, "chunk"));
        output.line(&format!("{}: {}, {}", arguments.bot, counts.0, counts.1))?;
    }
    Ok(Exit::Done)
}

/// A document as programs see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    document_id: &'a DocumentId,
    title: &'a str,
    source: &'a str,
    media_type: MediaType,
    content_hash: ContentHash,
    pages: u32,
    pages_without_text: &'a [u32],
    chunks: u32,
    metadata: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a DocumentEntry> for Object<'a> {
    fn from(entry: &'a DocumentEntry) -> Self {
        Self {
            document_id: &entry.id,
            title: &entry.title,
            source: &entry.source,
            media_type: entry.media_type,
            content_hash: entry.content_hash,
            pages: entry.pages,
            pages_without_text: &entry.pages_without_text,
            chunks: entry.chunks,
            metadata: &entry.metadata,
        }
    }
}

fn line(entry: &DocumentEntry) -> String {
    let pages = match entry.pages {
        0 => String::new(),
        pages => format!("{}, ", counted(pages.into(), "page")),
    };
    let chunks = counted(entry.chunks.into(), "chunk");
    format!("{}  {} ({pages}{chunks})\n  {}", entry.id, one_line(&entry.title), entry.source)
}
