//! A real server that speaks S3, started by each test that needs it.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use train::Remote;

use crate::open;

/// Tests are in one bucket, which is made when the server starts.
pub(super) const BUCKET: &str = "machines";

/// The server is `moto`, a Python package: `JELY_S3_PYTHON` names a Python that has it.
pub(super) struct Server {
    child: RefCell<Child>,
    port: u16,
    home: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    /// `None`, with a line that says so, where it is not installed; with `JELY_S3_PYTHON` set it
    /// must be.
    pub(super) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// One that knows no conditions on `PUT`.
    pub(super) fn start_careless() -> Option<Self> {
        Self::start_with(&["careless"])
    }

    #[expect(clippy::disallowed_methods, reason = "a knob of the tests, not of the program")]
    fn start_with(how: &[&str]) -> Option<Self> {
        let named = std::env::var("JELY_S3_PYTHON").ok();
        let python = named.clone().unwrap_or_else(|| "python3".to_owned());
        let home = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/server.py");
        let mut command = Command::new(&python);
        command.arg(script).arg(home.path().join("log")).args(how).stdout(Stdio::piped());
        let started = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut port = String::new();
        let child = started.ok().and_then(|mut child| {
            let stdout = child.stdout.take()?;
            BufReader::new(stdout).read_line(&mut port).ok()?;
            if port.is_empty() {
                let _ = child.wait();
                return None;
            }
            Some(child)
        });
        let Some(child) = child else {
            assert!(named.is_none(), "{python}: moto[server] is not installed");
            println!("skipped: {python} has no moto[server]");
            return None;
        };
        let child = RefCell::new(child);
        let server = Self { child, port: port.trim().parse().unwrap(), home };
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        write!(stream, "PUT /{BUCKET} HTTP/1.0\r\nHost: s3\r\nContent-Length: 0\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.contains(" 200 "), "{reply}");
        Some(server)
    }

    /// From now on it takes requests and answers none.
    pub(super) fn hang(&self) {
        self.signal("-STOP");
    }

    /// Ends that.
    pub(super) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        // A process that is gone gets none, and needs none.
        let _ = Command::new("kill").args([signal, &self.child.borrow().id().to_string()]).output();
    }

    pub(super) fn stop(&self) {
        let mut child = self.child.borrow_mut();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// What the tools of AWS take from the environment.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let settings = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &endpoint),
        ];
        settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    pub(super) fn address(prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}")
    }

    #[expect(clippy::disallowed_methods, reason = "names of objects are given by the day")]
    pub(super) fn remote(&self, prefix: &str) -> Remote {
        open(&Self::address(prefix), &self.settings(), SystemTime::now).unwrap()
    }

    /// The requests so far: method and path.
    pub(super) fn requests(&self) -> Vec<(String, String)> {
        let log: PathBuf = self.home.path().join("log");
        let log = std::fs::read_to_string(log).unwrap();
        let pair = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
        log.lines().filter_map(pair).collect()
    }
}
