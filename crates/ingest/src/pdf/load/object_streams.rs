//! Object streams (ISO 32000-1, 7.5.7): what can be read of each, within a budget of values for
//! all, so that an index which names one object a thousand times costs no more than the stream.

use lopdf::{Object, Stream};

use super::syntax::{Losses, Reader, digits, skip_blank};

/// The objects of a decoded stream by number. Members that cannot be read are left out; a member
/// ends where the next one begins.
pub(super) fn members(
    stream: &Stream,
    decoded: &[u8],
    nesting_max: usize,
    values_left: &mut usize,
    losses: &mut Losses,
) -> Vec<(u32, Object)> {
    let first = stream.dict.get(b"First").and_then(Object::as_i64).ok();
    let first = first.and_then(|first| usize::try_from(first).ok());
    let mut index = index(decoded, first.unwrap_or(decoded.len()), *values_left);
    let first = first.unwrap_or(index.1);
    let starts = sorted_starts(&index.0);
    let mut reader = Reader::new(decoded, nesting_max, *values_left);
    index.0.dedup_by_key(|(_, start)| *start);
    let members = index.0.iter().filter_map(|&(number, start)| {
        let next = starts.partition_point(|&other| other <= start);
        let end = starts.get(next).map_or(decoded.len(), |next| first.saturating_add(*next));
        Some((number, reader.object_at(first.checked_add(start)?, end.min(decoded.len()))?))
    });
    let members = members.collect();
    *values_left = reader.values_left();
    losses.add(reader.losses());
    members
}

fn sorted_starts(index: &[(u32, usize)]) -> Vec<usize> {
    let mut starts: Vec<usize> = index.iter().map(|&(_, start)| start).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Up to `limit` pairs of number and offset before `first`, and where they end.
fn index(decoded: &[u8], first: usize, limit: usize) -> (Vec<(u32, usize)>, usize) {
    let head = decoded.get(..first).unwrap_or(decoded);
    let mut at = 0;
    let mut number = || {
        let start = skip_blank(head, at);
        let length = digits(head.get(start..)?);
        let text = head.get(start..start + length)?;
        let value = std::str::from_utf8(text).ok()?.parse::<u32>().ok()?;
        at = start + length;
        Some(value)
    };
    let mut pairs = Vec::new();
    while let Some(id) = number().filter(|_| pairs.len() < limit) {
        let Some(start) = number() else { break };
        pairs.push((id, start as usize));
    }
    (pairs, at)
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, dictionary};

    use super::*;

    fn check(dict: Dictionary, decoded: &str, expected: &[(u32, &str)]) {
        let stream = Stream::new(dict, Vec::new());
        let members = members(&stream, decoded.as_bytes(), 100, &mut 1_000, &mut Losses::default());
        let members: Vec<(u32, String)> =
            members.into_iter().map(|(number, object)| (number, format!("{object:?}"))).collect();
        let expected: Vec<_> =
            expected.iter().map(|&(number, object)| (number, object.to_owned())).collect();
        assert_eq!(members, expected, "{decoded}");
    }

    #[test]
    fn members_are_read_as_far_as_they_go() {
        let first = |first: i64| dictionary! { "First" => first };
        check(first(8), "5 0 6 4 (x) 7", &[(5, "(x)"), (6, "7")]);
        check(first(10), "5 0 6 99  (x)", &[(5, "(x)")]);
        check(first(9), "5 0 6 x  (x)", &[(5, "(x)")]);
    }

    #[test]
    fn one_object_named_often_is_read_once() {
        let index = "7 0 ".repeat(500);
        let decoded = format!("{index}[1 1 1 1 1 1 1 1]");
        let stream = Stream::new(dictionary! { "First" => index.len() as i64 }, Vec::new());
        let mut values = 1_000;
        assert_eq!(
            members(&stream, decoded.as_bytes(), 100, &mut values, &mut Losses::default()).len(),
            1
        );
        assert_eq!(values, 990);
    }

    #[test]
    fn members_are_limited_by_the_values_left_on_both_sides() {
        let stream = Stream::new(dictionary! { "First" => 12 }, Vec::new());
        let count = |mut values: usize| {
            members(&stream, b"5 0 6 2 7 4 1 2 3", 100, &mut values, &mut Losses::default()).len()
        };
        assert_eq!((count(3), count(2)), (3, 2));
    }
}
