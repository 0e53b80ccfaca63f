//! Rows of a table as text.

/// The cells of a table, row by row.
#[derive(Debug, Default)]
pub(in crate::pdf::assemble) struct Rows {
    pub(in crate::pdf::assemble) cells: Vec<Vec<String>>,
    /// Whether the first row names the columns.
    pub(in crate::pdf::assemble) has_head: bool,
}

impl Rows {
    /// A Markdown table without its outer bars: a row a line, cells separated by ` | `, a row of
    /// dashes below the head. A cell without text keeps its place, but for those at a row's end.
    pub(in crate::pdf::assemble) fn text(&self) -> String {
        let row = |cells: &Vec<String>| cells.join(" | ").trim_end_matches([' ', '|']).to_owned();
        let mut rows: Vec<String> = self.cells.iter().map(row).collect();
        let columns = self.cells.first().map_or(0, Vec::len);
        if self.has_head && rows.len() > 1 {
            rows.insert(1, vec!["---"; columns].join(" | "));
        }
        rows.join("\n")
    }
}

/// Whether a row in a heavy face may name the columns: sums are set like that too, but have
/// figures.
pub(in crate::pdf::assemble) fn may_be_names(row: &[String]) -> bool {
    let is_figure = |text: &String| {
        text.contains(|c: char| c.is_numeric()) && !text.contains(char::is_alphabetic)
    };
    !row.iter().any(is_figure)
}

/// Whether the first row looks like names of columns: every column has one, none is a number,
/// and below stand numbers in some column from top to bottom.
pub(in crate::pdf::assemble) fn names_columns(cells: &[Vec<String>]) -> bool {
    let has_digit = |text: &String| text.contains(|c: char| c.is_numeric());
    let Some((head, rows)) = cells.split_first() else { return false };
    let named = head.iter().all(|text| !text.is_empty() && !has_digit(text));
    let figures = (0..head.len()).any(|column| {
        let mut below = rows.iter().filter_map(|row| row.get(column)).filter(|t| !t.is_empty());
        below.clone().count() > 1 && below.all(has_digit)
    });
    named && figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|&text| text.to_owned()).collect()).collect()
    }

    #[test]
    fn a_head_is_underlined_and_empty_cells_keep_their_place() {
        let cells = cells(&[&["Part", "Price", "Note"], &["Bolt", "", "new"], &["Nut", "2", ""]]);
        let rows = Rows { cells, has_head: true };
        assert_eq!(rows.text(), "Part | Price | Note\n--- | --- | ---\nBolt |  | new\nNut | 2");
    }

    #[test]
    fn names_stand_over_figures() {
        assert!(names_columns(&cells(&[&["Part", "Price"], &["Bolt", "1"], &["Nut", "2"]])));
        assert!(!names_columns(&cells(&[&["Part", "2024"], &["Bolt", "1"], &["Nut", "2"]])));
        assert!(!may_be_names(&["Net total".to_owned(), "699.60".to_owned()]));
        assert!(may_be_names(&["Net total".to_owned(), "in 2024".to_owned()]));
        assert!(!names_columns(&cells(&[&["a", "b"], &["c", "d"], &["e", "f"]])));
    }
}
