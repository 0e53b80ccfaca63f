//! A question to its answer on 20,000 generated chunks. Queries are six words of the corpus. The
//! floor is tantivy's own top ten of the same words joined with OR over one stemmed field.
//!
//! The first part asks 64 questions over and over. The second asks a thousand questions once each
//! on a snapshot just opened, when no chunk has been read before, and once more; median and 99th
//! percentile of each; and once with a word misspelt.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use answer::{Extractive, Question, answer, retrieve};
use benches::{Corpus, Measured, criterion, elements, entry, tantivy_schema};
use document::BotId;
use index::{Begin, Config, PipelineKey, Query, Snapshot, Store};
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::{Index, TantivyDocument, doc};

const DOCUMENTS: usize = 2_000;
const CHUNKS_PER_DOCUMENT: usize = 10;
const QUESTIONS: usize = 64;
const ASKED_ONCE: usize = 1_000;

fn snapshot(folder: &Path) -> Result<Option<Arc<Snapshot>>, index::IndexError> {
    let bot: BotId = "bench".parse().expect("a constant name");
    let store = Store::open(folder, Config::default())?;
    let mut writer = store.writer(&bot)?;
    let mut transaction = writer.begin(PipelineKey::new(1, b"bench"), Begin::Incremental)?;
    let mut corpus = Corpus::new(11);
    for number in 0..DOCUMENTS {
        transaction.put(entry(number), &corpus.chunks(CHUNKS_PER_DOCUMENT))?;
    }
    transaction.publish()?;
    store.snapshot(&bot)
}

/// The same snapshot as a process sees it that has just started.
fn opened(folder: &Path) -> Result<Option<Arc<Snapshot>>, index::IndexError> {
    let bot: BotId = "bench".parse().expect("a constant name");
    Store::open(folder, Config::default())?.snapshot(&bot)
}

fn tantivy_index() -> tantivy::Result<Index> {
    let (schema, text) = tantivy_schema();
    let index = Index::create_in_ram(schema);
    let mut writer = index.writer_with_num_threads(1, 128 << 20)?;
    let mut corpus = Corpus::new(11);
    for _ in 0..DOCUMENTS {
        for chunk in corpus.chunks(CHUNKS_PER_DOCUMENT) {
            writer.add_document(doc!(text => chunk.text))?;
        }
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(index)
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let snapshot = snapshot(folder.path()).expect("published").expect("just published");
    let raw = tantivy_index().expect("built");
    let searcher = raw.reader().expect("a reader").searcher();
    let field = raw.schema().get_field("text").expect("the only field");
    let parser = QueryParser::for_index(&raw, vec![field]);
    // The seed of the documents: a question is six words that some of them hold.
    let mut corpus = Corpus::new(11);
    let repeated = questions(&mut corpus, QUESTIONS);

    let mut criterion = criterion();
    let mut measured = Measured::default();
    let config = answer::Config::default();
    let top = |q: &String| {
        let (query, _) = parser.parse_query_lenient(q);
        let hits = searcher.search(&query, &TopDocs::with_limit(10).order_by_score()).ok()?;
        let stored = hits.iter().filter_map(|(_, at)| searcher.doc::<TantivyDocument>(*at).ok());
        Some(stored.count())
    };
    let ask = |snapshot: &Snapshot, q: &String| {
        answer(snapshot, &Question::new(q), &Extractive, &config).ok()
    };
    let mut group = criterion.benchmark_group("answer/20,000 chunks");
    elements(&mut group, QUESTIONS);
    measured.bench(&mut group, "index top 10", || {
        repeated
            .iter()
            .filter_map(|q| snapshot.search(&Query::parse(q), 10).ok())
            .map(|hits| hits.len())
            .sum::<usize>()
    });
    measured.bench(&mut group, "retrieve", || {
        repeated
            .iter()
            .filter_map(|q| retrieve(&snapshot, &Question::new(q), &config).ok())
            .map(|p| p.len())
            .sum::<usize>()
    });
    measured.bench(&mut group, "answer", || {
        let answers = repeated.iter().filter_map(|q| ask(&snapshot, q));
        answers.filter(|answer| answer.answered).count()
    });
    measured
        .bench(&mut group, "tantivy top 10", || repeated.iter().filter_map(&top).sum::<usize>());
    group.finish();
    measured.ratio("index top 10", "tantivy top 10");
    measured.ratio("retrieve", "tantivy top 10");
    measured.ratio("answer", "tantivy top 10");
    criterion.final_summary();

    let asked = questions(&mut corpus, ASKED_ONCE);
    drop(snapshot);
    let opened = opened(folder.path()).expect("readable").expect("published above");
    let floor = Quantiles::of(&asked, top);
    Quantiles::of(&asked, |q| ask(&opened, q)).print("answer, first time", &floor);
    Quantiles::of(&asked, |q| ask(&opened, q)).print("answer, again", &floor);
    let misspelt: Vec<String> = asked.iter().map(|question| misspelt(question)).collect();
    Quantiles::of(&misspelt, |q| ask(&opened, q)).print("answer, a word misspelt", &floor);
}

/// Questions of six words.
fn questions(corpus: &mut Corpus, count: usize) -> Vec<String> {
    let mut question = || (0..6).map(|_| corpus.word().to_owned()).collect::<Vec<_>>().join(" ");
    (0..count).map(|_| question()).collect()
}

/// A question with a letter doubled in its longest word.
fn misspelt(question: &str) -> String {
    let longest = question.split(' ').max_by_key(|word| word.len()).unwrap_or_default();
    let (head, tail) = longest.split_at(longest.len() / 2);
    let twice: String = head.chars().next_back().into_iter().collect();
    question.replacen(longest, &format!("{head}{twice}{tail}"), 1)
}

/// Median and 99th percentile of the seconds of a question.
struct Quantiles {
    median: f64,
    p99: f64,
}

impl Quantiles {
    fn of<T>(questions: &[String], mut ask: impl FnMut(&String) -> T) -> Self {
        let mut seconds = Vec::with_capacity(questions.len());
        for question in questions {
            let start = Instant::now();
            black_box(ask(question));
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let at = |share: f64| seconds[(share * (seconds.len() - 1) as f64) as usize];
        Self { median: at(0.5), p99: at(0.99) }
    }

    #[expect(clippy::print_stdout, reason = "the ratio is what a bench is run for")]
    fn print(&self, name: &str, floor: &Self) {
        let (median, p99) = (self.median / floor.median, self.p99 / floor.p99);
        println!("ratio  {name} : tantivy top 10 = {median:.2} (median), {p99:.2} (p99)");
    }
}
