//! Work that outlives a request.
//!
//! A job is leased for a time by whoever does it, who renews the lease as long as the work goes on;
//! a lease that ran out belongs to a process that is gone, and the job is anyone's. Jobs of one
//! bot follow one another: its index has one writer. Jobs of another kind about the same document
//! are begun in the order in which they were queued, also where the older one was put off: what was
//! deleted and given again is removed first and trained then.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::Dialect;
use crate::documents::signed;
use crate::gone::note;
use crate::rows::{all, count, get, to_json, word};
use crate::{Kind, Millis, Store, StoreError, Trained, new_id};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Reading a document into its bot's index.
    Train,
    /// Taking a document out of it.
    Remove,
    /// Clearing away the index of a bot that was deleted.
    DropBot,
}

impl JobKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Remove => "remove",
            Self::DropBot => "drop_bot",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::Train, Self::Remove, Self::DropBot].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// It waits.
    Queued,
    /// Someone does it.
    Running,
    /// It is done.
    Done,
    /// It ended without success.
    Failed,
}

impl JobStatus {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// `job_…`
    pub id: String,
    /// Its bot.
    pub bot_id: String,
    /// Its document, where it is about one.
    pub document_id: Option<String>,
    /// What is to be done.
    pub kind: JobKind,
    /// Where it stands.
    pub status: JobStatus,
    /// How often it was begun.
    pub attempts: u64,
    /// Pages that are read.
    pub pages_done: u64,
    /// Pages there are; 0 as long as nobody knows.
    pub pages_total: u64,
    /// Why it failed, or failed last: a code.
    pub error_code: Option<String>,
    /// The same as a sentence.
    pub error_message: Option<String>,
    /// When it was queued.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// When it ended.
    pub finished_at: Option<Millis>,
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobOutcome {
    /// It is done; of a training, with what was found.
    Done(Option<Trained>),
    /// It failed for good.
    Failed {
        /// A code.
        code: String,
        /// A sentence.
        message: String,
    },
    /// It could not be done now, and is to be tried again after a time.
    Later {
        /// When.
        not_before: Millis,
        /// A code.
        code: String,
        /// A sentence.
        message: String,
        /// Whether this attempt counts.
        counts: bool,
    },
}

macro_rules! job_columns {
    () => {
        "id, bot_id, document_id, kind, status, attempts, pages_done, pages_total, error_code, \
         error_message, created_at, updated_at, finished_at"
    };
}

/// A job that has not ended; in the words of the index of such jobs.
macro_rules! unfinished {
    () => {
        "status <> 'done' AND status IN ('queued', 'running')"
    };
}

/// No job of the bot of `j` is leased at `$1`.
macro_rules! nobody_works {
    () => {
        "NOT EXISTS (SELECT 1 FROM jobs r WHERE r.bot_id = j.bot_id AND r.status = 'running' \
         AND r.lease_until >= $1)"
    };
}

/// No older job of another kind is about the document of `j`.
macro_rules! in_order {
    () => {
        "NOT EXISTS (SELECT 1 FROM jobs o WHERE o.bot_id = j.bot_id \
         AND o.status IN ('queued', 'running') AND o.document_id = j.document_id \
         AND o.kind <> j.kind AND (o.created_at < j.created_at \
         OR (o.created_at = j.created_at AND o.id < j.id)))"
    };
}

macro_rules! next_job {
    ($lock:literal) => {
        concat!(
            "SELECT id, bot_id, kind, attempts FROM jobs j WHERE ",
            unfinished!(),
            " AND ((status = 'queued' AND not_before <= $1) \
             OR (status = 'running' AND lease_until < $1)) AND ",
            nobody_works!(),
            " AND ",
            in_order!(),
            " ORDER BY created_at, id LIMIT 1",
            $lock
        )
    };
}

impl Job {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            bot_id: get(row, "bot_id")?,
            document_id: get(row, "document_id")?,
            kind: word(row, "jobs", "kind", JobKind::read)?,
            status: word(row, "jobs", "status", JobStatus::read)?,
            attempts: count(row, "attempts")?,
            pages_done: count(row, "pages_done")?,
            pages_total: count(row, "pages_total")?,
            error_code: get(row, "error_code")?,
            error_message: get(row, "error_message")?,
            created_at: get(row, "created_at")?,
            updated_at: get(row, "updated_at")?,
            finished_at: get(row, "finished_at")?,
        })
    }
}

/// Queues a job; its id.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    bot_id: &str,
    document_id: Option<&str>,
    kind: JobKind,
    now: Millis,
) -> Result<String, StoreError> {
    let id = new_id(Kind::Job);
    sqlx::query(
        "INSERT INTO jobs (id, bot_id, document_id, kind, status, not_before, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, 'queued', $5, $5, $5)",
    )
    .bind(&id)
    .bind(bot_id)
    .bind(document_id)
    .bind(kind.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(id)
}

impl Store {
    /// A job of a bot.
    pub async fn job(&self, bot_id: &str, id: &str) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE bot_id = $1 AND id = $2"
        ))
        .bind(bot_id)
        .bind(id)
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(Job::of).transpose()
    }

    /// The last job of a document.
    pub async fn job_of_document(
        &self,
        bot_id: &str,
        document_id: &str,
    ) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE bot_id = $1 AND document_id = $2 ORDER BY created_at DESC, id DESC \
             LIMIT 1"
        ))
        .bind(bot_id)
        .bind(document_id)
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(Job::of).transpose()
    }

    /// Takes up to `limit` jobs of one kind and one bot, the longest waiting first; none where
    /// nothing is to be done. They are `owner`'s until `until`. No bot's jobs are given to two.
    ///
    /// Trainings that were begun before are taken one by one, so that one that brings a run down
    /// takes no other with it. Removals are taken together, also those that were put off: what one
    /// alone cannot do, they may.
    pub async fn lease_jobs(
        &self,
        owner: &str,
        limit: u32,
        until: Millis,
        now: Millis,
    ) -> Result<Vec<Job>, StoreError> {
        let owner = owner.to_owned();
        let dialect = self.dialect;
        self.write(move |connection| {
            Box::pin(async move {
                let Some(next) = next_job(connection, dialect, now).await? else {
                    return Ok(Vec::new());
                };
                let mut jobs = Vec::new();
                for id in next.together(connection, limit, now).await? {
                    let row = sqlx::query(concat!(
                        "UPDATE jobs SET status = 'running', attempts = attempts + 1, \
                         lease_owner = $1, lease_until = $2, updated_at = $3 WHERE id = $4 \
                         RETURNING ",
                        job_columns!()
                    ))
                    .bind(&owner)
                    .bind(until)
                    .bind(now)
                    .bind(id)
                    .fetch_one(&mut *connection)
                    .await?;
                    let job = Job::of(&row)?;
                    if job.kind == JobKind::Train {
                        note_processing(connection, &job, now).await?;
                    }
                    jobs.push(job);
                }
                Ok(jobs)
            })
        })
        .await
    }

    /// When the next job may be begun, where one waits. Those of a bot that someone works on are
    /// left out as long as its lease lasts.
    pub async fn next_job_at(&self, now: Millis) -> Result<Option<Millis>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT MIN(CASE WHEN status = 'queued' THEN not_before ELSE lease_until END) AS at \
             FROM jobs j WHERE ",
            unfinished!(),
            " AND (status = 'running' OR (",
            nobody_works!(),
            ")) AND ",
            in_order!()
        ))
        .bind(now)
        .fetch_one(&self.read)
        .await?;
        get(&row, "at")
    }

    /// Forgets up to `limit` jobs that ended before a time; how many there were. A removal that was
    /// not done is kept.
    pub async fn forget_jobs(&self, before: Millis, limit: u32) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at < $1 \
                     AND (status = 'done' OR kind = 'train') ORDER BY finished_at LIMIT $2)",
                )
                .bind(before)
                .bind(i64::from(limit))
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }

    /// How many jobs wait.
    pub async fn waiting_jobs(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS waiting FROM jobs WHERE status = 'queued'")
            .fetch_one(&self.read)
            .await?;
        count(&row, "waiting")
    }

    /// Keeps jobs leased, and says how far they are: pages done and pages in all by job. `false`
    /// where one of them is not `owner`'s any more.
    pub async fn renew_jobs(
        &self,
        owner: &str,
        progress: Vec<(String, u64, u64)>,
        until: Millis,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                let mut held = true;
                for (id, done, total) in progress {
                    let renewed = sqlx::query(
                        "UPDATE jobs SET lease_until = $3, pages_done = $4, pages_total = $5, \
                         updated_at = $6 WHERE id = $1 AND lease_owner = $2 AND status = 'running'",
                    )
                    .bind(id)
                    .bind(&owner)
                    .bind(until)
                    .bind(signed(done))
                    .bind(signed(total))
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                    held &= renewed.rows_affected() > 0;
                }
                Ok(held)
            })
        })
        .await
    }

    /// Gives jobs back that are not done, because their server ends or others fill the run: another
    /// may begin them at once, and this attempt does not count. What is not `owner`'s any more stays as it is.
    pub async fn give_back_jobs(
        &self,
        owner: &str,
        jobs: Vec<Job>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                for job in jobs {
                    let given = sqlx::query(
                        "UPDATE jobs SET status = 'queued', attempts = attempts - 1, \
                         not_before = $3, updated_at = $3, lease_owner = NULL, \
                         lease_until = NULL WHERE id = $1 AND lease_owner = $2 \
                         AND status = 'running'",
                    )
                    .bind(&job.id)
                    .bind(&owner)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                    if given.rows_affected() > 0 && job.kind == JobKind::Train {
                        note_status(connection, &job, ("queued", None, None), now).await?;
                    }
                }
                Ok(())
            })
        })
        .await
    }

    /// Ends jobs of one bot, says of each document what was found in it, and notes the hashes that
    /// the bot's index holds no more, in one step. What is not
    /// `owner`'s any more stays as it is.
    pub async fn finish_jobs(
        &self,
        owner: &str,
        outcomes: Vec<(Job, JobOutcome)>,
        gone: Vec<String>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                if let Some((job, _)) = outcomes.first() {
                    for hash in &gone {
                        note(connection, (&job.bot_id, hash), None, now).await?;
                    }
                }
                for (job, outcome) in outcomes {
                    finish(connection, &owner, &job, outcome, now).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// The job that waits longest and may be begun.
struct Next {
    id: String,
    bot_id: String,
    kind: String,
    attempts: u64,
}

/// With PostgreSQL the bot is held against others who ask at this moment.
async fn next_job(
    connection: &mut AnyConnection,
    dialect: Dialect,
    now: Millis,
) -> Result<Option<Next>, StoreError> {
    let row = sqlx::query(match dialect {
        Dialect::Sqlite => next_job!(""),
        Dialect::Postgres => next_job!(" FOR UPDATE SKIP LOCKED"),
    })
    .bind(now)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let next = Next {
        id: get(&row, "id")?,
        bot_id: get(&row, "bot_id")?,
        kind: get(&row, "kind")?,
        attempts: count(&row, "attempts")?,
    };
    if dialect == Dialect::Postgres && !hold_bot(connection, &next.bot_id, now).await? {
        return Ok(None);
    }
    Ok(Some(next))
}

impl Next {
    /// It, and what may be done with it: up to `limit` ids, the longest waiting first.
    async fn together(
        self,
        connection: &mut AnyConnection,
        limit: u32,
        now: Millis,
    ) -> Result<Vec<String>, StoreError> {
        if self.kind == JobKind::Train.as_str() && self.attempts > 0 {
            return Ok(vec![self.id]);
        }
        // Nobody works on the bot: what is running here is of a lease that ran out.
        let rows = sqlx::query(concat!(
            "SELECT id FROM jobs j WHERE bot_id = $1 AND kind = $2 AND ",
            unfinished!(),
            " AND (kind <> 'train' OR (status = 'queued' AND attempts = 0 AND not_before <= $3)) \
             AND ",
            in_order!(),
            " ORDER BY created_at, id LIMIT $4"
        ))
        .bind(self.bot_id)
        .bind(self.kind)
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
        all(&rows, |row| get(row, "id"))
    }
}

/// Holds a bot until the transaction ends; `false` where another holds it, or began a job of it a
/// moment ago.
async fn hold_bot(
    connection: &mut AnyConnection,
    bot_id: &str,
    now: Millis,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT pg_try_advisory_xact_lock(hashtext($1)::BIGINT) AS held")
        .bind(bot_id)
        .fetch_one(&mut *connection)
        .await?;
    if !get::<bool>(&row, "held")? {
        return Ok(false);
    }
    let running = sqlx::query(
        "SELECT COUNT(*) AS running FROM jobs WHERE bot_id = $1 AND status = 'running' \
         AND lease_until >= $2",
    )
    .bind(bot_id)
    .bind(now)
    .fetch_one(connection)
    .await?;
    Ok(count(&running, "running")? == 0)
}

async fn finish(
    connection: &mut AnyConnection,
    owner: &str,
    job: &Job,
    outcome: JobOutcome,
    now: Millis,
) -> Result<(), StoreError> {
    let (status, not_before, error) = match &outcome {
        JobOutcome::Done(_) => (JobStatus::Done, now, None),
        JobOutcome::Failed { code, message } => (JobStatus::Failed, now, Some((code, message))),
        JobOutcome::Later { not_before, code, message, .. } => {
            (JobStatus::Queued, *not_before, Some((code, message)))
        }
    };
    let returned = i64::from(matches!(outcome, JobOutcome::Later { counts: false, .. }));
    let finished_at = Some(now).filter(|_| status != JobStatus::Queued);
    let (code, message) = error.map(|(code, message)| (code.clone(), message.clone())).unzip();
    let ended = sqlx::query(
        "UPDATE jobs SET status = $3, not_before = $4, error_code = $5, error_message = $6, \
         finished_at = $7, updated_at = $8, lease_owner = NULL, lease_until = NULL, \
         attempts = attempts - $9, \
         pages_done = CASE WHEN $3 = 'done' THEN pages_total ELSE pages_done END \
         WHERE id = $1 AND lease_owner = $2 AND status = 'running'",
    )
    .bind(&job.id)
    .bind(owner)
    .bind(status.as_str())
    .bind(not_before)
    .bind(code.clone())
    .bind(message.clone())
    .bind(finished_at)
    .bind(now)
    .bind(returned)
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() == 0 || job.kind != JobKind::Train {
        return Ok(());
    }
    match outcome {
        JobOutcome::Done(found) => {
            note_trained(connection, job, found.unwrap_or_default(), now).await
        }
        JobOutcome::Failed { .. } => {
            note_status(connection, job, ("failed", code, message), now).await
        }
        JobOutcome::Later { .. } => note_status(connection, job, ("queued", None, None), now).await,
    }
}

async fn note_processing(
    connection: &mut AnyConnection,
    job: &Job,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE documents SET status = 'processing', updated_at = $3 \
         WHERE bot_id = $1 AND id = $2",
    )
    .bind(&job.bot_id)
    .bind(&job.document_id)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Newer bytes may have come meanwhile; then another job waits, and the document stays queued.
async fn note_trained(
    connection: &mut AnyConnection,
    job: &Job,
    found: Trained,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE documents SET trained_hash = $3, found_title = $4, pages = $5, \
         chunks = $6, pages_without_text = $7, warnings = $8, duplicate_of = $9, \
         status = CASE WHEN content_hash = $3 THEN 'trained' ELSE 'queued' END, \
         error_code = NULL, error_message = NULL, updated_at = $10 WHERE bot_id = $1 AND id = $2",
    )
    .bind(&job.bot_id)
    .bind(&job.document_id)
    .bind(found.content_hash)
    .bind(found.title)
    .bind(signed(found.pages))
    .bind(signed(found.chunks))
    .bind(to_json(&found.pages_without_text))
    .bind(to_json(&found.warnings))
    .bind(found.duplicate_of)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

async fn note_status(
    connection: &mut AnyConnection,
    job: &Job,
    (status, code, message): (&'static str, Option<String>, Option<String>),
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE documents SET status = $3, error_code = $4, error_message = $5, updated_at = $6 \
         WHERE bot_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM jobs WHERE \
         jobs.bot_id = $1 AND document_id = $2 AND kind = 'train' AND jobs.status = 'queued' \
         AND jobs.id <> $7)",
    )
    .bind(&job.bot_id)
    .bind(&job.document_id)
    .bind(status)
    .bind(code)
    .bind(message)
    .bind(now)
    .bind(&job.id)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
