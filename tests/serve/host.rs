//! A server under test: the binary on a folder of its own, that may be stopped, killed and started
//! again.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Client;
use crate::app::{Run, TestApp};

/// How long an end in order may take.
const END_MAX: Duration = Duration::from_secs(60);

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The content of `jely.toml`.
    pub(crate) config: String,
    /// What is logged.
    pub(crate) log: &'static str,
    /// A database elsewhere.
    pub(crate) database: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { config: String::new(), log: "warn", database: None }
    }
}

impl Setup {
    /// With settings.
    pub(crate) fn config(config: &str) -> Self {
        Self { config: config.to_owned(), ..Self::default() }
    }
}

/// A server with a data folder. It is killed, and the folder goes, when this does.
pub(crate) struct TestServer {
    app: TestApp,
    setup: Setup,
    child: Child,
    address: SocketAddr,
    key: String,
}

impl TestServer {
    /// Starts a server with default settings on a new folder.
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self::start(Setup::default())
    }

    /// Starts a server on a new folder.
    #[track_caller]
    pub(crate) fn start(setup: Setup) -> Self {
        let app = TestApp::new();
        let (child, address, key) = spawn(&app, &setup);
        let key = key.expect("a first start tells a key");
        Self { app, setup, child, address, key }
    }

    /// Starts a server on a copy of another's folder, which is moved; `key` opens it.
    #[track_caller]
    pub(crate) fn on_copy(copy: &Path, setup: Setup, key: &str) -> Self {
        let app = TestApp::new();
        std::fs::rename(copy, app.data()).unwrap();
        let (child, address, first) = spawn(&app, &setup);
        assert!(first.is_none(), "a copy has its keys");
        Self { app, setup, child, address, key: key.to_owned() }
    }

    /// The first key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Somebody with the first key.
    pub(crate) fn client(&self) -> Client {
        Client { address: self.address, key: Some(self.key.clone()) }
    }

    /// Makes a key, of an account that is made where it is missing, beside the running server.
    #[track_caller]
    pub(crate) fn new_key(&self, account: &str, plan: &str) -> String {
        let arguments = ["keys", "create", "--account", account, "--plan", plan];
        let made = self.jely(&arguments).ends(0).json();
        made["key"].as_str().unwrap().to_owned()
    }

    /// Runs `keys` or `accounts` on the same folder and settings, to its end.
    pub(crate) fn jely(&self, arguments: &[&str]) -> Run {
        let mut command = self.app.command();
        command.env_remove("JELY_CONFIG").env_remove("JELY_DATABASE").env_remove("JELY_LOG");
        let (name, rest) = arguments.split_first().unwrap();
        command.args(["--json", name, "--config"]).arg(settings(&self.app)).args(rest);
        if let Some(database) = &self.setup.database {
            command.env("JELY_DATABASE", database);
        }
        Run::of(command.output().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.app.data()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What was logged so far, over all starts.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(log(&self.app)).unwrap()
    }

    /// Ends the server as a loss of power does, as far as a process can.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells the server to end in order, and does not wait for it.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < END_MAX, "the server does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts the server on the same folder once more, at another port.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        // What runs still goes; of what has ended this says so.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        let (child, address, key) = spawn(&self.app, &self.setup);
        assert!(key.is_none(), "a second start tells no key");
        self.child = child;
        self.address = address;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(log(&self.app)).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            println!("the last the server said:");
            tail.iter().rev().for_each(|line| println!("  {line}"));
        }
    }
}

fn settings(app: &TestApp) -> PathBuf {
    app.files().with_file_name("jely.toml")
}

fn log(app: &TestApp) -> PathBuf {
    app.files().with_file_name("log")
}

/// Starts the binary; where it listens, and the key it tells on a first start.
#[track_caller]
fn spawn(app: &TestApp, setup: &Setup) -> (Child, SocketAddr, Option<String>) {
    std::fs::write(settings(app), &setup.config).unwrap();
    let log_file = File::options().create(true).append(true).open(log(app)).unwrap();
    let mut command = app.command();
    command.env_remove("JELY_DATABASE");
    command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--log", setup.log, "--config"]);
    command.arg(settings(app)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file);
    if let Some(database) = &setup.database {
        command.env("JELY_DATABASE", database);
    }
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let told: Value = serde_json::from_str(&first).unwrap_or_else(|_| {
        let log = std::fs::read_to_string(log(app)).unwrap();
        panic!("the server does not start: {first}{log}")
    });
    let told = &told["server"];
    let address = told["listening"].as_str().unwrap().strip_prefix("http://").unwrap();
    (child, address.parse().unwrap(), told["key"].as_str().map(str::to_owned))
}
