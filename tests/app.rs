//! The binary under test, on a data folder of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Builds `jely` once. Cargo does not build the binary of one package for the tests of another,
/// so the test asks for it; nothing is done when it is fresh.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| built(&["--package", "jely", "--bin", "jely"], "jely"))
}

/// Builds what `target` names and returns its path below `target/<profile>`.
pub(crate) fn built(target: &[&str], path: &str) -> PathBuf {
    // `target/<profile>/deps/integration-…`
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked"]).args(target);
    build.arg("--target-dir").arg(profile.parent().unwrap());
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    // What cargo tells this test about its package is no setting for another build: there are
    // dependencies that are compiled anew when it differs.
    for (name, _) in std::env::vars_os() {
        let is_told = ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()));
        if is_told {
            build.env_remove(name);
        }
    }
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "cannot build {path}");
    profile.join(format!("{path}{}", std::env::consts::EXE_SUFFIX))
}

/// A data folder, a folder for files, and the binary.
pub(crate) struct TestApp {
    folder: TempDir,
}

/// What a run printed and how it ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The lines of standard output as JSON.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The only JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        let mut lines = self.json_lines();
        assert_eq!(lines.len(), 1, "{}{}", self.stdout, self.stderr);
        lines.remove(0)
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl TestApp {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        Self { folder }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder for the files to train on.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Writes a file to train on; returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.files().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary with this app's data folder, in this app's folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.folder.path());
        let names = [
            "JELY_DATA",
            "JELY_REMOTE",
            "JELY_PASSWORD",
            "JELY_MODEL",
            "JELY_MODEL_URL",
            "JELY_MODEL_KEY",
        ];
        for name in names {
            command.env_remove(name);
        }
        command.arg("--data").arg(self.data());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn jely<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Run {
        Run::of(self.command().args(arguments).output().unwrap())
    }

    /// Runs the binary with a text on its standard input.
    pub(crate) fn jely_with<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &str,
    ) -> Run {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // Beside the reading, or two full pipes would wait for each other.
        let writer = std::thread::spawn(move || {
            // A run that fails early does not read.
            let _ = stdin.write_all(input.as_bytes());
        });
        let run = Run::of(child.wait_with_output().unwrap());
        writer.join().unwrap();
        run
    }

    /// Trains a bot on all files and returns the last line's report.
    pub(crate) fn train(&self, bot: &str) -> Value {
        let files = self.files();
        let run = self.jely(["train", bot, files.to_str().unwrap(), "--json"]).ends(0);
        run.json_lines().pop().unwrap()["report"].clone()
    }

    /// Asks a bot, as JSON.
    pub(crate) fn ask(&self, bot: &str, question: &str) -> Value {
        self.jely(["ask", bot, question, "--json"]).ends(0).json()
    }
}
