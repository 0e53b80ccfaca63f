//! Glyph names to Unicode, by the rules of the Adobe Glyph List specification (section 2), with
//! the names of TeX's fonts and of Zapf Dingbats beside the list.

use std::sync::LazyLock;

static GLYPH_LIST: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("data/glyph_list.txt")));
static TEX_LIST: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("data/glyph_list_tex.txt")));
static ZAPF_LIST: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("data/zapf_dingbats.txt")));

/// Names in byte order with their code points in hex.
struct Table(Vec<(&'static str, &'static str)>);

impl Table {
    fn read(data: &'static str) -> Self {
        let rows = data.lines().filter(|line| !line.starts_with('#'));
        Self(rows.filter_map(|line| line.split_once(';')).collect())
    }

    fn find(&self, name: &str) -> Option<String> {
        let at = self.0.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
        self.0[at].1.split(' ').map(char_from_hex).collect()
    }
}

fn char_from_hex(hex: &str) -> Option<char> {
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)
}

/// The text a glyph name stands for, or `None` where the name says nothing.
pub(super) fn unicode_of(name: &str) -> Option<String> {
    text_of(name, |name| GLYPH_LIST.find(name).or_else(|| TEX_LIST.find(name)))
}

/// The text of a name by the rules of the glyph list alone, without the names of TeX's fonts.
pub(super) fn unicode_by_standard(name: &str) -> Option<String> {
    text_of(name, |name| GLYPH_LIST.find(name))
}

fn text_of(name: &str, list: impl Fn(&str) -> Option<String>) -> Option<String> {
    let stem = name.split('.').next().filter(|stem| !stem.is_empty())?;
    if let Some(text) = one_component(stem, &list) {
        return Some(text);
    }
    // A ligature names its components; a part without meaning makes the whole meaningless.
    let parts = stem.split('_').map(|part| one_component(part, &list));
    stem.contains('_').then(|| parts.collect::<Option<String>>()).flatten()
}

/// The glyph that a name such as `g12`, `glyph12`, `gid00012`, `cid12` or `index12` numbers; four
/// digits after a `g` are hexadecimal.
pub(super) fn glyph_number(name: &str) -> Option<u32> {
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let (prefix, digits) = name.split_at(start);
    match prefix {
        "g" if digits.len() == 4 => u32::from_str_radix(digits, 16).ok(),
        "g" | "glyph" | "gid" | "cid" | "index" => digits.parse().ok(),
        _ => None,
    }
}

/// The text of a glyph name of Zapf Dingbats, whose names mean something else elsewhere.
pub(super) fn zapf_dingbat(name: &str) -> Option<String> {
    ZAPF_LIST.find(name)
}

fn one_component(name: &str, list: impl Fn(&str) -> Option<String>) -> Option<String> {
    match list(name) {
        Some(text) if !text.chars().all(is_corporate) => Some(text),
        _ => hexadecimal(name).or_else(|| small_form(name)),
    }
}

/// Adobe's private code points for small capitals, old-style figures and the like.
fn is_corporate(c: char) -> bool {
    ('\u{F600}'..='\u{F8FF}').contains(&c)
}

/// `uniXXXX…` (UTF-16 without surrogates) and `uXXXX` to `uXXXXXX`.
fn hexadecimal(name: &str) -> Option<String> {
    if let Some(digits) = name.strip_prefix("uni")
        && digits.len() >= 4
        && digits.len().is_multiple_of(4)
        && digits.is_ascii()
    {
        return (0..digits.len()).step_by(4).map(|at| char_from_hex(&digits[at..at + 4])).collect();
    }
    let digits = name.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len()))?;
    char_from_hex(digits).map(String::from)
}

/// Forms that differ in shape only: `Asmall` is an `a`, `threeoldstyle` a `3`.
fn small_form(name: &str) -> Option<String> {
    for suffix in ["oldstyle", "superior", "inferior", "fitted", "tab"] {
        if let Some(base) = name.strip_suffix(suffix) {
            return GLYPH_LIST.find(base);
        }
    }
    let base = name.strip_suffix("small")?;
    GLYPH_LIST.find(base).map(|text| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        for table in [&*GLYPH_LIST, &*TEX_LIST, &*ZAPF_LIST] {
            assert!(table.0.is_sorted_by_key(|(name, _)| *name));
            assert!(table.0.len() > 100);
        }
    }

    #[test]
    fn names_are_read_by_list_hex_suffix_and_components() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(unicode_of(name).as_deref(), expected, "{name}");
        };
        check("A", Some("A"));
        check("Odieresis", Some("Ö"));
        check("ffi", Some("\u{FB03}"));
        check("f_f_i", Some("ffi"));
        check("a.sc", Some("a"));
        check("uni20AC", Some("€"));
        check("uni00410308", Some("A\u{308}"));
        check("u1F600", Some("😀"));
        check("Asmall", Some("a"));
        check("threeoldstyle", Some("3"));
        check("summationdisplay", Some("∑"));
        // The list's own choice for the names that capitals of text have.
        check("Delta", Some("\u{2206}"));
        check("Omega", Some("\u{2126}"));
        check("increment", Some("\u{2206}"));
        check("mu", Some("\u{B5}"));
        check("f_f.alt", Some("ff"));
        check("uniD800", None);
        check("g123", None);
        check(".notdef", None);
        check("", None);
        assert_eq!(zapf_dingbat("a20").as_deref(), Some("✔"));
        assert_eq!(unicode_by_standard("triangle"), None);
        assert_eq!(unicode_by_standard("a.sc").as_deref(), Some("a"));
    }

    #[test]
    fn names_that_number_glyphs_are_recognised() {
        let numbers = ["g12", "g0024", "glyph7", "gid00012", "cid300", "index9", "a65", "gx"];
        let expected = [Some(12), Some(0x24), Some(7), Some(12), Some(300), Some(9), None, None];
        assert_eq!(numbers.map(glyph_number), expected);
    }
}
