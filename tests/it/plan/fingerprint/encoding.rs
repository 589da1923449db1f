//! The bytes that are hashed: they follow the documentation and are the same in later versions of the crate.

use smart_resize::model::Preset;
use smart_resize::plan::Digest;
use smart_resize::request::Reference;
use smart_resize::scene::{Area, Region, Scene};
use smart_resize::{Request, Source};

use super::{PICTURE, base, first, preset, prices, source, table};
use crate::any::size;

/// The encoding of version 3, written independently: a line with the version, then the length and the bytes of each
/// field. An absent field has the length 2^64 - 1.
fn encoded(fields: &[Option<&str>]) -> Vec<u8> {
    let mut bytes = b"smart-resize call 3\n".to_vec();
    for field in fields {
        match field {
            Some(text) => {
                bytes.extend(u64::try_from(text.len()).unwrap().to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            None => bytes.extend([0xff; 8]),
        }
    }
    bytes
}

/// The fields of a text such as `a|b||c`, where an empty one is absent.
fn fields(text: &str) -> Vec<Option<&str>> {
    text.split('|').map(|field| (!field.is_empty()).then_some(field)).collect()
}

#[test]
fn a_fingerprint_is_the_sha_256_of_the_documented_fields() {
    let digest = Digest::of(PICTURE);
    let logo = Reference::new("the logo", Source::from_bytes(*b"logo"));
    let scene = Scene::new("a shoe").unwrap();
    let area = Area::new(10, 20, 30, 40).unwrap();
    let scene = scene.subject(Region::new("the shoe", area).unwrap()).unwrap();
    let table = table("model", preset());
    let builder = base(source().reference(logo), table.input_images(2.try_into().unwrap()))
        .purpose("a banner")
        .scene(scene)
        .focus("25,75".parse().unwrap());
    let text = format!(
        "{digest}|1|the logo|{}|model|smart-resize/2||900x300|3:1|1K||0|0|900|300|0|0|900|300|250|750|250|750|centre|\
         |a shoe|1|the shoe|10|20|30|40|0|a banner|Make it winter.|7|2|4|png|0",
        Digest::of(b"logo"),
    );
    assert_eq!(first(builder).as_bytes(), Digest::of(&encoded(&fields(&text))).as_bytes());
}

#[test]
fn absent_fields_are_marked_in_the_encoding() {
    let untiered = Preset::new(size(900, 300)).ratio("3:1".parse().unwrap());
    let table = table("model", untiered);
    let source = Source::from_bytes(PICTURE);
    let builder = Request::builder(source).prices(prices(&table)).model(table).sizes(["900x300"]);
    let text = format!(
        "{}|0|model|smart-resize/2||900x300|3:1|||0|0|900|300|0|0|900|300|500|500|500|500|centre||||||1|4|png|0",
        Digest::of(PICTURE),
    );
    assert_eq!(first(builder).as_bytes(), Digest::of(&encoded(&fields(&text))).as_bytes());
}

/// Fixed fingerprints, which reading a plan recomputes. They may only change together with the version in the first
/// line of the encoding.
#[cfg(feature = "serde")]
#[test]
fn stored_answers_are_found_by_later_versions() {
    let case = |resolution: &str, seed: &str, expected: &str| {
        let document = format!(
            r#"{{
                "version": 4, "model": "nano-banana-pro", "template": {{"name": "test", "version": 1}}, "source_digest": "{}",
                "options": {{"safety_tolerance": 4, "transfer_format": "png"}}, "usd_micros_per_request": 0, "cost_usd_micros": 0,
                "generations": [{{
                    "id": 0, "aspect_ratio": "16:9", "resolution": {resolution}, "width": 1376, "height": 768,
                    "brief": {{
                        "relation": "unknown", "surviving": {{"x": 0, "y": 0, "width": 1376, "height": 768}},
                        "safe_area": {{"x": 0, "y": 0, "width": 1376, "height": 768}}
                    }},
                    "prompt": "Paint a café.", "usd_micros_per_image": 0,
                    "calls": [{{"id": 0, "variants": 1, "seed": {seed}, "fingerprint": "{expected}"}}]
                }}],
                "renditions": [{{
                    "target": "1376x768", "generation": 0, "fit": "cover", "format": "png",
                    "crop": {{"x": 0, "y": 0, "width": 1376, "height": 768}}, "kept_percent": 100.0
                }}]
            }}"#,
            Digest::of(PICTURE),
        );
        let plan: smart_resize::Plan = serde_json::from_str(&document).unwrap();
        assert_eq!(plan.generations()[0].calls()[0].fingerprint().unwrap().to_string(), expected);
    };
    case("\"1K\"", "7", "19786efd43a9e981a4ecb2a6b5454976aea184b906d06b0f88dae3a1ac9909f7");
    case("null", "null", "acf9a24761cd27f0d9690353c882ecd10fd117b4f4765a35218a6e1ca8031ed9");
}
