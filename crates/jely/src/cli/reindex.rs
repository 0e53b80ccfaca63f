//! The arguments of `jely reindex`.

use std::num::NonZeroU32;
use std::time::SystemTime;

use clap::Args;
use document::BotId;

use super::Parsing;
use crate::time::moment;

/// Make indexes anew after an upgrade, or after damage
///
/// Bots whose index is current and whole are left alone. Each of the others answers from its old
/// index until the new one is complete; whoever serves the same data folder sees the new one at
/// once. May be interrupted and started again: what was done is done. A bot that is being trained is
/// tried again when all others are done.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely reindex --dry-run          what would be done
  jely reindex --bot shop --bot help
  jely reindex --nice 10 --jobs 2 --json 2> progress.jsonl   as a quiet batch job
  jely reindex --force --since 2026-11-28T22:00:00Z          go on with a forced run

With --json: one line for each bot when it is done,
  {\"bot\":{\"botId\",\"outcome\":\"unchanged|skipped|rebuilt|planned|failed\",\"documents\",\"pages\",
   \"chunks\",\"parsed\",\"bytes\",\"seconds\":{..},\"error\":{\"code\",\"message\"}?}}
and a last one, {\"report\":{\"bots\",\"unchanged\",\"skipped\",\"rebuilt\",\"planned\",\"failed\",
  \"documents\",\"pages\",\"chunks\",\"parsed\",\"bytes\",\"seconds\":{\"parse\",\"index\",\"publish\",\"total\"}}}
where `parsed` are distinct contents that are not in the cache and `bytes` theirs. Where standard
error is no terminal, it gets a line of progress a second,
  {\"progress\":{\"botId\",\"stage\":\"parse|publish\",\"done\",\"total\",\"pages\",\"pagesPerSecond\",\"secondsLeft\"}}.")]
pub(crate) struct Reindex {
    /// A bot; may be given several times [default: all]
    #[arg(long = "bot", value_name = "BOT")]
    pub(crate) bots: Vec<BotId>,
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Parse and index anew what is current and whole as well
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave alone what was published at this time or later: `2026-11-28`,
    /// `2026-11-28T22:00:00Z` or, counted back from now, `90m`, `12h`, `7d`
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<SystemTime>,
    /// Give way to other processes, 1 to 19: the higher the more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=19))]
    pub(crate) nice: Option<u8>,
    /// Most bytes of documents in memory at once, in MiB; one larger document goes alone
    /// [default: 256]
    #[arg(long, value_name = "MIB")]
    pub(crate) in_flight: Option<NonZeroU32>,
    #[command(flatten)]
    pub(crate) parsing: Parsing,
}
