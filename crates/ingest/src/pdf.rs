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
mod optional_content;
mod outline;
mod page_frame;
mod page_tree;
mod structure;
mod view;

use std::collections::BTreeMap;

use document::{Document, MediaType};
use rayon::prelude::*;

use crate::limits::check;
use crate::{Config, IngestError};
pub use view::{BlockView, LineView, PageView, WordView};

/// What the pages of a document share.
struct Shared<'a> {
    objects: &'a objects::Objects<'a>,
    fonts: font::FontCache,
    structure: structure::Structure,
    layers: optional_content::OptionalContent,
}

/// Parses a PDF; pages in parallel on the current rayon pool.
pub(crate) fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    let document = with_pages(bytes, config, assemble::document)?;
    check("bytes of text", document.text.len(), config.limits.output_bytes_max)?;
    if document.blocks.is_empty() {
        return Err(IngestError::NoText { pages: document.pages_without_text() });
    }
    Ok(document)
}

/// What layout sees of each page of a PDF: the words, lines and blocks that [`parse`] reads, with
/// their places. For people who look for the reason of a wrong text.
///
/// # Errors
///
/// Those of [`parse`](crate::parse), but a PDF without text is no error; bytes that are no PDF are
/// [`IngestError::UnsupportedMediaType`].
pub fn page_views(bytes: &[u8], config: &Config) -> Result<Vec<PageView>, IngestError> {
    match crate::media_type(bytes)? {
        MediaType::Pdf => with_pages(bytes, config, view::pages),
        MediaType::Markdown | MediaType::PlainText => Err(IngestError::UnsupportedMediaType {
            found: "a text without pages".to_owned(),
            advice: "give a PDF".to_owned(),
        }),
    }
}

/// The pages of a document as they are laid out, and what is known of it as a whole.
struct Source {
    pages: Vec<layout::PageLayout>,
    metadata: BTreeMap<String, String>,
    bookmarks: Vec<outline::Bookmark>,
    structure: structure::Structure,
}

fn with_pages<T>(
    bytes: &[u8],
    config: &Config,
    then: impl FnOnce(Source) -> T,
) -> Result<T, IngestError> {
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
    let shared = Shared {
        objects: &objects,
        fonts: font::FontCache::default(),
        structure: structure::Structure::read(&objects),
        layers: optional_content::OptionalContent::read(&objects),
    };
    let pages = sources.par_iter().map(|source| {
        let glyphs = interpret::glyphs(&shared, source);
        layout::page(glyphs, &shared.structure)
    });
    let pages: Vec<layout::PageLayout> = pages.collect();
    // Whatever page crossed a limit of the whole document, the document is refused: what is read
    // must not depend on which thread came first.
    shared.fonts.check()?;
    check("bytes of decoded streams", objects.decoded_bytes(), limits.document_bytes_max)?;
    check("bytes of text", objects.text_bytes(), limits.output_bytes_max)?;
    let source = Source {
        pages,
        metadata: load::information(&objects),
        bookmarks: outline::bookmarks(&objects),
        structure: shared.structure,
    };
    Ok(then(source))
}

#[cfg(test)]
mod tests;
