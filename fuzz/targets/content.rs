//! A page's content stream, with fonts, a form that draws itself, and a layer that is off.
#![no_main]

use fuzz::Pdf;
use libfuzzer_sys::fuzz_target;

const RESOURCES: &str = "/Font<</F 5 0 R/F1 5 0 R/R7 5 0 R>>/XObject<</X 6 0 R/Fm0 6 0 R>>\
     /ExtGState<</G<</Font[5 0 R 12]>>>>/Properties<</P<</MCID 0>>>>";

fuzz_target!(|bytes: &[u8]| {
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";
    let form = "/Type/XObject/Subtype/Form/BBox[0 0 300 300]/Resources<</Font<</F 5 0 R>>\
                /XObject<</X 6 0 R>>>>";
    let pdf = Pdf::new(RESOURCES).stream(4, "", bytes).object(5, font);
    fuzz::read(&pdf.stream(6, form, b"BT /F 10 Tf (form) Tj ET /X Do").finish());
});
