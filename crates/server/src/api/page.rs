//! Pages of lists.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::Millis;
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

/// Entries of a page, unless the caller says otherwise.
const LIMIT_DEFAULT: u32 = 50;

/// Most entries of a page.
const LIMIT_MAX: u32 = 100;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageQuery {
    /// Where to go on: `pagination.cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Entries at most, 1 to 100 (of a conversation 1 to 1,000); 50 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u32>,
}

/// Whether there is more, and where.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    /// The `cursor` of the next page; null on the last one.
    pub(crate) cursor: Option<String>,
    /// Whether there is a next page.
    pub(crate) has_more: bool,
}

impl PageQuery {
    /// How many entries.
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        self.limit_within(LIMIT_DEFAULT, LIMIT_MAX)
    }

    /// How many entries, of a list with bounds of its own.
    pub(crate) fn limit_within(&self, default: u32, most: u32) -> Result<u32, ApiError> {
        match self.limit.unwrap_or(default) {
            limit if (1..=most).contains(&limit) => Ok(limit),
            limit => Err(ApiError::field("limit", format!("expected 1 to {most}, found {limit}"))),
        }
    }

    /// The place after which the page of a list begins; `(0, "")` for the first page.
    pub(crate) fn after(&self, list: &str) -> Result<(Millis, String), ApiError> {
        let Some(cursor) = &self.cursor else { return Ok((0, String::new())) };
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let rest = text.strip_prefix(list)?.strip_prefix('\n')?;
            let (at, id) = rest.split_once('\n')?;
            Some((at.parse().ok()?, id.to_owned()))
        };
        let wrong = || ApiError::field("cursor", "this is no cursor of this list: begin without");
        read().ok_or_else(wrong)
    }
}

/// Cuts a list of one more than `limit` entries down to a page. `list` names the list, so that a
/// cursor of another is refused.
pub(crate) fn page<T>(
    mut entries: Vec<T>,
    limit: u32,
    list: &str,
    place: impl Fn(&T) -> (Millis, &str),
) -> (Vec<T>, Pagination) {
    let has_more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let last = entries.last().filter(|_| has_more);
    let cursor = last.map(|last| {
        let (at, id) = place(last);
        URL_SAFE_NO_PAD.encode(format!("{list}\n{at}\n{id}"))
    });
    (entries, Pagination { cursor, has_more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_in_its_own_list_alone() {
        let (entries, pagination) = page(vec![1, 2, 3], 2, "bots acc_1", |at| (*at, "id"));
        assert_eq!(entries, [1, 2]);
        let query = PageQuery { cursor: pagination.cursor, limit: None };
        assert_eq!(query.after("bots acc_1").unwrap(), (2, "id".to_owned()));
        assert!(query.after("bots acc_2").is_err());
        let (_, last) = page(vec![1, 2], 2, "bots", |at| (*at, "id"));
        assert!(!last.has_more && last.cursor.is_none());
        let garbage = PageQuery { cursor: Some("%%".into()), limit: Some(101) };
        assert!(garbage.after("bots").is_err() && garbage.limit().is_err());
    }
}
