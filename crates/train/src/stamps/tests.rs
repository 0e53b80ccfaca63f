use super::*;

struct Files {
    folder: tempfile::TempDir,
    staging: LazyStaging,
    bot: BotId,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let staging = LazyStaging::new(folder.path().join("staging"));
        let files = Self { folder, staging, bot: "shop".parse().unwrap() };
        files.write("s", "one");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn stamps(&self) -> Stamps<'_> {
        Stamps::read(&self.path("stamps"), &self.staging, &self.bot)
    }

    fn stamped(&self, name: &str) -> BTreeMap<String, Stamped> {
        let stamp = Stamp::of(&fs::metadata(self.path(name)).unwrap()).unwrap();
        let hash = ContentHash::of(&fs::read(self.path(name)).unwrap());
        BTreeMap::from([(name.to_owned(), Stamped { stamp, hash })])
    }

    /// Remembers a file as it is, as if it were hashed `later` milliseconds from now.
    fn remember(&self, name: &str, later: i128) {
        let mut stamps = self.stamps();
        stamps.begin_hashing();
        let settled = stamps.settled.as_mut().unwrap();
        *settled += later * 1_000_000;
        stamps.update(self.stamped(name), |_| true);
    }

    fn believed(&self, name: &str) -> bool {
        self.stamps().believed(name, &fs::metadata(self.path(name)).unwrap()).is_some()
    }
}

#[test]
fn a_settled_file_is_believed_until_anything_about_it_changes() {
    let files = Files::new();
    assert!(!files.believed("s"));
    files.remember("s", 10_000);
    assert!(files.believed("s"));
    let modified = fs::metadata(files.path("s")).unwrap().modified().unwrap();
    files.write("s", "two");
    let file = fs::File::options().write(true).open(files.path("s")).unwrap();
    file.set_modified(modified).unwrap();
    assert!(!files.believed("s"), "same size and modification time, other change time");
}

#[test]
fn a_file_that_has_just_changed_is_never_believed() {
    let files = Files::new();
    files.remember("s", 1_000);
    assert!(!files.believed("s"));
    // A later run that remembers another file must not make it look settled.
    files.write("t", "other");
    files.remember("t", 10_000);
    assert!(files.believed("t") && !files.believed("s"));
}

#[test]
fn without_a_clock_nothing_is_remembered() {
    let files = Files::new();
    files.stamps().update(files.stamped("s"), |_| true);
    assert!(!files.path("stamps").exists());
}

#[test]
fn the_clock_goes_and_leaves_nothing() {
    let files = Files::new();
    let before = files.stamps().clock().unwrap();
    assert!(Stamp::of(&fs::metadata(files.path("s")).unwrap()).unwrap().modified <= before);
    assert!(files.stamps().clock().unwrap() >= before);
    assert_eq!(fs::read_dir(files.path("staging")).unwrap().count(), 1, "the lock alone");
}

#[test]
fn damaged_and_older_stamps_are_none() {
    let files = Files::new();
    files.remember("s", 10_000);
    let path = files.path("stamps/shop");
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(!files.believed("s"));
    fs::write(&path, &whole[MAGIC.len()..]).unwrap();
    assert!(!files.believed("s"), "the first format had no magic word");
    fs::write(&path, whole).unwrap();
    files.stamps().update(BTreeMap::new(), |_| false);
    assert!(files.believed("s"), "nothing fresh, nothing written");
}

#[test]
fn what_was_forgotten_stays_forgotten() {
    let files = Files::new();
    files.remember("s", 10_000);
    let mut stamps = files.stamps();
    stamps.forget(["s", "unknown"]);
    stamps.update(BTreeMap::new(), |_| true);
    assert!(!files.believed("s"));
}
