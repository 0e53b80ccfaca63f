//! Real papers with their text, where the folder beside the project has them.

use std::path::Path;

use ingest::Config;

use crate::similarity::words;

/// Share of words, as a bag, that extraction and truth have in common: twice the common ones
/// over all.
fn common_words(left: &str, right: &str) -> f64 {
    let (mut left, mut right) = (words(left), words(right));
    let all = left.len() + right.len();
    left.sort_unstable();
    right.sort_unstable();
    let (mut at, mut common) = (0, 0);
    for word in &left {
        while right.get(at).is_some_and(|other| other < word) {
            at += 1;
        }
        if right.get(at) == Some(word) {
            common += 1;
            at += 1;
        }
    }
    2.0 * f64::from(common) / all.max(1) as f64
}

#[test]
fn papers_read_as_their_ground_truth() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/pdf-dev");
    let Ok(truths) = std::fs::read_dir(folder.join("truth")) else {
        println!("skipped: no papers beside the project");
        return;
    };
    let mut scores = Vec::new();
    for path in truths.map(|truth| truth.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(folder.join("pdf").join(format!("{name}.pdf"))).unwrap();
        let document = ingest::parse(&bytes, &Config::default()).unwrap();
        let truth = std::fs::read_to_string(&path).unwrap();
        scores.push((common_words(&document.text, &truth), name));
    }
    scores.sort_by(|a, b| a.1.cmp(&b.1));
    let mean = scores.iter().map(|(score, _)| score).sum::<f64>() / scores.len() as f64;
    println!("common words {mean:.4}: {scores:?}");
    assert!(mean > 0.985, "{mean}: {scores:?}");
}
