//! Fields of the index, and how a chunk becomes a tantivy document.
//!
//! One chunk is one tantivy document with two texts over the same tokens: `stem` and `exact`.
//! Both hold the document's title twice, the headings above the chunk once, and the chunk. Over
//! the development collections the title counted twice beats once by 0.004 nDCG@10 and three
//! times by 0.001; a title in a field of its own would count on its own scale, and at full
//! weight cost more than it gained.
//!
//! Neither text keeps positions, for nothing asks for them. `exact` keeps no lengths: they are
//! those of `stem`.

use document::{Block, Chunk, DocumentId, PageBreak, PageRange, Span};
use serde::{Deserialize, Serialize};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{IndexSettings, TantivyDocument, Term};

use crate::DocumentEntry;
use crate::analyzer::Analyzer;
use crate::language::{Language, Votes};

/// Raised whenever the fields of a snapshot, their meaning or how they lie in its files change.
/// 4 since segments are packs.
pub const SCHEMA_VERSION: u32 = 4;

/// Name of the fast field that holds the document id.
pub(crate) const DOCUMENT: &str = "document";

/// Name of the fast field that holds the chunk's ordinal.
pub(crate) const ORDINAL: &str = "ordinal";

/// Names of the fast fields that hold a chunk's first and last page, where it has pages.
pub(crate) const PAGES: [&str; 2] = ["page", "page_end"];

/// How often the title counts among the words of each chunk.
const TITLE_TIMES: usize = 2;

/// Least share of a document's function words that a language must have to be one of a chunk's.
const LANGUAGE_SHARE_MIN: f32 = 0.1;

/// Text compressed together, in bytes, about three chunks. A question reads chunks here and there,
/// and each costs the decompression of its block: a quarter of the library's 16 KiB.
const STORE_BLOCK_BYTES: usize = 4 << 10;

/// Name of the tokenizer that cuts at single spaces.
const SPACED: &str = "spaced";

/// The fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Stems, with frequencies and lengths.
    pub(crate) stem: Field,
    /// Folded words, with frequencies.
    pub(crate) exact: Field,
    /// The document's id.
    document: Field,
    /// The chunk's ordinal.
    ordinal: Field,
    /// The chunk's first and last page.
    pages: [Field; 2],
    /// The chunk, serialised.
    chunk: Field,
}

/// The schema and its fields; the same every time.
pub(crate) fn schema() -> (Schema, Fields) {
    let text = |lengths| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(SPACED)
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(lengths);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut builder = Schema::builder();
    let stem = builder.add_text_field("stem", text(true));
    let exact = builder.add_text_field("exact", text(false));
    let document = builder.add_text_field(DOCUMENT, STRING | FAST);
    let ordinal = builder.add_u64_field(ORDINAL, FAST);
    let pages = PAGES.map(|name| builder.add_u64_field(name, FAST));
    let chunk = builder.add_text_field("chunk", TextOptions::default().set_stored());
    (builder.build(), Fields { stem, exact, document, ordinal, pages, chunk })
}

/// How segments are written.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        // A thread per store writer pays for slow compressors; lz4 is none.
        docstore_compress_dedicated_thread: false,
        docstore_blocksize: STORE_BLOCK_BYTES,
        ..IndexSettings::default()
    }
}

/// The tokenizers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(SPACED, Spaced::default());
    manager
}

impl Fields {
    /// The term that all chunks of a document share, and no others.
    pub(crate) fn document_term(&self, id: &DocumentId) -> Term {
        Term::from_field_text(self.document, id.as_str())
    }

    /// The chunk stored in a tantivy document, and its language.
    pub(crate) fn stored_chunk(&self, stored: &TantivyDocument) -> Option<(Chunk, Language)> {
        use tantivy::schema::Value as _;
        decode(stored.get_first(self.chunk)?.as_str()?)
    }
}

/// Turns chunks into tantivy documents; holds scratch space.
pub(crate) struct Builder {
    fields: Fields,
    analyzer: Analyzer,
    stems: String,
    exacts: String,
}

impl Builder {
    pub(crate) fn new(fields: Fields) -> Self {
        let (stems, exacts) = (String::new(), String::new());
        Self { fields, analyzer: Analyzer::default(), stems, exacts }
    }

    /// The languages of the chunks of a document: each chunk's own, where its function words tell
    /// it and the document has a tenth of its function words in it, else the document's.
    pub(crate) fn languages(&mut self, chunks: &[Chunk]) -> Vec<Language> {
        let votes: Vec<Votes> =
            chunks.iter().map(|chunk| self.analyzer.votes(&chunk.text)).collect();
        let mut all = Votes::default();
        votes.iter().for_each(|votes| all.add(votes));
        let main = all.winner().unwrap_or(Language::English);
        let own = |votes: &Votes| {
            votes.winner().filter(|&language| all.share(language) >= LANGUAGE_SHARE_MIN)
        };
        votes.iter().map(|votes| own(votes).unwrap_or(main)).collect()
    }

    /// The tantivy document of a chunk, and its number of tokens.
    pub(crate) fn build(
        &mut self,
        entry: &DocumentEntry,
        chunk: &Chunk,
        language: Language,
    ) -> (TantivyDocument, u64) {
        self.stems.clear();
        self.exacts.clear();
        let mut tokens = 0;
        for _ in 0..TITLE_TIMES {
            tokens += self.add(&entry.title, language);
        }
        // A document's first heading is often its title, which is counted already.
        for heading in chunk.headings.iter().filter(|heading| **heading != entry.title) {
            tokens += self.add(heading, language);
        }
        tokens += self.add(&chunk.text, language);
        let mut built = TantivyDocument::default();
        built.add_text(self.fields.stem, &self.stems);
        built.add_text(self.fields.exact, &self.exacts);
        built.add_text(self.fields.document, entry.id.as_str());
        built.add_u64(self.fields.ordinal, u64::from(chunk.ordinal));
        if let Some(pages) = chunk.pages {
            built.add_u64(self.fields.pages[0], u64::from(pages.first));
            built.add_u64(self.fields.pages[1], u64::from(pages.last));
        }
        built.add_text(self.fields.chunk, encode(chunk, language));
        (built, tokens)
    }

    fn add(&mut self, text: &str, language: Language) -> u64 {
        let Self { analyzer, stems, exacts, .. } = self;
        let mut tokens = 0;
        analyzer.each_token(text, language, |_, exact, term| {
            stems.push_str(term);
            stems.push(' ');
            exacts.push_str(exact);
            exacts.push(' ');
            tokens += 1;
        });
        tokens
    }
}

/// What is stored of a chunk beside its text: plain arrays, in the order of the fields.
#[derive(Serialize, Deserialize)]
struct Stored(
    Language,
    u32,
    Span,
    usize,
    Option<PageRange>,
    Vec<PageBreak>,
    Vec<String>,
    Vec<Block>,
);

/// A chunk as one text, which the search library reads faster than bytes: a line of JSON, then
/// the chunk's text as it is.
fn encode(chunk: &Chunk, language: Language) -> String {
    let Chunk { ordinal, span, char_start, pages, page_breaks, headings, blocks, text } = chunk;
    let rest = (language, ordinal, span, char_start, pages, page_breaks, headings, blocks);
    let mut encoded = serde_json::to_string(&rest).expect("a chunk has no maps");
    encoded.reserve_exact(1 + text.len());
    encoded.push('\n');
    encoded.push_str(text);
    encoded
}

fn decode(encoded: &str) -> Option<(Chunk, Language)> {
    let (rest, text) = encoded.split_once('\n')?;
    let Stored(language, ordinal, span, char_start, pages, page_breaks, headings, blocks) =
        serde_json::from_str(rest).ok()?;
    let text = text.to_owned();
    let chunk = Chunk { ordinal, span, char_start, pages, page_breaks, headings, blocks, text };
    Some((chunk, language))
}

/// Cuts analysed text at the spaces between its tokens.
#[derive(Default, Clone)]
struct Spaced {
    token: Token,
}

struct SpacedStream<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for Spaced {
    type TokenStream<'a> = SpacedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SpacedStream<'a> {
        self.token.reset();
        SpacedStream { rest: text, token: &mut self.token }
    }
}

impl TokenStream for SpacedStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((token, rest)) = self.rest.split_once(' ') else { return false };
        self.rest = rest;
        self.token.text.clear();
        self.token.text.push_str(token);
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use document::BlockKind;

    use super::*;

    #[test]
    fn a_chunk_survives_its_encoding() {
        let chunk = Chunk {
            ordinal: 7,
            span: Span::new(10, 20),
            char_start: 9,
            pages: Some(PageRange { first: 1, last: 2 }),
            page_breaks: vec![PageBreak { offset: 12, page: 2 }],
            headings: vec!["One".into(), "\"Two\"\n".into()],
            blocks: vec![Block { kind: BlockKind::Heading { level: 2 }, span: Span::new(10, 13) }],
            text: "äöü\n\n1234".into(),
        };
        let encoded = encode(&chunk, Language::German);
        assert_eq!(decode(&encoded), Some((chunk, Language::German)));
        assert_eq!(decode(&encoded[..9]), None);
        assert_eq!(decode(""), None);
    }
}
