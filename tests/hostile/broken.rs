//! Small files, each broken in a way of its own, whose text a reader still gets.

use super::file::{CONTENT, File, deflated, replaced};

/// Name and bytes of each.
pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
    [ends(), tables(), objects(), streams(), trees(), pages(), contents(), containers(), extras()]
        .concat()
}

type Files = Vec<(&'static str, Vec<u8>)>;

/// The sound file with one thing in it replaced.
#[track_caller]
fn with(from: &str, to: &str) -> Vec<u8> {
    replaced(&File::page(CONTENT).end(), from, to)
}

/// The sound file whose content is what a filter takes.
fn filtered(entries: &str, data: impl AsRef<[u8]>) -> Vec<u8> {
    let content = replaced(&File::page("").body(), "/Contents 4 0 R", "/Contents 6 0 R");
    let data = data.as_ref();
    let length = data.len();
    let head = format!("6 0 obj<</Length {length}{entries}>>stream\n");
    let tail = b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF";
    [&*content, head.as_bytes(), data, tail].concat()
}

fn shown(content: impl AsRef<[u8]>) -> Vec<u8> {
    File::page(content).end()
}

fn ends() -> Files {
    let sound = File::page(CONTENT).end();
    let body = File::page(CONTENT).body();
    vec![
        ("no header", with("%PDF-1.7\n", "")),
        ("junk before the header", [&b"\x00\xFEjunk\n".repeat(90), &*sound].concat()),
        ("version of its own", with("%PDF-1.7", "%PDF-99.x")),
        ("header without a version", with("%PDF-1.7", "%PDF-")),
        ("mail before the header", [b"From: a\r\nTo: b\r\n\r\n", &*sound].concat()),
        ("no end mark", with("%%EOF\n", "")),
        ("junk behind the end", [&*sound, &b"\0\xFF<html>".repeat(400)].concat()),
        ("cut after the objects", body.clone()),
        ("cut within the table", sound[..body.len() + 40].to_vec()),
        ("two files in one", [&*sound, &sound].concat()),
        ("line ends are carriage returns", with("obj\n<<", "obj\r<<")),
    ]
}

fn tables() -> Files {
    let sound = File::page(CONTENT).end();
    vec![
        ("startxref of nothing", with("startxref\n", "startxref\n9")),
        ("startxref missing", with("startxref", "startxfer")),
        ("startxref negative", with("startxref\n", "startxref\n-")),
        ("table misspelled", with("xref\n0 1", "xerf\n0 1")),
        ("table of lies", with("0 1\n0000000000", "0 1\n0000000077")),
        ("table of nothing in use", replaced(&sound, "00000 n \n2 1", "00000 f \n2 1")),
        ("table without a trailer", with("trailer", "tralier")),
        ("trailer without a root", with("/Root 1 0 R", "")),
        ("root leads to a font", with("/Root 1 0 R", "/Root 5 0 R")),
        ("root leads nowhere", with("/Root 1 0 R", "/Root 77 0 R")),
        ("root in the trailer", with("/Root 1 0 R", "/Root<</Pages 2 0 R>>")),
        ("trailer names itself before", with("/Root", "/Prev 9/Root")),
        ("trailer never closed", with("R>>\nstartxref", "R\nstartxref")),
        ("encryption of nothing", with("/Root", "/Encrypt null/Root")),
    ]
}

fn objects() -> Files {
    let again = "\n4 0 obj<</Length 9>>stream\n(Before) Tj\nendstream endobj\n";
    vec![
        ("endobj missing", with("endobj", "")),
        ("endobj misspelled", with("endobj", "endbj")),
        ("generations that differ", with("3 0 obj", "3 7 obj")),
        ("header on three lines", with("3 0 obj", "3\n0\nobj")),
        ("header without its generation", with("\n3 0 obj", "\n3  obj")),
        ("an older object before", with("\n1 0 obj", &format!("{again}1 0 obj"))),
        ("a newer object cut short", [&*shown(CONTENT), b"\n4 0 obj<</Leng"].concat()),
        ("dictionary never closed", with("/Helvetica>>", "/Helvetica")),
        ("array never closed", with("[3 0 R]", "[3 0 R")),
        ("brackets that belong nowhere", with("/Count 1", "/Count 1 ] ) }")),
        ("values without names", with("/Count 1", "1 2 (x) /Count 1")),
        ("names written as numbers of bytes", with("/Contents", "/C#6fntents")),
        ("comments between", with("/Count 1", "% /Kids[]\n/Count 1")),
        ("blanks that are NUL", with("/Count 1", "\0/Count\0 1\0")),
        ("numbers with two signs and two dots", with("600 800]", "--600 8..00]")),
        ("a reference to a reference", {
            let file = File::page(CONTENT).object(6, "4 0 R").end();
            replaced(&file, "/Contents 4", "/Contents 6")
        }),
    ]
}

fn streams() -> Files {
    let length = format!("/Length {}", CONTENT.len());
    let plain = CONTENT.as_bytes();
    let packed = deflated(plain);
    let raw = &packed[2..packed.len() - 4];
    let flate = "/Filter/FlateDecode";
    let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
    let run = [&[(plain.len() - 1) as u8], plain].concat();
    vec![
        ("length missing", with(&length, "")),
        ("length too short", with(&length, "/Length 4")),
        ("length too long", with(&length, "/Length 99999")),
        ("length negative", with(&length, "/Length -4")),
        ("length is text", with(&length, "/Length(many)")),
        ("length leads nowhere", with(&length, "/Length 77 0 R")),
        ("length in a later object", {
            let file = File::page(CONTENT).object(6, CONTENT.len().to_string()).end();
            replaced(&file, &length, "/Length 6 0 R")
        }),
        ("endstream missing", with("endstream", "")),
        ("endstream joined to the data", with("\nendstream", "endstream")),
        ("spaces behind stream", with("stream\n", "stream   \r\n")),
        ("nothing behind stream", with("stream\n", "stream")),
        (
            "deflated, checksum wrong",
            filtered(flate, [&packed[..packed.len() - 2], b"xx"].concat()),
        ),
        ("deflated, checksum missing", filtered(flate, &packed[..packed.len() - 4])),
        ("deflated, without its header", filtered(flate, raw)),
        ("deflated, behind a line end", filtered(flate, [b"\r\n", &*packed].concat())),
        ("filter abbreviated", filtered("/Filter/Fl", &packed)),
        ("filter in a list", filtered("/Filter[/FlateDecode null]", &packed)),
        ("filters empty", filtered("/Filter[]", plain)),
        ("filter null", filtered("/Filter null/DecodeParms null", plain)),
        ("filter elsewhere", {
            let file = filtered("/Filter 7 0 R", &packed);
            replaced(&file, "trailer", "7 0 obj /FlateDecode endobj trailer")
        }),
        ("hexadecimal, never closed", filtered("/Filter/ASCIIHexDecode", &hex)),
        (
            "hexadecimal in lines with junk",
            filtered("/Filter/AHx", hex.replace("20", "2z\n0") + ">"),
        ),
        ("run lengths, never ended", filtered("/Filter/RunLengthDecode", run)),
        (
            "a predictor of nonsense",
            filtered(&format!("{flate}/DecodeParms<</Predictor 77>>"), {
                // Rows of an unknown kind are taken as they are.
                let rows: Vec<u8> = plain.iter().flat_map(|byte| [9, *byte]).collect();
                deflated(&rows)
            }),
        ),
    ]
}

fn trees() -> Files {
    vec![
        ("kids repeat and loop", with("[3 0 R]", "[3 0 R 3 0 R 2 0 R 1 0 R]")),
        ("kids lead nowhere", with("[3 0 R]", "[77 0 R]")),
        ("a kid without its list", with("[3 0 R]", " 3 0 R")),
        ("kids missing", with("/Kids[3 0 R]", "")),
        ("a page written into its tree", with("[3 0 R]", "[<</Kids[3 0 R]>>]")),
        ("count of millions", with("/Count 1", "/Count 2147483647")),
        ("count negative", with("/Count 1", "/Count -1")),
        ("no tree", with("/Pages 2 0 R", "/Pages 77 0 R")),
        ("the tree is the page", with("/Pages 2 0 R", "/Pages 3 0 R")),
        ("the tree in the catalog", with("/Pages 2 0 R", "/Pages<</Kids[3 0 R]>>")),
        ("the catalog without its type", with("/Type/Catalog", "")),
        ("the page without its type", with("/Type/Page/", "/")),
        ("the page called a tree", with("/Type/Page/", "/Type/Pages/")),
        ("its own parent", with("/Parent 2 0 R", "/Parent 3 0 R")),
        ("a tree two hundred deep", {
            let mut file = File::page(CONTENT);
            for number in 10..210 {
                let kid = if number == 209 { 3 } else { number + 1 };
                file = file.object(number, format!("<</Type/Pages/Kids[{kid} 0 R]>>"));
            }
            replaced(&file.end(), "/Kids[3 0 R]", "/Kids[10 0 R]")
        }),
    ]
}

fn pages() -> Files {
    let page_box = "/MediaBox[0 0 600 800]";
    vec![
        ("no size", with(page_box, "")),
        ("a size of nothing", with(page_box, "/MediaBox[0 0 0 0]")),
        ("a size upside down", with(page_box, "/MediaBox[600 800 0 0]")),
        ("a size of three numbers", with(page_box, "/MediaBox[0 0 600]")),
        ("cropped to nothing", with(page_box, &format!("{page_box}/CropBox[5 5 5 5]"))),
        ("turned by 45", with("/Parent", "/Rotate 45/Parent")),
        ("turned a million times", with("/Parent", "/Rotate -90000000/Parent")),
        ("resources missing", with("/Resources", "/Resource")),
        ("font missing", with("/F 5 0 R", "")),
        ("font leads nowhere", with("/F 5 0 R", "/F 77 0 R")),
        ("font without its kind", with("/Subtype/Type1", "")),
        ("font that is a number", with("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", "5")),
        ("widths of nonsense", with("/Helvetica", "/Helvetica/FirstChar -9e9/Widths[null(x)-1]")),
        ("differences of nonsense", {
            with("/Helvetica", "/Helvetica/Encoding<</Differences[/x -5 /y 999 /z (q)]>>")
        }),
        ("a map of nonsense", {
            let file =
                File::page(CONTENT).stream(6, "", "1 beginbfchar <D8 <> <zz> [[ >> <54> <D800>");
            replaced(&file.end(), "/Helvetica", "/Helvetica/ToUnicode 6 0 R")
        }),
        ("contents in a list with holes", with("4 0 R", "[null 77 0 R 4 0 R(x)]")),
    ]
}

fn contents() -> Files {
    let words = "(The ferry leaves at noon) Tj";
    vec![
        ("brackets in the content", shown(format!("] >> ) }} {CONTENT}"))),
        ("unknown operators", shown(format!("foo 1 2 bar /x baz {CONTENT}"))),
        ("numbers of nonsense", shown(CONTENT.replace("72 700", "--72 +-.7e5 72 700"))),
        ("states never restored", shown(format!("{}{CONTENT}", "q ".repeat(300)))),
        ("states never saved", shown(format!("{}{CONTENT}", "Q ".repeat(300)))),
        ("text never ended", shown(CONTENT.replace("ET", ""))),
        ("text never begun", shown(CONTENT.replace("BT", ""))),
        ("text begun twice", shown(CONTENT.replace("BT", "BT BT"))),
        ("marks never ended", shown(format!("{}{CONTENT}", "/P <</MCID 0>> BDC ".repeat(50)))),
        ("marks never begun", shown(format!("EMC EMC {CONTENT}"))),
        ("a matrix of nothing", shown(format!("q 0 0 0 0 0 0 cm (gone) Tj Q {CONTENT}"))),
        ("a matrix of infinity", shown(format!("q 1e39 0 0 9e38 0 0 cm (gone) Tj Q {CONTENT}"))),
        ("an image without an end", shown(format!("{CONTENT} BI /W 9 ID \x01\x02\x03"))),
        ("an image that ends early", shown(format!("BI /W 9 ID \x01 EI\x02 EI Q {CONTENT}"))),
        ("a string never closed", shown(format!("{CONTENT}(never closed"))),
        (
            "half a digit",
            shown(
                CONTENT
                    .replace(words, "<54686520666572727920> Tj <6c6561766573206174206e6f6f6e2> Tj"),
            ),
        ),
        ("octal and broken lines", {
            shown(CONTENT.replace(words, "(\\124he f\\\nerry \\leaves at noon) Tj"))
        }),
        ("forms that lead nowhere", shown(format!("/X Do /Y Do {CONTENT}"))),
        ("clipped by nothing", shown(format!("W n W* n {CONTENT}"))),
    ]
}

fn containers() -> Files {
    let page = "<</Type/Page/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>";
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let index = format!("3 0 5 {} ", page.len() + 1);
    let data = format!("{index}{page} {font}");
    let base = || {
        let file = File::page(CONTENT).body();
        let file = replaced(&file, "\n3 0 obj", "\n30 0 obj");
        replaced(&file, "\n5 0 obj", "\n50 0 obj")
    };
    let held = |entries: &str, data: &[u8]| {
        let stream = format!("6 0 obj<</Type/ObjStm{entries}/Length {}>>stream\n", data.len());
        let tail = b"\nendstream endobj trailer<</Root 1 0 R>>";
        [&*base(), stream.as_bytes(), data, tail].concat()
    };
    let first = index.len();
    let packed = deflated(data.as_bytes());
    vec![
        ("held objects, count wrong", held(&format!("/N 9999/First {first}"), data.as_bytes())),
        ("held objects, count missing", held(&format!("/First {first}"), data.as_bytes())),
        ("held objects, start missing", held("/N 2", data.as_bytes())),
        ("held objects, cut short", {
            let entries = format!("/Filter/FlateDecode/N 2/First {first}");
            held(&entries, &packed[..packed.len() - 4])
        }),
        ("held objects, one unreadable", {
            let index = format!("3 0 5 {} 7 9999 ", page.len() + 1);
            held(&format!("/N 3/First {}", index.len()), format!("{index}{page} {font}").as_bytes())
        }),
        ("a table in a stream of noise", {
            let file = File::page(CONTENT);
            let entries = "/Type/XRef/W[1 2 1]/Size 9/Root 1 0 R/Filter/FlateDecode";
            [file.stream(6, entries, "noise").body(), b"startxref 9 %%EOF".to_vec()].concat()
        }),
    ]
}

fn extras() -> Files {
    let catalog = |entries: &str| File::with(entries, "", "", CONTENT);
    vec![
        ("tags that loop", {
            catalog("/StructTreeRoot 6 0 R")
                .object(6, "<</K[7 0 R 6 0 R]>>")
                .object(7, "<</S/P/K[7 0 R 6 0 R 0]/Pg 3 0 R>>")
                .end()
        }),
        ("roles that loop", {
            catalog("/StructTreeRoot 6 0 R")
                .object(6, "<</RoleMap<</A/B/B/A>>/K<</S/A/K 0/Pg 3 0 R>>>>")
                .end()
        }),
        ("bookmarks that loop", {
            catalog("/Outlines 6 0 R")
                .object(6, "<</First 7 0 R>>")
                .object(7, "<</Title(Ferry)/Next 7 0 R/First 6 0 R>>")
                .end()
        }),
        (
            "layers of nonsense",
            catalog("/OCProperties<</D<</OFF 5/ON[5 5 0 R]>>/OCGs null>>").end(),
        ),
        ("annotations of nonsense", {
            let annotations = "/Annots[null 5 6 0 R 77 0 R<</Subtype/Stamp/Rect[1 2]>>]";
            File::with("", annotations, "", CONTENT)
                .object(6, "<</Subtype/Widget/Rect[0 0 9 9]/AP<</N<</On 6 0 R>>>>/AS/On>>")
                .end()
        }),
        ("information of nonsense", {
            File::page(CONTENT)
                .object(6, "<</Title 5/Author[(x)]/Subject 6 0 R>>")
                .end_with("/Root 1 0 R/Info 6 0 R")
        }),
        ("only attachments are encrypted", {
            File::page(CONTENT).end_with(
                "/Root 1 0 R/Encrypt<</Filter/Standard/V 4/R 4/O(x)/U(y)/P 0/StmF/Identity\
                 /StrF/Identity>>",
            )
        }),
    ]
}
