//! Stems, remembered.

use tantivy::tokenizer::{
    Language, RawTokenizer, Stemmer, TokenFilter, TokenStream as _, Tokenizer as _,
};

/// Remembered words, a power of two. Running text repeats its words, so few are stemmed anew.
const SLOTS: usize = 4096;

/// Longest word worth remembering, in bytes; longer ones are stemmed each time.
const REMEMBERED_BYTES_MAX: usize = 24;

type Filter = <Stemmer as TokenFilter>::Tokenizer<RawTokenizer>;

/// Stemmers by script, with a memory of one word per slot.
pub(super) struct Stems {
    filters: Filters,
    /// Empty until the first word, so that making one costs nothing.
    slots: Vec<Slot>,
    long: Slot,
}

/// One stemmer per script, the most spoken language of each. Scripts that are missing here are
/// left as they are.
struct Filters {
    latin: Filter,
    greek: Filter,
    cyrillic: Filter,
    arabic: Filter,
}

#[derive(Default, Clone)]
struct Slot {
    word: String,
    stem: String,
}

impl Default for Stems {
    fn default() -> Self {
        let filter = |language| Stemmer::new(language).transform(RawTokenizer::default());
        let filters = Filters {
            latin: filter(Language::English),
            greek: filter(Language::Greek),
            cyrillic: filter(Language::Russian),
            arabic: filter(Language::Arabic),
        };
        Self { filters, slots: Vec::new(), long: Slot::default() }
    }
}

impl Stems {
    /// The stem of a folded word.
    pub(super) fn stem<'a>(&'a mut self, word: &'a str) -> &'a str {
        // Numbers and part numbers have no endings, nor have words of two letters.
        if word.len() < 3 || word.bytes().any(|byte| byte.is_ascii_digit()) {
            return word;
        }
        let Some(filter) = self.filters.of(word) else { return word };
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, Slot::default());
        }
        let remembered = word.len() <= REMEMBERED_BYTES_MAX;
        let slot = if remembered { &mut self.slots[slot_of(word)] } else { &mut self.long };
        if slot.word != word {
            slot.fill(word, filter);
        }
        &slot.stem
    }
}

impl Slot {
    fn fill(&mut self, word: &str, filter: &mut Filter) {
        self.word.clear();
        self.word.push_str(word);
        self.stem.clear();
        let mut stream = filter.token_stream(word);
        if stream.advance() {
            self.stem.push_str(&stream.token().text);
        }
        // A stemmer may eat a short word whole.
        if self.stem.is_empty() {
            self.stem.push_str(word);
        }
    }
}

impl Filters {
    /// The stemmer for the script of the word's first letter.
    fn of(&mut self, word: &str) -> Option<&mut Filter> {
        match word.chars().next()? {
            '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(&mut self.latin),
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(&mut self.greek),
            '\u{400}'..='\u{52f}' => Some(&mut self.cyrillic),
            '\u{600}'..='\u{6ff}' => Some(&mut self.arabic),
            _ => None,
        }
    }
}

/// FNV-1a over the bytes, folded to the number of slots.
fn slot_of(word: &str) -> usize {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as usize & (SLOTS - 1)
}
