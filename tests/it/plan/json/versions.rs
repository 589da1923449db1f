//! Only the current version of the JSON is read.

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
fn the_version_is_checked_before_the_fields() {
    let newer = r#"{"version": 5, "surprise": true}"#;
    assert_eq!(
        serde_json::from_str::<Plan>(newer).unwrap_err().to_string(),
        "version is 5; expected 4 at line 1 column 13"
    );
}
