//! Bytes to chunks. Corpus: the PDF fixtures and the handbook (real producers, 150 or so pages),
//! and 2 MB of generated Markdown. Single-threaded, so that the floors compare. Not measured:
//! reading files, the child process.

use benches::{Corpus, Measured, criterion, elements};
use criterion::Throughput;
use ingest::Config;

fn pdfs() -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = ["pdf", "handbook"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(fixtures::folder(folder)).into_iter().flatten())
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
        .collect();
    paths.sort();
    let files = paths.iter().filter_map(|path| std::fs::read(path).ok());
    files.filter(|bytes| ingest::parse(bytes, &Config::default()).is_ok()).collect()
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let Ok(pool) = pool else { return };
    pool.install(run);
}

fn run() {
    let mut criterion = criterion();
    let mut measured = Measured::default();
    let config = Config::default();

    let pdfs = pdfs();
    let pages =
        |bytes: &Vec<u8>| ingest::parse(bytes, &config).map_or(0, |document| document.pages.len());
    let mut group = criterion.benchmark_group("ingest/pdf");
    elements(&mut group, pdfs.iter().map(pages).sum());
    measured.bench(&mut group, "pdf to chunks", || {
        pdfs.iter()
            .map(|bytes| ingest::ingest(bytes, &config).map_or(0, |i| i.chunks.len()))
            .sum::<usize>()
    });
    measured.bench(&mut group, "lopdf load", || {
        pdfs.iter().filter_map(|bytes| lopdf::Document::load_mem(bytes).ok()).collect::<Vec<_>>()
    });
    measured.bench(&mut group, "lopdf extract_text", || {
        let text = |bytes: &Vec<u8>| {
            let document = lopdf::Document::load_mem(bytes).ok()?;
            let pages: Vec<u32> = document.get_pages().into_keys().collect();
            document.extract_text(&pages).ok()
        };
        pdfs.iter().filter_map(text).map(|text| text.len()).sum::<usize>()
    });
    group.finish();

    let markdown = Corpus::new(7).markdown(1_500);
    let mut group = criterion.benchmark_group("ingest/markdown");
    group.throughput(Throughput::Bytes(markdown.len() as u64));
    measured
        .bench(&mut group, "markdown to chunks", || ingest::ingest(markdown.as_bytes(), &config));
    measured
        .bench(&mut group, "markdown to document", || ingest::parse(markdown.as_bytes(), &config));
    measured.bench(&mut group, "pulldown-cmark events", || {
        let options =
            pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_FOOTNOTES;
        pulldown_cmark::Parser::new_ext(&markdown, options).count()
    });
    group.finish();

    measured.ratio("pdf to chunks", "lopdf load");
    measured.ratio("pdf to chunks", "lopdf extract_text");
    measured.ratio("markdown to chunks", "pulldown-cmark events");
    measured.ratio("markdown to document", "pulldown-cmark events");
    criterion.final_summary();
}
