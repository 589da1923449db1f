//! The JSON of a plan: its exact form, the round trip, and that a changed value is detected.

use insta::{assert_snapshot, with_settings};
use proptest::prelude::*;
use serde_json::{Value, json};
use smart_resize::geometry::{Focus, Insets};
use smart_resize::model::UsdMicros;
use smart_resize::plan::Digest;
use smart_resize::request::{MAX_TARGETS, MAX_VARIANTS, Sharing};
use smart_resize::scene::Area;
use smart_resize::{Format, Plan, Request, Source, Target};

use crate::any::{any_economical_request, any_request, insets, share, shared, size};

/// Two targets of two shapes, one with a safe area, in two calls each.
fn small() -> Plan {
    let source = Source::from_bytes(*b"the bytes of a photo").size(size(3000, 2000));
    let story = Target::new(size(1080, 1920)).safe_area(insets([140, 0, 200, 0]));
    let request = Request::builder(source)
        .sizes(["1920x1080"])
        .targets([story])
        .variants(5)
        .seed(7)
        .format(Format::Jpeg)
        .instruction("Make it winter.")
        .build();
    Plan::new(&request.unwrap()).unwrap()
}

/// Three targets, two of which share a generation and one of which is cut from the source. Every other option of a
/// target and a request is set.
fn economical() -> Plan {
    let source = Source::from_bytes(*b"the bytes of a photo").size(size(600, 500));
    let banner = Target::new(size(1200, 628)).safe_area(Insets::from_pixels(10, 20, 30, 40));
    let request = Request::builder(source)
        .sizes(["1280x720", "300x250"])
        .targets([banner.format(Format::Jpeg).max_bytes(150_000)])
        .seed(7)
        .focus(Focus::from(Area::new(600, 400, 900, 500).unwrap()))
        .sharing(shared(200))
        .crop_source_above(share(1000))
        .max_cost(UsdMicros(200_000))
        .max_calls(1)
        .build();
    Plan::new(&request.unwrap()).unwrap()
}

fn document(plan: &Plan) -> Value {
    serde_json::to_value(plan).unwrap()
}

fn read(document: &Value) -> Result<Plan, String> {
    // Through text, as from a file, so that numbers are parsed.
    serde_json::from_str(&document.to_string()).map_err(|error| error.to_string())
}

/// The error of a refused document, without the line and column that serde_json adds.
fn refused(document: &Value) -> String {
    let message = read(document).unwrap_err();
    message.split(" at line ").next().unwrap().to_owned()
}

fn golden(name: &str, text: &str) {
    with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        assert_snapshot!(name, text);
    });
}

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

/// The values that may be changed, because the changed document is a consistent plan: the value is not part of a
/// fingerprint, and no other value in the document depends on it.
///
/// - `format`: the backend does not receive the format of a result, and each format can hold such a size.
const FREE: [&str; 2] = ["/renditions/0/format", "/renditions/1/format"];

/// - `format`: as above. `max_bytes` is not sent to the backend either.
/// - The focus of a target that keeps the whole source: it has no effect.
/// - Wider bounds, and `optimality`: the document does not have what is needed to check them.
/// - The preset of `unshared`, as far as its loss stays the same: the model's table is not in the document.
const FREE_ECONOMICAL: [&str; 17] = [
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
    whatever_is_changed(&small(), &FREE, "plan_json_tampered");
    whatever_is_changed(&economical(), &FREE_ECONOMICAL, "plan_json_economical_tampered");
}

fn whatever_is_changed(plan: &Plan, may_be: &[&str], name: &str) {
    let original = document(plan);
    let mut places = Vec::new();
    leaves(&original, "", &mut places);
    places.sort_unstable();
    let (mut free, mut messages) = (Vec::new(), Vec::new());
    for place in &places {
        let mut tampered = original.clone();
        let value = tampered.pointer_mut(place).unwrap();
        let other = another(place, value);
        assert_ne!(*value, other, "{place} is not changed");
        *value = other.clone();
        match read(&tampered) {
            Ok(other) => {
                assert_ne!(other, *plan, "{place} is not read");
                free.push(place.as_str());
            }
            Err(_) => messages.push(format!("{place} = {}\n  {}", abridged(&other), refused(&tampered))),
        }
    }
    assert_eq!(free, may_be);
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
    null_is_noticed(&small(), &[]);
    // A bound that is null is no bound. For the labels see `FREE_ECONOMICAL`.
    let bounds = ["/max_calls", "/max_cost_usd_micros", "/renditions/2/max_bytes"];
    let labels = ["aspect_ratio", "resolution"];
    let labels = labels.map(|label| [0, 2].map(|target| format!("/renditions/{target}/unshared/{label}"))).concat();
    let may_be: Vec<_> = bounds.into_iter().chain(labels.iter().map(String::as_str)).collect();
    null_is_noticed(&economical(), &may_be);
}

fn null_is_noticed(plan: &Plan, may_be: &[&str]) {
    let original = document(plan);
    let mut places = Vec::new();
    leaves(&original, "", &mut places);
    for place in places {
        let mut tampered = original.clone();
        let value = std::mem::take(tampered.pointer_mut(&place).unwrap());
        assert!(read(&tampered).is_err() || value.is_null() || may_be.contains(&place.as_str()), "{place}");
    }
}

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

#[test]
fn inconsistent_documents_are_refused() {
    let case = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut tampered = document(&small());
        change(&mut tampered);
        assert_eq!(refused(&tampered), expected);
    };
    case(&|d| d["version"] = json!(5), "version is 5; expected 4");
    case(&|d| d["version"] = json!(0), "version is 0; expected 4");
    // The version is checked first, so that the error for a newer document is not about an unknown field.
    let newer = r#"{"version": 5, "surprise": true}"#;
    assert_eq!(
        serde_json::from_str::<Plan>(newer).unwrap_err().to_string(),
        "version is 5; expected 4 at line 1 column 13"
    );
    case(&|d| d["options"]["safety_tolerance"] = json!(0), "options: safety_tolerance is 0; expected 1 to 6");
    case(&|d| d["options"]["safety_tolerance"] = json!(7), "options: safety_tolerance is 7; expected 1 to 6");
    case(&|d| d["renditions"] = json!([]), "the number of renditions is 0; expected 1 to 256");
    case(&|d| d["generations"] = json!([]), "renditions[0]: generation is 0; expected less than 0");
    case(&|d| d["renditions"][1]["generation"] = json!(2), "renditions[1]: generation is 2; expected less than 2");
    case(&|d| d["generations"][1]["calls"] = json!([]), "generations[1] has no call");
    case(
        &|d| d["generations"][0]["calls"][1]["variants"] = json!(0),
        "generations[0]: calls[1] has 0 variants; expected at least 1",
    );
    case(
        &|d| d["generations"][0]["prompt"] = json!(""),
        "generations[0]: prompt has 0 characters; expected 1 to 100000",
    );
    case(&|d| d["generations"][0]["width"] = json!(0), "generations[0]: width is 0; expected 1 to 65535");
    case(&|d| d["generations"][0]["height"] = json!(65_536), "generations[0]: height is 65536; expected 1 to 65535");
    case(
        &|d| {
            d["generations"][0]["width"] = json!(1919);
            d["generations"][0]["brief"]["relation"] = json!("taller");
        },
        "renditions[0]: a picture of 1919x1536 does not cover 1920x1080",
    );
    case(
        &|d| d["generations"][0]["calls"][1]["seed"] = json!(7),
        "generations[0]: calls[1] has the seed 7; expected 8",
    );
    case(
        &|d| d["generations"][0]["calls"][1]["seed"] = Value::Null,
        "generations[0]: calls[1] has the seed null; expected 8",
    );
    case(
        &|d| d["renditions"][0]["kept_percent"] = json!(99.234),
        "percentage is \"99.234\"; expected 0 to 100 with at most one decimal",
    );
    case(
        &|d| {
            d["renditions"][0]["target"] = json!("16384x1");
            d["renditions"][0]["format"] = json!("webp");
        },
        "renditions[0]: target is 16384x1; expected sides of at most 16383 pixels for webp",
    );
    case(
        &|d| {
            let first = d["renditions"][0].clone();
            d["renditions"] = json!([first]);
        },
        "generations[1] has no rendition",
    );
}

#[test]
fn inconsistent_documents_of_economical_plans_are_refused() {
    let case = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut tampered = document(&economical());
        change(&mut tampered);
        assert_eq!(refused(&tampered), expected);
    };
    case(&|d| d["max_calls"] = json!(0), "the number of calls is 1; expected at most 0");
    case(&|d| d["max_cost_usd_micros"] = json!(199_999), "cost_usd_micros is 200000; expected at most 199999");
    case(&|d| d["optimality"] = Value::Null, "optimality is missing; expected a value with this sharing");
    case(
        &|d| d["optimality"] = json!({ "best_found": { "lower_bound": 200_001 } }),
        "the lower bound is 200001; expected at most 200000",
    );
    case(&|d| d["sharing"] = json!("duplicates"), "renditions[0]: unshared is given; expected none with this sharing");
    case(
        &|d| d["sharing"]["shared"]["max_loss_percent"] = json!(100.1),
        "percentage is \"100.1\"; expected 0 to 100 with at most one decimal",
    );
    case(&|d| d["sharing"] = json!("per_target"), "renditions[0]: unshared is given; expected none with this sharing");
    case(
        &|d| d["renditions"][0]["unshared"] = Value::Null,
        "renditions[0]: unshared is missing; expected a value with this sharing",
    );
    case(
        &|d| d["renditions"][0]["unshared"]["width"] = json!(1279),
        "renditions[0]: unshared: a preset of 1279x768 does not cover 1280x720",
    );
    case(
        &|d| {
            d["sharing"]["shared"]["max_loss_percent"] = json!(15.9);
        },
        "renditions[0]: unshared: loss_percent is 16 %; expected at most 15.9 %",
    );
    // A change of one target's safe area changes what all targets of the generation have in common.
    case(
        &|d| d["renditions"][2]["safe_area"]["pixels"]["left"] = json!(41),
        "generations[0]: brief.safe_area is 2614x1348 at 92,23; expected 2611x1348 at 95,23",
    );
    case(
        &|d| {
            let percent = |top, bottom| json!({ "percent": { "top": top, "right": 0, "bottom": bottom, "left": 0 } });
            d["renditions"][0]["safe_area"] = percent(0, 60);
            d["renditions"][2]["safe_area"] = percent(60, 0);
        },
        "generations[0] has renditions whose safe areas have no pixel in common",
    );
    case(
        &|d| d["source_size"] = Value::Null,
        "renditions[1]: generation is null; expected a number, since source_size is null",
    );
    case(&|d| d["source_size"] = json!("299x500"), "renditions[1]: a picture of 299x500 does not cover 300x250");
    case(&|d| d["renditions"][2]["max_bytes"] = json!(0), "renditions[2]: max_bytes is 0; expected at least 1");
    case(
        &|d| d["renditions"][2]["safe_area"]["pixels"]["left"] = json!(1180),
        "renditions[2]: safe_area: insets are 1180 px and 20 px; expected a sum below 1200 px",
    );
    let mut tampered = document(&small());
    tampered["source_size"] = json!("9x9");
    assert_eq!(refused(&tampered), "source_size is given; expected none, since no rendition is cut from the source");
}

#[test]
fn counts_are_bounded_on_both_sides() {
    let of = |targets: usize, variants: u32| {
        let request = Request::builder(Source::from_url("u")).sizes(vec!["9x9"; targets]).variants(variants);
        let request = request.sharing(Sharing::PerTarget);
        Plan::new(&request.build().unwrap()).unwrap()
    };
    let largest = of(MAX_TARGETS, MAX_VARIANTS);
    assert_eq!(read(&document(&largest)), Ok(largest.clone()));

    let push = |document: &mut Value, list: &str| {
        let items = document.pointer_mut(list).unwrap().as_array_mut().unwrap();
        items.push(items[0].clone());
    };
    let mut more = document(&largest);
    push(&mut more, "/renditions");
    assert_eq!(refused(&more), "the number of renditions is 257; expected 1 to 256");
    let mut more = document(&largest);
    push(&mut more, "/generations");
    assert_eq!(refused(&more), "the number of generations is 257; expected at most 256");
    let mut more = document(&of(1, MAX_VARIANTS));
    more["generations"][0]["calls"][0]["variants"] = json!(5);
    assert_eq!(refused(&more), "generations[0]: the number of variants is 65; expected at most 64");
    // Numbers of variants whose sum would overflow, and a price that would overflow the cost.
    more["generations"][0]["calls"][0]["variants"] = json!(u32::MAX);
    assert_eq!(refused(&more), "generations[0]: the number of variants is 4294967295; expected at most 64");
    let mut more = document(&of(1, 1));
    more["generations"][0]["usd_micros_per_image"] = json!(u64::MAX);
    assert_eq!(refused(&more), "cost_usd_micros is 200000; expected 18446744073709551615");
}

/// Without a digest there are no fingerprints to check what the backend receives against.
#[test]
fn without_a_digest_only_internal_consistency_is_checked() {
    let request = Request::builder(Source::from_url("u")).sizes(["9x9"]).build().unwrap();
    let original = document(&Plan::new(&request).unwrap());
    for (place, other) in [("/model", json!("m")), ("/options/safety_tolerance", json!(1))] {
        let mut changed = original.clone();
        *changed.pointer_mut(place).unwrap() = other.clone();
        assert_eq!(document(&read(&changed).unwrap()).pointer(place), Some(&other));
    }
    // The text of a built-in template follows from the brief. That of another template is not known here.
    let mut changed = original.clone();
    changed["generations"][0]["prompt"] = json!("p");
    let expected = "generations[0]: prompt differs from the text that smart-resize/2 writes for the brief";
    assert_eq!(refused(&changed), expected);
    changed["template"]["name"] = json!("my-shop");
    assert_eq!(&**read(&changed).unwrap().generations()[0].prompt(), "p");
    let mut changed = original;
    changed["generations"][0]["calls"][0]["fingerprint"] = json!(Digest::of(b"").to_string());
    let hex = Digest::of(b"");
    assert_eq!(refused(&changed), format!("generations[0]: call 0: fingerprint is {hex}; expected null"));
}

proptest! {
    #[test]
    fn an_economical_plan_is_equal_after_a_round_trip(request in any_economical_request()) {
        let plan = Plan::new(&request).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        let again: Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }

    #[test]
    fn a_plan_is_equal_after_a_round_trip(request in any_request()) {
        let plan = Plan::new(&request).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        let again: Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}
