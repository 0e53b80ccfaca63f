//! A bot whose documents tell of which generation they are, and what it answers from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use document::BotId;
use index::{Query, Store};

/// The bot.
pub(crate) const BOT: &str = "quay";

/// The generation of each document, by the name of its file.
pub(crate) type State = BTreeMap<String, u64>;

/// A document of one chunk or, every fourth, of several, each of which names the generation.
pub(crate) fn document(file: usize, generation: u64) -> String {
    let paragraph = format!(
        "Berth number{file} of the quay is leased to lessee{generation}. {}",
        "The ground is swept every morning before the first boat lands. ".repeat(6)
    );
    let paragraphs = if file.is_multiple_of(4) { 8 } else { 1 };
    format!("# Berth {file}\n\n{}\n", vec![paragraph; paragraphs].join("\n\n"))
}

/// What the bot of a data folder answers from: every live chunk, as the index finds it.
///
/// # Errors
///
/// What is wrong, where it does not open, a file is not as published, or the documents that are
/// found are not those of the list, whole and of one generation each.
pub(crate) fn held(data: &Path) -> Result<State, String> {
    let store = Store::open(data.join("bots"), index::Config::default());
    held_in(&store.map_err(|error| error.to_string())?)
}

/// The same of a store.
pub(crate) fn held_in(store: &Store) -> Result<State, String> {
    let bot: BotId = BOT.parse().unwrap();
    let snapshot = store.snapshot(&bot).map_err(|error| error.to_string())?;
    let snapshot = snapshot.ok_or("nothing is published")?;
    snapshot.verify().map_err(|error| error.to_string())?;
    let hits = snapshot.search(&Query::parse("quay"), 1000).map_err(|error| error.to_string())?;
    if hits.len() as u64 != snapshot.chunk_count() {
        return Err(format!("{} of {} chunks are found", hits.len(), snapshot.chunk_count()));
    }
    let mut found = BTreeMap::<_, BTreeSet<u64>>::new();
    for hit in &hits {
        found.entry(&hit.document_id).or_default().extend(generations(&hit.chunk.text));
    }
    let documents = &snapshot.manifest().documents;
    if documents.len() != found.len() {
        return Err(format!("{} of {} documents are found", found.len(), documents.len()));
    }
    let state = documents.iter().map(|entry| {
        let name = Path::new(&entry.source).file_name().unwrap().to_str().unwrap().to_owned();
        let generations = found.get(&entry.id).ok_or(format!("{name} is not found"))?;
        match generations.iter().collect::<Vec<_>>().as_slice() {
            [generation] => Ok((name, **generation)),
            several => Err(format!("{name} is of the generations {several:?}")),
        }
    });
    state.collect()
}

/// The generations that a text names.
fn generations(text: &str) -> impl Iterator<Item = u64> {
    let digits = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    text.split("lessee").skip(1).filter_map(digits)
}
