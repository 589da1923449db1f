//! The JSON of a plan is refused if its values contradict each other or are out of range. Each case has its message.

use serde_json::{Value, json};
use smart_resize::plan::Digest;
use smart_resize::request::{MAX_TARGETS, MAX_VARIANTS, Sharing};
use smart_resize::{Plan, Request, Source};

use super::{document, economical, read, refused, small};

#[test]
fn inconsistent_documents_are_refused() {
    let case = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut tampered = document(&small());
        change(&mut tampered);
        assert_eq!(refused(&tampered), expected);
    };
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

#[test]
fn a_prompt_has_1_to_100_000_characters() {
    let request = Request::builder(Source::from_url("u")).sizes(["9x9"]).build().unwrap();
    let mut document = document(&Plan::new(&request).unwrap());
    document["template"]["name"] = json!("my-shop");
    let mut with = |chars: usize| {
        document["generations"][0]["prompt"] = json!("é".repeat(chars));
        read(&document).is_ok()
    };
    assert_eq!([0, 1, 100_000, 100_001].map(&mut with), [false, true, true, false]);
}

#[test]
fn a_targets_id_and_quality_have_the_bounds_of_a_request() {
    let with = |field: &str, value: Value| {
        let mut document = document(&small());
        document["renditions"][0][field] = value;
        read(&document).map(drop)
    };
    assert_eq!(with("id", json!("é".repeat(200))), Ok(()));
    assert!(with("id", json!("é".repeat(201))).unwrap_err().contains("id has 201 characters; expected at most 200"));
    assert_eq!((with("quality", json!(1)), with("quality", json!(100))), (Ok(()), Ok(())));
    for quality in [0, 101] {
        let expected = format!("renditions[0]: quality is {quality}; expected 1 to 100");
        assert!(with("quality", json!(quality)).unwrap_err().starts_with(&expected));
    }
}

#[test]
fn a_brief_with_a_blank_around_its_instruction_or_another_focus_is_refused() {
    let case = |field: &str, value: Value, expected: &str| {
        let mut tampered = document(&small());
        tampered["generations"][0]["brief"][field] = value;
        assert_eq!(refused(&tampered), expected);
    };
    let blank = "generations[0]: brief: instruction is blank or has blanks around it; expected none";
    case("instruction", json!("Make it winter. "), blank);
    case("instruction", json!(""), blank);
    let corner = json!({ "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0 });
    case("focus", corner, "generations[0]: brief.focus differs from the focus of a rendition");
}
