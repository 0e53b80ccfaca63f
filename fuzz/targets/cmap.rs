//! A CMap: as the ToUnicode map of both kinds of fonts, and as the encoding of a composite one.
#![no_main]

use fuzz::{Pdf, all_codes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let composite = |entries: &str| {
        format!(
            "<</Type/Font/Subtype/Type0/BaseFont/A/DescendantFonts[<</Type/Font\
             /Subtype/CIDFontType2/BaseFont/A/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)\
             /Supplement 2>>>>]{entries}>>"
        )
    };
    let simple = "<</Type/Font/Subtype/Type1/BaseFont/A/ToUnicode 7 0 R>>";
    let resources = "/Font<</F 5 0 R/G 6 0 R>>";
    for entries in ["/Encoding/Identity-H/ToUnicode 7 0 R", "/Encoding 7 0 R"] {
        let pdf = Pdf::new(resources).stream(4, "", &all_codes(600)).object(5, simple);
        let pdf = pdf.object(6, &composite(entries));
        fuzz::read(&pdf.stream(7, "/Type/CMap/CMapName/A", bytes).finish());
    }
});
