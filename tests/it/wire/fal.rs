//! `fal-ai/smart-resize`: the examples of the endpoint's page, the limits, the queue and the errors.

use serde_json::{Value, json};
use smart_resize::model::{Model, Tier};
use smart_resize::wire::fal::{
    CancelAnswer, CancelStatus, ErrorBody, ErrorType, ImageUrl, InputLimits, Log, QueueState, QueueStatus,
    SmartResizeInput, SmartResizeOutput, Webhook, WebhookStatus, webhook_message,
};
use smart_resize::{Format, Plan, Source};

use super::{both_ways, png};

/// The example of the endpoint's page.
fn page_input() -> Value {
    json!({
        "image_url": "https://storage.googleapis.com/falserverless/example_inputs/nano-banana-edit-input.png",
        "target_sizes": ["1024x1024", "1920x1080", "768x1344"],
        "prompt": "",
        "num_images_per_size": 1,
        "resolution": "1K",
        "output_format": "png",
        "safety_tolerance": "4",
    })
}

/// The example of the endpoint's page, which lacks the `width` and the `height` of a result that its schema requires.
fn page_output() -> Value {
    json!({
        "images": [{
            "file_name": "nano-banana-pro-edit-output.png",
            "content_type": "image/png",
            "url": "https://storage.googleapis.com/falserverless/example_outputs/nano-banana-pro-edit-output.png",
        }],
        "description": "",
        "results": [{
            "images": [{
                "url": "",
                "content_type": "image/png",
                "file_name": "z9RV14K95DvU.png",
                "file_size": 4_404_019,
            }],
            "description": "",
            "aspect_ratio": "",
            "resolution": "",
        }],
    })
}

fn refused(body: &Value) -> ErrorBody {
    SmartResizeInput::from_value(body, &InputLimits::default()).unwrap_err()
}

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = page_input();
    body[field] = value.into();
    body
}

#[test]
fn the_examples_of_the_page_are_read_and_written() {
    let input: SmartResizeInput = both_ways(&page_input());
    assert_eq!(
        input.target_sizes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["1024x1024", "1920x1080", "768x1344"]
    );
    let output: SmartResizeOutput = both_ways(&page_output());
    assert_eq!(output.results[0].images[0].file_size, Some(4_404_019));
}

#[test]
fn missing_fields_have_the_defaults_of_the_service() {
    let body = br#"{"image_url": "https://example.com/a.png", "target_sizes": ["1x1"]}"#;
    let input = SmartResizeInput::from_json(body, &InputLimits::default()).unwrap();
    // A URL has no bytes, so that the limit for those of a data URI is 0.
    let url = ImageUrl::parse("https://example.com/a.png", 0).unwrap();
    assert_eq!(input, SmartResizeInput::new(url, ["1x1".parse().unwrap()]));
    assert_eq!((input.prompt.as_str(), input.num_images_per_size, input.resolution), ("", 1, Tier::K1));
    assert_eq!(
        (input.output_format, input.safety_tolerance, input.seed, input.sync_mode),
        (Format::Png, 4, None, false)
    );
}

#[test]
fn an_input_becomes_a_request() {
    let mut body = page_input();
    for (field, value) in [("prompt", json!("keep the hat")), ("seed", json!(7)), ("num_images_per_size", json!(3))] {
        body[field] = value;
    }
    for (field, value) in [("resolution", "2K"), ("output_format", "webp"), ("safety_tolerance", "6")] {
        body[field] = json!(value);
    }
    let input: SmartResizeInput = both_ways(&body);
    let request = input.request(input.image_url.source()).unwrap();
    assert_eq!((request.instruction(), request.seed(), request.variants()), ("keep the hat", Some(7), 3));
    assert_eq!(
        (request.floor(), request.format(), request.options().safety_tolerance),
        (Some(Tier::K2), Format::WebP, 6)
    );
    assert_eq!(request.source().url.as_deref().unwrap(), page_input()["image_url"].as_str().unwrap());
    let plan = Plan::new(&request).unwrap();
    assert_eq!(plan.cost().to_string(), "$1.40"); // 9 images at $0.15, and $0.05
}

#[test]
fn each_size_has_a_generation_of_its_own() {
    // The model would be asked the same for both sizes, but each has a call as in fal's contract.
    let input: SmartResizeInput = both_ways(&with("target_sizes", json!(["300x250", "600x500"])));
    let plan = Plan::new(&input.request(input.image_url.source()).unwrap()).unwrap();
    assert_eq!((plan.generations().len(), plan.cost().to_string()), (2, "$0.35".into()));
}

#[test]
fn a_data_uri_is_decoded_into_the_source() {
    let uri = smart_resize::wire::data_uri::DataUri::new(Format::Png, png()).to_string();
    let input: SmartResizeInput = both_ways(&with("image_url", uri));
    assert_eq!(input.image_url.source(), Source::from_bytes(png()));
}

#[test]
fn an_invalid_image_url_is_refused() {
    let case = |url: &str, reason: &str| {
        let refused = serde_json::to_value(refused(&with("image_url", url))).unwrap();
        let entry = &refused["detail"][0];
        assert_eq!((&entry["type"], &entry["input"]), (&json!("image_load_error"), &json!(url)));
        assert_eq!(entry["msg"], format!("Could not load image from url: {reason}"));
        assert_eq!(entry["loc"], json!(["body", "image_url"]));
    };
    for url in ["ftp://x/a.png", "", "file:///etc/passwd", "https://", "https://a b"] {
        case(url, &format!("the URL is \"{url}\"; expected http, https or a data URI"));
    }
    case("data:;base64,Y", "number of base64 symbols is 1; expected at least 2 in the last group of 4 (at byte 14)");
}

#[test]
fn a_picture_larger_than_the_limit_is_refused() {
    let mut limits = InputLimits::default();
    limits.image_bytes = 2;
    let body = with("image_url", "data:;base64,YWJj");
    let refused = SmartResizeInput::from_value(&body, &limits).unwrap_err();
    let written = serde_json::to_value(&refused).unwrap();
    assert_eq!(written["detail"][0]["type"], "file_too_large");
    assert_eq!(written["detail"][0]["ctx"], json!({"max_size": 2}));
    assert_eq!(
        refused.to_string(),
        "body.image_url: File is too large: decoded data has 3 bytes; expected at most 2 (at byte 13)"
    );
}

#[test]
fn sizes_that_are_misspelled_too_long_for_the_format_or_not_covered_are_refused() {
    let mut body = with("target_sizes", json!(["1x1", "x", "9 * 9", "6337x100", "16384x9"]));
    body["output_format"] = json!("webp");
    assert_eq!(
        refused(&body).to_string(),
        "body.target_sizes.1: Value error, \"x\" is not a size: found 'x'; expected a digit of the width, as in 1080x1920 \
         (at byte 0); \
         body.target_sizes.2: Value error, \"9 * 9\" is not a size: found ' '; expected \"x\" after the width, as in \
         1080x1920 (at byte 1); \
         body.target_sizes.3: Value error, no preset of 1K or more covers 6337x100: the widest is 6336x2688, \
         the tallest is 3072x5504, the largest covered size of this shape is 6336x100; \
         body.target_sizes.4: Value error, size is 16384x9; expected sides of at most 16383 pixels for webp; \
         body.target_sizes.4: Value error, no preset of 1K or more covers 16384x9: the widest is 6336x2688, \
         the tallest is 3072x5504, the largest covered size of this shape is 6336x3",
    );
    assert!(SmartResizeInput::from_value(&with("target_sizes", json!(["6336x2688"])), &InputLimits::default()).is_ok());
}

#[test]
fn a_seed_has_64_bits() {
    let max = u64::MAX;
    assert_eq!(both_ways::<SmartResizeInput>(&with("seed", max)).seed, Some(max));
    let case = |seed: Value, expected: &str| assert_eq!(refused(&with("seed", seed)).to_string(), expected);
    case(json!(-1), "body.seed: Input should be greater than or equal to 0");
    // A seed may also be a text, which `json!` needs for more than 64 bits.
    case(json!("18446744073709551616"), "body.seed: Input should be less than or equal to 18446744073709551615");
}

#[test]
fn messages_name_custom_limits() {
    let mut limits = InputLimits::default();
    (limits.target_sizes, limits.images_per_size, limits.prompt_chars) = (1, 1, 1);
    let mut body = page_input();
    (body["prompt"], body["num_images_per_size"]) = (json!("ab"), json!(2));
    assert_eq!(
        SmartResizeInput::from_value(&body, &limits).unwrap_err().to_string(),
        "body.target_sizes: List should have at most 1 item after validation, not 3; \
         body.prompt: String should have at most 1 character; \
         body.num_images_per_size: Input should be less than or equal to 1",
    );
}

#[test]
fn the_length_and_depth_of_echoed_input_are_limited() {
    let long = |chars: usize| refused(&with("image_url", json!(["é".repeat(chars)])));
    let chars = |body: &ErrorBody| body.entries()[0].input[0].as_str().unwrap().chars().count();
    // A longer string is shortened to 100 characters and `…`.
    assert_eq!((chars(&long(20_000)), chars(&long(20_001))), (20_000, 101));
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let written = serde_json::to_string(&refused(&with("prompt", deep))).unwrap();
    let expected = format!("\"input\":{}\"…\"{}}}", "[".repeat(32), "]".repeat(32));
    assert!(written.contains(&expected), "{written}");
}

/// The echo of an invalid value of a string field.
fn echoed(value: &Value) -> Value {
    refused(&with("prompt", value.clone())).entries()[0].input.clone()
}

#[test]
fn the_number_of_echoed_values_is_limited() {
    // The list itself counts as a value.
    let whole = json!(vec![0; 999]);
    assert_eq!(echoed(&whole), whole);
    let cut = [vec![json!(0); 999], vec![json!("…")]].concat();
    assert_eq!(echoed(&json!(vec![0; 1000])), Value::from(cut.clone()));
    assert_eq!(echoed(&json!(vec![0; 100_000])), Value::from(cut));

    let object = |fields: usize| (0..fields).map(|at| (format!("{at:03}"), json!(at))).collect::<Value>();
    assert_eq!(echoed(&object(999)), object(999));
    let mut cut = object(999);
    cut["…"] = json!("…");
    assert_eq!(echoed(&object(1000)), cut);

    // The limit applies to all nested values together.
    let nested = |last: usize| json!([vec![0; 500], vec![0; last], 5]);
    assert_eq!(echoed(&nested(496)), nested(496));
    assert_eq!(echoed(&nested(497)), json!([vec![0; 500], vec![0; 497], "…"]));
    let cut = [vec![json!(0); 497], vec![json!("…")]].concat();
    assert_eq!(echoed(&nested(498)), json!([vec![0; 500], cut, "…"]));
}

#[test]
fn the_number_of_echoed_characters_is_limited() {
    let list = |last: usize| json!(["é".repeat(9_000), "é".repeat(10_900), "é".repeat(last), 5]);
    assert_eq!(echoed(&list(100)), list(100));
    // A string that does not fit is shortened to 100 characters and `…`. Here these 101 do not fit either, so that `…`
    // alone ends the list.
    assert_eq!(echoed(&list(101)), json!(["é".repeat(9_000), "é".repeat(10_900), "…"]));
    let long = json!(["é".repeat(9_000), "é".repeat(11_001), 5]);
    assert_eq!(echoed(&long), json!(["é".repeat(9_000), format!("{}…", "é".repeat(100)), 5]));
    // Keys count as characters too.
    let named = |chars: usize| json!({"é".repeat(chars): "x"});
    assert_eq!(echoed(&named(19_999)), named(19_999));
    assert_eq!(echoed(&named(20_000)), json!({"…": "…"}));
    assert_eq!(echoed(&named(20_001)), json!({format!("{}…", "é".repeat(100)): "x"}));
}

#[test]
fn the_error_for_a_huge_body_is_short() {
    let many = json!({"a": vec![0; 1_000_000], "b": vec!["x".repeat(1000); 1000], "prompt": vec![json!([]); 100_000]});
    let refused = refused(&many);
    let missing = refused.entries().iter().filter(|entry| entry.error_type == ErrorType::Missing).count();
    assert_eq!((refused.entries().len(), missing), (3, 2));
    let length = serde_json::to_string(&refused).unwrap().len();
    // Each of the three entries echoes at most 20,000 characters and 1000 values.
    assert!(length < 3 * 30_000, "{length}");
}

/// A caller can change the input or the builder so that the request is refused. The error has the form of fal's.
#[test]
fn the_errors_of_a_request_become_entries_for_the_fields() {
    let mut input: SmartResizeInput = both_ways(&page_input());
    (input.num_images_per_size, input.safety_tolerance, input.prompt) = (65, 7, "x".repeat(5001));
    let errors = input.builder(input.image_url.source()).model(Model::nano_banana()).build().unwrap_err();
    let refused = input.refused(&errors);
    let fields: Vec<_> = refused.entries().iter().map(|entry| entry.loc[1].to_string()).collect();
    assert_eq!(fields, ["num_images_per_size", "prompt", "resolution", "safety_tolerance", "target_sizes"]);
    assert_eq!(refused.entries()[0].input, 65);
    assert_eq!(refused.entries()[4].input, "1920x1080");
}

#[test]
fn serde_reports_the_same_errors() {
    let body = json!({"target_sizes": []});
    let error = serde_json::from_value::<SmartResizeInput>(body.clone()).unwrap_err();
    assert_eq!(error.to_string(), refused(&body).to_string());
    assert_eq!(
        error.to_string(),
        "body.image_url: Field required; body.target_sizes: List should have at least 1 item after validation, not 0",
    );
}

#[test]
fn every_error_type_has_a_name_and_a_status() {
    for error_type in ErrorType::ALL {
        assert_eq!(ErrorType::from(error_type.as_str()), *error_type);
        let expected = match error_type.as_str() {
            "internal_server_error" | "downstream_service_unavailable" => 500,
            "generation_timeout" => 504,
            "downstream_service_error" => 400,
            _ => 422,
        };
        assert_eq!(error_type.status(), expected, "{error_type}");
    }
    let other = ErrorType::from("face_detection_error");
    assert_eq!(other, ErrorType::Other("face_detection_error".into()));
    assert_eq!((other.as_str(), other.status()), ("face_detection_error", 422));
}

#[test]
fn any_error_body_is_read() {
    let case = |body: &str, expected: &str| assert_eq!(ErrorBody::from_answer(body.as_bytes()).to_string(), expected);
    case(r#"{"detail": "Request is still in progress"}"#, "Request is still in progress");
    case(
        r#"{"detail": [{"loc": ["body", "prompt"], "msg": "Flagged.", "type": "content_policy_violation", "url": "u"}]}"#,
        "body.prompt: Flagged.",
    );
    case(r#"{"detail": {"reason": 5}}"#, r#"{"detail": {"reason": 5}}"#);
    case("<html>Bad Gateway</html>", "<html>Bad Gateway</html>");
    case("", "");
    let long = ErrorBody::from_answer("é".repeat(300).as_bytes()).to_string();
    assert_eq!(long.chars().count(), 201);
}

#[test]
fn queue_answers_have_the_fields_that_clients_need() {
    let app = "https://queue.fal.run/fal-ai/smart-resize/";
    let urls = json!({
        "request_id": "7-a",
        "response_url": "https://queue.fal.run/fal-ai/smart-resize/requests/7-a",
        "status_url": "https://queue.fal.run/fal-ai/smart-resize/requests/7-a/status",
        "cancel_url": "https://queue.fal.run/fal-ai/smart-resize/requests/7-a/cancel",
    });
    let without_urls = |status: &QueueStatus, http_status: u16| {
        assert_eq!(status.http_status(), http_status);
        let mut value = serde_json::to_value(status).unwrap();
        assert_eq!(both_ways::<QueueStatus>(&value), *status);
        for (name, url) in urls.as_object().unwrap() {
            assert_eq!(value.as_object_mut().unwrap().remove(name).as_ref(), Some(url));
        }
        value
    };
    let queued = QueueStatus::new(QueueState::InQueue, "7-a", app);
    assert_eq!(
        without_urls(&queued, 202),
        json!({"status": "IN_QUEUE", "logs": null, "metrics": {}, "queue_position": 0})
    );
    assert_eq!(queued.queue_position(3).queue_position, Some(3));
    // Only a waiting request has a position.
    let running = QueueStatus::new(QueueState::InProgress, "7-a", app).queue_position(3);
    assert_eq!(without_urls(&running, 202), json!({"status": "IN_PROGRESS", "logs": null, "metrics": {}}));
    let done = QueueStatus::new(QueueState::Completed, "7-a", app)
        .logs(vec![Log::info("done", "2026-11-24T18:00:00Z")])
        .metric("inference_time", 1.5);
    let log = json!({"message": "done", "level": "INFO", "source": "USER", "timestamp": "2026-11-24T18:00:00Z"});
    assert_eq!(
        without_urls(&done, 200),
        json!({"status": "COMPLETED", "logs": [log], "metrics": {"inference_time": 1.5}}),
    );
}

#[test]
fn an_answer_to_a_cancellation_has_its_status() {
    let case = |status: CancelStatus, text: &str, http_status: u16| {
        let answer = CancelAnswer::from(status);
        assert_eq!(both_ways::<CancelAnswer>(&json!({"status": text})), answer);
        assert_eq!(answer.http_status(), http_status);
    };
    case(CancelStatus::CancellationRequested, "CANCELLATION_REQUESTED", 202);
    case(CancelStatus::AlreadyCompleted, "ALREADY_COMPLETED", 400);
    case(CancelStatus::NotFound, "NOT_FOUND", 404);
}

#[test]
fn webhooks_report_success_and_failure() {
    let ok = Webhook::ok("7-a", page_output());
    let expected = json!({"request_id": "7-a", "gateway_request_id": "7-a", "status": "OK", "payload": page_output()});
    assert_eq!(serde_json::to_value(&ok).unwrap(), expected);
    assert_eq!(both_ways::<Webhook>(&expected), ok);

    let failed = Webhook::error("7-a", &refused(&with("prompt", 5)));
    assert_eq!(
        (failed.status, failed.error.as_deref()),
        (WebhookStatus::Error, Some("body.prompt: Input should be a valid string"))
    );
    assert_eq!(failed.payload["detail"][0]["type"], "string_type");
    both_ways::<Webhook>(&serde_json::to_value(&failed).unwrap());
}

#[test]
fn the_signed_message_of_a_webhook_has_the_digest_of_its_body() {
    // The digest of "abc" is the example of FIPS 180-4.
    assert_eq!(
        webhook_message("r", "u", "1", b"abc"),
        "r\nu\n1\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
}
