//! Chunks by the angle of their vectors with another: every vector is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Found, Hit, Snapshot};
use crate::{Filter, ModelEntry};

/// How similar each chunk of a snapshot is to something.
#[derive(Debug, Clone)]
pub struct Similarities {
    /// By row of the file.
    cosines: Vec<f32>,
    mean: f32,
}

impl Similarities {
    fn of(cosines: Vec<f32>) -> Self {
        let count = cosines.len().max(1) as f64;
        let mean = cosines.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        Self { cosines, mean: mean as f32 }
    }

    /// The mean cosine over all chunks.
    pub fn mean(&self) -> f32 {
        self.mean
    }
}

impl Snapshot {
    /// The model whose vectors it holds; `None` where it holds none.
    pub fn model(&self) -> Option<ModelEntry> {
        self.manifest.model
    }

    /// How similar every chunk is to `vector`; `None` where this snapshot has no vectors, or such
    /// of another size. Exact: costs a multiplication for each number of each vector.
    pub fn similarities(&self, vector: &[f32]) -> Option<Similarities> {
        let vectors = self.vectors.as_ref()?;
        let fits = self.manifest.model.is_some_and(|m| m.dimensions as usize == vector.len());
        fits.then(|| Similarities::of(vectors.cosines(vector)))
    }

    /// The cosine of a chunk, -1 to 1; 0 of one that is not of this snapshot.
    pub fn similarity(&self, similarities: &Similarities, found: &Found) -> f32 {
        self.cosine(similarities, found.document(), found.ordinal).unwrap_or_default()
    }

    /// The same of a chunk that was read.
    pub fn similarity_of(&self, similarities: &Similarities, hit: &Hit) -> f32 {
        let position = self.manifest.position(&hit.document_id);
        let cosine = |position| self.cosine(similarities, position, hit.chunk.ordinal);
        position.and_then(cosine).unwrap_or_default()
    }

    fn cosine(&self, of: &Similarities, document: usize, ordinal: u32) -> Option<f32> {
        of.cosines.get(self.vectors.as_ref()?.find(document, ordinal)?).copied()
    }

    /// The places of the `limit` most similar chunks that a filter lets through, the most similar
    /// first, ties by (document id, ordinal). They say nothing of words: each has the score 0.
    pub fn most_similar(
        &self,
        similarities: &Similarities,
        filter: &Filter,
        limit: usize,
    ) -> Vec<Found> {
        let places = self.places.get_or_init(|| self.places());
        let gate = (!filter.is_empty()).then(|| filter.on(&self.manifest));
        let passes = |row: usize| {
            gate.as_ref().is_none_or(|gate| {
                places.get(row).and_then(Option::as_ref).is_some_and(|found| {
                    gate.lets(&self.segments[found.segment], found.doc, found.owner)
                })
            })
        };
        let mut best = BinaryHeap::with_capacity(limit + 1);
        for (row, &cosine) in similarities.cosines.iter().enumerate() {
            if !passes(row) {
                continue;
            }
            // Rows are in the order that decides ties. Not a number is no cosine.
            best.push((Reverse(Cosine(cosine)), row));
            if best.len() > limit {
                best.pop();
            }
        }
        let rows = best.into_sorted_vec().into_iter().map(|(_, row)| row);
        rows.filter_map(|row| places.get(row)?.clone()).collect()
    }

    /// The place of each row's chunk. Costs a look at every chunk, once.
    fn places(&self) -> Vec<Option<Found>> {
        let Some(vectors) = &self.vectors else { return Vec::new() };
        let mut places = vec![None; vectors.rows().len()];
        for (at, segment) in self.segments.iter().enumerate() {
            for doc in 0..segment.reader.max_doc() {
                let Some(owner) = segment.live_owner(doc) else { continue };
                let ordinal = segment.ordinal(doc);
                let row = vectors.find(owner as usize, ordinal);
                if let Some(place) = row.and_then(|row| places.get_mut(row)) {
                    *place = Some(Found { score: 0.0, owner, ordinal, segment: at, doc });
                }
            }
        }
        places
    }
}

/// A number in its total order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cosine(f32);

impl Eq for Cosine {}

impl Ord for Cosine {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Cosine {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
