//! From rows to values.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::StoreError;

/// The value of a column.
pub(crate) fn get<'r, T>(row: &'r AnyRow, column: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(column).map_err(StoreError::from)
}

/// A truth, kept as 0 or 1.
pub(crate) fn flag(row: &AnyRow, column: &'static str) -> Result<bool, StoreError> {
    get::<i64>(row, column).map(|value| value != 0)
}

/// A count; what is below 0 counts as 0.
pub(crate) fn count(row: &AnyRow, column: &'static str) -> Result<u64, StoreError> {
    get::<i64>(row, column).map(|value| u64::try_from(value).unwrap_or_default())
}

/// A value kept as JSON.
pub(crate) fn json<T: DeserializeOwned>(
    row: &AnyRow,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    let text: String = get(row, column)?;
    serde_json::from_str(&text).map_err(|_| StoreError::Unknown { table, column, found: text })
}

/// A value as JSON. What is kept here has text for keys, so there is always some.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A value kept as a word.
pub(crate) fn word<T>(
    row: &AnyRow,
    table: &'static str,
    column: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text: String = get(row, column)?;
    read(&text).ok_or(StoreError::Unknown { table, column, found: text })
}

/// Reads all rows.
pub(crate) fn all<T>(
    rows: &[AnyRow],
    read: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
