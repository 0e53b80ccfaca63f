//! What a server sends back: one JSON object, or a stream of events with pieces of the text.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::failure::Failure;

/// A whole completion, or a piece of one.
#[derive(Debug, Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    error: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    /// In a whole completion.
    message: Option<Part>,
    /// In a piece.
    delta: Option<Part>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Part {
    content: Option<String>,
}

/// How much may be read, and what to say when it took too long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: usize,
    pub(crate) timeout: Duration,
}

/// Reads a completion that comes as one object.
pub(crate) fn read_whole(body: impl Read, bounds: Bounds) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut body = body.take(bounds.bytes_max as u64 + 1);
    body.read_to_end(&mut bytes).map_err(|e| Failure::of_reading(e, bounds.timeout))?;
    if bytes.len() > bounds.bytes_max {
        return Err(Failure::TooLarge(bounds.bytes_max));
    }
    let choice = first_choice(&bytes)?.ok_or(Failure::Garbled)?;
    check_end(choice.finish_reason.as_deref())?;
    choice.message.and_then(|message| message.content).ok_or(Failure::Garbled)
}

/// Reads a completion that comes as events; `on_delta` gets each piece of its text.
///
/// A line is put together from bytes before it is read as text, so that a character may come in
/// two reads. The end must be told, by `[DONE]` or a reason: a connection that closes is none.
pub(crate) fn read_events(
    body: impl Read,
    bounds: Bounds,
    on_delta: &dyn Fn(&str),
) -> Result<String, Failure> {
    let mut body = BufReader::new(body.take(bounds.bytes_max as u64 + 1));
    let (mut text, mut ended, mut read) = (String::new(), false, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = body.read_until(b'\n', &mut line);
        let count = count.map_err(|e| Failure::of_reading(e, bounds.timeout))?;
        read += count;
        if read > bounds.bytes_max {
            return Err(Failure::TooLarge(bounds.bytes_max));
        }
        let data = line.trim_ascii().strip_prefix(b"data:").map(<[u8]>::trim_ascii);
        if count == 0 || data == Some(b"[DONE]") {
            let complete = ended || count > 0;
            return if complete { Ok(text) } else { Err(Failure::Closed) };
        }
        // A last line without its end is half an object.
        let Some(data) = data.filter(|data| !data.is_empty() && line.ends_with(b"\n")) else {
            continue;
        };
        // Some servers send pieces without a choice, with figures of use.
        let Some(choice) = first_choice(data)? else { continue };
        if let Some(piece) = choice.delta.and_then(|delta| delta.content) {
            on_delta(&piece);
            text.push_str(&piece);
        }
        check_end(choice.finish_reason.as_deref())?;
        ended |= choice.finish_reason.is_some();
    }
}

fn first_choice(json: &[u8]) -> Result<Option<Choice>, Failure> {
    let completion: Completion = serde_json::from_slice(json).map_err(|_| Failure::Garbled)?;
    match completion.error {
        Some(_) => Err(Failure::Interrupted),
        None => Ok(completion.choices.into_iter().next()),
    }
}

/// Refuses a reply that has no end of its own.
fn check_end(reason: Option<&str>) -> Result<(), Failure> {
    match reason {
        Some("length") => Err(Failure::Cut("it reached its limit of tokens".to_owned())),
        Some("content_filter") => Err(Failure::Cut("its server withheld a part".to_owned())),
        _ => Ok(()),
    }
}
