//! A font program, of whatever format, embedded in a simple and in a composite font.
#![no_main]

use fuzz::{Pdf, all_codes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let descriptor = "/FontDescriptor<</Type/FontDescriptor/Flags 4/FontFile2 7 0 R>>";
    let simple = format!("<</Type/Font/Subtype/TrueType/BaseFont/A{descriptor}>>");
    let composite = format!(
        "<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[<</Type/Font\
         /Subtype/CIDFontType2/BaseFont/A{descriptor}>>]>>"
    );
    let pdf = Pdf::new("/Font<</F 5 0 R/G 6 0 R>>").stream(4, "", &all_codes(600));
    let pdf = pdf.object(5, &simple).object(6, &composite);
    fuzz::read(&pdf.stream(7, "", bytes).finish());
});
