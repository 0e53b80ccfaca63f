use std::io::Write;

use lopdf::{Dictionary, Object, Stream, dictionary};

use super::{Decoded, FILTERS_MAX, Shortfall, decode};
use crate::Limits;
use crate::pdf::objects::Objects;

const LIMIT: usize = 1_000;

fn decoded(dict: Dictionary, content: &[u8]) -> Decoded {
    let mut file = lopdf::Document::new();
    file.objects.insert((9, 0), Object::Name(b"FlateDecode".to_vec()));
    file.objects.insert((8, 0), dictionary! { "Predictor" => 12, "Columns" => 4 }.into());
    let limits = Limits::default();
    decode(&Objects::new(&file, &limits), &Stream::new(dict, content.to_vec()), LIMIT)
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(dict: Dictionary, content: &[u8], expected: &[u8], shortfall: Option<Shortfall>) {
    let found = decoded(dict, content);
    assert_eq!(String::from_utf8_lossy(&found.bytes), String::from_utf8_lossy(expected));
    assert_eq!(found.shortfall, shortfall);
}

fn filter(name: &str) -> Dictionary {
    dictionary! { "Filter" => name }
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

const TEXT: &[u8] = b"the quick brown fox jumps over the lazy dog, and never looks back at it";

#[test]
fn names_may_be_references_abbreviated_or_empty() {
    let list = |name: Object| dictionary! { "Filter" => vec![name] };
    check(dictionary! { "Filter" => (9, 0) }, &zlib(TEXT), TEXT, None);
    check(list((9, 0).into()), &zlib(TEXT), TEXT, None);
    check(filter("Fl"), &zlib(TEXT), TEXT, None);
    check(dictionary! { "Filter" => Vec::<Object>::new() }, TEXT, TEXT, None);
    check(dictionary! { "Filter" => Object::Null }, TEXT, TEXT, None);
    check(Dictionary::new(), TEXT, TEXT, None);
    let unknown = Some(Shortfall::Unknown("DCTDecode".into()));
    check(filter("DCTDecode"), TEXT, b"", unknown);
}

#[test]
fn broken_flate_keeps_what_came_before() {
    let whole = zlib(TEXT);
    let cut = decoded(filter("FlateDecode"), &whole[..whole.len() / 2]);
    assert!(!cut.bytes.is_empty() && TEXT.starts_with(&cut.bytes));
    assert_eq!(cut.shortfall, Some(Shortfall::Broken));
    // Without its header, its checksum, or with a line end before.
    check(filter("FlateDecode"), &[b"\xFF\xFF", &whole[2..]].concat(), TEXT, None);
    check(filter("FlateDecode"), &[b"\r\n", &whole[..]].concat(), TEXT, None);
    let found = decoded(filter("FlateDecode"), &whole[..whole.len() - 4]);
    assert_eq!(found.bytes, TEXT);
    check(filter("FlateDecode"), b"", b"", Some(Shortfall::Broken));
}

#[test]
fn ascii_filters_pass_over_what_is_not_theirs() {
    check(filter("ASCIIHexDecode"), b"4 1\n4x2 5> 99", b"ABP", None);
    check(filter("AHx"), b"4142", b"AB", None);
    check(filter("ASCII85Decode"), b"<~87cUR D]~>", b"Hello", None);
    check(filter("A85"), b"87cURD]", b"Hello", None);
    check(filter("RL"), &[2, b'a', b'b', b'c', 254, b'd', 128, 9], b"abcddd", None);
    check(filter("RL"), &[5, b'a', b'b'], b"ab", None);
    let lzw = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
    check(filter("LZW"), &lzw, b"-----A---B", None);
    check(filter("LZWDecode"), &lzw[..8], b"-----A---B", None);
}

#[test]
fn rows_of_differences_may_end_short() {
    let rows = [2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 9, 5, 5];
    let params = dictionary! { "Filter" => "FlateDecode", "DecodeParms" => (8, 0) };
    check(params, &zlib(&rows), &[1, 1, 1, 1, 2, 2, 2, 2, 5, 5], None);
    let tiff = dictionary! { "Predictor" => 2, "Columns" => 4 };
    let tiff = dictionary! { "Filter" => "FlateDecode", "DecodeParms" => vec![tiff.into()] };
    check(tiff, &zlib(&[1, 1, 1, 1, 2, 0]), &[1, 2, 3, 4, 2, 2], None);
}

#[test]
fn decoded_bytes_are_limited_on_both_sides() {
    type Encode = fn(usize) -> Vec<u8>;
    let filters: [(&str, Encode); 4] = [
        ("FlateDecode", |bytes| zlib(&vec![7; bytes])),
        ("ASCIIHexDecode", |bytes| b"07".repeat(bytes)),
        ("RunLengthDecode", |bytes| [0, 7].repeat(bytes)),
        ("Crypt", |bytes| vec![7; bytes]),
    ];
    for (name, encode) in filters {
        let found = decoded(filter(name), &encode(LIMIT));
        assert_eq!((found.bytes.len(), found.shortfall), (LIMIT, None), "{name}");
        let found = decoded(filter(name), &encode(LIMIT + 1));
        let expected = (LIMIT, Some(Shortfall::TooLarge));
        assert_eq!((found.bytes.len(), found.shortfall), expected, "{name}");
    }
    let found = decoded(filter("ASCII85Decode"), &b"z".repeat(LIMIT / 4 + 1));
    assert_eq!((found.bytes.len(), found.shortfall), (LIMIT, Some(Shortfall::TooLarge)));
}

#[test]
fn filters_of_a_stream_are_limited_on_both_sides() {
    let chain = |filters: usize| {
        let names: Vec<Object> = (0..filters).map(|_| Object::Name(b"Crypt".to_vec())).collect();
        dictionary! { "Filter" => names }
    };
    check(chain(FILTERS_MAX), TEXT, TEXT, None);
    let too_many = Some(Shortfall::TooManyFilters(FILTERS_MAX + 1));
    check(chain(FILTERS_MAX + 1), TEXT, b"", too_many);
}

#[test]
fn rows_are_limited_on_both_sides() {
    let params = |columns: i64| {
        let params = dictionary! { "Predictor" => 12, "Columns" => columns };
        dictionary! { "Filter" => "FlateDecode", "DecodeParms" => params }
    };
    check(params(1 << 24), &zlib(&[2, 1, 1]), &[1, 1], None);
    check(params((1 << 24) + 1), &zlib(&[2, 1, 1]), &[2, 1, 1], Some(Shortfall::Broken));
}
