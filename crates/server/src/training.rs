//! Doing the jobs that wait.
//!
//! A job is leased and its lease renewed while it is worked on, so a server that dies leaves it to
//! the next one. Jobs of one bot that wait together are done together: one run, one publication.
//! A training ends: done, failed with a code, or put off with a cause and a limit. What a whole run
//! failed of is put off and done alone, so that only what is at fault fails. A removal is never
//! given up: what was deleted must not answer. One that is under way when the server has to end is
//! given back, and begun anew at the next start.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use document::{BotId, ContentHash, DocumentId};
use index::IndexError;
use store::{Document, Job, JobKind, JobOutcome, Millis, Trained};
use tokio::sync::{oneshot, watch};
use train::{
    Content, DocumentReport, Input, Options, Outcome, Progress, Report, Stage, TrainError,
};

use crate::clock::now;
use crate::forgetting::{Clearing, contents};
use crate::observe::{self, stage};
use crate::state::App;

/// Jobs done together.
const BATCH_MAX: u32 = 64;

/// Bytes of documents that are done together, but for the first.
const BATCH_BYTES_MAX: u64 = 128 << 20;

/// Attempts that a training has at least: the first may be in company, and fail of that.
const ATTEMPTS_MIN: u64 = 2;

/// How much a run gives way, as niceness.
const NICENESS: u8 = 19;

/// How long there is no look at the jobs where nobody rings: another server may have left one.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a job is put off, doubled with each attempt.
const PUT_OFF_MS: Millis = 1_000;

/// Longest time that a job is put off.
const PUT_OFF_MS_MAX: Millis = 60_000;

/// Does jobs until told to stop; what is begun is ended.
pub(crate) async fn work(app: App, options: Options, mut stop: watch::Receiver<bool>) {
    let owner = format!("{}", uuid::Uuid::now_v7().simple());
    let mut clearing = Clearing::default();
    while !*stop.borrow() {
        clearing.tend(&app).await;
        let lease = app.config.training.lease();
        let leased = app.store.lease_jobs(&owner, BATCH_MAX, now() + lease, now()).await;
        match leased {
            Ok(jobs) if !jobs.is_empty() => {
                if let Err(error) = run(&app, &owner, &options, jobs, stop.clone()).await {
                    // The lease runs out, and the jobs are tried again.
                    tracing::error!(%error, "jobs could not be ended");
                }
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "no look at the jobs"),
        }
        let pause = pause(&app).await;
        tokio::select! {
            () = app.bell.rung() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// How long until the next job may be begun.
async fn pause(app: &App) -> Duration {
    let next = app.store.next_job_at(now()).await.ok().flatten();
    let wait = next.map_or(LOOK_EVERY, |at| {
        Duration::from_millis(u64::try_from(at - now()).unwrap_or_default().max(20))
    });
    wait.min(LOOK_EVERY)
}

async fn run(
    app: &App,
    owner: &str,
    options: &Options,
    jobs: Vec<Job>,
    stop: watch::Receiver<bool>,
) -> Result<(), store::StoreError> {
    let most = app.config.training.attempts_max.max(ATTEMPTS_MIN);
    let (jobs, given_up): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job| job.kind != JobKind::Train || job.attempts <= most);
    let mut outcomes: Vec<_> = given_up.into_iter().map(give_up).collect();
    let (mut back, mut gone) = (Vec::new(), BTreeSet::new());
    for job in jobs.iter().filter(|job| job.attempts == 1) {
        let waited = u64::try_from(age(job)).unwrap_or_default();
        stage(observe::Stage::JobQueue, Duration::from_millis(waited));
    }
    if let Some(kind) = jobs.first().map(|job| job.kind) {
        let meter = Arc::new(Meter::default());
        let work = async {
            match kind {
                JobKind::Train => trained(app, options, jobs.clone(), &meter).await,
                JobKind::Remove => removed(app, options, jobs.clone()).await,
                JobKind::DropBot => dropped(app, options, jobs.clone()).await,
            }
        };
        let longest = Duration::from_secs(app.config.training.deadline_seconds);
        let done = tokio::select! {
            done = work => done,
            () = tokio::time::sleep(longest) => overdue(jobs.clone(), longest),
            () = keep(app, owner, &jobs, &meter) => return Ok(()),
            () = deadline(stop, app.config.shutdown_seconds) => {
                tracing::warn!(jobs = jobs.len(), "work is given back: the time to end is over");
                app.store.finish_jobs(owner, outcomes, Vec::new(), now()).await?;
                return app.store.give_back_jobs(owner, jobs, now()).await;
            }
        };
        outcomes.extend(done.outcomes);
        (back, gone) = (done.back, done.gone);
    }
    for (job, outcome) in &outcomes {
        observe::job(job.kind, outcome);
    }
    let gone = gone.iter().map(ToString::to_string).collect();
    app.store.finish_jobs(owner, outcomes, gone, now()).await?;
    if !back.is_empty() {
        app.store.give_back_jobs(owner, back, now()).await?;
    }
    Ok(())
}

/// Runs end, whatever happens. What still runs holds the lock of the bot until it ends, so that the
/// bot's next jobs are put off; what it publishes then, the bot knows and the jobs do not tell.
fn overdue(jobs: Vec<Job>, longest: Duration) -> Done {
    tracing::error!(jobs = jobs.len(), "jobs are over their time");
    let message = format!("no end within {} s: give it in smaller parts", longest.as_secs());
    Done::all(jobs, &Refused::Never { code: "TIMED_OUT", message })
}

/// What came of some jobs.
struct Done {
    outcomes: Vec<(Job, JobOutcome)>,
    /// For which there was no room.
    back: Vec<Job>,
    /// Bytes that the bot holds no more.
    gone: BTreeSet<ContentHash>,
}

impl Done {
    /// All were refused.
    fn all(jobs: Vec<Job>, refused: &Refused) -> Self {
        let is_alone = jobs.len() == 1;
        let outcome = |job: Job| {
            let outcome = refused.outcome(&job, is_alone);
            (job, outcome)
        };
        let outcomes = jobs.into_iter().map(outcome).collect();
        Self { outcomes, back: Vec::new(), gone: BTreeSet::new() }
    }
}

/// Waits until the server has to end: so many seconds after it is told to.
async fn deadline(mut stop: watch::Receiver<bool>, seconds: u64) {
    while !*stop.borrow() {
        if stop.changed().await.is_err() {
            break;
        }
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn age(job: &Job) -> Millis {
    now().saturating_sub(job.created_at)
}

fn give_up(job: Job) -> (Job, JobOutcome) {
    let code = job.error_code.clone().unwrap_or_else(|| "INTERRUPTED".to_owned());
    let message = job.error_message.clone().unwrap_or_else(|| {
        format!("begun {} times and never ended: the server died each time", job.attempts - 1)
    });
    (job, JobOutcome::Failed { code, message })
}

/// Renews the lease for as long as it is waited for; returns where it is lost.
async fn keep(app: &App, owner: &str, jobs: &[Job], meter: &Meter) {
    let lease = app.config.training.lease();
    let every =
        Duration::from_millis(u64::try_from(lease / 10).unwrap_or_default().clamp(100, 2_000));
    loop {
        tokio::time::sleep(every).await;
        let progress = jobs.iter().map(|job| {
            let (done, total) = meter.of(job);
            (job.id.clone(), done, total)
        });
        let progress = progress.collect();
        match app.store.renew_jobs(owner, progress, now() + lease, now()).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("a lease was lost: another server has the jobs");
                return;
            }
            Err(error) => tracing::error!(%error, "a lease could not be renewed"),
        }
    }
}

/// How far a run is with each of its documents: pages that are read, of how many.
#[derive(Debug, Default)]
struct Meter(Mutex<HashMap<String, (u64, u64)>>);

impl Meter {
    fn of(&self, job: &Job) -> (u64, u64) {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = job.document_id.as_deref().unwrap_or_default();
        pages.get(id).copied().unwrap_or_default()
    }

    fn set(&self, source: &str, done: u32, of: u32) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(DocumentId::from_source(source).into(), (done.into(), of.into()));
    }
}

impl Progress for Meter {
    fn begin(&self, _: Stage, _: usize) {}

    fn advance(&self, source: &str, pages: u32) {
        if pages > 0 {
            self.set(source, pages, pages);
        }
    }

    fn pages(&self, source: &str, done: u32, of: u32) {
        self.set(source, done, of);
    }
}

async fn trained(app: &App, options: &Options, jobs: Vec<Job>, meter: &Arc<Meter>) -> Done {
    let (mut batch, mut back, mut outcomes, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for job in jobs {
        let id = job.document_id.clone().unwrap_or_default();
        match app.store.document(&job.bot_id, &id).await {
            Ok(Some(document)) => {
                if bytes > 0 && bytes + document.bytes > BATCH_BYTES_MAX {
                    back.push(job);
                    continue;
                }
                bytes += document.bytes;
                batch.push((job, document));
            }
            // It was deleted meanwhile.
            Ok(None) => outcomes.push((job, JobOutcome::Done(None))),
            Err(error) => outcomes.push((job, put_off(1, "DATABASE", &error))),
        }
    }
    let Some(bot_id) = batch.first().map(|(job, _)| job.bot_id.clone()) else {
        return Done { outcomes, back, gone: BTreeSet::new() };
    };
    let is_alone = batch.len() == 1;
    let documents: Vec<Document> = batch.iter().map(|(_, document)| document.clone()).collect();
    let (folder, options, meter) = (app.folder.clone(), options.clone(), Arc::clone(meter));
    let result = apart(move || {
        let bot = bot_of(&bot_id)?;
        let before = contents(&folder, &bot);
        let inputs = documents.iter().map(input).collect::<Result<Vec<_>, _>>()?;
        let report = train::train(&folder, &bot, &inputs, &options, &*meter)?;
        let gone: BTreeSet<_> = before.difference(&contents(&folder, &bot)).copied().collect();
        Ok((report, gone))
    })
    .await;
    if let Ok((report, _)) = &result {
        stage(observe::Stage::Parse, report.seconds.parse);
        stage(observe::Stage::Index, report.seconds.index);
        stage(observe::Stage::Publish, report.seconds.publish);
    }
    outcomes.extend(batch.into_iter().map(|(job, document)| {
        let outcome = match &result {
            Ok((report, _)) => outcome_of(report, &document),
            Err(refused) => refused.outcome(&job, is_alone),
        };
        (job, outcome)
    }));
    let gone = result.map(|(_, gone)| gone).unwrap_or_default();
    Done { outcomes, back, gone }
}

fn bot_of(id: &str) -> Result<BotId, Refused> {
    id.parse().map_err(|error: document::InvalidId| never(error.to_string()))
}

fn never(message: String) -> Refused {
    Refused::Never { code: "INTERNAL", message }
}

fn input(document: &Document) -> Result<Input, Refused> {
    let hash = document.content_hash.parse();
    let hash = hash.map_err(|_| never("the hash is damaged".to_owned()))?;
    let content = Content::Stored { hash, bytes: document.bytes };
    Ok(Input {
        title: document.title.clone(),
        metadata: document.metadata.clone(),
        ..Input::new(&document.source, content)
    })
}

fn outcome_of(report: &Report, document: &Document) -> JobOutcome {
    let found = report.documents.iter().find(|report| report.source == document.source);
    match found.map(|report| (&report.outcome, report)) {
        Some((Outcome::Failed(failure), _)) => {
            JobOutcome::Failed { code: failure.code.clone(), message: failure.message.clone() }
        }
        Some((_, report)) => JobOutcome::Done(Some(trained_of(report, document))),
        None => JobOutcome::Failed {
            code: "INTERNAL".to_owned(),
            message: "the training did not tell what became of it".to_owned(),
        },
    }
}

fn trained_of(report: &DocumentReport, document: &Document) -> Trained {
    Trained {
        content_hash: document.content_hash.clone(),
        title: report.title.clone(),
        pages: report.pages.into(),
        chunks: report.chunks.into(),
        pages_without_text: report.pages_without_text.clone(),
        warnings: report.warnings.clone(),
        duplicate_of: report.duplicate_of.as_ref().map(DocumentId::to_string),
    }
}

async fn removed(app: &App, options: &Options, jobs: Vec<Job>) -> Done {
    let ids = jobs.iter().filter_map(|job| job.document_id.as_ref()?.parse().ok()).collect();
    let result = without(app, options, &jobs, move |_| ids).await;
    ended(jobs, result)
}

async fn dropped(app: &App, options: &Options, jobs: Vec<Job>) -> Done {
    let result = without(app, options, &jobs, |held| held).await;
    ended(jobs, result)
}

/// Does a run on a thread of its own that gives way to those who answer. Niceness is a thread's for
/// good, so the thread ends with the run.
async fn apart<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let (done, result) = oneshot::channel();
    let run = move || {
        train::give_way(NICENESS);
        // Who waited may have lost the lease; what was published stays.
        let _ = done.send(run());
    };
    let started = Builder::new().name("train".to_owned()).spawn(run);
    started.map_err(|error| Refused::Now { code: "NO_THREAD", message: error.to_string() })?;
    let crashed = |_| never("the training crashed inside the server".to_owned());
    result.await.map_err(crashed)?
}

/// Takes those out of a bot's index that `chosen` picks, as far as it holds them; the bytes that it
/// holds no more.
async fn without(
    app: &App,
    options: &Options,
    jobs: &[Job],
    chosen: impl FnOnce(Vec<DocumentId>) -> Vec<DocumentId> + Send + 'static,
) -> Result<BTreeSet<ContentHash>, Refused> {
    let Some(bot_id) = jobs.first().map(|job| job.bot_id.clone()) else {
        return Ok(BTreeSet::new());
    };
    let (folder, options) = (app.folder.clone(), options.clone());
    apart(move || {
        let bot = bot_of(&bot_id)?;
        let held = match folder.manifest(&bot) {
            Ok(manifest) => manifest.documents,
            Err(TrainError::NoBot { .. }) => return Ok(BTreeSet::new()),
            Err(error) => return Err(error.into()),
        };
        let mut ids = chosen(held.iter().map(|entry| entry.id.clone()).collect());
        ids.retain(|id| held.iter().any(|entry| entry.id == *id));
        if !ids.is_empty() {
            train::remove(&folder, &bot, &ids, &options, &train::Silent)?;
        }
        let gone = held.iter().filter(|entry| ids.contains(&entry.id));
        Ok(gone.map(|entry| entry.content_hash).collect())
    })
    .await
}

fn ended(jobs: Vec<Job>, result: Result<BTreeSet<ContentHash>, Refused>) -> Done {
    match result {
        Ok(gone) => {
            let outcomes = jobs.into_iter().map(|job| (job, JobOutcome::Done(None))).collect();
            Done { outcomes, back: Vec::new(), gone }
        }
        Err(refused) => Done::all(jobs, &refused),
    }
}

/// Why a whole run did nothing.
#[derive(Debug)]
enum Refused {
    /// Another run holds the bot.
    Locked(String),
    /// It may do better next time.
    Now { code: &'static str, message: String },
    /// It never will.
    Never { code: &'static str, message: String },
}

impl From<TrainError> for Refused {
    fn from(error: TrainError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            TrainError::Index(IndexError::Locked { .. }) => Self::Locked(message),
            TrainError::CannotRebuild { .. } | TrainError::DamagedOriginal { .. } => {
                Self::Never { code, message }
            }
            _ => Self::Now { code, message },
        }
    }
}

impl Refused {
    /// What it means for a job that was in the run, alone or with others.
    fn outcome(&self, job: &Job, is_alone: bool) -> JobOutcome {
        match self {
            // Who holds the bot may do so for long, and no job is at fault: the older a job, the
            // longer it waits.
            Self::Locked(message) => JobOutcome::Later {
                not_before: now() + (age(job) / 8).clamp(PUT_OFF_MS, PUT_OFF_MS_MAX),
                code: "LOCKED".to_owned(),
                message: message.clone(),
                counts: false,
            },
            Self::Never { code, message } if job.kind == JobKind::Train && is_alone => {
                JobOutcome::Failed { code: (*code).to_owned(), message: message.clone() }
            }
            Self::Never { code, message } if job.kind == JobKind::Train => {
                later(now(), code, message)
            }
            Self::Now { code, message } | Self::Never { code, message } => {
                put_off(job.attempts, code, message)
            }
        }
    }
}

/// Puts a job off, the longer the more often it was begun.
fn put_off(attempts: u64, code: &str, message: &dyn std::fmt::Display) -> JobOutcome {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let wait = PUT_OFF_MS.saturating_mul(1 << doublings).min(PUT_OFF_MS_MAX);
    later(now() + wait, code, &message.to_string())
}

fn later(not_before: Millis, code: &str, message: &str) -> JobOutcome {
    let (code, message) = (code.to_owned(), message.to_owned());
    JobOutcome::Later { not_before, code, message, counts: true }
}

#[cfg(test)]
mod tests;
