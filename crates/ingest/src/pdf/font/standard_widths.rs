//! Advance widths of the 14 fonts that a PDF may use without describing them (ISO 32000-1,
//! 9.6.2.2).

use std::collections::HashMap;
use std::sync::LazyLock;

type Widths = HashMap<&'static str, f32>;

static WIDTHS: LazyLock<HashMap<&'static str, Widths>> =
    LazyLock::new(|| read(include_str!("data/standard_widths.txt")));

/// Width of a glyph in em, by the font's name or a common alias of it; `None` for other fonts.
pub(super) fn width(font: &str, glyph: &str) -> Option<f32> {
    match face(font)? {
        "Courier" => Some(0.6),
        face => WIDTHS.get(face)?.get(glyph).copied(),
    }
}

/// The face that measures like a font of this name. Only upright faces are listed where the
/// oblique one has the same widths.
fn face(font: &str) -> Option<&'static str> {
    let name = font.split_once('+').map_or(font, |(_, name)| name);
    let bold = name.contains("Bold");
    let italic = name.contains("Italic") || name.contains("Oblique");
    let family = |names: &[&str]| names.iter().any(|prefix| name.starts_with(prefix));
    if family(&["Courier"]) {
        Some("Courier")
    } else if family(&["Helvetica", "Arial"]) {
        Some(if bold { "Helvetica-Bold" } else { "Helvetica" })
    } else if family(&["Times"]) {
        Some(match (bold, italic) {
            (false, false) => "Times-Roman",
            (true, false) => "Times-Bold",
            (false, true) => "Times-Italic",
            (true, true) => "Times-BoldItalic",
        })
    } else if family(&["Symbol"]) {
        Some("Symbol")
    } else {
        family(&["ZapfDingbats"]).then_some("ZapfDingbats")
    }
}

fn read(data: &'static str) -> HashMap<&'static str, Widths> {
    let mut fonts: HashMap<&'static str, Widths> = HashMap::new();
    let mut font = "";
    for line in data.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("=", name)) => font = name,
            Some((width, glyphs)) => {
                let em = width.parse::<f32>().unwrap_or(0.0) / 1000.0;
                fonts.entry(font).or_default().extend(glyphs.split(' ').map(|glyph| (glyph, em)));
            }
            None => {}
        }
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_found_by_name_and_alias() {
        assert_eq!(width("Helvetica", "A"), Some(0.667));
        assert_eq!(width("Arial,BoldItalic", "A"), Some(0.722));
        assert_eq!(width("ABCDEF+TimesNewRoman", "space"), Some(0.25));
        assert_eq!(width("CourierNew", "anything"), Some(0.6));
        assert_eq!(width("Garamond", "A"), None);
    }
}
