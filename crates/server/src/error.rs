//! The one shape of every error.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as the contract names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidApiKey,
    PlanRequired,
    ScopeRequired,
    RateLimitExceeded,
    QuotaExceeded,
    InvalidRequest,
    BotNotFound,
    BotDisabled,
    WebhookDisabled,
    DocumentNotFound,
    ConversationNotFound,
    ConversationEnded,
    NotFound,
    MethodNotAllowed,
    FileTooLarge,
    UnsupportedMediaType,
    IdempotencyConflict,
    IdempotencyMismatch,
    Overloaded,
    TimedOut,
    Internal,
}

impl Code {
    fn parts(self) -> (&'static str, StatusCode) {
        match self {
            Self::InvalidApiKey => ("INVALID_API_KEY", StatusCode::UNAUTHORIZED),
            Self::PlanRequired => ("PLAN_REQUIRED", StatusCode::FORBIDDEN),
            Self::ScopeRequired => ("SCOPE_REQUIRED", StatusCode::FORBIDDEN),
            Self::RateLimitExceeded => ("RATE_LIMIT_EXCEEDED", StatusCode::TOO_MANY_REQUESTS),
            Self::QuotaExceeded => ("QUOTA_EXCEEDED", StatusCode::FORBIDDEN),
            Self::InvalidRequest => ("INVALID_REQUEST", StatusCode::BAD_REQUEST),
            Self::BotNotFound => ("BOT_NOT_FOUND", StatusCode::NOT_FOUND),
            Self::BotDisabled => ("BOT_DISABLED", StatusCode::CONFLICT),
            Self::WebhookDisabled => ("WEBHOOK_DISABLED", StatusCode::CONFLICT),
            Self::DocumentNotFound => ("DOCUMENT_NOT_FOUND", StatusCode::NOT_FOUND),
            Self::ConversationNotFound => ("CONVERSATION_NOT_FOUND", StatusCode::NOT_FOUND),
            Self::ConversationEnded => ("CONVERSATION_ENDED", StatusCode::CONFLICT),
            Self::NotFound => ("NOT_FOUND", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("METHOD_NOT_ALLOWED", StatusCode::METHOD_NOT_ALLOWED),
            Self::FileTooLarge => ("FILE_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => {
                ("UNSUPPORTED_MEDIA_TYPE", StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::IdempotencyConflict => ("IDEMPOTENCY_CONFLICT", StatusCode::CONFLICT),
            Self::IdempotencyMismatch => ("IDEMPOTENCY_CONFLICT", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Overloaded => ("OVERLOADED", StatusCode::SERVICE_UNAVAILABLE),
            Self::TimedOut => ("TIMED_OUT", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("INTERNAL", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// An error on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: Code,
    message: String,
    details: Vec<Problem>,
    /// Seconds after which it is worth trying again.
    retry_after: Option<u64>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The field, `configuration.theme.position`.
    pub(crate) field: String,
    /// What is wrong with it, and what was expected.
    pub(crate) problem: String,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorReply {
    /// Always false.
    success: bool,
    pub(crate) error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// A code that stays the same: `BOT_NOT_FOUND`.
    code: &'static str,
    /// A sentence that says what was wrong and what to do.
    message: String,
    /// The status of the reply.
    status_code: u16,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Problem>,
    /// The request, as `x-request-id` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// A request that is wrong in one field.
    pub(crate) fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let problem = Problem { field: field.into(), problem: problem.into() };
        let message = format!("{}: {}", problem.field, problem.problem);
        Self { details: vec![problem], ..Self::new(Code::InvalidRequest, message) }
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.code.parts().1
    }

    /// The body as bytes of JSON.
    pub(crate) fn body(&self, request_id: Option<String>) -> ErrorReply {
        let (code, status) = self.code.parts();
        let (message, details) = (self.message.clone(), self.details.clone());
        let status_code = status.as_u16();
        ErrorReply {
            success: false,
            error: ErrorBody { code, message, status_code, details, request_id },
        }
    }

    pub(crate) fn bot_not_found(id: &str) -> Self {
        let id: String = id.chars().take(80).collect();
        Self::new(Code::BotNotFound, format!("no bot {id:?}: list yours with GET /v1/bots"))
    }

    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed inside the server");
        let message = "something failed inside the server; it is logged under the request's id";
        Self::new(Code::Internal, message)
    }
}

impl From<store::StoreError> for ApiError {
    fn from(error: store::StoreError) -> Self {
        if let store::StoreError::Database(cause) = &error
            && cause.to_string().contains("timed out")
        {
            tracing::warn!(%cause, "the database is busy");
            return Self::new(Code::Overloaded, "the server is busy: try again").retry_after(1);
        }
        Self::internal(&error)
    }
}

impl From<train::TrainError> for ApiError {
    fn from(error: train::TrainError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        crate::observe::refused(self.code.parts().0);
        let request_id = crate::request_id::current();
        let mut response = (self.status(), axum::Json(self.body(request_id))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
