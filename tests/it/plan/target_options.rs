//! The options of one target reach its rendition and its generation, and no other.

use smart_resize::geometry::Insets;
use smart_resize::plan::Generation;
use smart_resize::request::{Reference, Sharing};
use smart_resize::{Format, Plan, Request, Source, Target};

use crate::any::{share, shared, size};

fn source() -> Source {
    Source::from_url("https://example.com/a.jpg").size(size(3000, 2000))
}

fn square() -> Target {
    Target::new(size(1024, 1024))
}

fn plan(targets: impl IntoIterator<Item = Target>, sharing: Sharing) -> Plan {
    let builder = Request::builder(source()).targets(targets).sharing(sharing);
    Plan::new(&builder.instruction("Make it winter.").purpose("a page").build().unwrap()).unwrap()
}

#[test]
fn id_quality_and_focus_are_those_of_the_target() {
    let plan = plan([square().id("a").quality(50).focus("20,50".parse().unwrap()), square()], Sharing::PerTarget);
    let [one, other] = plan.renditions() else { panic!("two renditions") };
    assert_eq!((one.id().map(|id| &**id), one.quality(), one.focus()), (Some("a"), Some(50), "20,50".parse().unwrap()));
    assert_eq!((other.id(), other.quality(), other.focus()), (None, None, "50,50".parse().unwrap()));
    assert_eq!(plan.generations()[0].brief().focus, one.focus());
    assert_eq!(plan.generations()[1].brief().focus, other.focus());
}

#[test]
fn a_target_replaces_the_instruction_and_the_purpose_of_the_request() {
    let own = square().instruction("Make it summer.").purpose("a banner");
    let plan = plan([own, square(), square().instruction(" ")], Sharing::PerTarget);
    let text = |generation: &Generation| {
        let brief = generation.brief();
        [&brief.instruction, &brief.purpose].map(|text| text.as_deref().unwrap_or_default().to_owned())
    };
    let found: Vec<_> = plan.generations().iter().map(text).collect();
    assert_eq!(found, [["Make it summer.", "a banner"], ["Make it winter.", "a page"], ["", "a page"]]);
}

#[test]
fn targets_of_different_compositions_never_share_a_generation() {
    for sharing in [Sharing::Duplicates, shared(0), shared(1000)] {
        let count = |other: Target| plan([square(), other], sharing).generations().len();
        assert_eq!(count(square()), 1, "{sharing:?}");
        assert_eq!(count(square().instruction("Make it summer.")), 2, "{sharing:?}");
        assert_eq!(count(square().focus("20,50".parse().unwrap())), 2, "{sharing:?}");
        // The same as those of the request.
        assert_eq!(count(square().instruction(" Make it winter. ").focus("50,50".parse().unwrap())), 1, "{sharing:?}");
    }
}

/// A picture that is for two things has no single purpose. The same question needs the same purpose.
#[test]
fn different_purposes_are_left_out_of_a_shared_generation() {
    let two = || [square().purpose("a banner"), square().purpose("a cover")];
    assert_eq!(plan(two(), Sharing::Duplicates).generations().len(), 2);
    let shared = plan(two(), shared(0));
    assert_eq!((shared.generations().len(), &shared.generations()[0].brief().purpose), (1, &None));
}

#[test]
fn each_mistake_of_a_text_or_a_quality_has_its_own_message() {
    let case = |target: Target, expected: &str| {
        let error = Request::builder(source()).targets([square(), target]).build().unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    case(square().quality(0), "quality of target 1 is 0; expected 1 to 100");
    case(square().quality(101), "quality of target 1 is 101; expected 1 to 100");
    case(square().id("é".repeat(201)), "id of target 1 has 201 characters; expected at most 200");
    case(square().instruction("a".repeat(5001)), "instruction of target 1 has 5001 characters; expected at most 5000");
    let lines = "purpose of target 1 is \"a\\nb\" with 3 characters; expected one line of 1 to 120 characters";
    case(square().purpose("a\nb"), lines);
    let builder = || Request::builder(source()).sizes(["9x9"]);
    let error = builder().purpose(" ").build().unwrap_err().to_string();
    assert_eq!(error, "purpose of the request is \" \" with 1 characters; expected one line of 1 to 120 characters");
    let longest = square().quality(100).id("é".repeat(200)).purpose("é".repeat(120));
    assert!(Request::builder(source()).targets([longest]).build().is_ok());
}

#[test]
fn a_source_has_at_most_as_many_references_as_the_model_takes() {
    let with = |count: usize, name: &str| {
        let logo = || Reference::new(name, Source::from_url("https://example.com/logo.png"));
        let source = (0..count).fold(source(), |source, _| source.reference(logo()));
        Request::builder(source).sizes(["9x9"]).build().map(drop).map_err(|errors| errors.to_string())
    };
    assert_eq!(with(13, "the logo"), Ok(()));
    assert_eq!(with(14, "the logo"), Err("source has 14 references; expected at most 13".into()));
    let blank = "name of reference 0 is \"\" with 0 characters; expected one line of 1 to 120 characters";
    assert_eq!(with(1, " \n "), Err(blank.into()));
}

#[test]
fn a_plan_accepts_only_the_references_that_it_was_made_for() {
    let logo = |bytes: &[u8]| Reference::new("the logo", Source::from_bytes(bytes));
    let source = || Source::from_bytes(*b"photo");
    let request = Request::builder(source().reference(logo(b"logo"))).sizes(["9x9"]).build().unwrap();
    let plan = Plan::new(&request).unwrap();
    assert!(plan.requests(&source().reference(logo(b"logo"))).is_ok());
    let case = |source: Source, expected: &str| {
        let error = plan.requests(&source).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    case(source(), "the number of references is 0; expected 1 as in the plan");
    let two = source().reference(logo(b"logo")).reference(logo(b"pack"));
    case(two, "the number of references is 2; expected 1 as in the plan");
    case(source().reference(logo(b"pack")), "the digest of reference 0 is ");
}

#[test]
fn the_worst_rendition_of_a_strip_keeps_its_own_focus() {
    let strip = Target::new(size(728, 90)).focus("50,0".parse().unwrap());
    let plan = plan([strip], Sharing::PerTarget);
    assert_eq!(plan.renditions()[0].crop().y(), 0);
    assert!(plan.renditions()[0].kept() < share(300));
    assert!(plan.generations()[0].prompt().contains("the upper quarter of the picture's height"));
}

/// 160x600 and 120x600 have the same preset and the same prompt, and one would lose a quarter of its area to the other.
#[test]
fn the_same_words_for_different_parts_are_not_the_same_question() {
    let narrow = |width| Target::new(size(width, 600));
    let plan = |sharing| plan([narrow(160), narrow(165), narrow(166)], sharing);
    let [apart, together] = [Sharing::PerTarget, Sharing::Duplicates].map(plan);
    let prompts: Vec<_> = apart.generations().iter().map(Generation::prompt).collect();
    assert!(prompts[0] == prompts[1] && prompts[1] == prompts[2], "{prompts:?}");
    let found: Vec<_> = together.renditions().iter().map(|rendition| rendition.generation().unwrap()).collect();
    assert_eq!(found, [0, 1, 1]);
    assert!(together.renditions().iter().all(|rendition| rendition.loss() <= share(10)));
}

#[test]
fn a_target_can_have_its_own_format_and_byte_limit() {
    let own = Target::new(size(9, 9)).format(Format::WebP).max_bytes(1);
    let request = Request::builder(source()).sizes(["9x9"]).targets([own]).format(Format::Jpeg).build();
    let plan = Plan::new(&request.unwrap()).unwrap();
    let found: Vec<_> = plan.renditions().iter().map(|cut| (cut.format().extension(), cut.max_bytes())).collect();
    assert_eq!(found, [("jpg", None), ("webp", Some(1))]);
}

#[test]
fn errors_in_target_options_are_reported_together() {
    let builder = || Request::builder(Source::from_bytes(*b"a photo").size(size(2000, 1000)));
    let errors = builder()
        .targets([
            Target::new(size(9, 9)).max_bytes(0),
            Target::new(size(9, 9)).safe_area(Insets::from_pixels(5, 0, 4, 0)),
            Target::new(size(9, 16_384)).format(Format::WebP),
        ])
        .build()
        .unwrap_err();
    let found = errors.to_string();
    let expected = [
        "byte limit of target 0 is 0; expected at least 1",
        "target 1 has no safe area: insets are 5 px and 4 px; expected a sum below 9 px",
        "target 2 is 9x16384; expected sides of at most 16383 pixels for webp",
    ];
    assert!(found.starts_with(&expected.join("; ")), "{found}");
    let fine = builder()
        .targets([Target::new(size(9, 9)).max_bytes(1).safe_area(Insets::from_pixels(4, 0, 4, 0))])
        .sharing(shared(1000))
        .crop_source_above(share(1000));
    assert!(fine.build().is_ok());
}
