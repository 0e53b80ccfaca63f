//! CMaps: those in a file, and the predefined ones of the CJK collections (ISO 32000-1, 9.7.5).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hayro_cmap::{CMap, CMapName, load_embedded};

/// A CMap stream longer than this is no map of a font.
pub(super) const BYTES_MAX: usize = 4 << 20;
/// Predefined CMaps that one CMap may build on.
const USED_MAX: u32 = 16;

/// Reads an embedded CMap.
pub(super) fn read(data: &[u8]) -> Option<CMap> {
    // `bcmap` begins the parser's own compiled form, which a PDF never holds.
    if data.starts_with(b"bcmap") || data.len() > BYTES_MAX {
        return None;
    }
    let used = Cell::new(0);
    let used = &used;
    CMap::parse(data, move |name| {
        used.set(used.get() + 1);
        if used.get() > USED_MAX { None } else { load_embedded(name) }
    })
}

/// A predefined CMap, parsed once for the process.
pub(super) fn predefined(name: CMapName<'_>) -> Option<Arc<CMap>> {
    static PARSED: Mutex<BTreeMap<Vec<u8>, Arc<CMap>>> = Mutex::new(BTreeMap::new());
    // A name from a file is looked up before it is kept: unknown ones are never stored.
    let key = name.to_bytes().to_vec();
    if let Some(known) = PARSED.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Some(Arc::clone(known));
    }
    // Parsed without the lock: two threads may both do it, and the first stays.
    let parsed = Arc::new(CMap::parse(load_embedded(name)?, load_embedded)?);
    let mut known = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    Some(Arc::clone(known.entry(key).or_insert(parsed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_a_map_builds_on_are_limited_on_both_sides() {
        let is_read = |used: u32| {
            let map = "/CIDSystemInfo 3 dict dup begin /Registry (Adobe) def \
                 /Ordering (Japan1) def /Supplement 0 def end def /CMapName /Own def "
                .to_owned();
            // `H` builds on no other.
            read((map + &"/H usecmap ".repeat(used as usize)).as_bytes()).is_some()
        };
        assert!(is_read(USED_MAX));
        assert!(!is_read(USED_MAX + 1));
    }
}
