//! fal's edit endpoints: requests, answers and errors.

use serde_json::{Value, json};
use smart_resize::generate::GenerateErrorKind;
use smart_resize::model::{AspectRatio, Model, Preset, PriceList, Tier, UsdMicros};
use smart_resize::plan::Digest;
use smart_resize::request::Reference;
use smart_resize::wire::fal::{
    EditInput, EditInputError, EditModel, EditOutput, EditOutputError, ImageFile, edit_error, source_url,
};
use smart_resize::{Format, Size, Source, Target};

use super::{both_ways, chain, png, request, table};

const MODELS: [(EditModel, &str); 3] = [
    (EditModel::NanoBananaPro, "nano-banana-pro"),
    (EditModel::NanoBanana2, "nano-banana-2"),
    (EditModel::NanoBanana, "nano-banana"),
];

#[test]
fn each_model_has_its_endpoint_and_fields() {
    let source = Source::from_url("https://example.com/a.png");
    let url = source_url(&source).unwrap();
    for (model, name) in MODELS {
        assert_eq!(EditModel::named(name), Some(model));
        assert_eq!(model.endpoint(), format!("fal-ai/{name}/edit"));
    }
    let pro = request(&source, |builder| builder.safety_tolerance(6).variants(3));
    let mut expected = json!({
        "prompt": pro.prompt().as_ref(),
        "image_urls": ["https://example.com/a.png"],
        "num_images": 3,
        "aspect_ratio": "16:9",
        "resolution": "2K",
        "output_format": "png",
        "safety_tolerance": "6",
        "seed": 7,
        "limit_generations": true,
    });
    let input = EditInput::new(EditModel::NanoBananaPro, &pro, url.as_str()).unwrap();
    assert_eq!(serde_json::to_value(&input).unwrap(), expected);
    assert_eq!(both_ways::<EditInput>(&expected), input);

    // The model has no tiers, so no resolution is sent.
    let small = ["1280x720".parse::<Size>().unwrap()];
    let builder = smart_resize::Request::builder(source.clone()).targets(small).model(table("nano-banana"));
    let plan = smart_resize::Plan::new(&builder.transfer_format(Format::Jpeg).build().unwrap()).unwrap();
    let one = plan.requests(&source).unwrap().remove(0);
    let input = serde_json::to_value(EditInput::new(EditModel::NanoBanana, &one, url).unwrap()).unwrap();
    assert_eq!(
        (&input["resolution"], &input["seed"], &input["output_format"]),
        (&Value::Null, &Value::Null, &json!("jpeg"))
    );
    expected.as_object_mut().unwrap().retain(|key, _| input.get(key).is_some());
    assert_eq!(expected.as_object().unwrap().len(), 7);
    assert_eq!(EditModel::named("nano-banana-pro/edit"), None);
}

#[test]
fn the_references_follow_the_source() {
    let by_url = Reference::new("the logo", Source::from_url("https://example.com/logo.png"));
    let by_bytes = Reference::new("the pack", Source::from_bytes(png()));
    let source = Source::from_url("https://example.com/a.png").reference(by_url).reference(by_bytes);
    let asked = request(&source, |builder| builder);
    let input = EditInput::new(EditModel::NanoBananaPro, &asked, source_url(&source).unwrap()).unwrap();
    let inline = "data:image/png;base64,iVBORw0KGgogYW5kIHNvIG9u";
    assert_eq!(input.image_urls, ["https://example.com/a.png", "https://example.com/logo.png", inline]);

    let unknown = Reference::new("the logo", Source::from_digest(Digest::of(b"logo")));
    let source = Source::from_url("https://example.com/a.png").reference(unknown);
    let error = EditInput::new(EditModel::NanoBananaPro, &request(&source, |builder| builder), "u").unwrap_err();
    assert!(
        chain(&error).contains("reference 0 has neither a URL nor bytes; expected one of them"),
        "{}",
        chain(&error)
    );
}

/// Each endpoint accepts the presets of its model, and refuses those that only other models have.
#[test]
fn every_preset_of_a_model_is_accepted_by_its_endpoint() {
    for (model, name) in MODELS {
        for preset in table(name).presets() {
            assert!(model.has_ratio(preset.ratio.unwrap()), "{name} {preset}");
            assert!(preset.tier.is_none_or(|tier| model.has_tier(tier)), "{name} {preset}");
        }
        assert_eq!(model.has_ratio(AspectRatio::new(8, 1).unwrap()), name == "nano-banana-2");
        assert_eq!(model.has_tier(Tier::HALF_K), name == "nano-banana-2");
        assert_eq!(model.has_tier(Tier::K4), name != "nano-banana");
        assert!(!model.has_ratio(AspectRatio::new(42, 18).unwrap()));
    }
}

#[test]
fn a_request_that_the_endpoint_would_refuse_is_an_error() {
    let source = Source::from_url("u");
    let refused = |preset: Preset, variants: u32, url: &str| {
        let (model, price) = ("my-model", UsdMicros(1));
        let table = Model::new(model, vec![preset]).unwrap().variants_per_call(64.try_into().unwrap());
        let prices = PriceList::new(price).price(model, preset.tier, price);
        let target = Target::new(Size::new(9, 9).unwrap());
        let mut builder = smart_resize::Request::builder(source.clone()).targets([target]).model(table);
        builder = builder.prices(prices).variants(variants);
        let plan = smart_resize::Plan::new(&builder.build().unwrap()).unwrap();
        let error = EditInput::new(EditModel::NanoBananaPro, &plan.requests(&source).unwrap()[0], url).unwrap_err();
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidRequest, 0));
        chain(&error)
    };
    let preset = |ratio: &str, tier: &str| {
        Preset::new(Size::new(900, 900).unwrap()).ratio(ratio.parse().unwrap()).tier(tier.parse().unwrap())
    };
    let head = "the backend cannot serve the request: fal-ai/nano-banana-pro/edit / ";
    let case = |found: String, expected: &str| assert_eq!(found, format!("{head}{expected}"));
    case(refused(preset("7:3", "1K"), 1, "u"), "aspect_ratio is 7:3; expected one that the endpoint offers");
    case(refused(preset("1:1", "3K"), 1, "u"), "resolution is 3K; expected one that the endpoint offers");
    case(refused(preset("1:1", "1K"), 5, "u"), "num_images is 5; expected 1 to 4");
    case(refused(preset("1:1", "1K"), 1, ""), "image_urls is empty; expected a source with a URL or bytes");

    let long = request(&source, |builder| builder.instruction("é".repeat(5000)));
    assert!(EditInput::new(EditModel::NanoBananaPro, &long, "u").is_ok());
    assert!(EditInput::new(EditModel::NanoBanana, &long, "u").is_err());
    let error = EditInputError::Prompt { chars: 2, max: 5000 };
    assert_eq!(error.to_string(), "prompt has 2 characters; expected 3 to 5000");
}

#[test]
fn a_source_is_sent_as_its_url_or_as_a_data_uri() {
    assert_eq!(source_url(&Source::from_bytes(png()).url("u")).as_deref(), Some("u"));
    let expected = smart_resize::wire::data_uri::DataUri::new(Format::Png, png()).to_string();
    assert_eq!(source_url(&Source::from_bytes(png())), Some(expected));
    assert!(source_url(&Source::from_bytes(*b"\xff\xd8\xff")).unwrap().starts_with("data:image/jpeg;base64,"));
}

/// In the examples of the models' pages, sizes and the description can be missing or null.
#[test]
fn an_output_becomes_a_generated_answer() {
    let output: EditOutput = serde_json::from_value(json!({
        "images": [
            {"url": "https://v3.fal.media/a.png", "content_type": "image/png", "file_name": "a.png", "file_size": null},
            {"url": "https://v3.fal.media/b.png", "width": null, "height": null, "unknown": 1},
        ],
        "description": "Two hats.",
        "unknown": {},
    }))
    .unwrap();
    let generated = output.generated("fal", [*b"a", *b"b"]).unwrap();
    assert_eq!((generated.images.len(), generated.billed_images, generated.backend.as_str()), (2, 2, "fal"));
    assert_eq!(generated.description.as_deref(), Some("Two hats."));

    let error = output.generated("fal", [*b"a"]).unwrap_err();
    assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidAnswer, 2));
    assert_eq!(chain(&error), "the backend's answer is invalid / number of files is 1; expected 2");

    let silent = EditOutput::new(vec![ImageFile::at("u")], "");
    assert_eq!(silent.generated("fal", [*b"a"]).unwrap().description, None);
    let null: EditOutput = serde_json::from_value(json!({"images": [], "description": null})).unwrap();
    assert_eq!(null, EditOutput::default());

    let error = EditOutput::new(vec![], "I would rather not.").generated("fal", [[0; 0]; 0]).unwrap_err();
    assert_eq!(error.to_string(), "nothing was made: I would rather not.");
    assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::NothingMade, 0));
}

#[test]
fn data_uris_are_decoded_within_the_limit() {
    let output = EditOutput::new(vec![ImageFile::at("data:image/png;base64,YWI="), ImageFile::at("data:,c")], "");
    let bytes = output.embedded(2).unwrap();
    assert_eq!(bytes.iter().map(|bytes| bytes.to_vec()).collect::<Vec<_>>(), [b"ab".to_vec(), b"c".to_vec()]);
    assert_eq!(output.generated("fal", bytes).unwrap().billed_images, 2);

    let error = output.embedded(1).unwrap_err();
    assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidAnswer, 2));
    let expected = "the backend's answer is invalid / image 0 cannot be decoded from its data URI / \
                    decoded data has 2 bytes; expected at most 1 (at byte 22)";
    assert_eq!(chain(&error), expected);
    let error = EditOutput::new(vec![ImageFile::at("https://x")], "").embedded(9).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<EditOutputError>();
    assert_eq!(source, Some(&EditOutputError::NotEmbedded { index: 0 }));
}

#[test]
fn the_kind_of_a_failure_follows_from_status_and_type() {
    let case = |status: u16, body: Value, kind: GenerateErrorKind| {
        let error = edit_error(status, &serde_json::to_vec(&body).unwrap());
        assert_eq!((error.kind, error.billed_images), (kind, 0), "{status} {body}");
        assert!(error.message.starts_with(&format!("status {status}")));
    };
    let entry = |error_type: &str| json!({"detail": [{"loc": ["body"], "msg": "m", "type": error_type}]});
    case(422, entry("content_policy_violation"), GenerateErrorKind::Refused);
    case(422, entry("no_media_generated"), GenerateErrorKind::NothingMade);
    case(504, entry("generation_timeout"), GenerateErrorKind::TimedOut);
    case(422, entry("generation_timeout"), GenerateErrorKind::TimedOut);
    case(400, entry("downstream_service_error"), GenerateErrorKind::Transport);
    case(500, entry("downstream_service_unavailable"), GenerateErrorKind::Transport);
    case(500, entry("internal_server_error"), GenerateErrorKind::Transport);
    case(422, entry("missing"), GenerateErrorKind::InvalidRequest);
    case(422, entry("image_too_large"), GenerateErrorKind::InvalidRequest);
    case(422, entry("of_tomorrow"), GenerateErrorKind::InvalidRequest);
    case(429, json!({"detail": "Too many requests"}), GenerateErrorKind::RateLimited);
    case(401, json!({"detail": "Cannot access application"}), GenerateErrorKind::InvalidRequest);
    case(404, json!("?"), GenerateErrorKind::InvalidRequest);
    case(408, json!(null), GenerateErrorKind::TimedOut);
    case(503, json!([]), GenerateErrorKind::Transport);
    case(504, json!({}), GenerateErrorKind::TimedOut);
    case(302, json!({}), GenerateErrorKind::InvalidAnswer);
    // With several entries, the most specific one decides, whatever its position.
    let two = json!({"detail": [
        {"loc": ["body"], "msg": "m", "type": "value_error"},
        {"loc": ["body", "prompt"], "msg": "Flagged.", "type": "content_policy_violation"},
    ]});
    case(422, two, GenerateErrorKind::Refused);
}
