//! A small HTTP client: one request a connection, everything as bytes, nothing hidden.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// How long a reply is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the parts of a form meet.
const BOUNDARY: &str = "part-of-a-form";

/// Somebody who asks, with a key or without.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) key: Option<String>,
}

impl Client {
    /// The same with another key, or with none.
    pub(crate) fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self.clone() }
    }

    /// A request to be completed.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        let mut request = Request {
            address: self.address,
            head: format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address),
            body: Vec::new(),
        };
        if let Some(key) = &self.key {
            request = request.header("authorization", &format!("Bearer {key}"));
        }
        request
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send()
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.request("POST", path).json(body).send()
    }

    /// Makes a bot; its id.
    #[track_caller]
    pub(crate) fn create_bot(&self, name: &str) -> String {
        let reply = self.post("/v1/bots", &json!({"name": name})).expect(201).json();
        reply["bot"]["id"].as_str().unwrap().to_owned()
    }

    /// Trains a bot on a file and waits for the end of it; the reply's body.
    #[track_caller]
    pub(crate) fn train(&self, bot: &str, name: &str, content: impl AsRef<[u8]>) -> Value {
        let request = self.request("POST", &format!("/v1/bots/{bot}/train"));
        let request = request.header("prefer", "wait=60").file(name, content.as_ref());
        request.send().expect(200).json()
    }

    /// Says something to a bot, in a conversation or in a new one.
    #[track_caller]
    pub(crate) fn say(&self, bot: &str, message: &str, conversation: Option<&str>) -> Reply {
        let body = json!({"botId": bot, "message": message, "conversationId": conversation});
        self.post("/v1/chat/send", &body)
    }
}

/// A request that is not sent yet.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    address: SocketAddr,
    head: String,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").bytes(body.to_string())
    }

    /// A body as it is.
    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A form with one file.
    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.form(&[(Some(name), "file", content)])
    }

    /// A form: of each part the file's name, where it is one, the part's name, and the content.
    pub(crate) fn form(self, parts: &[(Option<&str>, &str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (file, name, content) in parts {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
            let head = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"))
            .bytes(body)
    }

    /// What goes over the wire.
    pub(crate) fn wire(&self) -> Vec<u8> {
        let length = self.body.len();
        let head = format!("{}content-length: {length}\r\nconnection: close\r\n\r\n", self.head);
        [head.into_bytes(), self.body.clone()].concat()
    }

    /// Sends all of it, and does not wait for the reply.
    pub(crate) fn begin(&self) -> io::Result<Pending> {
        let mut pending = Pending::open(self.address)?;
        pending.write(&self.wire())?;
        Ok(pending)
    }

    /// Sends all of it and reads the reply.
    #[track_caller]
    pub(crate) fn send(&self) -> Reply {
        self.try_send().unwrap_or_else(|error| panic!("{error}: {}", self.head))
    }

    /// The same where the server may have gone.
    pub(crate) fn try_send(&self) -> io::Result<Reply> {
        self.begin()?.reply()
    }
}

/// A connection on which a reply is awaited.
#[derive(Debug)]
pub(crate) struct Pending(pub(crate) TcpStream);

impl Pending {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Reads to the end of the connection.
    pub(crate) fn reply(mut self) -> io::Result<Reply> {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        // A server that refuses an upload closes while more of it is on its way.
        if bytes.is_empty() {
            read?;
        }
        Reply::of(&bytes).ok_or_else(|| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            io::Error::new(io::ErrorKind::InvalidData, format!("no reply: {text:?}"))
        })
    }
}

/// A reply.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lowercase.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn of(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers: Vec<_> = lines.filter_map(header).collect();
        let is_chunked = headers.iter().any(|(_, value)| value == "chunked");
        let rest = &bytes[end + 4..];
        let body = if is_chunked { unchunked(rest)? } else { rest.to_vec() };
        Some(Self { status, headers, body })
    }

    /// Asserts the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts that it is an error of that status and code, in the promised shape.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        let body = reply.json();
        assert_eq!(body["success"], false, "{body}");
        assert_eq!(body["error"]["code"], code, "{body}");
        assert_eq!(body["error"]["statusCode"], status, "{body}");
        reply
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(one, _)| one == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// A header that is a number.
    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u64 {
        let value = self.header(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.headers));
        value.parse().unwrap()
    }
}

/// The content of a body in chunks.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}

/// Sends all requests at once, each over a connection of its own, and reads all replies.
#[track_caller]
pub(crate) fn all_at_once(requests: &[Request]) -> Vec<Reply> {
    let open = |request: &Request| (Pending::open(request.address).unwrap(), request.wire());
    let mut pending: Vec<_> = requests.iter().map(open).collect();
    std::thread::scope(|scope| {
        for part in pending.chunks_mut(requests.len().div_ceil(16).max(1)) {
            scope.spawn(|| part.iter_mut().for_each(|(one, wire)| one.write(wire).unwrap()));
        }
    });
    pending.into_iter().map(|(one, _)| one.reply().unwrap()).collect()
}
