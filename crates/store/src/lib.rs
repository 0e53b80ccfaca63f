//! What the server knows beside documents: accounts, keys, bots, jobs, conversations, events.
//!
//! One interface over two databases. SQLite is the embedded default: one writer, which gathers
//! what waits into one commit, and many readers. PostgreSQL is for many nodes, by the same
//! statements. Every change of several rows is one transaction, and what is returned as done is
//! on the disk.
//!
//! Every look-up that a stranger's id can reach takes the account too, so that nobody sees what
//! is another's. Times are [`Millis`] and come from the caller: there is no clock in here.
//!
//! Absent on purpose: HTTP, retrieval, files, and what plans allow.

mod accounts;
mod analytics;
mod audit;
mod bots;
mod conversations;
mod database;
mod documents;
mod error;
mod feedback;
mod gone;
mod id;
mod idempotency;
mod jobs;
mod keys;
mod outbox;
mod rates;
mod rows;
#[cfg(test)]
mod testing;
mod usage;
mod webhooks;
mod writer;

pub use accounts::Account;
pub use analytics::{DayFigures, Figures, TopQuestion, UnansweredQuestion, UsedDocument};
pub use audit::AuditEntry;
pub use bots::{Bot, BotChange, BotForChat, NewBot};
pub use conversations::{
    Conversation, Exchange, ExchangeResult, NewConversation, Reply, Speaker, StoredMessage,
};
pub use database::{Settings, Store};
pub use documents::{Document, DocumentStatus, NewDocument, Trained, Upload};
pub use error::StoreError;
pub use feedback::Rated;
pub use gone::Gone;
pub use id::{Kind, new_id};
pub use idempotency::{Claim, StoredReply};
pub use jobs::{Job, JobKind, JobOutcome, JobStatus};
pub use keys::{Key, KeyOwner, NewKey};
pub use outbox::{Attempt, Delivery, DueDelivery, Event, Then};
pub use rates::{Block, Reserved};
pub use usage::{Charge, Spent};
pub use webhooks::{NewWebhook, Webhook};

/// A time: milliseconds since 1970 in UTC.
pub type Millis = i64;
