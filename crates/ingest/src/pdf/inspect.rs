//! What is told of a PDF.

use std::collections::BTreeMap;

use document::{Document, MediaType};
use lopdf::Dictionary;

use super::font::{About, FontCache};
use super::objects::{Objects, as_dict};
use super::{Source, assemble, check_text, load, with_pages};
use crate::{
    Config, FontFacts, IngestError, Inspection, LimitUse, Outcome, PartialPage, PdfFacts, Progress,
};

/// Where the header of a file must begin, and end.
const HEADER_BYTES: usize = 1024;
/// Characters of a version.
const VERSION_CHARS_MAX: usize = 8;

/// Reads a PDF and tells what it found.
pub(crate) fn inspect(bytes: &[u8], config: &Config, progress: &Progress<'_>) -> Inspection {
    let read =
        with_pages(bytes, config, progress, |source, objects| read(bytes, source, objects, config));
    read.unwrap_or_else(|error| refused(bytes, config, &error))
}

/// The version in a PDF header within the first bytes of a file (ISO 32000-1, 7.5.2).
pub(crate) fn header_version(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..HEADER_BYTES).unwrap_or(bytes);
    let at = memchr::memmem::find(head, b"%PDF-")?.saturating_add(b"%PDF-".len());
    let rest = head.get(at..)?.iter().take(VERSION_CHARS_MAX);
    let version = rest.take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
    let version: String = version.map(|byte| char::from(*byte)).collect();
    (!version.is_empty()).then_some(version)
}

fn read(bytes: &[u8], mut source: Source, objects: &Objects<'_>, config: &Config) -> Inspection {
    let fonts = std::mem::take(&mut source.fonts);
    let mut pdf = PdfFacts {
        tagged: !source.structure.units.is_empty(),
        fonts: font_facts(fonts),
        repairs: source.warnings.get(..source.repairs).unwrap_or_default().to_vec(),
        damaged_streams: objects.broken_streams() as u64,
        pages: u32::try_from(source.pages_found).ok(),
        ..facts(bytes, objects)
    };
    if let Some(encryption) = &mut pdf.encryption {
        encryption.opened = source.opened;
    }
    let (repairs, pages_found) = (source.repairs, source.pages_found);
    let document = assemble::document(source);
    note_pages(&mut pdf, &document);
    let outcome = match check_text(&document, objects.decoded_bytes(), &config.limits) {
        Ok(()) => Outcome::of_pdf(&pdf, document.pages.len()),
        Err(error) => Outcome::of_unread_pdf(&error, &pdf),
    };
    let language = objects.catalog().and_then(|catalog| objects.text(catalog, b"Lang"));
    let mut inspection = Inspection::of(bytes.len(), &document, outcome);
    inspection.warnings.drain(..repairs.min(inspection.warnings.len()));
    let limits = limits(bytes, objects, pages_found, &document);
    Inspection { language, pdf: Some(pdf), limits, ..inspection }
}

/// What can be told of a file without opening it.
fn refused(bytes: &[u8], config: &Config, error: &IngestError) -> Inspection {
    let mut inspection = Inspection::of_refused(bytes.len(), error);
    inspection.media_type = Some(MediaType::Pdf);
    if bytes.len() > config.limits.pdf_bytes_max {
        let version = header_version(bytes);
        inspection.pdf = Some(PdfFacts { version, ..PdfFacts::default() });
        return inspection;
    }
    let document = load::glimpse(bytes, &config.limits);
    let objects = Objects::new(&document, &config.limits);
    let mut pdf = facts(bytes, &objects);
    let is_page = |dict: &&Dictionary| dict.has_type(b"Page");
    let pages = document.objects.values().filter_map(as_dict).filter(is_page).count();
    pdf.pages = u32::try_from(pages).ok().filter(|pages| *pages > 0);
    // The strings of an encrypted file are encrypted as well.
    if pdf.encryption.is_some() {
        (pdf.producer, pdf.creator) = (None, None);
    }
    inspection.limits.push(used("bytes of a PDF", bytes.len(), config.limits.pdf_bytes_max));
    inspection.pdf = Some(pdf);
    inspection
}

/// What the objects say of the file as a whole.
fn facts(bytes: &[u8], objects: &Objects<'_>) -> PdfFacts {
    let information = objects.document.trailer.get(b"Info").ok();
    let information = information.and_then(|info| objects.resolve(info)).and_then(as_dict);
    let entry = |key| information.and_then(|information| objects.text(information, key));
    let header = header_version(bytes);
    let later = objects.catalog().and_then(|catalog| objects.name(catalog, b"Version"));
    let later = later.map(|version| String::from_utf8_lossy(version).into_owned());
    PdfFacts {
        version: header.max(later),
        producer: entry(b"Producer"),
        creator: entry(b"Creator"),
        encryption: load::encryption(objects),
        objects: objects.document.objects.len() as u64,
        ..PdfFacts::default()
    }
}

fn note_pages(pdf: &mut PdfFacts, document: &Document) {
    pdf.pages_without_text = document.pages_without_text();
    let partial = document
        .pages
        .iter()
        .filter_map(|page| Some(PartialPage { page: page.number, reason: page.partial.clone()? }));
    pdf.pages_partial = partial.collect();
}

fn limits(
    bytes: &[u8],
    objects: &Objects<'_>,
    pages_found: usize,
    document: &Document,
) -> Vec<LimitUse> {
    let limits = objects.limits;
    let text = objects.text_bytes().max(document.text.len());
    vec![
        used("bytes of a PDF", bytes.len(), limits.pdf_bytes_max),
        used("pages", pages_found, limits.pages_max),
        used("objects", objects.document.objects.len(), limits.objects_max),
        used("bytes of decoded streams", objects.decoded_bytes(), limits.document_bytes_max),
        used("bytes of the largest stream", objects.largest_stream(), limits.stream_bytes_max),
        used("bytes of text", text, limits.output_bytes_max),
    ]
}

fn used(what: &str, found: usize, limit: usize) -> LimitUse {
    LimitUse { what: what.to_owned(), found: found as u64, limit: limit as u64 }
}

/// The fonts by name and kind, most used first.
fn font_facts(fonts: FontCache) -> Vec<FontFacts> {
    let mut by_name: BTreeMap<_, (u32, u64, u64)> = BTreeMap::new();
    for font in fonts.into_fonts() {
        let About { name, kind, is_embedded, has_to_unicode, .. } = &font.about;
        let key = (name.clone(), *kind, *is_embedded, *has_to_unicode);
        let (shown, unmapped) = font.about.counts();
        let sums = by_name.entry(key).or_default();
        *sums = (sums.0.saturating_add(1), sums.1 + shown, sums.2 + unmapped);
    }
    let facts = by_name.into_iter().map(|((name, kind, embedded, to_unicode), sums)| {
        let (fonts, characters, unmapped) = sums;
        let kind = kind.to_owned();
        FontFacts { name, kind, embedded, to_unicode, fonts, characters, unmapped }
    });
    let mut facts: Vec<_> = facts.collect();
    facts.sort_by_key(|font| std::cmp::Reverse(font.characters));
    facts
}
