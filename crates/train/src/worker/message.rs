//! What the frames hold: JSON, and before that of a verdict the text of the document as it is, since
//! to escape and to parse the bulk of a long one would be most of what a worker costs.

use std::io::{self, Write};

use document::{Chunk, Span};
use ingest::{Chunking, Config, IngestError, Ingested, Inspection, Limits};
use serde::{Deserialize, Serialize};

use super::confine::Confinement;
use crate::extracts::is_lasting;
use crate::{Extract, Failure};

/// The longest hello or request, in bytes; a password takes most of it.
pub(super) const SMALL_BYTES_MAX: u64 = 64 * 1024;

/// The first word of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    /// Of the program; a worker of another release would fill the cache with its own results.
    pub(super) release: String,
    pub(super) parser: u32,
    pub(super) confinement: Confinement,
}

impl Hello {
    pub(super) fn new(confinement: Confinement) -> Self {
        let release = env!("CARGO_PKG_VERSION").to_owned();
        Self { release, parser: ingest::PARSER_VERSION, confinement }
    }
}

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Task {
    /// Reply with a [`Verdict`].
    Parse,
    /// Reply with an [`Inspection`].
    Inspect,
}

/// How to read the document that follows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) task: Task,
    #[serde(with = "ConfigDef")]
    pub(super) config: Config,
    /// Threads the parse may use.
    pub(super) threads: usize,
    /// Length of the document.
    pub(super) bytes: u64,
}

// Definitions of another crate's types; a field that is missing here does not compile.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Config")]
struct ConfigDef {
    #[serde(with = "LimitsDef")]
    limits: Limits,
    #[serde(with = "ChunkingDef")]
    chunking: Chunking,
    password: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits")]
struct LimitsDef {
    pdf_bytes_max: usize,
    text_bytes_max: usize,
    pages_max: usize,
    stream_bytes_max: usize,
    document_bytes_max: usize,
    nesting_max: usize,
    objects_max: usize,
    operations_max: usize,
    glyphs_max: usize,
    output_bytes_max: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Chunking")]
struct ChunkingDef {
    words_soft: usize,
    words_hard: usize,
}

/// What a worker replies to a task.
pub(super) trait Reply: Sized {
    const TASK: Task;

    /// Writes a reply.
    fn encode(self, output: &mut impl Write) -> io::Result<()>;

    /// Reads a reply. Whatever others rely on is checked: what comes from a worker may come from
    /// the document it was reading.
    fn decode(payload: &[u8]) -> Result<Self, String>;

    /// Whether the parser panicked.
    fn tells_of_a_crash(&self) -> bool;
}

impl Reply for Verdict {
    const TASK: Task = Task::Parse;

    /// The length of the text in eight bytes, the text, and JSON in which the chunks have none:
    /// they tile it.
    fn encode(mut self, output: &mut impl Write) -> io::Result<()> {
        let chunks = self.parsed.as_mut().map_or(&mut [][..], |extract| &mut extract.chunks);
        let length: usize = chunks.iter().map(|chunk| chunk.text.len()).sum();
        output.write_all(&(length as u64).to_le_bytes())?;
        for chunk in chunks {
            output.write_all(std::mem::take(&mut chunk.text).as_bytes())?;
        }
        Ok(serde_json::to_writer(output, &self)?)
    }

    fn decode(payload: &[u8]) -> Result<Self, String> {
        let parts = payload.split_first_chunk().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
        });
        let (text, json) = parts.ok_or("a verdict shorter than its text")?;
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        let mut verdict: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let chunks = verdict.parsed.as_mut().map_or(&mut [][..], |extract| &mut extract.chunks);
        give_text(chunks, text)?;
        Ok(verdict)
    }

    fn tells_of_a_crash(&self) -> bool {
        self.parsed.as_ref().is_err_and(|failure| failure.code == "CRASHED")
    }
}

impl Reply for Inspection {
    const TASK: Task = Task::Inspect;

    fn encode(self, output: &mut impl Write) -> io::Result<()> {
        Ok(serde_json::to_writer(output, &self)?)
    }

    fn decode(payload: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(payload).map_err(|error| error.to_string())
    }

    fn tells_of_a_crash(&self) -> bool {
        self.outcome.code == "CRASHED"
    }
}

/// How far a parse has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagesDone {
    /// Pages that were read.
    pub done: u32,
    /// Pages there are.
    pub of: u32,
}

/// What a parse came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What was read, or why nothing was.
    pub parsed: Result<Extract, Failure>,
    /// Whether it is one on the bytes alone, under any password and limit, and may be kept.
    pub lasting: bool,
}

impl Verdict {
    /// What the parser returned.
    pub fn of(result: Result<Ingested, IngestError>) -> Self {
        match result {
            Ok(ingested) => Self { parsed: Ok(ingested.into()), lasting: true },
            Err(error) => Self { parsed: Err(Failure::from(&error)), lasting: is_lasting(&error) },
        }
    }

    /// What a worker came to that gave no reply; another one may do better.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { parsed: Err(failure), lasting: false }
    }
}

/// Gives each chunk its part of the text that all of them are to tile.
fn give_text(chunks: &mut [Chunk], text: &str) -> Result<(), String> {
    let mut end = 0;
    for (position, chunk) in chunks.iter_mut().enumerate() {
        let Span { start, end: chunk_end } = chunk.span;
        // Not before it follows: chunks that overlap could hold the text a million times.
        let own = text.get(start..chunk_end).filter(|_| start == end);
        chunk.text = own.unwrap_or_default().to_owned();
        let fits = own.is_some()
            && chunk.ordinal as usize == position
            && chunk.blocks.iter().all(|block| chunk.slice(block.span).is_some());
        if !fits {
            return Err(format!("chunk {position} does not follow the one before it"));
        }
        end = chunk_end;
    }
    let left = text.len() - end;
    if left == 0 { Ok(()) } else { Err(format!("{left} bytes of text follow the last chunk")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_arrives_as_it_was_sent() {
        let mut config = Config { password: Some("s3cret".into()), ..Config::default() };
        config.limits.pages_max = 7;
        config.chunking.words_soft = 3;
        let request = Request { task: Task::Parse, config: config.clone(), threads: 2, bytes: 5 };
        let sent = serde_json::to_vec(&request).unwrap();
        let received: Request = serde_json::from_slice(&sent).unwrap();
        assert_eq!((received.config, received.threads, received.bytes), (config, 2, 5));
    }

    fn verdict() -> Verdict {
        let text =
            format!("# One\n\n{}\n\n# Two\n\n{}\n", "word ".repeat(300), "more ".repeat(300));
        Verdict::of(ingest::ingest(text.as_bytes(), &Config::default()))
    }

    fn encoded(reply: impl Reply) -> Vec<u8> {
        let mut sent = Vec::new();
        reply.encode(&mut sent).unwrap();
        sent
    }

    fn decoded(verdict: &Verdict) -> Result<Verdict, String> {
        Verdict::decode(&encoded(verdict.clone()))
    }

    #[test]
    fn a_verdict_arrives_as_it_was_sent() {
        assert_eq!(decoded(&verdict()), Ok(verdict()));
        let refused = Verdict::of(ingest::ingest(b"", &Config::default()));
        let failure = Failure::from(&IngestError::Empty);
        assert_eq!(refused, Verdict { parsed: Err(failure), lasting: true });
        assert_eq!(decoded(&refused), Ok(refused));
    }

    #[test]
    fn an_inspection_arrives_as_it_was_sent() {
        let texts = ["", "---\nlang: de\n---\n# One\n\nWords.\n", "%PDF-1.4\n1 0 obj<<>>endobj"];
        for text in texts {
            let inspection = ingest::inspect(text.as_bytes(), &Config::default());
            assert_eq!(Inspection::decode(&encoded(inspection.clone())), Ok(inspection));
        }
        assert!(Inspection::decode(b"{}").is_err());
    }

    #[test]
    fn a_reply_with_any_other_byte_is_sound_or_refused() {
        let sent = encoded(verdict());
        let mut refused = 0;
        for at in 0..sent.len() {
            let mut reply = sent.clone();
            reply[at] ^= 1 << (at % 8);
            match Verdict::decode(&reply) {
                // What is sound is what its own encoding says.
                Ok(verdict) => assert_eq!(decoded(&verdict), Ok(verdict)),
                Err(_) => refused += 1,
            }
            assert!(Verdict::decode(&sent[..at]).is_err(), "cut at {at}");
        }
        assert!(refused > 0);
    }

    #[test]
    fn chunks_that_no_parse_gives_are_refused() {
        let check = |change: fn(&mut Extract)| {
            let mut verdict = verdict();
            let extract = verdict.parsed.as_mut().unwrap();
            assert!(extract.chunks.len() > 1);
            change(extract);
            assert!(decoded(&verdict).unwrap_err().contains("follow"));
        };
        check(|extract| extract.chunks[1].ordinal = 0);
        check(|extract| extract.chunks[1].span.start -= 1);
        check(|extract| extract.chunks[1].text.push('x'));
        check(|extract| extract.chunks[1].text.truncate(3));
        check(|extract| extract.chunks[1].span = extract.chunks[0].span);
        check(|extract| extract.chunks[0].blocks[0].span = Span::new(3, 9_999_999));
        check(|extract| drop(extract.chunks.remove(0)));
        // Text beyond the chunks.
        let mut verdict = verdict();
        verdict.parsed.as_mut().unwrap().chunks.clear();
        let mut sent = encoded(verdict);
        sent[0] = 1;
        sent.insert(8, b'x');
        assert!(Verdict::decode(&sent).unwrap_err().contains("1 bytes of text follow"));
        let undecodable = [&b"{}"[..], &[0; 8], &[255; 8], b"\x01\0\0\0\0\0\0\0\xFF{}"];
        assert!(undecodable.into_iter().all(|payload| Verdict::decode(payload).is_err()));
    }
}
