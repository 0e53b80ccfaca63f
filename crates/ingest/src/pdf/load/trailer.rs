//! What leads into the objects: trailers, the catalog, and whether the cross-reference table is
//! where and what the file says (ISO 32000-1, 7.5.4 and 7.5.5).

use lopdf::{Dictionary, Object, ObjectId};
use memchr::memmem;

use super::scan::Scan;
use super::syntax::{digits, skip_blank};
use crate::pdf::objects::as_dict;

/// `startxref` stands within this many bytes before the end.
const TAIL_BYTES: usize = 2_048;
/// Entries of a table that are checked.
const ENTRIES_MAX: usize = 64;

/// One trailer of all, given last first: for each key that matters the last trailer whose value
/// leads somewhere.
pub(super) fn merged(document: &lopdf::Document, trailers: &[Dictionary]) -> Dictionary {
    let mut merged = Dictionary::new();
    for key in [&b"Root"[..], b"Info", b"Encrypt", b"ID"] {
        let mut values = trailers.iter().filter_map(|trailer| trailer.get(key).ok());
        let found = values.find(|value| {
            let known = document.dereference(value).is_ok_and(|(_, value)| !value.is_null());
            // A catalog or information in an object stream is not known yet.
            known || (key != b"Encrypt" && value.as_reference().is_ok())
        });
        if let Some(value) = found {
            merged.set(key, value.clone());
        }
    }
    if trailers.is_empty()
        && let Some(id) = last(document, is_encryption)
    {
        merged.set("Encrypt", id);
    }
    merged
}

/// What only an encryption dictionary of the standard security handler looks like.
fn is_encryption(object: &Object) -> bool {
    object.as_dict().is_ok_and(|dict| {
        let standard = dict.get(b"Filter").and_then(Object::as_name);
        standard.is_ok_and(|name| name == b"Standard") && dict.has(b"O") && dict.has(b"U")
    })
}

/// Makes the trailer's root lead to a catalog: an object of that type, or else one that names
/// pages. Returns what was repaired.
pub(super) fn find_catalog(document: &mut lopdf::Document) -> Option<String> {
    let root = document.trailer.get(b"Root").and_then(|root| document.dereference(root));
    if root.is_ok_and(|(_, root)| names_pages(root)) {
        return None;
    }
    let id = last(document, |object| is_catalog(object) && names_pages(object));
    let id = id.or_else(|| last(document, is_catalog)).or_else(|| last(document, names_pages))?;
    document.trailer.set("Root", id);
    Some("the trailer does not lead to a catalog; one was found by its type".to_owned())
}

fn is_catalog(object: &Object) -> bool {
    as_dict(object).is_some_and(|dict| dict.has_type(b"Catalog"))
}

fn names_pages(object: &Object) -> bool {
    as_dict(object).is_some_and(|dict| dict.has(b"Pages"))
}

/// The object with the highest number of those that are what is looked for.
fn last(document: &lopdf::Document, is: fn(&Object) -> bool) -> Option<ObjectId> {
    document.objects.iter().rev().find(|(_, object)| is(object)).map(|(id, _)| *id)
}

/// Whether `startxref` leads to a table whose first entries lead to their objects, or to a
/// cross-reference stream.
pub(super) fn table_is_sound(bytes: &[u8], scan: &Scan) -> bool {
    let body = memmem::find(bytes, b"%PDF-").and_then(|at| bytes.get(at..)).unwrap_or(bytes);
    let tail_start = bytes.len().saturating_sub(TAIL_BYTES);
    let tail = bytes.get(tail_start..).unwrap_or_default();
    let Some(at) = memmem::rfind(tail, b"startxref") else { return false };
    let Some((offset, _)) = number(tail, at + b"startxref".len()) else { return false };
    // Offsets count from the header, or from the start of the file all the same.
    [body, bytes].iter().any(|bytes| {
        let start = skip_blank(bytes, offset);
        let rest = bytes.get(start..).unwrap_or_default();
        match rest.strip_prefix(b"xref") {
            Some(table) => entries_lead_to_objects(table, bytes),
            None => header(bytes, start).is_some_and(|id| scan.xref_streams.contains(&id)),
        }
    })
}

/// Whether the first entries in use of a table lead to the headers of their objects.
fn entries_lead_to_objects(table: &[u8], bytes: &[u8]) -> bool {
    let Some((first, at)) = number(table, 0) else { return false };
    let Some((count, mut at)) = number(table, at) else { return false };
    for index in 0..count.min(ENTRIES_MAX) {
        let Some((offset, after)) = number(table, at) else { return false };
        let Some((_, after)) = number(table, after) else { return false };
        let kind = skip_blank(table, after);
        // No object is where the file begins; some producers mark free entries so.
        let in_use = table.get(kind) == Some(&b'n') && offset > 0;
        let id = || header(bytes, skip_blank(bytes, offset));
        if in_use && id().is_none_or(|id| id as usize != first + index) {
            return false;
        }
        at = kind + 1;
    }
    true
}

/// The object number of a header `N G obj` at `at`.
fn header(bytes: &[u8], at: usize) -> Option<u32> {
    let (id, after) = number(bytes, at)?;
    let (_, after) = number(bytes, after)?;
    let rest = bytes.get(skip_blank(bytes, after)..)?;
    rest.starts_with(b"obj").then(|| u32::try_from(id).ok()).flatten()
}

/// The whole number at `at`, blank space aside, and where it ends.
fn number(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = skip_blank(bytes, at);
    let length = digits(bytes.get(start..)?);
    let text = std::str::from_utf8(bytes.get(start..start + length)?).ok()?;
    Some((text.parse().ok()?, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn check(file: &str, expected: bool) {
        let scan = crate::pdf::load::scan::scan(file.as_bytes(), &Limits::default());
        assert_eq!(table_is_sound(file.as_bytes(), &scan), expected, "{file}");
    }

    #[test]
    fn a_sound_table_leads_to_its_objects() {
        let file = |offset: usize, first: usize, start: usize| {
            format!(
                "%PDF-1.4\n1 0 obj 5 endobj\nxref\n{first} 1\n{offset:010} 00000 n \n\
                 trailer<<>>\nstartxref\n{start}\n%%EOF"
            )
        };
        check(&file(9, 1, 26), true);
        check(&format!("junk{}", file(9, 1, 26)), true);
        check(&file(0, 1, 26), true);
        check(&file(10, 1, 26), false);
        check(&file(9, 0, 26), false);
        check(&file(9, 1, 20), false);
        check("1 0 obj<</Type/XRef/Length 0>>stream\n\nendstream startxref 0 %%EOF", true);
        check("1 0 obj<</Type/XXX/Length 0>>stream\n\nendstream startxref 0 %%EOF", false);
        check("1 0 obj 5 endobj", false);
    }

    #[test]
    fn the_last_trailer_that_leads_somewhere_counts() {
        let mut document = lopdf::Document::new();
        document.objects.insert((1, 0), Dictionary::new().into());
        let trailer = |key: &str, number: u32| {
            let mut trailer = Dictionary::new();
            trailer.set(key, (number, 0));
            trailer
        };
        let trailers = [trailer("Encrypt", 9), trailer("Encrypt", 1), trailer("Root", 7)];
        let merged = merged(&document, &trailers);
        assert_eq!(merged.get(b"Encrypt").unwrap(), &Object::Reference((1, 0)));
        assert_eq!(merged.get(b"Root").unwrap(), &Object::Reference((7, 0)));
    }

    #[test]
    fn entries_are_checked_up_to_a_number() {
        // The last entry leads nowhere.
        let sound = |entries: usize| {
            let file: String = (1..=entries).map(|n| format!("{n} 0 obj {n} endobj\n")).collect();
            let offset = |n: usize| file.find(&format!("\n{n} 0 obj")).map_or(0, |at| at + 1);
            let row =
                |n: usize| format!("{:010} 00000 n \n", if n == entries { 7 } else { offset(n) });
            let rows: String = (1..=entries).map(row).collect();
            entries_lead_to_objects(format!("\n1 {entries}\n{rows}").as_bytes(), file.as_bytes())
        };
        assert!(!sound(ENTRIES_MAX));
        assert!(sound(ENTRIES_MAX + 1));
    }
}
