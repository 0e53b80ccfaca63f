//! `/v1/chat/feedback`: what users think of replies.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use store::Rated;
use utoipa::ToSchema;

use super::bots::DoneReply;
use crate::auth::{Caller, Scope};
use crate::clock::now;
use crate::error::{ApiError, Code, ErrorReply};
use crate::json::{Json, reply};
use crate::state::App;

/// Characters of a comment.
const COMMENT_MAX: usize = 2_000;

/// A rating of a reply.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Feedback {
    /// The reply, `msg_…`.
    message_id: String,
    #[schema(minimum = 1, maximum = 5)]
    /// 1 to 5; the last one of a message counts.
    rating: u8,
    /// At most 2,000 characters.
    #[schema(max_length = 2000)]
    comment: Option<String>,
}

/// Rate a reply
#[utoipa::path(post, operation_id = "rateReply", path = "/v1/chat/feedback", tag = "chat", request_body = Feedback,
    responses((status = 200, body = DoneReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn rate(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Feedback>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Chat)?;
    if !(1..=5).contains(&body.rating) {
        return Err(ApiError::field("rating", format!("expected 1 to 5, found {}", body.rating)));
    }
    if body.comment.as_ref().is_some_and(|comment| comment.chars().count() > COMMENT_MAX) {
        let problem = format!("expected up to {COMMENT_MAX} characters");
        return Err(ApiError::field("comment", problem));
    }
    let given = (body.rating, body.comment);
    match app.store.rate(caller.account_id(), &body.message_id, given, now()).await? {
        Rated::Kept => Ok(reply(StatusCode::OK, DoneReply { success: true })),
        Rated::NoReply => Err(ApiError::field("messageId", "expected a reply of the bot")),
        Rated::Unknown => {
            let id: String = body.message_id.chars().take(80).collect();
            Err(ApiError::new(Code::NotFound, format!("no message {id:?} of your bots")))
        }
    }
}
