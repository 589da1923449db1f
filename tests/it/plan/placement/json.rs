//! The JSON of a placement and of a breach.

use smart_resize::Size;
use smart_resize::plan::placement::{Breach, Placement};

#[test]
fn json_has_every_fact_and_is_read_back() {
    for placement in Placement::all() {
        let json = serde_json::to_string(placement).unwrap();
        assert_eq!(&serde_json::from_str::<Placement>(&json).unwrap(), placement);
    }
    let json = serde_json::to_value(Placement::named("instagram-story").unwrap()).unwrap();
    let percent = serde_json::json!({ "top": 14.0, "right": 0.0, "bottom": 20.0, "left": 0.0 });
    let expected = serde_json::json!({
        "id": "instagram-story",
        "platform": "meta",
        "name": "Story",
        "size": "1080x1920",
        "safe_area": { "percent": percent },
        "max_bytes": 30_000_000,
        "formats": ["jpeg", "png"],
        "animated": null,
        "source": "https://www.marketertools.fyi/blog/meta-ad-sizes-safe-zones-2026",
        "checked": "2026-11-24",
    });
    assert_eq!(json, expected);
    let own: Placement = serde_json::from_str(r#"{ "id": "own", "name": "own", "size": "9x9" }"#).unwrap();
    assert_eq!(own, Placement::new("own", Size::new(9, 9).unwrap()));
    let refused = [
        (r#"{ "id": "own", "name": "own" }"#, "missing field `size`"),
        (r#"{ "id": "own", "name": "own", "size": "9x9", "weight": 1 }"#, "unknown field `weight`"),
        (
            r#"{ "id": "own", "name": "own", "size": "9x9", "platform": "myspace" }"#,
            "platform is \"myspace\"; expected",
        ),
        (r#"{ "id": "own", "name": "own", "size": "9x9", "checked": "today" }"#, "date is \"today\"; expected"),
    ];
    for (text, expected) in refused {
        let error = serde_json::from_str::<Placement>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let breach = Breach::Size { found: Size::new(1, 2).unwrap(), expected: Size::new(3, 4).unwrap() };
    let expected = serde_json::json!({ "breach": "size", "found": "1x2", "expected": "3x4" });
    assert_eq!(serde_json::to_value(&breach).unwrap(), expected);
}
