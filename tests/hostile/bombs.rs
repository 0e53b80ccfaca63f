//! Files made to hurt, and what becomes of each.

use std::fmt::Write as _;

use super::file::{CONTENT, File, deflated, replaced};

/// What a file made to hurt must come to.
pub(super) enum End {
    /// Its words, and nothing to complain of.
    Read,
    /// Its words, and a warning that holds this.
    Warned(&'static str),
    /// A code, and a message that holds this.
    Refused(&'static str, &'static str),
}

use End::{Read, Refused, Warned};

/// A name, what makes the file, and its end.
type Bomb = (&'static str, fn() -> Vec<u8>, End);

pub(super) const BOMBS: &[Bomb] = &[
    // What leads to the objects.
    ("a table that names one object 100,000 times", table_of_one, Read),
    ("a stream of a million table entries", table_stream, Read),
    ("trailers that name each other", trailers, Read),
    ("a million headers of nothing", || flood("1 0 obj "), Warned("")),
    ("four million brackets", || flood("[["), Warned("containers nested more than 100 deep")),
    (
        "dictionaries in dictionaries",
        || flood("<</A"),
        Warned("containers nested more than 100 deep"),
    ),
    ("five million values", values, Warned("more than 4000000 values in objects")),
    ("a name of eight megabytes", long_name, Warned("names of more than 4096 bytes, cut: 1")),
    ("a million objects too many", too_many_objects, Warned("more than 1000000 objects")),
    ("bytes beyond the largest upload", too_large, Refused("TOO_LARGE", "limit 52428800")),
    // Streams.
    ("objects in a stream, all at one array", held_at_one, Read),
    ("a stream of objects that inflates to 48 MiB", held_bomb, Warned("were left out")),
    ("a content that inflates to 64 MiB", flate_bomb, Warned("more than the 33554432 bytes")),
    ("a content inflated twice", flate_twice, Warned("more than the 33554432 bytes")),
    ("seventeen filters", || filters(17), Warned("17 filters, limit 16")),
    ("sixteen filters", || filters(16), Read),
    ("run lengths to 64 MiB", run_lengths, Warned("more than the 33554432 bytes")),
    ("a predictor of endless rows", predictor, Warned("damaged")),
    ("one stream on two hundred pages", shared_bomb, Warned("decoded streams reach")),
    // Trees.
    ("kids that are their own parents", kids_loop, Warned("names again, left out")),
    ("twenty thousand nodes with one list of kids", kids_shared, Refused("DAMAGED", "no pages")),
    ("pages beyond the limit", too_many_pages, Warned("10200 pages, limit 10000")),
    ("parents in a circle", parents, Warned("collected by type")),
    ("references in a circle", references, Read),
    ("bookmarks in a circle", bookmark_loop, Read),
    ("twenty thousand bookmarks", bookmarks, Warned("entries of the outline: 10001 found")),
    ("tags a hundred thousand deep", deep_tags, Read),
    ("tags in a circle", tag_loop, Read),
    ("two hundred thousand layers", layers, Warned("layers: 200000 found, limit 100000")),
    ("annotations that draw themselves", annotation_loop, Warned("page 1 is incomplete")),
    ("a hundred thousand annotations", annotations, Warned("100000 annotations, limit 20000")),
    // Content.
    ("a form that draws itself twice", form_loop, Warned("page 1 is incomplete")),
    ("forms that double twenty times", form_doubling, Warned("more than 50000 forms")),
    ("states saved a million deep", || long("q ", 1_000_000), Warned("limit 1000")),
    ("states restored a million times", || long("Q ", 1_000_000), Read),
    ("marks a million deep", || long("/A BMC ", 500_000), Warned("limit 1000")),
    ("images that never begin", || long("BI ", 500_000), Read),
    ("images that never end", || long("BI ID ", 300_000), Read),
    ("matrices that explode", || long("9e9 0 0 9e9 0 0 cm ", 200_000), Read),
    ("matrices of nothing", || long("q 0 0 0 0 0 0 cm (x) Tj Q ", 100_000), Read),
    ("a list of a million numbers", operands, Warned("operands, limit 131072")),
    ("brackets in a million brackets", || long("[ ", 1_000_000), Warned("operands, limit 131072")),
    ("a replacement of a megabyte", replacement, Warned("bytes of a replacement text")),
    ("half a million rules", || long("9 9 m 99 9 l S ", 500_000), Warned("ruling lines of a page")),
    ("a path of a million curves", curves, Read),
    ("a grid of four hundred thousand cells", grid, Warned("ruling lines of a page")),
    ("glyphs beyond the limit", glyphs, Warned("more than 2000000 glyphs")),
    ("two hundred thousand glyphs in one place", one_place, Read),
    ("two hundred thousand columns of one letter", scattered, Read),
    ("sizes that shrink to nothing", || long("/F 1e-38 Tf (x) Tj ", 100_000), Read),
    // Fonts.
    ("a map of all codes", || map("1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange"), Read),
    ("a map of endless entries", endless_map, Warned("entries of a ToUnicode map")),
    ("a map of endless strings", || map(&"1 beginbfchar <41> <".repeat(90_000)), Read),
    ("overlapping ranges", overlapping_map, Read),
    ("a map that uses itself", || map("/Identity-H usecmap /X usecmap"), Read),
    ("widths of a million characters", widths, Warned("widths of a CID font")),
    ("widths of all characters", || cid("/W[0 4294967295 1e38 -1e38 9 9]"), Read),
    ("fonts beyond the limit", fonts, Warned("fonts, limit 4096")),
    // No text at all.
    ("an image in JBIG2", jbig2, Refused("NO_TEXT", "(1)")),
    ("a cipher of another world", other_cipher, Refused("ENCRYPTED", "Other.Handler")),
    ("a cipher of no revision", no_revision, Refused("ENCRYPTED", "encrypted")),
    ("a password nobody knows", password, Refused("ENCRYPTED", "needs a password")),
];

fn long(part: &str, count: usize) -> Vec<u8> {
    File::page(format!("{CONTENT}{}{CONTENT}", part.repeat(count))).end()
}

fn flood(part: &str) -> Vec<u8> {
    let flood = format!("6 0 obj {}\nendobj\n", part.repeat(2_000_000 / part.len()));
    File::page(CONTENT).junk(flood).end()
}

fn table_of_one() -> Vec<u8> {
    let big = "[1 1 1 1 1 1 1 1]".repeat(20_000);
    let entries = "0000000009 00000 n \n".repeat(100_000);
    File::page(CONTENT)
        .object(6, format!("[{big}]"))
        .junk(format!("xref\n0 100000\n{entries}"))
        .end()
}

fn table_stream() -> Vec<u8> {
    let entries = [1, 0, 9, 0].repeat(1_000_000);
    let dict = "/Type/XRef/W[1 2 1]/Size 1000000/Root 1 0 R";
    File::page(CONTENT).flate(6, dict, entries).end()
}

fn trailers() -> Vec<u8> {
    let trailers = "trailer<</Root 1 0 R/Prev 0>> startxref 0 %%EOF\n".repeat(20_000);
    File::page(CONTENT).junk(trailers).end()
}

fn values() -> Vec<u8> {
    File::page(CONTENT).object(6, format!("[{}]", "1 ".repeat(5_000_000))).end()
}

fn long_name() -> Vec<u8> {
    File::page(CONTENT).object(6, format!("/{}", "n".repeat(8_000_000))).end()
}

fn too_many_objects() -> Vec<u8> {
    let mut objects = String::new();
    for number in 6..1_000_100 {
        writeln!(objects, "{number} 0 obj 1 endobj").unwrap();
    }
    File::page(CONTENT).junk(objects).end()
}

fn too_large() -> Vec<u8> {
    File::page(CONTENT).junk(vec![b'\n'; 50 << 20]).end()
}

fn held_at_one() -> Vec<u8> {
    let index: String = (10..20_000).map(|number| format!("{number} 0 ")).collect();
    let entries = format!("/Type/ObjStm/N 19990/First {}", index.len());
    File::page(CONTENT).stream(6, &entries, index + &"[1 1 1 1]".repeat(40_000)).end()
}

fn held_bomb() -> Vec<u8> {
    let data = [b"10 0 ".to_vec(), vec![b' '; 48 << 20]].concat();
    File::page(CONTENT).flate(6, "/Type/ObjStm/N 1/First 5", data).end()
}

fn packed_page(data: &[u8], filters: &str) -> Vec<u8> {
    let file = File::page("").stream(6, &format!("/Filter[{filters}]"), data).end();
    replaced(&file, "/Contents 4 0 R", "/Contents 6 0 R")
}

fn flate_bomb() -> Vec<u8> {
    let content = [CONTENT.as_bytes(), &vec![b' '; 64 << 20]].concat();
    packed_page(&deflated(&content), "/FlateDecode")
}

fn flate_twice() -> Vec<u8> {
    let content = [CONTENT.as_bytes(), &vec![b' '; 64 << 20]].concat();
    packed_page(&deflated(&deflated(&content)), "/FlateDecode/FlateDecode")
}

/// A page with so many filters on a second content that holds nothing.
fn filters(count: usize) -> Vec<u8> {
    let filters = format!("/Filter[{}]", "/Crypt ".repeat(count));
    let file = File::page(CONTENT).stream(6, &filters, "").end();
    replaced(&file, "/Contents 4 0 R", "/Contents[4 0 R 6 0 R]")
}

fn run_lengths() -> Vec<u8> {
    let file = File::page(CONTENT).stream(6, "/Filter/RL", [129, b' '].repeat(512 << 10)).end();
    replaced(&file, "/Contents 4 0 R", "/Contents[4 0 R 6 0 R]")
}

fn predictor() -> Vec<u8> {
    let dict = "/DecodeParms<</Predictor 15/Columns 2147483647/Colors 2147483647>>";
    let file = File::page(CONTENT).flate(6, dict, vec![0; 1 << 20]).end();
    replaced(&file, "/Contents 4 0 R", "/Contents[4 0 R 6 0 R]")
}

fn shared_bomb() -> Vec<u8> {
    let mut file = File::page(CONTENT).flate(6, "", vec![b' '; 16 << 20]);
    for number in 10..210 {
        let page =
            "<</Type/Page/Parent 2 0 R/Contents[4 0 R 6 0 R]/Resources<</Font<</F 5 0 R>>>>>>";
        file = file.object(number, page);
    }
    let kids: String = (10..210).map(|number| format!("{number} 0 R ")).collect();
    replaced(&file.end(), "/Kids[3 0 R]", format!("/Kids[3 0 R {kids}]"))
}

fn kids_loop() -> Vec<u8> {
    let kids = "2 0 R 3 0 R ".repeat(50_000);
    replaced(&File::page(CONTENT).end(), "[3 0 R]", format!("[{kids}]"))
}

fn kids_shared() -> Vec<u8> {
    let mut file = File::page(CONTENT);
    let kids: String = (10..20_010).map(|number| format!("{number} 0 R ")).collect();
    file = file.object(6, format!("[{kids}]"));
    for number in 10..20_010 {
        file = file.object(number, "<</Type/Pages/Kids 6 0 R>>");
    }
    let file = replaced(&file.end(), "/Kids[3 0 R]", "/Kids 6 0 R");
    replaced(&file, "/Type/Page/", "/Type/Nothing/")
}

fn too_many_pages() -> Vec<u8> {
    let kids = "<</Type/Page>>".repeat(10_199);
    replaced(&File::page(CONTENT).end(), "[3 0 R]", format!("[3 0 R {kids}]"))
}

fn parents() -> Vec<u8> {
    let file = File::page(CONTENT).object(6, "<</Type/Pages/Parent 7 0 R>>");
    let file = file.object(7, "<</Type/Pages/Parent 6 0 R>>").end();
    let file = replaced(&file, "/Pages 2 0 R", "/Pages 77 0 R");
    replaced(&file, "/Parent 2 0 R", "/Parent 6 0 R")
}

fn references() -> Vec<u8> {
    let mut file = File::with("/Outlines 6 0 R", "/Annots 6 0 R/Rotate 6 0 R", "", CONTENT);
    for number in 6..5_000 {
        file = file.object(number, format!("{} 0 R", if number == 4_999 { 6 } else { number + 1 }));
    }
    file.end()
}

fn bookmark_loop() -> Vec<u8> {
    let file = File::with("/Outlines 6 0 R", "", "", CONTENT).object(6, "<</First 7 0 R>>");
    file.object(7, "<</Title(a)/First 8 0 R/Next 8 0 R>>")
        .object(8, "<</Title(b)/Next 7 0 R>>")
        .end()
}

fn bookmarks() -> Vec<u8> {
    let mut file = File::with("/Outlines 6 0 R", "", "", CONTENT).object(6, "<</First 7 0 R>>");
    for number in 7..20_000 {
        file = file.object(number, format!("<</Title(a)/Next {} 0 R>>", number + 1));
    }
    file.end()
}

fn deep_tags() -> Vec<u8> {
    let mut file = File::with("/StructTreeRoot 10 0 R", "", "", CONTENT);
    for number in 10..100_010 {
        file = file.object(number, format!("<</S/Sect/K {} 0 R>>", number + 1));
    }
    file.end()
}

fn tag_loop() -> Vec<u8> {
    let kids = "6 0 R 7 0 R ".repeat(50_000);
    let file = File::with("/StructTreeRoot 6 0 R", "", "", CONTENT);
    file.object(6, format!("<</K[{kids}]>>")).object(7, format!("<</S/P/K[{kids}]>>")).end()
}

fn layers() -> Vec<u8> {
    let layers = "9 0 R ".repeat(200_000);
    File::with(&format!("/OCProperties<</D<</OFF[{layers}]>>>>"), "", "", CONTENT).end()
}

const FORM: &str = "/Subtype/Form/BBox[0 0 600 800]";

fn annotation_loop() -> Vec<u8> {
    let resources = "/Resources<</XObject<</X 7 0 R>>>>";
    File::with("", "/Annots[6 0 R]", "", CONTENT)
        .object(6, "<</Subtype/Stamp/Rect[0 0 600 800]/AP<</N 7 0 R>>>>")
        .stream(7, &format!("{FORM}{resources}"), "/X Do /X Do")
        .end()
}

fn annotations() -> Vec<u8> {
    let list = format!("/Annots[{}]", "6 0 R ".repeat(100_000));
    let file = File::with("", &list, "", CONTENT);
    let file = file.object(6, "<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 7 0 R>>>>");
    file.stream(7, "/BBox[0 0 9 9]", "").end()
}

fn form_loop() -> Vec<u8> {
    let resources = "/Resources<</XObject<</X 6 0 R>>>>";
    File::with("", "", "/XObject<</X 6 0 R>>", format!("{CONTENT}/X Do"))
        .stream(6, &format!("{FORM}{resources}"), "/X Do /X Do")
        .end()
}

fn form_doubling() -> Vec<u8> {
    let mut file = File::with("", "", "/XObject<</X 6 0 R>>", format!("{CONTENT}/X Do"));
    for number in 6..26 {
        let resources = format!("/Resources<</XObject<</X {} 0 R>>>>", number + 1);
        file = file.stream(number, &format!("{FORM}{resources}"), "/X Do /X Do");
    }
    file.end()
}

fn operands() -> Vec<u8> {
    File::page(format!("{CONTENT}BT [{}] TJ ET", "1 ".repeat(1_000_000))).end()
}

fn replacement() -> Vec<u8> {
    let text = "w".repeat(1 << 20);
    File::page(format!("{CONTENT}/Span<</ActualText({text})>>BDC (x) Tj EMC")).end()
}

fn curves() -> Vec<u8> {
    File::page(format!("{CONTENT}0 0 m {} S", "1 2 3 4 5 6 c ".repeat(500_000))).end()
}

fn grid() -> Vec<u8> {
    let mut content = CONTENT.to_owned();
    for line in 0..20_000 {
        let at = f64::from(line) * 0.03;
        write!(content, "0 {at:.2} m 600 {at:.2} l S {at:.2} 0 m {at:.2} 600 l S ").unwrap();
    }
    File::page(content).end()
}

fn glyphs() -> Vec<u8> {
    // Blank ones, which cost layout little, on lines that end before they leave all bounds.
    let blank = " ".repeat(100_000);
    let line = format!("BT /F 1 Tf 72 600 Td ({blank}) Tj ET ");
    File::page(format!("{CONTENT}{}", line.repeat(21))).end()
}

fn one_place() -> Vec<u8> {
    File::page(format!("{CONTENT}BT /F 9 Tf {} ET", "1 0 0 1 72 600 Tm (x) Tj ".repeat(200_000)))
        .end()
}

fn scattered() -> Vec<u8> {
    let mut content = format!("{CONTENT}BT /F 1 Tf ");
    for at in 0..200_000u32 {
        let (x, y) = (at.wrapping_mul(7_919) % 600, at.wrapping_mul(104_729) % 600);
        write!(content, "1 0 0 1 {x} {y} Tm (x) Tj ").unwrap();
    }
    File::page(content + "ET").end()
}

fn map(body: &str) -> Vec<u8> {
    let file = File::page(format!("{CONTENT}BT /G 9 Tf 72 600 Td (AB) Tj ET")).stream(6, "", body);
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Courier/ToUnicode 6 0 R>>";
    replaced(&file.object(7, font).end(), "/F 5 0 R", "/F 5 0 R/G 7 0 R")
}

fn endless_map() -> Vec<u8> {
    map(&format!("1 beginbfchar {}", "<41><61><42><62>".repeat(200_000)))
}

fn overlapping_map() -> Vec<u8> {
    let ranges: String =
        (0..60_000).map(|first| format!("<{first:04X}> <FFFF> <0041>\n")).collect();
    map(&format!("1 beginbfrange {ranges} endbfrange"))
}

fn cid(widths: &str) -> Vec<u8> {
    let file = File::page(format!("{CONTENT}BT /G 9 Tf 72 600 Td <00010002> Tj ET"));
    let font = format!(
        "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font\
         /Subtype/CIDFontType2/BaseFont/X{widths}>>]>>"
    );
    replaced(&file.object(6, font).end(), "/F 5 0 R", "/F 5 0 R/G 6 0 R")
}

fn widths() -> Vec<u8> {
    let list: String = (0..1_000_000).map(|width| format!("{} ", width % 997)).collect();
    cid(&format!("/W[0[{list}]]"))
}

fn fonts() -> Vec<u8> {
    let uses: String = (10..5_010).map(|number| format!("/G{number} 9 Tf ")).collect();
    let names: String = (10..5_010).map(|number| format!("/G{number} {number} 0 R")).collect();
    let mut file = File::page(format!("{CONTENT}{uses}"));
    for number in 10..5_010 {
        file = file.object(number, "<</Type/Font/Subtype/Type1/BaseFont/Courier>>");
    }
    replaced(&file.end(), "/F 5 0 R", format!("/F 5 0 R{names}"))
}

fn jbig2() -> Vec<u8> {
    let image = "/Subtype/Image/Width 65535/Height 65535/BitsPerComponent 1/Filter/JBIG2Decode";
    File::with("", "", "/XObject<</X 6 0 R>>", "q 600 0 0 800 0 0 cm /X Do Q")
        .stream(6, image, b"\0\0\0\x01\x30\0\x01\0\0\0\x13".repeat(50))
        .end()
}

fn other_cipher() -> Vec<u8> {
    File::page(CONTENT).end_with("/Root 1 0 R/Encrypt<</Filter/Other.Handler/V 4>>")
}

fn no_revision() -> Vec<u8> {
    File::page(CONTENT).end_with(
        "/Root 1 0 R/Encrypt<</Filter/Standard/V 99/R 99/O(x)/U(y)/P 1/StmF/A/StrF/A/CF<</A<<\
         /CFM/None>>>>>>",
    )
}

fn password() -> Vec<u8> {
    let hash = "x".repeat(32);
    File::page(CONTENT).end_with(&format!(
        "/Root 1 0 R/ID[(a)(a)]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/O({hash})/U({hash})/P -4>>"
    ))
}
