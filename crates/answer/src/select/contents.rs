//! Lists of contents: they name what is asked for, and tell nothing of it.

/// Largest difference of the pages of two entries that follow each other.
const PAGES_APART_MAX: u32 = 50;

/// Whether the unit at a position is an entry of a list of contents: a few words and a page, beside
/// another such unit of a page close by. `text` gives the texts of units.
pub(super) fn is_entry<'a>(at: usize, text: impl Fn(usize) -> Option<&'a str>) -> bool {
    let page = |at: usize| text(at).and_then(page_of);
    let Some(own) = page(at) else { return false };
    let before = at.checked_sub(1).and_then(page);
    let goes_on = |from: u32, to: u32| from <= to && to - from <= PAGES_APART_MAX;
    before.is_some_and(|before| goes_on(before, own))
        || page(at + 1).is_some_and(|after| goes_on(own, after))
}

/// The page at the end of an entry: "1.1 Before every ride 3".
fn page_of(text: &str) -> Option<u32> {
    // Most texts end with a full stop.
    if !text.ends_with(|c: char| c.is_ascii_digit()) || text.contains('|') {
        return None;
    }
    let (name, page) = text.rsplit_once(char::is_whitespace)?;
    let numbered = name.starts_with(|c: char| c.is_ascii_digit());
    let dotted = name.trim_end().ends_with(['.', '…']);
    let says = name.contains(char::is_alphabetic);
    page.parse().ok().filter(|_| says && (numbered || dotted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stand_beside_entries() {
        let check = |units: &[&str], expected: &[bool]| {
            let of = |at| is_entry(at, |at: usize| units.get(at).copied());
            assert_eq!((0..units.len()).map(of).collect::<Vec<_>>(), expected, "{units:?}");
        };
        check(&["1 Safety 3", "1.1 Before 3", "2 Box 14", "Read it."], &[true, true, true, false]);
        check(&["Safety . . . 3", "Box ..... 4"], &[true, true]);
        check(&["1 kg of 3", "Salt"], &[false, false]);
        check(&["2 eggs, room 9", "1 oven, shelf 2"], &[false, false]);
        check(&["Shop 14", "Workshop 15"], &[false, false]);
        check(&["1 | 2", "2 | 3"], &[false, false]);
        check(&["", "7"], &[false, false]);
    }
}
