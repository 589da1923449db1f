//! A placement as the target of a request.

use smart_resize::model::Model;
use smart_resize::plan::placement::Placement;
use smart_resize::{Format, Plan, Request, Size, Source, SourceFormat, Target};

fn source() -> Source {
    Source::from_url("https://example.com/a.jpg")
}

#[test]
fn a_target_has_the_facts_of_its_placement() {
    let story = Placement::named("instagram-story").unwrap();
    let expected = |format| {
        let target = Target::new(Size::new(1080, 1920).unwrap()).id("instagram-story");
        let target = target.safe_area("14,0,20,0".parse().unwrap());
        target.max_bytes(30_000_000).format(format)
    };
    assert_eq!(Target::from(story), expected(Format::Jpeg));
    assert_eq!(story.target_in(Format::Png), expected(Format::Png));
    assert_eq!(story.target_in(Format::WebP), expected(Format::Jpeg));
    // A placement without formats leaves the choice to the request.
    let own = Placement::new("own", Size::new(9, 9).unwrap());
    assert_eq!(Target::from(&own), Target::new(own.size).id("own"));
    assert_eq!(own.target_in(Format::WebP).format, Some(Format::WebP));
}

#[test]
fn every_placement_is_a_target_that_a_model_covers() {
    for model in [Model::nano_banana_pro(), Model::nano_banana_2_1()] {
        let request = Request::builder(source()).model(model).targets(Placement::all()).build().unwrap();
        let plan = Plan::new(&request).unwrap();
        assert_eq!(plan.renditions().len(), 40);
        for (rendition, placement) in plan.renditions().iter().zip(Placement::all()) {
            assert_eq!(rendition.target(), placement.size);
            assert!(placement.accepts(rendition.format().into()), "{}", placement.id);
        }
    }
}

#[test]
fn the_first_accepted_format_that_this_crate_writes_is_preferred() {
    let mut own = Placement::new("own", Size::new(9, 9).unwrap());
    own.formats = vec![SourceFormat::Gif, SourceFormat::WebP, SourceFormat::Png].into();
    assert_eq!(Target::from(&own).format, Some(Format::WebP));
    assert_eq!(
        [own.target_in(Format::Png).format, own.target_in(Format::Jpeg).format],
        [Some(Format::Png), Some(Format::WebP)]
    );
    // A placement that accepts only a format that this crate does not write leaves it to the request.
    own.formats = vec![SourceFormat::Gif].into();
    assert_eq!(own.target_in(Format::Png).format, None);
}
