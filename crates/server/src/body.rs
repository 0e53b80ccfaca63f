//! Bodies that are read whole, within bounds of size and time.

use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header;
use futures_util::StreamExt as _;
use tokio::time::{timeout, timeout_at};

use crate::config::Limits;
use crate::error::{ApiError, Code};

/// Bytes that are read and thrown away of a body that is refused. A connection that is closed on
/// what is still on its way takes the reply with it; whoever sends more than this hears of it by
/// chance.
const DRAINED_MAX: usize = 4 << 20;

/// How long for.
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

/// Least speed of an upload in bytes a second, over all of it; slower ones are held to be none.
const SPEED_MIN: u64 = 1 << 10;

/// Reads a body that is no upload: all of it has to come within the time that bytes are waited for.
pub(crate) async fn read(body: Body, limits: &Limits) -> Result<Bytes, ApiError> {
    let within = Duration::from_secs(limits.read_seconds);
    let until = tokio::time::Instant::now() + within;
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let next = timeout_at(until, stream.next()).await.map_err(|_| late(within))?;
        match next {
            None => return Ok(bytes.into()),
            Some(Err(error)) => {
                let message = format!("the body broke off: {error}");
                return Err(ApiError::new(Code::InvalidRequest, message));
            }
            Some(Ok(piece)) if bytes.len() + piece.len() > limits.body_bytes_max => {
                drain(&mut stream).await;
                let most = limits.body_bytes_max;
                let message = format!("the body is too large: expected up to {most} bytes");
                return Err(ApiError::new(Code::FileTooLarge, message));
            }
            Some(Ok(piece)) => bytes.extend_from_slice(&piece),
        }
    }
}

/// Reads the body of a request that is refused unread, unless its sender waits to be asked for it.
pub(crate) async fn drain_request(request: Request) {
    if !request.headers().contains_key(header::EXPECT) {
        drain(&mut request.into_body().into_data_stream()).await;
    }
}

/// Reads on in a body that is refused, for its sender to hear so.
pub(crate) async fn drain(stream: &mut BodyDataStream) {
    let drained = timeout(DRAINED_WITHIN, async {
        let mut bytes = 0;
        while let Some(Ok(piece)) = stream.next().await {
            bytes += piece.len();
            if bytes > DRAINED_MAX {
                break;
            }
        }
    });
    // Late or not, that was it.
    let _ = drained.await;
}

/// Whether an upload that began at a time, and of which so many bytes came, is too slow to go on.
pub(crate) fn is_too_slow(since: Instant, bytes: u64, within: Duration) -> bool {
    since.elapsed() > within + Duration::from_secs(bytes / SPEED_MIN)
}

/// What is said to who sends nothing.
pub(crate) fn late(within: Duration) -> ApiError {
    let seconds = within.as_secs();
    let message = format!("the body did not come within {seconds} s: send the request again");
    ApiError::new(Code::InvalidRequest, message)
}
