use super::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures::folder("pdf").join(name)).unwrap()
}

fn of_pdf(name: &str) -> (Inspection, PdfFacts) {
    let inspection = inspect(&fixture(name), &Config::default());
    let pdf = inspection.pdf.clone().unwrap();
    (inspection, pdf)
}

#[test]
fn a_sound_pdf_is_told_in_full() {
    let (inspection, pdf) = of_pdf("tagged_libreoffice.pdf");
    assert_eq!(inspection.outcome.code, "READ");
    assert_eq!(inspection.media_type, Some(MediaType::Pdf));
    assert!(inspection.language.is_some() && inspection.title.is_some());
    assert!(pdf.tagged && pdf.pages.is_some_and(|pages| pages > 0));
    assert!(pdf.producer.unwrap().starts_with("LibreOffice"));
    assert!(pdf.version.unwrap().starts_with("1."));
    assert_eq!((pdf.encryption, pdf.damaged_streams), (None, 0));
    let text = inspection.text.unwrap();
    assert!(text.headings > 0 && text.words > 50 && text.characters > text.words);
    let shown: u64 = pdf.fonts.iter().map(|font| font.characters).sum();
    assert!(shown > 200);
    assert!(pdf.fonts.iter().all(|font| font.embedded && font.to_unicode && font.unmapped == 0));
    assert!(inspection.limits.iter().all(|limit| limit.found > 0 && limit.percent() < 50));
    assert!(pdf.fonts.is_sorted_by_key(|font| std::cmp::Reverse(font.characters)));
}

#[test]
fn encryption_is_told_whether_or_not_it_opens() {
    let check = |name: &str, cipher: &str, opened, code: &str| {
        let (inspection, pdf) = of_pdf(name);
        let encryption = pdf.encryption.unwrap();
        assert_eq!(encryption.cipher.as_deref(), Some(cipher), "{name}");
        assert_eq!((encryption.handler.as_str(), encryption.opened), ("Standard", opened));
        assert!(encryption.revision.is_some());
        assert_eq!(inspection.outcome.code, code);
    };
    let empty = Some(Opened::EmptyPassword);
    check("encrypted_empty_password_rc4_128.pdf", "RC4, 128 bits", empty, "READ");
    check("encrypted_empty_password_aes128.pdf", "AES, 128 bits", empty, "READ");
    check("encrypted_empty_password_aes256.pdf", "AES, 256 bits", empty, "READ");
    check("encrypted_password_secret.pdf", "AES, 256 bits", None, "ENCRYPTED");
    let config = Config { password: Some("secret".into()), ..Config::default() };
    let opened = inspect(&fixture("encrypted_password_secret.pdf"), &config);
    let encryption = opened.pdf.unwrap().encryption.unwrap();
    assert_eq!(encryption.opened, Some(Opened::GivenPassword));
}

#[test]
fn of_a_refused_pdf_everything_is_told_that_could_be_found_out() {
    let (locked, pdf) = of_pdf("encrypted_password_secret.pdf");
    assert!(!locked.outcome.is_read() && locked.outcome.message.contains("password"));
    assert!(pdf.version.is_some() && pdf.objects > 5);
    assert_eq!((locked.text, pdf.producer), (None, None));
    let (drawing, pdf) = of_pdf("no_text_only_drawing.pdf");
    assert_eq!((drawing.outcome.code.as_str(), pdf.pages), ("NO_TEXT", Some(1)));
    assert_eq!(pdf.pages_without_text, [1]);
    let damaged = inspect(b"%PDF-1.6\nnothing that says obj\n%%EOF", &Config::default());
    assert_eq!(damaged.outcome.code, "DAMAGED");
    assert_eq!(damaged.pdf.unwrap().version.as_deref(), Some("1.6"));
    let mut config = Config::default();
    config.limits.pdf_bytes_max = 100;
    let large = inspect(&fixture("truncated.pdf"), &config);
    assert_eq!((large.outcome.code.as_str(), large.limits[0].limit), ("TOO_LARGE", 100));
    assert!(large.pdf.unwrap().version.is_some());
}

#[test]
fn damage_and_unknown_codes_are_counted() {
    let (repaired, pdf) = of_pdf("damaged_xref_repairable.pdf");
    assert!(repaired.outcome.is_read() && !pdf.repairs.is_empty());
    assert!(repaired.warnings.iter().all(|warning| !pdf.repairs.contains(warning)));
    let (unreadable, pdf) = of_pdf("cid_without_tounicode_unreadable.pdf");
    assert!(pdf.fonts.iter().any(|font| font.unmapped > 0 && !font.to_unicode), "{pdf:?}");
    assert_eq!(unreadable.outcome.code, "NO_TEXT");
    assert!(unreadable.outcome.advice.unwrap().starts_with("it shows 1077 characters of no known"));
}

#[test]
fn what_was_removed_is_counted_by_reason() {
    let (inspection, _) = of_pdf("multi_page_with_running_headers.pdf");
    let [running] = inspection.removed.as_slice() else { panic!("{:?}", inspection.removed) };
    assert_eq!(running.reason, document::RemovalReason::RunningLine);
    assert!(running.lines > 2);
}

#[test]
fn a_crossed_limit_is_told_with_what_was_found() {
    let mut config = Config::default();
    config.limits.pages_max = 1;
    let inspection = inspect(&fixture("multi_page_with_running_headers.pdf"), &config);
    let pages = inspection.limits.iter().find(|limit| limit.what == "pages").unwrap();
    assert!(pages.found > 1 && pages.limit == 1 && pages.percent() > 100);
    assert_eq!(inspection.outcome.code, "PARTIAL");
    assert!(inspection.outcome.message.starts_with("the first 1 of "));
}

#[test]
fn text_files_have_an_encoding_and_front_matter() {
    let source = b"\xEF\xBB\xBF---\ntitle: A\nlang: de\n---\n# Eins\n\nText.\n\n## Zwei\n\nMehr.\n";
    let inspection = inspect(source, &Config::default());
    let file = inspection.text_file.unwrap();
    assert_eq!(file.encoding.as_deref(), Some("UTF-8 with a byte order mark"));
    let front_matter = file.front_matter.unwrap();
    assert_eq!((front_matter.format.as_str(), front_matter.keys.len()), ("YAML", 2));
    assert_eq!(
        (inspection.title.as_deref(), inspection.language.as_deref()),
        (Some("A"), Some("de"))
    );
    assert_eq!(inspection.text.unwrap().headings, 2);
    assert_eq!(inspection.outcome.code, "READ");
    let empty = inspect(b"", &Config::default());
    assert_eq!((empty.outcome.code.as_str(), empty.media_type), ("EMPTY", None));
    let latin = inspect(b"K\xE4se und Brot, eine Zeile.\n", &Config::default());
    assert!(latin.outcome.is_read() && latin.warnings.len() == 1, "{latin:?}");
    assert_eq!(latin.text_file.unwrap().encoding.as_deref(), Some("Windows-1252"));
}

#[test]
fn an_inspection_agrees_with_the_parse() {
    for entry in std::fs::read_dir(fixtures::folder("pdf")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let inspection = inspect(&bytes, &Config::default());
        match crate::parse(&bytes, &Config::default()) {
            Ok(document) => {
                let text = inspection.text.unwrap();
                assert_eq!(text.characters, document.text.chars().count() as u64, "{path:?}");
                assert!(inspection.outcome.is_read(), "{path:?}");
                let pdf = inspection.pdf.unwrap_or_default();
                let unmapped: u64 = pdf.fonts.iter().map(|font| font.unmapped).sum();
                let by_page = document.pages.iter().map(|page| u64::from(page.unmapped_glyphs));
                assert_eq!(unmapped, by_page.sum::<u64>(), "{path:?}");
            }
            Err(error) => {
                let outcome = Outcome { advice: None, ..inspection.outcome };
                assert_eq!(outcome, Outcome::refused(&error), "{path:?}");
            }
        }
    }
}

#[test]
fn the_head_alone_tells_the_version() {
    let outcome = Outcome::refused(&IngestError::Crashed { message: "x".into() });
    let inspection = Inspection::unread(b"junk\n%PDF-2.0\nmore", 7_000_000_000, outcome.clone());
    assert_eq!((inspection.bytes, inspection.media_type), (7_000_000_000, Some(MediaType::Pdf)));
    assert_eq!(inspection.pdf.unwrap().version.as_deref(), Some("2.0"));
    assert_eq!(Inspection::unread(b"text", 4, outcome).pdf, None);
}
