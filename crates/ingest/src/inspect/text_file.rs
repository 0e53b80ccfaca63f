//! Inspection of Markdown and plain text.

use document::MediaType;

use super::{FrontMatter, Inspection, LimitUse, Outcome, TextFileFacts};
use crate::markdown::front_matter::{self, Format};
use crate::{Config, encoding, markdown, normalize, text};

/// The key of a front matter that names the language.
const LANGUAGE_KEYS: [&str; 2] = ["lang", "language"];

pub(super) fn inspect(bytes: &[u8], kind: MediaType, config: &Config) -> Inspection {
    let parsed = match kind {
        MediaType::Markdown => markdown::parse(bytes, config),
        MediaType::PlainText | MediaType::Pdf => text::parse(bytes, config),
    };
    let limits = &config.limits;
    let mut uses = vec![LimitUse {
        what: "bytes of a text file".to_owned(),
        found: bytes.len() as u64,
        limit: limits.text_bytes_max as u64,
    }];
    let mut inspection = match parsed {
        Ok(document) => {
            uses.push(LimitUse {
                what: "bytes of text".to_owned(),
                found: document.text.len() as u64,
                limit: limits.output_bytes_max as u64,
            });
            let outcome = Outcome::of_text(document.warnings.len());
            let language = LANGUAGE_KEYS.iter().find_map(|key| document.metadata.get(*key));
            let language = language.cloned();
            Inspection { language, ..Inspection::of(bytes.len(), &document, outcome) }
        }
        Err(error) => Inspection::of_refused(bytes.len(), &error),
    };
    inspection.media_type = Some(kind);
    inspection.limits = uses;
    // What is too large was not decoded, and is not now.
    if bytes.len() <= limits.text_bytes_max {
        inspection.text_file = Some(facts(bytes, kind));
    }
    inspection
}

fn facts(bytes: &[u8], kind: MediaType) -> TextFileFacts {
    let decoded = encoding::decode(bytes).ok();
    let encoding = decoded.is_some().then(|| encoding::name(bytes).to_owned());
    let source =
        decoded.as_ref().map(|decoded| &*decoded.text).filter(|_| kind == MediaType::Markdown);
    TextFileFacts { encoding, front_matter: source.and_then(front_matter) }
}

fn front_matter(text: &str) -> Option<FrontMatter> {
    let source = normalize::line_ends(text);
    let (format, inside, _) = front_matter::split(&source)?;
    let name = match format {
        Format::Yaml => "YAML",
        Format::Toml => "TOML",
    };
    let keys = front_matter::read(format, inside).values.into_keys().collect();
    Some(FrontMatter { format: name.to_owned(), keys })
}
