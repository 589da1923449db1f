//! The rectangle that a fit selects. Each sentence of the rule is a law, tested exhaustively on small sizes and by
//! samples on large ones.

use proptest::prelude::*;
use smart_resize::Size;
use smart_resize::geometry::{Fit, Rect, cover};

use crate::any::{any_covered, any_size, share, size};

/// Width and height of the largest rectangle in `frame` with the shape of `target`: one side is the frame's, the other
/// is the exact length `num / den` rounded half up, at least 1.
fn naive_largest(frame: Size, target: Size) -> (u128, u128) {
    let [fw, fh, tw, th] = [frame.width(), frame.height(), target.width(), target.height()].map(u128::from);
    let nearest = |num: u128, den: u128| {
        let below = num / den;
        // Twice the distances from the exact length to the integers around it, times `den`.
        let (down, up) = (2 * (num - below * den), 2 * ((below + 1) * den - num));
        (if up <= down { below + 1 } else { below }).max(1)
    };
    if fw * th >= fh * tw { (nearest(fh * tw, th), fh) } else { (fw, nearest(fw * th, tw)) }
}

/// Checks every sentence of the rule about the largest rectangle.
fn check_cover(frame: Size, target: Size) {
    let rect = cover(frame, target);
    let place = || format!("{target} from {frame}: {rect:?}");
    let (width, height) = (u128::from(rect.width()), u128::from(rect.height()));
    assert_eq!((width, height), naive_largest(frame, target), "{}", place());
    check_centred(frame, rect);

    // The rectangle spans the frame on one axis, so no rectangle of the shape is larger.
    assert!(rect.width() == frame.width() || rect.height() == frame.height(), "{}", place());
    // The side that is cut is off by at most half a pixel, unless it was raised to 1.
    let (tw, th) = (u128::from(target.width()), u128::from(target.height()));
    let wider = u128::from(frame.width()) * th >= u128::from(frame.height()) * tw;
    let (cut, half_a_pixel) = if wider { (width, th) } else { (height, tw) };
    assert!((2 * width * th).abs_diff(2 * height * tw) <= half_a_pixel || cut == 1, "{}", place());
    if frame.covers(target) {
        assert!(rect.size().covers(target), "enlarged: {}", place());
    }
}

fn check_centred(frame: Size, rect: Rect) {
    assert!(rect.is_inside(frame), "{rect:?} in {frame}");
    let right = frame.width() - rect.x() - rect.width();
    let bottom = frame.height() - rect.y() - rect.height();
    // The extra pixel of an odd margin is at the right or at the bottom.
    assert!(right == rect.x() || right == rect.x() + 1, "{rect:?} in {frame}");
    assert!(bottom == rect.y() || bottom == rect.y() + 1, "{rect:?} in {frame}");
}

/// The pixels around a rectangle: at its left, right, top and bottom.
fn margins(frame: Size, rect: Rect) -> [u32; 4] {
    let (right, bottom) = (rect.x() + rect.width(), rect.y() + rect.height());
    [rect.x(), frame.width() - right, rect.y(), frame.height() - bottom]
}

#[test]
fn the_extra_pixel_of_an_odd_margin_is_at_the_right_or_at_the_bottom() {
    let case = |fit: Fit, frame: &str, target: &str, expected: [u32; 4]| {
        let (frame, target) = (frame.parse().unwrap(), target.parse().unwrap());
        assert_eq!(margins(frame, fit.rect(frame, target).unwrap()), expected, "{target} from {frame} by {fit:?}");
    };
    // An odd margin on both axes, and an even one.
    case(Fit::Crop, "10x9", "7x4", [1, 2, 2, 3]);
    case(Fit::Crop, "4x4", "3x3", [0, 1, 0, 1]);
    case(Fit::Crop, "10x9", "6x5", [2, 2, 2, 2]);
    case(Fit::Cover, "2752x1536", "1920x1080", [10, 11, 0, 0]);
    case(Fit::Cover, "1536x2752", "1080x1920", [0, 0, 10, 11]);
    let sizes = || (1..=12).flat_map(|width| (1..=12).map(move |height| size(width, height)));
    for (frame, target) in sizes().flat_map(|frame| sizes().map(move |target| (frame, target))) {
        let by_fit = [Fit::Cover, Fit::Crop].into_iter().filter_map(|fit| fit.rect(frame, target).ok());
        for rect in by_fit.chain([cover(frame, target)]) {
            let [left, right, top, bottom] = margins(frame, rect);
            assert_eq!([left, top], [left.midpoint(right), top.midpoint(bottom)], "{target} from {frame}: {rect:?}");
        }
    }
}

/// Checks that `kept` is the kept share of the area, rounded down.
fn check_kept(frame: Size, rect: Rect) {
    let kept = rect.kept_of(frame);
    let thousandths = u64::from(kept.get());
    let (part, whole) = (1000 * u64::from(rect.size().area()), u64::from(frame.area()));
    assert!(thousandths * whole <= part && part < (thousandths + 1) * whole, "{kept} of {rect:?} in {frame}");
    assert_eq!(kept == share(1000), rect.size() == frame, "100 % must mean the whole picture, and only that");
}

fn check_fits(frame: Size, target: Size) {
    let rects = [Fit::Cover, Fit::Crop].map(|fit| fit.rect(frame, target));
    let covers = frame.width() >= target.width() && frame.height() >= target.height();
    let [Ok(by_cover), Ok(by_crop)] = rects else {
        assert!(!covers, "{target} from {frame}: {rects:?}");
        for rect in rects {
            let error = rect.unwrap_err();
            assert_eq!((error.frame, error.target), (frame, target));
            assert_eq!(error.to_string(), format!("a picture of {frame} does not cover {target}"));
        }
        return;
    };
    assert!(covers, "{target} from {frame}: {rects:?}");
    assert_eq!(by_cover, cover(frame, target));
    assert_eq!(by_crop.size(), target);
    check_centred(frame, by_crop);
    check_kept(frame, by_cover);
    check_kept(frame, by_crop);
    // If the target has a side of the frame, the scale is 1 and both fits agree. Otherwise `Cover` takes a larger area.
    let scale_is_1 = frame.width() == target.width() || frame.height() == target.height();
    if scale_is_1 {
        assert_eq!(by_cover, by_crop, "{target} from {frame}");
    } else {
        assert!(by_cover.size().area() > target.area(), "{target} from {frame}: {by_cover:?}");
    }
}

#[test]
fn all_pictures_and_targets_up_to_24_pixels_per_side_follow_the_rule() {
    let sizes = || (1..=24).flat_map(|width| (1..=24).map(move |height| size(width, height)));
    for frame in sizes() {
        for target in sizes() {
            check_cover(frame, target);
            check_fits(frame, target);
        }
    }
}

#[test]
fn no_rectangle_of_exactly_the_targets_shape_is_larger() {
    let sizes = |max| (1..=max).flat_map(move |width| (1..=max).map(move |height| size(width, height)));
    for frame in sizes(10) {
        for target in sizes(10) {
            let found = cover(frame, target).size();
            let of_the_shape = |other: &Size| other.width() * target.height() == target.width() * other.height();
            let largest = sizes(10).filter(|other| frame.covers(*other)).filter(of_the_shape).max_by_key(|s| s.area());
            assert!(largest.is_none_or(|largest| found.covers(largest)), "{target} from {frame}: {found}");
        }
    }
}

#[test]
fn known_rectangles_are_found() {
    let case = |frame: &str, target: &str, expected: (u32, u32, &str), kept: &str| {
        let frame = frame.parse().unwrap();
        let rect = cover(frame, target.parse().unwrap());
        assert_eq!((rect.x(), rect.y(), rect.size().to_string().as_str()), expected, "{target} from {frame}");
        assert_eq!(rect.kept_of(frame).to_string(), kept, "{target} from {frame}");
    };
    // The service's example: 2730.67 is rounded up, and the odd margin of 21 leaves 10 at the left and 11 at the right.
    case("2752x1536", "1920x1080", (10, 0, "2731x1536"), "99.2 %");
    case("1024x1024", "1024x1024", (0, 0, "1024x1024"), "100 %");
    // Half a pixel is rounded up: 3 x 5 / 2 = 7.5, and 2.5 on the other axis.
    case("9x3", "5x2", (0, 0, "8x3"), "88.8 %");
    case("5x9", "2x1", (0, 3, "5x3"), "33.3 %");
    case("9x5", "1x2", (3, 0, "3x5"), "33.3 %");
    // Just below half a pixel is rounded down.
    case("9x7", "5x8", (2, 0, "4x7"), "44.4 %");
    // A side is at least 1, although its exact length is 0.00015.
    case("10x10", "65535x1", (0, 4, "10x1"), "10 %");
    case("10x10", "1x65535", (4, 0, "1x10"), "10 %");
    case("1x1", "65535x65534", (0, 0, "1x1"), "100 %");
    // The picture does not cover the target: `cover` still gives the largest rectangle, for callers that enlarge.
    case("1024x1024", "1920x1080", (0, 224, "1024x576"), "56.2 %");
    // The largest sides.
    case("65535x65535", "65535x65534", (0, 0, "65535x65534"), "99.9 %");
    case("65535x65535", "1x1", (0, 0, "65535x65535"), "100 %");
    case("65535x1", "1x65535", (32_767, 0, "1x1"), "0 %");
}

#[test]
fn a_rectangle_may_extend_to_the_last_pixel_and_no_farther() {
    let case = |x, y, rect: &str, expected: bool| {
        let rect = Rect::new(x, y, rect.parse().unwrap());
        assert_eq!(rect.is_inside(size(100, 50)), expected, "{rect:?}");
    };
    case(0, 0, "100x50", true);
    case(99, 49, "1x1", true);
    case(1, 0, "100x50", false);
    case(0, 1, "100x50", false);
    case(100, 0, "1x1", false);
    case(0, 50, "1x1", false);
    // Sums do not overflow.
    case(u32::MAX, 0, "1x1", false);
    case(0, u32::MAX, "1x1", false);
}

#[test]
fn a_rectangle_larger_than_the_picture_keeps_all_of_it() {
    for outer in [size(2, 1), size(65_535, 65_535)] {
        assert_eq!(Rect::new(0, 0, outer).kept_of(size(1, 1)).to_string(), "100 %", "{outer}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_picture_and_target_follow_the_rule(frame in any_size(), target in any_size()) {
        check_cover(frame, target);
        check_fits(frame, target);
    }

    #[test]
    fn any_picture_that_covers_its_target_follows_the_rule((frame, target) in any_covered()) {
        check_cover(frame, target);
        check_fits(frame, target);
    }

    #[test]
    fn no_rectangle_is_enlarged_to_its_target((frame, target) in any_covered()) {
        for fit in [Fit::Cover, Fit::Crop] {
            let rect = fit.rect(frame, target).unwrap();
            prop_assert!(rect.size().covers(target), "{target} from {frame}: {rect:?}");
        }
    }

    #[test]
    fn transposing_frame_and_target_transposes_the_rectangle(frame in any_size(), target in any_size()) {
        let (rect, other) = (cover(frame, target), cover(frame.transposed(), target.transposed()));
        prop_assert_eq!((rect.x(), rect.y(), rect.size()), (other.y(), other.x(), other.size().transposed()));
    }

    #[test]
    fn one_shape_gives_one_rectangle(frame in any_size(), width in 1..=255_u32, height in 1..=255_u32, n in 1..=257_u32) {
        prop_assert_eq!(cover(frame, size(width, height)), cover(frame, size(width * n, height * n)));
    }
}
