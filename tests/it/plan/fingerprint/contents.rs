//! What is part of the fingerprint: everything that a backend receives, and nothing else.

use smart_resize::model::{Preset, PriceList, UsdMicros};
use smart_resize::plan::Digest;
use smart_resize::prompt::{Brief, PromptTemplate, TemplateId, Wording};
use smart_resize::request::{Reference, RequestBuilder, Sharing};
use smart_resize::scene::Scene;
use smart_resize::{Format, Request, Source};

use super::{PICTURE, base, fingerprints, first, of_size, preset, prices, source, table, usual};
use crate::any::size;

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
    let at = |focus: &str| first(usual().focus(focus.parse().unwrap()));
    assert_ne!(at("10,10"), at("10,10:nudge"), "the focus mode is not in the fingerprint");
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
fn the_seed_changes_the_fingerprint() {
    let model = table("model", preset());
    let unseeded = Request::builder(source()).prices(prices(&model)).model(model).sizes(["900x300"]);
    let seeded = |seed: u64| first(unseeded.clone().seed(seed));
    assert_eq!(seeded(7), seeded(7));
    let mut found = vec![first(unseeded.clone()), seeded(0), seeded(1), seeded(7), seeded(1 << 32), seeded(u64::MAX)];
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 6, "two seeds have the same fingerprint, or a seed has that of no seed");
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

#[test]
fn without_a_digest_there_is_no_fingerprint() {
    let table = table("model", preset());
    let found = fingerprints(base(Source::from_url("https://example.com/a.jpg"), table).variants(9));
    assert_eq!(found, [None; 3]);
    let logo = Reference::new("the logo", Source::from_url("https://example.com/logo.png"));
    let table = self::table("model", preset()).input_images(2.try_into().unwrap());
    assert_eq!(fingerprints(base(source().reference(logo), table)), [None; 1]);
}
