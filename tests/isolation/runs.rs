//! Whole runs whose documents are parsed apart.

use std::borrow::Cow;
use std::sync::Arc;

use train::{Content, DataFolder, Input, Isolation, Options, Outcome, Report, Silent};

use super::{limits, mock, pool};
use crate::app::TestApp;

/// A data folder and a run on it whose workers are the mock.
struct Trained {
    _home: tempfile::TempDir,
    folder: DataFolder,
    options: Options,
}

impl Trained {
    fn new(threads: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path().join("data"), index::Config::default()).unwrap();
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut options = Options::new(Arc::new(threads.into()));
        options.isolation = Isolation::Child(Arc::new(pool(mock(), limits(), 9)));
        Self { _home: home, folder, options }
    }

    fn train(&self, documents: &[&'static str]) -> Report {
        let input = |(at, document): (usize, &&'static str)| {
            Input::new(format!("{at}.md"), Content::Bytes(Cow::Borrowed(document.as_bytes())))
        };
        let inputs: Vec<_> = documents.iter().enumerate().map(input).collect();
        train::train(&self.folder, &"shop".parse().unwrap(), &inputs, &self.options, &Silent)
            .unwrap()
    }

    fn text(&self) -> String {
        let snapshot = self.folder.snapshot(&"shop".parse().unwrap()).unwrap();
        let mut texts: Vec<String> = Vec::new();
        for entry in &snapshot.manifest().documents {
            texts.extend(snapshot.chunks(&entry.id).unwrap().into_iter().map(|chunk| chunk.text));
        }
        texts.sort();
        texts.join(" ")
    }
}

#[test]
fn bad_documents_fail_alone_and_an_unchanged_run_starts_no_worker() {
    let trained = Trained::new(2);
    let bad = ["Good.", "mock abort", "mock eat 600000000", "Better.", "mock spin 60000"];
    let report = trained.train(&bad);
    assert_eq!((report.added, report.failed), (2, 3));
    let code = |at: usize| match &report.documents[at].outcome {
        Outcome::Failed(failure) => failure.code.clone(),
        _ => String::new(),
    };
    let codes: Vec<_> = (0..5).map(code).collect();
    assert_eq!(codes, ["", "CRASHED", "OUT_OF_MEMORY", "", "TIMED_OUT"]);
    assert!(report.isolation.is_some());
    assert_eq!(trained.text(), "Better. Good.");

    let mut trained = Trained::new(2);
    trained.train(&["Good.", "Better."]);
    let fresh = Arc::new(pool(mock(), limits(), 9));
    trained.options.isolation = Isolation::Child(Arc::clone(&fresh));
    assert_eq!(trained.train(&["Good.", "Better."]).unchanged, 2);
    assert_eq!(fresh.started(), 0);
}

#[test]
fn all_workers_together_use_the_threads_of_the_run() {
    let check = |threads, documents: &[&'static str], expected| {
        let trained = Trained::new(threads);
        trained.train(documents);
        assert_eq!(trained.text(), expected);
    };
    check(2, &["mock threads"], "2");
    check(1, &["mock threads"], "1");
    check(2, &["mock sleep 400", "mock threads"], "1 slept");
    // Equal bytes are one document to read.
    check(3, &["mock threads", "mock threads"], "3 3");
}

/// A PDF of one page whose form draws itself.
fn endless_pdf() -> Vec<u8> {
    let words = "BT /F 12 Tf 72 700 Td (Hello there) Tj ET /X Do";
    let resources = "<< /Font << /F 4 0 R >> /XObject << /X 5 0 R >> >>";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 612 792] >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Resources {resources} >>"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!(
            "<< /Subtype /Form /BBox [0 0 612 792] /Resources {resources} /Length {} >>\nstream\n{words}\nendstream",
            words.len()
        ),
        "<< /Length 5 >>\nstream\n/X Do\nendstream".to_owned(),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = file.len();
    file += &format!("xref\n0 7\n{table}trailer\n<< /Size 7 /Root 1 0 R >>\n");
    file += &format!("startxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

#[test]
fn what_was_cut_short_is_on_record() {
    let app = TestApp::new();
    app.file("endless.pdf", endless_pdf());
    let run = app.jely(["train", "shop", app.files().to_str().unwrap(), "--json"]).ends(0);
    let document = run.json_lines()[0]["document"].clone();
    assert_eq!(document["pagesIncomplete"], serde_json::json!([1]), "{document}");
    assert!(document["warnings"][0].as_str().unwrap().contains("page 1 is incomplete"));
}

#[test]
fn the_command_line_isolates_unless_told_not_to() {
    let app = TestApp::new();
    app.file("good.md", "# Lift\n\nThe lift carries 630 kg.\n");
    let files = app.files();
    let train = |extra: &[&str]| {
        app.jely([&["train", "shop", files.to_str().unwrap()], extra].concat()).ends(0)
    };
    let run = train(&["--json"]);
    let report = run.json_lines().pop().unwrap()["report"].clone();
    assert_eq!((report["isolation"]["diesWithParent"] == true, run.stderr.as_str()), (true, ""));
    // Nothing to read, nobody to read it.
    assert!(train(&["--json"]).json_lines().pop().unwrap()["report"].get("isolation").is_none());
    app.file("good.md", "# Lift\n\nThe lift carries 640 kg.\n");
    let run = train(&["--no-isolation"]);
    assert!(run.stderr.starts_with("warning: --no-isolation: "), "{}", run.stderr);
    app.file("good.md", "# Lift\n\nThe lift carries 650 kg.\n");
    let run = train(&["--no-isolation", "--json"]);
    let warning: serde_json::Value = serde_json::from_str(run.stderr.trim()).unwrap();
    assert_eq!(warning["warning"]["code"], "NO_ISOLATION");
    assert!(run.json_lines().pop().unwrap()["report"].get("isolation").is_none());
    let help = app.jely(["--help"]).ends(0).stdout;
    assert!(!help.contains("parse-worker"), "{help}");
}
