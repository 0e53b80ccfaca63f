//! Why a model's answer is not used, in words for people.
//!
//! What a server wrote is not repeated: it may hold the key, or text for somebody's terminal.

use std::io;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the model cannot be reached: {0}")]
    Unreachable(String),
    #[error("the model's server answered with status {0}{hint}", hint = hint(*.0))]
    Status(u16),
    #[error("the model was not done within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    #[error("the model's reply ended before it was complete")]
    Closed,
    #[error("the model's server reported an error in the middle of its reply")]
    Interrupted,
    #[error("the model's reply is not what an OpenAI-compatible server sends")]
    Garbled,
    #[error("the model's reply is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the model's reply was cut short: {0}")]
    Cut(String),
    #[error("the model's reply cites no passage")]
    Uncited,
}

fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => ": it redirects, give the address it redirects to",
        401 | 403 => ": it does not accept the key",
        404 => ": it does not know the address or the model",
        429 => ": too many requests",
        500..=599 => ": it has a fault",
        _ => "",
    }
}

impl Failure {
    /// What became of a request before its response.
    pub(crate) fn of_request(error: &ureq::Error, timeout: Duration) -> Self {
        match error {
            // Time for connecting is a part of the whole; what is left may do for another try.
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                Self::Unreachable("no connection in time".to_owned())
            }
            ureq::Error::Timeout(_) => Self::TimedOut(timeout),
            ureq::Error::Protocol(_) => Self::Garbled,
            other => Self::Unreachable(other.to_string()),
        }
    }

    /// What became of a response while it was read.
    pub(crate) fn of_reading(error: io::Error, timeout: Duration) -> Self {
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => Self::TimedOut(timeout),
            _ => Self::Closed,
        }
    }

    /// Whether the next try may go better.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Status(408 | 429 | 500..=599))
    }
}
