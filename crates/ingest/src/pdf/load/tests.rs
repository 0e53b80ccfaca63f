//! Broken and hostile files, written here byte by byte: each is read, in bounded time, and says
//! what was repaired.

use std::time::{Duration, Instant};

use document::Document;
use lopdf::encryption::crypt_filters::{Aes128CryptFilter, Aes256CryptFilter, CryptFilter};
use lopdf::{
    Dictionary, EncryptionState, EncryptionVersion, Object, Permissions, Stream, StringFormat,
    dictionary,
};

use crate::{Config, IngestError, Limits};

fn parse(bytes: &[u8]) -> Result<Document, IngestError> {
    crate::pdf::parse(bytes, &Config::default(), &crate::progress::unheard)
}

fn parse_soon(bytes: &[u8]) -> Result<Document, IngestError> {
    let started = Instant::now();
    let parsed = parse(bytes);
    // Room for a busy machine and an unoptimised build, but not for quadratic work.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    parsed
}

/// The objects of a file of one page, `content` included, without what follows them.
fn body(content: &str) -> String {
    let length = content.len();
    format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
         2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n\
         4 0 obj<</Length {length}>>stream\n{content}\nendstream endobj\n\
         5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    )
}

const HELLO: &str = "BT /F 12 Tf 72 700 Td (Hello there) Tj ET";

/// The body of a file that says hello, with one thing in it replaced by another.
fn broken(from: &str, to: &str) -> String {
    let body = body(HELLO);
    assert!(body.contains(from), "{from}");
    body.replace(from, to) + "trailer<</Root 1 0 R>>\n%%EOF"
}

/// The file says hello and is repaired as `repair` tells, a part of a warning.
fn check(file: &str, repair: &str) {
    let document = parse(file.as_bytes()).unwrap_or_else(|error| panic!("{error}: {file}"));
    assert_eq!(document.text, "Hello there", "{file}");
    let found = document.warnings.iter().any(|warning| warning.contains(repair));
    assert!(found, "{:?}: {file}", document.warnings);
}

#[test]
fn what_leads_to_the_objects_may_be_missing_or_wrong() {
    let rebuilt = "the cross-reference table was rebuilt by scanning the file";
    let by_type = "one was found by its type";
    check(&broken("%PDF-1.4", "junk %PDF-1.4"), rebuilt);
    check(&broken("%PDF-1.4", ""), rebuilt);
    check(&body(HELLO), by_type);
    check(&(body(HELLO) + "trailer<</Root 5 0 R>>"), by_type);
    check(&(body(HELLO) + "trailer /Root 1 0 R >>"), by_type);
    check(&(body(HELLO) + "trailer<</Root<</Pages 2 0 R>>>>"), rebuilt);
    check(&broken("/Type/Catalog", ""), rebuilt);
    check(&broken("3 0 obj", "3 7 obj"), rebuilt);
    check(&broken("4 0 obj<<", "4\n0\nobj % a comment\n<<"), rebuilt);
    check(&broken("endobj", ""), rebuilt);
}

#[test]
fn page_trees_may_loop_or_be_missing() {
    check(&broken("/Kids[3 0 R]", "/Kids[3 0 R 3 0 R 2 0 R 9 0 R]"), "names again, left out: 2");
    check(&broken("/Kids[3 0 R]", "/Kids[9 0 R]"), "page tree missing: 1 pages were collected");
    check(&broken("/Pages 2 0 R", "/Pages 3 0 R"), "");
    check(&broken("/Pages 2 0 R", "/Pages<</Kids[3 0 R]>>"), "");
    check(&broken("/Count 1", "/Count -7"), "");
    check(&broken("[3 0 R]", " 3 0 R"), "");
    // A page outside of any tree still has what its parents give it.
    let resources = "/Resources<</Font<</F 5 0 R>>>>";
    let orphan = broken(resources, "").replace("/Kids[3 0 R]", resources);
    check(&orphan.replace("/Pages 2 0 R", "/Pages 9 0 R"), "page tree missing");
}

#[test]
fn streams_may_lie_about_their_length() {
    let length = format!("/Length {}", HELLO.len());
    for wrong in ["", "/Length 3", "/Length 99999999", "/Length -1", "/Length (x)", "/Length 9 0 R"]
    {
        check(&broken(&length, wrong), "streams whose length is wrong or missing: 1");
    }
    check(&broken("endstream endobj", "endobj"), "");
    let cut = body(HELLO);
    let end = cut.find("\nendstream").unwrap();
    let font = &cut[cut.find("5 0 obj").unwrap()..];
    check(&cut[..end].replace("4 0 obj", &format!("{font}4 0 obj")), "cut short by the end");
}

#[test]
fn text_without_its_font_is_read_where_it_is_plain() {
    check(&broken("/F 5 0 R", "/F 9 0 R"), "");
    check(&broken("/Resources<<", "/Resource<<"), "");
    let composite = broken("/F 5 0 R", "/F 9 0 R").replace("Hello there", "\\0H\\0e\\0l");
    assert_eq!(parse(composite.as_bytes()).unwrap_err().code(), "NO_TEXT");
}

#[test]
fn the_last_revision_counts() {
    let file = body("BT /F 12 Tf (Before) Tj ET");
    let update = format!("4 0 obj<</Length {}>>stream\n{HELLO}\nendstream endobj", HELLO.len());
    check(&format!("{file}trailer<</Root 1 0 R>>{update} trailer<</Root 1 0 R/Prev 9>>"), "");
}

/// Objects of a saved file, in an object stream those that may be in one.
fn saved(save: impl Fn(&mut lopdf::Document, &mut Vec<u8>)) -> Vec<u8> {
    let mut file = lopdf::Document::with_version("1.7");
    let font = file.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
    });
    // Blank space to lose where a stream ends early.
    let content = HELLO.to_owned() + &" ".repeat(64);
    let content = file.add_object(Stream::new(Dictionary::new(), content.into()));
    let pages = file.new_object_id();
    let page = file.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
    });
    let tree = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    file.objects.insert(pages, tree.into());
    let catalog = file.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    let title = dictionary! { "Title" => Object::string_literal("A title") };
    let information = file.add_object(title);
    file.trailer.set("Root", catalog);
    file.trailer.set("Info", information);
    let mut bytes = Vec::new();
    save(&mut file, &mut bytes);
    bytes
}

#[test]
fn object_streams_are_read_and_sound_files_need_no_repair() {
    let modern = saved(|file, bytes| file.save_modern(bytes).unwrap());
    let document = parse(&modern).unwrap();
    assert_eq!((&*document.text, &*document.warnings), ("Hello there", &[][..]));
    let classic = saved(|file, bytes| file.save_to(bytes).unwrap());
    assert_eq!(parse(&classic).unwrap().warnings, [""; 0]);
}

/// A file encrypted under a user password.
fn encrypted(revision: i64, user_password: &str, change: fn(&mut Dictionary)) -> Vec<u8> {
    saved(|file, bytes| {
        let id = Object::String(b"identifier 16 by".to_vec(), StringFormat::Literal);
        file.trailer.set("ID", vec![id.clone(), id]);
        let state = state(file, revision, user_password);
        file.encrypt(&state).unwrap();
        let encrypt = file.trailer.get(b"Encrypt").unwrap().as_reference().unwrap();
        change(file.get_dictionary_mut(encrypt).unwrap());
        file.save_to(bytes).unwrap();
    })
}

fn state(document: &lopdf::Document, revision: i64, user_password: &str) -> EncryptionState {
    let (owner_password, permissions) = ("owner", Permissions::all());
    let name = b"StdCF".to_vec();
    let filters = |filter: std::sync::Arc<dyn CryptFilter>| [(name.clone(), filter)].into();
    let (stream_filter, string_filter) = (name.clone(), name.clone());
    let file_encryption_key = &[7; 32];
    let aes256 = std::sync::Arc::new(Aes256CryptFilter);
    #[expect(deprecated, reason = "files of revision 5 exist")]
    let version = match revision {
        2 => EncryptionVersion::V1 { document, owner_password, user_password, permissions },
        3 => EncryptionVersion::V2 {
            document,
            owner_password,
            user_password,
            key_length: 128,
            permissions,
        },
        4 => EncryptionVersion::V4 {
            document,
            encrypt_metadata: true,
            crypt_filters: filters(std::sync::Arc::new(Aes128CryptFilter)),
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        },
        5 => EncryptionVersion::R5 {
            encrypt_metadata: true,
            crypt_filters: filters(aes256),
            file_encryption_key,
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        },
        _ => EncryptionVersion::V5 {
            encrypt_metadata: true,
            crypt_filters: filters(aes256),
            file_encryption_key,
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        },
    };
    EncryptionState::try_from(version).unwrap()
}

#[test]
fn every_revision_opens_with_the_empty_password_or_the_right_one() {
    for revision in 2..=6 {
        let open = parse(&encrypted(revision, "", |_| {})).unwrap();
        assert_eq!(open.text, "Hello there", "revision {revision}");
        assert_eq!(open.metadata["title"], "A title");
        let file = encrypted(revision, "secret", |_| {});
        let error = |password: Option<&str>| {
            let password = password.map(str::to_owned);
            let config = Config { password, ..Config::default() };
            crate::pdf::parse(&file, &config, &crate::progress::unheard)
                .map(|document| document.text)
                .map_err(|e| e.to_string())
        };
        assert!(error(None).unwrap_err().contains("needs a password"), "revision {revision}");
        assert!(error(Some("guess")).unwrap_err().contains("password is wrong"));
        assert_eq!(error(Some("secret")).unwrap(), "Hello there");
        assert_eq!(error(Some("owner")).unwrap(), "Hello there", "revision {revision}");
    }
}

#[test]
fn ciphertexts_that_end_early_keep_what_they_have() {
    for revision in [4, 6] {
        let file = encrypted(revision, "", |_| {});
        // The only stream is the page's content.
        let end = memchr::memmem::find(&file, b"endstream").unwrap() - 5;
        let cut = [&file[..end], &file[end + 4..]].concat();
        assert_eq!(parse(&cut).unwrap().text, "Hello there", "revision {revision}");
    }
}

#[test]
fn encryption_dictionaries_may_be_odd() {
    type Change = fn(&mut Dictionary);
    let changes: [(i64, Change); 7] = [
        (2, |dict| dict.set("Length", 128)),
        (3, |dict| dict.set("Length", 16)),
        (4, |dict| dict.set("Length", 7)),
        (4, |dict| drop(dict.remove(b"Length"))),
        (6, |dict| dict.set("Length", 128)),
        (4, |dict| drop(dict.remove(b"V"))),
        (4, |dict| dict.set("EncryptMetadata", 1)),
    ];
    for (index, (revision, change)) in changes.into_iter().enumerate() {
        assert_eq!(parse(&encrypted(revision, "", change)).unwrap().text, "Hello there", "{index}");
    }
    let handler = |dict: &mut Dictionary| dict.set("Filter", "Other.Handler");
    let error = parse(&encrypted(4, "", handler)).unwrap_err();
    assert!(error.to_string().contains("Other.Handler"), "{error}");
    // Only attached files are encrypted: no password is needed for the text.
    let identity = broken("/Count 1", "").replace(
        "<</Root",
        "<</Encrypt<</Filter/Standard/V 4/R 4/O(x)/U(y)/P 0/StmF/Identity/StrF/Identity/EFF/StdCF\
         /CF<</StdCF<</CFM/AESV2/AuthEvent/EFOpen>>>>>>/Root",
    );
    assert_eq!(parse(identity.as_bytes()).unwrap().text, "Hello there");
}

#[test]
fn floods_of_half_objects_take_linear_time() {
    let floods = [
        "1 0 obj ",
        "1 0 obj[",
        "1 0 obj<<",
        "1 0 obj(",
        "1 0 obj<",
        "1 0 obj%",
        "1 0 obj<<>>stream\n",
        "1 0 obj<</Length 9 0 R>>stream\nendstream ",
        "1 0 obj<<>>stream endstream % ",
        "endobj ",
        "obj ",
        "trailer<<",
        "stream\n",
        "[",
        "<<",
        "startxref 0 ",
        "12345678901234567890",
    ];
    for flood in floods {
        let file = flood.repeat(4_000_000 / flood.len());
        for tail in ["", "endobj", "\nfoo", "endstream endobj %%%", HELLO] {
            let error = parse_soon(format!("%PDF-1.4\n{file}{tail}").as_bytes()).unwrap_err();
            assert_eq!(error.code(), "DAMAGED", "{flood} {tail}");
        }
    }
}

#[test]
fn tables_and_streams_that_name_one_object_many_times_cost_nothing() {
    let big = "[1 1 1 1 1 1 1 1]".repeat(20_000);
    let entries = "0000000009 00000 n \n".repeat(100_000);
    let table = format!(
        "{}6 0 obj[{big}]endobj xref\n0 100000\n{entries}trailer<</Root 1 0 R>>startxref 99 %%EOF",
        body(HELLO)
    );
    assert_eq!(parse_soon(table.as_bytes()).unwrap().text, "Hello there");
    let index: String = (7..20_000).map(|number| format!("{number} 0 ")).collect();
    let members = format!(
        "{}6 0 obj<</Type/ObjStm/N 19993/First {}>>stream\n{index}[{big}]\nendstream endobj",
        body(HELLO),
        index.len()
    );
    assert_eq!(parse_soon(members.as_bytes()).unwrap().text, "Hello there");
}

#[test]
fn nesting_beyond_the_limit_loses_levels_and_nothing_else() {
    for depth in [90, 100, 101, 200_000] {
        let file =
            format!("{}6 0 obj{}{}endobj ", body(HELLO), "[".repeat(depth), "]".repeat(depth));
        assert_eq!(parse_soon(file.as_bytes()).unwrap().text, "Hello there", "{depth}");
        let file = file.replace('[', "<</A").replace(']', ">>");
        assert!(parse_soon(file.as_bytes()).is_err() || depth < 200_000);
    }
}

/// Reads with limits and returns the text with all warnings.
fn limited(file: &[u8], limits: Limits) -> (String, String) {
    let config = Config { limits, ..Config::default() };
    match crate::pdf::parse(file, &config, &crate::progress::unheard) {
        Ok(document) => (document.text, document.warnings.join("\n")),
        Err(error) => (error.code().to_owned(), error.to_string()),
    }
}

fn two_pages() -> String {
    broken("[3 0 R]", "[3 0 R 6 0 R]")
        + "6 0 obj<</Type/Page/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj"
}

#[test]
fn pages_are_limited_on_both_sides() {
    let read = |pages_max: usize| {
        limited(two_pages().as_bytes(), Limits { pages_max, ..Limits::default() })
    };
    let (text, warnings) = read(2);
    assert_eq!(text, "Hello there\n\nHello there");
    assert!(!warnings.contains("limit"), "{warnings}");
    let (text, warnings) = read(1);
    assert_eq!(text, "Hello there");
    assert!(warnings.contains("the file has 2 pages, limit 1"), "{warnings}");
}

#[test]
fn decoded_bytes_of_a_stream_are_limited_on_both_sides() {
    let read = |stream_bytes_max: usize| {
        let limits = Limits { stream_bytes_max, ..Limits::default() };
        limited(broken("/Count 1", "").as_bytes(), limits)
    };
    let (text, warnings) = read(HELLO.len());
    assert!(text == "Hello there" && !warnings.contains("allowed"), "{warnings}");
    let limit = HELLO.len() - 1;
    let (text, warnings) = read(limit);
    assert_eq!(text, "Hello there");
    let why = format!("page 1 is incomplete: a stream decodes to more than the {limit} bytes");
    assert!(warnings.contains(&why), "{warnings}");
}

#[test]
fn decoded_bytes_of_a_document_are_limited_on_both_sides_whatever_the_threads() {
    // Bytes that go in count as those that come out; a stream counts each time.
    let once = 2 * HELLO.len();
    let read = |document_bytes_max: usize, threads: usize| {
        let limits = Limits { document_bytes_max, ..Limits::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| limited(two_pages().as_bytes(), limits))
    };
    for threads in [1, 4] {
        let (text, warnings) = read(2 * once, threads);
        assert_eq!(text, "Hello there\n\nHello there");
        assert!(!warnings.contains("limit"), "{warnings}");
        let (text, warnings) = read(2 * once - 1, threads);
        assert_eq!(text, "Hello there");
        let (found, limit) = (2 * once, 2 * once - 1);
        let why =
            format!("page 2 is incomplete: decoded streams reach {found} bytes, limit {limit}");
        assert!(warnings.contains(&why), "{warnings}");
    }
}

#[test]
fn text_of_a_document_is_limited_on_both_sides() {
    let read = |output_bytes_max: usize| {
        limited(two_pages().as_bytes(), Limits { output_bytes_max, ..Limits::default() })
    };
    let (text, warnings) = read("Hello there\n\nHello there".len());
    assert!(text == "Hello there\n\nHello there" && !warnings.contains("limit"), "{warnings}");
    let (text, warnings) = read("Hello there".len() * 2 - 1);
    assert_eq!(text, "Hello there");
    let why = "page 2 is incomplete: the document's text reaches 22 bytes, limit 21";
    assert!(warnings.contains(why), "{warnings}");
}

#[test]
fn objects_are_limited_on_both_sides() {
    let read = |objects_max: usize| {
        limited(broken("/Count 1", "").as_bytes(), Limits { objects_max, ..Limits::default() })
    };
    let (text, warnings) = read(5);
    assert!(text == "Hello there" && !warnings.contains("more than"), "{warnings}");
    let (_, warnings) = read(4);
    assert!(warnings.contains("more than 4 objects") || warnings.contains("no text"), "{warnings}");
}

#[test]
fn values_are_limited_and_the_limit_is_said() {
    // A bracket and what it holds: beyond the limit with what stands before.
    let file = |values: usize| {
        let items = "1 ".repeat(values);
        format!("{}6 0 obj[{items}]endobj trailer<</Root 1 0 R>>", body(HELLO))
    };
    let warnings = |file: &str| limited(file.as_bytes(), Limits::default()).1;
    assert!(!warnings(&file(1_000)).contains("values in objects"));
    let why = "more than 4000000 values in objects; the rest is left out";
    assert!(warnings(&file(super::syntax::VALUES_MAX)).contains(why));
}

#[test]
fn bytes_of_a_file_are_limited_on_both_sides() {
    let file = broken("/Count 1", "");
    let read = |pdf_bytes_max: usize| {
        limited(file.as_bytes(), Limits { pdf_bytes_max, ..Limits::default() }).0
    };
    assert_eq!(read(file.len()), "Hello there");
    assert_eq!(read(file.len() - 1), "TOO_LARGE");
}
