//! An unknown field and a missing field are refused, in each object of the JSON of a plan.

use serde_json::{Value, json};

use super::{document, read, refused, small};

/// Collects the JSON pointers of all objects.
fn objects(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(place.to_owned());
            fields.iter().for_each(|(key, value)| objects(value, &format!("{place}/{key}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| objects(value, &format!("{place}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn unknown_and_missing_fields_are_refused() {
    let original = document(&small());
    let mut places = Vec::new();
    objects(&original, "", &mut places);
    // The plan, its template and options, two generations with a brief of two rectangles and two calls each, two
    // renditions with a rectangle each, and a safe area with two levels.
    assert_eq!(places.len(), 1 + 2 + 2 * (1 + 3) + 4 + 2 + 2 + 2);
    for place in places {
        let mut more = original.clone();
        more.pointer_mut(&place).unwrap()["note"] = json!("hello");
        if place.ends_with("/safe_area") && place.starts_with("/renditions") {
            // A safe area has one key, which is its unit.
            assert_eq!(refused(&more), "unknown variant `note`, expected `percent` or `pixels`");
            more.pointer_mut(&place).unwrap().as_object_mut().unwrap().clear();
            assert!(read(&more).is_err());
            continue;
        }
        assert!(refused(&more).starts_with("unknown field `note`, expected "), "{place}: {}", refused(&more));

        let fields: Vec<String> = original.pointer(&place).unwrap().as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let mut less = original.clone();
            less.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(&field);
            let message = refused(&less);
            // A missing field that has a default is noticed by what depends on it.
            if field == "safe_area" && place.starts_with("/renditions") {
                assert!(message.starts_with("generations[1]: brief.safe_area is "), "{message}");
                continue;
            }
            if ["source_size", "instruction"].contains(&field.as_str()) {
                assert!(message.starts_with("generations["), "{place}/{field}: {message}");
                continue;
            }
            // A missing field that may be null counts as null, which is detected like any other change.
            let optional = ["source_digest", "resolution", "seed", "fingerprint"].contains(&field.as_str());
            let expected = format!("missing field `{field}`");
            assert!(message == expected || (optional && message.contains("expected")), "{place}/{field}: {message}");
        }
    }
}
