//! Who says the answers: sentences of the documents, or a model, seen while it speaks if wanted.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use ::model::{Key, OpenAi, Settings};
use answer::{Answer, AnswerError, Config, Extractive, Generator, Question, answer};
use anyhow::Result;
use index::Snapshot;

use crate::cli::Model;
use crate::exit::CommandError;
use crate::output::Output;

/// Makes answers.
pub(super) struct Speaker {
    generator: Box<dyn Generator>,
    /// The pieces of what is said, where they are shown as they come.
    pieces: Option<Pieces>,
}

struct Pieces {
    /// `None` ends a reply.
    receiver: Receiver<Option<String>>,
    sender: Sender<Option<String>>,
}

impl Speaker {
    /// The model that is asked for, or none.
    pub(super) fn of(model: &Model, streams: bool) -> Result<Self> {
        let (Some(name), Some(url)) = (&model.name, &model.url) else {
            return Ok(Self { generator: Box::new(Extractive), pieces: None });
        };
        let settings = Settings { key: key(), ..Settings::new(url, name) };
        let model =
            OpenAi::new(settings).map_err(|error| CommandError::usage(error.to_string()))?;
        if !streams {
            return Ok(Self { generator: Box::new(model), pieces: None });
        }
        let (sender, receiver) = channel();
        let into = sender.clone();
        let model = model.streaming(move |piece| {
            // Nobody listens once the answer is there.
            let _ = into.send(Some(piece.to_owned()));
        });
        let pieces = Some(Pieces { receiver, sender });
        Ok(Self { generator: Box::new(model), pieces })
    }

    /// The answer, and what was shown of it already.
    pub(super) fn answer(
        &self,
        snapshot: &Snapshot,
        question: &Question,
        output: &mut Output<'_>,
    ) -> Result<(Answer, String)> {
        let answered = || answer(snapshot, question, &*self.generator, &Config::default());
        match &self.pieces {
            None => Ok((answered()?, String::new())),
            Some(pieces) => show(pieces, answered, output),
        }
    }
}

/// Answers on a thread of its own, and shows the pieces here as they come.
fn show(
    pieces: &Pieces,
    answered: impl FnOnce() -> Result<Answer, AnswerError> + Send,
    output: &mut Output<'_>,
) -> Result<(Answer, String)> {
    let mut shown = String::new();
    let end = End(pieces.sender.clone());
    thread::scope(|scope| {
        let answering = scope.spawn(move || {
            let _end = end;
            answered()
        });
        while let Ok(Some(piece)) = pieces.receiver.recv() {
            shown.push_str(&piece);
            output.piece(&piece)?;
        }
        let answer = answering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((answer?, shown))
    })
}

/// Tells the end of a reply, even of one that a panic ended.
struct End(Sender<Option<String>>);

impl Drop for End {
    fn drop(&mut self) {
        let _ = self.0.send(None);
    }
}

/// The key to the model's server; one that is empty is none.
#[expect(
    clippy::disallowed_methods,
    reason = "clap has no option without a command line, where everybody could see the key"
)]
fn key() -> Option<Key> {
    let key = std::env::var("JELY_MODEL_KEY").ok();
    key.filter(|key| !key.trim().is_empty()).map(|key| Key::new(&key))
}
