//! The exact JSON of three plans.

use serde_json::json;
use smart_resize::{Plan, Request, Source};

use super::{document, economical, golden, read, small};

/// A plan as text. Prompts and fingerprints are replaced by placeholders, because they change with the wording and have
/// their own tests.
fn shown(plan: &Plan) -> String {
    let mut text = serde_json::to_string_pretty(plan).unwrap();
    for (index, generation) in plan.generations().iter().enumerate() {
        let prompt = serde_json::to_string(&**generation.prompt()).unwrap();
        text = text.replace(&prompt, &format!("<prompt of generation {index}>"));
    }
    for (_, call) in plan.calls() {
        let hash = format!("\"{}\"", call.fingerprint().unwrap());
        text = text.replace(&hash, &format!("<fingerprint of call {}>", call.id()));
    }
    text
}

#[test]
fn a_small_plan_has_the_expected_document() {
    golden("plan_json_small", &shown(&small()));
}

#[test]
fn a_plan_with_all_options_has_the_expected_document() {
    golden("plan_json_economical", &shown(&economical()));
}

#[test]
fn missing_digest_seed_and_tier_are_null() {
    let request = Request::builder(Source::from_url("https://example.com/a.jpg"))
        .sizes(["100x100"])
        .model(smart_resize::model::Model::nano_banana())
        .build();
    let plan = Plan::new(&request.unwrap()).unwrap();
    let mut found = document(&plan);
    found["generations"][0]["prompt"] = json!("…");
    let expected = json!({
        "version": 4,
        "model": "nano-banana",
        "template": { "name": "smart-resize", "version": 2 },
        "source_digest": null,
        "options": { "safety_tolerance": 4, "transfer_format": "png" },
        "generations": [{
            "id": 0,
            "aspect_ratio": "1:1",
            "resolution": null,
            "width": 1024,
            "height": 1024,
            "brief": {
                "relation": "unknown",
                "surviving": { "x": 0, "y": 0, "width": 1024, "height": 1024 },
                "safe_area": { "x": 0, "y": 0, "width": 1024, "height": 1024 },
            },
            "prompt": "…",
            "usd_micros_per_image": 39_000,
            "calls": [{ "id": 0, "variants": 1, "seed": null, "fingerprint": null }],
        }],
        "renditions": [{
            "target": "100x100",
            "generation": 0,
            "fit": "cover",
            "format": "png",
            "crop": { "x": 0, "y": 0, "width": 1024, "height": 1024 },
            "kept_percent": 100.0,
        }],
        "usd_micros_per_request": 50_000,
        "cost_usd_micros": 89_000,
    });
    assert_eq!(found, expected);
    assert_eq!(read(&document(&plan)), Ok(plan));
}
