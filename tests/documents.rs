//! Whole documents as blocks, for the eye: a changed snapshot is reviewed like code.

use document::{BlockKind, Document};
use ingest::Config;

/// One line a block: page, kind, text.
fn printed(document: &Document) -> String {
    let mut out = format!("title: {:?}\n", document.title);
    for (key, value) in &document.metadata {
        out.push_str(&format!("{key}: {value}\n"));
    }
    for block in &document.blocks {
        let page = document.pages_of(block.span).map(|pages| format!("p{} ", pages.first));
        let kind = match block.kind {
            BlockKind::Heading { level } => format!("heading{level}"),
            BlockKind::Paragraph => "paragraph".into(),
            BlockKind::ListItem => "item".into(),
            BlockKind::Table => "table".into(),
            BlockKind::Code => "code".into(),
        };
        let text = block.span.of(&document.text).unwrap();
        out.push_str(&format!("{}{kind} {text:?}\n", page.unwrap_or_default()));
    }
    for removed in &document.removed {
        out.push_str(&format!("p{} removed {:?}\n", removed.page, removed.text));
    }
    for warning in &document.warnings {
        out.push_str(&format!("warning {warning:?}\n"));
    }
    out
}

fn check(folder: &str, name: &str) {
    let bytes = std::fs::read(fixtures::folder(folder).join(name)).unwrap();
    let document = ingest::parse(&bytes, &Config::default()).unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, printed(&document));
    });
}

#[test]
fn pdf_documents() {
    for name in [
        "warranty-terms.pdf",
        "rental-terms.pdf",
        "workshop-price-list.pdf",
        "dray-60-trailer-guide.pdf",
        "larkspur-e3-manual.pdf",
    ] {
        check("handbook", name);
    }
    for name in [
        "invoice_with_table.pdf",
        "footnotes.pdf",
        "outline_bookmarks_lualatex.pdf",
        "arabic_rtl.pdf",
    ] {
        check("pdf", name);
    }
}

#[test]
fn markdown_documents() {
    for name in [
        "front_matter_yaml.md",
        "front_matter_toml.md",
        "lists_nested.md",
        "tables.md",
        "code_blocks.md",
        "footnotes.md",
        "html_inline_and_blocks.md",
        "block_quotes.md",
        "task_list.md",
        "deutsch.md",
        "chinese.md",
        "bom_front_matter.md",
        "plain_notes.txt",
    ] {
        check("markdown", name);
    }
}
