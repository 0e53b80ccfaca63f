//! The HTTP face: routes, authentication, limits, jobs.
//!
//! Requests come in on the threads of one event loop and touch the database there; parsing,
//! indexing and answering are done by the crates below, on threads of their own. Clocks, secrets
//! and threads belong here; what an answer is, does not.

mod answering;
mod api;
mod auth;
mod bell;
mod body;
mod clock;
mod config;
mod error;
mod events;
mod forgetting;
mod idempotency;
mod json;
mod key;
mod multipart;
mod observe;
mod operations;
mod parameters;
mod question_key;
mod rates;
mod reference;
mod request_id;
mod routes;
mod serve;
mod state;
mod strangers;
mod training;
mod turns;
mod uploads;
mod webhooks;

pub use auth::Scope;
pub use config::{Chat, Config, ConfigError, Limits, Model, Plan, Training, Webhooks};
pub use key::{ApiKey, NoRandomness};
pub use routes::openapi;
pub use serve::{ServeError, Server, bind, open_store, serve};
