//! What the benches share: a seeded corpus, and ratios to the floor measured in the same run.
//!
//! A floor is the least any engine on the same libraries must spend: loading a PDF's objects,
//! reading Markdown events, tantivy's own add and commit, its own top ten. Absolute times mean
//! little on shared machines; the ratio of two measurements of one run does.

mod held;
mod peers;

pub use held::{Held, cpu_seconds, print, print_quantiles, quantiles};
pub use peers::Peer;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use document::{Block, BlockKind, Chunk, ContentHash, DocumentId, MediaType, Span};
use index::DocumentEntry;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

/// A criterion set up for one file of benches: few samples, so that all of them end in minutes.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(800))
        .measurement_time(Duration::from_secs(3))
        .without_plots()
        .configure_from_args()
}

/// Measures, and remembers the medians for the ratios.
#[derive(Default)]
pub struct Measured {
    seconds: BTreeMap<String, Vec<f64>>,
}

impl Measured {
    /// Measures `routine` as `group/name`; its result is dropped outside the measurement.
    pub fn bench<T>(
        &mut self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        mut routine: impl FnMut() -> T,
    ) {
        self.bench_with(group, name, || (), |()| routine());
    }

    /// The same, with a setup before each run that is not measured.
    pub fn bench_with<S, T>(
        &mut self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        mut setup: impl FnMut() -> S,
        mut routine: impl FnMut(S) -> T,
    ) {
        let seconds = self.seconds.entry(name.to_owned()).or_default();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                let mut total = Duration::ZERO;
                for _ in 0..runs {
                    let input = setup();
                    let start = Instant::now();
                    let output = black_box(routine(black_box(input)));
                    total += start.elapsed();
                    drop(output);
                }
                seconds.push(total.as_secs_f64() / runs as f64);
                total
            });
        });
    }

    /// Measures what `routine` says it took; nothing where it fails.
    pub fn bench_timed(
        &mut self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        routine: impl Fn() -> Option<Duration>,
    ) {
        if routine().is_none() {
            return;
        }
        let seconds = self.seconds.entry(name.to_owned()).or_default();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                let total: Duration = (0..runs).filter_map(|_| routine()).sum();
                seconds.push(total.as_secs_f64() / runs as f64);
                total
            });
        });
    }

    /// Prints how many times the floor's time `ours` takes, if both were measured in this run.
    #[expect(clippy::print_stdout, reason = "the ratio is what a bench is run for")]
    pub fn ratio(&self, ours: &str, floor: &str) {
        if let (Some(ours_median), Some(floor_median)) = (self.median(ours), self.median(floor)) {
            println!("ratio  {ours} : {floor} = {:.2}", ours_median / floor_median);
        }
    }

    fn median(&self, name: &str) -> Option<f64> {
        let mut seconds = self.seconds.get(name)?.clone();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied()
    }
}

/// Sets the work of one run, so that criterion prints a rate.
pub fn elements(group: &mut BenchmarkGroup<'_, WallTime>, count: usize) {
    group.throughput(Throughput::Elements(count as u64));
}

/// Words of a made-up language, frequent ones first, in a distribution like that of text
/// (Zipf's law). The same seed gives the same text.
pub struct Corpus {
    state: u64,
    vocabulary: Vec<String>,
}

impl Corpus {
    /// A corpus over 20,000 words.
    pub fn new(seed: u64) -> Self {
        let mut corpus = Self { state: seed, vocabulary: Vec::new() };
        corpus.vocabulary = (0..20_000).map(|_| corpus.word_form()).collect();
        corpus
    }

    /// A number below `below`, at least 1.
    fn random(&mut self, below: usize) -> usize {
        // Knuth's linear congruential generator; its high bits are good enough for text.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % below.max(1)
    }

    fn word_form(&mut self) -> String {
        const SYLLABLES: &[&str] = &[
            "ka", "ro", "mi", "ter", "nal", "so", "ven", "di", "lu", "pra", "est", "ong", "fi",
            "bel",
        ];
        let syllables = 2 + self.random(3);
        (0..syllables).map(|_| SYLLABLES[self.random(SYLLABLES.len())]).collect()
    }

    /// One word, frequent ones more often.
    pub fn word(&mut self) -> &str {
        // A uniform exponent gives each order of magnitude of ranks the same share.
        let exponent = self.random(1 << 16) as f64 / f64::from(1 << 16);
        let rank = (self.vocabulary.len() as f64).powf(exponent) as usize;
        &self.vocabulary[rank.min(self.vocabulary.len() - 1)]
    }

    /// Sentences of together `words` words.
    pub fn prose(&mut self, words: usize) -> String {
        let mut text = String::new();
        for index in 0..words {
            let end = if index % 12 == 11 || index + 1 == words { ". " } else { " " };
            text.push_str(self.word());
            text.push_str(end);
        }
        text.trim_end().to_owned()
    }

    /// A Markdown document of `sections` sections with headings, lists and a table each.
    pub fn markdown(&mut self, sections: usize) -> String {
        let mut text = String::from("# The whole\n\n");
        for section in 0..sections {
            text.push_str(&format!("## Section {section}\n\n{}\n\n", self.prose(120)));
            text.push_str(&format!("- {}\n- *{}*\n\n", self.prose(9), self.prose(7)));
            text.push_str(&format!(
                "| Key | Value |\n|---|---|\n| {} | `{}` |\n\n",
                self.prose(3),
                self.prose(2)
            ));
        }
        text
    }

    /// The chunks of one document, 150 words each.
    pub fn chunks(&mut self, count: usize) -> Vec<Chunk> {
        let mut start = 0;
        let mut chunk = |ordinal| {
            let text = self.prose(150);
            let span = Span::new(start, start + text.len());
            let char_start = start;
            start = span.end;
            let blocks = vec![Block { kind: BlockKind::Paragraph, span }];
            let headings = vec![format!("Section {}", ordinal / 4)];
            Chunk {
                ordinal,
                span,
                char_start,
                pages: None,
                page_breaks: Vec::new(),
                headings,
                blocks,
                text,
            }
        };
        (0..count as u32).map(&mut chunk).collect()
    }
}

/// The manifest row of a made-up document.
pub fn entry(number: usize) -> DocumentEntry {
    let source = format!("bench/{number}.md");
    DocumentEntry {
        id: DocumentId::from_source(&source),
        title: format!("Document {number}"),
        media_type: MediaType::Markdown,
        content_hash: ContentHash::of(source.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: 0,
        source,
    }
}

/// The schema of the simplest floor: one stemmed field with positions, stored.
pub fn tantivy_schema() -> (Schema, Field) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("en_stem")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let mut schema = Schema::builder();
    let options = TextOptions::default().set_indexing_options(indexing) | STORED;
    let text = schema.add_text_field("text", options);
    (schema.build(), text)
}

/// The fields of the index as tantivy alone would have them: stems with lengths, words as written
/// without, neither with positions; document and ordinal as fast fields; the chunk stored.
pub struct SameFields {
    /// The schema of all.
    pub schema: Schema,
    stem: Field,
    exact: Field,
    /// The id of a chunk's document.
    pub document: Field,
    ordinal: Field,
    chunk: Field,
}

impl Default for SameFields {
    fn default() -> Self {
        let text = |tokenizer, lengths| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(IndexRecordOption::WithFreqs)
                .set_fieldnorms(lengths);
            TextOptions::default().set_indexing_options(indexing)
        };
        let mut schema = Schema::builder();
        let stem = schema.add_text_field("stem", text("en_stem", true));
        let exact = schema.add_text_field("exact", text("default", false));
        let document = schema.add_text_field("document", STRING | FAST);
        let ordinal = schema.add_u64_field("ordinal", FAST);
        let chunk = schema.add_text_field("chunk", TextOptions::default().set_stored());
        Self { schema: schema.build(), stem, exact, document, ordinal, chunk }
    }
}

impl SameFields {
    /// The tantivy document of a chunk: the words the index has of it, title and headings included.
    pub fn document_of(&self, entry: &DocumentEntry, chunk: &Chunk) -> TantivyDocument {
        let title = &entry.title;
        let bag = format!("{title}\n{title}\n{}\n{}", chunk.headings.join("\n"), chunk.text);
        let mut document = TantivyDocument::default();
        document.add_text(self.stem, &bag);
        document.add_text(self.exact, &bag);
        document.add_text(self.document, entry.id.as_str());
        document.add_u64(self.ordinal, u64::from(chunk.ordinal));
        document.add_text(self.chunk, &chunk.text);
        document
    }
}
