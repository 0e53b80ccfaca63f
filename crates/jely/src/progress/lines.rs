//! Progress for programs: a line of JSON a second.

use std::io::{Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use document::BotId;
use serde::Serialize;
use train::Stage;

/// Time between two lines, at least.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes `{"progress":{..}}` to standard error.
#[derive(Debug)]
pub(super) struct Lines {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bot: Option<BotId>,
    stage: &'static str,
    done: usize,
    total: usize,
    pages: u64,
    began: Instant,
    said: Instant,
}

/// How far a stage is.
#[derive(Debug, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<&'a BotId>,
    stage: &'static str,
    done: usize,
    total: usize,
    pages: u64,
    pages_per_second: f64,
    /// At the pace so far; `None` before the first step.
    seconds_left: Option<f64>,
}

impl Lines {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let state =
            State { bot: None, stage: "", done: 0, total: 0, pages: 0, began: now, said: now };
        Self { state: Mutex::new(state) }
    }

    pub(super) fn begin(&self, bot: Option<&BotId>, stage: Stage, total: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = match stage {
            Stage::Hash => "hash",
            Stage::Parse => "parse",
            Stage::Publish => "publish",
        };
        let (bot, began, said) = (bot.cloned(), Instant::now(), state.said);
        *state = State { bot, stage, done: 0, total, pages: 0, began, said };
    }

    pub(super) fn advance(&self, pages: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += 1;
        state.pages += u64::from(pages);
        if state.said.elapsed() >= PAUSE {
            state.said = Instant::now();
            let line = serde_json::json!({"progress": state.line(state.began.elapsed())});
            // Nobody is left to tell when this fails.
            let _ = writeln!(stderr(), "{line}");
        }
    }
}

impl State {
    fn line(&self, elapsed: Duration) -> Line<'_> {
        let seconds = elapsed.as_secs_f64().max(1e-3);
        let left = self.total.saturating_sub(self.done) as f64;
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        Line {
            bot_id: self.bot.as_ref(),
            stage: self.stage,
            done: self.done,
            total: self.total,
            pages: self.pages,
            pages_per_second: tenths(self.pages as f64 / seconds),
            seconds_left: (self.done > 0).then(|| tenths(left * seconds / self.done as f64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_pace_and_time_left() {
        let lines = Lines::new();
        lines.begin(Some(&"shop".parse().unwrap()), Stage::Parse, 10);
        (0..4).for_each(|_| lines.advance(3));
        let state = lines.state.lock().unwrap();
        let line = serde_json::to_value(state.line(Duration::from_secs(2))).unwrap();
        let expected = serde_json::json!({
            "botId": "shop", "stage": "parse", "done": 4, "total": 10, "pages": 12,
            "pagesPerSecond": 6.0, "secondsLeft": 3.0,
        });
        assert_eq!(line, expected);
    }
}
