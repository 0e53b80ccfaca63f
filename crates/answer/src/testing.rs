//! Small documents and bots for the tests of this crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use document::{Block, BlockKind, BotId, Chunk, ContentHash, DocumentId, MediaType, Span};
use index::{Begin, DocumentEntry, Embedding, Hit, Language, PipelineKey, Snapshot, Store};

use crate::chunk_text::ChunkText;
use crate::rank::{Candidate, Signals};
use crate::reading::read;
use crate::terms::Terms;

/// Blocks of a text in a small dialect of Markdown; spans hold the markers' text too, but for
/// those of headings.
pub(crate) fn blocks_of(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let span = Span::new(start, start + line.len());
        start = span.end + 1;
        if line.trim().is_empty() {
            continue;
        }
        let (kind, marker) = kind_of(line);
        let grows = matches!(kind, BlockKind::Table | BlockKind::Code);
        match blocks.last_mut() {
            Some(last) if grows && last.kind == kind && last.span.end + 1 == span.start => {
                last.span.end = span.end;
            }
            _ => blocks.push(Block { kind, span: Span::new(span.start + marker, span.end) }),
        }
    }
    blocks
}

fn kind_of(line: &str) -> (BlockKind, usize) {
    let hashes = line.bytes().take_while(|&byte| byte == b'#').count();
    if hashes > 0 && line.as_bytes().get(hashes) == Some(&b' ') {
        (BlockKind::Heading { level: hashes.min(6) as u8 }, hashes + 1)
    } else if line.starts_with("- ") {
        (BlockKind::ListItem, 0)
    } else if line.starts_with('|') {
        (BlockKind::Table, 0)
    } else if line.starts_with("    ") {
        (BlockKind::Code, 0)
    } else {
        (BlockKind::Paragraph, 0)
    }
}

/// The whole text as one chunk.
pub(crate) fn chunk_of(text: &str) -> Chunk {
    chunk(text, Span::new(0, text.len()), 0, &[], &blocks_of(text))
}

/// Chunks of a text: one for each heading, and one before the first.
pub(crate) fn chunks_of(text: &str) -> Vec<Chunk> {
    let blocks = blocks_of(text);
    let is_heading = |block: &&Block| matches!(block.kind, BlockKind::Heading { .. });
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    let mut starts: Vec<usize> =
        blocks.iter().filter(is_heading).map(|block| line_start(block.span.start)).collect();
    starts.insert(0, 0);
    starts.push(text.len());
    starts.dedup();
    let mut headings: Vec<String> = Vec::new();
    let mut chunks = Vec::new();
    for window in starts.windows(2) {
        let span = Span::new(window[0], window[1]);
        let inside: Vec<Block> =
            blocks.iter().copied().filter(|b| !b.span.intersection(span).is_empty()).collect();
        if let Some(BlockKind::Heading { level }) = inside.first().map(|block| block.kind) {
            headings.truncate(usize::from(level) - 1);
            headings.push(inside[0].span.of(text).unwrap().to_owned());
        }
        chunks.push(chunk(text, span, chunks.len() as u32, &headings, &inside));
    }
    chunks
}

fn chunk(text: &str, span: Span, ordinal: u32, headings: &[String], blocks: &[Block]) -> Chunk {
    Chunk {
        ordinal,
        span,
        char_start: text[..span.start].chars().count(),
        pages: None,
        page_breaks: Vec::new(),
        headings: headings.to_vec(),
        blocks: blocks.to_vec(),
        text: span.of(text).unwrap().to_owned(),
    }
}

/// A chunk of a document with an id and, as its title, the same in capitals.
pub(crate) fn hit_of(id: &str, chunk: Chunk) -> Hit {
    let (document_id, language) = (id.parse().unwrap(), Language::English);
    Hit { document_id, title: id.to_uppercase(), score: 1.0, language, chunk }
}

/// A candidate that was read against no question.
pub(crate) fn candidate_of(id: &str, chunk: Chunk) -> Candidate {
    let reading = read(Arc::new(ChunkText::new(hit_of(id, chunk))), &Terms::default());
    Candidate { reading, signals: Signals::default(), score: 0.5 }
}

/// A bot in a temporary folder.
pub(crate) struct Bot {
    pub(crate) snapshot: Arc<Snapshot>,
    _folder: tempfile::TempDir,
}

/// A bot trained on (title, text) documents.
pub(crate) fn bot(documents: &[(&str, &str)]) -> Bot {
    bot_with(documents, Embedding::Without)
}

/// The same with vectors.
pub(crate) fn bot_with(documents: &[(&str, &str)], embedding: Embedding<'_>) -> Bot {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), index::Config::default()).unwrap();
    let bot: BotId = "test".parse().unwrap();
    let mut writer = store.writer(&bot).unwrap();
    let pipeline = PipelineKey::new(1, b"");
    let mut transaction = writer.begin_with(pipeline, Begin::Rebuild, embedding).unwrap();
    for (title, text) in documents {
        let chunks = chunks_of(text);
        transaction.put(entry(title, text, chunks.len()), &chunks).unwrap();
    }
    transaction.publish().unwrap();
    Bot { snapshot: store.snapshot(&bot).unwrap().unwrap(), _folder: folder }
}

fn entry(title: &str, text: &str, chunks: usize) -> DocumentEntry {
    DocumentEntry {
        id: DocumentId::from_source(title),
        source: title.to_owned(),
        title: title.to_owned(),
        media_type: MediaType::Markdown,
        content_hash: ContentHash::of(text.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: chunks as u32,
    }
}

/// What a generator gets for a question, where each text is a document and a passage.
pub(crate) fn grounding_of(question: &str, texts: &[&str]) -> crate::Grounding {
    let bot = bot(&texts.iter().map(|text| ("T", *text)).collect::<Vec<_>>());
    let question = crate::Question::new(question);
    let terms = Terms::weigh(&bot.snapshot, question.query()).unwrap();
    let candidates = texts.iter().enumerate().map(|(at, text)| {
        let mut chunk = chunk_of(text);
        chunk.headings = chunks_of(text).pop().unwrap().headings;
        let mut candidate = candidate_of(&format!("d{at}"), chunk);
        candidate.reading = read(Arc::clone(&candidate.reading.text), &terms);
        candidate
    });
    let passages = crate::passage::assemble(candidates.collect(), texts.len());
    crate::Grounding { question, passages, confidence: 1.0, terms, sentences_max: 3 }
}
