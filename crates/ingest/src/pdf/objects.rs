//! Reads of a PDF's objects that cannot fail: what is missing, cyclic or of the wrong type is
//! absent. Decoding counts against the document's budget.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use lopdf::{Dictionary, Object, Stream};

use crate::Limits;
use crate::pdf::filters::{self, FILTERS_MAX, Shortfall};
use crate::pdf::matrix::Matrix;

/// The objects of one document, with its limits.
pub(super) struct Objects<'a> {
    pub(super) document: &'a lopdf::Document,
    pub(super) limits: &'a Limits,
    decoded_bytes: AtomicUsize,
    text_bytes: AtomicUsize,
    largest_stream: AtomicUsize,
    /// Places of the streams that broke off while they were decoded.
    broken_streams: Mutex<BTreeSet<usize>>,
    /// Limits that cut something short: what was found at most, and what is allowed.
    cuts: Mutex<BTreeMap<&'static str, (usize, usize)>>,
}

/// Why a stream was not, or not wholly, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StreamError {
    /// Bytes of all streams of the document.
    DocumentTooLarge {
        found: usize,
        limit: usize,
    },
    TooLarge {
        limit: usize,
    },
    TooManyFilters {
        found: usize,
    },
    UnknownFilter(String),
    /// With the bytes that could be decoded.
    Broken {
        bytes: usize,
    },
}

impl std::fmt::Display for StreamError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DocumentTooLarge { found, limit } => {
                write!(f, "decoded streams reach {found} bytes, limit {limit}")
            }
            Self::TooLarge { limit } => {
                write!(f, "a stream decodes to more than the {limit} bytes allowed")
            }
            Self::TooManyFilters { found } => {
                write!(f, "a stream has {found} filters, limit {FILTERS_MAX}")
            }
            Self::UnknownFilter(name) => write!(f, "a stream is compressed by {name}"),
            Self::Broken { bytes } => write!(f, "a stream is damaged after {bytes} decoded bytes"),
        }
    }
}

impl<'a> Objects<'a> {
    pub(super) fn new(document: &'a lopdf::Document, limits: &'a Limits) -> Self {
        Self {
            document,
            limits,
            decoded_bytes: AtomicUsize::new(0),
            text_bytes: AtomicUsize::new(0),
            largest_stream: AtomicUsize::new(0),
            broken_streams: Mutex::default(),
            cuts: Mutex::default(),
        }
    }

    /// Follows references to what they stand for.
    pub(super) fn resolve(&self, object: &'a Object) -> Option<&'a Object> {
        self.document.dereference(object).ok().map(|(_, object)| object)
    }

    /// The resolved value of a key.
    pub(super) fn get(&self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
        self.resolve(dict.get(key).ok()?)
    }

    pub(super) fn dict(&self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
        as_dict(self.get(dict, key)?)
    }

    pub(super) fn array(&self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Vec<Object>> {
        self.get(dict, key)?.as_array().ok()
    }

    pub(super) fn name(&self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
        self.get(dict, key)?.as_name().ok()
    }

    pub(super) fn stream(&self, dict: &'a Dictionary, key: &[u8]) -> Option<&'a Stream> {
        self.get(dict, key)?.as_stream().ok()
    }

    pub(super) fn number(&self, dict: &'a Dictionary, key: &[u8]) -> Option<f32> {
        number(self.get(dict, key)?)
    }

    /// A text string (ISO 32000-1, 7.9.2.2), trimmed; `None` where empty.
    pub(super) fn text(&self, dict: &'a Dictionary, key: &[u8]) -> Option<String> {
        let text = lopdf::decode_text_string(self.get(dict, key)?).ok()?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn matrix(&self, dict: &'a Dictionary, key: &[u8]) -> Option<Matrix> {
        self.numbers(dict, key).map(Matrix::from_numbers).filter(|matrix| matrix.is_sane())
    }

    /// An array of exactly `N` numbers.
    pub(super) fn numbers<const N: usize>(
        &self,
        dict: &'a Dictionary,
        key: &[u8],
    ) -> Option<[f32; N]> {
        let array = self.array(dict, key)?;
        let mut numbers = [0.0; N];
        for (number_at, object) in numbers.iter_mut().zip(array.iter()) {
            *number_at = number(self.resolve(object)?)?;
        }
        (array.len() >= N).then_some(numbers)
    }

    /// Decodes a stream within the limits of one stream and of the whole document; what a
    /// damaged one gives is taken for all of it.
    pub(super) fn decode(&self, stream: &Stream) -> Result<Vec<u8>, StreamError> {
        match self.content(stream) {
            (bytes, None) => Ok(bytes),
            (bytes, Some(StreamError::Broken { .. })) if !bytes.is_empty() => Ok(bytes),
            (_, Some(error)) => Err(error),
        }
    }

    /// Decodes a stream as far as it goes, and says why where that is not to its end.
    pub(super) fn content(&self, stream: &Stream) -> (Vec<u8>, Option<StreamError>) {
        let (each, all) = (self.limits.stream_bytes_max, self.limits.document_bytes_max);
        let too_large = |found| StreamError::DocumentTooLarge { found, limit: all };
        if self.decoded_bytes() > all {
            return (Vec::new(), Some(too_large(self.decoded_bytes())));
        }
        let decoded = filters::decode(self, stream, each);
        self.largest_stream.fetch_max(decoded.bytes.len(), Ordering::Relaxed);
        let cost = decoded.bytes.len().saturating_add(stream.content.len());
        let total = self.decoded_bytes.fetch_add(cost, Ordering::Relaxed).saturating_add(cost);
        if total > all {
            return (Vec::new(), Some(too_large(total)));
        }
        let bytes = decoded.bytes.len();
        let error = decoded.shortfall.map(|shortfall| match shortfall {
            Shortfall::TooLarge => StreamError::TooLarge { limit: each },
            Shortfall::TooManyFilters(found) => StreamError::TooManyFilters { found },
            Shortfall::Unknown(name) => StreamError::UnknownFilter(name),
            Shortfall::Broken => {
                self.mark_broken(stream);
                StreamError::Broken { bytes }
            }
        });
        (decoded.bytes, error)
    }

    fn mark_broken(&self, stream: &Stream) {
        let place = std::ptr::from_ref(stream).addr();
        self.broken_streams.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
    }

    /// Streams met so far that do not decode to their end.
    pub(super) fn broken_streams(&self) -> usize {
        self.broken_streams.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Records that `found` of `what`, a plural, are more than the `limit`; nothing if they are not.
    pub(super) fn record_limit(&self, what: &'static str, found: usize, limit: usize) {
        if found > limit {
            let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
            let known = cuts.entry(what).or_insert((found, limit));
            known.0 = known.0.max(found);
        }
    }

    /// The limits that cut something short, one sentence each, in one order.
    pub(super) fn limits_met(&self) -> Vec<String> {
        let cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let sentence = |(what, (found, limit)): (&&str, &(usize, usize))| {
            format!("{what}: {found} found, limit {limit}; the rest is left out")
        };
        cuts.iter().map(sentence).collect()
    }

    /// Bytes decoded so far.
    pub(super) fn decoded_bytes(&self) -> usize {
        self.decoded_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of the largest stream so far, decoded.
    pub(super) fn largest_stream(&self) -> usize {
        self.largest_stream.load(Ordering::Relaxed)
    }

    /// The catalog (ISO 32000-1, 7.7.2).
    pub(super) fn catalog(&self) -> Option<&'a Dictionary> {
        as_dict(self.resolve(self.document.trailer.get(b"Root").ok()?)?)
    }

    /// Counts what was decoded before.
    pub(super) fn charge(&self, bytes: usize) {
        self.decoded_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether a limit of the whole document was crossed.
    pub(super) fn is_exhausted(&self) -> bool {
        self.decoded_bytes() > self.limits.document_bytes_max
            || self.text_bytes() > self.limits.output_bytes_max
    }

    /// Counts text of a page against the limit of the document.
    pub(super) fn count_text(&self, bytes: usize) {
        self.text_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of text found so far.
    pub(super) fn text_bytes(&self) -> usize {
        self.text_bytes.load(Ordering::Relaxed)
    }
}

/// The dictionary an object is or, for a stream, has.
pub(super) fn as_dict(object: &Object) -> Option<&Dictionary> {
    match object {
        Object::Dictionary(dict) => Some(dict),
        Object::Stream(stream) => Some(&stream.dict),
        _ => None,
    }
}

/// A finite number, integer or real.
pub(super) fn number(object: &Object) -> Option<f32> {
    object.as_float().ok().filter(|number| number.is_finite())
}
