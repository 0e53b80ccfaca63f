//! What every implementation of the seams between machines keeps to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use document::{BotId, Chunk, ContentHash, DocumentId, MediaType, Span};
use index::{
    Begin, Config, DocumentEntry, IndexError, MANIFEST_FILE, Manifest, PipelineKey, Shared,
    Snapshot, Store, Target,
};
use train::{Originals, Remote};

/// Writers that race.
const WRITERS: usize = 4;

pub(crate) fn bot() -> BotId {
    "shop".parse().unwrap()
}

/// A store that asks for the pointer each time.
pub(crate) fn store(folder: &Path, shared: &Shared) -> Store {
    let config = Config { pointer_age_max: Duration::ZERO, ..Config::default() };
    Store::open_shared(folder, shared.clone(), config).unwrap()
}

fn pipeline() -> PipelineKey {
    PipelineKey::new(1, b"")
}

fn document(name: &str, text: &str) -> (DocumentEntry, Chunk) {
    let entry = DocumentEntry {
        id: name.parse().unwrap(),
        source: format!("{name}.md"),
        title: name.to_owned(),
        media_type: MediaType::Markdown,
        content_hash: ContentHash::of(text.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: 0,
    };
    let chunk = Chunk {
        ordinal: 0,
        span: Span::new(0, text.len()),
        char_start: 0,
        pages: None,
        page_breaks: Vec::new(),
        headings: Vec::new(),
        blocks: Vec::new(),
        text: text.to_owned(),
    };
    (entry, chunk)
}

/// Adds or replaces a document.
pub(crate) fn put(store: &Store, name: &str, text: &str) -> Result<(), IndexError> {
    let mut writer = store.writer(&bot())?;
    let mut transaction = writer.begin(pipeline(), Begin::Incremental)?;
    let (entry, chunk) = document(name, text);
    transaction.put(entry, &[chunk])?;
    transaction.publish().map(drop)
}

fn remove(store: &Store, name: &str) {
    let mut writer = store.writer(&bot()).unwrap();
    let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
    assert!(transaction.remove(&name.parse::<DocumentId>().unwrap()).unwrap());
    transaction.publish().unwrap();
}

/// The texts of all documents, by name, as a store finds them; empty where there is no bot.
pub(crate) fn texts(store: &Store) -> BTreeMap<String, String> {
    let Some(snapshot) = store.snapshot(&bot()).unwrap() else { return BTreeMap::new() };
    texts_of(&snapshot)
}

fn texts_of(snapshot: &Snapshot) -> BTreeMap<String, String> {
    snapshot.verify().unwrap();
    let hits = snapshot.search(&index::Query::parse("quay"), 1000).unwrap();
    assert_eq!(hits.len() as u64, snapshot.chunk_count());
    hits.into_iter().map(|hit| (hit.title, hit.chunk.text)).collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// A finished snapshot in a folder of its own.
struct Finished {
    _home: tempfile::TempDir,
    folder: PathBuf,
    manifest: Manifest,
}

impl Finished {
    fn of(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), Config::default()).unwrap();
        put(&store, "one", text).unwrap();
        let manifest = store.manifest(&bot()).unwrap().unwrap();
        let folder = home.path().join(bot().as_str()).join("snapshots");
        Self { folder: folder.join(manifest.key.to_string()), _home: home, manifest }
    }

    /// Asserts that what is shared is this, byte by byte.
    fn is_at(&self, shared: &Shared, target: &Target) {
        let bytes = |name: &str| std::fs::read(self.folder.join(name)).unwrap();
        assert_eq!(shared.snapshots.manifest(&bot(), target).unwrap(), bytes(MANIFEST_FILE));
        let into = tempfile::tempdir().unwrap();
        let files: Vec<_> = self.manifest.files.iter().collect();
        shared.snapshots.fetch(&bot(), target, &files, into.path()).unwrap();
        for entry in files {
            assert_eq!(std::fs::read(into.path().join(&entry.name)).unwrap(), bytes(&entry.name));
        }
    }

    fn publish(&self, shared: &Shared, before: Option<&Target>) -> Target {
        shared.snapshots.publish(&bot(), before, &self.manifest, &self.folder).unwrap()
    }
}

/// Pointers and snapshots, asked one call at a time.
pub(crate) fn keeps_pointers_and_snapshots(shared: &Shared) {
    let Shared { pointers, snapshots } = shared;
    let overtaken = |result| assert!(matches!(result, Err(IndexError::Overtaken { .. })));
    assert_eq!(pointers.bots().unwrap(), []);
    assert_eq!(pointers.read(&bot()).unwrap(), None);

    // What is published is seen when the pointer moves, not before.
    let first = Finished::of("the quay at dawn");
    let one = first.publish(shared, None);
    assert_eq!(pointers.read(&bot()).unwrap(), None);
    assert_eq!(pointers.bots().unwrap(), []);
    first.is_at(shared, &one);
    let at_one = pointers.swap(&bot(), None, &one).unwrap();
    let read = pointers.read(&bot()).unwrap().unwrap();
    assert_eq!((read.target.as_ref(), &read.version), (Some(&one), &at_one));
    assert!(read.moved.is_some());
    assert_eq!(pointers.bots().unwrap(), [bot()]);

    // Once more is no harm, and nothing else.
    assert_eq!(first.publish(shared, Some(&one)), one);

    // A pointer moves from where it stands.
    let second = Finished::of("the quay at noon");
    let two = second.publish(shared, Some(&one));
    overtaken(pointers.swap(&bot(), None, &two));
    let at_two = pointers.swap(&bot(), Some(&at_one), &two).unwrap();
    assert_ne!(at_one, at_two);
    let third = Finished::of("the quay at night");
    let three = third.publish(shared, Some(&one));
    overtaken(pointers.swap(&bot(), Some(&at_one), &three));
    assert_eq!(pointers.read(&bot()).unwrap().unwrap().target, Some(two.clone()));

    // What is pointed to is never forgotten.
    snapshots.forget(&bot(), &two).unwrap();
    second.is_at(shared, &two);

    // What was never there is missing.
    let unknown = Finished::of("the quay of another town");
    let nowhere = tempfile::tempdir().unwrap();
    let missing = Target { key: unknown.manifest.key, place: String::new() };
    let error = snapshots.manifest(&bot(), &missing).unwrap_err();
    assert!(matches!(error, IndexError::Damaged { .. }), "{error}");
    let files: Vec<_> = unknown.manifest.files.iter().collect();
    let error = snapshots.fetch(&bot(), &missing, &files, nowhere.path()).unwrap_err();
    assert!(matches!(error, IndexError::Damaged { .. }), "{error}");

    // Of many who swap from one place, one does.
    let racers: Vec<_> =
        (0..WRITERS).map(|racer| Finished::of(&format!("the quay of racer {racer}"))).collect();
    let targets: Vec<_> = racers.iter().map(|racer| racer.publish(shared, Some(&two))).collect();
    let won = std::thread::scope(|scope| {
        let swap = |target| pointers.swap(&bot(), Some(&at_two), target);
        let racing: Vec<_> =
            targets.iter().map(|target| scope.spawn(move || swap(target))).collect();
        racing.into_iter().map(|racer| racer.join().unwrap()).collect::<Vec<_>>()
    });
    let winners: Vec<_> = (0..WRITERS).filter(|racer| won[*racer].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{won:?}");
    let now = pointers.read(&bot()).unwrap().unwrap().target;
    assert_eq!(now.as_ref(), Some(&targets[winners[0]]));
    racers[winners[0]].is_at(shared, &targets[winners[0]]);
}

/// Stores of several machines over one.
pub(crate) fn serves_machines(shared: &Shared) {
    let homes: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let [one, other, late] = [0, 1, 2].map(|home: usize| store(homes[home].path(), shared));
    assert_eq!(texts(&one), expected(&[]));
    put(&one, "a", "quay one").unwrap();
    assert_eq!(texts(&other), expected(&[("a", "quay one")]));
    put(&other, "b", "quay two").unwrap();
    assert_eq!(texts(&one), expected(&[("a", "quay one"), ("b", "quay two")]));
    put(&one, "a", "quay three").unwrap();
    remove(&one, "b");
    assert_eq!(texts(&other), expected(&[("a", "quay three")]));
    assert_eq!(other.bots().unwrap(), [bot()]);
    assert!(other.published_at(&bot()).is_some());

    // Who comes second is told so, changes nothing, and can do it again.
    let mut slow = other.writer(&bot()).unwrap();
    let mut transaction = slow.begin(pipeline(), Begin::Incremental).unwrap();
    put(&one, "c", "quay four").unwrap();
    let (entry, chunk) = document("d", "quay five");
    transaction.put(entry, &[chunk]).unwrap();
    let error = transaction.publish().unwrap_err();
    assert!(matches!(error, IndexError::Overtaken { .. }), "{error}");
    drop(slow);
    let held = expected(&[("a", "quay three"), ("c", "quay four")]);
    assert_eq!((texts(&one), texts(&other)), (held.clone(), held));
    put(&other, "d", "quay five").unwrap();
    let held = expected(&[("a", "quay three"), ("c", "quay four"), ("d", "quay five")]);
    assert_eq!((texts(&one), texts(&late)), (held.clone(), held.clone()));

    // While another process of its machine fetches, a question is answered from what is known; and
    // what is known for less than the age that is allowed is not asked for.
    let config = |age| Config { pointer_age_max: age, ..Config::default() };
    let [patient, brief] = [Duration::from_secs(600), Duration::from_millis(1)]
        .map(|age| Store::open_shared(homes[1].path(), shared.clone(), config(age)).unwrap());
    assert_eq!((texts(&patient), texts(&brief)), (held.clone(), held.clone()));
    let fetching = homes[1].path().join(bot().as_str()).join("fetch.lock");
    let fetching = std::fs::File::options().write(true).open(fetching).unwrap();
    fetching.lock().unwrap();
    put(&one, "d", "quay ten").unwrap();
    std::thread::sleep(Duration::from_millis(2));
    assert_eq!(texts(&brief), held);
    fetching.unlock().unwrap();
    std::thread::sleep(Duration::from_millis(2));
    assert_eq!(texts(&brief)["d"], "quay ten");
    // The pointer of the cache is read each time.
    assert_eq!(texts(&patient)["d"], "quay ten");
    put(&one, "d", "quay five").unwrap();
    assert_eq!(texts(&patient)["d"], "quay ten");
    std::thread::sleep(Duration::from_millis(2));
    assert_eq!(texts(&brief), held);

    // The cache of a machine that only reads holds what is current, and what is damaged in it is
    // fetched again.
    let snapshots = homes[2].path().join(bot().as_str()).join("snapshots");
    put(&one, "e", "quay six").unwrap();
    let reading = late.snapshot(&bot()).unwrap().unwrap();
    put(&one, "e", "quay seven").unwrap();
    texts(&late);
    assert_eq!(texts_of(&reading).len(), 4, "a reader keeps what it reads");
    drop(reading);
    put(&one, "f", "quay eight").unwrap();
    let held = texts(&late);
    put(&one, "g", "quay nine").unwrap();
    remove(&one, "g");
    assert_eq!(texts(&late), held);
    let folders = std::fs::read_dir(&snapshots).unwrap().count();
    assert!(folders <= 2, "{folders} snapshots are kept");
    let current = late.manifest(&bot()).unwrap().unwrap();
    let file = snapshots.join(current.key.to_string()).join(&current.files[0].name);
    drop(late);
    std::fs::write(&file, b"torn").unwrap();
    let late = store(homes[2].path(), shared);
    assert_eq!(texts(&late), held);
}

/// Many machines that write at once: every document that was acknowledged is there in the end.
pub(crate) fn loses_nothing_in_a_race(shared: &Shared) {
    const EACH: usize = 5;
    let lost: usize = std::thread::scope(|scope| {
        let write = |machine: usize| {
            let home = tempfile::tempdir().unwrap();
            let store = store(home.path(), shared);
            let mut lost = 0;
            for number in 0..EACH {
                let name = format!("m{machine}-{number}");
                while let Err(error) = put(&store, &name, &format!("quay {name}")) {
                    assert!(matches!(error, IndexError::Overtaken { .. }), "{error}");
                    lost += 1;
                }
            }
            lost
        };
        let machines: Vec<_> =
            (0..WRITERS).map(|machine| scope.spawn(move || write(machine))).collect();
        machines.into_iter().map(|machine| machine.join().unwrap()).sum()
    });
    let home = tempfile::tempdir().unwrap();
    assert_eq!(texts(&store(home.path(), shared)).len(), WRITERS * EACH);
    println!("{WRITERS} writers: {} published, {lost} overtaken", WRITERS * EACH);
}

/// One cache in which several processes read and one writes, while another machine writes too: no
/// question fails, and none is answered from an older state than one before it.
pub(crate) fn follows_while_it_changes(shared: &Shared) {
    const CHANGES: u32 = 12;
    const READERS: usize = 3;
    let (cache, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writers = [cache.path(), elsewhere.path()].map(|folder| store(folder, shared));
    put(&writers[0], "a", "quay 0").unwrap();
    let is_over = AtomicBool::new(false);
    let number = |texts: &BTreeMap<String, String>| -> u32 {
        texts["a"].trim_start_matches("quay ").parse().unwrap()
    };
    let questions: u32 = std::thread::scope(|scope| {
        let read = || {
            let reader = store(cache.path(), shared);
            let (mut last, mut questions) = (0, 0);
            while !is_over.load(Ordering::Relaxed) || last < CHANGES {
                let now = number(&texts(&reader));
                assert!(now >= last, "{now} after {last}");
                last = now;
                questions += 1;
            }
            questions
        };
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        for change in 1..=CHANGES {
            // By turns; who reads beside them fetches and sweeps meanwhile.
            put(&writers[change as usize % 2], "a", &format!("quay {change}")).unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    println!("{CHANGES} changes, {questions} questions meanwhile");
}

pub(crate) fn keeps_originals(originals: &dyn Originals) {
    let (small, large) = (b"brindle".to_vec(), vec![7_u8; 20 << 20]);
    for bytes in [small, large, Vec::new()] {
        let hash = ContentHash::of(&bytes);
        assert_eq!(originals.size(hash).unwrap(), None);
        assert!(originals.get(hash).unwrap().is_none());
        assert_eq!(originals.put(&bytes).unwrap(), hash);
        assert_eq!(originals.put(&bytes).unwrap(), hash);
        assert_eq!(originals.size(hash).unwrap(), Some(bytes.len() as u64));
        assert_eq!(originals.get(hash).unwrap(), Some(bytes));
    }
}

/// All of it; `fresh` gives one that is empty.
pub(crate) fn is_kept_by(fresh: impl Fn() -> Remote) {
    keeps_pointers_and_snapshots(fresh().bots());
    serves_machines(fresh().bots());
    loses_nothing_in_a_race(fresh().bots());
    follows_while_it_changes(fresh().bots());
    keeps_originals(&**fresh().originals());
}
