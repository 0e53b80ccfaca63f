use super::*;

fn map(body: &str) -> ToUnicode {
    ToUnicode::read(body.as_bytes()).unwrap()
}

fn check(map: &ToUnicode, code: u32, expected: Option<&str>) {
    assert_eq!(map.text(code).as_deref(), expected, "code {code:04X}");
}

#[test]
fn characters_ranges_arrays_and_pairs_are_read() {
    let map = map("2 beginbfchar <0041> <0061> <01> <00660066> endbfchar \
         3 beginbfrange <0050> <0052> <0070> <0060> <0062> [<0031> <00320033> <D83DDE00>] \
         <0070> <0071> <D83DDE00> endbfrange");
    check(&map, 0x41, Some("a"));
    check(&map, 1, Some("ff"));
    check(&map, 0x52, Some("r"));
    check(&map, 0x53, None);
    check(&map, 0x61, Some("23"));
    check(&map, 0x62, Some("😀"));
    check(&map, 0x71, Some("😁"));
}

#[test]
fn a_ligature_in_a_range_counts_up_its_last_letter() {
    let map = map("1 beginbfrange <01> <02> <00660069> endbfrange");
    check(&map, 2, Some("fj"));
}

#[test]
fn a_broken_entry_loses_itself_only() {
    let map = map("4 beginbfchar <01> <> <02> <D800> <03> (x) <04> <0064> endbfchar\n\
         1 beginbfchar <05> <0065> <06> beginbfrange <07> <08> <0067> endbfrange<<");
    for code in [1, 2, 3, 6] {
        check(&map, code, None);
    }
    check(&map, 4, Some("d"));
    check(&map, 5, Some("e"));
    check(&map, 8, Some("h"));
}

#[test]
fn targets_may_be_glyph_names_single_bytes_or_marked() {
    let map = map("3 beginbfchar <01> /germandbls <02> <41> <03> <FEFF0042> endbfchar");
    check(&map, 1, Some("ß"));
    check(&map, 2, Some("A"));
    check(&map, 3, Some("B"));
}

#[test]
fn codes_have_one_to_four_bytes() {
    let map = map(
        "5 beginbfchar <4 1> <0061> <5> <0062> <00000042> <0063> <> <0064> <0000000043> <0065> endbfchar",
    );
    check(&map, 0x41, Some("a"));
    check(&map, 0x50, Some("b"));
    check(&map, 0x42, Some("c"));
    check(&map, 0x43, None);
    check(&map, 0, None);
}

#[test]
fn codes_that_say_nothing_are_holes() {
    let map =
        map("5 beginbfchar <01> <FFFD> <02> <0003> <03> <E001> <04> <0041> <05> <FFFF> endbfchar");
    for code in [1, 2, 3, 5] {
        check(&map, code, None);
    }
    check(&map, 4, Some("A"));
    assert_eq!(map.private(3), Some('\u{E001}'));
}

#[test]
fn later_and_narrower_entries_hold() {
    let map = map("1 beginbfrange <00> <FF> <0000> endbfrange \
         3 beginbfchar <41> <0062> <41> <0063> <40> <0064> endbfchar");
    check(&map, 0x41, Some("c"));
    check(&map, 0x42, Some("B"));
}

#[test]
fn maps_without_meaning_are_rejected() {
    let rejected = |body: &str| ToUnicode::read(body.as_bytes()).is_none();
    assert!(rejected(""));
    assert!(rejected("2 beginbfchar <01> <FFFD> <02> <0000> endbfchar"));
    assert!(rejected("4 beginbfchar <01> <0041> <02> <0041> <03> <0041> <04> <0041> endbfchar"));
    assert!(!rejected("3 beginbfchar <01> <0041> <02> <0041> <03> <0041> endbfchar"));
    assert!(!rejected("4 beginbfchar <01> <0020> <02> <0020> <03> <0020> <04> <0020> endbfchar"));
}

#[test]
fn an_identity_is_recognised() {
    assert!(ToUnicode::identity().is_identity());
    assert!(map("1 beginbfrange <0000> <FFFF> <0000> endbfrange").is_identity());
    assert!(map("2 beginbfchar <0041> <0041> <0003> <0003> endbfchar").is_identity());
    assert!(!map("2 beginbfchar <0041> <0041> <0003> <0020> endbfchar").is_identity());
}

#[test]
fn the_code_of_a_character_is_found() {
    let map =
        map("1 beginbfchar <0003> <0020> endbfchar 1 beginbfrange <10> <20> <0041> endbfrange");
    assert_eq!(map.code_of(' '), Some(3));
    assert_eq!(map.code_of('C'), Some(0x12));
    assert_eq!(map.code_of('z'), None);
}

#[test]
fn a_map_of_all_codes_and_one_of_endless_entries_are_bounded() {
    let map = map("1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange");
    check(&map, 1, Some("B"));
    check(&map, u32::MAX, None);
    let many = format!("beginbfchar {}", "<01><41>".repeat(ENTRIES_MAX + 9));
    assert!(reader::read(many.as_bytes()).entries.len() == ENTRIES_MAX);
    assert!(ToUnicode::read(&vec![b'<'; BYTES_MAX + 1]).is_none());
}

#[test]
fn a_predefined_map_may_stand_below() {
    let map = map("/Adobe-Japan1-UCS2 usecmap 1 beginbfchar <0001> <0041> endbfchar");
    check(&map, 1, Some("A"));
    check(&map, 0x22, Some("A"));
}

#[test]
fn entries_over_another_are_limited_on_both_sides() {
    // One for all codes, and others for some of them.
    let text = |narrow: usize| {
        let others: String = (1..=narrow).map(|code| format!("<{code:02X}><0061>")).collect();
        let map = map(&format!("beginbfrange <00><FF><0100> endbfrange beginbfchar {others}"));
        map.text(0x90).as_deref().map(str::to_owned)
    };
    assert_eq!(text(OVERLAPS_MAX - 1).as_deref(), Some("Ɛ"));
    assert_eq!(text(OVERLAPS_MAX), None);
}

#[test]
fn the_text_of_a_code_is_limited_on_both_sides() {
    let length = |letter: &str, letters: usize| {
        let text = letter.repeat(letters);
        let map = map(&format!("beginbfchar <01><{text}><02><0041> endbfchar"));
        map.text(1).map(|text| text.len())
    };
    // By bytes of UTF-8, of which an é has two.
    assert_eq!(length("00E9", TARGET_BYTES_MAX / 2), Some(TARGET_BYTES_MAX));
    assert_eq!(length("00E9", TARGET_BYTES_MAX / 2 + 1), None);
    // Of an endless one the beginning is read, as long as a text may be at most.
    assert_eq!(length("0078", TARGET_BYTES_MAX + 9), Some(TARGET_BYTES_MAX));
}
