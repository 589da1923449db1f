//! A plan is read only from JSON of the current version.

use serde_json::json;
use smart_resize::Plan;

use super::{document, refused, small};

#[test]
fn a_document_of_another_version_is_refused() {
    let case = |version: u32, expected: &str| {
        let mut tampered = document(&small());
        tampered["version"] = json!(version);
        assert_eq!(refused(&tampered), expected);
    };
    case(5, "version is 5; expected 4");
    case(0, "version is 0; expected 4");
}

/// The error for a newer document is about its version, and not about a field that this version does not have.
#[test]
fn a_newer_version_is_reported_before_its_unknown_fields() {
    // In a text, unlike in a `Value`, serde_json names the place.
    let newer = r#"{"version": 5, "surprise": true}"#;
    assert_eq!(
        serde_json::from_str::<Plan>(newer).unwrap_err().to_string(),
        "version is 5; expected 4 at line 1 column 13"
    );
}
