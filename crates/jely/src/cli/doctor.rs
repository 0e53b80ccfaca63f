//! The arguments of `jely doctor`.

use std::path::PathBuf;

use clap::Args;

use super::Parsing;

/// Tell what a file is and what becomes of it, or whether the data folder is whole
///
/// For a file that is refused, or whose text is not what it should be: the reason and what to do,
/// version and producer, encryption, pages without text, whether the fonts map to Unicode, what
/// was repaired, left out or cut short, and the limits that are near. The file is read as `train`
/// reads it, nothing is trained and no data folder is needed.
///
/// Without a file, the data folder is looked at: every file of every index and all stored bytes are
/// read and compared with their checksums. With --repair, stored bytes are taken again from the
/// files they came from where those have not changed, and indexes that are damaged or of an older
/// release are made anew; a bot whose list of documents is lost is put back to the best state that
/// lies beside it, as in a copy that was made during a training. A bot answers from its old index
/// meanwhile.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely doctor scan.pdf
  jely doctor terms.pdf --password secret
  jely doctor --repair                         mend the data folder
  jely doctor scan.pdf --json | jq '.pdf.fonts[] | select(.unmapped > 0)'

With --json, for a file: one object,
  {\"bytes\",\"mediaType\"?,\"outcome\":{\"code\":\"READ|PARTIAL|ENCRYPTED|DAMAGED|NO_TEXT|TOO_LARGE|..\",
   \"message\",\"advice\"?},\"title\"?,\"language\"?,
   \"text\"?:{\"characters\",\"words\",\"blocks\",\"headings\"},
   \"removed\":[{\"reason\":\"running_line|plot_label|watermark|hidden\",\"lines\"}],
   \"pdf\"?:{\"version\"?,\"producer\"?,\"creator\"?,\"pages\"?,\"pagesWithoutText\",
    \"pagesPartial\":[{\"page\",\"reason\"}],
    \"encryption\"?:{\"handler\",\"revision\"?,\"cipher\"?,
     \"opened\"?:\"emptyPassword|givenPassword|textIsPlain\"},
    \"tagged\",\"objects\",
    \"fonts\":[{\"name\",\"kind\",\"embedded\",\"toUnicode\",\"fonts\",\"characters\",\"unmapped\"}],
    \"repairs\",\"damagedStreams\"},
   \"textFile\"?:{\"encoding\"?,\"frontMatter\"?:{\"format\",\"keys\"}},
   \"limits\":[{\"what\",\"found\",\"limit\"}],\"warnings\"}
where a field marked with ? may be null. For the data folder: one line for each bot,
  {\"bot\":{\"botId\",\"documents\",\"state\":\"whole|outdated|damaged|repaired|recovered|lost|unchecked\",
   \"error\"?:{\"code\",\"message\"},
   \"originals\":[{\"source\",\"contentHash\",\"state\":\"damaged|restored\",\"error\"?}]}}
and a last one, {\"report\":{\"bots\",\"whole\",\"outdated\",\"damaged\",\"repaired\",\"recovered\",\"lost\",
   \"unchecked\",\"originals\"}},
where `originals` are documents whose stored bytes are damaged. The exit code is 0 where the file
was read, if only in part, or all bots are well, and 3 otherwise.")]
pub(crate) struct Doctor {
    /// A file of any kind [default: the data folder]
    pub(crate) file: Option<PathBuf>,
    /// Mend the data folder
    #[arg(long, conflicts_with = "file")]
    pub(crate) repair: bool,
    #[command(flatten)]
    pub(crate) parsing: Parsing,
}
