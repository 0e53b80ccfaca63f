//! Metrics of a CID font: `W` and `DW` for horizontal writing, `W2` and `DW2` for vertical
//! (ISO 32000-1, 9.7.4.3).

use lopdf::{Dictionary, Object};

use crate::pdf::objects::{Objects, number};

/// Entries of one table of metrics; a font has at most 65,536 CIDs.
const ENTRIES_MAX: usize = 1 << 16;
/// Entries that may lie over one CID.
const OVERLAPS_MAX: usize = 16;

/// Metrics of `N` numbers for ranges of CIDs, in thousandths of an em.
pub(super) struct CidTable<const N: usize> {
    entries: Vec<(u32, u32, [f32; N])>,
    /// Entries beyond [`ENTRIES_MAX`].
    dropped: usize,
}

impl<const N: usize> CidTable<N> {
    /// Reads `first [a b …]` and `first last a`, mixed; what does not fit the pattern is skipped.
    pub(super) fn read(objects: &Objects<'_>, cid_font: &Dictionary, key: &[u8]) -> Self {
        let mut table = Self { entries: Vec::new(), dropped: 0 };
        let entries = objects.array(cid_font, key).map_or([].as_slice(), Vec::as_slice);
        let mut pending: Vec<f32> = Vec::new();
        for entry in entries.iter().filter_map(|entry| objects.resolve(entry)) {
            match entry {
                Object::Array(list) => {
                    if let Some(first) = pending.last() {
                        table.add_list(objects, *first as u32, list);
                    }
                    pending.clear();
                }
                other => pending.extend(number(other)),
            }
            if let Some(([first, last], metrics)) = pending.split_first_chunk::<2>()
                && let Ok(metrics) = metrics.try_into()
            {
                table.add(*first as u32, *last as u32, metrics);
                pending.clear();
            }
        }
        let found = table.entries.len() + table.dropped;
        objects.record_limit("widths of a CID font", found, ENTRIES_MAX);
        table.entries.sort_by_key(|(first, _, _)| *first);
        table
    }

    fn add_list(&mut self, objects: &Objects<'_>, first: u32, list: &[Object]) {
        let room = ENTRIES_MAX.saturating_sub(self.entries.len());
        self.dropped += (list.len() / N).saturating_sub(room);
        for (cid, group) in (first..=u32::MAX).zip(list.chunks_exact(N).take(room)) {
            let mut metrics = [0.0; N];
            let numbers = group.iter().map(|object| objects.resolve(object).and_then(number));
            let known = numbers.zip(&mut metrics).map(|(number, place)| {
                *place = number.unwrap_or(0.0);
                number
            });
            if known.collect::<Option<Vec<f32>>>().is_some() {
                self.add(cid, cid, metrics);
            }
        }
    }

    fn add(&mut self, first: u32, last: u32, metrics: [f32; N]) {
        // Neighbours of the same metrics are one entry: fixed-width fonts shrink to a few.
        if let Some((_, end, known)) = self.entries.last_mut()
            && end.checked_add(1) == Some(first)
            && *known == metrics
        {
            *end = last.max(first);
        } else if self.entries.len() >= ENTRIES_MAX {
            self.dropped += 1;
        } else if first <= last {
            self.entries.push((first, last, metrics));
        }
    }

    pub(super) fn get(&self, cid: u32) -> Option<[f32; N]> {
        let end = self.entries.partition_point(|(first, _, _)| *first <= cid);
        let near = self.entries.get(end.saturating_sub(OVERLAPS_MAX)..end)?;
        near.iter().rev().find(|(_, last, _)| cid <= *last).map(|(_, _, metrics)| *metrics)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Where a glyph of vertical writing lies, in em.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct VerticalMetrics {
    /// How far the pen moves down.
    pub(super) advance: f32,
    /// From the glyph's horizontal origin to the vertical one: rightwards and up.
    pub(super) position: (f32, f32),
}

/// `W2` and `DW2`.
pub(super) struct VerticalTable {
    table: CidTable<3>,
    /// Of `DW2`: height of the origin and displacement.
    default: [f32; 2],
}

impl VerticalTable {
    pub(super) fn read(objects: &Objects<'_>, cid_font: &Dictionary) -> Self {
        let default = objects.numbers(cid_font, b"DW2").unwrap_or([880.0, -1000.0]);
        Self { table: CidTable::read(objects, cid_font, b"W2"), default }
    }

    /// Metrics of a CID whose horizontal advance is `width` em.
    pub(super) fn get(&self, cid: u32, width: f32) -> VerticalMetrics {
        let [height, down] = self.default;
        let [down, x, y] = self.table.get(cid).unwrap_or([down, width * 500.0, height]);
        VerticalMetrics { advance: -down / 1000.0, position: (x / 1000.0, y / 1000.0) }
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;
    use crate::Limits;

    fn with_font<T>(font: &Dictionary, read: impl Fn(&Objects<'_>, &Dictionary) -> T) -> T {
        let (document, limits) = (lopdf::Document::new(), Limits::default());
        read(&Objects::new(&document, &limits), font)
    }

    fn widths(w: Vec<Object>) -> CidTable<1> {
        let font = dictionary! { "W" => w };
        with_font(&font, |objects, font| CidTable::read(objects, font, b"W"))
    }

    #[test]
    fn both_forms_are_read_mixed() {
        let list = vec![400.into(), Object::Real(325.5)].into();
        let table = widths(vec![120.into(), list, 7080.into(), 8032.into(), 1000.into()]);
        assert_eq!(table.get(120), Some([400.0]));
        assert_eq!(table.get(121), Some([325.5]));
        assert_eq!(table.get(122), None);
        assert_eq!(table.get(8032), Some([1000.0]));
        assert_eq!(table.get(8033), None);
    }

    #[test]
    fn a_later_entry_holds_and_nonsense_is_skipped() {
        let table = widths(vec![
            1.into(),
            9.into(),
            500.into(),
            3.into(),
            vec![250.into()].into(),
            Object::Null,
            vec![700.into()].into(),
            9.into(),
            2.into(),
            100.into(),
        ]);
        assert_eq!(table.get(2), Some([500.0]));
        assert_eq!(table.get(3), Some([250.0]));
        assert_eq!(table.get(4), Some([500.0]));
        assert_eq!(table.get(0), None);
    }

    #[test]
    fn millions_of_widths_are_bounded() {
        let list: Vec<Object> = (0..ENTRIES_MAX as i64 * 2).map(Object::from).collect();
        let table = widths(vec![0.into(), list.into()]);
        assert_eq!(table.entries.len(), ENTRIES_MAX);
        let same = widths(vec![0.into(), vec![Object::from(500); 60_000].into()]);
        assert_eq!(same.entries.len(), 1);
        assert_eq!(same.get(59_999), Some([500.0]));
        let full = widths(vec![0.into(), Object::Integer(i64::from(u32::MAX)), 500.into()]);
        assert_eq!(full.get(77), Some([500.0]));
    }

    #[test]
    fn vertical_metrics_come_from_w2_dw2_or_the_default() {
        let table = |font: &Dictionary| with_font(font, VerticalTable::read);
        let metrics = |advance, x, y| VerticalMetrics { advance, position: (x, y) };
        let plain = table(&Dictionary::new());
        assert_eq!(plain.get(1, 0.5), metrics(1.0, 0.25, 0.88));
        let list = vec![(-500).into(), 250.into(), 700.into()].into();
        let font = dictionary! {
            "DW2" => vec![800.into(), (-900).into()],
            "W2" => vec![5.into(), list, 7.into(), 8.into(), (-250).into(), 125.into(), 900.into()],
        };
        let table = table(&font);
        assert_eq!(table.get(1, 1.0), metrics(0.9, 0.5, 0.8));
        assert_eq!(table.get(5, 1.0), metrics(0.5, 0.25, 0.7));
        assert_eq!(table.get(8, 1.0), metrics(0.25, 0.125, 0.9));
    }

    #[test]
    fn entries_over_another_are_limited_on_both_sides() {
        // One for many CIDs, and others for some of them.
        let wide = |narrow: i64| {
            let mut w: Vec<Object> = vec![1.into(), 100.into(), 500.into()];
            for at in 0..narrow {
                w.extend([Object::from(2 + at), vec![Object::from(at)].into()]);
            }
            widths(w).get(90)
        };
        let most = OVERLAPS_MAX as i64;
        assert_eq!((wide(most - 1), wide(most)), (Some([500.0]), None));
    }
}
