use super::*;

fn manifest() -> Manifest {
    let pipeline = PipelineKey::new(1, b"chunks");
    Manifest::new(pipeline, Vec::new(), Vec::new(), Vec::new(), None)
}

#[test]
fn a_manifest_survives_its_bytes() {
    let bytes = manifest().to_bytes();
    assert_eq!(Manifest::from_bytes(&bytes, Path::new("m")).unwrap(), manifest());
    assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
}

#[test]
fn any_changed_byte_is_noticed() {
    let bytes = manifest().to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Manifest::from_bytes(&damaged, Path::new("m")).is_err(), "byte {at}");
        assert!(Manifest::from_bytes(&bytes[..at], Path::new("m")).is_err(), "cut at {at}");
    }
}

#[test]
fn newer_formats_are_refused_by_number() {
    let newer = br#"{"checksum":"","format":7,"unheard":"of"}"#;
    let error = Manifest::from_bytes(newer, Path::new("m")).unwrap_err();
    assert_eq!(error.to_string(), "m: format 7, this release reads up to 2: use a newer release");
}
