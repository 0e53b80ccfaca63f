//! An inspection as aligned lines: a label, and what is to be said under it.

use document::{MediaType, RemovalReason};
use ingest::{EncryptionFacts, FontFacts, Inspection, LimitUse, Opened, PdfFacts};

use crate::output::{counted, one_line, shortened};

/// Width of the labels, with the gap after them.
const LABEL_CHARS: usize = 12;
/// Lines of one kind that are shown; `--json` has them all.
const LINES_MAX: usize = 12;
/// Characters of a font's name, or of any other text from the file.
const NAME_CHARS: usize = 32;
const TEXT_CHARS: usize = 200;
/// From this share of a limit on, in percent, it is near.
const NEAR_PERCENT: u64 = 80;

/// What is shown of an inspection.
pub(super) fn lines(name: &str, inspection: &Inspection) -> Vec<String> {
    let mut rows = Rows(Vec::new());
    rows.one("file", Some(format!("{name}, {}", size(inspection.bytes))));
    rows.one("outcome", Some(outcome(inspection)));
    rows.one("advice", inspection.outcome.advice.clone());
    rows.one("type", Some(kind(inspection)));
    rows.one("title", inspection.title.clone());
    rows.one("language", inspection.language.clone());
    if let Some(pdf) = &inspection.pdf {
        pdf_rows(&mut rows, pdf);
    }
    rows.one(
        "text",
        inspection.text.map(|text| {
            format!("{}, {}", counted(text.words, "word"), counted(text.headings, "heading"))
        }),
    );
    if let Some(pdf) = &inspection.pdf {
        rows.some("fonts", &fonts(&pdf.fonts));
        rows.some("repairs", &pdf.repairs);
        rows.one(
            "damaged",
            (pdf.damaged_streams > 0).then(|| counted(pdf.damaged_streams, "stream")),
        );
    }
    rows.one("left out", removed(inspection));
    rows.some("warnings", &inspection.warnings);
    rows.some("limits", &limits(&inspection.limits));
    rows.0
}

struct Rows(Vec<String>);

impl Rows {
    fn one(&mut self, label: &str, text: Option<String>) {
        if let Some(text) = text {
            self.0.push(format!("{label:<LABEL_CHARS$}{}", one_line(&text)));
        }
    }

    /// The first lines under one label, and how many more there are.
    fn some(&mut self, label: &str, lines: &[String]) {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        for (label, line) in labels.zip(lines.iter().take(LINES_MAX)) {
            let line: String = line.chars().take(TEXT_CHARS).collect();
            self.0.push(format!("{label:<LABEL_CHARS$}{line}"));
        }
        if lines.len() > LINES_MAX {
            let more = lines.len() - LINES_MAX;
            self.0.push(format!("{:<LABEL_CHARS$}and {more} more (--json shows all)", ""));
        }
    }
}

fn outcome(inspection: &Inspection) -> String {
    let outcome = &inspection.outcome;
    if outcome.is_read() {
        return outcome.message.clone();
    }
    format!("{} [{}]", outcome.message, outcome.code)
}

fn kind(inspection: &Inspection) -> String {
    let name = match inspection.media_type {
        Some(MediaType::Pdf) => "PDF",
        Some(MediaType::Markdown) => "Markdown",
        Some(MediaType::PlainText) => "plain text",
        None => return "unknown".to_owned(),
    };
    let mut kind = name.to_owned();
    if let Some(pdf) = &inspection.pdf {
        let said = |text: &Option<String>, before: &str| {
            text.as_ref().map(|text| format!("{before}{}", shortened(text, TEXT_CHARS)))
        };
        kind.extend(said(&pdf.version, " "));
        kind.extend(said(&pdf.producer, ", written by "));
        kind.extend(said(&pdf.creator, ", made with "));
    }
    if let Some(file) = &inspection.text_file {
        let encoding = file.encoding.as_deref().unwrap_or("of an unknown encoding");
        kind += &format!(", {encoding}");
        if let Some(matter) = &file.front_matter {
            let keys = counted(matter.keys.len() as u64, "key");
            kind += &format!(", {} front matter of {keys}", matter.format);
        }
    }
    kind
}

fn pdf_rows(rows: &mut Rows, pdf: &PdfFacts) {
    if let Some(pages) = pdf.pages {
        let mut text = pages.to_string();
        if !pdf.pages_without_text.is_empty() {
            text += &format!(", no text on {}", ranges(&pdf.pages_without_text));
        }
        let partial = pdf.pages_partial.iter();
        let partial =
            partial.map(|page| format!("page {} is incomplete: {}", page.page, page.reason));
        rows.some("pages", &std::iter::once(text).chain(partial).collect::<Vec<_>>());
    }
    rows.one("encryption", Some(pdf.encryption.as_ref().map_or("none".to_owned(), encryption)));
    if pdf.tagged {
        rows.one("tags", Some("it says what is a heading, a paragraph, a cell".to_owned()));
    }
}

fn encryption(encryption: &EncryptionFacts) -> String {
    let mut text = encryption.handler.clone();
    if let Some(revision) = encryption.revision {
        text += &format!(" revision {revision}");
    }
    if let Some(cipher) = &encryption.cipher {
        text += &format!(" ({cipher})");
    }
    text + match encryption.opened {
        Some(Opened::EmptyPassword) => ", opened with the empty password",
        Some(Opened::GivenPassword) => ", opened with the given password",
        Some(Opened::TextIsPlain) => ", of attached files only",
        None => ", not opened",
    }
}

/// The fonts as columns: name, type, embedded or not, map to Unicode, characters.
fn fonts(fonts: &[FontFacts]) -> Vec<String> {
    let name = |font: &FontFacts| match shortened(&font.name, NAME_CHARS) {
        name if name.is_empty() => "(no name)".to_owned(),
        name => name,
    };
    let width = fonts.iter().take(LINES_MAX).map(|font| name(font).chars().count()).max();
    let width = width.unwrap_or(0);
    let line = |font: &FontFacts| {
        let embedded = if font.embedded { "embedded" } else { "not embedded" };
        let map = if font.to_unicode { "ToUnicode" } else { "no map" };
        let kind = shortened(&font.kind, NAME_CHARS);
        format!("{:<width$}  {kind:<15}  {embedded:<12}  {map:<9}  {}", name(font), shown(font))
    };
    fonts.iter().map(line).collect()
}

fn shown(font: &FontFacts) -> String {
    let characters = counted(font.characters, "character");
    match (font.characters, font.unmapped) {
        (0, _) => "nothing shown".to_owned(),
        (_, 0) => format!("{characters}, all known"),
        (_, unmapped) => format!("{characters}, {unmapped} of them unknown"),
    }
}

fn removed(inspection: &Inspection) -> Option<String> {
    let removed = inspection.removed.iter().map(|removed| {
        let what = match removed.reason {
            RemovalReason::RunningLine => "running line",
            RemovalReason::PlotLabel => "plot label",
            RemovalReason::Watermark => "watermark",
            RemovalReason::Hidden => "hidden line",
        };
        counted(removed.lines, what)
    });
    let removed: Vec<_> = removed.collect();
    (!removed.is_empty()).then(|| removed.join(", "))
}

/// The limits that are near or crossed.
fn limits(limits: &[LimitUse]) -> Vec<String> {
    let near = limits.iter().filter(|limit| limit.percent() >= NEAR_PERCENT);
    let near = near.map(|LimitUse { what, found, limit }| {
        let how = if found > limit { "crossed" } else { "near" };
        format!("{how}: {found} {what}, limit {limit}")
    });
    let near: Vec<_> = near.collect();
    if near.is_empty() && !limits.is_empty() { vec!["none is near".to_owned()] } else { near }
}

/// Page numbers in order, neighbours joined: `1-3, 7`.
fn ranges(pages: &[u32]) -> String {
    let runs = pages.chunk_by(|left, right| left.checked_add(1) == Some(*right));
    let run = |run: &[u32]| match run {
        [first, .., last] => format!("{first}-{last}"),
        [page] => page.to_string(),
        [] => String::new(),
    };
    runs.map(run).collect::<Vec<_>>().join(", ")
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        ..KIB => counted(bytes, "byte"),
        KIB..0x10_0000 => format!("{:.1} KiB", bytes as f64 / KIB as f64),
        _ => format!("{:.1} MiB", bytes as f64 / (KIB * KIB) as f64),
    }
}

#[cfg(test)]
mod tests {
    use ingest::{Config, inspect};

    use super::*;

    fn shown_of(name: &str) -> Vec<String> {
        let bytes = std::fs::read(fixtures::folder("pdf").join(name)).unwrap();
        lines(name, &inspect(&bytes, &Config::default()))
    }

    #[test]
    fn labels_are_aligned_and_come_once() {
        for name in ["tagged_libreoffice.pdf", "damaged_xref_repairable.pdf"] {
            let lines = shown_of(name);
            let labels: Vec<_> = lines.iter().map(|line| line[..LABEL_CHARS].trim()).collect();
            assert_eq!(labels[..2], ["file", "outcome"]);
            for label in labels.iter().filter(|label| !label.is_empty()) {
                assert_eq!(labels.iter().filter(|other| *other == label).count(), 1, "{lines:?}");
            }
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let mut rows = Rows(Vec::new());
        let lines: Vec<_> = (0..LINES_MAX + 3).map(|line| line.to_string()).collect();
        rows.some("fonts", &lines);
        assert_eq!(rows.0.len(), LINES_MAX + 1);
        assert_eq!(rows.0[LINES_MAX].trim(), "and 3 more (--json shows all)");
    }

    #[test]
    fn limits_are_shown_where_they_are_near() {
        let limit = |found| LimitUse { what: "pages".into(), found, limit: 100 };
        assert_eq!(limits(&[limit(79)]), ["none is near"]);
        assert_eq!(limits(&[limit(80)]), ["near: 80 pages, limit 100"]);
        assert_eq!(limits(&[limit(100)]), ["near: 100 pages, limit 100"]);
        assert_eq!(limits(&[limit(101), limit(1)]), ["crossed: 101 pages, limit 100"]);
        assert!(limits(&[]).is_empty());
    }

    #[test]
    fn sizes_and_pages_are_short() {
        let sizes = [1, 1023, 1536, 5 << 20].map(size);
        assert_eq!(sizes, ["1 byte", "1023 bytes", "1.5 KiB", "5.0 MiB"]);
        assert_eq!(ranges(&[1, 2, 3, 7]), "1-3, 7");
    }
}
