//! `/v1/bots/:botId/analytics`: what a bot did.

use std::ops::Range;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::{DayFigures, Figures, Millis, TopQuestion, UnansweredQuestion, UsedDocument};
use utoipa::{IntoParams, ToSchema};

use super::bot_of;
use crate::auth::{Caller, Scope};
use crate::clock::{date, iso, now, read_time};
use crate::error::{ApiError, ErrorReply};
use crate::json::reply;
use crate::parameters::{Asked, Path};
use crate::state::App;

/// The range without dates: 30 days.
const RANGE_DEFAULT_MS: Millis = 30 * 86_400_000;

/// What is asked for, and of when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct AnalyticsQuery {
    /// From when on: an ISO 8601 date (the beginning of that day in UTC) or date-time (in UTC
    /// without an offset). 30 days before `endDate` by default.
    start_date: Option<String>,
    /// Until before when, likewise; now by default.
    end_date: Option<String>,
    /// Some of `messages`, `users`, `satisfaction`, with commas between; all by default.
    metrics: Option<String>,
}

/// The figures of a bot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnalyticsReply {
    success: bool,
    analytics: Analytics,
}

/// Figures. What belongs to a metric that was not asked for is left out.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Analytics {
    /// Messages of users (`messages`).
    #[serde(skip_serializing_if = "Option::is_none")]
    total_messages: Option<u64>,
    /// Users; a conversation without a `userId` counts as one (`users`).
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_users: Option<u64>,
    /// The mean rating, 1 to 5, by the time of the reply; null without ratings (`satisfaction`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    average_satisfaction: Option<Option<f64>>,
    /// The mean time to a reply, `1.2s`; null without replies (`messages`, as all up to `daily`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    response_time: Option<Option<String>>,
    /// What is asked most, at most 10. Form, order and endings of words do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    top_questions: Option<Vec<QuestionBody>>,
    /// What the documents do not answer, at most 20, the most often asked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered_questions: Option<Vec<UnansweredBody>>,
    /// The share of questions that were answered, 0 to 1; null without questions. Small talk is
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    answer_rate: Option<Option<f64>>,
    /// What replies rest on, at most 20 documents, the most used first.
    #[serde(skip_serializing_if = "Option::is_none")]
    documents_used: Option<Vec<DocumentBody>>,
    /// `responseTime` in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    response_time_ms: Option<Option<f64>>,
    /// The days in UTC on which there was a message or a rating, in order.
    daily: Vec<Day>,
}

/// A question that is asked often.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct QuestionBody {
    /// Its most frequent words.
    question: String,
    count: u64,
}

/// A question without an answer.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnansweredBody {
    /// Its most frequent words.
    question: String,
    count: u64,
    /// When it was asked last without an answer.
    last_asked_at: String,
}

/// A document that replies rest on.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentBody {
    /// `doc_…`
    document_id: String,
    /// What it is called now; null where it was deleted or has none.
    title: Option<String>,
    /// Replies that cite it.
    count: u64,
}

/// A day.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Day {
    /// `2026-11-29`, in UTC.
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_messages: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_users: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    average_satisfaction: Option<Option<f64>>,
    /// Questions that were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<u64>,
    /// Questions that were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    response_time: Option<Option<String>>,
}

/// Read the figures of a bot
#[utoipa::path(get, path = "/v1/bots/{botId}/analytics", tag = "analytics",
    operation_id = "readAnalytics", params(("botId" = String, Path), AnalyticsQuery),
    responses((status = 200, body = AnalyticsReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(query): Asked<AnalyticsQuery>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Analytics)?;
    let bot = bot_of(&app, &caller, &id).await?;
    let metrics = Metrics::read(query.metrics.as_deref())?;
    let now = now();
    let range = range(&query, now)?;
    let figures = app.store.figures(&bot.id, range, now).await?;
    let analytics = body_of(figures, metrics);
    Ok(reply(StatusCode::OK, AnalyticsReply { success: true, analytics }))
}

/// Which figures are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Metrics {
    messages: bool,
    users: bool,
    satisfaction: bool,
}

impl Metrics {
    fn read(given: Option<&str>) -> Result<Self, ApiError> {
        let given = given.map(str::trim).filter(|given| !given.is_empty());
        let all = given.is_none();
        let mut metrics = Self { messages: all, users: all, satisfaction: all };
        for name in given.into_iter().flat_map(|given| given.split(',')) {
            match name.trim() {
                "messages" => metrics.messages = true,
                "users" => metrics.users = true,
                "satisfaction" => metrics.satisfaction = true,
                other => {
                    let other: String = other.chars().take(40).collect();
                    let problem =
                        format!("expected some of messages, users, satisfaction, found {other:?}");
                    return Err(ApiError::field("metrics", problem));
                }
            }
        }
        Ok(metrics)
    }
}

fn range(query: &AnalyticsQuery, now: Millis) -> Result<Range<Millis>, ApiError> {
    let start = query.start_date.as_deref().map(|text| time("startDate", text)).transpose()?;
    let given_end = query.end_date.as_deref().map(|text| time("endDate", text)).transpose()?;
    // What was said in this very millisecond is in.
    let end = given_end.unwrap_or_else(|| now.saturating_add(1));
    let start = start.unwrap_or_else(|| end.saturating_sub(RANGE_DEFAULT_MS));
    if start <= end {
        return Ok(start..end);
    }
    let (start, end) = (iso(start), iso(end));
    Err(match given_end {
        Some(_) => ApiError::field("endDate", format!("expected {start} or later, found {end}")),
        None => ApiError::field("startDate", format!("expected {end} or earlier, found {start}")),
    })
}

fn time(field: &str, text: &str) -> Result<Millis, ApiError> {
    // A `+` that was not escaped arrives as a space.
    let text = match text.trim().split_once(' ') {
        Some((time, offset)) if time.contains(['T', 't']) => format!("{time}+{offset}"),
        _ => text.trim().to_owned(),
    };
    read_time(&text).ok_or_else(|| {
        let found: String = text.chars().take(40).collect();
        let problem = format!(
            "expected an ISO 8601 date or date-time as 2026-11-29 or 2026-11-29T08:00:00+01:00, \
             found {found:?}"
        );
        ApiError::field(field, problem)
    })
}

fn body_of(figures: Figures, metrics: Metrics) -> Analytics {
    let said = metrics.messages;
    let asked = figures.answered + figures.unanswered;
    let answer_rate = (asked > 0).then(|| rounded(figures.answered as f64 / asked as f64, 4));
    Analytics {
        total_messages: said.then_some(figures.messages),
        unique_users: metrics.users.then_some(figures.unique_users),
        average_satisfaction: metrics.satisfaction.then(|| figures.rating.map(satisfaction)),
        response_time: said.then(|| figures.response_ms.map(seconds)),
        top_questions: said.then(|| each(figures.top_questions, question)),
        unanswered_questions: said.then(|| each(figures.unanswered_questions, unanswered)),
        answer_rate: said.then_some(answer_rate),
        documents_used: said.then(|| each(figures.documents, document)),
        response_time_ms: said.then(|| figures.response_ms.map(|took| rounded(took, 1))),
        daily: figures.days.iter().map(|day| day_of(day, metrics)).collect(),
    }
}

fn each<T, B>(entries: Vec<T>, body: fn(T) -> B) -> Vec<B> {
    entries.into_iter().map(body).collect()
}

fn day_of(day: &DayFigures, metrics: Metrics) -> Day {
    Day {
        date: date(day.starts_at),
        total_messages: metrics.messages.then_some(day.messages),
        unique_users: metrics.users.then_some(day.unique_users),
        average_satisfaction: metrics.satisfaction.then(|| day.rating.map(satisfaction)),
        answered: metrics.messages.then_some(day.answered),
        unanswered: metrics.messages.then_some(day.unanswered),
        response_time: metrics.messages.then(|| day.response_ms.map(seconds)),
    }
}

fn question(top: TopQuestion) -> QuestionBody {
    QuestionBody { question: top.question, count: top.count }
}

fn unanswered(unanswered: UnansweredQuestion) -> UnansweredBody {
    let UnansweredQuestion { question, count, last_at } = unanswered;
    UnansweredBody { question, count, last_asked_at: iso(last_at) }
}

fn document(used: UsedDocument) -> DocumentBody {
    DocumentBody { document_id: used.document_id, title: used.title, count: used.replies }
}

/// `1.2s` of milliseconds.
fn seconds(milliseconds: f64) -> String {
    format!("{:.1}s", milliseconds / 1_000.0)
}

fn satisfaction(mean: f64) -> f64 {
    rounded(mean, 2)
}

fn rounded(number: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (number * unit).round() / unit
}

#[cfg(test)]
mod tests;
