//! PDF: bytes to a [`Document`].
//!
//! [`load`] finds the file's objects, sound or broken, and undoes encryption. From there it goes
//! in four steps: [`page_tree`] lists the pages, [`interpret`] runs each page's content for
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

use document::Document;
use rayon::prelude::*;

use crate::limits::check;
use crate::pdf::objects::Objects;
use crate::{Config, IngestError};

/// Parses a PDF; pages in parallel on the current rayon pool. Repairs, and limits that cut the
/// document short, are on the record in its warnings.
pub(crate) fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    let limits = &config.limits;
    check("bytes", bytes.len(), limits.pdf_bytes_max)?;
    let mut loaded = load::load(bytes, config)?;
    let tree = page_tree::pages(&Objects::new(&loaded.document, limits), limits.pages_max);
    if tree.found == 0 {
        return Err(load::damaged(bytes, "it has no pages"));
    }
    let mut warnings = std::mem::take(&mut loaded.repairs);
    warnings.extend(tree.repairs.iter().cloned());
    if tree.found > tree.sources.len() {
        let (found, limit) = (tree.found, limits.pages_max);
        warnings.push(format!("the file has {found} pages, limit {limit}: the rest is left out"));
    }
    let (pages, objects) = read_pages(&loaded, &tree.sources, config);
    if objects.broken_streams() > 0 {
        warnings.push(format!("streams damaged and read in part: {}", objects.broken_streams()));
    }
    let mut document =
        assemble::document(pages, load::information(&objects), &outline::bookmarks(&objects));
    check("bytes of text", document.text.len(), limits.output_bytes_max)?;
    if document.blocks.is_empty() {
        check("bytes of decoded streams", objects.decoded_bytes(), limits.document_bytes_max)?;
        return Err(IngestError::NoText { pages: document.pages_without_text() });
    }
    document.warnings.splice(0..0, warnings);
    Ok(document)
}

/// Reads the pages in parallel; where that crosses a limit of the whole document, once more one
/// after the other, for which page crosses it must not depend on the threads.
fn read_pages<'a>(
    loaded: &'a load::Loaded,
    sources: &[page_tree::PageSource<'a>],
    config: &'a Config,
) -> (Vec<layout::PageLayout>, Objects<'a>) {
    let begin = || {
        let objects = Objects::new(&loaded.document, &config.limits);
        objects.charge(loaded.decoded_bytes);
        (objects, font::FontCache::default())
    };
    let (objects, fonts) = begin();
    let pages = sources.par_iter().map(|source| read_page(&objects, &fonts, source)).collect();
    if !objects.is_exhausted() && fonts.check().is_ok() {
        return (pages, objects);
    }
    let (objects, fonts) = begin();
    let pages = sources.iter().map(|source| read_page(&objects, &fonts, source)).collect();
    (pages, objects)
}

fn read_page<'a>(
    objects: &Objects<'a>,
    fonts: &font::FontCache,
    source: &page_tree::PageSource<'a>,
) -> layout::PageLayout {
    let mut glyphs = interpret::glyphs(objects, fonts, source);
    let (found, limit) = (objects.text_bytes(), objects.limits.output_bytes_max);
    if found > limit {
        let partial = Some(format!("the document's text reaches {found} bytes, limit {limit}"));
        let (width, height) = (glyphs.width, glyphs.height);
        glyphs = glyphs::PageGlyphs { width, height, partial, ..Default::default() };
    }
    if let Err(error) = fonts.check() {
        glyphs.partial.get_or_insert_with(|| error.to_string());
    }
    layout::page(&glyphs)
}

#[cfg(test)]
mod tests;
