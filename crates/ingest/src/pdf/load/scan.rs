//! One walk over the bytes of a file for everything that says `N G obj`, whatever the
//! cross-reference table says. Linear: no byte of an object is looked at by another one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;

use lopdf::{Dictionary, Object};
use memchr::memmem;

use super::headers::{BLANK_MAX, damaged_header_before, header_before, numbers, object_follows};
use super::syntax::{Losses, Reader, VALUES_MAX, skip_blank};
use crate::Limits;
use crate::pdf::content::is_blank;

/// Comments passed over between a dictionary and its stream.
const COMMENT_BYTES_MAX: usize = 1024;
/// Trailers looked at, the last ones first.
const TRAILERS_MAX: usize = 64;

/// An object where it stands in the file.
pub(super) struct Found {
    /// The file's own generation: decryption needs it, references do not keep it.
    pub(super) generation: u16,
    /// Of its first byte after `obj`.
    pub(super) offset: usize,
    pub(super) body: Body,
}

/// An object's value; the bytes of streams stay in the file until they are needed.
pub(super) enum Body {
    Plain(Object),
    Stream(Dictionary, Range<usize>),
}

/// Everything found.
pub(super) struct Scan {
    /// By object number; of several with one number the last of the file.
    pub(super) objects: BTreeMap<u32, Found>,
    /// Trailer dictionaries, those of cross-reference streams included, the file's last first.
    pub(super) trailers: Vec<Dictionary>,
    /// Objects whose header is damaged.
    pub(super) headers_guessed: usize,
    /// Numbers of the cross-reference streams, in order.
    pub(super) xref_streams: Vec<u32>,
    /// Streams whose end had to be looked for.
    pub(super) streams_measured: usize,
    /// Objects in which the lengths of further such streams are said to be.
    pub(super) lengths_elsewhere: Vec<u32>,
    /// Streams that the end of the file cuts short.
    pub(super) streams_cut: usize,
    /// What stopped the walk: what there was too much of, and how much is allowed.
    pub(super) stopped: Option<(&'static str, usize)>,
    /// Values that object streams may still hold.
    pub(super) values_left: usize,
    /// What limits took from single objects.
    pub(super) losses: Losses,
}

/// Walks the file.
pub(super) fn scan(bytes: &[u8], limits: &Limits) -> Scan {
    let mut walk = Walk {
        bytes,
        reader: Reader::new(bytes, limits.nesting_max, VALUES_MAX),
        endobj: Next::new(bytes, b"endobj"),
        endstream: Next::new(bytes, b"endstream"),
        streams: Vec::new(),
        trailers: Vec::new(),
        numbers: None,
        scan: Scan {
            objects: BTreeMap::new(),
            trailers: Vec::new(),
            headers_guessed: 0,
            xref_streams: Vec::new(),
            streams_measured: 0,
            lengths_elsewhere: Vec::new(),
            streams_cut: 0,
            stopped: None,
            values_left: 0,
            losses: Losses::default(),
        },
    };
    walk.objects(limits.objects_max);
    walk.tables();
    let Walk { reader, mut trailers, mut scan, .. } = walk;
    scan.values_left = reader.values_left();
    scan.losses = reader.losses();
    // Stable: what stands later in the file comes first.
    trailers.sort_by_key(|(offset, _)| std::cmp::Reverse(*offset));
    trailers.truncate(TRAILERS_MAX);
    scan.trailers = trailers.into_iter().map(|(_, trailer)| trailer).collect();
    scan
}

struct Walk<'a> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    endobj: Next<'a>,
    endstream: Next<'a>,
    /// Bytes of streams, in order.
    streams: Vec<Range<usize>>,
    trailers: Vec<(usize, Dictionary)>,
    /// Objects that are whole numbers, wherever they stand; found when first asked for.
    numbers: Option<HashMap<u32, usize>>,
    scan: Scan,
}

impl Walk<'_> {
    fn objects(&mut self, objects_max: usize) {
        let obj = memmem::Finder::new(b"obj");
        let mut at = 0;
        while let Some(offset) = obj.find(self.bytes.get(at..).unwrap_or_default()) {
            let keyword = at + offset;
            let sound = header_before(self.bytes, keyword);
            let guessed = || Some((damaged_header_before(self.bytes, keyword)?, 0));
            let Some((number, generation)) = sound.or_else(guessed) else {
                at = keyword + 3;
                continue;
            };
            if sound.is_none() && self.scan.objects.contains_key(&number) {
                at = keyword + 3;
                continue;
            }
            self.scan.headers_guessed += usize::from(sound.is_none());
            if self.scan.objects.len() >= objects_max && !self.scan.objects.contains_key(&number) {
                self.scan.stopped = Some(("objects", objects_max));
                return;
            }
            if self.reader.values_left() == 0 {
                self.scan.stopped = Some(("values in objects", VALUES_MAX));
                return;
            }
            at = self.object(number, generation, keyword + 3);
        }
    }

    /// Reads an object whose header ends at `start`; returns where to go on.
    fn object(&mut self, number: u32, generation: u16, start: usize) -> usize {
        let limit = self.endobj.at_or_after(start).unwrap_or(self.bytes.len());
        let Some(object) = self.reader.object_at(start, limit) else {
            return start.max(self.reader.position());
        };
        let after = self.reader.position();
        let data = stream_start(self.bytes, after);
        let (body, after) = match (object, data) {
            (Object::Dictionary(dict), Some(data)) => {
                let content = self.stream(&dict, data);
                let after = content.end;
                self.streams.push(content.clone());
                if dict.has_type(b"XRef") {
                    self.trailers.push((start, dict.clone()));
                    self.scan.xref_streams.push(number);
                }
                (Body::Stream(dict, content), after)
            }
            (object, _) => (Body::Plain(object), after),
        };
        // What the end of the file cuts short does not replace what is whole.
        let is_cut = after >= self.bytes.len() && self.scan.objects.contains_key(&number);
        if !is_cut {
            self.scan.objects.insert(number, Found { generation, offset: start, body });
        }
        after.max(start)
    }

    /// The bytes of a stream that begins at `start`.
    fn stream(&mut self, dict: &Dictionary, start: usize) -> Range<usize> {
        let length = match dict.get(b"Length") {
            Ok(Object::Reference((number, _))) => self.number(*number),
            Ok(length) => length.as_i64().ok().and_then(|length| usize::try_from(length).ok()),
            Err(_) => None,
        };
        let by_length = length.and_then(|length| start.checked_add(length));
        if let Some(end) = by_length.filter(|&end| ends_stream(self.bytes, end)) {
            return start..end;
        }
        match dict.get(b"Length") {
            // Probably in an object stream, which is not wrong, only odd.
            Ok(Object::Reference((number, _))) if length.is_none() => {
                self.scan.lengths_elsewhere.push(*number);
            }
            _ => self.scan.streams_measured += 1,
        }
        start..self.measured_end(start)
    }

    /// The value of an object that is a whole number, which mostly stands after the stream whose
    /// length it is.
    fn number(&mut self, number: u32) -> Option<usize> {
        let numbers = self.numbers.get_or_insert_with(|| numbers(self.bytes));
        numbers.get(&number).copied()
    }

    /// Where a stream ends that does not say so: before `endstream`, or before the next object
    /// where that word is missing.
    fn measured_end(&mut self, start: usize) -> usize {
        let endstream = self.endstream.at_or_after(start);
        let endobj = self.endobj.at_or_after(start).filter(|&at| {
            // Compressed bytes may say `endobj`; a header after it is no accident.
            endstream.is_none_or(|end| at < end) && object_follows(self.bytes, at + b"endobj".len())
        });
        let end = match (endstream, endobj) {
            (Some(stream), Some(object)) => stream.min(object),
            (Some(end), None) | (None, Some(end)) => end,
            (None, None) => {
                self.scan.streams_cut += 1;
                return self.bytes.len();
            }
        };
        before_line_end(self.bytes, start, end)
    }

    /// Trailers of cross-reference tables, outside of streams.
    fn tables(&mut self) {
        // Looked for forwards, which is ten times as fast.
        let mut last = VecDeque::with_capacity(TRAILERS_MAX + 1);
        for offset in memmem::find_iter(self.bytes, b"trailer") {
            last.push_back(offset);
            if last.len() > TRAILERS_MAX {
                last.pop_front();
            }
        }
        for offset in last.into_iter().rev() {
            let after = self.streams.partition_point(|range| range.start <= offset);
            let inside = after.checked_sub(1).and_then(|index| self.streams.get(index));
            if inside.is_some_and(|range| range.contains(&offset)) {
                continue;
            }
            let start = offset + b"trailer".len();
            let limit = self.bytes.len().min(start + TRAILER_BYTES_MAX);
            if let Some(Object::Dictionary(trailer)) = self.reader.object_at(start, limit) {
                self.trailers.push((offset, trailer));
            }
        }
    }
}

/// A trailer is a short dictionary; a longer one is cut.
const TRAILER_BYTES_MAX: usize = 64 * 1024;

/// The next place of a word; asked with growing places, so that all answers together cost one
/// pass.
struct Next<'a> {
    bytes: &'a [u8],
    finder: memmem::Finder<'static>,
    /// The answer for any place from `asked` to it.
    found: Option<usize>,
    asked: Option<usize>,
}

impl<'a> Next<'a> {
    fn new(bytes: &'a [u8], word: &'static [u8]) -> Self {
        Self { bytes, finder: memmem::Finder::new(word), found: None, asked: None }
    }

    fn at_or_after(&mut self, at: usize) -> Option<usize> {
        let known = self.asked.is_some_and(|asked| asked <= at)
            && self.found.is_none_or(|found| at <= found);
        if !known {
            let offset = self.finder.find(self.bytes.get(at..).unwrap_or_default());
            self.found = offset.map(|offset| at + offset);
            self.asked = Some(at);
        }
        self.found
    }
}

/// Where the data of a stream begins, if `stream` stands next.
fn stream_start(bytes: &[u8], at: usize) -> Option<usize> {
    // Not beyond this: a long comment would be passed over once for every object it names.
    let near = bytes.get(..bytes.len().min(at + COMMENT_BYTES_MAX))?;
    let at = skip_blank(near, at);
    let rest = bytes.get(at..)?.strip_prefix(b"stream")?;
    let start = at + b"stream".len();
    let spaces = rest.iter().take(BLANK_MAX).take_while(|&&byte| byte == b' ').count();
    Some(match rest.get(spaces..).unwrap_or_default() {
        [b'\r', b'\n', ..] => start + spaces + 2,
        [b'\r' | b'\n', ..] => start + spaces + 1,
        _ => start,
    })
}

/// Whether a stream that says it ends at `end` does.
fn ends_stream(bytes: &[u8], end: usize) -> bool {
    let Some(rest) = bytes.get(end..) else { return false };
    let blank = rest.iter().take(4).take_while(|&&byte| is_blank(byte)).count();
    let rest = rest.get(blank..).unwrap_or_default();
    rest.starts_with(b"endstream") || rest.starts_with(b"endobj")
}

/// `end` without the line end before it, which is not of the data.
fn before_line_end(bytes: &[u8], start: usize, end: usize) -> usize {
    let data = bytes.get(start..end).unwrap_or_default();
    let trimmed = data.strip_suffix(b"\r\n").or_else(|| data.strip_suffix(b"\n"));
    start + trimmed.or_else(|| data.strip_suffix(b"\r")).unwrap_or(data).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(file: &str, number: u32) -> String {
        let scan = scan(file.as_bytes(), &Limits::default());
        match &scan.objects.get(&number).unwrap().body {
            Body::Stream(_, range) => file[range.clone()].to_owned(),
            Body::Plain(object) => format!("{object:?}"),
        }
    }

    #[test]
    fn streams_end_where_they_say_or_where_the_word_is() {
        let stream = |dict: &str, data: &str| format!("1 0 obj<<{dict}>>stream\n{data}");
        let check =
            |file: String, expected: &str| assert_eq!(content(&file, 1), expected, "{file}");
        check(stream("/Length 3", "abc\nendstream endobj"), "abc");
        check(stream("/Length 9", "abc\r\nendstream endobj"), "abc");
        check(stream("", "abc\nendstream endobj"), "abc");
        check(stream("/Length 2 0 R", "abc\nendstream endobj 2 0 obj 3 endobj"), "abc");
        let inner = "2 0 obj x\nendstream endobj";
        let outer = format!("{inner}\nendstream endobj 2 0 obj {} endobj", inner.len());
        check(stream("/Length 2 0 R", &outer), inner);
        check(stream("", "abc\nendobj\n2 0 obj 3 endobj"), "abc");
        check(stream("", "endobj abc\nendstream endobj"), "endobj abc");
        check(stream("/Length 14", "endstream abcd\nendstream"), "endstream abcd");
        check(stream("/Length 99", "abc"), "abc");
    }

    #[test]
    fn the_last_whole_object_of_a_number_counts() {
        let file = "1 0 obj 5 endobj\n1 0 obj 6 endobj 12 1obj(x)endobj";
        assert_eq!(content(file, 1), "6");
        assert_eq!(content(file, 12), "(x)");
        assert_eq!(content("1 0 obj<</A 1>>endobj 1 0 obj<</A", 1), "<</A 1>>");
    }

    #[test]
    fn damaged_headers_are_guessed_where_nothing_sound_is_known() {
        assert_eq!(content("\n70 obj(x)endobj", 7), "(x)");
        assert_eq!(content("\n7  obj(x)endobj", 7), "(x)");
        assert_eq!(content("\n70  obj(x)endobj", 70), "(x)");
        assert_eq!(content("% 0\n70 obj(x)endobj", 7), "(x)");
        assert_eq!(content("7 0 obj(x)endobj\n70 obj(y)endobj", 7), "(x)");
        assert_eq!(content("70 obj(y)endobj\n7 0 obj(x)endobj", 7), "(x)");
        assert!(scan(b"an 70 obj(x)endobj", &Limits::default()).objects.is_empty());
    }

    #[test]
    fn trailers_come_last_first_and_not_from_streams() {
        let file = "1 0 obj<</Length 16>>stream\ntrailer<</A 1>>x\nendstream endobj \
            trailer<</B 1>> trailer<</C 1>> 2 0 obj<</Type/XRef/D 1/Length 0>>stream\n\nendstream";
        let scan = scan(file.as_bytes(), &Limits::default());
        let keys = scan.trailers.iter().map(|trailer| trailer.iter().count());
        assert_eq!(keys.collect::<Vec<_>>(), [3, 1, 1]);
        assert!(scan.trailers[1].has(b"C") && scan.trailers[2].has(b"B"));
    }

    #[test]
    fn objects_are_limited_on_both_sides() {
        let limits = Limits { objects_max: 2, ..Limits::default() };
        let stopped = |file: &str| scan(file.as_bytes(), &limits).stopped;
        assert_eq!(stopped("1 0 obj 1 endobj 2 0 obj 2 endobj 2 0 obj 3 endobj"), None);
        let more = "1 0 obj 1 endobj 2 0 obj 2 endobj 3 0 obj 3 endobj";
        assert_eq!(stopped(more), Some(("objects", 2)));
    }

    #[test]
    fn trailers_are_limited_on_both_sides() {
        let trailers = |count: usize| {
            let file: String =
                (0..count).map(|number| format!("trailer<</N {number}>> ")).collect();
            scan(file.as_bytes(), &Limits::default()).trailers
        };
        let first =
            |count: usize| trailers(count).last().unwrap().get(b"N").unwrap().as_i64().unwrap();
        assert_eq!((trailers(TRAILERS_MAX).len(), first(TRAILERS_MAX)), (TRAILERS_MAX, 0));
        assert_eq!((trailers(TRAILERS_MAX + 1).len(), first(TRAILERS_MAX + 1)), (TRAILERS_MAX, 1));
    }

    #[test]
    fn bytes_of_a_trailer_are_limited_on_both_sides() {
        let has_last = |bytes: usize| {
            let blanks = " ".repeat(bytes - "<</A 1/B 1>>".len());
            let file = format!("trailer<</A 1{blanks}/B 1>>");
            let trailers = scan(file.as_bytes(), &Limits::default()).trailers;
            trailers.first().is_some_and(|trailer| trailer.has(b"B"))
        };
        assert!(has_last(TRAILER_BYTES_MAX));
        assert!(!has_last(TRAILER_BYTES_MAX + 8));
    }

    #[test]
    fn comments_before_a_stream_are_limited_on_both_sides() {
        let start = |bytes: usize| {
            let comment = format!("%{}\n", "c".repeat(bytes - "%\nstream".len()));
            stream_start(format!("{comment}stream\nx").as_bytes(), 0)
        };
        assert_eq!(start(COMMENT_BYTES_MAX - 1), Some(COMMENT_BYTES_MAX));
        assert_eq!(start(COMMENT_BYTES_MAX + 8), None);
    }
}
