//! The fingerprint of a call: which fields it covers, which it leaves out, and that its encoding is stable.

use core::num::NonZeroU16;

use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::plan::{Digest, Fingerprint};
use smart_resize::prompt::{Brief, PromptTemplate, TemplateId, Wording};
use smart_resize::request::{Reference, RequestBuilder, Sharing};
use smart_resize::scene::{Area, Region, Scene};
use smart_resize::{Format, Plan, Request, Source};

use crate::any::size;

const PICTURE: &[u8] = b"the encoded bytes of a picture";

/// A model with one preset.
fn table(model: &'static str, preset: Preset) -> Model {
    Model::new(model, vec![preset]).unwrap().variants_per_call(NonZeroU16::new(4).unwrap())
}

fn prices(table: &Model) -> PriceList {
    let model = table.name().to_owned();
    PriceList::new(UsdMicros(0)).price(model, table.presets()[0].tier, UsdMicros(1))
}

fn preset() -> Preset {
    Preset::new(size(900, 300)).ratio("3:1".parse().unwrap()).tier("1K".parse().unwrap())
}

fn source() -> Source {
    Source::from_bytes(PICTURE)
}

/// The request from which each case differs in one respect.
fn base(source: Source, table: Model) -> RequestBuilder {
    of_size("900x300", source, table)
}

fn of_size(target: &str, source: Source, table: Model) -> RequestBuilder {
    Request::builder(source)
        .prices(prices(&table))
        .model(table)
        .sizes([target])
        .instruction("Make it winter.")
        .variants(2)
        .safety_tolerance(4)
        .seed(7)
}

fn usual() -> RequestBuilder {
    base(source(), table("model", preset()))
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

fn fingerprints(builder: RequestBuilder) -> Vec<Option<Fingerprint>> {
    plan(builder).calls().map(|(_, call)| call.fingerprint()).collect()
}

fn first(builder: RequestBuilder) -> Fingerprint {
    fingerprints(builder)[0].unwrap()
}

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

/// A template that writes the same text for every brief.
#[derive(Debug)]
struct Fixed(&'static str, u32);

impl PromptTemplate for Fixed {
    fn id(&self) -> TemplateId {
        TemplateId::new("fixed", self.1)
    }

    fn prompt(&self, _: &Brief) -> String {
        self.0.into()
    }
}

#[test]
fn the_callers_template_is_in_the_fingerprint_by_its_version_and_its_text() {
    let one = first(usual().template(Fixed("a", 1)));
    assert_eq!(first(usual().template(Fixed("a", 1))), one);
    assert_ne!(first(usual().template(Fixed("a", 2))), one);
    assert_ne!(first(usual().template(Fixed("b", 1))), one);
    assert_ne!(first(usual().template(Wording::V1)), first(usual()));
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
        let plan: Plan = serde_json::from_str(&document).unwrap();
        assert_eq!(plan.generations()[0].calls()[0].fingerprint().unwrap().to_string(), expected);
    };
    case("\"1K\"", "7", "19786efd43a9e981a4ecb2a6b5454976aea184b906d06b0f88dae3a1ac9909f7");
    case("null", "null", "acf9a24761cd27f0d9690353c882ecd10fd117b4f4765a35218a6e1ca8031ed9");
}

#[test]
fn everything_that_a_backend_receives_changes_the_fingerprint() {
    let usual_one = first(usual());
    let case = |what: &str, builder: RequestBuilder| {
        assert_ne!(first(builder), usual_one, "{what} is not in the fingerprint");
    };
    let other_preset = |width, ratio: &str, tier: &str| {
        let preset = Preset::new(size(width, 300)).ratio(ratio.parse().unwrap()).tier(tier.parse().unwrap());
        base(source(), table("model", preset))
    };
    case("the model", base(source(), table("model2", preset())));
    case("the preset's size", other_preset(901, "3:1", "1K"));
    case("the ratio", other_preset(900, "6:2", "1K"));
    case("the tier", other_preset(900, "3:1", "2K"));
    case("the user's prompt", usual().instruction("Make it summer."));
    case("the seed", usual().seed(8));
    case("the variants", usual().variants(3));
    case("the safety tolerance", usual().safety_tolerance(5));
    case("the transfer format", usual().transfer_format(Format::Jpeg));
    case("the source", base(Source::from_bytes(*b"another picture"), table("model", preset())));
    case("the focus", usual().focus("10,10".parse().unwrap()));
    case("the purpose", usual().purpose("a banner"));
    case("the scene", usual().scene(Scene::new("a shoe").unwrap()));
    let table_of_two = || table("model", preset()).input_images(2.try_into().unwrap());
    let reference = |name: &str, bytes: &[u8]| {
        let reference = Reference::new(name, Source::from_bytes(bytes));
        base(source().reference(reference), table_of_two())
    };
    case("a reference", reference("the logo", b"logo"));
    assert_ne!(first(reference("the logo", b"logo")), first(reference("the logo", b"pack")));
    assert_ne!(first(reference("the logo", b"logo")), first(reference("the pack", b"logo")));
    case("the source's shape", base(source().size(size(100, 100)), table("model", preset())));
    case("the band that survives", of_size("300x300", source(), table("model", preset())));
    // Two calls that request the same differ only by their occurrence number.
    let twice = fingerprints(usual().sizes(["900x300"]).sharing(Sharing::PerTarget));
    assert_eq!(twice[0], Some(usual_one));
    assert_ne!(twice[1], twice[0]);
}

#[test]
fn what_no_backend_receives_does_not_change_the_fingerprint() {
    let usual_one = first(usual());
    let case = |what: &str, builder: RequestBuilder| {
        assert_eq!(first(builder), usual_one, "{what} is in the fingerprint");
    };
    case("the url", base(source().url("https://example.com/a.jpg?signature=1"), table("model", preset())));
    case("the url alone", {
        let source = Source::from_digest(Digest::of(PICTURE)).url("https://example.com/b.jpg");
        base(source, table("model", preset()))
    });
    case("the format of the results", usual().format(Format::Jpeg));
    case("the price", usual().prices(PriceList::new(UsdMicros(9)).price("model", preset().tier, UsdMicros(99))));
    // The same shape and so the same prompt; the target is only resampled more.
    case("the target's size", of_size("300x100", source(), table("model", preset())));
    case("blanks around the user's prompt", usual().instruction("  Make it winter.\n"));
    case("a later target", usual().sizes(["300x300"]));
}

#[test]
fn without_a_digest_there_is_no_fingerprint() {
    let table = table("model", preset());
    let found = fingerprints(base(Source::from_url("https://example.com/a.jpg"), table).variants(9));
    assert_eq!(found, [None; 3]);
    let logo = Reference::new("the logo", Source::from_url("https://example.com/logo.png"));
    let table = self::table("model", preset()).input_images(2.try_into().unwrap());
    assert_eq!(fingerprints(base(source().reference(logo), table)), [None; 1]);
}

#[test]
fn no_two_calls_of_a_plan_share_a_fingerprint() {
    // The same target three times, each in calls of 4, 4 and 1 variants without a seed: nine calls in two equal groups.
    let table = table("model", preset());
    let builder = Request::builder(source())
        .prices(prices(&table))
        .model(table)
        .sizes(["900x300", "900x300", "900x300"])
        .sharing(Sharing::PerTarget)
        .variants(9);
    let plan = plan(builder);
    let occurrences: Vec<_> = plan.calls().map(|(_, call)| call.occurrence()).collect();
    assert_eq!(occurrences, [0, 1, 0, 2, 3, 1, 4, 5, 2]);
    let mut found: Vec<_> = plan.calls().map(|(_, call)| call.fingerprint().unwrap()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 9);
}

#[test]
fn a_fingerprint_is_read_as_it_is_printed() {
    let case = |text: &str, expected: &str| {
        let found = text.parse::<Fingerprint>().map_or_else(|error| error.to_string(), |hash| hash.to_string());
        assert_eq!(found, expected);
    };
    let hex = "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdefffff";
    case(hex, hex);
    let refuse = |text: &str| case(text, &format!("hash is {text:?}; expected 64 lower-case hexadecimal digits"));
    refuse("");
    refuse(&hex[1..]);
    refuse(&format!("{hex}0"));
    refuse(&hex.replace('f', "F"));
    refuse(&hex.replace('f', "g"));
    // 64 bytes that are not 64 digits.
    refuse(&hex.replace("ff", "é"));
    let long = "0".repeat(100);
    case(&long, &format!("hash is {:?}; expected 64 lower-case hexadecimal digits", "0".repeat(80)));
}
