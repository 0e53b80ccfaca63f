//! Tables for people: names to the left, numbers to the right.

/// A table in the making.
pub(super) struct Table {
    /// The head first; cells that are missing are blank.
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose first column has this head.
    pub(super) fn new(head: &str) -> Self {
        Self { rows: vec![vec![head.to_owned()]] }
    }

    /// Adds a column.
    pub(super) fn column(&mut self, head: &str) {
        self.rows[0].push(head.to_owned());
    }

    /// Adds a row.
    pub(super) fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.rows.push([name.to_owned()].into_iter().chain(cells).collect());
    }

    /// The rows with columns aligned, two blanks apart.
    pub(super) fn lines(&self) -> Vec<String> {
        let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
        let chars = |text: String| text.chars().count();
        let width = |at: usize| self.rows.iter().map(|row| chars(cell(row, at))).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.rows[0].len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = widths.iter().enumerate().map(|(at, &width)| match at {
                0 => format!("{:width$}", cell(row, at)),
                _ => format!("{:>width$}", cell(row, at)),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new("name");
        table.column("n");
        table.column("share");
        table.row("größe", ["1".to_owned(), "0.5".to_owned()]);
        table.row("x", ["100".to_owned()]);
        assert_eq!(table.lines(), ["name     n  share", "größe    1    0.5", "x      100"]);
    }
}
