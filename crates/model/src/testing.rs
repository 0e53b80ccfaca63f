//! A server that plays a script, and a bot to ask.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use document::{Block, BlockKind, BotId, Chunk, ContentHash, DocumentId, MediaType, Span};
use index::{Begin, DocumentEntry, PipelineKey, Snapshot, Store};

/// What the server does with one connection, after it has read the request.
pub(crate) enum Act {
    /// Sends the pieces with a pause between them, and closes.
    Send(Vec<Vec<u8>>),
    /// Sends nothing and keeps the connection.
    Hang,
}

/// A server on this machine.
pub(crate) struct StandIn {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// Connections that hang.
    _held: Arc<Mutex<Vec<TcpStream>>>,
}

impl StandIn {
    /// Serves one connection an act; refuses those after the last.
    pub(crate) fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (requests, held) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let server = Self { url, requests: requests.clone(), _held: held.clone() };
        thread::spawn(move || {
            for act in script {
                let (mut stream, _) = listener.accept().unwrap();
                let request = read_request(&mut stream);
                requests.lock().unwrap().push(request);
                match act {
                    Act::Send(pieces) => send(&mut stream, &pieces),
                    Act::Hang => held.lock().unwrap().push(stream),
                }
            }
        });
        server
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let length = |head: &str| {
            let mut lines = head.lines().map(str::to_ascii_lowercase);
            lines.find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok())
        };
        let whole = text
            .split_once("\r\n\r\n")
            .is_some_and(|(head, body)| length(head).is_none_or(|length| body.len() >= length));
        if whole || read == 0 {
            return text;
        }
    }
}

fn send(stream: &mut TcpStream, pieces: &[Vec<u8>]) {
    for piece in pieces {
        // A client that has heard enough goes away.
        if stream.write_all(piece).and_then(|()| stream.flush()).is_err() {
            return;
        }
        if pieces.len() > 1 {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A response with a status, further header lines and a body of one piece.
pub(crate) fn response(status: u16, headers: &str, body: &str) -> Act {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n"
    );
    Act::Send(vec![(head + body).into_bytes()])
}

/// A completion that says `text`.
pub(crate) fn says(text: &str) -> Act {
    ends(text, "stop")
}

/// A completion that says `text` and ends for a reason.
pub(crate) fn ends(text: &str, reason: &str) -> Act {
    let choice = serde_json::json!({"message": {"content": text}, "finish_reason": reason});
    response(200, "", &serde_json::json!({"choices": [choice]}).to_string())
}

/// A stream of events, sent in pieces of some bytes; ends when the connection does.
pub(crate) fn streams(events: &str, piece_bytes: usize) -> Act {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                connection: close\r\n\r\n";
    Act::Send(
        format!("{head}{events}").as_bytes().chunks(piece_bytes).map(<[u8]>::to_vec).collect(),
    )
}

/// The event that carries a piece of the text.
pub(crate) fn event(piece: &str) -> String {
    let choice = serde_json::json!({"delta": {"content": piece}, "finish_reason": null});
    format!("data: {}\r\n\r\n", serde_json::json!({"choices": [choice]}))
}

/// A bot in a temporary folder.
pub(crate) struct Bot {
    pub(crate) snapshot: Arc<Snapshot>,
    _folder: tempfile::TempDir,
}

/// A bot trained on one document of one paragraph.
pub(crate) fn bot(text: &str) -> Bot {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), index::Config::default()).unwrap();
    let bot: BotId = "test".parse().unwrap();
    let mut writer = store.writer(&bot).unwrap();
    let mut transaction = writer.begin(PipelineKey::new(1, b""), Begin::Rebuild).unwrap();
    let entry = DocumentEntry {
        id: DocumentId::from_source("terms"),
        source: "terms".into(),
        title: "Terms".into(),
        media_type: MediaType::Markdown,
        content_hash: ContentHash::of(text.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: 1,
    };
    let span = Span::new(0, text.len());
    let chunk = Chunk {
        ordinal: 0,
        span,
        char_start: 0,
        pages: None,
        page_breaks: Vec::new(),
        headings: vec!["Returns".into()],
        blocks: vec![Block { kind: BlockKind::Paragraph, span }],
        text: text.to_owned(),
    };
    transaction.put(entry, &[chunk]).unwrap();
    transaction.publish().unwrap();
    Bot { snapshot: store.snapshot(&bot).unwrap().unwrap(), _folder: folder }
}
