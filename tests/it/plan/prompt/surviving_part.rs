//! How version 2 names the part of the picture that has to hold everything that matters.

use smart_resize::geometry::Rect;
use smart_resize::model::Preset;
use smart_resize::prompt::{Brief, PromptTemplate, Wording};

use crate::any::size;

#[test]
fn the_placement_is_named_below_95_percent() {
    let placed = |kept: u32| {
        let preset = Preset::new(size(1000, 1000));
        let part = Rect::new((1000 - kept) / 2, 0, size(kept, 1000));
        Wording::V2.prompt(&Brief::new(preset).source_size(size(1000, 1000)).surviving(part))
    };
    let case = |kept: u32, expected: &str| {
        let text = placed(kept);
        assert!(text.contains(expected), "{kept}: {text}");
    };
    assert!(!placed(950).contains("Place everything"), "{}", placed(950));
    case(949, "Place everything that matters clear of the left and right edges, with only background around it.");
    case(850, "clear of the left and right edges");
    case(849, "within the middle three quarters of the picture's width");
    case(715, "within the middle three quarters of the picture's width");
    case(714, "within the middle two thirds of the picture's width");
    case(477, "within the middle half of the picture's width");
    case(318, "within the middle third of the picture's width");
    case(20, "within the middle sliver of the picture's width");
}

#[test]
fn a_part_off_the_middle_is_named_by_its_side() {
    let case = |x: u32, width: u32, expected: &str| {
        let brief = Brief::new(Preset::new(size(1000, 1000))).surviving(Rect::new(x, 0, size(width, 1000)));
        let text = Wording::V2.prompt(&brief);
        assert!(text.contains(expected), "{x}+{width}: {text}");
    };
    case(0, 500, "within the left half of the picture's width");
    case(500, 500, "within the right half of the picture's width");
    case(100, 340, "within a third of the picture's width, to the left of its middle");
    case(500, 340, "within a third of the picture's width, to the right of its middle");
    case(0, 900, "clear of the right edge");
}
