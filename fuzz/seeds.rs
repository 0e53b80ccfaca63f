//! Fills `corpus/` with seeds: the fixtures, and the streams that PDFs among them hold.
//! `cargo run --release --example seeds` in this folder.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use lopdf::{Document, Object, ObjectId};

/// Longer seeds only slow the fuzzer down.
const SEED_BYTES_MAX: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for file in files("pdf")? {
        let bytes = fs::read(&file)?;
        if let Ok(document) = Document::load_mem(&bytes) {
            for (target, stream) in streams(&document) {
                save(&corpus, target, &stream)?;
            }
        }
        if file.extension().is_some_and(|extension| extension == "pdf") {
            save(&corpus, "pdf", &bytes)?;
        }
    }
    for file in files("markdown")? {
        save(&corpus, "markdown", &fs::read(file)?)?;
    }
    for frames in train::fuzzing::seeds() {
        save(&corpus, "frames", &frames)?;
    }
    Ok(())
}

fn files(folder: &str) -> std::io::Result<Vec<PathBuf>> {
    fs::read_dir(fixtures::folder(folder))?.map(|entry| Ok(entry?.path())).collect()
}

/// The streams of a file that have a target of their own.
fn streams(document: &Document) -> Vec<(&'static str, Vec<u8>)> {
    let contents: BTreeSet<ObjectId> = document
        .get_pages()
        .into_values()
        .flat_map(|page| document.get_page_contents(page))
        .collect();
    let programs = fonts(document);
    let target = |id: &ObjectId, bytes: &[u8]| {
        if contents.contains(id) {
            Some("content")
        } else if programs.contains(id) {
            Some("font")
        } else {
            bytes.windows(9).any(|word| word == b"begincmap").then_some("cmap")
        }
    };
    let streams = document.objects.iter().filter_map(|(id, object)| {
        let stream = object.as_stream().ok()?;
        let bytes = stream.get_plain_content().ok()?;
        Some((target(id, &bytes)?, bytes))
    });
    streams.collect()
}

fn fonts(document: &Document) -> BTreeSet<ObjectId> {
    let keys = [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"];
    let dicts = document.objects.values().filter_map(|object| object.as_dict().ok());
    dicts
        .flat_map(|dict| {
            keys.iter().filter_map(|key| dict.get(key).and_then(Object::as_reference).ok())
        })
        .collect()
}

/// Saves a seed under a name made of its content, so that it is there once.
fn save(corpus: &Path, target: &str, seed: &[u8]) -> std::io::Result<()> {
    if seed.len() > SEED_BYTES_MAX {
        return Ok(());
    }
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    let name = seed.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    });
    fs::write(folder.join(format!("{name:016x}")), seed)
}
