//! Labels of list items that are drawn apart from their items.
//!
//! Some producers draw all bullets or numbers of a page after its text. A line that is nothing
//! but a label joins the line that begins shortly to its right on the same baseline.

use super::Line;

/// Widest gap between a label and its item, in em.
const LABEL_GAP_EM: f32 = 3.0;

/// Lines at one height that are looked at for one label.
const BESIDE_MAX: usize = 64;

/// Puts each lone label in front of its item.
pub(super) fn with_labels(lines: Vec<Line>) -> Vec<Line> {
    if !lines.iter().any(|line| is_label(&line.text)) {
        return lines;
    }
    let (labels, mut items): (Vec<_>, Vec<_>) =
        lines.into_iter().enumerate().partition(|(_, line)| is_label(&line.text));
    // By height, so that a label looks only at what stands beside it.
    let mut by_height: Vec<(f32, usize)> =
        items.iter().enumerate().map(|(at, (_, item))| (item.v, at)).collect();
    by_height.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lone = Vec::new();
    for (index, label) in labels {
        let from = by_height.partition_point(|(v, _)| *v < label.v - label.size);
        let beside = by_height[from..].iter().take_while(|(v, _)| *v < label.v + label.size);
        let item = beside.take(BESIDE_MAX).find(|(_, at)| belongs(&label, &items[*at].1));
        match item {
            Some(&(_, at)) => prepend(&label, &mut items[at].1),
            None => lone.push((index, label)),
        }
    }
    items.extend(lone);
    items.sort_by_key(|(index, _)| *index);
    items.into_iter().map(|(_, line)| line).collect()
}

fn belongs(label: &Line, item: &Line) -> bool {
    let gap = item.u0 - label.u1;
    item.degrees == label.degrees
        && (item.v - label.v).abs() < 0.25 * item.size
        && (-0.2 * item.size..LABEL_GAP_EM * item.size).contains(&gap)
}

fn prepend(label: &Line, item: &mut Line) {
    let shift = label.text.len() + 1;
    item.text.insert_str(0, &format!("{} ", label.text));
    item.u0 = label.u0;
    for (index, cell) in item.cells.iter_mut().enumerate() {
        if index == 0 {
            cell.u0 = label.u0;
        } else {
            cell.start += shift;
        }
    }
}

/// A bullet, or a short number or letter with a dot or parenthesis.
pub(in crate::pdf) fn is_label(text: &str) -> bool {
    const BULLETS: &str = "•◦▪▫‣■□●○–—-*·➢➤✓✔❖►☐☑";
    let mut chars = text.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return BULLETS.contains(only);
    }
    let label = text.strip_prefix('(').unwrap_or(text);
    let Some(label) = label.strip_suffix(['.', ')']) else { return false };
    (1..=4).contains(&label.len())
        && (label.bytes().all(|byte| byte.is_ascii_digit())
            || (label.len() == 1 && label.bytes().all(|byte| byte.is_ascii_alphabetic()))
            || label.bytes().all(|byte| b"ivx".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_label_drawn_later_joins_its_item() {
        let lines = vec![
            Line::sample("first", 30.0, 60.0, 100.0),
            Line::sample("second", 30.0, 60.0, 80.0),
            Line::sample("1.", 15.0, 24.0, 100.0),
            Line::sample("2.", 15.0, 24.0, 80.0),
            Line::sample("9.", 15.0, 24.0, 10.0),
        ];
        let texts: Vec<String> = with_labels(lines).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["1. first", "2. second", "9."]);
    }

    #[test]
    fn lines_beside_a_label_are_limited_on_both_sides() {
        let finds = |beside: usize| {
            let far = Line::sample("far away", 500.0, 540.0, 100.0);
            let item = Line::sample("item", 30.0, 60.0, 100.0);
            let mut lines = vec![far; beside - 1];
            lines.extend([item, Line::sample("1.", 15.0, 24.0, 100.0)]);
            with_labels(lines).iter().any(|line| line.text == "1. item")
        };
        assert_eq!((finds(BESIDE_MAX), finds(BESIDE_MAX + 1)), (true, false));
    }
}
