//! Every PDF fixture against the text it was made from.

use std::path::PathBuf;

use document::Document;
use ingest::{Config, IngestError};

use crate::similarity::{word_similarity, words};

/// Lowest word similarity of a fixture to its source.
const SIMILARITY_MIN: f64 = 0.995;

/// Fixtures that are below it, each with its own floor and the reason. The floors only rise.
const KNOWN_BELOW: &[(&str, f64)] = &[];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures::folder("pdf").join(name)).unwrap()
}

fn parse(name: &str) -> Result<Document, IngestError> {
    ingest::parse(&fixture(name), &Config::default())
}

fn truths() -> Vec<PathBuf> {
    let files = std::fs::read_dir(fixtures::folder("pdf")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let truth = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.ends_with(".txt") && !name.ends_with(".removed.txt")
    };
    let mut truths: Vec<PathBuf> = paths.filter(truth).collect();
    truths.sort();
    truths
}

#[test]
fn the_text_of_every_fixture_is_its_source() {
    let mut below = Vec::new();
    let mut compared = 0;
    for path in truths() {
        let truth = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if truth.trim().is_empty() || name == "encrypted_password_secret" {
            continue;
        }
        let similarity =
            parse(&format!("{name}.pdf")).map_or(0.0, |d| word_similarity(&d.text, &truth));
        let floor = KNOWN_BELOW.iter().find(|(known, _)| *known == name);
        compared += 1;
        if similarity < floor.map_or(SIMILARITY_MIN, |(_, floor)| *floor) {
            below.push(format!("{name}: {similarity:.4}"));
        }
    }
    assert!(below.is_empty(), "{below:#?}");
    assert!(compared >= 125, "only {compared} fixtures compared");
}

#[test]
fn what_is_left_out_is_reported() {
    for path in truths() {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let Ok(expected) = std::fs::read_to_string(path.with_extension("removed.txt")) else {
            continue;
        };
        let Ok(document) = parse(&format!("{name}.pdf")) else { continue };
        let lines: Vec<&str> = document.removed.iter().map(|line| line.text.as_str()).collect();
        let mut reported = words(&lines.join("\n"));
        let expected = words(&expected);
        let all = expected.len();
        let missing: Vec<String> = expected
            .into_iter()
            .filter(|word| match reported.iter().position(|other| other == word) {
                Some(at) => {
                    reported.swap_remove(at);
                    false
                }
                None => true,
            })
            .collect();
        assert!(missing.len() * 5 <= all, "{name}: {missing:?} of {all} words are not reported");
    }
}

#[test]
fn an_encrypted_file_opens_with_its_password_only() {
    let bytes = fixture("encrypted_password_secret.pdf");
    let with = |password: Option<&str>| {
        let config = Config { password: password.map(str::to_owned), ..Config::default() };
        ingest::parse(&bytes, &config)
    };
    let truth =
        std::fs::read_to_string(fixtures::folder("pdf").join("encrypted_password_secret.txt"));
    assert!(
        word_similarity(&with(Some("secret")).unwrap().text, &truth.unwrap()) >= SIMILARITY_MIN
    );
    let message = |password| with(password).unwrap_err().to_string();
    assert!(message(None).contains("needs a password"), "{}", message(None));
    assert!(message(Some("wrong")).contains("password is wrong"), "{}", message(Some("wrong")));
    // A batch may hold files without a password beside those with one.
    let plain = fixture("encrypted_empty_password_aes256.pdf");
    let config = Config { password: Some("secret".into()), ..Config::default() };
    assert!(ingest::parse(&plain, &config).is_ok());
}

#[test]
fn files_without_readable_text_say_so() {
    let code = |name: &str| parse(name).unwrap_err().code();
    assert_eq!(code("no_text_only_drawing.pdf"), "NO_TEXT");
    assert_eq!(code("cid_without_tounicode_unreadable.pdf"), "NO_TEXT");
    assert_eq!(code("empty.pdf"), "EMPTY");
    assert_eq!(code("zip_named.pdf"), "UNSUPPORTED_MEDIA_TYPE");
}

#[test]
fn text_does_not_depend_on_the_number_of_threads() {
    let names = [
        "latex_paper_one_column.pdf",
        "two_columns_latex.pdf",
        "multi_page_with_running_headers.pdf",
    ];
    let inputs: Vec<Vec<u8>> = names.iter().map(|name| fixture(name)).collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        ingest::ingest_all(&inputs, &Config::default(), &pool)
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn changed_bytes_never_panic() {
    // A linear congruential generator with Knuth's constants: the same mutations in every run.
    let mut state = 0x5EED_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let names = [
        "chromium_article.pdf",
        "object_streams_qpdf.pdf",
        "latex_without_tounicode_type1.pdf",
        "encrypted_empty_password_aes128.pdf",
    ];
    for name in names {
        let original = fixture(name);
        for _ in 0..60 {
            let mut bytes = original.clone();
            for _ in 0..=random(12) {
                let at = random(bytes.len());
                bytes[at] = random(256) as u8;
            }
            bytes.truncate(bytes.len() - random(bytes.len() / 8));
            if let Err(IngestError::Crashed { message }) =
                ingest::ingest(&bytes, &Config::default())
            {
                panic!("{name}: {message}");
            }
        }
    }
}
