//! Prepared chunks that are kept for the next question, beside the snapshot they belong to.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use index::{Found, Snapshot};

use crate::AnswerError;
use crate::chunk_text::ChunkText;

/// Memory for the prepared chunks of one snapshot, in bytes, about: some 3,000 chunks of the
/// usual size. A snapshot that is dropped takes them with it.
const BYTES_MAX: usize = 8 << 20;

/// The prepared chunk at a place of a snapshot: a kept one, or one that is read and kept.
pub(crate) fn prepared(snapshot: &Snapshot, found: &Found) -> Result<Arc<ChunkText>, AnswerError> {
    let kept = snapshot.attached(Kept::default);
    if let Some(text) = kept.and_then(|kept| kept.get(found.place())) {
        return Ok(text);
    }
    let text = Arc::new(ChunkText::new(snapshot.read(found)?));
    if let Some(kept) = kept {
        kept.put(found.place(), &text);
    }
    Ok(text)
}

/// Chunks by place.
#[derive(Default)]
struct Kept {
    generations: Mutex<Generations>,
}

/// Two generations: what is asked for moves to the young one, and when that is full the old one
/// goes. As good as a list by last use where few chunks are asked for often, and simpler.
#[derive(Default)]
struct Generations {
    young: HashMap<Place, Arc<ChunkText>>,
    old: HashMap<Place, Arc<ChunkText>>,
    young_bytes: usize,
}

type Place = (usize, u32);

impl Kept {
    fn get(&self, place: Place) -> Option<Arc<ChunkText>> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = generations.young.get(&place) {
            return Some(Arc::clone(text));
        }
        let text = generations.old.remove(&place)?;
        generations.put(place, Arc::clone(&text));
        Some(text)
    }

    fn put(&self, place: Place, text: &Arc<ChunkText>) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(place, Arc::clone(text));
    }
}

impl Generations {
    fn put(&mut self, place: Place, text: Arc<ChunkText>) {
        let bytes = text.bytes();
        if self.young_bytes + bytes > BYTES_MAX / 2 {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        // One that fills a generation alone would drive out all others.
        if bytes <= BYTES_MAX / 2 && self.young.insert(place, text).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{chunk_of, hit_of};

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let long = Arc::new(ChunkText::new(hit_of("a", chunk_of(&"word ".repeat(2_000)))));
        let most = BYTES_MAX / long.bytes();
        let kept = Kept::default();
        for number in 0..3 * most as u32 {
            kept.put((0, number), &long);
            assert!(kept.get((0, 0)).is_some(), "{number}");
        }
        let generations = kept.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= most);
        assert!(generations.old.len() > most / 4);
    }

    #[test]
    fn a_chunk_that_is_too_large_is_not_kept() {
        let huge = Arc::new(ChunkText::new(hit_of("a", chunk_of(&"word ".repeat(1 << 20)))));
        let kept = Kept::default();
        kept.put((0, 1), &huge);
        assert!(kept.get((0, 1)).is_none());
    }
}
