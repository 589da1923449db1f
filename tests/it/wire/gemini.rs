//! Gemini's `generateContent`: the request, and the result of each kind of answer.

use std::time::Duration;

use serde_json::{Value, json};
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated};
use smart_resize::model::Smallest;
use smart_resize::request::Reference;
use smart_resize::wire::gemini::{
    GenerateContentRequest, GenerateContentResponse, InputError, MAX_INLINE_BYTES, path, read_answer, read_text_answer,
};
use smart_resize::{Request, Source};

use super::{both_ways, chain, png, request, table};

const MAX: u64 = 1000;

fn read(body: &Value) -> Result<Generated, GenerateError> {
    read_answer("gemini", 200, &serde_json::to_vec(body).unwrap(), MAX)
}

fn picture(base64: &str) -> Value {
    json!({"inlineData": {"mimeType": "image/png", "data": base64}})
}

fn thought(mut part: Value) -> Value {
    part["thought"] = json!(true);
    part
}

fn answer(parts: &[Value], finish_reason: &str) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish_reason, "index": 0}]})
}

#[test]
fn a_request_has_the_source_first_and_the_ratio_as_a_parameter() {
    let source = Source::from_bytes(png());
    let asked = request(&source, |builder| builder);
    let expected = json!({
        "contents": [{"role": "user", "parts": [
            {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgogYW5kIHNvIG9u"}},
            {"text": asked.prompt().as_ref()},
        ]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "seed": 7,
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
        },
    });
    let written = GenerateContentRequest::new(&asked).unwrap();
    assert_eq!(serde_json::to_value(&written).unwrap(), expected);
    assert_eq!(both_ways::<GenerateContentRequest>(&expected), written);
    assert_eq!(path("gemini-3-pro-image"), "v1beta/models/gemini-3-pro-image:generateContent");
}

#[test]
fn the_references_are_between_the_source_and_the_prompt() {
    let logo = Reference::new("the logo", Source::from_bytes(*b"\xff\xd8\xff logo"));
    let source = Source::from_bytes(png()).reference(logo);
    let written = serde_json::to_value(GenerateContentRequest::new(&request(&source, |builder| builder)).unwrap());
    let parts = &written.unwrap()["contents"][0]["parts"];
    let types = [0, 1].map(|index| parts[index]["inlineData"]["mimeType"].as_str().unwrap().to_owned());
    assert_eq!(types, ["image/png", "image/jpeg"]);
    assert!(parts[2]["text"].as_str().unwrap().contains("Image 2 shows the logo"));
}

fn config(model: &str, size: &str, seed: Option<u64>) -> Value {
    let source = Source::from_bytes(png());
    let mut builder = Request::builder(source.clone()).sizes([size]).model(table(model));
    if model == "nano-banana-2" {
        builder = builder.floor("0.5K".parse().unwrap()).smallest(Smallest::ByTier);
    }
    if let Some(seed) = seed {
        builder = builder.seed(seed);
    }
    let plan = smart_resize::Plan::new(&builder.build().unwrap()).unwrap();
    let asked = GenerateContentRequest::new(&plan.requests(&source).unwrap()[0]).unwrap();
    serde_json::to_value(asked).unwrap()["generationConfig"].clone()
}

#[test]
fn the_tier_0_5k_is_written_as_512_and_any_other_by_its_name() {
    assert_eq!(
        config("nano-banana-pro", "4000x4000", None)["imageConfig"],
        json!({"aspectRatio": "1:1", "imageSize": "4K"})
    );
    assert_eq!(
        config("nano-banana-2", "500x500", None)["imageConfig"],
        json!({"aspectRatio": "1:1", "imageSize": "512"})
    );
    assert_eq!(config("nano-banana", "500x500", None)["imageConfig"], json!({"aspectRatio": "1:1"}));
}

#[test]
fn a_seed_is_sent_modulo_2_to_the_31() {
    let seed = |seed| config("nano-banana", "9x9", seed)["seed"].clone();
    assert_eq!((seed(None), seed(Some((1 << 31) - 1))), (Value::Null, json!(2_147_483_647)));
    assert_eq!((seed(Some(1 << 31)), seed(Some(u64::MAX))), (json!(0), json!(2_147_483_647)));
}

#[test]
fn a_request_that_the_api_would_refuse_is_an_error() {
    let refused = |source: &Source, variants: u32| {
        let error = GenerateContentRequest::new(&request(source, |builder| builder.variants(variants))).unwrap_err();
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidRequest, 0));
        let source = *std::error::Error::source(&error).unwrap().downcast_ref::<InputError>().unwrap();
        (source, source.to_string())
    };
    let heavy = |bytes: u64| {
        let mut file = png();
        file.resize(usize::try_from(bytes).unwrap(), 0);
        Source::from_bytes(file)
    };
    let case = |source: &Source, variants, expected: InputError, message: &str| {
        assert_eq!(refused(source, variants), (expected, message.to_owned()));
    };
    case(&Source::from_url("u"), 1, InputError::NoBytes, "source has no bytes; expected bytes, not only a URL");
    let unknown = "source has an unknown format; expected PNG, JPEG or WebP";
    case(&Source::from_bytes(*b"GIF89a"), 1, InputError::UnknownFormat, unknown);
    let bytes = MAX_INLINE_BYTES + 1;
    let message = "source has 7000001 bytes; expected at most 7000000";
    case(&heavy(bytes), 1, InputError::TooLarge { bytes }, message);
    assert!(GenerateContentRequest::new(&request(&heavy(MAX_INLINE_BYTES), |builder| builder)).is_ok());
    case(&heavy(20), 2, InputError::Variants { found: 2 }, "number of images is 2; expected 1");
}

/// The example of the API's reference, with fields that are not used here.
#[test]
fn an_answer_with_a_picture_becomes_a_generated_answer() {
    let body = json!({
        "candidates": [{
            "content": {"role": "model", "parts": [
                {"text": "Here is your image."},
                {"inlineData": {"mimeType": "image/png", "data": "YWJj"}, "thoughtSignature": "c2lnbmF0dXJl"},
            ]},
            "finishReason": "STOP",
            "index": 0,
            "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}],
        }],
        "usageMetadata": {
            "promptTokenCount": 270, "candidatesTokenCount": 1120, "totalTokenCount": 1390,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 12}, {"modality": "IMAGE", "tokenCount": 258}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}], "thoughtsTokenCount": 42,
        },
        "modelVersion": "gemini-3-pro-image",
        "responseId": "x",
    });
    let generated = read(&body).unwrap();
    assert_eq!((generated.images[0].as_ref(), generated.images.len()), (&b"abc"[..], 1));
    assert_eq!((generated.description.as_deref(), generated.backend.as_str()), (Some("Here is your image."), "gemini"));
    assert_eq!(generated.billed_images, 1);
}

#[test]
fn the_last_picture_outside_of_thoughts_is_used() {
    let case = |parts: &[Value], expected: &[u8], description: Option<&str>| {
        let generated = read(&answer(parts, "STOP")).unwrap();
        assert_eq!((generated.images[0].as_ref(), generated.description.as_deref()), (expected, description));
        assert_eq!((generated.images.len(), generated.billed_images), (1, 1));
    };
    case(&[picture("YQ==")], b"a", None);
    case(&[thought(picture("YQ==")), picture("Yg==")], b"b", None);
    case(&[picture("YQ=="), thought(picture("Yg=="))], b"a", None);
    case(&[picture("YQ=="), picture("Yg=="), thought(picture("Yw=="))], b"b", None);
    case(&[thought(json!({"text": "Hm."})), picture("YQ=="), json!({"text": " Done. "})], b"a", Some("Done."));
    case(&[json!({"text": "One "}), json!({"text": "two."}), picture("YQ==")], b"a", Some("One two."));
    case(&[json!({"inline_data": {"mime_type": "image/jpeg", "data": "YQ=="}})], b"a", None);
    case(&[json!({"text": ""}), picture("YQ=="), json!({})], b"a", None);
    // A picture is used whatever the finish reason is.
    assert!(read(&answer(&[picture("YQ==")], "IMAGE_SAFETY")).is_ok());
    // A candidate without a picture does not hide one in another candidate.
    let two = json!({"candidates": [{"finishReason": "STOP"}, {"content": {"parts": [picture("YQ==")]}}]});
    assert!(read(&two).is_ok());
}

fn failure(body: &Value, kind: GenerateErrorKind, message: &str) -> GenerateError {
    let error = read(body).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (kind, message), "{body}");
    error
}

#[test]
fn refusals_and_answers_without_a_picture_have_different_kinds() {
    for reason in ["SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "SPII"] {
        failure(&json!({"candidates": [{"finishReason": reason}]}), GenerateErrorKind::Refused, reason);
        let body = answer(&[json!({"text": "No."})], reason);
        failure(&body, GenerateErrorKind::Refused, &format!("{reason}: No."));
    }
    for reason in ["NO_IMAGE", "IMAGE_OTHER", "RECITATION", "STOP", "MAX_TOKENS", "OTHER", "OF_TOMORROW"] {
        failure(&json!({"candidates": [{"finishReason": reason}]}), GenerateErrorKind::NothingMade, reason);
    }
    for reason in ["SAFETY", "PROHIBITED_CONTENT", "OTHER", "BLOCK_REASON_UNSPECIFIED"] {
        let body = json!({"promptFeedback": {"blockReason": reason, "safetyRatings": []}});
        failure(&body, GenerateErrorKind::Refused, reason);
        let body = json!({"candidates": [], "promptFeedback": {"blockReason": reason, "blockReasonMessage": "Why."}});
        failure(&body, GenerateErrorKind::Refused, &format!("{reason}: Why."));
    }
    let message = json!({"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": "Unable to show it."}]});
    failure(&message, GenerateErrorKind::Refused, "IMAGE_SAFETY: Unable to show it.");
    failure(&answer(&[json!({"text": "I cannot."})], "STOP"), GenerateErrorKind::NothingMade, "STOP: I cannot.");
    failure(&answer(&[thought(picture("YQ=="))], "STOP"), GenerateErrorKind::NothingMade, "STOP");
    failure(&json!({"candidates": [{}]}), GenerateErrorKind::NothingMade, "");
    failure(&json!({"promptFeedback": {}}), GenerateErrorKind::InvalidAnswer, "neither candidates nor a blockReason");
    failure(&json!({}), GenerateErrorKind::InvalidAnswer, "neither candidates nor a blockReason");
    let long = failure_of_long_text();
    assert_eq!(long.chars().count(), 501);
}

fn failure_of_long_text() -> String {
    read(&answer(&[json!({"text": "é".repeat(9000)})], "STOP")).unwrap_err().message.clone()
}

#[test]
fn billed_image_tokens_are_counted_without_a_picture() {
    let with_usage = |details: Value| {
        let body = json!({
            "candidates": [{"finishReason": "IMAGE_SAFETY"}],
            "usageMetadata": {"candidatesTokensDetails": details},
        });
        read(&body).unwrap_err().billed_images
    };
    assert_eq!(with_usage(json!([{"modality": "TEXT", "tokenCount": 40}])), 0);
    assert_eq!(with_usage(json!([{"modality": "IMAGE", "tokenCount": 0}])), 0);
    assert_eq!(
        with_usage(json!([{"modality": "TEXT", "tokenCount": 4}, {"modality": "IMAGE", "tokenCount": 1120}])),
        1
    );
}

#[test]
fn a_picture_that_cannot_be_decoded_is_billed() {
    let body = serde_json::to_vec(&answer(&[picture("no base64")], "STOP")).unwrap();
    let error = read_answer("gemini", 200, &body, MAX).unwrap_err();
    assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidAnswer, 1));
}

#[test]
fn the_base64_of_a_picture_is_strict_and_limited() {
    let error = |data: &str, max: u64| {
        let body = serde_json::to_vec(&answer(&[picture(data)], "STOP")).unwrap();
        let error = read_answer("gemini", 200, &body, max).unwrap_err();
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidAnswer, 1));
        chain(&error)
    };
    let head = "the backend's answer is invalid: the picture cannot be decoded / ";
    assert_eq!(error("YWJj", 2), format!("{head}decoded data has 3 bytes; expected at most 2 (at byte 0)"));
    assert_eq!(error("YW\nJj", 9), format!("{head}found '\\n'; expected a base64 symbol (at byte 2)"));
    assert_eq!(error("YQ", 9), format!("{head}number of padding '=' is 0; expected 2 (at byte 2)"));
    assert_eq!(read(&answer(&[picture("YWJj")], "STOP")).unwrap().images[0].len(), 3);
}

#[test]
fn the_kind_of_an_error_and_its_delay_follow_from_the_answer() {
    let case = |status: u16, body: &str, kind: GenerateErrorKind, message: &str| {
        let error = read_answer("gemini", status, body.as_bytes(), MAX).unwrap_err();
        assert_eq!((error.kind, error.message.as_str(), error.billed_images), (kind, message, 0));
        error.retry_after
    };
    let body = |status: &str| json!({"error": {"code": 1, "message": "Why.", "status": status}}).to_string();
    case(400, &body("INVALID_ARGUMENT"), GenerateErrorKind::InvalidRequest, "status 400: INVALID_ARGUMENT: Why.");
    case(403, &body("PERMISSION_DENIED"), GenerateErrorKind::InvalidRequest, "status 403: PERMISSION_DENIED: Why.");
    case(404, &body("NOT_FOUND"), GenerateErrorKind::InvalidRequest, "status 404: NOT_FOUND: Why.");
    case(500, &body("INTERNAL"), GenerateErrorKind::Transport, "status 500: INTERNAL: Why.");
    case(502, "<html>", GenerateErrorKind::Transport, "status 502: <html>");
    case(503, &body("UNAVAILABLE"), GenerateErrorKind::Transport, "status 503: UNAVAILABLE: Why.");
    case(504, &body("DEADLINE_EXCEEDED"), GenerateErrorKind::TimedOut, "status 504: DEADLINE_EXCEEDED: Why.");
    case(408, "", GenerateErrorKind::TimedOut, "status 408");
    case(304, "", GenerateErrorKind::InvalidAnswer, "status 304");
    case(200, "", GenerateErrorKind::InvalidAnswer, "status 200");
    case(200, "<html>", GenerateErrorKind::InvalidAnswer, "status 200");

    let limited = |delay: &str| {
        let details = json!([
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
        ]);
        let body =
            json!({"error": {"message": "Wait.", "status": "RESOURCE_EXHAUSTED", "details": details}}).to_string();
        case(429, &body, GenerateErrorKind::RateLimited, "status 429: RESOURCE_EXHAUSTED: Wait.")
    };
    assert_eq!(limited("34s"), Some(Duration::from_secs(34)));
    assert_eq!(limited("1.5s"), Some(Duration::from_millis(1500)));
    for delay in ["-1s", "34", "s", "NaNs", "infs", "1e99s"] {
        assert_eq!(limited(delay), None, "{delay}");
    }
    assert_eq!(case(429, "", GenerateErrorKind::RateLimited, "status 429"), None);
}

#[test]
fn a_text_is_read_without_its_thoughts() {
    let text = |body: &Value| read_text_answer(200, &serde_json::to_vec(body).unwrap());
    let parts = [thought(json!({"text": "Hm."})), json!({"text": "{\"a\":"}), json!({"text": "1}\n"})];
    assert_eq!(text(&answer(&parts, "STOP")).unwrap(), "{\"a\":1}");
    let error = text(&answer(&parts[..1], "MAX_TOKENS")).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (GenerateErrorKind::NothingMade, "MAX_TOKENS"));
    let response: GenerateContentResponse = both_ways(&json!({"candidates": [{"content": {"parts": []}}]}));
    assert_eq!(response.text(), "");
}
