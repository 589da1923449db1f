//! The request to a vision model about the source, and its answer.

use serde_json::{Value, json};
use smart_resize::Source;
use smart_resize::generate::GenerateErrorKind;
use smart_resize::scene::{Area, MAX_LABEL_CHARS, MAX_REGIONS, MAX_SUMMARY_CHARS, Region, Scene};
use smart_resize::wire::scene::{MAX_ANSWER_BYTES, instruction, read, read_answer, request, response_schema};

use super::{chain, png};

fn bottle() -> Value {
    json!({
        "summary": "a blue bottle on a table",
        "subjects": [{"label": "the bottle", "area": {"left": 350, "top": 100, "right": 650, "bottom": 900}}],
        "texts": [{"label": "SALE", "area": {"left": 0, "top": 0, "right": 1000, "bottom": 1}}],
    })
}

#[test]
fn a_scene_is_read_and_written() {
    let region = |label, area| Region::new(label, area).unwrap();
    let expected = Scene::new("a blue bottle on a table")
        .and_then(|scene| scene.subject(region("the bottle", Area::new(350, 100, 650, 900).unwrap())))
        .and_then(|scene| scene.text(region("SALE", Area::new(0, 0, 1000, 1).unwrap())))
        .unwrap();
    assert_eq!(read(&bottle().to_string()), Ok(expected.clone()));
    assert_eq!(serde_json::to_value(&expected).unwrap(), bottle());
    assert_eq!(read(" {\"summary\": \"a\\n\\tb\"}\n").unwrap(), Scene::new("a b").unwrap());
}

fn case(change: impl FnOnce(&mut Value), expected: &str) {
    let mut answer = bottle();
    change(&mut answer);
    assert_eq!(chain(&read(&answer.to_string()).unwrap_err()), expected);
}

#[test]
fn errors_name_the_place_of_the_invalid_value() {
    let edge = |edge: &'static str, value: Value| move |answer: &mut Value| answer["subjects"][0]["area"][edge] = value;
    case(edge("left", json!(-1)), "subjects[0].area.left is -1; expected 0 to 1000");
    case(edge("top", json!(1001)), "subjects[0].area.top is 1001; expected 0 to 1000");
    case(edge("right", json!(0.5)), "subjects[0].area.right is 0.5; expected 0 to 1000");
    case(edge("bottom", json!(65_636)), "subjects[0].area.bottom is 65636; expected 0 to 1000");
    case(edge("bottom", json!(350.0)), "subjects[0].area.bottom is 350.0; expected 0 to 1000");
    let area = "subjects[0].area is not valid in a scene / area is left 350, top 100, right 350, bottom 900; \
                expected left < right and top < bottom, all at most 1000";
    case(edge("right", json!(350)), area);
    let label = |label: String| move |answer: &mut Value| answer["texts"][0]["label"] = json!(label);
    let long = "texts[0].label is not valid in a scene / label has 121 characters; expected 1 to 120";
    case(label("é".repeat(MAX_LABEL_CHARS + 1)), long);
    case(label(" \n".into()), "texts[0].label is not valid in a scene / label has 0 characters; expected 1 to 120");
    let summary = |text: String| move |answer: &mut Value| answer["summary"] = json!(text);
    let long = "summary is not valid in a scene / summary has 1001 characters; expected 1 to 1000";
    case(summary("x".repeat(MAX_SUMMARY_CHARS + 1)), long);
    case(summary(String::new()), "summary is not valid in a scene / summary has 0 characters; expected 1 to 1000");
    let many = |answer: &mut Value| answer["subjects"] = json!(vec![answer["subjects"][0].clone(); MAX_REGIONS + 1]);
    case(many, "subjects[16] is not valid in a scene / scene has 17 subjects; expected at most 16");
    let mut most = bottle();
    most["subjects"] = json!(vec![most["subjects"][0].clone(); MAX_REGIONS]);
    most["summary"] = json!("é".repeat(MAX_SUMMARY_CHARS));
    most["texts"][0]["label"] = json!("é".repeat(MAX_LABEL_CHARS));
    assert!(read(&most.to_string()).is_ok());
}

#[test]
fn other_json_is_refused_with_line_and_column() {
    let case = |answer: &str, expected: &str| assert_eq!(chain(&read(answer).unwrap_err()), expected);
    let unknown = "unknown field `mood`, expected one of `summary`, `subjects`, `texts` at line 1 column 23";
    case(r#"{"summary": "a", "mood": "calm"}"#, unknown);
    case(r#"{"summary": "a", "summary": "b"}"#, "duplicate field `summary` at line 1 column 26");
    case(r#"{"subjects": []}"#, "missing field `summary` at line 1 column 16");
    case(r#"{"summary": 5}"#, "invalid type: integer `5`, expected a string at line 1 column 13");
    case(r#"{"summary": "a", "texts": null}"#, "invalid type: null, expected a sequence at line 1 column 30");
    case(r#"{"summary": "a"} or so"#, "trailing characters at line 1 column 18");
    case(r#"{"summary": "a"#, "EOF while parsing a string at line 1 column 14");
    case("", "EOF while parsing a value at line 1 column 0");
    case("A bottle.", "expected value at line 1 column 1");
    case("```json\n{\"summary\": \"a\"}\n```", "found a Markdown fence; expected a JSON object");
    let more = r#"{"summary": "a", "texts": [{"label": "b", "mood": "calm"}]}"#;
    case(more, "unknown field `mood`, expected `label` or `area` at line 1 column 48");
    let more = r#"{"summary": "a", "texts": [{"label": "b", "area": {"left": 0, "z": 5}}]}"#;
    case(more, "unknown field `z`, expected one of `left`, `top`, `right`, `bottom` at line 1 column 65");
    // Serde also reads structs from sequences, which is refused here.
    case(r#"["a"]"#, "invalid type: sequence, expected an object at line 1 column 0");
    case(r#"{"summary": "a", "texts": [["b", {}]]}"#, "invalid type: sequence, expected an object at line 1 column 27");
    let list = r#"{"summary": "a", "texts": [{"label": "b", "area": [0, 0, 1, 1]}]}"#;
    case(list, "invalid type: sequence, expected an object at line 1 column 50");
    let more = r#"{"summary": "a", "texts": [{"label": "b", "area": {"left": 0, "top": 0, "right": 1}}]}"#;
    case(more, "missing field `bottom` at line 1 column 83");
}

#[test]
fn an_answer_has_at_most_64_kib_which_fits_the_largest_scene() {
    let padded = |bytes: usize| format!("{{\"summary\": \"a\"}}{}", " ".repeat(bytes - 16));
    assert!(read(&padded(MAX_ANSWER_BYTES)).is_ok());
    assert_eq!(
        read(&padded(MAX_ANSWER_BYTES + 1)).unwrap_err().to_string(),
        "answer has 65537 bytes; expected at most 65536"
    );
    // A scene at all its limits, with each character written as two escapes.
    let text = |chars: usize| "\\ud83d\\ude42".repeat(chars);
    let area = r#"{"left": 100, "top": 100, "right": 1000, "bottom": 1000}"#;
    let region = format!(r#"{{"label": "{}", "area": {area}}}"#, text(MAX_LABEL_CHARS));
    let regions = vec![region; MAX_REGIONS].join(", ");
    let answer =
        format!(r#"{{"summary": "{}", "subjects": [{regions}], "texts": [{regions}]}}"#, text(MAX_SUMMARY_CHARS));
    assert!(answer.len() > MAX_ANSWER_BYTES * 9 / 10 && read(&answer).is_ok(), "{}", answer.len());
}

#[test]
fn the_request_asks_for_the_schema_of_a_scene() {
    let source = Source::from_bytes(png());
    let asked = serde_json::to_value(request(&source).unwrap()).unwrap();
    assert_eq!(asked["contents"][0]["parts"][1]["text"], instruction());
    assert_eq!(asked["contents"][0]["parts"][0]["inlineData"]["mimeType"], "image/png");
    assert_eq!(
        asked["generationConfig"],
        json!({
            "responseModalities": ["TEXT"],
            "responseMimeType": "application/json",
            "responseSchema": response_schema(),
        })
    );
    let schema = response_schema();
    assert_eq!(schema["required"], json!(["summary", "subjects", "texts"]));
    assert_eq!(schema["properties"]["subjects"], schema["properties"]["texts"]);
    let region = &schema["properties"]["texts"];
    assert_eq!((&region["maxItems"], &region["items"]["required"]), (&json!(16), &json!(["label", "area"])));
    assert_eq!(
        region["items"]["properties"]["area"]["properties"]["top"],
        json!({"type": "INTEGER", "minimum": 0, "maximum": 1000})
    );
    insta::assert_snapshot!("scene_instruction", instruction());
}

#[test]
fn an_answer_from_gemini_is_a_scene_or_a_failure() {
    let body = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]});
    let read = |status, body: Value| read_answer(status, &serde_json::to_vec(&body).unwrap());
    assert_eq!(read(200, body(&bottle().to_string())).unwrap().subjects().len(), 1);
    let error = read(200, body("A bottle.")).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::InvalidAnswer);
    assert_eq!(
        chain(&error),
        "the backend's answer is invalid: the scene cannot be read / expected value at line 1 column 1"
    );
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    assert_eq!(read(200, blocked).unwrap_err().kind, GenerateErrorKind::Refused);
    assert_eq!(read(429, json!({})).unwrap_err().kind, GenerateErrorKind::RateLimited);
}
