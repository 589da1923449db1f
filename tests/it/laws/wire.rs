//! The law of the services' JSON: every body is refused with an error of the right form, or is read correctly.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use smart_resize::generate::GenerateErrorKind;
use smart_resize::scene::Scene;
use smart_resize::wire::data_uri::{DataUri, DataUriErrorKind, MAX_MEDIA_TYPE_BYTES, is_data_uri};
use smart_resize::wire::fal::{
    EditInput, EditModel, EditOutput, ErrorBody, ErrorType, InputLimits, Loc, QueueStatus, SmartResizeInput,
    SmartResizeOutput, Webhook, edit_error, source_url,
};
use smart_resize::wire::gemini::{GenerateContentRequest, GenerateContentResponse};
use smart_resize::wire::{Base64ErrorKind, gemini, scene};
use smart_resize::{Format, Plan};

/// A limit that the fuzzer's data URIs reach and exceed.
const MAX_BYTES: u64 = 48;

/// The first byte selects the kind of text that the rest is.
pub(crate) fn wire(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 8 {
        0 => read_input(rest),
        1 => read_data_uri(&text, MAX_BYTES),
        2 => write_data_uri(rest),
        3 => gemini_answer(rest),
        4 => fal_answer(rest),
        5 => read_scene(&text),
        6 => drawn_input(&mut Unstructured::new(rest)).unwrap_or_default(),
        _ => drawn_scene(&mut Unstructured::new(rest)).unwrap_or_default(),
    }
}

fn read_input(body: &[u8]) {
    let mut limits = InputLimits::default();
    limits.image_bytes = MAX_BYTES;
    match SmartResizeInput::from_json(body, &limits) {
        Ok(input) => {
            check_input(&input, &limits);
            let value: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(SmartResizeInput::from_value(&value, &limits).as_ref(), Ok(&input));
        }
        Err(refused) => check_refused(&refused, body.len()),
    }
}

/// An input that was read is within the limits, can be planned and sent to the upstream, and reads back as written.
fn check_input(input: &SmartResizeInput, limits: &InputLimits) {
    assert!((1..=limits.target_sizes).contains(&input.target_sizes.len()));
    assert!((1..=limits.images_per_size).contains(&input.num_images_per_size));
    assert!(input.prompt.chars().count() <= limits.prompt_chars && (1..=6).contains(&input.safety_tolerance));
    let written = serde_json::to_vec(input).unwrap();
    assert_eq!(SmartResizeInput::from_json(&written, limits).as_ref(), Ok(input));

    let source = input.image_url.source();
    let request = input.request(source.clone()).unwrap();
    assert_eq!(request.targets().iter().map(|target| target.size).collect::<Vec<_>>(), input.target_sizes);
    assert_eq!((request.variants(), request.seed()), (input.num_images_per_size, input.seed));
    assert_eq!((request.format(), request.floor()), (input.output_format, Some(input.resolution)));
    let plan = Plan::new(&request).unwrap();
    for request in plan.requests(&source).unwrap() {
        let asked = EditInput::new(EditModel::NanoBananaPro, &request, source_url(&source).unwrap()).unwrap();
        assert_eq!((asked.seed, asked.num_images), (request.seed(), request.variants()));
        assert_eq!(asked.aspect_ratio, request.preset().ratio.unwrap().to_string());
        comes_back(&asked);
        match GenerateContentRequest::new(&request) {
            Ok(asked) => comes_back(&asked),
            Err(error) => assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidRequest, 0)),
        }
    }
}

/// Each entry has fal's form, the entries are in the order of the fields, and the body's length bounds that of each.
fn check_refused(refused: &ErrorBody, body_bytes: usize) {
    let entries = refused.entries();
    assert!(!entries.is_empty() && refused.status() == 422);
    for entry in entries {
        assert_eq!(entry.loc.first(), Some(&Loc::from("body")));
        assert!(!entry.msg.is_empty() && !matches!(entry.error_type, ErrorType::Other(_)), "{entry:?}");
        let written = serde_json::to_value(entry).unwrap();
        let keys: BTreeSet<_> = written.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(keys.is_subset(&["ctx", "input", "loc", "msg", "type"].into()) && keys.len() >= 4, "{written}");
        let bound = matches!(entry.error_type, ErrorType::TooLong | ErrorType::LessThanEqual | ErrorType::LiteralError);
        assert!(!bound || entry.ctx.is_some(), "{written}");
        assert!(entry.msg.len() <= 400 && written["input"].to_string().len() <= 12 * body_bytes + 300, "{written}");
    }
    let places: Vec<_> = entries.iter().map(|entry| place(&entry.loc)).collect();
    assert!(places.is_sorted(), "{refused:?}");
    comes_back(refused);
}

const FIELDS: [&str; 9] = [
    "image_url",
    "target_sizes",
    "prompt",
    "num_images_per_size",
    "resolution",
    "output_format",
    "safety_tolerance",
    "seed",
    "sync_mode",
];

fn place(loc: &[Loc]) -> (Option<usize>, Option<u64>) {
    let field = match loc.get(1) {
        Some(Loc::Field(field)) => Some(FIELDS.iter().position(|known| known == field).unwrap()),
        _ => None,
    };
    let item = match loc.last() {
        Some(Loc::Index(index)) => Some(*index),
        _ => None,
    };
    (field, item)
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let written = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&written).unwrap(), value, "{written}");
}

fn read_data_uri(text: &str, max_bytes: u64) {
    match DataUri::parse(text, max_bytes) {
        Ok(uri) => {
            assert!(is_data_uri(text) && uri.bytes().len() as u64 <= max_bytes);
            assert!(uri.media_type().contains('/') && uri.media_type().len() <= MAX_MEDIA_TYPE_BYTES);
            assert_eq!(DataUri::parse(&uri.to_string(), max_bytes), Ok(uri.clone()));
            assert_eq!(DataUri::parse(text, uri.bytes().len() as u64), Ok(uri.clone()));
            if let Some(less) = (uri.bytes().len() as u64).checked_sub(1) {
                assert!(is_too_large(DataUri::parse(text, less).unwrap_err().kind), "{text:?}");
            }
        }
        Err(error) => {
            let before = text.get(..error.offset);
            assert!(before.is_some(), "byte {} is inside a character of {text:?}: {error}", error.offset);
            assert_eq!(is_data_uri(text), error.kind != DataUriErrorKind::NotData);
            if let DataUriErrorKind::Expected { found: Some(found), .. } = error.kind {
                assert!(text[error.offset..].starts_with(found), "{error} in {text:?}");
            }
            if let (DataUriErrorKind::Base64(Base64ErrorKind::Symbol { found }), false) =
                (error.kind, text.contains('%'))
            {
                assert!(text[error.offset..].starts_with(found), "{error} in {text:?}");
            }
        }
    }
}

fn is_too_large(kind: DataUriErrorKind) -> bool {
    matches!(kind, DataUriErrorKind::TooLarge { .. } | DataUriErrorKind::Base64(Base64ErrorKind::TooLarge { .. }))
}

/// Bytes are read back from each form of a data URI.
fn write_data_uri(bytes: &[u8]) {
    let uri = DataUri::new(Format::Jpeg, bytes);
    let (max, text) = (bytes.len() as u64, uri.to_string());
    assert_eq!(DataUri::parse(&text, max), Ok(uri.clone()));
    let escaped = bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    assert_eq!(DataUri::parse(&format!("DATA:image/jpeg,{escaped}"), max), Ok(uri.clone()));
    let (head, symbols) = text.split_once(',').unwrap();
    let escaped = symbols.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(DataUri::parse(&format!("{head},{escaped}"), max), Ok(uri));
    // A space anywhere in the base64 is refused, and so is base64 without its last symbol.
    let at = bytes.first().map_or(0, |byte| usize::from(*byte) % (symbols.len() + 1));
    let broken = format!("{head},{} {}", &symbols[..at], &symbols[at..]);
    assert!(DataUri::parse(&broken, max + 1).is_err(), "{broken:?}");
    if !symbols.is_empty() {
        assert!(DataUri::parse(&text[..text.len() - 1], max + 1).is_err());
    }
}

fn gemini_answer(body: &[u8]) {
    let response = serde_json::from_slice::<GenerateContentResponse>(body);
    if let Ok(response) = &response {
        comes_back(response);
    }
    match gemini::read_answer("gemini", 200, body, MAX_BYTES) {
        Ok(generated) => {
            let response = response.unwrap();
            assert_eq!((generated.images.len(), generated.billed_images), (1, 1));
            assert!(generated.images[0].len() as u64 <= MAX_BYTES);
            assert!(generated.description.is_none_or(|text| text == response.text() && !text.is_empty()));
            let parts = response.candidates.iter().flat_map(|one| &one.content).flat_map(|content| &content.parts);
            assert!(parts.into_iter().any(|part| part.inline_data.is_some() && !part.thought));
        }
        Err(error) => {
            assert!(error.billed_images <= 1 && error.message.len() < 3000);
            assert!(matches!(
                error.kind,
                GenerateErrorKind::Refused | GenerateErrorKind::NothingMade | GenerateErrorKind::InvalidAnswer
            ));
        }
    }
    let status = body.first().map_or(500, |byte| 300 + u16::from(*byte) * 2);
    assert!(gemini::read_answer("gemini", status, body, MAX_BYTES).is_err());
    let _ = scene::read_answer(200, body);
}

fn fal_answer(body: &[u8]) {
    if let Ok(output) = serde_json::from_slice::<EditOutput>(body) {
        comes_back(&output);
        let found = output.embedded(MAX_BYTES).and_then(|bytes| output.generated("fal", bytes));
        match found {
            Ok(generated) => assert_eq!(generated.billed_images as usize, output.images.len()),
            Err(error) => assert_eq!(error.billed_images as usize, output.images.len()),
        }
    }
    let _ = serde_json::from_slice::<SmartResizeOutput>(body).map(|value| comes_back(&value));
    let _ = serde_json::from_slice::<QueueStatus>(body).map(|value| comes_back(&value));
    let _ = serde_json::from_slice::<Webhook>(body).map(|value| comes_back(&value));
    let _ = serde_json::from_slice::<EditInput>(body).map(|value| comes_back(&value));
    let error = ErrorBody::from_answer(body);
    comes_back(&error);
    let failure = edit_error(body.first().map_or(422, |byte| 300 + u16::from(*byte)), body);
    assert!(failure.billed_images == 0 && failure.message.len() < 3000);
}

fn read_scene(text: &str) {
    match scene::read(text) {
        Ok(scene) => scene_comes_back(&scene),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn scene_comes_back(scene: &Scene) {
    assert_eq!(scene::read(&serde_json::to_string(scene).unwrap()).as_ref(), Ok(scene));
}

/// Draws a body with known errors: exactly the fields in `bad` are refused, in this order.
fn drawn_input(input: &mut Unstructured<'_>) -> Result<()> {
    let mut body = Map::new();
    let mut bad = Vec::new();
    for field in FIELDS {
        let (good, wrong) = values(field);
        match input.int_in_range(0..=3_u8)? {
            0 if !matches!(field, "image_url" | "target_sizes") => {}
            0 => bad.push(field),
            1 => {
                body.insert(field.into(), input.choose(&wrong)?.clone());
                bad.push(field);
            }
            _ => {
                body.insert(field.into(), input.choose(&good)?.clone());
            }
        }
    }
    if input.arbitrary()? {
        body.insert("unknown".into(), json!({"deep": [null]}));
    }
    let body = serde_json::to_vec(&Value::from(body)).unwrap();
    match SmartResizeInput::from_json(&body, &InputLimits::default()) {
        Ok(read) => {
            assert!(bad.is_empty(), "{bad:?}");
            check_input(&read, &InputLimits::default());
        }
        Err(refused) => {
            check_refused(&refused, body.len());
            let field = |loc: &[Loc]| FIELDS[place(loc).0.unwrap()];
            let mut found: Vec<_> = refused.entries().iter().map(|entry| field(&entry.loc)).collect();
            found.dedup();
            assert_eq!(found, bad, "{refused}");
        }
    }
    Ok(())
}

/// Valid and invalid values of a field.
fn values(field: &str) -> (Vec<Value>, Vec<Value>) {
    let (good, wrong) = match field {
        "image_url" => (
            json!(["https://example.com/a.png", "HTTP://x", "data:image/png;base64,AA==", "data:,%00"]),
            json!([5, null, "", "ftp://x", "https://", "http:///x", "data:image/png;base64,A", "https://a b", "a.png"]),
        ),
        "target_sizes" => (
            json!([["1x1"], ["6336x2688", "1X1", " 728×90"], ["1x1", "1x1"]]),
            json!([[], "1x1", null, ["1x"], ["6337x1"], ["1x1", 5], ["1x1", "65536x1"], vec!["1x1"; 11]]),
        ),
        "prompt" => (json!(["", "a hat", "é".repeat(5000)]), json!([null, 5, "é".repeat(5001)])),
        "num_images_per_size" => (json!([1, 4, "2", 3.0, true]), json!([0, 5, null, "two", 1.5, -1, false])),
        "resolution" => (json!(["1K", "2K", "4K"]), json!(["3K", "1k", null, 1])),
        "output_format" => (json!(["png", "jpeg", "webp"]), json!(["jpg", "gif", null])),
        "safety_tolerance" => (json!(["1", "6"]), json!([1, "0", "7", null])),
        "seed" => (json!([null, 0, u64::MAX, "7", 7.0]), json!([-1, "x", 0.5, [], "18446744073709551616"])),
        _ => (json!([true, false, 0, "yes"]), json!([null, 2, "perhaps", []])),
    };
    let list = |value: Value| value.as_array().unwrap().clone();
    (list(good), list(wrong))
}

/// Draws a scene and damages one place in its JSON. The error names that place.
fn drawn_scene(input: &mut Unstructured<'_>) -> Result<()> {
    let Some(known) = super::any::any_scene(input)? else { return Ok(()) };
    scene_comes_back(&known);
    let mut answer = serde_json::to_value(&known).unwrap();
    let list = if input.arbitrary()? { "subjects" } else { "texts" };
    let regions = answer[list].as_array_mut().unwrap();
    if regions.is_empty() {
        return Ok(());
    }
    let index = input.choose_index(regions.len())?;
    let region = &mut regions[index];
    let damage = input.int_in_range(0..=4_u8)?;
    match damage {
        0 => region["label"] = json!(" \n "),
        1 => region["area"]["left"] = json!(1001),
        2 => region["area"]["top"] = json!(-1),
        3 => region["area"]["right"] = json!(500.5),
        _ => region["area"] = json!({"left": 5, "top": 5, "right": 5, "bottom": 6}),
    }
    let error = scene::read(&answer.to_string()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{list}[{index}]")), "{error}");
    region_is_strict(&mut answer, list, index);
    Ok(())
}

fn region_is_strict(answer: &mut Value, list: &str, index: usize) {
    answer[list][index] = json!({"label": "a", "area": {"left": 0, "top": 0, "right": 1, "bottom": 1}, "more": 1});
    let error = scene::read(&answer.to_string()).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `more`"), "{error}");
}
