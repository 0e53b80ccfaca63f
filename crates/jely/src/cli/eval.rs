//! The arguments of `jely eval`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use document::BotId;

/// Measure how good rankings and answers are, on test collections or with your own questions
///
/// A collection is a folder with corpus.jsonl (a document a line: id, title, text), queries.jsonl
/// (a question a line: id, text and, where known, answers, answerable and history) and qrels.tsv
/// (query id, document id and grade, separated by tabs; relevant above 0). Its documents are
/// indexed in a temporary folder and its judged questions asked as a user would.
///
/// Rankings are measured as `trec_eval` does. Where answers are known, it is told whether the reply,
/// the first passage and the first thousand words of passages hold one (compared as SQuAD does;
/// refusals put aside). And it is told how well the confidence tells answerable questions from those
/// marked "answerable": false, and from foreign ones: those of the other collections of the same
/// language. Without such, one half of the collection is indexed, and the questions of the other
/// half are foreign.
///
/// With --bot, a bot is asked the questions of a CSV file with the columns `question` and
/// `expected`. Expected is a document by its id, its source or the end of its path, or its title;
/// or such a document with `#page`; or any other text, which the answer must hold; or nothing, where
/// the bot must refuse.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely eval ./collections                           every collection in a folder, as tables
  jely eval ./collections/manual --run manual.run   the ranking itself, for trec_eval
  jely eval ./collections --compare default candidates=100,sentences_max=2
  jely eval ./collections --fit                     the weights that rank them best
  jely eval --bot shop --questions questions.csv    your own questions

  question,expected
  When do you open on Saturdays?,hours.md
  What does error E07 mean?,manual.pdf#10
  How long can I return things?,42 days
  Who won the World Cup in 1990?,

Settings are key=value pairs, separated by commas, or a file with such pairs; the keys are candidates,
passages_max, similarity_weight, grounding_tokens_max, sentences_max, confidence_min;
weight_sentence, weight_pairs, weight_frame and weight_document, of the signals beside the index's own
score, whose weight is 1; words_soft and words_hard, the sizes of the chunks. Rankings are made with
candidates=400 and passages_max=100, to rank about 100 documents, unless the settings say otherwise.
With --embedder collections have vectors, which are remembered in the data folder.

--fit looks for the weights with the best mean nDCG@10, each collection weighing the same, in steps
of 0.05 from 0 to 0.5, one weight at a time until none gains. What it would gain elsewhere is told by
leaving each collection out in turn: the weights are fitted on the others and measured on that one.

With --json: one object. For collections
  {\"collections\":{\"<name>\":{\"documents\",\"unreadable\",\"questions\",
    \"ndcg@10\",\"recall@5\",\"recall@10\",\"mrr@10\",\"hit@1\",\"hit@5\",
    \"answers\"?:{\"questions\",\"reply\",\"firstPassage\",\"first1000Words\"},
    \"abstention\"?:{\"refused\",
     \"foreign\"?:{\"from\":\"otherCollections|otherHalf\",\"questions\",\"answered\",\"auroc\"},
     \"unanswerable\"?:{\"questions\",\"answered\",\"auroc\"}},
    \"seconds\":{\"index\",\"query\",\"answers\",\"questionsPerSecond\"},\"warnings\"}},
   \"mean\":{\"ndcg@10\",..},\"seconds\"}
where each collection weighs the same in the mean, `refused` is the share of answerable questions
that the bot refuses and `answered` the share of the others that it answers; for --compare
  {\"comparison\":{\"collections\":{\"<name>\":{\"ndcg@10\":C,\"answerInReply\"?:C}},\"all\":{..}},\"seconds\"}
where C is {\"questions\",\"a\",\"b\",\"difference\",\"p\",\"wins\",\"losses\",\"ties\"}, p by a paired
randomisation test and `wins` the questions better under the second settings; for --fit
  {\"fit\":{\"weights\":W,\"collections\":{\"<name>\":{\"index\",\"default\",\"leftOut\",\"leftOutWeights\":W}},
    \"mean\":{..}},\"seconds\"}
where each number is an nDCG@10: in the index's own order, with the default weights, with weights
fitted on the other collections; W is {\"sentence\",\"pairs\",\"frame\",\"document\"}; for a bot
  {\"bot\",\"questions\",\"answered\",\"hit@1\",\"hit@5\",\"pageRight\",\"answerContains\",\"refused\",
   \"outcomes\":[{\"line\",\"question\",\"expected\",\"rank\",\"pageRight\",\"contains\",\"answered\",
    \"confidence\",\"failure\"}],\"seconds\"}.")]
pub(crate) struct Eval {
    /// Collections, or folders of collections
    #[arg(value_name = "FOLDER", required_unless_present = "bot", conflicts_with = "bot")]
    pub(crate) folders: Vec<PathBuf>,
    /// Ask this bot
    #[arg(long, value_name = "BOT", requires = "questions")]
    pub(crate) bot: Option<BotId>,
    /// The questions to ask it
    #[arg(long, value_name = "FILE.csv", requires = "bot")]
    pub(crate) questions: Option<PathBuf>,
    /// What to change
    #[arg(long, value_name = "SETTINGS", default_value = "default")]
    pub(crate) settings: String,
    /// Compare two settings question by question
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["bot", "run", "settings"])]
    pub(crate) compare: Option<Vec<String>>,
    /// Look for the weights of the ranking that fit the collections best
    #[arg(long, conflicts_with_all = ["bot", "run", "compare"])]
    pub(crate) fit: bool,
    /// Write the rankings in the format of TREC: to this file for one collection, to
    /// <name>.run files in this folder for several
    #[arg(long, value_name = "PATH", conflicts_with = "bot")]
    pub(crate) run: Option<PathBuf>,
    /// Ask at most this many judged questions of each collection, and as many unanswerable ones;
    /// the same ones each time
    #[arg(long, value_name = "N", conflicts_with = "bot")]
    pub(crate) limit: Option<NonZeroUsize>,
    /// Rankings alone
    #[arg(long, conflicts_with = "bot")]
    pub(crate) no_answers: bool,
    /// No questions that should be refused
    #[arg(long, conflicts_with = "bot")]
    pub(crate) no_abstention: bool,
    /// Ask each question without what was said before it
    #[arg(long, conflicts_with = "bot")]
    pub(crate) no_history: bool,
    /// How many threads work [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}
