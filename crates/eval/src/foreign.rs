//! Questions that belong to other documents: what a bot should not answer.
//!
//! They are taken from the other collections of the same language that share no document with
//! this one. Where there is none, the collection is cut in two: one half is indexed, and the
//! questions whose documents all lie in the other half are foreign to it.

use std::collections::{BTreeMap, BTreeSet};

use document::ContentHash;

use crate::collection::{Collection, Entry, Query};
use crate::containment::is_unspaced;
use crate::questions::{Options, hash, judged, sample};

/// Text of a collection that is read for its words, in bytes.
const PROFILE_BYTES_MAX: usize = 2 << 20;

/// Least cosine of word frequencies within one language. Function words dominate it: eight English
/// collections, a manual and physics among them, have .62 to .97 with each other, and seven
/// languages at most .11.
const SAME_LANGUAGE_MIN: f64 = 0.5;

/// Which collections can ask each other foreign questions.
#[derive(Debug)]
pub struct Kinship<'a> {
    collections: &'a [Collection],
    profiles: Vec<Profile>,
}

/// Questions that should not be answered from certain documents, and those that should.
#[derive(Debug, Clone, PartialEq)]
pub enum Foreign<'a> {
    /// Questions of other collections.
    Others(Vec<&'a Query>),
    /// The collection in two halves.
    Half {
        /// The documents to index.
        documents: Vec<&'a Entry>,
        /// Questions that they answer.
        own: Vec<&'a Query>,
        /// Questions that the documents of the other half answer.
        foreign: Vec<&'a Query>,
    },
}

impl<'a> Kinship<'a> {
    /// Reads the words of the collections, up to 2 MiB of each.
    pub fn of(collections: &'a [Collection]) -> Self {
        Self { collections, profiles: collections.iter().map(Profile::of).collect() }
    }

    /// Foreign questions for the collection at a position; `None` where none can be had.
    pub fn foreign(&self, at: usize, options: &Options) -> Option<Foreign<'a>> {
        let (collection, own) = (self.collections.get(at)?, self.profiles.get(at)?);
        let others = self.collections.iter().zip(&self.profiles).enumerate();
        let strangers: Vec<&Collection> = others
            .filter(|(other, (_, profile))| *other != at && own.is_stranger(profile))
            .map(|(_, (other, _))| other)
            .collect();
        if strangers.is_empty() {
            return half(collection, options);
        }
        // Each gives as many, or the largest would be all there is.
        let share = options.foreign_max.div_ceil(strangers.len());
        let questions = strangers.iter().flat_map(|other| sample(answerable(other), share));
        Some(Foreign::Others(questions.take(options.foreign_max).collect()))
    }
}

/// The judged questions of a collection that its documents answer.
fn answerable(collection: &Collection) -> Vec<&Query> {
    let all = judged(collection, &Options::default());
    all.into_iter().filter(|query| query.answerable != Some(false)).collect()
}

/// Cuts a collection in two.
fn half<'a>(collection: &'a Collection, options: &Options) -> Option<Foreign<'a>> {
    let side = |query: &&Query, here: bool| {
        let grades = collection.grades(query);
        let relevant = grades.into_iter().flatten().filter(|(_, grade)| **grade > 0);
        relevant.into_iter().all(|(document, _)| is_indexed(document) == here)
    };
    let (documents, _): (Vec<&Entry>, Vec<&Entry>) =
        collection.documents.iter().partition(|entry| is_indexed(&entry.id));
    let of = |here: bool| -> Vec<&Query> {
        answerable(collection).into_iter().filter(|query| side(query, here)).collect()
    };
    let own = sample(of(true), options.questions_max);
    let foreign = sample(of(false), options.foreign_max);
    let usable = !own.is_empty() && !foreign.is_empty();
    usable.then_some(Foreign::Half { documents, own, foreign })
}

/// Whether a document lies in the half that is indexed. Parts of one text, called `text#1`,
/// `text#2`, stay together: they are about one thing.
fn is_indexed(id: &str) -> bool {
    let whole = id.split_once('#').map_or(id, |(whole, _)| whole);
    hash(whole).as_bytes()[0].is_multiple_of(2)
}

/// What a collection's texts are like.
#[derive(Debug)]
struct Profile {
    words: BTreeMap<String, f64>,
    /// Hashes of its texts.
    texts: BTreeSet<ContentHash>,
}

impl Profile {
    fn of(collection: &Collection) -> Self {
        let texts = collection.documents.iter().map(|entry| hash(entry.text.trim())).collect();
        let mut words: BTreeMap<String, f64> = BTreeMap::new();
        let mut left = PROFILE_BYTES_MAX;
        for entry in &collection.documents {
            if left < entry.text.len() {
                continue;
            }
            left -= entry.text.len();
            for word in words_of(&entry.text) {
                *words.entry(word).or_default() += 1.0;
            }
        }
        Self { words, texts }
    }

    /// Whether the other is of the same language and shares no text with this one.
    fn is_stranger(&self, other: &Self) -> bool {
        self.texts.is_disjoint(&other.texts) && self.likeness(other) >= SAME_LANGUAGE_MIN
    }

    /// The cosine of the word frequencies, 0 to 1.
    fn likeness(&self, other: &Self) -> f64 {
        let product = |a: &Self, b: &Self| -> f64 {
            let common = a.words.iter().filter_map(|(word, n)| Some(n * b.words.get(word)?));
            common.sum()
        };
        let lengths = (product(self, self) * product(other, other)).sqrt();
        if lengths > 0.0 { product(self, other) / lengths } else { 0.0 }
    }
}

/// The words of a text in lower case; single characters of scripts without spaces.
fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        if part.contains(is_unspaced) {
            words.extend(part.chars().map(String::from));
        } else {
            words.push(part.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(name: &str, texts: &[&str]) -> Collection {
        let mut collection = Collection { name: name.to_owned(), ..Collection::default() };
        for (at, text) in texts.iter().enumerate() {
            let id = format!("{name}{at}");
            let query = serde_json::json!({"id": id, "text": format!("{text}?")});
            collection.queries.push(serde_json::from_value(query).unwrap());
            let grades = BTreeMap::from([(id.clone(), 1)]);
            collection.judgements.insert(id.clone(), grades);
            collection.documents.push(Entry { id, title: String::new(), text: (*text).to_owned() });
        }
        collection
    }

    fn ids(queries: &[&Query]) -> Vec<String> {
        queries.iter().map(|query| query.id.clone()).collect()
    }

    #[test]
    fn foreign_questions_come_from_strangers_of_the_same_language() {
        let shop = ["the shop of the town is open in the morning", "the price of the pump"];
        let zoo = ["the lion of the zoo is asleep in the afternoon", "the age of the bear"];
        let laden = ["der Laden ist am Morgen offen und der Preis ist gut"];
        let copy = [shop[0], "the keys of the car are in the box"];
        let all = [
            collection("shop", &shop),
            collection("zoo", &zoo),
            collection("laden", &laden),
            collection("copy", &copy),
        ];
        let kinship = Kinship::of(&all);
        let asked = |at: usize, foreign_max: usize| {
            let options = Options { foreign_max, ..Options::default() };
            match kinship.foreign(at, &options) {
                Some(Foreign::Others(queries)) => ids(&queries),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(asked(0, 9), ["zoo0", "zoo1"], "no other language, no copy");
        assert_eq!(asked(1, 9), ["shop0", "shop1", "copy0", "copy1"]);
        assert_eq!(asked(1, 2).len(), 2);
    }

    #[test]
    fn without_a_stranger_the_collection_is_halved() {
        let texts: Vec<String> = (0..40).map(|n| format!("document number {n}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut all = [collection("d", &texts)];
        // A question that needs both halves belongs to neither.
        let everything = all[0].documents.iter().map(|entry| (entry.id.clone(), 1)).collect();
        all[0].judgements.insert("d0".to_owned(), everything);
        let kinship = Kinship::of(&all);
        let Some(Foreign::Half { documents, own, foreign }) =
            kinship.foreign(0, &Options::default())
        else {
            panic!("not halved")
        };
        let indexed: Vec<String> = documents.iter().map(|entry| entry.id.clone()).collect();
        assert!(ids(&own).iter().all(|id| indexed.contains(id)));
        assert!(ids(&foreign).iter().all(|id| !indexed.contains(id)));
        assert_eq!(own.len() + foreign.len(), 39);
        assert_eq!(is_indexed("text#1"), is_indexed("text#2"));
    }
}
