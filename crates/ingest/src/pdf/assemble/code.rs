//! Code: lines in a monospaced face, in a document that is not all set in one. Its lines and
//! their indents are kept.

use document::BlockKind;

use super::blocks::{Measures, PageBlock};
use crate::pdf::layout::Line;

/// Lines of code stand closer than this, in em: one blank line may lie between them.
const PITCH_MAX: f32 = 3.2;
/// Spaces of an indent.
const INDENT_MAX: usize = 40;
/// A line shorter than this may be a name or an address that stands alone.
const CHARS_MIN: usize = 3;

/// The code that begins with line `start`, and where it ends.
pub(super) fn find<'l>(
    lines: &'l [Line],
    start: usize,
    measures: &Measures,
) -> Option<(usize, PageBlock<'l>)> {
    let is_code = |line: &Line| line.monospaced && line.degrees == 0 && !measures.is_typescript;
    if !is_code(lines.get(start)?) {
        return None;
    }
    let goes_on = |pair: &&[Line]| {
        let (above, below) = (&pair[0], &pair[1]);
        let pitch = (above.v - below.v) / above.size;
        is_code(below) && (0.3..PITCH_MAX).contains(&pitch) && (above.size - below.size).abs() < 0.5
    };
    let end = start + 1 + lines[start..].windows(2).take_while(goes_on).count();
    let lines = &lines[start..end];
    if lines.len() == 1 && lines[0].text.chars().count() < CHARS_MIN {
        return None;
    }
    let left = lines.iter().map(|line| line.u0).fold(f32::MAX, f32::min);
    let indented = |line: &Line| {
        let chars = line.text.chars().count().max(1);
        let char_width = ((line.u1 - line.u0) / chars as f32).max(0.1);
        let indent = ((line.u0 - left) / char_width).round() as usize;
        format!("{:indent$}{}", "", line.text, indent = indent.min(INDENT_MAX))
    };
    // A block begins with what is seen.
    let text = lines.iter().map(indented).collect::<Vec<_>>().join("\n").trim_start().to_owned();
    Some((end, PageBlock { kind: BlockKind::Code, lines, rows: Some(text) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::layout::PageLayout;

    fn code(text: &str, u0: f32, v: f32) -> Line {
        let u1 = u0 + 6.0 * text.len() as f32;
        Line { monospaced: true, ..Line::sample(text, u0, u1, v) }
    }

    fn texts(lines: Vec<Line>) -> Option<String> {
        let pages = [PageLayout::sample(lines)];
        let measures = Measures::of(&pages);
        find(&pages[0].lines, 0, &measures).and_then(|(_, block)| block.rows)
    }

    #[test]
    fn lines_and_indents_are_kept() {
        let prose = "A sentence that is long enough to be what most of the page is set in.";
        let lines = vec![
            code("def total(prices):", 50.0, 700.0),
            code("sum = 0", 74.0, 688.0),
            code("return sum", 74.0, 664.0),
            Line::sample(prose, 50.0, 400.0, 640.0),
        ];
        let text = texts(lines).unwrap();
        assert_eq!(text, "def total(prices):\n    sum = 0\n    return sum");
    }

    #[test]
    fn a_typescript_is_prose() {
        assert_eq!(texts(vec![code("Dear reader,", 50.0, 700.0)]), None);
    }
}
