//! Where a focus places the rectangle, in both modes. The laws of geometry hold with it too.

use proptest::prelude::*;
use smart_resize::geometry::{Fit, Focus, FocusMode, Rect};
use smart_resize::{Plan, Request, Source};

use crate::any::{any_covered, any_focus, any_size, point, share, shared, size};

/// The pixels of one axis that a focus contains: its edges, rounded outwards.
fn pixels(whole: u32, [from, to]: [u16; 2]) -> [u32; 2] {
    let thousandth = |edge: u16, up: u32| (u32::from(edge) * whole + 999 * up) / 1000;
    [thousandth(from, 0), thousandth(to, 1)]
}

/// The focus with its margin, a share of its length that is rounded up, clipped to the axis.
fn widened([from, to]: [u32; 2], margin: u16, whole: u32) -> [u32; 2] {
    let margin = ((to - from) * u32::from(margin)).div_ceil(1000);
    [from.saturating_sub(margin), (to + margin).min(whole)]
}

/// The start of the rectangle in the mode `Centre`, found by trying every place: the place whose centre is nearest to
/// that of the focus, and of two equally near the lower one.
fn naive_centre(length: u32, whole: u32, focus: [u16; 2]) -> u32 {
    let [from, to] = pixels(whole, focus);
    // Twice the distance, so that it is an integer.
    (0..=whole - length).min_by_key(|start| (2 * start + length).abs_diff(from + to)).unwrap()
}

/// The start of the rectangle in the mode `Nudge`, found by trying every place: among the places that contain the focus
/// and its margin, the nearest to the centre, and of two equally near the lower one. If none contains both, the same
/// among the places that contain the focus and lie inside its margin, and otherwise among those inside the focus.
fn naive_nudge(length: u32, whole: u32, focus: [u16; 2], margin: u16) -> u32 {
    let focus = pixels(whole, focus);
    let outer = widened(focus, margin, whole);
    let centred = (whole - length) / 2;
    let holds = |start: u32, [from, to]: [u32; 2]| start <= from && to <= start + length;
    let is_held = |start: u32, [from, to]: [u32; 2]| from <= start && start + length <= to;
    let nearest = |places: &dyn Fn(u32) -> bool| {
        (0..=whole - length).filter(|start| places(*start)).min_by_key(|start| start.abs_diff(centred))
    };
    nearest(&|start| holds(start, outer))
        .or_else(|| nearest(&|start| holds(start, focus) && is_held(start, outer)))
        .or_else(|| nearest(&|start| is_held(start, focus)))
        .unwrap()
}

fn nudge(margin: u16) -> FocusMode {
    FocusMode::Nudge { margin: share(margin) }
}

#[test]
fn a_focus_selects_the_place_of_the_naive_search() {
    let mut cases = 0;
    for whole in 1..=24 {
        for length in 1..=whole {
            for from in (0..=1000).step_by(25) {
                for to in (from..=1000).step_by(25) {
                    let place = |mode| {
                        let focus = focus([from, 500, to, 500]).mode(mode);
                        Fit::Crop.rect_at(size(whole, 1), size(length, 1), focus).unwrap().x()
                    };
                    let case = || format!("{length} of {whole} for {from} to {to}");
                    assert_eq!(place(FocusMode::Centre), naive_centre(length, whole, [from, to]), "{}", case());
                    for margin in [0, 100, 700] {
                        let expected = naive_nudge(length, whole, [from, to], margin);
                        assert_eq!(place(nudge(margin)), expected, "{} with a margin of {margin}", case());
                    }
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 258_300);
}

#[test]
fn a_point_lies_in_the_middle_of_its_rectangle_and_not_on_its_edge() {
    let [frame, square] = [size(3000, 1000), size(1000, 1000)];
    let x = |focus: Focus| Fit::Cover.rect_at(frame, square, focus).unwrap().x();
    assert_eq!(x(point(700, 500)), 1600, "500 pixels on either side of 2100");
    assert_eq!(x(point(700, 500).mode(nudge(100))), 1100, "as far as needed and no farther");
    // Clamped to the picture.
    assert_eq!([0, 100, 166, 167, 833, 834, 1000].map(|at| x(point(at, 0))), [0, 0, 0, 1, 1999, 2000, 2000]);
    // A subject of 600 pixels has 200 on either side, or the margin of 60 that it asks for.
    assert_eq!(x(focus([600, 0, 800, 1000])), 1600);
    assert_eq!(x(focus([600, 0, 800, 1000]).mode(nudge(100))), 1460);
    assert_eq!(x(focus([600, 0, 800, 1000]).mode(nudge(0))), 1400);
    // The region and a margin of 300 pixels do not fit, so the rectangle ends inside the margin.
    assert_eq!(x(focus([600, 0, 800, 1000]).mode(nudge(500))), 1500);
    // The region does not fit.
    assert_eq!(x(focus([400, 0, 1000, 1000])), 1600);
    assert_eq!(x(focus([400, 0, 1000, 1000]).mode(nudge(100))), 1200);
}

fn focus(edges: [u16; 4]) -> Focus {
    let [left, top, right, bottom] = edges.map(share);
    Focus::region(left, top, right, bottom).unwrap()
}

#[test]
fn a_focus_is_parsed_from_a_point_or_a_region() {
    let case = |text: &str, expected: &str| {
        let found = text.parse::<Focus>().map(|focus| format!("{:?} {:?}", focus.edges(), focus.mode));
        assert_eq!(found.unwrap_or_else(|error| error.to_string()), expected);
    };
    case("0,0", "[0 %, 0 %, 0 %, 0 %] Centre");
    case("100,12.5%", "[100 %, 12.5 %, 100 %, 12.5 %] Centre");
    case("10,20,30,40", "[10 %, 20 %, 30 %, 40 %] Centre");
    case("10,20,10,20", "[10 %, 20 %, 10 %, 20 %] Centre");
    case("31,20,30,40", "focus edges are 31 % and 30 %; expected the second at or after the first");
    case("100.1,0", "percentage is \"100.1\"; expected 0 to 100 with at most one decimal");
    case("", "percentage is \"\"; expected 0 to 100 with at most one decimal");
    case("1", "focus is \"1\"; expected a point x,y or a region left,top,right,bottom");
    case("1,2,3", "focus is \"1,2,3\"; expected a point x,y or a region left,top,right,bottom");
    case("1,2,3,4,5", "focus is \"1,2,3,4,5\"; expected a point x,y or a region left,top,right,bottom");
    case("0,0:centre", "[0 %, 0 %, 0 %, 0 %] Centre");
    case("0,0:nudge", "[0 %, 0 %, 0 %, 0 %] Nudge { margin: 10 % }");
    case("10,20,30,40:nudge:2.5%", "[10 %, 20 %, 30 %, 40 %] Nudge { margin: 2.5 % }");
    case("0,0:", "focus mode is \"\"; expected centre, nudge or nudge:MARGIN");
    case("0,0:nudged", "focus mode is \"nudged\"; expected centre, nudge or nudge:MARGIN");
    case("0,0:centre:10", "focus mode is \"centre:10\"; expected centre, nudge or nudge:MARGIN");
    case("0,0:nudge:", "percentage is \"\"; expected 0 to 100 with at most one decimal");
    case("0,0:nudge:1:2", "percentage is \"1:2\"; expected 0 to 100 with at most one decimal");
    case("1:nudge", "focus is \"1\"; expected a point x,y or a region left,top,right,bottom");
    assert_eq!(Focus::default(), point(500, 500));
}

#[cfg(feature = "serde")]
#[test]
fn a_focus_in_json_is_checked() {
    let read = |text: &str| serde_json::from_str::<Focus>(text).map_err(|error| error.to_string());
    let area = focus([100, 200, 300, 400]);
    let written = serde_json::to_string(&area).unwrap();
    assert_eq!(written, r#"{"left":10.0,"top":20.0,"right":30.0,"bottom":40.0}"#);
    assert_eq!(read(&written), Ok(area));
    let nudged = area.mode(nudge(25));
    let written = serde_json::to_string(&nudged).unwrap();
    let mode = r#""mode":{"nudge":{"margin_percent":2.5}}"#;
    assert_eq!(written, format!(r#"{{"left":10.0,"top":20.0,"right":30.0,"bottom":40.0,{mode}}}"#));
    assert_eq!(read(&written), Ok(nudged));
    assert_eq!(read(r#"{"left":10.0,"top":20.0,"right":30.0,"bottom":40.0,"mode":"centre"}"#), Ok(area));
    let refused =
        |text: &str, expected: &str| assert_eq!(read(text).unwrap_err().split(" at line").next(), Some(expected));
    refused(
        r#"{"left":30.1,"top":20,"right":30,"bottom":40}"#,
        "focus edges are 30.1 % and 30 %; expected the second at or after the first",
    );
    refused(
        r#"{"left":30,"top":40.1,"right":30,"bottom":40}"#,
        "focus edges are 40.1 % and 40 %; expected the second at or after the first",
    );
    refused(
        r#"{"left":0,"top":0,"right":100.1,"bottom":0}"#,
        "percentage is \"100.1\"; expected 0 to 100 with at most one decimal",
    );
}

fn is_inside(inner: [u32; 2], outer: [u32; 2]) -> bool {
    outer[0] <= inner[0] && inner[0] + inner[1] <= outer[0] + outer[1]
}

fn nested(a: Rect, b: Rect) -> bool {
    let columns = |rect: Rect| [rect.x(), rect.width()];
    let rows = |rect: Rect| [rect.y(), rect.height()];
    let either = |a: [u32; 2], b: [u32; 2]| if a[1] <= b[1] { is_inside(a, b) } else { is_inside(b, a) };
    either(columns(a), columns(b)) && either(rows(a), rows(b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn on_each_axis_the_shorter_of_two_rectangles_is_inside_the_longer(
        (frame, a) in any_covered(), b in any_size(), focus in any_focus(), crops in any::<[bool; 2]>(),
    ) {
        let b = size(b.width().min(frame.width()), b.height().min(frame.height()));
        let fit = |crop: bool| if crop { Fit::Crop } else { Fit::Cover };
        let a = fit(crops[0]).rect_at(frame, a, focus).unwrap();
        let b = fit(crops[1]).rect_at(frame, b, focus).unwrap();
        prop_assert!(a.is_inside(frame) && b.is_inside(frame));
        prop_assert!(nested(a, b), "{:?} and {:?} of {} for {:?}", a, b, frame, focus);
    }

    #[test]
    fn on_each_axis_a_region_is_kept_whole_with_its_margin_where_that_fits(
        (frame, target) in any_covered(), focus in any_focus(), crop: bool, other in 0..=1000_u16,
    ) {
        let fit = if crop { Fit::Crop } else { Fit::Cover };
        let rect = fit.rect_at(frame, target, focus).unwrap();
        let margin = match focus.mode {
            FocusMode::Nudge { margin } => margin.get(),
            // Centred, it has a margin of any width that fits.
            _ => other,
        };
        let [left, top, right, bottom] = focus.edges_px(frame, None);
        for (from, to, start, length, whole) in [
            (left, right, rect.x(), rect.width(), frame.width()),
            (top, bottom, rect.y(), rect.height(), frame.height()),
        ] {
            for [from, to] in [[from, to], widened([from, to], margin, whole)] {
                let is_kept = start <= from && to <= start + length;
                prop_assert!(is_kept || to - from > length, "{from} to {to} in {length} from {start} of {whole}");
            }
        }
    }

    #[test]
    fn a_central_focus_moves_nothing_and_no_focus_changes_the_size(
        (frame, target) in any_covered(), focus in any_focus(), crop: bool,
    ) {
        let fit = if crop { Fit::Crop } else { Fit::Cover };
        let centred = fit.rect(frame, target).unwrap();
        for mode in [FocusMode::Centre, nudge(0), nudge(1000)] {
            prop_assert_eq!(fit.rect_at(frame, target, Focus::CENTRE.mode(mode)), Ok(centred));
        }
        prop_assert_eq!(centred.x(), (frame.width() - centred.width()) / 2);
        prop_assert_eq!(centred.y(), (frame.height() - centred.height()) / 2);
        prop_assert_eq!(fit.rect_at(frame, target, focus).unwrap().size(), centred.size());
    }

    #[test]
    fn a_picture_too_small_is_refused_as_without_a_focus(
        frame in any_size(), target in any_size(), focus in any_focus(),
    ) {
        let at = Fit::Cover.rect_at(frame, target, focus);
        prop_assert_eq!(at.err(), Fit::Cover.rect(frame, target).err());
    }

    #[test]
    fn the_brief_has_the_moved_band_and_the_plan_has_its_rectangle(x in 0..=1000_u16, is_shared: bool) {
        let focus = point(x, 500);
        let source = Source::from_url("https://example.com/a.jpg");
        let mut builder = Request::builder(source).sizes(["160x600"]).focus(focus);
        if is_shared {
            builder = builder.sizes(["120x600"]).sharing(shared(1000));
        }
        let plan = Plan::new(&builder.build().unwrap()).unwrap();
        let frame = plan.generations()[0].preset().size;
        let narrowest = plan.renditions().iter().map(smart_resize::plan::Rendition::crop).min_by_key(|crop| crop.width()).unwrap();
        for rendition in plan.renditions() {
            let crop = rendition.fit().rect_at(frame, rendition.target(), focus).unwrap();
            prop_assert_eq!(rendition.crop(), crop);
        }
        let brief = plan.generations()[0].brief();
        prop_assert_eq!(brief.surviving, narrowest);
        prop_assert_eq!(brief.focus, focus);
    }
}

#[test]
fn a_focus_changes_the_fingerprint() {
    let fingerprint = |focus: Focus| {
        let request = Request::builder(Source::from_bytes(*b"a")).sizes(["1024x1024"]).focus(focus).build();
        let plan = Plan::new(&request.unwrap()).unwrap();
        plan.calls().next().unwrap().1.fingerprint().unwrap()
    };
    // The target is not cut, so the prompt does not depend on the focus.
    let corner = point(1, 2);
    assert_ne!(fingerprint(Focus::CENTRE), fingerprint(corner));
    assert_ne!(fingerprint(point(2, 1)), fingerprint(corner));
    assert_ne!(fingerprint(corner.mode(nudge(1))), fingerprint(corner));
    assert_ne!(fingerprint(corner.mode(nudge(1))), fingerprint(corner.mode(nudge(2))));
}
