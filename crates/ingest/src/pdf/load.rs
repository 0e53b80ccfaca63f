//! From bytes to a [`lopdf::Document`], whatever the file says about where its objects are.
//!
//! [`scan`] walks the bytes for indirect objects and trailers, [`decrypt`] undoes encryption,
//! [`object_streams`] adds the objects that streams hold, [`trailer`] finds the catalog. The
//! cross-reference table is only looked at to say whether it is sound: a table that lies costs
//! nothing, one that names an object a million times neither. On sound files this gives the text
//! that following the table gives, and takes less time. Time and memory are linear in the file
//! and in what its object streams decode to.
//!
//! All generations become 0 on the way: wrong ones in references are more common than numbers
//! used twice, and of those the last one counts.

mod decrypt;
mod encryption;
mod headers;
mod object_streams;
mod scan;
mod syntax;
mod trailer;

use std::collections::BTreeMap;

use lopdf::{Object, Stream};

use crate::inspect::Opened;
use crate::pdf::objects::{Objects, as_dict};
use crate::{Config, IngestError, Limits};
pub(super) use encryption::encryption;
use scan::{Body, Found, Scan};
use syntax::Losses;

/// The objects of a file.
pub(super) struct Loaded {
    pub(super) document: lopdf::Document,
    /// What was repaired or left out, one sentence each.
    pub(super) repairs: Vec<String>,
    /// What object streams took of the limit for all streams.
    pub(super) decoded_bytes: usize,
    /// How an encrypted file was opened.
    pub(super) opened: Option<Opened>,
}

/// Where an object stands in the file.
struct Place {
    number: u32,
    generation: u16,
    offset: usize,
}

/// Loads the objects of a PDF and decrypts them with the empty password, or else with the
/// configured one.
///
/// # Errors
///
/// [`IngestError::Encrypted`] where the objects are behind a password or an unknown cipher,
/// [`IngestError::Damaged`] where there are none.
pub(super) fn load(bytes: &[u8], config: &Config) -> Result<Loaded, IngestError> {
    let limits = &config.limits;
    let scan = scan::scan(bytes, limits);
    if scan.objects.is_empty() {
        return Err(damaged(bytes, "no objects were found in it"));
    }
    let mut repairs = repairs(bytes, &scan);
    let Scan { objects, trailers, mut values_left, mut streams_measured, mut losses, .. } = scan;
    let places: Vec<Place> = objects.iter().map(place).collect();
    let mut document = raw(bytes, objects, &trailers);
    let opened = decrypt(&mut document, &places, config)?;
    let expanded = expand(&document, &places, limits, &mut values_left);
    document.objects.extend(expanded.objects);
    repairs.extend(expanded.repairs);
    losses.add(expanded.losses);
    repairs.extend(losses.sentences(limits.nesting_max));
    let lengths = scan.lengths_elsewhere.iter().map(|&number| document.get_object((number, 0)));
    streams_measured += lengths.filter(|length| !matches!(length, Ok(Object::Integer(_)))).count();
    if streams_measured > 0 {
        repairs.push(format!("streams whose length is wrong or missing: {streams_measured}"));
    }
    repairs.extend(trailer::find_catalog(&mut document));
    Ok(Loaded { document, repairs, decoded_bytes: expanded.decoded_bytes, opened })
}

/// The objects of a PDF as they stand in it, encrypted ones too and without those in streams: for
/// what can be told of a file that cannot be loaded.
pub(super) fn glimpse(bytes: &[u8], limits: &Limits) -> lopdf::Document {
    let scan = scan::scan(bytes, limits);
    raw(bytes, scan.objects, &scan.trailers)
}

fn raw(
    bytes: &[u8],
    objects: BTreeMap<u32, Found>,
    trailers: &[lopdf::Dictionary],
) -> lopdf::Document {
    let mut document = lopdf::Document::new();
    let objects = objects.into_iter().map(|(number, found)| (number, materialized(bytes, found)));
    document.objects = objects.map(|(number, object)| ((number, 0), object)).collect();
    document.trailer = trailer::merged(&document, trailers);
    document
}

fn place((&number, found): (&u32, &Found)) -> Place {
    Place { number, generation: found.generation, offset: found.offset }
}

fn materialized(bytes: &[u8], found: Found) -> Object {
    match found.body {
        Body::Plain(object) => object,
        Body::Stream(dict, range) => {
            let content = bytes.get(range).unwrap_or_default().to_vec();
            Stream { dict, content, allows_compression: true, start_position: None }.into()
        }
    }
}

fn repairs(bytes: &[u8], scan: &Scan) -> Vec<String> {
    let mut repairs = Vec::new();
    if !trailer::table_is_sound(bytes, scan) {
        repairs.push("the cross-reference table was rebuilt by scanning the file".to_owned());
    }
    if scan.headers_guessed > 0 {
        repairs.push(format!("objects whose header is damaged: {}", scan.headers_guessed));
    }
    if scan.streams_cut > 0 {
        repairs.push(format!("streams cut short by the end of the file: {}", scan.streams_cut));
    }
    if let Some((what, limit)) = scan.stopped {
        repairs.push(too_many(what, limit));
    }
    repairs
}

fn too_many(what: &str, limit: usize) -> String {
    format!("the file holds more than {limit} {what}; the rest is left out")
}

fn decrypt(
    document: &mut lopdf::Document,
    places: &[Place],
    config: &Config,
) -> Result<Option<Opened>, IngestError> {
    let Ok(encrypt) = document.trailer.get(b"Encrypt") else { return Ok(None) };
    let own = encrypt.as_reference().ok();
    let keys = {
        let objects = Objects::new(document, &config.limits);
        let Some(dict) = objects.resolve(encrypt).and_then(as_dict) else { return Ok(None) };
        let id = document.trailer.get(b"ID").ok();
        decrypt::keys(&objects, dict, id, config.password.as_deref())?
    };
    let Some(keys) = keys else { return Ok(Some(Opened::TextIsPlain)) };
    for place in places.iter().filter(|place| own.is_none_or(|own| own.0 != place.number)) {
        if let Some(object) = document.objects.get_mut(&(place.number, 0)) {
            keys.decrypt((place.number, place.generation), object);
        }
    }
    Ok(Some(keys.opened))
}

/// The objects in object streams.
#[derive(Default)]
struct Expanded {
    objects: BTreeMap<lopdf::ObjectId, Object>,
    repairs: Vec<String>,
    losses: Losses,
    decoded_bytes: usize,
}

/// Reads the object streams in the order of the file. Of several objects with one number the one
/// that stands later in the file counts.
fn expand(
    document: &lopdf::Document,
    places: &[Place],
    limits: &Limits,
    values_left: &mut usize,
) -> Expanded {
    let offset_of = |number: u32| {
        let at = places.binary_search_by_key(&number, |place| place.number).ok()?;
        places.get(at).map(|place| place.offset)
    };
    let streams = document.objects.iter().filter_map(|(id, object)| {
        let stream = object.as_stream().ok().filter(|stream| stream.dict.has_type(b"ObjStm"))?;
        Some((offset_of(id.0)?, stream))
    });
    let mut streams: Vec<(usize, &Stream)> = streams.collect();
    streams.sort_unstable_by_key(|(offset, _)| *offset);
    let objects = Objects::new(document, limits);
    let room = limits.objects_max.saturating_sub(document.objects.len());
    let mut expanded = Expanded::default();
    let mut unread = 0;
    for (offset, stream) in streams {
        let (decoded, shortfall) = objects.content(stream);
        unread += usize::from(shortfall.is_some());
        let losses = &mut expanded.losses;
        let nesting_max = limits.nesting_max;
        let members = object_streams::members(stream, &decoded, nesting_max, values_left, losses);
        for (number, object) in members {
            let is_known = expanded.objects.contains_key(&(number, 0));
            if offset_of(number) < Some(offset) && (is_known || expanded.objects.len() < room) {
                expanded.objects.insert((number, 0), object);
            } else if offset_of(number).is_none() {
                unread += 1;
            }
        }
    }
    if unread > 0 {
        let repair = format!("object streams, or objects in them, that were left out: {unread}");
        expanded.repairs.push(repair);
    }
    if *values_left == 0 {
        expanded.repairs.push(too_many("values in objects", syntax::VALUES_MAX));
    }
    expanded.decoded_bytes = objects.decoded_bytes();
    expanded
}

/// The failure of a file in which `what` is the matter, with advice.
pub(super) fn damaged(bytes: &[u8], what: &str) -> IngestError {
    let tail = bytes.get(bytes.len().saturating_sub(2048)..).unwrap_or_default();
    let advice = if memchr::memmem::find(tail, b"%%EOF").is_none() {
        "its end is missing; upload it again, the transfer may have been cut off"
    } else {
        "open it in a viewer and export it again"
    };
    IngestError::Damaged { what: format!("{what}; {advice}"), offset: None }
}

/// The document information dictionary (ISO 32000-1, 14.3.3), keys in lower case.
pub(super) fn information(objects: &Objects<'_>) -> BTreeMap<String, String> {
    let info = objects.document.trailer.get(b"Info").ok();
    let info = info.and_then(|info| objects.resolve(info)).and_then(as_dict);
    let keys = ["Title", "Author", "Subject", "Keywords", "CreationDate", "ModDate"];
    let entry = |key: &str| Some((key.to_lowercase(), objects.text(info?, key.as_bytes())?));
    keys.into_iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests;
