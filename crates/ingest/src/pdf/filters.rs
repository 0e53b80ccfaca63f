//! Stream filters (ISO 32000-1, 7.4), each giving what it can: data that break off or turn bad
//! keep what came before.
//!
//! Names and parameters may be references, abbreviated or missing. Images' own compressions are
//! not undone.

mod ascii;
mod predictor;

use flate2::{Decompress, FlushDecompress, Status};
use lopdf::{Dictionary, Object, Stream};

use crate::pdf::objects::Objects;

/// Filters of one stream; files use one or two.
pub(super) const FILTERS_MAX: usize = 16;
/// Bytes a filter's output grows by at least.
const CHUNK_BYTES: usize = 16 * 1024;

/// What a stream decodes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Why there may be more.
    pub(super) shortfall: Option<Shortfall>,
}

/// Why a stream did not decode to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shortfall {
    /// There is more than may be decoded.
    TooLarge,
    /// The data end early or are not what the filter takes.
    Broken,
    /// A filter that is not undone here.
    Unknown(String),
    /// More filters than are undone.
    TooManyFilters(usize),
}

/// Undoes a stream's filters; each gives `limit` bytes at most. Linear in what goes in and out.
pub(super) fn decode(objects: &Objects<'_>, stream: &Stream, limit: usize) -> Decoded {
    let filters = names(objects, &stream.dict);
    if filters.len() > FILTERS_MAX {
        let shortfall = Some(Shortfall::TooManyFilters(filters.len()));
        return Decoded { bytes: Vec::new(), shortfall };
    }
    let mut shortfall = None;
    let mut bytes: Option<Vec<u8>> = None;
    for (index, filter) in filters.iter().enumerate() {
        let input = bytes.as_deref().unwrap_or(&stream.content);
        let step = undo(filter, input, parameters(objects, &stream.dict, index), objects, limit);
        let ends = matches!(step.shortfall, Some(Shortfall::Unknown(_)));
        shortfall = shortfall.or(step.shortfall);
        bytes = Some(step.bytes);
        if ends {
            break;
        }
    }
    let bytes = bytes.unwrap_or_else(|| stream.content.clone());
    let too_large = bytes.len() > limit;
    let mut decoded = Decoded { bytes, shortfall };
    if too_large {
        decoded.bytes.truncate(limit);
        decoded.shortfall.get_or_insert(Shortfall::TooLarge);
    }
    decoded
}

fn undo(
    filter: &[u8],
    input: &[u8],
    parameters: Option<&Dictionary>,
    objects: &Objects<'_>,
    limit: usize,
) -> Decoded {
    let number = |key: &[u8]| {
        let value = objects.get(parameters?, key)?;
        value.as_i64().ok()
    };
    match filter {
        b"FlateDecode" | b"Fl" => predictor::undo(flate(input, limit), &number),
        b"LZWDecode" | b"LZW" => {
            let early = number(b"EarlyChange") != Some(0);
            predictor::undo(lzw(input, early, limit), &number)
        }
        b"ASCII85Decode" | b"A85" => ascii::base85(input, limit),
        b"ASCIIHexDecode" | b"AHx" => ascii::hex(input, limit),
        b"RunLengthDecode" | b"RL" => run_length(input, limit),
        b"BrotliDecode" => brotli(input, limit),
        // Decryption has been there before.
        b"Crypt" => Decoded { bytes: input.to_vec(), shortfall: None },
        other => {
            let name = String::from_utf8_lossy(other.get(..40).unwrap_or(other)).into_owned();
            Decoded { bytes: Vec::new(), shortfall: Some(Shortfall::Unknown(name)) }
        }
    }
}

/// The value of a key, which may be one or a list.
fn entry<'a>(objects: &Objects<'a>, dict: &'a Dictionary, keys: [&[u8]; 2]) -> Option<&'a Object> {
    keys.iter().find_map(|key| objects.get(dict, key)).filter(|value| !value.is_null())
}

fn names<'a>(objects: &Objects<'a>, dict: &'a Dictionary) -> Vec<&'a [u8]> {
    // `F` abbreviates `Filter` in inline images, and is a file elsewhere.
    let named = |value: &'a Object| objects.resolve(value)?.as_name().ok();
    match entry(objects, dict, [b"Filter", b"F"]) {
        Some(Object::Array(filters)) => filters.iter().filter_map(named).collect(),
        Some(filter) => named(filter).into_iter().collect(),
        None => Vec::new(),
    }
}

fn parameters<'a>(
    objects: &Objects<'a>,
    dict: &'a Dictionary,
    index: usize,
) -> Option<&'a Dictionary> {
    match entry(objects, dict, [b"DecodeParms", b"DP"])? {
        Object::Array(all) => objects.resolve(all.get(index)?)?.as_dict().ok(),
        one => one.as_dict().ok(),
    }
}

/// Inflates; without its header, or after blank space, where it does not begin as it should.
fn flate(input: &[u8], limit: usize) -> Decoded {
    let decoded = inflate(input, true, limit);
    if !decoded.bytes.is_empty() || input.is_empty() || decoded.shortfall.is_none() {
        return decoded;
    }
    let trimmed = input.trim_ascii_start();
    let attempts = [(trimmed, true), (input.get(2..).unwrap_or_default(), false), (input, false)];
    let decoded_by = |(input, header)| inflate(input, header, limit);
    attempts.into_iter().map(decoded_by).find(|other| !other.bytes.is_empty()).unwrap_or(decoded)
}

fn inflate(input: &[u8], header: bool, limit: usize) -> Decoded {
    let mut inflater = Decompress::new(header);
    let mut bytes = Vec::with_capacity(input.len().saturating_mul(3).min(limit));
    loop {
        let (taken, given) = (inflater.total_in(), bytes.len());
        if given > limit {
            return Decoded { bytes, shortfall: Some(Shortfall::TooLarge) };
        }
        if bytes.capacity() - given < CHUNK_BYTES {
            bytes.reserve(CHUNK_BYTES.max(given / 2));
        }
        let rest = usize::try_from(taken).ok().and_then(|taken| input.get(taken..));
        let rest = rest.unwrap_or_default();
        let status = inflater.decompress_vec(rest, &mut bytes, FlushDecompress::None);
        let stuck = inflater.total_in() == taken && bytes.len() == given;
        match status {
            Ok(Status::StreamEnd) => return Decoded { bytes, shortfall: None },
            Ok(_) if !stuck => {}
            Ok(_) | Err(_) => return Decoded { bytes, shortfall: Some(Shortfall::Broken) },
        }
    }
}

fn lzw(input: &[u8], early_change: bool, limit: usize) -> Decoded {
    use weezl::{BitOrder, LzwStatus, decode::Decoder};
    let mut decoder = if early_change {
        Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    } else {
        Decoder::new(BitOrder::Msb, 8)
    };
    let (mut bytes, mut at) = (Vec::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    let shortfall = loop {
        let result = decoder.decode_bytes(input.get(at..).unwrap_or_default(), &mut chunk);
        at += result.consumed_in;
        bytes.extend_from_slice(chunk.get(..result.consumed_out).unwrap_or_default());
        if bytes.len() > limit {
            break Some(Shortfall::TooLarge);
        }
        match result.status {
            Ok(LzwStatus::Done) => break None,
            Ok(LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            // Without its end code, but with all its data.
            Ok(_) if at >= input.len() => break None,
            Ok(_) | Err(_) => break Some(Shortfall::Broken),
        }
    };
    Decoded { bytes, shortfall }
}

/// ISO 32000-1, 7.4.5.
fn run_length(input: &[u8], limit: usize) -> Decoded {
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(&length) = input.get(at).filter(|&&length| length != 128) {
        if bytes.len() > limit {
            return Decoded { bytes, shortfall: Some(Shortfall::TooLarge) };
        }
        let count = usize::from(length);
        if count < 128 {
            let end = input.len().min(at + count + 2);
            bytes.extend_from_slice(input.get(at + 1..end).unwrap_or_default());
            at = end;
        } else if let Some(&byte) = input.get(at + 1) {
            bytes.resize(bytes.len() + 257 - count, byte);
            at += 2;
        } else {
            at += 1;
        }
    }
    Decoded { bytes, shortfall: None }
}

/// Brotli (an extension to ISO 32000-2), by lopdf's own decoder.
fn brotli(input: &[u8], limit: usize) -> Decoded {
    let dict = lopdf::dictionary! { "Filter" => "BrotliDecode" };
    let error = match Stream::new(dict, input.to_vec()).get_plain_content_with_limit(limit) {
        Ok(bytes) => return Decoded { bytes, shortfall: None },
        Err(error) => error,
    };
    let shortfall = match error {
        lopdf::Error::Decompress(_) => Shortfall::TooLarge,
        _ => Shortfall::Broken,
    };
    Decoded { bytes: Vec::new(), shortfall: Some(shortfall) }
}

#[cfg(test)]
mod tests;
