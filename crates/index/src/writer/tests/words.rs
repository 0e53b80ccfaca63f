//! What a query finds by words that it does not hold.

use super::*;

/// The words offered for the first term of a question.
fn offered(store: &Store, question: &str) -> Vec<(String, f32)> {
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    let term = snapshot.terms(&Query::parse(question)).unwrap().remove(0);
    term.alternatives.into_iter().map(|other| (other.exact, other.credit)).collect()
}

fn check(store: &Store, question: &str, expected: &[(&str, f32)]) {
    let expected: Vec<_> =
        expected.iter().map(|(word, credit)| (word.to_string(), *credit)).collect();
    assert_eq!(offered(store, question), expected, "{question}");
}

#[test]
fn an_unknown_word_stands_for_those_spelt_nearly_alike() {
    let Fixture { store, folder: _folder } = &fixture();
    let terms = "The warranty of a pump, E-2750 or E-2751, ends after ten years of continuous use.";
    publish(store, &[("a", terms), ("b", "Two pumps and one warrant.")]);
    check(store, "warrnaty", &[("warranty", 0.8)]);
    check(store, "awrranty", &[("warranty", 0.8)]);
    check(store, "conntinuuous", &[("continuous", 0.6)]);
    check(store, "pmups", &[("pumps", 0.8)]);
    assert_eq!(found(store, "warrnaty"), ["a"]);
    // Known words, the first letter, short words on either side, and numbers.
    for question in ["warranty", "pump", "parranty", "pupm", "enyds", "endas", "e2752", "2752"] {
        check(store, question, &[]);
    }
    // More unknown words than a hand that slips makes.
    assert_eq!(found(store, "warrnaty yaers contniuous afetr"), [""; 0]);
}

#[test]
fn what_was_removed_is_offered_no_more() {
    let Fixture { store, folder: _folder } = &fixture();
    let filler =
        "One line.\nTwo lines.\nThree lines.\nFour.\nFive.\nSix.\nSeven.\nEight.\nNine.\nTen.";
    publish(store, &[("a", "A battery."), ("b", filler), ("c", "A buttery.")]);
    check(store, "batery", &[("battery", 0.8)]);
    publish(store, &[("a", "")]);
    check(store, "batery", &[]);
    check(store, "battery", &[("buttery", 0.8)]);
}

#[test]
fn compounds_are_taken_apart_and_put_together() {
    let Fixture { store, folder: _folder } = &fixture();
    let other = "Die Katze der Nachbarin ist nicht zu Hause und hat auch keinen Hunger.";
    let parts = "Der Ladezustand der Batterie ist in der Anzeige zu sehen, und nicht am Motor.";
    let whole = "Die Pumpengarantie ist auf zwei Jahre begrenzt und gilt nicht für den Schlauch.";
    publish(store, &[("a", other), ("b", parts), ("c", whole)]);
    assert_eq!(found(store, "Batterieladezustand"), ["b"]);
    assert_eq!(found(store, "Wie ist der Motorenladezustand?"), ["b"]);
    assert_eq!(found(store, "Wie lange hat die Pumpe Garantie?"), ["c"]);
    assert_eq!(found(store, "Batterieladezustandsanzeige"), ["b"]);
    // Neither part alone is a sign of the other.
    assert_eq!(found(store, "Hungerzustandskatze"), [""; 0]);
    let [pump, ..] = &offered(store, "Pumpe Garantie")[..] else { panic!() };
    assert_eq!(*pump, ("pumpengaranti".to_owned(), 0.8));
    publish(store, &[("c", "")]);
    check(store, "Pumpe Garantie", &[]);
}

#[test]
fn other_languages_of_compounds_have_theirs() {
    let Fixture { store, folder: _folder } = &fixture();
    let dutch =
        "De garantie van de pomp is twee jaar en geldt niet voor de slang van het apparaat.";
    let swedish = "Garantin för pumpen är två år och den gäller inte för slangen som hör till.";
    publish(store, &[("nl", dutch), ("sv", swedish)]);
    assert_eq!(found(store, "Hoe lang is de pompgarantie?"), ["nl"]);
    assert_eq!(found(store, "Hur lång är pumpgarantin?"), ["sv"]);
}
