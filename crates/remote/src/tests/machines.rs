//! Two machines over one bucket, from originals to answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use document::{BotId, DocumentId};
use train::{Content, DataFolder, Input, Options, Pool, Reindex, Remote, Silent};

use super::contract;
use super::server::Server;

/// How long a machine may take to notice that nobody answers.
const NOTICE_MAX: Duration = Duration::from_secs(15);

struct Machine {
    folder: DataFolder,
    options: Options,
}

fn bot() -> BotId {
    contract::bot()
}

impl Machine {
    fn new(home: &Path, remote: &Remote, pointer_age_max: Duration) -> Self {
        let config = index::Config { pointer_age_max, ..Default::default() };
        let pool = Pool::lazy(|| rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap());
        let folder = DataFolder::open_shared(home, remote, config).unwrap();
        Self { folder, options: Options::new(Arc::new(pool)) }
    }

    fn train(&self, documents: &[(&str, &str)]) {
        let input = |(name, text): &(&str, &str)| {
            Input::new(*name, Content::Bytes(Cow::Owned(text.as_bytes().to_vec())))
        };
        let inputs: Vec<_> = documents.iter().map(input).collect();
        let report = train::train(&self.folder, &bot(), &inputs, &self.options, &Silent).unwrap();
        assert_eq!(report.failed, 0, "{report:?}");
    }

    /// The text of each document, by source.
    fn held(&self) -> BTreeMap<String, String> {
        let snapshot = self.folder.snapshot(&bot()).unwrap();
        let hits = snapshot.search(&index::Query::parse("quay"), 100).unwrap();
        let source = |id: &DocumentId| snapshot.document(id).unwrap().source.clone();
        hits.into_iter()
            .map(|hit| (source(&hit.document_id), hit.chunk.text.trim().to_owned()))
            .collect()
    }
}

fn held(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_real_server_keeps_the_contract() {
    let Some(server) = Server::start() else { return };
    let number = std::cell::Cell::new(0);
    contract::is_kept_by(|| server.remote(&format!("c{}", number.replace(number.get() + 1))));
}

#[test]
fn a_server_without_conditions_is_refused() {
    let Some(server) = Server::start_careless() else { return };
    let home = tempfile::tempdir().unwrap();
    let store = contract::store(home.path(), server.remote("x").bots());
    let error = contract::put(&store, "a", "quay one").unwrap_err();
    assert!(error.to_string().contains("does not keep conditions on PUT"), "{error}");
}

#[test]
fn what_one_machine_trains_the_other_answers_from() {
    let Some(server) = Server::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let machine = |name: &str, age| Machine::new(&home.path().join(name), &server.remote("t"), age);
    let (one, other) = (machine("a", Duration::ZERO), machine("b", Duration::ZERO));
    one.train(&[("a.txt", "The quay is wide."), ("b.txt", "The quay is old.")]);
    let before = held(&[("a.txt", "The quay is wide."), ("b.txt", "The quay is old.")]);
    assert_eq!(other.held(), before);
    one.train(&[("a.txt", "The quay is narrow.")]);
    assert_eq!(other.held()["a.txt"], "The quay is narrow.");
    let removed = [DocumentId::from_source("b.txt")];
    train::remove(&other.folder, &bot(), &removed, &other.options, &Silent).unwrap();
    assert_eq!(one.held(), held(&[("a.txt", "The quay is narrow.")]));
    one.train(&[("c.txt", "The quay is long.")]);

    // Nothing is stored twice, and the originals are there for who never saw the files.
    let mut puts = BTreeMap::new();
    for (_, path) in server.requests().into_iter().filter(|(method, _)| method == "PUT") {
        *puts.entry(path).or_insert(0) += 1;
    }
    let twice: Vec<_> =
        puts.iter().filter(|(path, count)| **count > 1 && !path.contains("/current/")).collect();
    assert!(puts.len() > 10 && twice.is_empty(), "{twice:?}");
    let fresh = machine("fresh", Duration::ZERO);
    let what = Reindex { force: true, ..Reindex::default() };
    let told = &mut |report: train::BotReport| {
        assert_eq!(report.outcome, train::Rebuild::Rebuilt, "{report:?}");
        assert_eq!(report.parsed, 2);
    };
    train::reindex(&fresh.folder, &what, &fresh.options, &Silent, told).unwrap();
    let last = held(&[("a.txt", "The quay is narrow."), ("c.txt", "The quay is long.")]);
    assert_eq!(other.held(), last);

    // A bot that is asked all the time costs a request a second, not one a question.
    let busy = machine("b", Duration::from_secs(60));
    busy.held();
    let asked = server.requests().len();
    (0..20).for_each(|_| drop(busy.held()));
    assert_eq!(server.requests().len(), asked);

    // Nobody there: what is known answers, and only the first question waits to learn it.
    for fault in ["hangs", "is down"] {
        let idle = machine("fresh", Duration::from_millis(1));
        idle.held();
        match fault {
            "hangs" => server.hang(),
            _ => server.stop(),
        }
        let since = Instant::now();
        assert_eq!((busy.held(), idle.held()), (last.clone(), last.clone()));
        let noticed = since.elapsed();
        let since = Instant::now();
        idle.held();
        let known = since.elapsed();
        println!("the server {fault}: noticed in {noticed:?}, known in {known:?}");
        assert!(noticed < NOTICE_MAX && known < noticed, "{noticed:?} {known:?}");
        server.go_on();
    }
    assert_eq!(other.held(), last);
    let input = Input::new("d.txt", Content::Bytes(Cow::Borrowed(b"The quay is new.")));
    let result = train::train(&one.folder, &bot(), &[input], &one.options, &Silent);
    let error = result.unwrap_err();
    assert_eq!(error.code(), "REMOTE", "{error}");
    let unknown = one.folder.snapshot(&"other".parse().unwrap()).unwrap_err();
    assert_eq!(unknown.code(), "REMOTE", "{unknown}");
}
