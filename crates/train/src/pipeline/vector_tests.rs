//! Bots with vectors: what a run needs the model for, and what it does without.

use std::sync::Arc;

use index::{EmbedFailure, Embedder, ModelKey, TextKind};

use crate::testing::{Fixture, bytes, shown};
use crate::{Rebuild, Reindex, Vectors};

/// The length of a text.
#[derive(Debug)]
struct Length(u8);

impl Embedder for Length {
    fn key(&self) -> ModelKey {
        ModelKey::from_digest([self.0; 32])
    }

    fn dimensions(&self) -> usize {
        2
    }

    fn embed(&self, _: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        Ok(texts.iter().map(|text| vec![1.0, text.len() as f32]).collect())
    }
}

fn model(shop: &Fixture) -> Option<ModelKey> {
    let snapshot = shop.folder.snapshot(&shop.bot).unwrap();
    snapshot.verify().unwrap();
    assert_eq!(snapshot.similarities(&[1.0, 0.0]).is_some(), snapshot.model().is_some());
    snapshot.model().map(|model| model.key)
}

fn rebuilt(shop: &Fixture) -> Rebuild {
    let reports = shop.reindex(&Reindex::default());
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].parsed, 0, "text comes from the extracts");
    reports[0].outcome.clone()
}

#[test]
fn a_model_is_added_changed_and_taken_away_by_a_rebuild() {
    let mut shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two.")]);
    let plain = shop.folder.snapshot(&shop.bot).unwrap().key();
    for key in [1, 2] {
        shop.options.vectors = Vectors::With(Arc::new(Length(key)));
        assert_eq!(rebuilt(&shop), Rebuild::Rebuilt);
        assert_eq!(model(&shop), Some(Length(key).key()));
        assert_eq!(rebuilt(&shop), Rebuild::Unchanged);
    }
    shop.options.vectors = Vectors::Keep;
    assert_eq!(rebuilt(&shop), Rebuild::Unchanged);
    shop.options.vectors = Vectors::Without;
    assert_eq!(rebuilt(&shop), Rebuild::Rebuilt);
    assert_eq!(shop.folder.snapshot(&shop.bot).unwrap().key(), plain);
}

#[test]
fn without_the_model_a_bot_keeps_its_vectors_and_takes_no_new_text() {
    let mut shop = Fixture::new();
    shop.options.vectors = Vectors::With(Arc::new(Length(1)));
    let inputs = [bytes("a", "One."), bytes("b", "Two."), bytes("c", "Three.")];
    shop.train(&inputs);
    shop.options.vectors = Vectors::Keep;
    assert_eq!(shown(&shop.train(&inputs)), "a unchanged; b unchanged; c unchanged");
    let id = inputs[0].id();
    assert_eq!(shown(&shop.remove(&[id]).unwrap()), "a removed");
    let error = shop.try_train(&[bytes("d", "Four.")]).unwrap_err();
    assert_eq!(error.code(), "NO_EMBEDDER");
    // Another pipeline that cuts the same chunks finds all of their vectors.
    shop.other_pipeline();
    let reports = shop.reindex(&Reindex::default());
    assert_eq!(reports[0].outcome, Rebuild::Rebuilt);
    assert_eq!(shop.held(), "b: Two.; c: Three.");
    assert_eq!(model(&shop), Some(Length(1).key()));
}
