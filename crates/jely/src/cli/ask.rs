//! The arguments of `jely ask`.

use std::path::PathBuf;

use clap::Args;
use document::BotId;

use super::Within;

/// Ask a bot a question, or talk to it
///
/// The answer is made of sentences from the bot's documents, each with its place. If the
/// documents do not hold the answer, the bot says so.
///
/// Without a question, each line of standard input is one: on a terminal until Ctrl-D, in a pipe
/// until its end. The lines are one conversation, so a short question or one that points back
/// ("and on Sundays?") is understood from the ones before. Empty lines are passed over.
///
/// With --model a language model says the answer in its own words, from the same passages and with
/// their places. It gets the question, the passages found and the last messages, nothing else. Where
/// it cannot be used, the answer is the one given without it, and the reason is told. A key for its
/// server is read from JELY_MODEL_KEY.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely ask shop \"How long is the warranty?\"
  jely ask shop \"How long is the warranty?\" --json | jq -r .answer
  jely ask shop \"How long is the warranty?\" --category terms --pages 1-5
  jely ask shop \"Is rust covered?\" --model small --model-url http://127.0.0.1:8080/v1
  jely ask shop                                    a conversation
  jely ask shop --no-history --json < questions.txt
  jely ask shop \"And on Sundays?\" --history said.jsonl

  {\"role\":\"user\",\"text\":\"When do you open on weekdays?\"}
  {\"role\":\"assistant\",\"text\":\"The shop opens at nine.\"}

With --json: one object for each question,
  {\"kind\":\"answer|notFound|smallTalk\",\"answered\",\"answer\",\"confidence\",
   \"generator\"?:\"extractive|model\",\"fallback\"?,\"sources\":[{\"documentId\",\"title\",\"page\",\"pageEnd\",
   \"headings\",\"excerpt\",\"start\",\"end\",\"score\"}]}
where `excerpt` is the exact text from character `start` to `end` of the document's text,
and `fallback` tells why a model was not used.")]
pub(crate) struct Ask {
    /// The bot
    pub(crate) bot: BotId,
    /// The question [default: each line of standard input]
    pub(crate) question: Option<String>,
    /// What was said before, oldest first: a JSON object a line, {"role":"user|assistant","text"};
    /// the last 20 messages count
    #[arg(long, value_name = "FILE", conflicts_with = "no_history")]
    pub(crate) history: Option<PathBuf>,
    /// Take each line for a question of its own
    #[arg(long)]
    pub(crate) no_history: bool,
    /// End with exit code 4 if the documents do not hold the answer (to one of the questions)
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) within: Within,
    #[command(flatten)]
    pub(crate) model: Model,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Model {
    /// Let this model say the answer
    #[arg(long = "model", value_name = "NAME", env = "JELY_MODEL", requires = "url")]
    pub(crate) name: Option<String>,
    /// Where the model is: an OpenAI-compatible endpoint, up to `/chat/completions`
    #[arg(long = "model-url", value_name = "URL", env = "JELY_MODEL_URL", requires = "name")]
    pub(crate) url: Option<String>,
    /// Show what the model says while it says it, as on a terminal; not with --json
    #[arg(long, requires = "name")]
    pub(crate) stream: bool,
}
