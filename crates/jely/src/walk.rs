//! Files and folders of the command line as inputs.

use std::fs;
use std::path::{Path, PathBuf};

use train::{Content, Input};

/// Extensions of the files taken from a folder; files that are named are taken as they are.
const EXTENSIONS: [&str; 5] = ["pdf", "md", "markdown", "txt", "text"];

/// What the command line names.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// One input for each file, the files of a folder sorted by name; what cannot be looked at
    /// is an input that will fail with the reason.
    pub(crate) inputs: Vec<Input>,
    /// The folders that were named.
    pub(crate) folders: Vec<PathBuf>,
    /// Files in folders that were passed over for their extension.
    pub(crate) skipped: usize,
}

/// Looks at every path. Folders are searched whole, hidden files and folders, links to folders
/// and the folder `except` (where the data is) left out.
pub(crate) fn find(paths: &[PathBuf], except: &Path) -> Found {
    let except = fs::canonicalize(except).ok();
    let mut found = Found::default();
    for path in paths {
        match fs::canonicalize(path) {
            Ok(folder) if folder.is_dir() => {
                found.search(&folder, except.as_deref());
                found.folders.push(folder);
            }
            _ => found.take(path),
        }
    }
    found
}

impl Found {
    fn take(&mut self, path: &Path) {
        self.inputs.push(Input::new(source(path), Content::Path(path.to_owned())));
    }

    fn search(&mut self, folder: &Path, except: Option<&Path>) {
        // A stack, not recursion: folders may nest as deep as someone likes.
        let mut ahead = vec![folder.to_owned()];
        while let Some(path) = ahead.pop() {
            if except == Some(path.as_path()) {
                continue;
            }
            let Ok(kind) = fs::symlink_metadata(&path) else {
                self.take(&path);
                continue;
            };
            if kind.is_dir() {
                match children(&path) {
                    Some(children) => ahead.extend(children),
                    None => self.take(&path),
                }
            } else if kind.is_symlink() && path.is_dir() {
                // A link may lead back to where it lies.
            } else if is_wanted(&path) {
                self.take(&path);
            } else {
                self.skipped += 1;
            }
        }
    }
}

/// What a folder holds, hidden entries left out, last name first; `None` where it cannot be
/// listed.
fn children(folder: &Path) -> Option<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).ok()?.collect::<Result<Vec<_>, _>>().ok()?;
    let mut names: Vec<_> = entries.into_iter().map(|entry| entry.file_name()).collect();
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort_by(|left, right| right.cmp(left));
    Some(names.into_iter().map(|name| folder.join(name)).collect())
}

fn is_wanted(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        EXTENSIONS.iter().any(|wanted| wanted.eq_ignore_ascii_case(extension))
    })
}

/// The name of a file as a source: its absolute path, links resolved, so that one file is one
/// document however it is named.
pub(crate) fn source(path: &Path) -> String {
    let absolute = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let absolute = absolute.unwrap_or_else(|_| path.to_owned());
    match absolute.to_str() {
        Some(source) => source.to_owned(),
        // Escaped, not replaced: two names must not become one.
        None => absolute.as_os_str().as_encoded_bytes().escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Found, root: &Path) -> Vec<String> {
        let root = fs::canonicalize(root).unwrap();
        let relative = |input: &Input| {
            let path = Path::new(&input.source).strip_prefix(&root).unwrap();
            path.to_str().unwrap().to_owned()
        };
        found.inputs.iter().map(relative).collect()
    }

    #[test]
    fn a_folder_is_searched_in_order_and_with_taste() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            "b.md",
            "a/2.PDF",
            "a/1.txt",
            "a/x.docx",
            "a/none",
            ".hidden.md",
            ".git/x.md",
            "d/version.md",
        ];
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let found = find(&[root.path().to_owned()], &root.path().join("d"));
        assert_eq!(names(&found, root.path()), ["a/1.txt", "a/2.PDF", "b.md"]);
        assert_eq!(found.skipped, 2);
        assert_eq!(found.folders.len(), 1);
    }

    #[test]
    fn named_files_are_taken_as_they_are_even_if_they_are_gone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("x.docx"), "").unwrap();
        let paths = ["x.docx", "gone.pdf"].map(|name| root.path().join(name));
        let found = find(&paths, Path::new("nowhere"));
        assert_eq!(found.inputs.len(), 2);
        assert!(found.folders.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_lead_to_them_and_links_to_folders_nowhere() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("b.md"), "").unwrap();
        symlink(root.path().join("b.md"), root.path().join("a.md")).unwrap();
        symlink(root.path(), root.path().join("loop")).unwrap();
        let found = find(&[root.path().to_owned()], Path::new("nowhere"));
        assert_eq!(names(&found, root.path()), ["b.md", "b.md"]);
    }
}
