//! An answer piece by piece, as server-sent events.

use std::convert::Infallible;

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::{SendReply, Turns};
use crate::error::ApiError;
use crate::request_id;

/// Pieces on their way to a client that reads slowly; then the work waits for it.
const PIECES_WAITING: usize = 64;

/// Characters of a piece where an answer is there at once.
const PIECE_CHARS: usize = 48;

/// A piece of an answer, in the shape that clients of language models read.
#[derive(Serialize)]
struct Chunk<'a> {
    object: &'static str,
    choices: [Choice<'a>; 1],
    /// On the last chunk, what a reply without streaming holds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    reply: Option<&'a SendReply>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// Stops the work when its client has gone.
struct Work(AbortHandle);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answers, and tells it as it comes. What is wrong now is told as an event.
pub(super) fn reply(turn: Turns) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel(PIECES_WAITING);
    let request_id = request_id::current();
    let work = tokio::spawn(async move {
        if let Err(error) = answer(turn, &sender).await {
            let event = Event::default().event("error");
            let event = event.json_data(error.body(request_id)).unwrap_or_default();
            let _ = sender.send(event).await;
        }
        let _ = sender.send(Event::default().data("[DONE]")).await;
    });
    let work = Work(work.abort_handle());
    let events = stream::unfold((receiver, work), |(mut receiver, work)| async move {
        let event: Event = receiver.recv().await?;
        Some((Ok(event), (receiver, work)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn answer(turn: Turns, sender: &mpsc::Sender<Event>) -> Result<(), ApiError> {
    let (pieces, mut told) = mpsc::channel::<String>(PIECES_WAITING);
    let asked = turn.asked();
    let app = turn.app.clone();
    let answering = app.answering.answer(asked, Some(pieces));
    let (answer, shown) = tell_meanwhile(answering, &mut told, sender).await?;
    let said = turn.keep(answer).await?;
    // What was shown of a model's words may not have held; then the reply says it all anew.
    if shown.is_empty() {
        for piece in pieces_of(&said.response) {
            send(sender, &chunk(Some(piece), None)).await;
        }
    }
    send(sender, &chunk(None, Some(&said))).await;
    Ok(())
}

/// Tells pieces while an answer is worked on, and what was told. Where there will be no answer, the
/// rest is not waited for: a model may go on with it for long.
async fn tell_meanwhile<T>(
    answering: impl Future<Output = Result<T, ApiError>>,
    told: &mut mpsc::Receiver<String>,
    sender: &mpsc::Sender<Event>,
) -> Result<(T, String), ApiError> {
    let telling = async {
        let mut shown = String::new();
        while let Some(piece) = told.recv().await {
            send(sender, &chunk(Some(&piece), None)).await;
            shown.push_str(&piece);
        }
        Ok(shown)
    };
    tokio::try_join!(answering, telling)
}

async fn send(sender: &mpsc::Sender<Event>, chunk: &Chunk<'_>) {
    if let Ok(event) = Event::default().json_data(chunk) {
        // Who has gone is noticed by the drop of the stream.
        let _ = sender.send(event).await;
    }
}

fn chunk<'a>(content: Option<&'a str>, reply: Option<&'a SendReply>) -> Chunk<'a> {
    let finish_reason = reply.map(|_| "stop");
    let choice = Choice { index: 0, delta: Delta { content }, finish_reason };
    Chunk { object: "chat.completion.chunk", choices: [choice], reply }
}

/// Cuts a text at blanks into pieces that together are the text.
fn pieces_of(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut begin, mut chars) = (0, 0);
    for (at, char) in text.char_indices() {
        chars += 1;
        if chars >= PIECE_CHARS && char.is_whitespace() {
            let end = at + char.len_utf8();
            pieces.push(&text[begin..end]);
            (begin, chars) = (end, 0);
        }
    }
    pieces.push(&text[begin..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[tokio::test]
    async fn nobody_waits_for_the_rest_of_an_answer_that_failed() {
        let (pieces, mut told) = mpsc::channel(2);
        let (sender, mut events) = mpsc::channel(2);
        pieces.send("The shop".to_owned()).await.unwrap();
        let late = async {
            assert!(events.recv().await.is_some());
            Err::<(), _>(ApiError::new(Code::TimedOut, "late"))
        };
        // The model's thread still holds `pieces`.
        let result = tell_meanwhile(late, &mut told, &sender);
        let result = tokio::time::timeout(std::time::Duration::from_secs(5), result).await;
        assert!(result.unwrap().is_err());
        drop(pieces);
    }

    #[test]
    fn pieces_make_the_text() {
        let text = "Ein längerer Satz, der über achtundvierzig Zeichen geht, und noch einer.";
        let pieces = pieces_of(text);
        assert_eq!((pieces.len(), pieces.concat().as_str()), (2, text));
        assert_eq!(pieces_of(""), [""]);
    }
}
