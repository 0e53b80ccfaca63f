//! The arguments, and the words that explain them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use document::{BotId, PageRange};
use train::{Walls, WorkerCommand};

use crate::exit::EXIT_CODES;

mod ask;
mod doctor;
mod eval;
mod reindex;
mod serve;

pub(crate) use ask::{Ask, Model};
pub(crate) use doctor::Doctor;
pub(crate) use eval::Eval;
pub(crate) use reindex::Reindex;
pub(crate) use serve::{AccountAct, Accounts, KeyAct, Keys, Place, Serve};

const EXAMPLES: &str = "\
Examples:
  jely demo                                  see it work on a handbook that is built in
  jely train shop ./docs                     train the bot `shop` on a folder
  jely ask shop \"Can I return a used bike?\"  ask it
  jely ask shop \"Opening hours?\" --json      the same for a program
  jely ask shop                              talk to it
";

/// Train a bot on PDF, Markdown and text files; ask it, and get answers with their sources.
#[derive(Debug, Parser)]
#[command(name = "jely", version, about, after_help = help_tail())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

fn help_tail() -> String {
    format!("{EXAMPLES}\n{EXIT_CODES}")
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The folder that holds all bots; `train` and `demo` create it
    #[arg(long, global = true, value_name = "DIR", env = "JELY_DATA", default_value = "./data")]
    pub(crate) data: PathBuf,
    /// Print results as JSON, one object a line; an error is {"error":{"code","message"}} on
    /// standard error, a warning {"warning":{..}}
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The folder of an embedding model (config.json, tokenizer.json, model.safetensors), or
    /// `none`; for a program built with the feature `dense`
    ///
    /// `train` and `reindex` give the bot a vector for each chunk, made by this model, and `ask`,
    /// `search` and `eval` compare questions by meaning as well as by words. Without it, vectors a
    /// bot has stay, but no new text can be added to it, and questions are compared by words alone.
    /// `none` takes the vectors away. A bot that has none, or those of another model, gets them
    /// from `reindex`.
    #[arg(long, global = true, value_name = "DIR", env = "JELY_EMBEDDER")]
    pub(crate) embedder: Option<PathBuf>,
    /// What several machines share: `s3://<bucket>/<prefix>`, for a program built with the feature
    /// `s3`, or a folder that all of them mount
    ///
    /// Bots and the bytes of their documents are there, and `--data` names a folder of this machine
    /// that is a cache of it: it may be thrown away, and must hold no bots of its own. Credentials
    /// and the address of the service are taken from the environment, as the tools of AWS do
    /// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL).
    #[arg(long, global = true, value_name = "ADDRESS", env = "JELY_REMOTE")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) remote: Option<String>,
    /// What to start where documents are parsed apart
    #[arg(skip)]
    pub(crate) worker: Option<WorkerCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Train(Train),
    Ask(Ask),
    Search(Search),
    Docs(Docs),
    Remove(Remove),
    Reindex(Reindex),
    Text(Text),
    Doctor(Doctor),
    Eval(Eval),
    Serve(Serve),
    Keys(Keys),
    Accounts(Accounts),
    /// Train the bot `demo` on a built-in handbook and ask it a few questions
    Demo,
    Completions(Completions),
    #[command(hide = true)]
    ParseWorker(ParseWorker),
}

impl Command {
    /// Whether documents are to be parsed in this process because the command line says so.
    pub(crate) fn is_without_isolation(&self) -> bool {
        match self {
            Self::Train(Train { parsing, .. })
            | Self::Remove(Remove { parsing, .. })
            | Self::Doctor(Doctor { parsing, .. })
            | Self::Reindex(Reindex { parsing, .. }) => parsing.no_isolation,
            Self::Ask(_)
            | Self::Search(_)
            | Self::Docs(_)
            | Self::Text(_)
            | Self::Eval(_)
            | Self::Serve(_)
            | Self::Keys(_)
            | Self::Accounts(_)
            | Self::Demo
            | Self::Completions(_)
            | Self::ParseWorker(_) => false,
        }
    }
}

/// Train a bot on files and folders
///
/// New files are added, changed ones replace what was trained from the same path, unchanged ones
/// cost no more than a look at them. Folders are searched whole for .pdf, .md, .markdown, .txt and
/// .text files; a file that is named is taken whatever it is called, and what it is, is decided
/// by its content. A file that cannot be read is reported with its reason while the rest is
/// trained; the bot answers from its old state until the new one is complete and safe on disk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely train shop ./docs ./price-list.pdf
  jely train shop ./docs --prune                 forget files that are no longer there
  jely train shop ./terms.pdf --title \"Terms of sale\"
  jely train shop ./docs --json | grep '\"failed\"'

With --json: one line for each document,
  {\"document\":{\"source\",\"documentId\",\"title\",\"outcome\":\"added|unchanged|replaced|removed|failed\",
   \"duplicateOf\"?,\"pages\",\"chunks\",\"pagesWithoutText\",\"pagesIncomplete\",\"warnings\",
   \"error\":{\"code\",\"message\"}?}}
and a last one,
  {\"report\":{\"added\",\"unchanged\",\"replaced\",\"failed\",\"removed\",\"skipped\",\"chunks\",
   \"isolation\":{\"files\":\"sealed|mostlySealed|open\",\"diesWithParent\"}?,\"seconds\":{..}}}
where `isolation` tells how the processes were confined that parsed, if any was needed.")]
pub(crate) struct Train {
    /// The bot: letters, digits, `_` and `-`; created by its first training
    pub(crate) bot: BotId,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What to call the document, if it is a single file [default: its own title, else its name]
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Category of the documents, for `jely ask --category` [default: `category` in the front
    /// matter of Markdown; an unchanged document keeps the one it has]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) category: Option<String>,
    /// Remove documents from these folders whose files are gone
    #[arg(long)]
    pub(crate) prune: bool,
    /// Read every file to see whether it changed
    ///
    /// Otherwise a file whose size, inode and times are what they were is taken for unchanged.
    /// That misses changes where the file system keeps no time of change (FAT, some network
    /// drives), and those made through a memory map which have yet to reach the file.
    #[arg(long)]
    pub(crate) rehash: bool,
    #[command(flatten)]
    pub(crate) parsing: Parsing,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Parsing {
    /// Password for encrypted files
    #[arg(long, value_name = "P", env = "JELY_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// How many threads read documents [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Parse in this process and not in limited ones
    ///
    /// A file that crashes the parser, hangs it or eats its memory then does that to the whole
    /// run. Only for files you trust.
    #[arg(long)]
    pub(crate) no_isolation: bool,
}

impl Parsing {
    /// As the command line has it by default, on so many threads; 0 for one per processor.
    pub(crate) fn threads(threads: usize) -> Self {
        Self { jobs: NonZeroUsize::new(threads), ..Self::default() }
    }
}

/// What is searched.
#[derive(Debug, Default, Args)]
pub(crate) struct Within {
    /// Only documents of this category
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) category: Option<String>,
    /// Only this document: its id, the path it came from, or a title that only it has; may be
    /// given several times
    #[arg(long = "document", value_name = "DOCUMENT")]
    pub(crate) documents: Vec<String>,
    /// Only what touches these pages, `3` or `3-5`
    #[arg(long, value_name = "PAGES", value_parser = pages)]
    pub(crate) pages: Option<PageRange>,
}

/// Show the passages that match a query, best first
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  jely search shop \"brake pads\" --limit 3

With --json: one object,
  {\"passages\":[{\"documentId\",\"title\",\"page\",\"pageEnd\",\"headings\",\"excerpt\",\"start\",\"end\",\"score\"}]}")]
pub(crate) struct Search {
    /// The bot
    pub(crate) bot: BotId,
    /// What to look for
    pub(crate) query: String,
    /// How many passages to show, at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) within: Within,
}

/// List the documents of a bot
#[derive(Debug, Args)]
#[command(after_help = "\
With --json: one line for each document,
  {\"document\":{\"documentId\",\"title\",\"source\",\"mediaType\",\"contentHash\",\"pages\",
   \"pagesWithoutText\",\"chunks\",\"metadata\"}}")]
pub(crate) struct Docs {
    /// The bot
    pub(crate) bot: BotId,
}

/// Remove documents from a bot
///
/// All of the named documents are removed or, if one of them is unknown, none. The stored copies
/// of their files stay in the data folder. A bot whose index is damaged or of an older release is
/// made anew without them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely remove shop ./docs/old-prices.pdf
  jely remove shop \"Terms of sale\" doc_0123456789abcdef01234567

With --json: lines as those of `jely train`.")]
pub(crate) struct Remove {
    /// The bot
    pub(crate) bot: BotId,
    /// Documents: by id, by the path they came from, or by a title that only one of them has
    #[arg(required = true, value_name = "DOCUMENT")]
    pub(crate) documents: Vec<String>,
    #[command(flatten)]
    pub(crate) parsing: Parsing,
}

/// Print the text of a file, as a bot would read it
///
/// Nothing is trained and no data folder is needed. Paragraphs stand on one line each, rows of a
/// table too; headers, footers, page numbers and the labels of plots are left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely text manual.pdf
  jely text manual.pdf --pages 3-5
  jely text manual.pdf --json | jq 'select(.block.kind == \"heading\")'
  jely text manual.pdf --debug-svg pictures --pages 7

With --json: one line for each block,
  {\"block\":{\"kind\":\"heading|paragraph|listItem|table|code\",\"level\"?,\"page\",\"pageEnd\",
   \"start\",\"end\",\"boxes\":[{\"page\",\"rect\":[left,lower,right,upper]}],\"text\"}}
with places in characters of the text and boxes in PDF points of the page's own coordinates,
as annotations have them; and a last one,
  {\"document\":{\"title\",\"mediaType\",\"pages\",\"pagesWithoutText\",\"metadata\",\"removed\",\"warnings\"}}
A document that holds no text, as a scan without OCR, is printed as nothing, with a warning on
standard error; the exit code is 0.")]
pub(crate) struct Text {
    /// A PDF, Markdown or text file
    pub(crate) file: PathBuf,
    /// Only these pages, `3` or `3-5`
    #[arg(long, value_name = "PAGES", value_parser = pages)]
    pub(crate) pages: Option<PageRange>,
    /// Password for an encrypted file
    #[arg(long, value_name = "P", env = "JELY_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// Instead of the text, draw each page of a PDF as an SVG file in this folder: its words,
    /// lines and blocks, the order they are read in, and what is left out
    #[arg(long, value_name = "DIR")]
    pub(crate) debug_svg: Option<PathBuf>,
}

/// Reads `3` or `3-5`.
fn pages(text: &str) -> Result<PageRange, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let page = |text: &str| text.trim().parse::<u32>().ok().filter(|page| *page > 0);
    match (page(first), page(last)) {
        (Some(first), Some(last)) if first <= last => Ok(PageRange { first, last }),
        _ => Err("expected a page or a range of pages from 1, such as 3 or 3-5".to_owned()),
    }
}

/// Parse documents from standard input for another process of this program
#[derive(Debug, Args)]
pub(crate) struct ParseWorker {
    /// Memory in bytes, processor time in seconds, output in bytes
    pub(crate) walls: Walls,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Example, for bash:
  jely completions bash > ~/.local/share/bash-completion/completions/jely")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for line in ["jely --data /x --json docs b", "jely docs b --json --data /x"] {
            let cli = parse(line).unwrap();
            assert_eq!(cli.global.data, PathBuf::from("/x"));
            assert!(cli.global.json);
        }
    }

    #[test]
    fn a_training_names_bot_paths_and_options() {
        let cli =
            parse("jely train shop a.pdf docs --prune --rehash --jobs 3 --password x").unwrap();
        let Command::Train(train) = cli.command else { panic!("{:?}", cli.command) };
        assert_eq!(train.bot.as_str(), "shop");
        assert_eq!(train.paths.len(), 2);
        assert!(train.prune && train.rehash);
        assert_eq!(train.parsing.jobs.map(NonZeroUsize::get), Some(3));
        assert_eq!(train.parsing.password.as_deref(), Some("x"));
    }

    #[test]
    fn wrong_arguments_are_refused_with_a_reason() {
        let check = |line: &str, kind| assert_eq!(parse(line).unwrap_err().kind(), kind, "{line}");
        check("jely train shop", ErrorKind::MissingRequiredArgument);
        check("jely train ../shop docs", ErrorKind::ValueValidation);
        check("jely train shop docs --jobs 0", ErrorKind::ValueValidation);
        check("jely search shop x --limit 0", ErrorKind::ValueValidation);
        check("jely ask", ErrorKind::MissingRequiredArgument);
        check("jely ask shop x --no-history --history h.jsonl", ErrorKind::ArgumentConflict);
        check("jely ask shop x --pages 2-1", ErrorKind::ValueValidation);
        check("jely train shop docs --category=", ErrorKind::InvalidValue);
        check("jely ask shop x --model m", ErrorKind::MissingRequiredArgument);
        check("jely ask shop x --model-url http://a", ErrorKind::MissingRequiredArgument);
        check("jely text a.pdf --pages 5-3", ErrorKind::ValueValidation);
        check("jely text a.pdf --pages 0", ErrorKind::ValueValidation);
        check("jely frobnicate", ErrorKind::InvalidSubcommand);
        check("jely --help", ErrorKind::DisplayHelp);
    }
}
