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
mod font;
mod glyphs;
mod interpret;
mod layout;
mod load;
mod matrix;
mod objects;
mod outline;
mod page_tree;

use document::Document;
use rayon::prelude::*;

use crate::limits::check;
use crate::{Config, IngestError};

/// Parses a PDF; pages in parallel on the current rayon pool.
pub(crate) fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    let limits = &config.limits;
    check("bytes", bytes.len(), limits.pdf_bytes_max)?;
    let loaded = load::load(bytes, config)?;
    check("objects", loaded.objects.len(), limits.objects_max)?;
    let objects = objects::Objects::new(&loaded, limits);
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
    let document =
        assemble::document(pages, load::information(&objects), &outline::bookmarks(&objects));
    check("bytes of text", document.text.len(), limits.output_bytes_max)?;
    if document.blocks.is_empty() {
        return Err(IngestError::NoText { pages: document.pages_without_text() });
    }
    Ok(document)
}

#[cfg(test)]
mod tests;
