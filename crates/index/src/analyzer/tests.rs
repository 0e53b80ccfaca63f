use proptest::prelude::*;

use super::{EXACT_BYTES_MAX, Token, analyze};
use crate::language::Language;

fn english(text: &str) -> Vec<Token> {
    analyze(text, Language::English)
}

fn exact(text: &str) -> Vec<String> {
    english(text).into_iter().map(|token| token.exact).collect()
}

fn terms(text: &str) -> Vec<String> {
    english(text).into_iter().map(|token| token.term).collect()
}

fn check(text: &str, expected: &str) {
    assert_eq!(exact(text).join(" "), expected, "{text}");
}

#[test]
fn words_are_folded_and_signs_separate_them() {
    check("  The (Quick) brown-fox, jumps!  ", "the quick brown fox jumps");
    check("example.com and/or a:b", "example com and or a b");
    check("Straße ÉCOLE Ａｂｃ ﬁn", "straße école abc fin");
    check("soft\u{ad}ware \u{feff}zero", "software zero");
    check("... -- _ '", "");
}

#[test]
fn apostrophes_numbers_initials_and_part_numbers() {
    check("don't we’ll Anna's O'Brien l'école", "don't we'll anna o brien l école");
    check("3.14 2.0.1 1,000 1,2 10.5%", "3.14 2.0.1 2.0 1000 1 2 10.5");
    check("the U.S. e.g. Ph.D J.K.Rowling", "the us eg ph d jk rowling");
    check("E-27 e27 Covid‐19 e-mail", "e27 e 27 e27 covid19 covid 19 email e mail");
    check("2019-2020 state-of-the-art a-b-c", "2019 2020 state of the art a b c");
}

#[test]
fn what_is_made_of_parts_gives_the_whole_and_the_parts() {
    check("ABC-1234/X", "abc1234 abc1234x abc 1234 x");
    check("(IEC 61010-1)", "iec 61010-1 61010 1");
    check("SARS-CoV-2 24/7 2024-05-01", "sarscov2 sars cov 2 24/7 24 7 2024-05-01 2024 05 01");
    check("v2.10.3 2.10 V4", "2.10.3 v2 2.10 2.10 v4");
    check("192.168.0.1 12.05.2024", "192.168.0.1 192.168 12.05.2024 12.05 2024");
    check("3.5mm 3.5 mm 5MM 5G 4x4", "3.5mm 3.5 mm 3.5 mm 5mm 5 mm 5g 5 g 4x4");
    check("€49.90 49,90€ 1.234,56", "49.90 49.90 1.234.56 1.234");
    check("Info@Example.org, a@b", "info@example.org info example org a b");
    check("max_file_size snake_case", "maxfilesize max file size snakecase snake case");
    check(
        "getUserName HTTPServer utf8Decoder",
        "getusername get user name httpserver http server utf8decoder utf8 decoder",
    );
    check("iPhone GmbH DNAs kWh McDonald", "iphone gmbh dnas kwh mcdonald mc donald");
    // No limit is passed by what only looks like one.
    let long = vec!["a1"; 40].join("-");
    assert_eq!(exact(&long).len(), 40);
}

#[test]
fn unspaced_scripts_give_characters_and_pairs() {
    check("東京都", "東 東京 京 京都 都");
    check("iPhone是", "iphone 是");
    check("서울 시장", "서울 시장");
    assert_eq!(exact("ไทย").len(), 5);
}

#[test]
fn stems_follow_the_script() {
    assert_eq!(terms("Running connections relational"), ["run", "connect", "relat"]);
    assert_eq!(terms("книгами"), ["книг"]);
    assert_eq!(terms("हिन्दी हिंदी ios17").last().unwrap(), "ios17");
}

#[test]
fn stems_follow_the_language() {
    let stem = |text, language| analyze(text, language).remove(0).term;
    assert_eq!(stem("Katzen", Language::German), "katz");
    assert_eq!(stem("gatos", Language::Spanish), stem("gato", Language::Spanish));
    assert_eq!(stem("México", Language::Spanish), stem("mexico", Language::Spanish));
    assert_eq!(stem("oraşele", Language::Romanian), stem("orașele", Language::Romanian));
    assert_eq!(stem("लड़की", Language::Hindi), stem("लडकी", Language::Hindi));
    assert_eq!(stem("İstanbul", Language::Turkish), stem("istanbul", Language::Turkish));
    assert_eq!(stem("pumps", Language::Vietnamese), "pumps");
}

proptest! {
    #[test]
    fn any_text_gives_well_formed_tokens(text in "\\PC{0,60}|[a-zA-Z0-9.,'’_\\- 東京é\u{301}ß]{0,60}") {
        let tokens = english(&text);
        prop_assert_eq!(&tokens, &english(&text));
        for token in &tokens {
            prop_assert!(token.span.of(&text).is_some_and(|word| !word.is_empty()));
            prop_assert!(!token.exact.is_empty() && !token.term.is_empty());
            prop_assert!(token.exact.len() <= EXACT_BYTES_MAX);
            prop_assert!(!token.exact.contains(char::is_whitespace));
            prop_assert!(!token.term.contains(char::is_whitespace));
        }
        prop_assert!(tokens.windows(2).all(|pair| pair[0].span.start <= pair[1].span.start));
    }

    #[test]
    fn ascii_words_are_those_of_the_general_path(text in "[a-zA-Z0-9.,'_\\- ]{0,60}") {
        // A letter beyond ASCII in each piece takes the other path; it changes nothing else.
        let general: Vec<String> =
            text.split(' ').flat_map(|piece| exact(&format!("é|{piece}"))).collect();
        let general: Vec<_> = general.into_iter().filter(|word| word != "é").collect();
        prop_assert_eq!(exact(&text), general);
    }
}
