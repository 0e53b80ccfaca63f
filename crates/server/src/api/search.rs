//! `/v1/bots/:botId/search`: what a bot would answer from.

use answer::{Passage, Signals};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use document::{DocumentId, PageRange};
use index::Filter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{bot_of, index_of};
use crate::auth::{Caller, Scope};
use crate::error::{ApiError, ErrorReply};
use crate::json::{Json, reply};
use crate::parameters::Path;
use crate::state::App;

/// Passages, unless the caller says otherwise.
const LIMIT_DEFAULT: u32 = 10;

/// Most passages.
const LIMIT_MAX: u32 = 100;

/// What is looked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchRequest {
    /// Words or a question.
    #[schema(min_length = 1)]
    query: String,
    /// Passages at most, 1 to 100; 10 by default.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    filter: Option<SearchFilter>,
    /// Whether each passage tells what its score is made of.
    #[serde(default)]
    explain: bool,
}

/// What may be found.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchFilter {
    /// Only documents of this category.
    category: Option<String>,
    /// Only these documents.
    document_ids: Option<Vec<String>>,
    /// Only what touches pages from this one on.
    first_page: Option<u32>,
    /// Only what touches pages up to this one.
    last_page: Option<u32>,
}

/// Passages, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchReply {
    success: bool,
    passages: Vec<PassageBody>,
}

/// A passage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PassageBody {
    document_id: String,
    title: String,
    /// Counted from 1; null where the format has no pages.
    page: Option<u32>,
    page_end: Option<u32>,
    /// The headings above it, outermost first.
    headings: Vec<String>,
    /// Exactly `start..end` of the document's text.
    excerpt: String,
    /// In Unicode scalar values.
    start: usize,
    end: usize,
    /// 0 to 1.
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// What a score is made of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    /// The score of the index against that of its best hit, 0 to 1.
    index: f32,
    /// The share of the question that the passage holds, 0 to 1.
    coverage: f32,
    /// The share that one sentence of it holds, 0 to 1.
    sentence: f32,
    /// Neighbours of the question that stand together here, 0 to 1.
    pairs: f32,
    /// The share that title and headings hold, 0 to 1.
    frame: f32,
}

/// Find the passages that match a query best
#[utoipa::path(post, operation_id = "searchBot", path = "/v1/bots/{botId}/search", tag = "documents",
    params(("botId" = String, Path)), request_body = SearchRequest,
    responses((status = 200, body = SearchReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<SearchRequest>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Chat)?;
    let bot = bot_of(&app, &caller, &id).await?;
    let limit = body.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("expected 1 to {LIMIT_MAX}, found {limit}")));
    }
    if body.query.trim().is_empty() {
        return Err(ApiError::field("query", "expected some text, found none"));
    }
    let filter = filter(body.filter.unwrap_or_default())?;
    let leaving = app.store.leaving_documents(&bot.id).await?;
    let found = app
        .answering
        .search(index_of(&bot)?, body.query, filter, (leaving, limit as usize))
        .await?;
    let passages = found.iter().map(|passage| body_of(passage, body.explain)).collect();
    Ok(reply(StatusCode::OK, SearchReply { success: true, passages }))
}

fn filter(given: SearchFilter) -> Result<Filter, ApiError> {
    let documents = given.document_ids.map(|ids| {
        let read = |id: String| {
            let wrong = |_| ApiError::field("filter.documentIds", "expected ids of documents");
            id.parse::<DocumentId>().map_err(wrong)
        };
        ids.into_iter().map(read).collect::<Result<Vec<_>, _>>()
    });
    let pages = match (given.first_page, given.last_page) {
        (None, None) => None,
        (first, last) => {
            let (first, last) = (first.unwrap_or(1), last.unwrap_or(u32::MAX));
            if first == 0 || first > last {
                return Err(ApiError::field("filter.firstPage", "expected pages from 1 on"));
            }
            Some(PageRange { first, last })
        }
    };
    Ok(Filter { category: given.category, documents: documents.transpose()?, pages })
}

fn body_of(passage: &Passage, explain: bool) -> PassageBody {
    let cited = passage.citation();
    PassageBody {
        document_id: cited.document_id.into(),
        title: cited.title,
        page: cited.page,
        page_end: cited.page_end,
        headings: cited.headings,
        excerpt: cited.excerpt,
        start: cited.start,
        end: cited.end,
        score: cited.score,
        explanation: explain.then(|| explanation(&passage.signals)),
    }
}

fn explanation(signals: &Signals) -> Explanation {
    Explanation {
        index: signals.index,
        coverage: signals.coverage,
        sentence: signals.sentence,
        pairs: signals.pairs,
        frame: signals.frame,
    }
}
