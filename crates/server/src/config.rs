//! What an operator may set: one file, `jely.toml`, every part of it optional.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The settings of a server.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database: `sqlite:…` or `postgres://…`; by default `jely.db` in the data folder.
    pub database: Option<String>,
    /// Plans by name.
    pub plans: BTreeMap<String, Plan>,
    /// Bounds of requests.
    pub limits: Limits,
    /// Training.
    pub training: Training,
    /// Answering.
    pub chat: Chat,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// A language model that words the answers; none by default.
    pub model: Option<Model>,
    /// Seconds that requests and jobs have to end when the server is told to stop.
    pub shutdown_seconds: u64,
    /// What is logged, in the syntax of `RUST_LOG`.
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database: None,
            plans: default_plans(),
            limits: Limits::default(),
            training: Training::default(),
            chat: Chat::default(),
            webhooks: Webhooks::default(),
            model: None,
            shutdown_seconds: 30,
            log: "info".to_owned(),
        }
    }
}

/// What an account may use.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Whether the API may be used at all.
    pub api: bool,
    /// Requests in a window, for each key.
    pub requests: u32,
    /// Length of a window in seconds.
    pub window_seconds: u32,
    /// Messages in a month; without it, as many as one likes.
    #[serde(default)]
    pub messages_per_month: Option<u64>,
    /// Largest upload in bytes, at most that of `limits`.
    pub upload_bytes_max: u64,
    /// Documents of a bot.
    pub documents_per_bot: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            api: true,
            requests: 600,
            window_seconds: 60,
            messages_per_month: Some(10_000),
            upload_bytes_max: 50 << 20,
            documents_per_bot: 1_000,
        }
    }
}

fn default_plans() -> BTreeMap<String, Plan> {
    let free = Plan { api: false, messages_per_month: Some(100), ..Plan::default() };
    let enterprise = Plan {
        requests: 6_000,
        messages_per_month: None,
        documents_per_bot: 100_000,
        ..Plan::default()
    };
    [("free", free), ("pro", Plan::default()), ("enterprise", enterprise)]
        .map(|(name, plan)| (name.to_owned(), plan))
        .into()
}

/// Bounds of requests, whatever the plan.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Body of a request that is no upload, in bytes.
    pub body_bytes_max: usize,
    /// A file, in bytes.
    pub upload_bytes_max: u64,
    /// Files in one upload.
    pub files_max: usize,
    /// Uploads that are received at once, of one account up to half of them; more wait a little, then
    /// they are sent away with 503.
    pub uploads_max: usize,
    /// A message, in bytes.
    pub message_bytes_max: usize,
    /// Seconds in which the next bytes of a request must come.
    pub read_seconds: u64,
    /// Connections at once.
    pub connections_max: usize,
    /// Keys that nobody knows, in a minute and from one address; then none is looked up for a while.
    pub unknown_keys_per_minute: u32,
    /// The header in which a proxy in front of the server tells the address of the caller, such as
    /// `x-forwarded-for`; without it, the address is that of the connection.
    pub address_header: Option<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 256 << 10,
            upload_bytes_max: 50 << 20,
            files_max: 20,
            uploads_max: 16,
            message_bytes_max: 8 << 10,
            read_seconds: 20,
            connections_max: 10_000,
            unknown_keys_per_minute: 60,
            address_header: None,
        }
    }
}

/// How documents are trained.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Bots trained at once.
    pub jobs: usize,
    /// Threads that parse; 0 for one a processor.
    pub threads: usize,
    /// How long a job may go without a sign of life before another server takes it, in seconds.
    pub lease_seconds: u64,
    /// How long a job may take in all, in seconds.
    pub deadline_seconds: u64,
    /// How often a training is begun before it is given up, twice at least: the first may be in the
    /// company of one that fails. Removals are never given up.
    pub attempts_max: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self { jobs: 1, threads: 0, lease_seconds: 30, deadline_seconds: 3_600, attempts_max: 5 }
    }
}

impl Training {
    /// The lease in milliseconds, five seconds at least.
    pub(crate) fn lease(&self) -> store::Millis {
        store::Millis::try_from(self.lease_seconds.max(5)).unwrap_or(store::Millis::MAX / 2_000)
            * 1_000
    }
}

/// How messages are answered.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Chat {
    /// Messages answered at once; 0 for twice the number of processors.
    pub at_once: usize,
    /// Messages that may wait for their turn; more are sent away with 503.
    pub waiting_max: usize,
    /// Seconds a message may take in all.
    pub seconds_max: u64,
    /// Least confidence with which a question is answered, 0 to 1; without it the default.
    pub confidence_min: Option<f32>,
    /// Minutes after which a conversation ends if nobody says anything, unless its bot says
    /// otherwise.
    pub idle_minutes: u32,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            at_once: 0,
            waiting_max: 256,
            seconds_max: 30,
            confidence_min: None,
            idle_minutes: 30,
        }
    }
}

/// How webhooks are told.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Whether addresses of this machine and of private networks may be told, and plain HTTP.
    pub allow_private: bool,
    /// Deliveries at once.
    pub at_once: usize,
    /// Seconds that a receiver has to reply.
    pub timeout_seconds: u64,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { allow_private: false, at_once: 16, timeout_seconds: 15 }
    }
}

/// A language model behind an endpoint that speaks as OpenAI's.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// The endpoint, up to `/v1`. The key is taken from `JELY_MODEL_KEY`.
    pub url: String,
}

/// A file of settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{}: cannot read the settings: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It says something else than settings.
    #[error("{}: {message}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
}

impl Config {
    /// Reads a file of settings.
    ///
    /// # Errors
    /// [`ConfigError`] tells the line.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let invalid = |error: toml::de::Error| error.to_string();
        let config: Self = toml::from_str(&text)
            .map_err(invalid)
            .and_then(Self::checked)
            .map_err(|message| ConfigError::Invalid { path: path.to_owned(), message })?;
        Ok(config)
    }

    fn checked(mut self) -> Result<Self, String> {
        // A file that names one plan leaves the others as they are.
        for (name, plan) in default_plans() {
            self.plans.entry(name).or_insert(plan);
        }
        for (name, plan) in &self.plans {
            if plan.requests == 0 || plan.window_seconds == 0 {
                return Err(format!("plans.{name}: requests and window_seconds must be above 0"));
            }
        }
        let Limits { uploads_max, read_seconds, connections_max, unknown_keys_per_minute, .. } =
            self.limits;
        for (name, is_zero) in [
            ("limits.uploads_max", uploads_max == 0),
            ("limits.read_seconds", read_seconds == 0),
            ("limits.connections_max", connections_max == 0),
            ("limits.unknown_keys_per_minute", unknown_keys_per_minute == 0),
            ("chat.seconds_max", self.chat.seconds_max == 0),
            ("training.attempts_max", self.training.attempts_max == 0),
            ("webhooks.at_once", self.webhooks.at_once == 0),
            ("webhooks.timeout_seconds", self.webhooks.timeout_seconds == 0),
        ] {
            if is_zero {
                return Err(format!("{name}: expected 1 or more"));
            }
        }
        let header = self.limits.address_header.as_deref();
        if header.is_some_and(|name| name.parse::<axum::http::HeaderName>().is_err()) {
            return Err("limits.address_header: expected the name of a header".to_owned());
        }
        match self.chat.confidence_min {
            Some(least) if !(0.0..=1.0).contains(&least) => {
                Err("chat.confidence_min: expected 0 to 1".to_owned())
            }
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests;
