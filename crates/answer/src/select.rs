//! The units of the passages that answer the question.
//!
//! Every sentence, list item, table row and code block is scored by how much of the question it
//! holds, alone and with what stands above it; a list may also be taken whole, as the steps it
//! spells out. The best are taken in turn as long as they are worth it and say something new.

use document::Span;

use crate::lexicon::words_of;
use crate::question::{Form, Wants};
use crate::reading::{Reading, Unit};
use crate::sentences::UnitKind;
use crate::terms::{Matches, Terms};
use crate::{Grounding, Passage};

mod contents;
mod context;
mod signs;
mod tables;

use tables::{header_of, is_header};

pub(crate) use signs::points_back;
pub(crate) use tables::Cell;

/// Items of one list that are quoted together.
const STEPS_MAX: usize = 12;

/// Least score of the sentence before or after the best one, as a part of its score, from which it
/// fills a reply that has room: what is asked often stands beside what repeats the question. At .3
/// replies hold 2 in 100 answers more over seven languages and are a seventh longer, at .5 half of
/// both.
const NEIGHBOUR_WORTH_MIN: f32 = 0.3;

/// Length from which a unit loses weight, in tokens: long units match by their length.
const WORDS_FREE: f32 = 60.0;

/// Longest unit that is quoted, in tokens: beyond it lie tables and code, not sentences.
const WORDS_MAX: usize = 400;

/// Least score of a further unit, as a part of the first one's. At .5 replies are a tenth longer
/// and hold no more answers; at .7 they hold 1 in 100 fewer.
const WORTH_MIN: f32 = 0.6;

/// Least score of a unit, as a part of the best one's, from which its text is looked at.
const SIGNS_FROM: f32 = 0.4;

/// Least share of the question in the first cell of a row that is named, as a part of the largest:
/// the words of a conversation weigh a fifth.
const NAMED_SHARE_MIN: f32 = 0.5;

/// Share of a unit's tokens that may have been said already.
const REPEATED_MAX: f32 = 0.8;

/// Weights of what speaks for a unit.
struct Weights {
    /// Share of the question in the unit.
    own: f32,
    /// The same with title and headings above it.
    context: f32,
    /// The same with the unit before it: "It began in May" follows the sentence that names it.
    neighbour: f32,
    /// That once more where the unit begins with "It" or "However".
    leaning: f32,
    /// What the question asks for: a date, a number, a name, a place, a reason.
    sign: f32,
    /// A list where the question asks how to do something.
    steps: f32,
}

/// Chosen on encyclopedic questions in eight languages and on questions about papers.
const WEIGHTS: Weights =
    Weights { own: 1.0, context: 0.3, neighbour: 0.2, leaning: 0.1, sign: 0.3, steps: 0.4 };

/// A unit taken into the answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pick {
    /// Position of its passage.
    pub(crate) passage: usize,
    /// What is quoted, in bytes of the document.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: UnitKind,
    /// The header of the table it is a row of.
    pub(crate) header: Option<Span>,
    /// The cell of the row that is asked for.
    pub(crate) cell: Option<Cell>,
    /// Question terms in it, without what stands above or beside it.
    own: Matches,
    /// Position among the units of its passage.
    unit: usize,
    /// The block it stands in.
    block: Span,
    score: f32,
    tokens: Vec<u32>,
}

/// The units that answer, in the order in which to say them: passages by their best unit, units
/// as the document has them, but for the one that decides.
pub(crate) fn select(grounding: &Grounding) -> Vec<Pick> {
    let mut picks = choose(options(grounding), grounding.sentences_max);
    context::take_along(&mut picks, grounding);
    name_cells(&mut picks, grounding);
    let best: Vec<usize> = picks.iter().map(|pick| pick.passage).collect();
    let turn = |passage: usize| best.iter().position(|&other| other == passage);
    // What decides for yes or no comes first; other answers read as the document does.
    let decides = |pick: &&Pick| {
        let text = grounding.passages.get(pick.passage).and_then(|found| found.slice(pick.span));
        grounding.question.form().wants == Wants::YesNo
            && !signs::leans_back(&text.unwrap_or_default())
    };
    let first = picks.first().filter(decides).map(|pick| (pick.passage, pick.unit));
    let waits = |pick: &Pick| first.is_some_and(|first| first != (pick.passage, pick.unit));
    picks.sort_by_key(|pick| (turn(pick.passage), waits(pick), pick.span));
    picks
}

/// Takes the best options in turn.
fn choose(mut options: Vec<Pick>, picks_max: usize) -> Vec<Pick> {
    // A stable sort: ties stay in the order of passages and text.
    options.sort_by(|a, b| b.score.total_cmp(&a.score));
    let worth = options.first().map_or(0.0, |best| best.score * WORTH_MIN);
    let mut picks: Vec<Pick> = Vec::new();
    for option in &options {
        if picks.len() >= picks_max || option.score < worth || option.score <= 0.0 {
            break;
        }
        if !picks.iter().any(|pick| pick.covers(option)) {
            picks.push(option.clone());
        }
    }
    if picks.len() < picks_max {
        picks.extend(neighbour(&picks, &options));
    }
    picks
}

/// The better of the sentences right before and after the best pick that is not picked and is
/// worth it. `options` are sorted, the best first.
fn neighbour(picks: &[Pick], options: &[Pick]) -> Option<Pick> {
    let best = picks.first().filter(|best| best.kind == UnitKind::Sentence)?;
    let beside = |option: &&Pick| {
        option.kind == UnitKind::Sentence
            && (option.passage, option.block) == (best.passage, best.block)
            && option.unit.abs_diff(best.unit) == 1
            && option.score >= NEIGHBOUR_WORTH_MIN * best.score
            && !picks.iter().any(|pick| pick.span == option.span)
    };
    options.iter().find(beside).cloned()
}

/// Tells of rows which of their cells is asked for; not of those that the conversation brought.
fn name_cells(picks: &mut [Pick], grounding: &Grounding) {
    for pick in picks.iter_mut() {
        let Some(passage) = grounding.passages.get(pick.passage) else { continue };
        let language = passage.units().nth(pick.unit).map(|(reading, _)| reading.text.language());
        let table = pick.header.and_then(|header| Some((passage.slice(header)?, header)));
        let row = passage.slice(pick.span);
        let (Some((header, place)), Some(row), Some(language)) = (table, row, language) else {
            continue;
        };
        let asked =
            tables::Asked { terms: &grounding.terms, form: grounding.question.form(), language };
        pick.cell = asked.cell((&header, place), (&row, pick.span));
    }
    let shares = picks.iter().filter_map(|pick| pick.cell).map(|cell| cell.share);
    let least = NAMED_SHARE_MIN * shares.fold(0.0, f32::max);
    for pick in picks {
        pick.cell = pick.cell.filter(|cell| cell.share >= least);
    }
}

impl Pick {
    /// Whether the other adds nothing to this one.
    fn covers(&self, other: &Self) -> bool {
        let overlaps =
            self.passage == other.passage && !self.span.intersection(other.span).is_empty();
        // Every row of a table has the words of its header; one that has no others is not asked for.
        let same_table = self.passage == other.passage && self.header == other.header;
        let idle = self.header.is_some()
            && same_table
            && self.own != other.own
            && self.own.holds(other.own);
        let said = other.tokens.iter().filter(|token| self.tokens.contains(token)).count();
        overlaps || idle || said as f32 > REPEATED_MAX * other.tokens.len() as f32
    }
}

/// A unit beside the reading that holds it.
type Read<'a> = (&'a Reading, &'a Unit);

/// Everything that could be quoted, with its score.
fn options(grounding: &Grounding) -> Vec<Pick> {
    let top = grounding.passages.first().map_or(1.0, |passage| passage.score.max(f32::EPSILON));
    let mut options = Vec::new();
    let wants = grounding.question.form().wants;
    for (at, passage) in grounding.passages.iter().enumerate() {
        let units: Vec<Read<'_>> = passage.units().collect();
        let scale = passage.score / top;
        let scorer = Scorer { passage, terms: &grounding.terms, wants };
        let found = (0..units.len()).filter_map(|unit| scorer.option(&units, unit));
        options.extend(found.map(|pick| Pick { passage: at, score: pick.score * scale, ..pick }));
    }
    add_signs(&mut options, grounding);
    options
}

/// Raises the options that show what the question asks for. Only of those that are near the best
/// the text is looked at.
fn add_signs(options: &mut [Pick], grounding: &Grounding) {
    let form = grounding.question.form();
    if matches!(form.wants, Wants::Statement | Wants::Steps) {
        return;
    }
    let best = options.iter().map(|option| option.score).fold(0.0, f32::max);
    let asked: Vec<String> = words_of(grounding.question.text()).collect();
    for option in options.iter_mut().filter(|option| option.score >= SIGNS_FROM * best) {
        let passage = grounding.passages.get(option.passage);
        let text = passage.and_then(|passage: &Passage| passage.slice(option.span));
        // A cell decides as well as a sentence: "Sunday | closed".
        let decides = form.wants == Wants::YesNo && option.kind == UnitKind::Row;
        let shown = || sign(&text.unwrap_or_default(), form, &asked);
        option.score += WEIGHTS.sign * if decides { 1.0 } else { shown() };
    }
}

/// How well a text shows what a question asks for, 0 to 1.
fn sign(text: &str, form: &Form, asked: &[String]) -> f32 {
    match form.wants {
        Wants::When => signs::date(text),
        Wants::Count => signs::number(text, form.counted.as_deref()),
        Wants::Who => signs::name(text, asked),
        Wants::Where => signs::place(text, asked),
        Wants::Why => signs::reason(text),
        Wants::YesNo => signs::rule(text),
        Wants::Statement | Wants::Steps => 0.0,
    }
}
struct Scorer<'a> {
    passage: &'a Passage,
    terms: &'a Terms,
    wants: Wants,
}

impl Scorer<'_> {
    /// The unit at `at` as an option, with the list that it stands for; `None` where it cannot
    /// be an answer. The passage is filled in later.
    fn option(&self, units: &[Read<'_>], at: usize) -> Option<Pick> {
        let (reading, unit) = *units.get(at)?;
        let header = header_of(units, at);
        if unit.kind == UnitKind::Heading || unit.words() > WORDS_MAX || is_header(units, at) {
            return None;
        }
        let text = |at: usize| self.text(units.get(at)?.1);
        if contents::is_entry(at, text) {
            return None;
        }
        let mut pick = Pick {
            passage: 0,
            span: unit.span,
            kind: unit.kind,
            header: header.map(|header| header.span),
            cell: None,
            block: unit.block,
            own: unit.own,
            unit: at,
            score: self.score(units, at),
            tokens: reading.tokens_of(unit).to_vec(),
        };
        for (reading, step) in self.steps(units, at) {
            pick.span.end = step.span.end;
            pick.tokens.extend_from_slice(reading.tokens_of(step));
        }
        Some(pick)
    }

    fn score(&self, units: &[Read<'_>], at: usize) -> f32 {
        let Some((_, unit)) = units.get(at) else { return 0.0 };
        let of = |unit: Option<&Unit>| unit.map_or(Matches::default(), |unit| unit.own);
        let steps = self.steps(units, at).iter().filter(|_| self.wants == Wants::Steps);
        let own = steps.fold(unit.own.or(of(header_of(units, at))), |own, step| own.or(step.1.own));
        let near = own.or(of(at.checked_sub(1).and_then(|at| units.get(at)).map(|read| read.1)));
        let context = self.terms.share(own.or(unit.context));
        let neighbour =
            WEIGHTS.neighbour + if self.leans_back(unit) { WEIGHTS.leaning } else { 0.0 };
        let is = |yes: bool| if yes { 1.0 } else { 0.0 };
        let score = WEIGHTS.own * self.terms.share(own)
            + WEIGHTS.context * context
            + neighbour * self.terms.share(near)
            + WEIGHTS.steps * context * is(self.wants == Wants::Steps && self.begins(units, at));
        score * (WORDS_FREE / unit.words().max(1) as f32).sqrt().min(1.0)
    }

    fn text(&self, unit: &Unit) -> Option<&str> {
        self.passage.chunk_at(unit.span.start)?.slice(unit.span)
    }

    fn leans_back(&self, unit: &Unit) -> bool {
        let text = self.text(unit).unwrap_or_default();
        unit.kind == UnitKind::Sentence && signs::leans_back(text)
    }

    /// The items quoted together with the unit at `at`.
    fn steps<'u>(&self, units: &'u [Read<'u>], at: usize) -> &'u [Read<'u>] {
        if self.begins(units, at) { items_after(units, at) } else { &[] }
    }

    /// Whether the unit stands for the list that follows it: it announces one, or steps are
    /// asked for and it is the line before them or the first of them.
    fn begins(&self, units: &[Read<'_>], at: usize) -> bool {
        let kind = |at: Option<usize>| at.and_then(|at| units.get(at)).map(|read| read.1.kind);
        let announces = units.get(at).is_some_and(|read| read.1.announces);
        let asked = self.wants == Wants::Steps;
        let first_item = kind(Some(at)) == Some(UnitKind::Item)
            && kind(at.checked_sub(1)) != Some(UnitKind::Item);
        let line_before = kind(Some(at)) == Some(UnitKind::Sentence) && (announces || asked);
        (line_before || (asked && first_item)) && kind(Some(at + 1)) == Some(UnitKind::Item)
    }
}

fn items_after<'u>(units: &'u [Read<'u>], at: usize) -> &'u [Read<'u>] {
    let after = units.get(at + 1..).unwrap_or(&[]);
    let is_item = |read: &&Read<'_>| read.1.kind == UnitKind::Item;
    let count = after.iter().take(STEPS_MAX).take_while(is_item).count();
    after.get(..count).unwrap_or(&[])
}
