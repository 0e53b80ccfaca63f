//! `jely text`: what is read of a file, without training a bot on it.

mod svg;

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result};
use document::{Block, BlockKind, Document, MediaType, PageRange, Region, Removed};
use ingest::IngestError;
use serde::Serialize;

use crate::cli::Text;
use crate::exit::{self, Exit};
use crate::output::Output;

/// A document without text is read all the same: nothing is printed, and `err` is told why.
pub(super) fn run(arguments: &Text, output: &mut Output<'_>, err: &mut dyn Write) -> Result<Exit> {
    let name = arguments.file.display();
    let bytes = std::fs::read(&arguments.file).with_context(|| format!("{name}: cannot read"))?;
    let config =
        ingest::Config { password: arguments.password.clone(), ..ingest::Config::default() };
    if let Some(folder) = &arguments.debug_svg {
        let pages = ingest::page_views(&bytes, &config).with_context(|| name.to_string())?;
        let written = svg::write(folder, &pages, arguments.pages)?;
        output.line(&format!("{written} pages drawn in {}", folder.display()))?;
        return Ok(Exit::Done);
    }
    let document = match ingest::parse(&bytes, &config) {
        Err(error @ IngestError::NoText { .. }) => {
            exit::warn(error.code(), &format!("{name}: {error}"), output.is_json(), err);
            return Ok(Exit::Done);
        }
        parsed => parsed.with_context(|| name.to_string())?,
    };
    if output.is_json() {
        print_json(&document, arguments.pages, output)?;
    } else if arguments.pages.is_none() {
        output.line(&document.text)?;
    } else {
        print_pages(&document, arguments.pages, output)?;
    }
    Ok(Exit::Done)
}

/// Blocks that touch the wanted pages; all where none are named or the format has none.
fn chosen(document: &Document, wanted: Option<PageRange>) -> impl Iterator<Item = (usize, &Block)> {
    document.blocks.iter().enumerate().filter(move |(_, block)| {
        match (wanted, document.pages_of(block.span)) {
            (Some(wanted), Some(pages)) => pages.first <= wanted.last && wanted.first <= pages.last,
            _ => true,
        }
    })
}

fn print_pages(
    document: &Document,
    wanted: Option<PageRange>,
    output: &mut Output<'_>,
) -> Result<()> {
    let mut after: Option<BlockKind> = None;
    for (_, block) in chosen(document, wanted) {
        let in_list = after == Some(BlockKind::ListItem) && block.kind == BlockKind::ListItem;
        if after.is_some() && !in_list {
            output.line("")?;
        }
        output.line(block.span.of(&document.text).unwrap_or_default())?;
        after = Some(block.kind);
    }
    Ok(())
}

fn print_json(
    document: &Document,
    wanted: Option<PageRange>,
    output: &mut Output<'_>,
) -> Result<()> {
    // Blocks are in order, so each place is counted on from the one before.
    let (mut bytes, mut chars) = (0, 0);
    let mut place = |offset: usize| {
        chars += document.text.get(bytes..offset).map_or(0, |between| between.chars().count());
        bytes = offset;
        chars
    };
    for (index, block) in chosen(document, wanted) {
        let pages = document.pages_of(block.span);
        let level = match block.kind {
            BlockKind::Heading { level } => Some(level),
            _ => None,
        };
        let object = BlockObject {
            kind: kind(block.kind),
            level,
            page: pages.map(|pages| pages.first),
            page_end: pages.map(|pages| pages.last),
            start: place(block.span.start),
            end: place(block.span.end),
            boxes: document.regions_of(index).iter().map(PageBox::of).collect(),
            text: block.span.of(&document.text).unwrap_or_default(),
        };
        output.named("block", &object)?;
    }
    output.named("document", &DocumentObject::of(document))?;
    Ok(())
}

fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Heading { .. } => "heading",
        BlockKind::Paragraph => "paragraph",
        BlockKind::ListItem => "listItem",
        BlockKind::Table => "table",
        BlockKind::Code => "code",
    }
}

/// A block as programs see it; places in Unicode scalar values of the document's text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlockObject<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u8>,
    page: Option<u32>,
    page_end: Option<u32>,
    start: usize,
    end: usize,
    boxes: Vec<PageBox>,
    text: &'a str,
}

/// A part of a page: left, lower, right and upper edge in PDF points, to hundredths.
#[derive(Serialize)]
struct PageBox {
    page: u32,
    rect: [f64; 4],
}

impl PageBox {
    fn of(region: &Region) -> Self {
        let document::Rect { x0, y0, x1, y1 } = region.bounds;
        let rect = [x0, y0, x1, y1].map(|edge| (f64::from(edge) * 100.0).round() / 100.0);
        Self { page: region.page, rect }
    }
}

/// What a document says of itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentObject<'a> {
    title: &'a Option<String>,
    media_type: MediaType,
    pages: usize,
    pages_without_text: Vec<u32>,
    metadata: &'a BTreeMap<String, String>,
    removed: &'a [Removed],
    warnings: &'a [String],
}

impl<'a> DocumentObject<'a> {
    fn of(document: &'a Document) -> Self {
        Self {
            title: &document.title,
            media_type: document.media_type,
            pages: document.pages.len(),
            pages_without_text: document.pages_without_text(),
            metadata: &document.metadata,
            removed: &document.removed,
            warnings: &document.warnings,
        }
    }
}
