//! PDF: bytes to a [`Document`].
//!
//! lopdf reads the file's objects, undoes encryption and filters; everything from there is done
//! here, in four steps: [`page_tree`] lists the pages, [`interpret`] runs each page's content for
//! its glyphs with their places, [`layout`] makes lines of glyphs and blocks of lines, and
//! [`assemble`] joins the pages to one text, without the lines that only furnish pages.
//!
//! Order is the content stream's: producers write in reading order far more often than geometry
//! alone can tell it.

mod assemble;
mod content;
mod filters;
mod font;
mod glyphs;
mod interpret;
mod layout;
mod load;
mod matrix;
mod objects;
mod outline;
mod page_tree;
mod recover;

use document::Document;
use rayon::prelude::*;

use crate::limits::check;
use crate::{Config, IngestError};

/// Parses a PDF; pages in parallel on the current rayon pool.
///
/// A file that cannot be loaded as it says, or gives reason to doubt, is put together once more
/// from whatever objects are in it; the reading with more text counts.
pub(crate) fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    check("bytes", bytes.len(), config.limits.pdf_bytes_max)?;
    let first = load::load(bytes, config).and_then(|document| read(&document, config));
    if first.as_ref().is_ok_and(|reading| !reading.is_doubtful) {
        return first.map(|reading| reading.document);
    }
    let second = recover::rebuild(bytes, config).and_then(|rebuilt| {
        let mut reading = read(&rebuilt.document, config)?;
        reading.document.warnings.splice(0..0, rebuilt.repairs);
        Ok(reading)
    });
    load::better(first, second).map(|reading| reading.document)
}

/// A document with how far it can be trusted.
struct Reading {
    document: Document,
    /// Something was missing or broken that another way of loading may find.
    is_doubtful: bool,
}

fn read(loaded: &lopdf::Document, config: &Config) -> Result<Reading, IngestError> {
    let limits = &config.limits;
    check("objects", loaded.objects.len(), limits.objects_max)?;
    let objects = objects::Objects::new(loaded, limits);
    let sources = page_tree::pages(&objects, limits.pages_max.saturating_add(1));
    check("pages", sources.len(), limits.pages_max)?;
    if sources.is_empty() {
        let what = "it has no pages; open it in a viewer and export it again".to_owned();
        return Err(IngestError::Damaged { what, offset: None });
    }
    let fonts = font::FontCache::default();
    let pages = sources.par_iter().map(|source| {
        let glyphs = interpret::glyphs(&objects, &fonts, source);
        layout::page(&glyphs)
    });
    let pages: Vec<layout::PageLayout> = pages.collect();
    // Whatever page crossed a limit of the whole document, the document is refused: what is read
    // must not depend on which thread came first.
    fonts.check()?;
    check("bytes of decoded streams", objects.decoded_bytes(), limits.document_bytes_max)?;
    check("bytes of text", objects.text_bytes(), limits.output_bytes_max)?;
    let mut document =
        assemble::document(pages, load::information(&objects), &outline::bookmarks(&objects));
    let broken = objects.broken_streams();
    if broken > 0 {
        document.warnings.push(format!("streams that are damaged and read in part: {broken}"));
    }
    check("bytes of text", document.text.len(), limits.output_bytes_max)?;
    if document.blocks.is_empty() {
        return Err(IngestError::NoText { pages: document.pages_without_text() });
    }
    Ok(Reading { document, is_doubtful: objects.is_doubtful() })
}

#[cfg(test)]
mod tests;
