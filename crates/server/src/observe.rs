//! What is counted and timed, for `/metrics`.
//!
//! Every name and every label stands here, and each label is one of a few words: no id, path or
//! text of a caller becomes one.

use std::time::{Duration, Instant};

use answer::{AnswerKind, GenerateError, Generated, Generator, Grounding};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use store::{JobKind, JobOutcome, Then};

/// Measures a request; its route, and not its path, is what is counted.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let since = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = method(request.method());
    let response = next.run(request).await;
    let route = route.unwrap_or_else(|| "other".to_owned());
    let took = since.elapsed();
    let status = response.status().as_u16();
    tracing::info!(status, took_us = took.as_micros() as u64, "done");
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics::histogram!("jely_http_seconds", &labels).record(took.as_secs_f64());
    response
}

/// A method of the API; callers may make up others.
fn method(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// A part of the work on a message or on documents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    /// A message waits for its turn.
    Queue,
    /// Passages are found and put in order.
    Retrieve,
    /// An answer is worded.
    Generate,
    /// A job waits to be begun.
    JobQueue,
    /// Documents are read.
    Parse,
    /// Chunks are put into the index.
    Index,
    /// The new index is made durable and current.
    Publish,
}

/// Notes how long a stage took.
pub(crate) fn stage(stage: Stage, took: Duration) {
    let name = match stage {
        Stage::Queue => "queue",
        Stage::Retrieve => "retrieve",
        Stage::Generate => "generate",
        Stage::JobQueue => "job_queue",
        Stage::Parse => "parse",
        Stage::Index => "index",
        Stage::Publish => "publish",
    };
    metrics::histogram!("jely_stage_seconds", "stage" => name).record(took.as_secs_f64());
}

/// Counts a reply to a message.
pub(crate) fn answered(kind: AnswerKind) {
    let outcome = match kind {
        AnswerKind::Answer => "answered",
        AnswerKind::NotFound => "abstained",
        AnswerKind::SmallTalk => "small_talk",
    };
    metrics::counter!("jely_answers_total", "outcome" => outcome).increment(1);
}

/// Counts what became of a job.
pub(crate) fn job(kind: JobKind, outcome: &JobOutcome) {
    let kind = match kind {
        JobKind::Train => "train",
        JobKind::Remove => "remove",
        JobKind::DropBot => "drop_bot",
    };
    let outcome = match outcome {
        JobOutcome::Done(_) => "done",
        JobOutcome::Failed { .. } => "failed",
        JobOutcome::Later { .. } => "put_off",
    };
    metrics::counter!("jely_jobs_total", "kind" => kind, "outcome" => outcome).increment(1);
}

/// Counts an attempt to tell a webhook, and how long it took.
pub(crate) fn webhook(then: &Then, took: Duration) {
    let outcome = match then {
        Then::Delivered => "delivered",
        Then::RetryAt(_) => "retried",
        Then::Failed => "failed",
        Then::Disable(_) => "disabled",
    };
    metrics::counter!("jely_webhooks_total", "outcome" => outcome).increment(1);
    metrics::histogram!("jely_webhook_seconds").record(took.as_secs_f64());
}

/// Counts a request that was refused, by its code: `RATE_LIMIT_EXCEEDED`, `OVERLOADED`, ….
pub(crate) fn refused(code: &'static str) {
    metrics::counter!("jely_refused_total", "code" => code).increment(1);
}

/// A generator that notes how long it takes.
pub(crate) struct Timed<'a> {
    generator: &'a dyn Generator,
    since: Instant,
}

impl<'a> Timed<'a> {
    /// From now on, what comes before the generator is retrieval.
    pub(crate) fn new(generator: &'a dyn Generator) -> Self {
        Self { generator, since: Instant::now() }
    }
}

impl Generator for Timed<'_> {
    fn generate(&self, grounding: &Grounding) -> Result<Generated, GenerateError> {
        stage(Stage::Retrieve, self.since.elapsed());
        let since = Instant::now();
        let generated = self.generator.generate(grounding);
        stage(Stage::Generate, since.elapsed());
        generated
    }
}
