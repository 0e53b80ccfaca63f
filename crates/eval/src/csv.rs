//! Comma-separated values as RFC 4180 has them.
//!
//! Its own hundred lines and no library: the format is small, and what is wanted is the line in
//! which each row begins.

/// A row: the line in which it begins, counted from 1, and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) fields: Vec<String>,
}

/// A line that is no row, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRow {
    pub(crate) line: usize,
    pub(crate) why: &'static str,
}

/// Reads all rows; blank lines are none. Line ends are LF or CRLF, a byte order mark is skipped.
pub(crate) fn rows(text: &str) -> Result<Vec<Row>, BadRow> {
    let mut rest = text.trim_start_matches('\u{feff}');
    let (mut line, mut rows) = (1, Vec::new());
    while !rest.is_empty() {
        let mut fields = Vec::new();
        let (begin, before) = (line, rest);
        let end = loop {
            let (field, after) = field(rest).map_err(|why| BadRow { line: begin, why })?;
            fields.push(field);
            match after.strip_prefix(',') {
                Some(after) => rest = after,
                None => break after,
            }
        };
        rest = end.trim_start_matches('\r');
        rest = rest.strip_prefix('\n').unwrap_or(rest);
        let taken = before.get(..before.len() - rest.len()).unwrap_or_default();
        line += taken.matches('\n').count();
        if fields.iter().any(|field| !field.trim().is_empty()) {
            rows.push(Row { line: begin, fields });
        }
    }
    Ok(rows)
}

/// The first field of what is left, and what follows it: nothing, a comma or a line end.
fn field(text: &str) -> Result<(String, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let (field, after) = text.split_at(end);
        if field.contains('"') {
            return Err("a quote inside a field: put the field in quotes and double those inside");
        }
        return Ok((field.trim_end_matches('\r').to_owned(), after));
    };
    let (mut field, mut rest) = (String::new(), quoted);
    loop {
        let (part, after) = rest.split_once('"').ok_or("a quoted field does not end")?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None if after.is_empty() || after.starts_with([',', '\n', '\r']) => {
                return Ok((field, after));
            }
            None => return Err("text after a quoted field: a comma or a line end is expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(usize, &[&str])]) {
        let found = rows(text).unwrap();
        let found: Vec<(usize, Vec<&str>)> = found
            .iter()
            .map(|row| (row.line, row.fields.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(usize, Vec<&str>)> =
            expected.iter().map(|(line, fields)| (*line, fields.to_vec())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn fields_lines_and_quotes() {
        check("", &[]);
        check("a,b", &[(1, &["a", "b"])]);
        check("\u{feff}a,b\r\nc,\r\n", &[(1, &["a", "b"]), (2, &["c", ""])]);
        check("a,\"b, \"\"c\"\"\"\nd", &[(1, &["a", "b, \"c\""]), (2, &["d"])]);
        check("\"one\ntwo\",x\n\n\"\"\"\",y\n", &[(1, &["one\ntwo", "x"]), (4, &["\"", "y"])]);
        check(",\n \nä,ö", &[(3, &["ä", "ö"])]);
    }

    #[test]
    fn bad_rows_are_named() {
        let check = |text: &str, line: usize, expected: &str| {
            let bad = rows(text).unwrap_err();
            assert_eq!(bad.line, line);
            assert!(bad.why.contains(expected), "{}", bad.why);
        };
        check("a,b\nc,\"d", 2, "does not end");
        check("a\n\"b\"c", 2, "after a quoted field");
        check("a\n\n5\" screen,x", 3, "a quote inside a field");
    }

    proptest! {
        #[test]
        fn what_was_quoted_comes_back(table in prop::collection::vec(
            prop::collection::vec("[a\",\\n\\r ä]{1,6}", 1..4), 0..4,
        )) {
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",");
            let text = table.iter().map(line).collect::<Vec<_>>().join("\r\n");
            let expected: Vec<Vec<String>> =
                table.into_iter().filter(|row| row.iter().any(|f| !f.trim().is_empty())).collect();
            let found: Vec<Vec<String>> =
                rows(&text).unwrap().into_iter().map(|row| row.fields).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_text_is_rows_or_a_bad_row(text in "\\PC*[\",\\n]*\\PC*") {
            let _ = rows(&text);
        }
    }
}
