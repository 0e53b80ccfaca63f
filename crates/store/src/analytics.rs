//! Figures of a bot: how much was asked, by whom, what of it was answered, and how well.
//!
//! A message of a user and its reply are one exchange, and all of it counts at the time of the
//! message; a rating counts at the time of the reply, however late it is given. Figures are exact
//! for any range: [`rollups`] keep what runs of exchanges come to, and only what lies at the edges
//! of a range, and what is too new to be rolled up, is read message by message.

mod body;
mod facts;
mod ranking;
mod raw;
pub(crate) mod rollups;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use sqlx::AnyConnection;

use self::facts::DAY_MS;
use self::ranking::{Figured, Named};
use crate::rows::{count, get};
use crate::{Millis, Store, StoreError};

/// Questions that are asked most, at most.
const TOP_QUESTIONS_MAX: usize = 10;

/// Questions without an answer, at most.
const UNANSWERED_MAX: usize = 20;

/// Documents that replies cite, at most.
const DOCUMENTS_MAX: usize = 20;

/// What a bot did in a range of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Messages of users.
    pub messages: u64,
    /// Users; where a conversation names none, it counts as one.
    pub unique_users: u64,
    /// Questions that were answered. Small talk is no question.
    pub answered: u64,
    /// Questions that were not.
    pub unanswered: u64,
    /// The mean time to a reply in milliseconds; `None` without replies.
    pub response_ms: Option<f64>,
    /// The mean rating, 1 to 5; `None` without ratings.
    pub rating: Option<f64>,
    /// What is asked most, at most 10: the most often first, then the earliest.
    pub top_questions: Vec<TopQuestion>,
    /// What is asked and not answered, at most 20: the most often first, then the latest.
    pub unanswered_questions: Vec<UnansweredQuestion>,
    /// What replies rest on, at most 20: the most used first.
    pub documents: Vec<UsedDocument>,
    /// The days in UTC on which there was a message or a rating, in order; the first and the last
    /// hold what of them is in the range.
    pub days: Vec<DayFigures>,
}

/// A day's share of the [`Figures`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayFigures {
    /// When the day begins.
    pub starts_at: Millis,
    /// Messages of users.
    pub messages: u64,
    /// Users of the day.
    pub unique_users: u64,
    /// Questions that were answered.
    pub answered: u64,
    /// Questions that were not.
    pub unanswered: u64,
    /// The mean time to a reply in milliseconds; `None` without replies.
    pub response_ms: Option<f64>,
    /// The mean rating; `None` without ratings.
    pub rating: Option<f64>,
}

/// A question, whatever its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopQuestion {
    /// Its most frequent words; of equals those that came first.
    pub question: String,
    /// How often it was asked.
    pub count: u64,
}

/// A question that the documents do not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnansweredQuestion {
    /// Its most frequent words where it was not answered.
    pub question: String,
    /// How often it was not.
    pub count: u64,
    /// When that happened last.
    pub last_at: Millis,
}

/// A document that replies rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedDocument {
    /// `doc_…`
    pub document_id: String,
    /// What it is called now; `None` where it is gone or has no title.
    pub title: Option<String>,
    /// Replies that cite it.
    pub replies: u64,
}

/// Ratings: how many, and their sum.
#[derive(Debug, Clone, Copy, Default)]
struct Ratings {
    count: u64,
    sum: u64,
}

impl Store {
    /// The figures of a bot for a half-open range of time. What became old enough since the last
    /// time is rolled up first; where roll-ups cannot be read, being damaged or of another release,
    /// all of the bot are made again.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn figures(
        &self,
        bot_id: &str,
        range: Range<Millis>,
        now: Millis,
    ) -> Result<Figures, StoreError> {
        match self.figures_now(bot_id, range.clone(), now).await {
            Err(StoreError::Unknown { table: rollups::TABLE, .. }) => {
                self.forget_rollups(bot_id).await?;
                self.figures_now(bot_id, range, now).await
            }
            result => result,
        }
    }

    async fn figures_now(
        &self,
        bot_id: &str,
        range: Range<Millis>,
        now: Millis,
    ) -> Result<Figures, StoreError> {
        self.roll_up(bot_id, now).await?;
        self.read_figures(bot_id, range).await
    }

    /// The figures by the roll-ups there are.
    async fn read_figures(
        &self,
        bot_id: &str,
        range: Range<Millis>,
    ) -> Result<Figures, StoreError> {
        let mut connection = self.read.acquire().await?;
        let (bodies, edges) = rollups::gather(&mut connection, bot_id, range.clone()).await?;
        let ratings = ratings(&mut connection, bot_id, range).await?;
        // Up to a tenth of a second of work, which is not for the threads that serve.
        let figured = tokio::task::spawn_blocking(move || {
            let mut facts = edges;
            for body in &bodies {
                facts.absorb(rollups::read(body)?);
            }
            Ok::<_, StoreError>(Figured::of(facts))
        });
        let figured = figured.await.map_err(|_| StoreError::Closed)??;
        complete(&mut connection, bot_id, figured, ratings).await
    }
}

/// Puts words to questions, titles to documents and ratings to days.
async fn complete(
    connection: &mut AnyConnection,
    bot_id: &str,
    figured: Figured,
    ratings: BTreeMap<i64, Ratings>,
) -> Result<Figures, StoreError> {
    let Figured { mut figures, top, unanswered, documents } = figured;
    for (named, count) in top {
        if let Some(question) = words(connection, bot_id, named).await? {
            figures.top_questions.push(TopQuestion { question, count });
        }
    }
    for (named, count, last_at) in unanswered {
        if let Some(question) = words(connection, bot_id, named).await? {
            figures.unanswered_questions.push(UnansweredQuestion { question, count, last_at });
        }
    }
    for (document_id, replies) in documents {
        let row = sqlx::query("SELECT COALESCE(title, found_title) AS title FROM documents WHERE bot_id = $1 AND id = $2")
            .bind(bot_id)
            .bind(&document_id)
            .fetch_optional(&mut *connection)
            .await?;
        let title = row.map(|row| get::<Option<String>>(&row, "title")).transpose()?.flatten();
        figures.documents.push(UsedDocument { document_id, title, replies });
    }
    rate(&mut figures, &ratings);
    Ok(figures)
}

fn rate(figures: &mut Figures, ratings: &BTreeMap<i64, Ratings>) {
    let mut all = Ratings::default();
    for (day, rated) in ratings {
        let starts_at = day * DAY_MS;
        let place = figures.days.binary_search_by_key(&starts_at, |day| day.starts_at);
        let place = place.unwrap_or_else(|place| {
            figures.days.insert(place, DayFigures { starts_at, ..DayFigures::default() });
            place
        });
        if let Some(day) = figures.days.get_mut(place) {
            day.rating = mean(rated.sum, rated.count);
        }
        all = Ratings { count: all.count + rated.count, sum: all.sum + rated.sum };
    }
    figures.rating = mean(all.sum, all.count);
}

/// `None` of nothing.
fn mean(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

/// The words of a question, which stand in some message of the time when they were first used.
async fn words(
    connection: &mut AnyConnection,
    bot_id: &str,
    named: Named,
) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query(
        "SELECT content, question_key FROM messages \
         WHERE bot_id = $1 AND created_at = $2 AND role = 'user'",
    )
    .bind(bot_id)
    .bind(named.first_at)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let content: String = get(row, "content")?;
        let key: Option<String> = get(row, "question_key")?;
        if key.is_some_and(|key| named.is(&key, &content)) {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// Ratings of replies by the day of the reply.
async fn ratings(
    connection: &mut AnyConnection,
    bot_id: &str,
    range: Range<Millis>,
) -> Result<BTreeMap<i64, Ratings>, StoreError> {
    // The range is told by days too, so that the index is entered at its first one.
    let rows = sqlx::query(
        "SELECT created_at / 86400000 AS day, COUNT(*) AS ratings, \
         CAST(SUM(rating) AS BIGINT) AS total FROM messages \
         WHERE bot_id = $1 AND rating IS NOT NULL \
         AND created_at / 86400000 >= $2 AND created_at / 86400000 <= $3 \
         AND created_at >= $4 AND created_at < $5 GROUP BY created_at / 86400000",
    )
    .bind(bot_id)
    .bind(range.start / DAY_MS)
    .bind(range.end / DAY_MS)
    .bind(range.start)
    .bind(range.end)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let rated = Ratings { count: count(row, "ratings")?, sum: count(row, "total")? };
            Ok((get(row, "day")?, rated))
        })
        .collect()
}
