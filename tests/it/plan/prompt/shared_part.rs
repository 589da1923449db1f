//! The prompt of a generation names the part of the picture that all its targets have in common.

use smart_resize::Target;
use smart_resize::geometry::Insets;
use smart_resize::prompt::Wording;

use crate::any::{insets, shared, size};
use crate::plan::{builder, plan};

#[test]
fn the_prompt_names_the_band_that_all_targets_of_a_generation_keep() {
    let prompt = |targets: &[Target]| {
        let plan = plan(builder().template(Wording::V1).targets(targets.iter().cloned()).sharing(shared(1000)));
        assert_eq!(plan.generations().len(), 1);
        plan.generations()[0].prompt().to_string()
    };
    let target = |w, h| Target::new(size(w, h));
    // From a 21:9 picture, the square keeps the middle of the width and the banner the middle of the height.
    let both = prompt(&[target(1000, 1000), target(3168, 500)]);
    assert!(both.contains("Only the middle 42 % of the frame's width"), "{both}");
    assert!(both.contains("Only the middle 37 % of the frame's height"), "{both}");
    let square = prompt(&[target(1000, 1000)]);
    assert!(!square.contains("frame's width is kept") && !square.contains("frame's height is kept"), "{square}");
    // On each axis, the prompt names the part that all safe areas have in common.
    let safe = prompt(&[
        target(1024, 1024).safe_area(insets([100, 0, 0, 0])),
        target(1024, 1024).safe_area(insets([0, 0, 200, 0])),
    ]);
    assert!(safe.contains("between 10 % and 80 % of the frame's height"), "{safe}");
}

#[test]
fn insets_in_pixels_refer_to_the_target() {
    let prompt = |insets: Insets| {
        let target = Target::new(size(400, 200)).safe_area(insets);
        plan(builder().targets([target])).generations()[0].prompt().to_string()
    };
    assert_eq!(prompt(Insets::from_pixels(20, 0, 50, 40)), prompt(insets([100, 0, 250, 100])));
}
