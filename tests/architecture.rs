//! The arrows between the crates, read from their manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Who may depend on whom. What is absent is the point: `ingest` does not know the index,
/// `index` does not know file formats, `answer` never parses or writes.
const ARROWS: &[(&str, &[&str])] = &[
    ("document", &[]),
    ("ingest", &["document"]),
    ("index", &["document"]),
    ("answer", &["document", "index"]),
    ("model", &["answer"]),
    ("embed", &["index"]),
    ("train", &["document", "index", "ingest"]),
    ("remote", &["document", "index", "train"]),
    ("store", &[]),
    ("server", &["answer", "document", "index", "ingest", "model", "store", "train"]),
    ("eval", &["answer", "document", "index", "ingest"]),
    (
        "jely",
        &[
            "answer", "document", "embed", "eval", "fixtures", "index", "ingest", "model",
            "remote", "server", "store", "train",
        ],
    ),
];

/// Dependencies that only one crate may name: the seams they are hidden behind.
const HIDDEN: &[(&str, &str)] = &[
    ("lopdf", "ingest"),
    ("pulldown-cmark", "ingest"),
    ("tantivy", "index"),
    ("ndarray", "embed"),
    ("safetensors", "embed"),
    ("tokenizers", "embed"),
    ("ureq", "model"),
    ("object_store", "remote"),
    ("landlock", "train"),
    ("rustix", "train"),
    ("sqlx", "store"),
    ("axum", "server"),
    ("clap", "jely"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names under `[dependencies]`, those of one system included, development ones left out.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let mut section = "";
    let mut names = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && section != "[dev-dependencies]"
            && let Some(name) = line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty())
        {
            names.insert(name.to_owned());
        }
    }
    names
}

fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let folders = std::fs::read_dir(root().join("crates")).unwrap();
    let manifest = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, dependencies(&entry.path().join("Cargo.toml")))
    };
    folders.map(|entry| manifest(entry.unwrap())).collect()
}

#[test]
fn each_crate_knows_only_what_is_upstream_of_it() {
    let crates = crates();
    let named: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(crates.keys().map(String::as_str).collect::<BTreeSet<_>>(), named);
    for (name, allowed) in ARROWS {
        let ours: Vec<&String> = crates[*name]
            .iter()
            .filter(|dependency| named.contains(dependency.as_str()) || *dependency == "fixtures")
            .collect();
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn libraries_stay_behind_their_seam() {
    for (library, home) in HIDDEN {
        for (name, dependencies) in crates() {
            assert!(name == *home || !dependencies.contains(*library), "{name} names {library}");
        }
    }
}

#[test]
fn every_version_stands_in_the_workspace() {
    let mut manifests = vec![root().join("benches"), root().join("fixtures"), root().join("tests")];
    manifests.extend(crates().keys().map(|name| root().join("crates").join(name)));
    for folder in manifests {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let sections = text.split("\n[").filter(|section| section.contains("dependencies]"));
        let lines = sections.flat_map(|section| section.lines().skip(1));
        for line in lines.filter(|line| line.contains('=')) {
            assert!(line.contains("workspace = true"), "{}: {line}", folder.display());
        }
    }
}
