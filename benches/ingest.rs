//! Bytes to chunks. Corpus: the PDF fixtures and the handbook (real producers, some 250 pages),
//! real papers where they lie beside the project, and 2 MB of generated Markdown. Single-threaded,
//! so that the floors and the peers compare. Not measured: reading files (but by the peers), the
//! child process.

use std::path::{Path, PathBuf};

use benches::{Corpus, Measured, Peer, criterion, elements};
use criterion::{Criterion, Throughput};
use ingest::Config;

/// The PDFs of some folders that can be read.
fn pdfs(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut paths: Vec<_> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten())
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
        .collect();
    paths.sort();
    let is_read = |path: &PathBuf| {
        std::fs::read(path).is_ok_and(|bytes| ingest::parse(&bytes, &Config::default()).is_ok())
    };
    paths.retain(is_read);
    paths
}

fn contents(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// PDFium and poppler beside our own text, on real papers where they are there, else on the
/// fixtures.
#[expect(clippy::print_stdout, reason = "says which peers are missing")]
fn peers(criterion: &mut Criterion, measured: &mut Measured, fixtures: &[PathBuf]) {
    let papers = pdfs(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/pdf-dev/pdf")]);
    let files = if papers.is_empty() { fixtures } else { &papers };
    let bytes = contents(files);
    let mut group = criterion.benchmark_group("ingest/peers");
    measured.bench(&mut group, "our text", || {
        let text =
            |bytes: &Vec<u8>| ingest::parse(bytes, &Config::default()).map_or(0, |d| d.text.len());
        bytes.iter().map(text).sum::<usize>()
    });
    for (name, peer) in [("PDFium", Peer::Pdfium), ("poppler", Peer::Poppler)] {
        if peer.is_installed() {
            measured.bench_timed(&mut group, name, || peer.read(files));
        } else {
            println!("{name} is not installed: no ratio to it");
        }
    }
    group.finish();
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

    let paths = pdfs(&[fixtures::folder("pdf"), fixtures::folder("handbook")]);
    let pdfs = contents(&paths);
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

    peers(&mut criterion, &mut measured, &paths);

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
    measured.ratio("our text", "PDFium");
    measured.ratio("our text", "poppler");
    measured.ratio("markdown to chunks", "pulldown-cmark events");
    measured.ratio("markdown to document", "pulldown-cmark events");
    criterion.final_summary();
}
