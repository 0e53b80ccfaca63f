//! A question to its answer on 20,000 generated chunks. Queries are six words of the corpus. The
//! floor is tantivy's own top ten of the same words joined with OR over one stemmed field.

use std::sync::Arc;

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

fn snapshot(folder: &std::path::Path) -> Result<Option<Arc<Snapshot>>, index::IndexError> {
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
    let mut corpus = Corpus::new(99);
    let questions: Vec<String> = (0..QUESTIONS)
        .map(|_| (0..6).map(|_| corpus.word().to_owned()).collect::<Vec<_>>().join(" "))
        .collect();

    let mut criterion = criterion();
    let mut measured = Measured::default();
    let config = answer::Config::default();
    let mut group = criterion.benchmark_group("answer/20,000 chunks");
    elements(&mut group, QUESTIONS);
    measured.bench(&mut group, "index top 10", || {
        questions
            .iter()
            .filter_map(|q| snapshot.search(&Query::parse(q), 10).ok())
            .map(|hits| hits.len())
            .sum::<usize>()
    });
    measured.bench(&mut group, "retrieve", || {
        questions
            .iter()
            .filter_map(|q| retrieve(&snapshot, &Question::new(q), &config).ok())
            .map(|p| p.len())
            .sum::<usize>()
    });
    measured.bench(&mut group, "answer", || {
        let ask = |q: &String| answer(&snapshot, &Question::new(q), &Extractive, &config).ok();
        questions.iter().filter_map(ask).filter(|answer| answer.answered).count()
    });
    measured.bench(&mut group, "tantivy top 10", || {
        let top = |q: &String| {
            let (query, _) = parser.parse_query_lenient(q);
            let hits = searcher.search(&query, &TopDocs::with_limit(10).order_by_score()).ok()?;
            let stored =
                hits.iter().filter_map(|(_, at)| searcher.doc::<TantivyDocument>(*at).ok());
            Some(stored.count())
        };
        questions.iter().filter_map(top).sum::<usize>()
    });
    group.finish();
    measured.ratio("index top 10", "tantivy top 10");
    measured.ratio("retrieve", "tantivy top 10");
    measured.ratio("answer", "tantivy top 10");
    criterion.final_summary();
}
