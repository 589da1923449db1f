//! Reading and refusing inputs, checked against pydantic and FastAPI (`tests/oracle/wire.json`).

use serde_json::{Value, json};
use smart_resize::wire::fal::{ErrorBody, InputLimits, SmartResizeInput};

/// Expands runs such as `{x*5001}`.
fn written_out(text: &str) -> String {
    let mut rest = text;
    let mut whole = String::new();
    while let Some((before, run, after)) = next_run(rest) {
        whole.extend([before, &run]);
        rest = after;
    }
    whole + rest
}

fn next_run(text: &str) -> Option<(&str, String, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let mut inside = text[at + 1..].chars();
        let (character, star) = (inside.next()?, inside.next()?);
        let (count, after) = inside.as_str().split_once('}')?;
        let count: usize = count.parse().ok().filter(|_| star == '*')?;
        Some((&text[..at], character.to_string().repeat(count), after))
    })
}

/// Removes the parts of an entry that are not compared: the oracle has its own messages for sizes and for JSON syntax
/// errors.
fn without_words(mut entry: Value) -> Value {
    if entry["type"] == "value_error" {
        entry["msg"] = json!("Value error");
    }
    if entry["type"] == "json_invalid" {
        // JSON parsers stop at different positions, with different messages.
        entry["loc"] = json!([entry["loc"][0], null]);
        entry["ctx"] = json!({"error": null});
    }
    entry
}

fn entries(body: &Value) -> Vec<Value> {
    body["detail"].as_array().unwrap().iter().cloned().map(without_words).collect()
}

/// Reads a body with the limits of the service.
fn found(body: &str) -> Result<SmartResizeInput, ErrorBody> {
    SmartResizeInput::from_json(body.as_bytes(), &InputLimits::default())
}

#[test]
fn every_body_is_read_or_refused_as_by_pydantic() {
    let cases: Vec<Value> = serde_json::from_str(&written_out(include_str!("../../oracle/wire.json"))).unwrap();
    let (mut read, mut refused) = (0, 0);
    for case in &cases {
        let body = case["body"].as_str().unwrap();
        match (found(body), case.get("read")) {
            (Ok(input), Some(expected)) => {
                read += 1;
                let mut input = serde_json::to_value(input).unwrap();
                // The crate does not write fields with their default, and writes sizes in one spelling.
                let mut expected = expected.clone();
                for field in ["seed", "sync_mode"] {
                    if expected[field].is_null() || expected[field] == false {
                        expected.as_object_mut().unwrap().remove(field);
                    }
                }
                for sizes in [&mut input, &mut expected].map(|body| body["target_sizes"].as_array_mut().unwrap()) {
                    for size in sizes {
                        *size = json!(size.as_str().unwrap().trim().replace(['X', '×'], "x"));
                    }
                }
                assert_eq!(input, expected, "{body}");
            }
            (Err(error), None) => {
                refused += 1;
                let written = serde_json::to_value(&error).unwrap();
                assert_eq!(entries(&written), entries(case), "{body:.200}");
                assert_eq!(error.status(), 422);
                assert_eq!(serde_json::from_value::<ErrorBody>(written).unwrap(), error);
            }
            (found, _) => panic!("{body:.200}: found {found:?}, expected {case:.300}"),
        }
    }
    assert!(read >= 55 && refused >= 155, "{read} read, {refused} refused");
}
