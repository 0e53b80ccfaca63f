//! Stems, remembered.

use frostem::Stemmer;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::language::{Language, Script};

/// Remembered words, a power of two. Running text repeats its words, so few are stemmed anew.
const SLOTS: usize = 4096;

/// Longest word worth remembering, in bytes; longer ones are stemmed each time.
const REMEMBERED_BYTES_MAX: usize = 24;

/// Stems of words, with a memory of one word per slot.
#[derive(Default)]
pub(super) struct Stems {
    /// Empty until the first word, so that making one costs nothing.
    slots: Vec<Slot>,
    long: Slot,
}

#[derive(Default, Clone)]
struct Slot {
    word: String,
    language: Option<Language>,
    stem: String,
}

impl Stems {
    /// The stem of a folded word in a text of some language. A word in another script is taken
    /// for the most spoken language of that script.
    pub(super) fn stem<'a>(&'a mut self, word: &'a str, language: Language) -> &'a str {
        // Numbers and part numbers have no endings, nor have words of two letters.
        if word.len() < 3 || word.bytes().any(|byte| byte.is_ascii_digit()) {
            return word;
        }
        let script = Script::of(word);
        let fits = language.script() == script;
        let Some(language) = (if fits { Some(language) } else { script.default_language() }) else {
            return word;
        };
        if language.stemmer().is_none() {
            return word;
        }
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, Slot::default());
        }
        let remembered = word.len() <= REMEMBERED_BYTES_MAX;
        let at = slot_of(word, language);
        let slot = if remembered { &mut self.slots[at] } else { &mut self.long };
        if slot.language != Some(language) || slot.word != word {
            slot.fill(word, language);
        }
        &slot.stem
    }
}

impl Slot {
    fn fill(&mut self, word: &str, language: Language) {
        self.language = Some(language);
        self.word.clear();
        self.word.push_str(word);
        self.stem.clear();
        let Some(stemmer) = language.stemmer().map(Stemmer::new) else { return };
        match language {
            Language::Hindi | Language::Persian | Language::Romanian => {
                let plain: String = word.chars().filter_map(one_spelling).collect();
                self.push_plain(&stemmer.stem(&plain), language);
            }
            _ => self.push_plain(&stemmer.stem(word), language),
        }
        // A stemmer may eat a short word whole.
        if self.stem.is_empty() {
            self.stem.push_str(word);
        }
    }

    /// Writes a stem, without its accents where people leave them out when they type.
    fn push_plain(&mut self, stem: &str, language: Language) {
        if stem.is_ascii() || !drops_accents(language) {
            self.stem.push_str(stem);
        } else {
            self.stem.extend(stem.nfd().filter(|&char| !is_combining_mark(char)));
        }
    }
}

/// Languages that are often typed without accents, and whose accents seldom tell words apart.
fn drops_accents(language: Language) -> bool {
    use Language::{English, French, Greek, Italian, Portuguese, Romanian, Spanish};
    matches!(language, English | French | Greek | Italian | Portuguese | Romanian | Spanish)
}

/// One of the spellings that vary from text to text: nukta, nasalisation and vowel length in
/// Hindi (after L. Larkey, M. Connell, N. Abduljaleel, "Hindi CLIR in thirty days", 2003), Arabic
/// letters in Persian, cedillas for commas in Romanian.
fn one_spelling(char: char) -> Option<char> {
    match char {
        '\u{64a}' => Some('\u{6cc}'),
        '\u{643}' => Some('\u{6a9}'),
        'ţ' => Some('ț'),
        'ş' => Some('ș'),
        '\u{93c}' => None,
        'ँ' => Some('ं'),
        'ई' => Some('इ'),
        'ी' => Some('ि'),
        'ऊ' => Some('उ'),
        'ू' => Some('ु'),
        'ऐ' => Some('ए'),
        'ै' => Some('े'),
        'औ' => Some('ओ'),
        'ौ' => Some('ो'),
        other => Some(other),
    }
}

/// FNV-1a over the bytes, folded to the number of slots.
fn slot_of(word: &str, language: Language) -> usize {
    let seed = 0xcbf2_9ce4_8422_2325_u64 ^ language as u64;
    let hash = word
        .bytes()
        .fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) as usize & (SLOTS - 1)
}
