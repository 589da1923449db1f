//! Insets: the rectangle that they leave, in shares and in pixels, and their text form.

use proptest::prelude::*;
use smart_resize::Size;
use smart_resize::geometry::{Insets, Rect};

use crate::any::{any_covered, any_insets, any_side, any_size, size};

#[test]
fn insets_in_pixels_must_leave_at_least_one_pixel() {
    let case = |insets: [u16; 4], target: Size, expected: &str| {
        let [top, right, bottom, left] = insets;
        let found = Insets::from_pixels(top, right, bottom, left).leave_room_in(target);
        assert_eq!(found.map_or_else(|error| error.to_string(), |()| "ok".into()), expected);
    };
    case([0, 49, 0, 50], size(100, 1), "ok");
    case([0, 50, 0, 50], size(100, 1), "insets are 50 px and 50 px; expected a sum below 100 px");
    case([1, 0, 0, 0], size(100, 1), "insets are 1 px and 0 px; expected a sum below 1 px");
    case(
        [0, u16::MAX, 0, u16::MAX],
        size(65_535, 1),
        "insets are 65535 px and 65535 px; expected a sum below 65535 px",
    );
    case([1, 2, 3, 4], size(7, 5), "ok");
}

#[test]
fn insets_are_parsed_from_one_percentage_or_four() {
    let case = |text: &str, expected: Result<[u16; 4], &str>| {
        let found =
            text.parse::<Insets>().map(|insets| insets.shares().unwrap().map(smart_resize::geometry::PerMille::get));
        assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{text:?}");
    };
    case("0", Ok([0; 4]));
    case("12.5 %", Ok([125; 4]));
    case("14,0,20.5,0", Ok([140, 0, 205, 0]));
    case("99.9,0,0,0", Ok([999, 0, 0, 0]));
    case("50", Err("insets are 50 % and 50 %; expected a sum below 100 %"));
    case("0,60,0,40", Err("insets are 40 % and 60 %; expected a sum below 100 %"));
    case("1,2", Err("insets are \"1,2\"; expected one percentage, or four: top,right,bottom,left"));
    case("1,2,3,4,5", Err("insets are \"1,2,3,4,5\"; expected one percentage, or four: top,right,bottom,left"));
    case("1,x,3,4", Err("percentage is \"x\"; expected 0 to 100 with at most one decimal"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_inside_of_insets_is_exact_and_not_empty(
        outer in any_size(), x in any_side(), y in any_side(), insets in any_insets(),
    ) {
        let rect = Rect::new(x, y, outer);
        let left = insets.inside(rect, rect.size());
        prop_assert_eq!(insets.inside(rect, size(1, 1)), left, "shares do not depend on the target");
        let [top, right, bottom, start] = insets.shares().unwrap().map(|share| u64::from(share.get()));
        let check = |at: u32, length: u32, outer_at: u32, outer_length: u32, before: u64, after: u64| {
            let (at, length) = (u64::from(at), u64::from(length));
            let (outer_at, outer_length) = (u64::from(outer_at), u64::from(outer_length));
            let inside = at >= outer_at && length >= 1 && at + length <= outer_at + outer_length;
            let (cut_before, cut_after) = (at - outer_at, outer_at + outer_length - at - length);
            // Each inset is applied in full and rounded up by less than a pixel, except that one pixel always stays.
            let free = |cut: u64, inset: u64| cut * 1000 >= outer_length * inset;
            let no_more = |cut: u64, inset: u64| cut * 1000 < outer_length * inset + 1000;
            inside
                && (length == 1 || (free(cut_before, before) && free(cut_after, after)))
                && no_more(cut_before, before)
                && (length == 1 || no_more(cut_after, after))
        };
        prop_assert!(check(left.x(), left.width(), x, outer.width(), start, right), "{:?} of {:?}", left, rect);
        prop_assert!(check(left.y(), left.height(), y, outer.height(), top, bottom), "{:?} of {:?}", left, rect);
    }

    #[test]
    fn insets_in_pixels_scale_with_the_rectangle(
        (rect, target) in any_covered(), shares in any::<[u16; 4]>(),
    ) {
        // Two opposite insets that leave at least one pixel.
        let pair = |a: u16, b: u16, side: u32| {
            let a = u32::from(a) % side;
            (a as u16, (u32::from(b) % (side - a)) as u16)
        };
        let (top, bottom) = pair(shares[0], shares[2], target.height());
        let (left, right) = pair(shares[3], shares[1], target.width());
        let insets = Insets::from_pixels(top, right, bottom, left);
        prop_assert_eq!(insets.leave_room_in(target), Ok(()));
        let inside = insets.inside(Rect::new(0, 0, rect), target);
        // In the target's own pixels the insets are the given numbers.
        let own = insets.inside(Rect::new(0, 0, target), target);
        let expected = size(target.width() - u32::from(left + right), target.height() - u32::from(top + bottom));
        prop_assert_eq!((own.x(), own.y(), own.size()), (left.into(), top.into(), expected));
        // In the rectangle's pixels they are the same shares, rounded up by less than a pixel.
        let check = |cut: u32, inset: u16, length: u32, side: u32| {
            let (cut, inset, length, side) = (u64::from(cut), u64::from(inset), u64::from(length), u64::from(side));
            cut * side >= inset * length && cut * side < inset * length + side
        };
        prop_assert!(check(inside.x(), left, rect.width(), target.width()) || inside.width() == 1);
        prop_assert!(check(inside.y(), top, rect.height(), target.height()) || inside.height() == 1);
        let after = rect.width() - inside.x() - inside.width();
        prop_assert!(check(after, right, rect.width(), target.width()) || inside.width() == 1);
    }
}
