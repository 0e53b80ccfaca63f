//! Events of the Markdown parser to blocks.

use document::BlockKind;
use pulldown_cmark::{Event, Tag, TagEnd};

use super::COLUMNS_MAX;
use super::html::{self, Token};
use crate::canonical::{Canonical, Join};
use crate::normalize;

/// What separates the cells of a table row.
const CELL_SEPARATOR: &str = " | ";

/// The largest of a document's parts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    /// How deep quotes and lists are nested.
    depth: usize,
    /// Cells of a row.
    columns: usize,
}

impl Extent {
    /// What is beyond its limit, one sentence each.
    pub(super) fn warnings(self, nesting_max: usize) -> Vec<String> {
        let Self { depth, columns } = self;
        let deep = || {
            format!(
                "quotes and lists are nested {depth} deep, limit {nesting_max}: levels beyond it \
                 were read as one"
            )
        };
        let wide = || {
            format!(
                "a table has {columns} columns, limit {COLUMNS_MAX}: those beyond it were read as \
                 one"
            )
        };
        let deep = (depth > nesting_max).then(deep);
        deep.into_iter().chain((columns > COLUMNS_MAX).then(wide)).collect()
    }
}

/// Folds events into a text; levels beyond `nesting_max` are not indented further.
pub(super) fn read<'a>(
    events: impl Iterator<Item = Event<'a>>,
    nesting_max: usize,
) -> (Canonical, Extent) {
    let mut reader = Reader { nesting_max, ..Reader::default() };
    for event in events {
        reader.event(event);
    }
    reader.flush();
    (reader.out, reader.extent)
}

/// What is open at one moment.
#[derive(Default)]
struct Reader {
    out: Canonical,
    nesting_max: usize,
    /// Open quotes and lists.
    depth: usize,
    extent: Extent,
    /// The next number of each open list, outermost first; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Whether the outermost open list has an item in the text.
    list_begun: bool,
    /// What the raw text that is being read becomes.
    kind: Kind,
    raw: String,
    /// Goes before the next running text.
    lead: Lead,
    /// The rows of the table that is being read, and its last row while it grows.
    table: String,
    row: String,
    row_cells: usize,
    /// The HTML block that is being read, and whether it is inside of a table.
    html: String,
    html_table: bool,
}

#[derive(Debug, Clone, Copy, Default)]
enum Kind {
    /// A list item if a bullet leads it, else a paragraph.
    #[default]
    Running,
    Heading(u8),
    Code,
}

#[derive(Debug, Default)]
enum Lead {
    #[default]
    None,
    /// The bullet or number of a list item.
    Bullet(String),
    /// The label of a footnote.
    Label(String),
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => self.raw.push_str(&text),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.raw.push_str(&text),
            Event::Html(html) => self.html.push_str(&html),
            Event::InlineHtml(html) => self.inline_html(&html),
            Event::FootnoteReference(label) => self.raw.extend(["[^", &label, "]"]),
            Event::SoftBreak => self.raw.push(' '),
            Event::HardBreak => self.raw.push('\n'),
            Event::Rule => self.flush(),
            Event::TaskListMarker(done) => self.mark_task(done),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock | Tag::Table(_) => self.flush(),
            Tag::Heading { level, .. } => self.begin(Kind::Heading(level as u8)),
            Tag::CodeBlock(_) => self.begin(Kind::Code),
            Tag::BlockQuote(_) => self.enter(),
            Tag::List(first) => {
                self.enter();
                self.list_begun &= !self.lists.is_empty();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.lead = Lead::Bullet(self.next_bullet());
            }
            Tag::FootnoteDefinition(label) => {
                self.flush();
                self.lead = Lead::Label(format!("[^{label}]: "));
            }
            // Inline, or not enabled.
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock => self.flush(),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::TableHead => {
                let columns = self.row_cells;
                self.end_row();
                self.underline_head(columns);
            }
            TagEnd::TableRow => self.end_row(),
            TagEnd::Table => self.end_table(),
            TagEnd::HtmlBlock => self.html_block(),
            TagEnd::BlockQuote(_) => self.leave(),
            TagEnd::List(_) => {
                self.leave();
                self.lists.pop();
            }
            TagEnd::Item | TagEnd::FootnoteDefinition => {
                self.flush();
                self.lead = Lead::None;
            }
            _ => {}
        }
    }

    fn enter(&mut self) {
        self.flush();
        self.depth += 1;
        self.extent.depth = self.extent.depth.max(self.depth);
    }

    fn leave(&mut self) {
        self.flush();
        self.depth = self.depth.saturating_sub(1);
    }

    fn next_bullet(&mut self) -> String {
        let Some(Some(number)) = self.lists.last_mut() else { return "- ".to_owned() };
        let bullet = format!("{number}. ");
        *number = number.saturating_add(1);
        bullet
    }

    fn mark_task(&mut self, done: bool) {
        if let Lead::Bullet(bullet) = &mut self.lead {
            bullet.push_str(if done { "[x] " } else { "[ ] " });
        }
    }
}

/// Writing what was read.
impl Reader {
    /// Ends the block that is being read and begins one of another kind.
    fn begin(&mut self, kind: Kind) {
        self.flush();
        self.kind = kind;
    }

    /// Writes the block that is being read, if it has any text.
    fn flush(&mut self) {
        let kind = std::mem::take(&mut self.kind);
        let raw = std::mem::take(&mut self.raw);
        match kind {
            _ if raw.is_empty() => {}
            Kind::Running => self.push_running(&raw),
            Kind::Heading(level) => {
                self.push(BlockKind::Heading { level }, |text| normalize::line(&raw, text));
            }
            Kind::Code => self.push(BlockKind::Code, |text| normalize::preformatted(&raw, text)),
        }
        // The buffer serves all blocks.
        self.raw = raw;
        self.raw.clear();
    }

    fn push(&mut self, kind: BlockKind, write: impl FnOnce(&mut String)) {
        self.out.push(kind, Join::Apart, "", write);
    }

    /// Writes a list item, or a paragraph at the indent of the list it stands in.
    fn push_running(&mut self, raw: &str) {
        let lead = std::mem::take(&mut self.lead);
        let levels = self.lists.len().min(self.nesting_max);
        let write = |text: &mut String| normalize::prose(raw, text);
        let written = match &lead {
            Lead::Bullet(bullet) => {
                let lead = "  ".repeat(levels.saturating_sub(1)) + bullet;
                let join = self.item_join();
                self.list_begun = true;
                self.out.push(BlockKind::ListItem, join, &lead, write)
            }
            Lead::Label(label) => {
                let lead = "  ".repeat(levels) + label;
                self.out.push(BlockKind::Paragraph, Join::Apart, &lead, write)
            }
            Lead::None => {
                self.out.push(BlockKind::Paragraph, Join::Apart, &"  ".repeat(levels), write)
            }
        };
        if !written {
            self.lead = lead;
        }
    }

    /// Items of one list, whatever its levels, stand on consecutive lines.
    fn item_join(&self) -> Join {
        let follows = self.list_begun && self.out.last_kind() == Some(BlockKind::ListItem);
        if follows { Join::NextLine } else { Join::Apart }
    }

    fn end_cell(&mut self) {
        if self.row_cells > 0 {
            let is_apart = self.row_cells < COLUMNS_MAX;
            self.row.push_str(if is_apart { CELL_SEPARATOR } else { " " });
        }
        self.row_cells += 1;
        self.extent.columns = self.extent.columns.max(self.row_cells);
        normalize::line(&self.raw, &mut self.row);
        self.raw.clear();
    }

    /// Adds the row to its table, unless all its cells are empty.
    fn end_row(&mut self) {
        let row = self.row.trim();
        if row.contains(|c| c != '|' && c != ' ') {
            if !self.table.is_empty() {
                self.table.push('\n');
            }
            self.table.push_str(row);
        }
        self.row.clear();
        self.row_cells = 0;
    }

    /// A row of dashes below the names of the columns.
    fn underline_head(&mut self, columns: usize) {
        if !self.table.is_empty() && columns > 1 {
            self.table.push('\n');
            self.table.push_str(&vec!["---"; columns.min(COLUMNS_MAX)].join(CELL_SEPARATOR));
        }
    }

    fn end_table(&mut self) {
        let table = std::mem::take(&mut self.table);
        self.push(BlockKind::Table, |text| text.push_str(&table));
    }
}

/// HTML.
impl Reader {
    /// One tag amid running text: where it breaks the line, so does its place in the text.
    fn inline_html(&mut self, tag: &str) {
        let name = html::tag_name(tag);
        if html::is(name, &["br"]) || html::is_block(name) {
            self.raw.push('\n');
        }
    }

    fn html_block(&mut self) {
        let html = std::mem::take(&mut self.html);
        for token in html::tokens(&html) {
            match token {
                Token::Text(text) => self.html_text(&text),
                Token::Open(name) if self.html_table && is_table_part(name) => {
                    self.html_table_part(name, false);
                }
                Token::Close(name) if self.html_table && is_table_part(name) => {
                    self.html_table_part(name, true);
                }
                Token::Open(name) => self.html_open(name),
                Token::Close(name) if html::is_block(name) => self.flush(),
                Token::Close(_) => {}
            }
        }
        self.html_table_part("table", true);
        self.flush();
    }

    fn html_text(&mut self, text: &str) {
        match self.kind {
            Kind::Code => self.raw.push_str(text),
            // A line end in the source is a blank like any other.
            _ => self.raw.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c })),
        }
    }

    fn html_open(&mut self, name: &str) {
        if html::is(name, &["br"]) {
            self.raw.push('\n');
        } else if let Some(level) = html::heading_level(name) {
            self.begin(Kind::Heading(level));
        } else if html::is(name, &["pre"]) {
            self.begin(Kind::Code);
        } else if html::is_block(name) {
            self.flush();
        }
        if html::is(name, &["li"]) {
            self.lead = Lead::Bullet("- ".to_owned());
        }
        self.html_table |= html::is(name, &["table"]);
    }

    /// A tag that ends a cell, a row or the table, by itself or because another begins.
    fn html_table_part(&mut self, name: &str, closes: bool) {
        let is_cell = html::is(name, &["td", "th"]);
        let is_open = self.raw.contains(|c: char| !c.is_whitespace());
        if self.html_table && (is_open || (closes && is_cell)) {
            self.end_cell();
        }
        if !is_cell {
            self.end_row();
        }
        if closes && html::is(name, &["table"]) {
            self.end_table();
            self.html_table = false;
        }
    }
}

fn is_table_part(name: &str) -> bool {
    html::is(name, &["td", "th", "tr", "table"])
}
