//! Any order of training, replacing and removing that ends in the same documents ends in the
//! same answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use answer::{Answer, Extractive, Question};
use document::{BotId, DocumentId};
use proptest::prelude::*;
use train::{Content, DataFolder, Input, Options, Silent};

const TOPICS: &[(&str, &str)] = &[
    ("ferry", "The ferry leaves the north pier every 25 minutes."),
    ("lift", "The lift carries 630 kg and was inspected in March."),
    ("bakery", "The bakery sells rye bread from 6:30 on weekdays."),
    ("museum", "The museum shows 140 ship models on two floors."),
    ("harbour", "The harbour office answers letters within 9 days."),
];

fn text(topic: usize, version: u8) -> String {
    let (name, fact) = TOPICS[topic];
    format!("# The {name}\n\n{fact} This is edition {version} of the {name} page.\n")
}

#[derive(Debug, Clone)]
enum Step {
    Train(Vec<(usize, u8)>),
    Remove(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let document = (0..TOPICS.len(), 0..3u8);
    prop_oneof![
        3 => prop::collection::vec(document, 1..4).prop_map(Step::Train),
        1 => (0..TOPICS.len()).prop_map(Step::Remove),
    ]
}

struct Bot {
    folder: DataFolder,
    options: Options,
    bot: BotId,
    _temporary: tempfile::TempDir,
}

impl Bot {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        Self {
            folder: DataFolder::open(temporary.path(), index::Config::default()).unwrap(),
            options: Options::new(Arc::new(pool.into())),
            bot: "pier".parse().unwrap(),
            _temporary: temporary,
        }
    }

    fn train(&self, documents: &[(usize, u8)]) {
        let input = |&(topic, version): &(usize, u8)| {
            Input::new(
                TOPICS[topic].0,
                Content::Bytes(Cow::Owned(text(topic, version).into_bytes())),
            )
        };
        let inputs: Vec<Input> = documents.iter().map(input).collect();
        train::train(&self.folder, &self.bot, &inputs, &self.options, &Silent).unwrap();
    }

    fn remove(&self, topic: usize) {
        let id = DocumentId::from_source(TOPICS[topic].0);
        train::remove(&self.folder, &self.bot, &[id], &self.options, &Silent).unwrap();
    }

    fn answers(&self) -> Vec<Answer> {
        let snapshot = self.folder.snapshot(&self.bot).unwrap();
        let ask = |question: &str| {
            answer::answer(
                &snapshot,
                &Question::new(question),
                &Extractive,
                &answer::Config::default(),
            )
            .unwrap()
        };
        let questions = TOPICS.iter().map(|(name, _)| format!("What about the {name}?"));
        questions.chain(["Which edition of the page is it?".into()]).map(|q| ask(&q)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn history_leaves_no_trace(steps in prop::collection::vec(step(), 1..8)) {
        let lived = Bot::new();
        let mut documents: BTreeMap<usize, u8> = BTreeMap::new();
        // A bot that was never trained has no snapshot to ask.
        lived.train(&[(0, 0)]);
        documents.insert(0, 0);
        for step in &steps {
            match step {
                Step::Train(trained) => {
                    lived.train(trained);
                    documents.extend(trained.iter().copied());
                }
                Step::Remove(topic) if documents.remove(topic).is_some() => lived.remove(*topic),
                Step::Remove(_) => {}
            }
        }
        let fresh = Bot::new();
        let documents: Vec<(usize, u8)> = documents.into_iter().rev().collect();
        if !documents.is_empty() {
            fresh.train(&documents);
            prop_assert_eq!(lived.answers(), fresh.answers());
        }
    }
}
