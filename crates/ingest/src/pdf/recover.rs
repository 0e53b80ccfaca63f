//! The second strategy for a PDF: forget what the file says about where its objects are, and
//! look for them.
//!
//! [`scan`] walks the bytes for indirect objects and trailers, [`decrypt`] undoes encryption,
//! [`object_streams`] adds the objects that streams hold. The result is a [`lopdf::Document`]
//! as a load would give it, except that all generations are 0. Time and memory are linear in the
//! file and in what its object streams decode to.

mod decrypt;
mod object_streams;
mod scan;
mod syntax;

use lopdf::{Dictionary, Object, Stream};

use crate::pdf::objects::{Objects, as_dict};
use crate::{Config, IngestError};
use scan::{Body, Found, Scan};

/// A document put together from what a file holds.
pub(super) struct Rebuilt {
    pub(super) document: lopdf::Document,
    /// What was repaired, one sentence each.
    pub(super) repairs: Vec<String>,
}

/// Puts a document together from whatever objects are in the bytes.
///
/// # Errors
///
/// [`IngestError::Encrypted`] where the objects are behind a password or an unknown cipher. A
/// file without objects gives an empty document.
pub(super) fn rebuild(bytes: &[u8], config: &Config) -> Result<Rebuilt, IngestError> {
    let scan = scan::scan(bytes, &config.limits);
    let mut repairs = repairs(&scan);
    let Scan { objects, trailers, mut values_left, .. } = scan;
    let generations: Vec<(u32, u16, usize)> =
        objects.iter().map(|(&number, found)| (number, found.generation, found.offset)).collect();
    let mut document = lopdf::Document::new();
    document.objects =
        objects.into_iter().map(|(number, found)| plain(bytes, number, found)).collect();
    document.trailer = trailer(&document, &trailers);
    decrypt(&mut document, &generations, config)?;
    let unread = expand(&mut document, &generations, config, &mut values_left);
    if unread > 0 {
        repairs.push(format!("object streams that cannot be read to their end: {unread}"));
    }
    find_catalog(&mut document, &mut repairs);
    document.max_id = document.objects.keys().next_back().map_or(0, |id| id.0);
    Ok(Rebuilt { document, repairs })
}

fn repairs(scan: &Scan) -> Vec<String> {
    let mut repairs = vec!["the cross-reference table was rebuilt by scanning the file".to_owned()];
    if scan.streams_measured > 0 {
        repairs
            .push(format!("streams whose length was wrong or missing: {}", scan.streams_measured));
    }
    if scan.streams_cut > 0 {
        repairs.push(format!("streams cut short by the end of the file: {}", scan.streams_cut));
    }
    if let Some((what, limit)) = scan.stopped {
        repairs.push(format!("the file holds more than {limit} {what}; the rest was left out"));
    }
    repairs
}

fn plain(bytes: &[u8], number: u32, found: Found) -> ((u32, u16), Object) {
    let object = match found.body {
        Body::Plain(object) => object,
        Body::Stream(dict, range) => {
            let content = bytes.get(range).unwrap_or_default().to_vec();
            Stream::new(dict, content).into()
        }
    };
    ((number, 0), object)
}

/// One trailer of all: for each key that matters the last trailer whose value leads somewhere.
fn trailer(document: &lopdf::Document, trailers: &[Dictionary]) -> Dictionary {
    let mut merged = Dictionary::new();
    for key in [&b"Root"[..], b"Info", b"Encrypt", b"ID"] {
        let values = trailers.iter().filter_map(|trailer| trailer.get(key).ok());
        let found = values.into_iter().find(|value| {
            // Objects in streams are not known yet.
            document.dereference(value).is_ok_and(|(_, value)| !value.is_null())
                || (key == b"Root" && value.as_reference().is_ok())
        });
        if let Some(value) = found {
            merged.set(key, value.clone());
        }
    }
    merged
}

fn decrypt(
    document: &mut lopdf::Document,
    generations: &[(u32, u16, usize)],
    config: &Config,
) -> Result<(), IngestError> {
    let Ok(encrypt) = document.trailer.get(b"Encrypt") else { return Ok(()) };
    let own = encrypt.as_reference().ok();
    let keys = {
        let objects = Objects::new(document, &config.limits);
        let Some(dict) = objects.resolve(encrypt).and_then(as_dict) else { return Ok(()) };
        let id = document.trailer.get(b"ID").ok();
        decrypt::keys(&objects, dict, id, config.password.as_deref())?
    };
    if let Some(keys) = keys {
        for &(number, generation, _) in
            generations.iter().filter(|object| Some((object.0, 0)) != own)
        {
            if let Some(object) = document.objects.get_mut(&(number, 0)) {
                keys.decrypt((number, generation), object);
            }
        }
    }
    document.trailer.remove(b"Encrypt");
    Ok(())
}

/// Adds the objects in object streams; returns how many streams were not read to their end. Of
/// several objects with one number the one that stands later in the file counts.
fn expand(
    document: &mut lopdf::Document,
    generations: &[(u32, u16, usize)],
    config: &Config,
    values_left: &mut usize,
) -> usize {
    let offset_of = |number: u32| {
        let at = generations.binary_search_by_key(&number, |object| object.0).ok()?;
        generations.get(at).map(|object| object.2)
    };
    let mut containers: Vec<(usize, u32)> = document
        .objects
        .iter()
        .filter(|(_, object)| {
            object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"ObjStm"))
        })
        .filter_map(|(id, _)| Some((offset_of(id.0)?, id.0)))
        .collect();
    containers.sort_unstable();
    let limits = &config.limits;
    let (mut added, mut unread) = (Vec::new(), 0);
    let objects = Objects::new(document, limits);
    for (offset, number) in containers {
        let Ok(stream) = document.get_object((number, 0)).and_then(Object::as_stream) else {
            continue;
        };
        let (decoded, shortfall) = objects.content(stream);
        unread += usize::from(shortfall.is_some());
        let members = object_streams::members(stream, &decoded, limits.nesting_max, values_left);
        let newer = members.into_iter().filter(|(number, _)| offset_of(*number) < Some(offset));
        added.extend(
            newer.take(limits.objects_max.saturating_sub(document.objects.len() + added.len())),
        );
    }
    document.objects.extend(added.into_iter().map(|(number, object)| ((number, 0), object)));
    unread
}

/// Makes the trailer's root lead to a catalog: an object of that type, or else one that names
/// pages.
fn find_catalog(document: &mut lopdf::Document, repairs: &mut Vec<String>) {
    let names_pages = |object: &Object| {
        as_dict(object).is_some_and(|dict| dict.has(b"Pages") || dict.has_type(b"Catalog"))
    };
    let root = document.trailer.get(b"Root").and_then(|root| document.dereference(root));
    if root.is_ok_and(|(_, root)| names_pages(root)) {
        return;
    }
    let typed = |object: &Object| as_dict(object).is_some_and(|dict| dict.has_type(b"Catalog"));
    let last = |is: &dyn Fn(&Object) -> bool| {
        document.objects.iter().rev().find(|(_, object)| is(object)).map(|(id, _)| *id)
    };
    if let Some(id) = last(&typed).or_else(|| last(&names_pages)) {
        document.trailer.set("Root", id);
        repairs.push("the trailer does not lead to a catalog; one was found by type".to_owned());
    }
}
