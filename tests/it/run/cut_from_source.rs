//! Targets that are cut from the source itself, and a focus that refers to the source.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::{BoxFuture, GenerateError, Generated, GenerationRequest, from_fn};
use smart_resize::geometry::{Focus, FocusMode};
use smart_resize::model::UsdMicros;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::render::{Inspect, RenderOptions, RenderTarget, render};
use smart_resize::run::{Driver, Event, RenderDone, RenderJob, RenditionError, RunError};
use smart_resize::scene::Area;
use smart_resize::{Generator, Outcome, Plan, Request, Source};

use crate::any::{point, share};
use crate::pictures::{photo, png, size};

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

fn source(pixels: &str) -> Source {
    Source::from_bytes(png(&photo(size(pixels)))).size(size(pixels))
}

fn plan(source: &Source, sizes: &[&str]) -> Plan {
    Plan::new(&Request::builder(source.clone()).sizes(sizes).crop_source_above(share(900)).build().unwrap()).unwrap()
}

/// The local generator, with a count of its calls.
struct Counted(AtomicUsize);

impl Generator for Counted {
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Generator::generate(&LocalGenerator::default(), request)
    }
}

fn pixels(bytes: &[u8]) -> Picture {
    decode(bytes, &DecodeOptions::default()).unwrap().picture
}

fn bytes(outcome: &Outcome, rendition: usize) -> &[u8] {
    &outcome.renditions[rendition].variants[0].as_ref().unwrap().bytes
}

#[test]
fn a_target_cut_from_the_source_makes_no_call() {
    let source = source("400x300");
    // The first target has the source's shape, the second keeps 90 % of it, the third has to be generated.
    let plan = plan(&source, &["200x150", "360x300", "40x300"]);
    let asked = Counted(AtomicUsize::new(0));
    let outcome = Driver::new(&plan, &source).run(&asked).unwrap();
    assert!(outcome.is_complete());
    assert_eq!((asked.0.into_inner(), outcome.calls.len(), outcome.cost(&plan)), (1, 1, UsdMicros(0)));
    for (index, target) in ["200x150", "360x300"].into_iter().enumerate() {
        let expected = render(source.bytes().unwrap(), &RenderTarget::new(size(target)), &RenderOptions::default());
        assert_eq!(bytes(&outcome, index), expected.unwrap().bytes);
        let record = &outcome.renditions[index].variants[0].as_ref().unwrap().provenance;
        assert_eq!((record.generation.as_ref(), record.frame), (None, size("400x300")));
        assert_eq!((record.source_digest, record.warnings.len()), (source.digest(), 0));
    }
    let made = outcome.renditions[2].variants[0].as_ref().unwrap().provenance.generation.as_ref().unwrap();
    assert_eq!((made.backend.as_str(), made.size), ("local", plan.generations()[0].preset().size));
    // A target of the source's size has the source's bytes.
    let whole = self::plan(&source, &["400x300"]);
    let outcome = Driver::new(&whole, &source).run(&uncalled()).unwrap();
    assert_eq!(bytes(&outcome, 0), &source.bytes().unwrap()[..]);
}

/// A generator that must not be called.
fn uncalled() -> impl Generator + Sync {
    from_fn(|_: &GenerationRequest| panic!("a call was made"))
}

#[test]
fn a_target_cut_from_the_source_has_one_variant_and_each_picture_is_reported() {
    let source = source("400x300");
    let builder =
        Request::builder(source.clone()).sizes(["200x150", "300x30"]).variants(3).crop_source_above(share(1000));
    let plan = Plan::new(&builder.build().unwrap()).unwrap();
    let reported = Mutex::new(Vec::new());
    let on_event = |event: &Event<'_>| {
        if let Event::Rendered { rendition, variant, result } = event {
            reported.lock().unwrap().push((*rendition, *variant, result.is_ok()));
        }
    };
    let outcome = Driver::new(&plan, &source).on_event(&on_event).run(&LocalGenerator::default()).unwrap();
    let counts: Vec<_> = outcome.renditions.iter().map(|rendition| rendition.variants.len()).collect();
    assert_eq!(counts, [1, 3]);
    assert_eq!(*reported.lock().unwrap(), [(0, 0, true), (1, 0, true), (1, 1, true), (1, 2, true)]);
}

#[test]
fn a_target_cut_from_the_source_waits_for_no_call() {
    let source = source("400x300");
    let plan = plan(&source, &["40x300", "200x150"]);
    let events = Mutex::new(Vec::new());
    let on_event = |event: &Event<'_>| {
        events.lock().unwrap().push(match event {
            Event::CallStarted { .. } => "call",
            Event::Rendered { rendition: 1, .. } => "cut",
            _ => return,
        });
    };
    let driver = Driver::new(&plan, &source).on_event(&on_event);
    driver.run(&LocalGenerator::default()).unwrap();
    pollster::block_on(driver.run_async(&LocalGenerator::default(), TWO)).unwrap();
    assert_eq!(events.into_inner().unwrap(), ["cut", "call", "cut", "call"]);
}

#[test]
fn threads_and_offloading_give_the_same_bytes() {
    let source = source("400x300");
    let plan = plan(&source, &["200x150", "40x300"]);
    let driver = Driver::new(&plan, &source);
    let (one, two) = (driver.run(&LocalGenerator::default()), driver.run_on_threads(&LocalGenerator::default(), TWO));
    let jobs = AtomicUsize::new(0);
    let offload = |job: RenderJob| -> BoxFuture<'static, Option<RenderDone>> {
        jobs.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Some(job.run()) })
    };
    let offloaded = driver.clone().offload(&offload);
    let three = pollster::block_on(offloaded.run_async(&LocalGenerator::default(), TWO));
    let [one, two, three] = [one, two, three].map(Result::unwrap);
    for rendition in 0..2 {
        assert_eq!(bytes(&one, rendition), bytes(&two, rendition));
        assert_eq!(bytes(&one, rendition), bytes(&three, rendition));
    }
    assert_eq!(jobs.load(Ordering::Relaxed), 2);
    let forget = |_: RenderJob| -> BoxFuture<'static, Option<RenderDone>> { Box::pin(async { None }) };
    let lost = driver.offload(&forget);
    let outcome = pollster::block_on(lost.run_async(&LocalGenerator::default(), TWO)).unwrap();
    assert!(outcome.renditions.iter().all(|rendition| rendition.variants == [Err(RenditionError::Abandoned)]));
}

#[test]
fn a_source_without_bytes_cannot_be_cut() {
    let bytes = source("400x300");
    let plan = plan(&bytes, &["200x150"]);
    let elsewhere = Source::from_digest(bytes.digest().unwrap()).url("https://example.com/a.png");
    let error = Driver::new(&plan, &elsewhere).run(&uncalled()).unwrap_err();
    assert_eq!(error, RunError::NoSourceBytes);
    assert_eq!(error.to_string(), "the plan cuts a target from the source, which has no bytes");
}

#[test]
fn a_source_of_another_size_than_stated_is_reported_or_too_small() {
    let bytes: Arc<[u8]> = png(&photo(size("400x300"))).into();
    let stated = |width: &str| Source::from_bytes(bytes.clone()).size(size(width));
    let run = |source: Source, target: &str| {
        let plan = plan(&source, &[target]);
        let outcome = Driver::new(&plan, &source).run(&uncalled()).unwrap();
        match &outcome.renditions[0].variants[0] {
            Ok(output) => output.provenance.warnings.iter().map(ToString::to_string).collect(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(run(stated("800x600"), "200x150"), "the picture is 400x300; expected 800x600");
    assert_eq!(run(stated("800x600"), "600x450"), "a picture of 400x300 does not cover 600x450");
}

/// A horizontal ramp: every level is 0 in the left column and 250 in the right one.
fn ramp(pixels: &str) -> Picture {
    let size = size(pixels);
    let column = |x: u32| (250 * x / (size.width() - 1)) as u8;
    let row: Vec<u8> = (0..size.width()).flat_map(|x| [column(x); 3]).collect();
    Picture::from_rgb(size, row.repeat(size.height() as usize)).unwrap()
}

fn run(source: &Source, sizes: &[&str], focus: Focus, generator: &(impl Generator + Sync)) -> (Plan, Outcome) {
    let request = Request::builder(source.clone()).sizes(sizes).focus(focus).crop_source_above(share(1000));
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    let mut options = RenderOptions::default();
    options.inspect = Inspect::Off;
    let outcome = Driver::new(&plan, source).options(options).run(generator).unwrap();
    (plan, outcome)
}

/// The mean red level of all pixels. It shows which part of the ramp a picture has.
fn mean(bytes: &[u8]) -> u32 {
    let picture = pixels(bytes);
    let reds: Vec<u32> = picture.pixels().iter().step_by(3).map(|red| u32::from(*red)).collect();
    reds.iter().sum::<u32>() / reds.len() as u32
}

#[test]
fn a_local_result_is_cut_around_the_focus_in_the_source() {
    let nudge = FocusMode::Nudge { margin: FocusMode::DEFAULT_MARGIN };
    // The local generator crops and stretches a 4:1 source for a 9:16 picture, and says where that shows the focus.
    let wide = Source::from_bytes(png(&ramp("1200x300"))).size(size("1200x300"));
    let at = |x: u16, mode| {
        let (plan, outcome) = run(&wide, &["100x1200"], point(x, 500).mode(mode), &LocalGenerator::default());
        let record = &outcome.renditions[0].variants[0].as_ref().unwrap().provenance;
        let crop = record.crop;
        // Every row of the source is the same, so the middle row of the generated picture shows the ramp.
        let generated = outcome.calls[0].result.as_ref().unwrap();
        assert_eq!(generated.reframing.unwrap().source(), size("1200x300"));
        let frame = pixels(&generated.images[0]);
        let middle = frame.size().height() / 2 * frame.size().width();
        let red = |x: u32| u32::from(frame.pixels()[((middle + x) * 3) as usize]);
        (plan.renditions()[0].crop(), crop, red(crop.x()), red(crop.x() + crop.width() - 1))
    };
    // The red level rises by 0.25 per thousandth of the width.
    for mode in [FocusMode::Centre, nudge] {
        for (x, level) in [(900, 225), (100, 25)] {
            let (planned, crop, left, right) = at(x, mode);
            assert!((left.saturating_sub(1)..=right + 1).contains(&level), "{crop:?}: {left} to {right}");
            let is_moved = planned != crop;
            let is_near = right.abs_diff(level).min(level.abs_diff(left)) <= 2;
            assert!(mode == FocusMode::Centre || !is_moved || is_near, "moved too far: {left} to {right}");
            assert_eq!(planned.size(), crop.size());
        }
        let (planned, crop, ..) = at(500, mode);
        assert_eq!(planned, crop, "a focus in the middle moves nothing");
    }
}

#[test]
fn the_local_generator_says_where_its_picture_shows_the_focus() {
    let cases: [(_, _, &[u16]); 3] = [
        ("1152x1024", "1024x1024", &[0, 500, 1000]),
        ("1000x300", "768x1376", &[0, 250]),
        ("300x900", "1376x768", &[250, 1000]),
    ];
    for (from, to, places) in cases {
        let source = Source::from_bytes(png(&ramp(from))).size(size(from));
        for &x in places {
            let (_, outcome) = run(&source, &[to], point(x, 500), &LocalGenerator::default());
            let generated = outcome.calls[0].result.as_ref().unwrap();
            let frame = pixels(&generated.images[0]);
            let [_, top, right, _] = point(x, 500).edges_px(frame.size(), generated.reframing);
            let red = frame.pixels()[((top * frame.size().width() + right.max(1) - 1) * 3) as usize];
            assert!(u32::from(red).abs_diff(u32::from(x) / 4) <= 3, "{from} to {to} at {x}: {red}");
        }
    }
}

#[test]
fn a_generated_picture_is_cut_around_the_focus() {
    let source = source("400x300");
    let model = from_fn(|request: &GenerationRequest| {
        let frame = request.preset().size;
        Ok(Generated::new("model", [png(&ramp(&frame.to_string()))]))
    });
    let at = |focus: Focus| {
        let (plan, outcome) = run(&source, &["100x1200"], focus, &model);
        let record = &outcome.renditions[0].variants[0].as_ref().unwrap().provenance;
        assert_eq!((record.crop, record.focus), (plan.renditions()[0].crop(), focus));
        mean(bytes(&outcome, 0))
    };
    let [left, right] = [0, 1000].map(|x| at(point(x, 0)));
    let region = at(Area::new(700, 0, 800, 1000).unwrap().into());
    // 100x1200 shows about a seventh of the picture's width, more than the region has.
    assert!(left < 30 && right > 220 && (170..200).contains(&region), "{left} {region} {right}");
}

#[test]
fn a_picture_of_another_size_is_cut_around_the_focus() {
    let source = source("400x300");
    let model = from_fn(|_: &GenerationRequest| Ok(Generated::new("model", [png(&ramp("2000x1300"))])));
    let (_, outcome) = run(&source, &["100x1200"], point(1000, 0), &model);
    let record = &outcome.renditions[0].variants[0].as_ref().unwrap().provenance;
    assert_eq!((record.crop.x() + record.crop.width(), record.frame), (2000, size("2000x1300")));
}

#[cfg(feature = "serde")]
#[test]
fn the_provenance_names_the_source_and_the_options() {
    use smart_resize::{Format, Target};

    use crate::any::{insets, shared};

    let source = source("400x300");
    let story = Target::new(size("108x192")).safe_area(insets([140, 0, 200, 0]));
    let request = Request::builder(source.clone())
        .sizes(["200x150"])
        .targets([story.format(Format::Jpeg)])
        .focus(point(600, 400))
        .sharing(shared(50))
        .crop_source_above(share(1000));
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default()).unwrap();
    let record = |rendition: usize| {
        let output = outcome.renditions[rendition].variants[0].as_ref().unwrap();
        serde_json::to_value(&output.provenance).unwrap()
    };
    let direct = record(0);
    assert_eq!(direct["generation"], serde_json::Value::Null);
    assert_eq!(direct["frame"], "400x300");
    let made = record(1);
    assert_eq!((&made["generation"]["backend"], &made["generation"]["call"]), (&"local".into(), &0.into()));
    assert_eq!(made["focus"], serde_json::json!({ "left": 60.0, "top": 40.0, "right": 60.0, "bottom": 40.0 }));
    let percent = serde_json::json!({ "top": 14.0, "right": 0.0, "bottom": 20.0, "left": 0.0 });
    assert_eq!(made["safe_area"], serde_json::json!({ "percent": percent }));
    assert_eq!((&made["loss_percent"], &made["format"]), (&0.0.into(), &"jpeg".into()));
}
