//! `jely ask`.

mod history;
mod lines;
mod speaker;

use std::io::{self, BufRead, IsTerminal};

use answer::{Answer, AnswerKind, Question, Role, Turn};
use anyhow::Result;
use document::{BotId, DocumentId};
use index::{Filter, Snapshot};

use self::speaker::Speaker;
use super::existing_folder;
use super::remove::resolve;
use crate::cli::{Ask, Global, Within};
use crate::embedder::Asker;
use crate::exit::{CommandError, Exit};
use crate::output::{Output, one_line, place};

/// Messages of a conversation that are kept; no more are read of any.
const TURNS_MAX: usize = 20;

pub(super) fn run(global: &Global, arguments: &Ask, output: &mut Output<'_>) -> Result<Exit> {
    let is_terminal = io::stdout().is_terminal();
    let streams = !output.is_json() && (arguments.model.stream || is_terminal);
    let speaker = Speaker::of(&arguments.model, streams)?;
    let turns = match &arguments.history {
        Some(path) => history::read(path)?,
        None => Vec::new(),
    };
    let snapshot = existing_folder(global)?.snapshot(&arguments.bot)?;
    let filter = filter(&arguments.within, &arguments.bot, &snapshot)?;
    let remembers = !arguments.no_history;
    let asker = Asker::of(global)?;
    let mut talk =
        Talk { snapshot: &snapshot, speaker, asker, filter, turns, remembers, missed: 0 };
    match &arguments.question {
        Some(question) => talk.ask(question, output)?,
        None => {
            let prompts = is_terminal && io::stdin().is_terminal() && !output.is_json();
            talk.go_on(&mut io::stdin().lock(), prompts, output)?;
        }
    }
    let fails = arguments.exit_code && talk.missed > 0;
    Ok(if fails { Exit::NotAnswered } else { Exit::Done })
}

/// What a bot is searched for within; its documents are named as people name them.
pub(super) fn filter(
    within: &Within,
    bot: &BotId,
    snapshot: &Snapshot,
) -> Result<Filter, CommandError> {
    let held = &snapshot.manifest().documents;
    let named = within.documents.iter().map(|name| resolve(name, bot, held));
    let documents: Vec<DocumentId> = named.collect::<Result<_, _>>()?;
    let documents = Some(documents).filter(|documents| !documents.is_empty());
    Ok(Filter { category: within.category.clone(), documents, pages: within.pages })
}

/// A conversation with a bot.
struct Talk<'a> {
    snapshot: &'a Snapshot,
    speaker: Speaker,
    asker: Asker,
    /// What is searched.
    filter: Filter,
    /// What was said, oldest first.
    turns: Vec<Turn>,
    /// Whether what is said counts for the questions after it.
    remembers: bool,
    /// Questions without an answer.
    missed: usize,
}

impl Talk<'_> {
    /// Answers line after line. With prompts, for a person at a terminal: a greeting first, and a
    /// sign where to write.
    fn go_on(
        &mut self,
        input: &mut dyn BufRead,
        prompts: bool,
        output: &mut Output<'_>,
    ) -> Result<()> {
        if prompts {
            let greeting = answer::greeting(self.snapshot, &answer::Config::default());
            output.line(&format!("{greeting}  (Ctrl-D ends.)"))?;
        }
        loop {
            if prompts {
                output.bytes(b"\n> ")?;
                output.flush()?;
            }
            let Some(line) = lines::next(input)? else { break };
            if line.trim().is_empty() {
                continue;
            }
            self.ask(line.trim(), output)?;
            if !prompts && !output.is_json() {
                output.line("")?;
            }
            output.flush()?;
        }
        if prompts {
            output.line("")?;
        }
        Ok(())
    }

    fn ask(&mut self, text: &str, output: &mut Output<'_>) -> Result<()> {
        let question = Question::with_history(text, &self.turns);
        let question = self.asker.embedded(question.with_filter(self.filter.clone()))?;
        let (answer, shown) = self.speaker.answer(self.snapshot, &question, output)?;
        if output.is_json() {
            output.json(&answer)?;
        } else {
            print_rest(&answer, &shown, output)?;
        }
        self.missed += usize::from(!answer.answered);
        if self.remembers {
            self.remember(text, &answer);
        }
        Ok(())
    }

    /// Keeps what a later question may lean on: of small talk nothing, of a refusal the question.
    fn remember(&mut self, text: &str, answer: &Answer) {
        let said = |role, text: &str| Turn { role, text: text.to_owned() };
        if answer.kind != AnswerKind::SmallTalk {
            self.turns.push(said(Role::User, text));
        }
        if answer.kind == AnswerKind::Answer {
            self.turns.push(said(Role::Assistant, &answer.answer));
        }
        let gone = self.turns.len().saturating_sub(TURNS_MAX);
        self.turns.drain(..gone);
    }
}

/// The answer, then the place and the words of each source.
pub(super) fn print(answer: &Answer, output: &mut Output<'_>) -> io::Result<()> {
    print_rest(answer, "", output)
}

/// What is still to be said where some was shown already.
fn print_rest(answer: &Answer, shown: &str, output: &mut Output<'_>) -> io::Result<()> {
    let said = answer.answer.trim();
    let same = shown.trim() == said;
    if !shown.is_empty() {
        output.line("")?;
    }
    if !shown.is_empty() && !same {
        output.line("\n(What the model said does not hold as it stands. The answer is:)\n")?;
    }
    if !same {
        output.line(said)?;
    }
    if let Some(why) = &answer.fallback {
        output.line(&format!("\n(Answered without the model: {why}.)"))?;
    }
    if !answer.sources.is_empty() {
        output.line("\nSources:")?;
    }
    for source in &answer.sources {
        output.line(&format!("  {}", place(source)))?;
        output.line(&format!("    “{}”", one_line(&source.excerpt)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::Arc;

    use train::{Content, DataFolder, Input, Options, Pool, Silent};

    use super::*;
    use crate::cli::Model;

    const HOURS: &str =
        "# Hours\n\nThe shop opens at nine on weekdays. On Sundays it opens at ten.\n";

    /// What a person at a terminal reads after writing some lines.
    fn read_by_a_person(lines: &str) -> String {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path(), index::Config::default()).unwrap();
        let bot = "shop".parse().unwrap();
        let input = Input::new("hours.md", Content::Bytes(Cow::Borrowed(HOURS.as_bytes())));
        let pool = Pool::lazy(|| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
        train::train(&folder, &bot, &[input], &Options::new(Arc::new(pool)), &Silent).unwrap();
        let snapshot = folder.snapshot(&bot).unwrap();
        let speaker = Speaker::of(&Model::default(), true).unwrap();
        let mut talk = Talk {
            snapshot: &snapshot,
            speaker,
            asker: Asker::default(),
            filter: Filter::default(),
            turns: Vec::new(),
            remembers: true,
            missed: 0,
        };
        let mut out = Vec::new();
        talk.go_on(&mut lines.as_bytes(), true, &mut Output::new(&mut out, false)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_person_is_greeted_and_asked_for_the_next_line() {
        assert_eq!(
            read_by_a_person(""),
            "Hello! Ask me anything about the documents.  (Ctrl-D ends.)\n\n> \n"
        );
        let said = read_by_a_person("When does the shop open on weekdays?\n\nand on Sundays?\n");
        assert_eq!(said.matches("\n> ").count(), 4, "{said}");
        let last = said.split("\n> ").nth(3).unwrap();
        assert!(last.contains("On Sundays it opens at ten."), "{said}");
    }

    #[test]
    fn only_the_last_messages_are_kept() {
        let said = read_by_a_person(&"When does the shop open?\n".repeat(TURNS_MAX));
        assert_eq!(said.matches("The shop opens at nine").count(), 2 * TURNS_MAX, "{said}");
    }
}
