//! Bodies of JSON, in and out.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body;
use crate::error::{ApiError, Code};
use crate::state::App;

/// A body of JSON. What is wrong with it is told by field.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        check_type(&request)?;
        let bytes = body::read(request.into_body(), &app.config.limits).await?;
        read(&bytes).map(Self)
    }
}

/// A body that is no JSON by its own words is refused: a browser's form can send it unasked.
fn check_type(request: &Request) -> Result<(), ApiError> {
    let given = request.headers().get(header::CONTENT_TYPE).map(|value| value.to_str());
    let essence = match given {
        None => return Ok(()),
        Some(value) => value.unwrap_or_default().split(';').next().unwrap_or_default().trim(),
    };
    if essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json") {
        return Ok(());
    }
    let message = format!("the body is {essence:?}: send it as application/json");
    Err(ApiError::new(Code::UnsupportedMediaType, message))
}

/// Reads JSON. Deeper than 128 levels is refused by the reader.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        match (cause.classify(), path.as_str()) {
            (serde_json::error::Category::Data, ".") => {
                ApiError::new(Code::InvalidRequest, format!("the body: {cause}"))
            }
            (serde_json::error::Category::Data, _) => ApiError::field(path, cause.to_string()),
            _ => ApiError::new(Code::InvalidRequest, format!("the body is no JSON: {cause}")),
        }
    })?;
    if has_nul(bytes) {
        let message = "the body holds the character U+0000, which no text here may have";
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    reader.end().map_err(|error| {
        ApiError::new(Code::InvalidRequest, format!("the body goes on after its JSON: {error}"))
    })?;
    Ok(value)
}

/// Whether a string of some JSON has U+0000 in it: written as `\u0000`, behind no other backslash.
pub(crate) fn has_nul(json: &[u8]) -> bool {
    json.windows(6).enumerate().any(|(at, window)| {
        let before = json[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        window == b"\\u0000" && before % 2 == 0
    })
}

/// A reply of JSON with a status.
pub(crate) fn reply<T: Serialize>(status: StatusCode, body: T) -> Response {
    (status, axum::Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_no_database_takes_is_refused() {
        assert!(read::<String>(br#""a\u0000b""#).is_err());
        assert!(read::<String>(br#""a\\\u0000""#).is_err());
        assert_eq!(read::<String>(br#""a\\u0000""#).unwrap(), "a\\u0000");
    }
}
