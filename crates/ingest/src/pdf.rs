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
mod inspect;
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

use crate::inspect::Opened;
use crate::limits::check;
use crate::progress::{self, PageCount};
use crate::{Config, IngestError, Limits, Progress};
use font::FontCache;
use glyphs::PageGlyphs;
pub(crate) use inspect::{header_version, inspect};
use layout::PageLayout;
use objects::Objects;
use optional_content::OptionalContent;
use page_tree::PageSource;
use structure::Structure;
pub use view::{BlockView, LineView, PageView, WordView};

/// Parses a PDF; pages in parallel on the current rayon pool. Repairs, and limits that cut the
/// document short, are on the record in its warnings.
pub(crate) fn parse(
    bytes: &[u8],
    config: &Config,
    progress: &Progress<'_>,
) -> Result<Document, IngestError> {
    let (document, decoded) = with_pages(bytes, config, progress, |source, objects| {
        (assemble::document(source), objects.decoded_bytes())
    })?;
    check_text(&document, decoded, &config.limits)?;
    Ok(document)
}

/// Refuses a document without text, or with too much of it.
fn check_text(document: &Document, decoded: usize, limits: &Limits) -> Result<(), IngestError> {
    check("bytes of text", document.text.len(), limits.output_bytes_max)?;
    if document.blocks.is_empty() {
        check("bytes of decoded streams", decoded, limits.document_bytes_max)?;
        return Err(IngestError::NoText { pages: document.pages_without_text() });
    }
    Ok(())
}

/// What layout sees of each page of a PDF: the words, lines and blocks that
/// [`parse`](crate::parse) reads, with their places. For people who look for the reason of a wrong
/// text.
///
/// # Errors
///
/// Those of [`parse`](crate::parse), but a PDF without text is no error; bytes that are no PDF are
/// [`IngestError::UnsupportedMediaType`].
pub fn page_views(bytes: &[u8], config: &Config) -> Result<Vec<PageView>, IngestError> {
    match crate::media_type(bytes)? {
        MediaType::Pdf => {
            with_pages(bytes, config, &progress::unheard, |source, _| view::pages(source))
        }
        MediaType::Markdown | MediaType::PlainText => Err(IngestError::UnsupportedMediaType {
            found: "a text without pages".to_owned(),
            advice: "give a PDF".to_owned(),
        }),
    }
}

/// The pages of a document as they are laid out, and what is known of it as a whole.
struct Source {
    pages: Vec<PageLayout>,
    metadata: BTreeMap<String, String>,
    bookmarks: Vec<outline::Bookmark>,
    structure: Structure,
    /// Repairs, and limits that cut the document short, one sentence each.
    warnings: Vec<String>,
    /// How many of the warnings, the first ones, are repairs.
    repairs: usize,
    /// Pages there are, those beyond the limit included.
    pages_found: usize,
    fonts: FontCache,
    opened: Option<Opened>,
}

fn with_pages<T>(
    bytes: &[u8],
    config: &Config,
    progress: &Progress<'_>,
    then: impl FnOnce(Source, &Objects<'_>) -> T,
) -> Result<T, IngestError> {
    let limits = &config.limits;
    check("bytes", bytes.len(), limits.pdf_bytes_max)?;
    let mut loaded = load::load(bytes, config)?;
    let tree = page_tree::pages(&Objects::new(&loaded.document, limits), limits.pages_max);
    if tree.found == 0 {
        return Err(load::damaged(bytes, "it has no pages"));
    }
    let mut warnings = std::mem::take(&mut loaded.repairs);
    warnings.extend(tree.repairs.iter().cloned());
    let repairs = warnings.len();
    if tree.found > tree.sources.len() {
        let (found, limit) = (tree.found, limits.pages_max);
        warnings.push(format!("the file has {found} pages, limit {limit}: the rest is left out"));
    }
    let objects = Objects::new(&loaded.document, limits);
    let structure = Structure::read(&objects);
    let bookmarks = outline::bookmarks(&objects);
    warnings.extend(objects.limits_met());
    let (pages, fonts, objects) = read_pages(&loaded, &tree.sources, &structure, config, progress);
    if objects.broken_streams() > 0 {
        warnings.push(format!("streams damaged and read in part: {}", objects.broken_streams()));
    }
    warnings.extend(objects.limits_met());
    let source = Source {
        pages,
        metadata: load::information(&objects),
        bookmarks,
        structure,
        warnings,
        repairs,
        pages_found: tree.found,
        fonts,
        opened: loaded.opened,
    };
    Ok(then(source, &objects))
}

/// What the pages of a document share.
struct Shared<'a> {
    objects: &'a Objects<'a>,
    structure: &'a Structure,
    fonts: FontCache,
    layers: OptionalContent,
}

impl<'a> Shared<'a> {
    fn new(objects: &'a Objects<'a>, structure: &'a Structure) -> Self {
        let layers = OptionalContent::read(objects);
        Self { objects, structure, fonts: FontCache::default(), layers }
    }
}

/// Reads the pages in parallel; where that crosses a limit of the whole document, once more one
/// after the other, for which page crosses it must not depend on the threads.
fn read_pages<'a>(
    loaded: &'a load::Loaded,
    sources: &[PageSource<'a>],
    structure: &Structure,
    config: &'a Config,
    progress: &Progress<'_>,
) -> (Vec<PageLayout>, FontCache, Objects<'a>) {
    let begin = || {
        let objects = Objects::new(&loaded.document, &config.limits);
        objects.charge(loaded.decoded_bytes);
        objects
    };
    let objects = begin();
    let shared = Shared::new(&objects, structure);
    let count = PageCount::new(progress, sources.len());
    let read = |source| read_page(&shared, source, &count);
    let pages = sources.par_iter().map(read).collect();
    if !objects.is_exhausted() && shared.fonts.check().is_ok() {
        return (pages, shared.fonts, objects);
    }
    let objects = begin();
    let shared = Shared::new(&objects, structure);
    let count = PageCount::new(progress, sources.len());
    let pages = sources.iter().map(|source| read_page(&shared, source, &count)).collect();
    (pages, shared.fonts, objects)
}

fn read_page(shared: &Shared<'_>, source: &PageSource<'_>, count: &PageCount<'_>) -> PageLayout {
    let objects = shared.objects;
    let mut glyphs = interpret::glyphs(shared, source);
    let (found, limit) = (objects.text_bytes(), objects.limits.output_bytes_max);
    if found > limit {
        let partial = Some(format!("the document's text reaches {found} bytes, limit {limit}"));
        glyphs = PageGlyphs { partial, ..PageGlyphs::new(source.frame) };
    }
    if let Err(error) = shared.fonts.check() {
        glyphs.partial.get_or_insert_with(|| error.to_string());
    }
    let page = layout::page(glyphs, shared.structure);
    count.advance();
    page
}

#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod shown_tests;
#[cfg(test)]
mod tests;
