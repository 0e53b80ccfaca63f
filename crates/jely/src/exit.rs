//! Exit codes, and errors on their way out.

use std::io::Write;

use eval::EvalError;
use serde_json::json;
use train::TrainError;

/// How the program ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done,
    /// The command failed as a whole; its message says what was done.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Some documents or bots failed; the rest is done.
    SomeFailed,
    /// `ask --exit-code`: the documents do not hold the answer.
    NotAnswered,
    /// Another process is changing the bot, or did so first.
    Locked,
}

/// The table in `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  all is done
  1  the command failed as a whole; its message says what was done
  2  the command line is wrong
  3  some documents (or bots) failed, each named with its reason; the rest is done
  4  ask --exit-code: the documents do not hold the answer
  5  another process is changing the bot, or did so first; try again";

impl Exit {
    /// The code the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::SomeFailed => 3,
            Self::NotAnswered => 4,
            Self::Locked => 5,
        }
    }
}

/// An error of the command line itself, with a stable name of its kind.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CommandError {
    code: &'static str,
    message: String,
}

impl CommandError {
    /// Arguments that do not go together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: "USAGE", message: message.into() }
    }

    /// A document that cannot be told from its name.
    pub(crate) fn document(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Writes an error to `err` and tells how to end.
pub(crate) fn report(error: &anyhow::Error, json: bool, err: &mut dyn Write) -> Exit {
    let (code, message) = (code(error), message(error));
    let line = if json {
        json!({"error": {"code": code, "message": message}}).to_string()
    } else {
        format!("error: {message}{}", hint(code))
    };
    // Nobody is left to tell when this fails.
    let _ = writeln!(err, "{line}");
    match code {
        "LOCKED" | "OVERTAKEN" => Exit::Locked,
        "USAGE" => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// Writes a warning to `err`; one that nobody hears stops nobody.
pub(crate) fn warn(code: &str, message: &str, json: bool, err: &mut dyn Write) {
    let _ = if json {
        writeln!(err, "{}", json!({"warning": {"code": code, "message": message}}))
    } else {
        writeln!(err, "warning: {message}")
    };
}

/// The command that helps, where there is one.
fn hint(code: &str) -> &'static str {
    match code {
        "DAMAGED" | "OUTDATED" => "\nhint: `jely reindex` makes the index of a bot anew",
        "LOST_MANIFEST" => {
            "\nhint: `jely doctor --repair` takes up a state that lies beside, if there is one"
        }
        "OTHER_MODEL" => {
            "\nhint: `jely reindex --embedder DIR` gives bots the vectors of that model"
        }
        "NO_EMBEDDER" => {
            "\nhint: `--embedder DIR` names the model, `--embedder none` drops the vectors"
        }
        "BOT_NOT_FOUND" => "\nhint: `jely train <bot> <files or folders>` trains one",
        "NO_DATA_FOLDER" => "\nhint: `--data DIR` or JELY_DATA names the data folder",
        "OVERTAKEN" => "\nhint: nothing was changed; the same command starts from the new state",
        "NO_WORKER" => "\nhint: `--no-isolation` parses without one; only for files you trust",
        _ => "",
    }
}

/// The stable name of the outermost error that has one.
fn code(error: &anyhow::Error) -> &'static str {
    let known = error.chain().filter_map(|cause| {
        let train = cause.downcast_ref().map(TrainError::code);
        let command = || cause.downcast_ref().map(|error: &CommandError| error.code);
        let eval = || cause.downcast_ref().map(EvalError::code);
        let index = || cause.downcast_ref().map(train::index_code);
        train.or_else(command).or_else(eval).or_else(index)
    });
    known.into_iter().next().unwrap_or("FAILED")
}

/// The error and its causes in one line; causes that the line already tells are left out.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if message.is_empty() {
            message = cause;
        } else if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::Context;
    use index::IndexError;

    use super::*;

    fn check(error: &anyhow::Error, json: bool, exit: Exit, expected: &str) {
        let mut err = Vec::new();
        assert_eq!(report(error, json, &mut err), exit);
        assert_eq!(String::from_utf8(err).unwrap(), expected);
    }

    #[test]
    fn an_error_is_one_line_with_its_causes() {
        let source = io::Error::other("no space");
        let error = TrainError::Io { path: "/x".into(), action: "write", source };
        let error = Err::<(), _>(error).context("training").unwrap_err();
        check(&error, false, Exit::Failed, "error: training: /x: cannot write: no space\n");
        let line = r#"{"error":{"code":"IO","message":"training: /x: cannot write: no space"}}"#;
        check(&error, true, Exit::Failed, &format!("{line}\n"));
    }

    #[test]
    fn a_locked_bot_and_a_wrong_command_line_have_their_own_codes() {
        let bot = "demo".parse().unwrap();
        let locked = TrainError::from(IndexError::Locked { bot }).into();
        let mut err = Vec::new();
        assert_eq!(report(&locked, false, &mut err), Exit::Locked);
        let bot = "demo".parse().unwrap();
        let overtaken = TrainError::from(IndexError::Overtaken { bot }).into();
        assert_eq!(report(&overtaken, false, &mut err), Exit::Locked);
        let usage = CommandError::usage("no").into();
        check(&usage, false, Exit::Usage, "error: no\n");
    }

    #[test]
    fn every_code_is_in_the_table() {
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::SomeFailed,
            Exit::NotAnswered,
            Exit::Locked,
        ];
        for (line, exit) in EXIT_CODES.lines().skip(1).zip(all) {
            assert!(line.starts_with(&format!("  {}  ", exit.code())), "{line}");
        }
        assert_eq!(EXIT_CODES.lines().count(), all.len() + 1);
    }
}
