//! From a message to an answer, on threads of its own.
//!
//! Answering is work for a processor (or, with a model, waiting for one), so it is kept off the
//! threads that serve connections. Only so many messages are answered at once and only so many
//! wait; whoever comes then is sent away at once, before memory grows.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use answer::{Answer, AnswerError, Extractive, Generator, Passage, Question, Turn};
use document::BotId;
use index::{Filter, Snapshot};
use model::OpenAi;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task;
use train::{DataFolder, TrainError};

use crate::error::{ApiError, Code};
use crate::observe::{Stage, Timed, stage};

/// Answers messages.
pub(crate) struct Answering {
    folder: Arc<DataFolder>,
    model: Option<model::Settings>,
    config: answer::Config,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    within: Duration,
}

/// What is asked of a bot.
pub(crate) struct Asked {
    pub(crate) bot: BotId,
    pub(crate) message: String,
    /// What was said before, oldest first.
    pub(crate) history: Vec<Turn>,
    /// What is said to a greeting.
    pub(crate) greeting: Option<String>,
    /// Documents that were deleted and may still be in the index.
    pub(crate) leaving: Vec<String>,
}

impl Answering {
    /// Answers on `at_once` threads while up to `waiting_max` wait, each for `within` in all.
    pub(crate) fn new(
        folder: Arc<DataFolder>,
        model: Option<model::Settings>,
        config: answer::Config,
        (at_once, waiting_max): (usize, usize),
        within: Duration,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(at_once));
        let waiting = AtomicUsize::new(0);
        Self { folder, model, config, turns, waiting, waiting_max, within }
    }

    /// Answers a message. Who stops waiting frees the place. A model's words go to `pieces` as
    /// they come.
    pub(crate) async fn answer(
        &self,
        asked: Asked,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Answer, ApiError> {
        let folder = Arc::clone(&self.folder);
        let config = answer::Config { greeting: asked.greeting.clone(), ..self.config.clone() };
        let generator = self.generator(pieces)?;
        self.run(move || answer_from(&folder, &asked, &*generator, &config)).await
    }

    fn generator(
        &self,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Box<dyn Generator + Send>, ApiError> {
        let Some(settings) = &self.model else { return Ok(Box::new(Extractive)) };
        let model = OpenAi::new(settings.clone()).map_err(|error| ApiError::internal(&error))?;
        Ok(match pieces {
            None => Box::new(model),
            // Who has gone hears nothing; the work ends all the same.
            Some(pieces) => Box::new(model.streaming(move |piece| {
                let _ = pieces.blocking_send(piece.to_owned());
            })),
        })
    }

    /// The passages that match a query best.
    pub(crate) async fn search(
        &self,
        bot: BotId,
        query: String,
        filter: Filter,
        (leaving, limit): (Vec<String>, usize),
    ) -> Result<Vec<Passage>, ApiError> {
        let folder = Arc::clone(&self.folder);
        let mut config = answer::Config { passages_max: limit, ..self.config.clone() };
        // Repetitions go and neighbours become one.
        config.candidates = config.candidates.max(4 * limit);
        self.run(move || {
            let Some(snapshot) = snapshot_of(&folder, &bot)? else { return Ok(Vec::new()) };
            let filter = without(filter, &leaving, &snapshot);
            let question = Question::new(&query).with_filter(filter);
            let since = Instant::now();
            let found = answer::retrieve(&snapshot, &question, &config)?;
            stage(Stage::Retrieve, since.elapsed());
            Ok(found)
        })
        .await
    }

    /// Does some work when it is its turn, within the time of a message.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AnsweringError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let done = tokio::time::timeout(self.within, async {
            let came = Instant::now();
            let permit = self.turn().await?;
            stage(Stage::Queue, came.elapsed());
            let work = task::spawn_blocking(move || {
                // Given back when the work ends, and not when nobody waits for it any more.
                let _permit = permit;
                work()
            });
            work.await.map_err(|error| ApiError::internal(&error))?.map_err(ApiError::from)
        });
        done.await.unwrap_or_else(|_| {
            let message = "no answer within the time a message may take: try again";
            Err(ApiError::new(Code::TimedOut, message).retry_after(1))
        })
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        if let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(permit);
        }
        let place = Place::take(&self.waiting, self.waiting_max).ok_or_else(|| {
            let message = "the server has all the work it can do: try again";
            ApiError::new(Code::Overloaded, message).retry_after(1)
        })?;
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        drop(place);
        permit.map_err(|error| ApiError::internal(&error))
    }
}

/// A place among those that wait.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnsweringError {
    #[error(transparent)]
    Folder(#[from] TrainError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

impl From<AnsweringError> for ApiError {
    fn from(error: AnsweringError) -> Self {
        Self::internal(&error)
    }
}

fn answer_from(
    folder: &DataFolder,
    asked: &Asked,
    generator: &dyn Generator,
    config: &answer::Config,
) -> Result<Answer, AnsweringError> {
    let question = Question::with_history(&asked.message, &asked.history);
    let Some(snapshot) = snapshot_of(folder, &asked.bot)? else {
        return Ok(answer::answer_without_documents(&question, config));
    };
    let filter = without(Filter::default(), &asked.leaving, &snapshot);
    let generator = Timed::new(generator);
    Ok(answer::answer(&snapshot, &question.with_filter(filter), &generator, config)?)
}

/// The current snapshot of a bot; `None` where nothing was trained yet.
pub(crate) fn snapshot_of(
    folder: &DataFolder,
    bot: &BotId,
) -> Result<Option<Arc<Snapshot>>, TrainError> {
    match folder.snapshot(bot) {
        Ok(snapshot) => Ok(Some(snapshot)),
        Err(TrainError::NoBot { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A filter that lets nothing through of documents that are on their way out.
fn without(filter: Filter, leaving: &[String], snapshot: &Snapshot) -> Filter {
    if leaving.is_empty() {
        return filter;
    }
    let held = snapshot.manifest().documents.iter().map(|entry| &entry.id);
    let asked = filter.documents.as_ref();
    let asked: Option<HashSet<_>> = asked.map(|documents| documents.iter().collect());
    let is_asked =
        |id: &&document::DocumentId| asked.as_ref().is_none_or(|asked| asked.contains(id));
    let leaving: HashSet<&str> = leaving.iter().map(String::as_str).collect();
    let stays = |id: &&document::DocumentId| !leaving.contains(id.as_str());
    let documents = held.filter(is_asked).filter(stays).cloned().collect();
    Filter { documents: Some(documents), ..filter }
}
