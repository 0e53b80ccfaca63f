//! Prepared chunks that are kept for the next question, beside the snapshot they belong to.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use index::{Attached, Found, Snapshot};

use crate::AnswerError;
use crate::chunk_text::ChunkText;

/// What a kept chunk takes beside itself, in bytes, about: its place in a map that is half full.
const PLACE_BYTES: usize = 64;

/// The prepared chunk at a place of a snapshot: a kept one, or one that is read and kept.
pub(crate) fn prepared(snapshot: &Snapshot, found: &Found) -> Result<Arc<ChunkText>, AnswerError> {
    let kept = snapshot.attached(Kept::new).zip(snapshot.stored_at(found));
    if let Some(text) = kept.and_then(|(kept, place)| kept.get(place)) {
        return Ok(text);
    }
    let text = Arc::new(ChunkText::new(snapshot.read(found)?));
    if let Some((kept, place)) = kept {
        kept.put(place, &text);
    }
    Ok(text)
}

/// Chunks by where they are stored, as many as there is memory for. They go over to the next
/// snapshot of the bot; those it has no more are never asked for, and make room in time.
struct Kept {
    /// Of both generations, in bytes, about.
    bytes_max: usize,
    generations: Mutex<Generations>,
}

/// Two generations: what is asked for moves to the young one, and when that is full the old one
/// goes. As good as a list by last use where few chunks are asked for often, and simpler.
#[derive(Default)]
struct Generations {
    young: HashMap<Place, Arc<ChunkText>>,
    old: HashMap<Place, Arc<ChunkText>>,
    young_bytes: usize,
    old_bytes: usize,
}

/// See [`Snapshot::stored_at`].
type Place = (u128, u32);

impl Attached for Kept {
    fn bytes(&self) -> usize {
        let generations = self.lock();
        generations.young_bytes + generations.old_bytes
    }
}

impl Kept {
    fn new(bytes_max: usize) -> Self {
        Self { bytes_max, generations: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, place: Place) -> Option<Arc<ChunkText>> {
        let mut generations = self.lock();
        if let Some(text) = generations.young.get(&place) {
            return Some(Arc::clone(text));
        }
        let text = generations.old.remove(&place)?;
        generations.old_bytes -= bytes_of(&text);
        generations.put(place, Arc::clone(&text), self.bytes_max / 2);
        Some(text)
    }

    fn put(&self, place: Place, text: &Arc<ChunkText>) {
        self.lock().put(place, Arc::clone(text), self.bytes_max / 2);
    }
}

impl Generations {
    /// `bytes_max` is that of one generation.
    fn put(&mut self, place: Place, text: Arc<ChunkText>, bytes_max: usize) {
        let bytes = bytes_of(&text);
        // One that fills a generation alone would drive out all others.
        if bytes > bytes_max {
            return;
        }
        if self.young_bytes + bytes > bytes_max {
            self.old = mem::take(&mut self.young);
            self.old_bytes = mem::take(&mut self.young_bytes);
        }
        if self.young.insert(place, text).is_none() {
            self.young_bytes += bytes;
        }
    }
}

fn bytes_of(text: &ChunkText) -> usize {
    PLACE_BYTES + text.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{chunk_of, hit_of};

    const BYTES_MAX: usize = 8 << 20;

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let long = Arc::new(ChunkText::new(hit_of("a", chunk_of(&"word ".repeat(2_000)))));
        let most = BYTES_MAX / bytes_of(&long);
        let kept = Kept::new(BYTES_MAX);
        for number in 0..3 * most as u32 {
            kept.put((0, number), &long);
            assert!(kept.get((0, 0)).is_some(), "{number}");
            assert!(kept.bytes() <= BYTES_MAX, "{number}");
        }
        assert!(kept.bytes() > BYTES_MAX / 2);
        let generations = kept.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= most);
        assert!(generations.old.len() > most / 4);
    }

    #[test]
    fn a_chunk_that_is_too_large_is_not_kept() {
        let huge = Arc::new(ChunkText::new(hit_of("a", chunk_of(&"word ".repeat(1 << 20)))));
        let kept = Kept::new(BYTES_MAX);
        kept.put((0, 1), &huge);
        assert!(kept.get((0, 1)).is_none());
        assert_eq!(kept.bytes(), 0);
    }
}
