//! Pages as pictures of what is read of them: blocks in their order, lines, words.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use document::{BlockKind, PageRange, Rect, RemovalReason};
use ingest::{BlockView, LineView, PageView};

/// Writes `page-0001.svg` and so on into a folder, which is created; returns how many.
pub(super) fn write(folder: &Path, pages: &[PageView], wanted: Option<PageRange>) -> Result<usize> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
    let is_wanted = |page: &&PageView| {
        wanted.is_none_or(|wanted| (wanted.first..=wanted.last).contains(&page.number))
    };
    let mut written = 0;
    for page in pages.iter().filter(is_wanted) {
        let path = folder.join(format!("page-{:04}.svg", page.number));
        std::fs::write(&path, picture(page))
            .with_context(|| format!("{}: cannot write", path.display()))?;
        written += 1;
    }
    Ok(written)
}

const STYLE: &str = "\
.word{fill:#1a1a1a;font-family:sans-serif}.wordbox{fill:#2563eb;fill-opacity:.08}\
.line{fill:none;stroke:#9ca3af;stroke-width:.3}.block{fill:none;stroke-width:1}\
.heading{stroke:#dc2626}.paragraph{stroke:#16a34a}.item{stroke:#0891b2}.table{stroke:#9333ea}\
.code{stroke:#ca8a04}.removed{fill:#6b7280;fill-opacity:.25;stroke:#6b7280;stroke-dasharray:2}\
.order{stroke:#f97316;stroke-width:.8;fill:none;stroke-opacity:.8}\
.number{fill:#f97316;font:bold 7px sans-serif}";

fn picture(page: &PageView) -> String {
    let mut drawing = Drawing { svg: String::new(), height: page.height };
    drawing.begin(page);
    for (reason, line) in &page.removed {
        drawing.removed(*reason, line);
    }
    for (number, block) in (1..).zip(&page.blocks) {
        drawing.block(number, block);
    }
    drawing.reading_order(&page.blocks);
    drawing.svg.push_str("</svg>\n");
    drawing.svg
}

/// An SVG under construction; writing to a string cannot fail.
struct Drawing {
    svg: String,
    height: f32,
}

impl Drawing {
    fn begin(&mut self, page: &PageView) {
        let (width, height) = (page.width, page.height);
        let _ = write!(
            self.svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.1} {height:.1}\">\n<title>page {}</title>\n\
             <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            page.number
        );
    }

    /// SVG counts downwards from the upper edge.
    fn rect(&mut self, class: &str, bounds: Rect, title: &str) {
        let _ = writeln!(
            self.svg,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{}</title></rect>",
            bounds.x0,
            self.height - bounds.y1,
            bounds.width(),
            bounds.height(),
            escaped(title)
        );
    }

    fn removed(&mut self, reason: RemovalReason, line: &LineView) {
        let reason = match reason {
            RemovalReason::RunningLine => "running line",
            RemovalReason::PlotLabel => "label of a plot",
            RemovalReason::Watermark => "watermark",
            RemovalReason::Hidden => "hidden",
        };
        self.rect("removed", line.bounds, reason);
        self.words(line);
    }

    fn block(&mut self, number: usize, block: &BlockView) {
        for line in &block.lines {
            self.rect("line", line.bounds, &format!("{:.1} points", line.size));
            self.words(line);
        }
        let (class, title) = match block.kind {
            BlockKind::Heading { level } => ("heading", format!("heading {level}")),
            BlockKind::Paragraph => ("paragraph", "paragraph".to_owned()),
            BlockKind::ListItem => ("item", "list item".to_owned()),
            BlockKind::Table => ("table", "table".to_owned()),
            BlockKind::Code => ("code", "code".to_owned()),
        };
        self.rect(&format!("block {class}"), block.bounds, &format!("{number}: {title}"));
        let _ = writeln!(
            self.svg,
            "<text class=\"number\" x=\"{:.1}\" y=\"{:.1}\">{number}</text>",
            block.bounds.x0 - 9.0,
            self.height - block.bounds.y1 + 6.0
        );
    }

    fn words(&mut self, line: &LineView) {
        for word in &line.words {
            self.rect("wordbox", word.bounds, &word.text);
        }
        for word in &line.words {
            let (x, y) = (word.bounds.x0, self.height - word.bounds.y0 - 0.22 * line.size);
            let place = if line.degrees == 0 {
                let width = word.bounds.width();
                format!("x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\"")
            } else {
                let (x, y) = (
                    (x + word.bounds.x1) / 2.0,
                    self.height - (word.bounds.y0 + word.bounds.y1) / 2.0,
                );
                let turn = -line.degrees;
                format!(
                    "text-anchor=\"middle\" transform=\"translate({x:.1} {y:.1}) rotate({turn})\""
                )
            };
            let _ = writeln!(
                self.svg,
                "<text class=\"word\" font-size=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" {place}>{}</text>",
                line.size * 0.9,
                escaped(&word.text)
            );
        }
    }

    /// From the end of each block to the start of the next one.
    fn reading_order(&mut self, blocks: &[BlockView]) {
        for pair in blocks.windows(2) {
            let (from, to) = (pair[0].bounds, pair[1].bounds);
            let _ = writeln!(
                self.svg,
                "<path class=\"order\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>\
                 <circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.8\" fill=\"#f97316\"/>",
                from.x1,
                self.height - from.y0,
                to.x0,
                self.height - to.y1,
                to.x0,
                self.height - to.y1
            );
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no other control characters.
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_words_stay_text() {
        assert_eq!(escaped("<a & \"b\">\u{0}"), "&lt;a &amp; &quot;b&quot;&gt; ");
    }
}
