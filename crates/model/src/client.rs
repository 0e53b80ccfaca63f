//! The generator: one answer, a few tries, one deadline.

use std::cell::RefCell;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use answer::{Extractive, GenerateError, Generated, Generator, GeneratorKind, Grounding};
use answer::{Message, Reply, Unfolding, messages, read_reply};
use serde::Serialize;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::failure::Failure;
use crate::reply::{Bounds, read_events, read_whole};
use crate::{Settings, SettingsError};

/// Pause before the second try; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(250);

/// Gets the pieces of a reply.
type OnDelta = Box<dyn Fn(&str) + Send + Sync>;

/// Answers with a model behind an OpenAI-compatible endpoint, or with sentences of the documents
/// where the model fails.
pub struct OpenAi {
    settings: Settings,
    url: String,
    agent: Agent,
    on_delta: Option<OnDelta>,
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: &'a [Message],
    temperature: f32,
    max_tokens: u32,
    stream: bool,
}

impl OpenAi {
    /// Makes ready to ask; connects to nothing yet. Fails where the settings cannot be meant.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(settings.connect_timeout))
            .build();
        Ok(Self { url: settings.url()?, agent: config.into(), settings, on_delta: None })
    }

    /// Has the reply sent in pieces, and calls `on_delta` with each as it comes, but for thoughts
    /// and a refusal. The pieces are unchecked: the answer may be another one in the end, so it
    /// replaces what was shown.
    #[must_use]
    pub fn streaming(mut self, on_delta: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_delta = Some(Box::new(on_delta));
        self
    }

    fn ask(&self, grounding: &Grounding) -> Result<Generated, Failure> {
        match read_reply(&self.complete(&messages(grounding))?, grounding) {
            Reply::Answer(generated) => Ok(generated),
            Reply::NoAnswer => {
                Ok(Generated { generator: GeneratorKind::Model, ..Generated::default() })
            }
            Reply::Uncited => Err(Failure::Uncited),
        }
    }

    /// The model's reply, by as many tries as it takes and time and settings allow.
    fn complete(&self, messages: &[Message]) -> Result<String, Failure> {
        let request = Request {
            model: self.settings.model.trim(),
            messages,
            temperature: 0.0,
            max_tokens: self.settings.tokens_max,
            stream: self.on_delta.is_some(),
        };
        let body = serde_json::to_vec(&request).map_err(|_| Failure::Garbled)?;
        let since = Instant::now();
        let left = || self.settings.timeout.saturating_sub(since.elapsed());
        let mut pause = PAUSE_FIRST;
        for tries_left in (0..self.settings.tries_max.max(1)).rev() {
            let (failure, wanted) = match self.send(&body, left()) {
                Ok(response) if response.status() == 200 => return self.read(response),
                Ok(response) => {
                    (Failure::Status(response.status().as_u16()), retry_after(&response))
                }
                Err(failure) => (failure, None),
            };
            let wait = wanted.unwrap_or(pause);
            if tries_left == 0 || !failure.may_pass() || wait >= left() {
                return Err(failure);
            }
            thread::sleep(wait);
            pause *= 2;
        }
        Err(Failure::TimedOut(self.settings.timeout))
    }

    fn send(&self, body: &[u8], left: Duration) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(key) = &self.settings.key {
            request = request.header("authorization", key.bearer());
        }
        let request = request.config().timeout_global(Some(left)).build();
        request.send(body).map_err(|e| Failure::of_request(&e, self.settings.timeout))
    }

    /// Reads what was sent, which need not be what was asked for.
    fn read(&self, response: Response<Body>) -> Result<String, Failure> {
        let Settings { reply_bytes_max, timeout, .. } = self.settings;
        let bounds = Bounds { bytes_max: reply_bytes_max, timeout };
        let is_stream = response.body().mime_type() == Some("text/event-stream");
        let body = response.into_body().into_reader();
        let unfolding = RefCell::new(Unfolding::default());
        let on_delta = |piece: &str| {
            let Some(on_delta) = &self.on_delta else { return };
            let shown = unfolding.borrow_mut().push(piece);
            if !shown.is_empty() {
                on_delta(&shown);
            }
        };
        if is_stream { read_events(body, bounds, &on_delta) } else { read_whole(body, bounds) }
    }
}

/// The pause a server asks for; only seconds are understood, a date is none.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

impl Generator for OpenAi {
    fn generate(&self, grounding: &Grounding) -> Result<Generated, GenerateError> {
        self.ask(grounding).or_else(|failure| {
            let generated = Extractive.generate(grounding)?;
            Ok(Generated { fallback: Some(failure.to_string()), ..generated })
        })
    }
}
