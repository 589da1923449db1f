//! A changed value in the JSON of a plan is detected, and the error names it. Each value is changed once.

use serde_json::{Value, json};
use smart_resize::Plan;
use smart_resize::plan::Digest;

use super::{document, economical, golden, read, refused, small};

/// Collects the JSON pointers of all values that are not lists or objects.
fn leaves(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| leaves(value, &format!("{place}/{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{place}/{index}"), found));
        }
        _ => found.push(place.to_owned()),
    }
}

/// A different value of the same kind, which would be valid in another document.
fn another(place: &str, value: &Value) -> Value {
    let key = place.rsplit('/').next().unwrap();
    match (key, value) {
        ("kept_percent", _) => json!(98.7),
        ("relation", _) => json!("same"),
        ("resolution", _) => json!("4K"),
        ("seed", Value::Null) => json!(1),
        ("version" | "id" | "width" | "height" | "x" | "y", Value::Number(number)) => {
            json!(number.as_u64().unwrap() + 1)
        }
        ("max_loss_percent", _) => json!(10.1),
        (_, Value::Number(number)) if number.is_f64() => {
            json!(number.as_f64().unwrap() + 1.0)
        }
        (_, Value::Number(number)) => json!(number.as_u64().unwrap() + 1),
        ("source_digest" | "fingerprint", _) => json!(Digest::of(b"another").to_string()),
        ("aspect_ratio", _) => json!("7:3"),
        ("transfer_format" | "format", _) => json!("webp"),
        ("fit", _) => json!("crop"),
        ("optimality", _) => json!({ "best_found": { "lower_bound": 1 } }),
        ("loss_percent", _) => json!(1.2),
        ("source_size", _) => json!("601x500"),
        ("generation", Value::Null) => json!(0),
        ("target", _) => json!("1000x1000"),
        (_, Value::String(text)) => json!(format!("{text}!")),
        other => panic!("no other value for {other:?}"),
    }
}

/// The values of [`small`] whose change is not detected, because the changed document is a consistent plan: the value
/// is not part of a fingerprint, and no other value in the document depends on it.
///
/// - `format`: the backend does not receive the format of a result, and each format can hold such a size.
const UNDETECTED: [&str; 2] = ["/renditions/0/format", "/renditions/1/format"];

/// The same for [`economical`].
///
/// - `format`: as above. `max_bytes` is not sent to the backend either.
/// - The focus of a target that keeps the whole source: it has no effect.
/// - Wider bounds, and `optimality`: the document does not have what is needed to check them.
/// - The preset of `unshared`, as far as its loss stays the same: the model's table is not in the document.
const UNDETECTED_ECONOMICAL: [&str; 17] = [
    "/max_calls",
    "/max_cost_usd_micros",
    "/optimality",
    "/renditions/0/format",
    "/renditions/0/unshared/aspect_ratio",
    "/renditions/0/unshared/resolution",
    "/renditions/0/unshared/width",
    "/renditions/1/focus/bottom",
    "/renditions/1/focus/left",
    "/renditions/1/focus/right",
    "/renditions/1/focus/top",
    "/renditions/1/format",
    "/renditions/2/format",
    "/renditions/2/max_bytes",
    "/renditions/2/unshared/aspect_ratio",
    "/renditions/2/unshared/height",
    "/renditions/2/unshared/resolution",
];

#[test]
fn a_changed_value_is_detected_and_named() {
    each_change_is_detected(&small(), &UNDETECTED, "plan_json_tampered");
    each_change_is_detected(&economical(), &UNDETECTED_ECONOMICAL, "plan_json_economical_tampered");
}

/// Changes each value in turn. All changes but those at `undetected` are refused, with the messages of the snapshot.
fn each_change_is_detected(plan: &Plan, undetected: &[&str], name: &str) {
    let original = document(plan);
    let mut places = Vec::new();
    leaves(&original, "", &mut places);
    places.sort_unstable();
    let (mut accepted, mut messages) = (Vec::new(), Vec::new());
    for place in &places {
        let mut tampered = original.clone();
        let value = tampered.pointer_mut(place).unwrap();
        let other = another(place, value);
        assert_ne!(*value, other, "{place} is not changed");
        *value = other.clone();
        match read(&tampered) {
            Ok(other) => {
                assert_ne!(other, *plan, "{place} is not read");
                accepted.push(place.as_str());
            }
            Err(_) => messages.push(format!("{place} = {}\n  {}", abridged(&other), refused(&tampered))),
        }
    }
    assert_eq!(accepted, undetected);
    golden(name, &without_hashes(&messages.join("\n")));
}

/// A value as text, shortened to its first and last characters.
fn abridged(value: &Value) -> String {
    let text: Vec<char> = value.to_string().chars().collect();
    let string = |part: &[char]| part.iter().collect::<String>();
    if text.len() <= 66 {
        string(&text)
    } else {
        format!("{}…{}", string(&text[..9]), string(&text[text.len() - 9..]))
    }
}

/// Replaces each run of 64 hexadecimal digits by `<hash>`, because fingerprints change with the prompt's wording.
fn without_hashes(text: &str) -> String {
    let mut rest = text;
    let mut found = String::new();
    while !rest.is_empty() {
        let hex = rest.find(|c: char| !matches!(c, '0'..='9' | 'a'..='f')).unwrap_or(rest.len());
        let (run, after) = rest.split_at(hex);
        let (next, after) = after.split_at(after.chars().next().map_or(0, char::len_utf8));
        found.push_str(if run.len() == 64 { "<hash>" } else { run });
        found.push_str(next);
        rest = after;
    }
    found
}

#[test]
fn a_null_in_place_of_a_value_is_detected() {
    each_null_is_detected(&small(), &[]);
    // A bound that is null is no bound. For the labels see `UNDETECTED_ECONOMICAL`.
    let bounds = ["/max_calls", "/max_cost_usd_micros", "/renditions/2/max_bytes"];
    let labels = ["aspect_ratio", "resolution"];
    let labels = labels.map(|label| [0, 2].map(|target| format!("/renditions/{target}/unshared/{label}"))).concat();
    let undetected: Vec<_> = bounds.into_iter().chain(labels.iter().map(String::as_str)).collect();
    each_null_is_detected(&economical(), &undetected);
}

/// Replaces each value by null in turn. All but those at `undetected` are refused.
fn each_null_is_detected(plan: &Plan, undetected: &[&str]) {
    let original = document(plan);
    let mut places = Vec::new();
    leaves(&original, "", &mut places);
    for place in places {
        let mut tampered = original.clone();
        let value = std::mem::take(tampered.pointer_mut(&place).unwrap());
        assert!(read(&tampered).is_err() || value.is_null() || undetected.contains(&place.as_str()), "{place}");
    }
}
