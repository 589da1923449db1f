//! Running plans: the calls to the backend, their order, and the outcome when some of them fail.

use std::future::{pending, ready};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::store::{BlockingStore, MemoryStore};
use smart_resize::generate::{
    BoxFuture, BoxedAsyncGenerator, GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_async_fn,
    from_fn,
};
use smart_resize::model::{Model, UsdMicros};
use smart_resize::pixels::Codec;
use smart_resize::pixels::decode::DecodeError;
use smart_resize::pixels::render::RenderOptions;
use smart_resize::plan::CallId;
use smart_resize::run::{Driver, RenderDone, RenderJob, RenditionError, RunError};
use smart_resize::{AsyncGenerator, Format, Generator, Plan, Request, Source};

use crate::any::shared;
use crate::pictures::{photo, png, size};
use crate::support::shades::{TWO, answer, failure, plain, plan, shades, source};

#[test]
fn sync_threaded_and_async_runs_have_the_same_outcome() {
    let plan = plan(&["30x20", "20x30", "9x9"], 5);
    let (source, backend) = (source(), from_fn(|request: &GenerationRequest| Ok(answer(request))));
    let driver = Driver::new(&plan, &source);
    let expected = driver.run(&backend).unwrap();
    // Calls of four and one: the fifth variant is the first image of the next call.
    let variants = |first: u8| [first, first + 1, first + 2, first + 3, first + 10].map(Some).to_vec();
    assert_eq!(shades(&expected), [variants(0), variants(20), variants(40)]);
    assert!(expected.is_complete());
    assert_eq!(expected.renditions[1].target, size("20x30"));
    let threaded = driver.run_on_threads(&backend, TWO).unwrap();
    let backend = from_async_fn(|request: GenerationRequest| async move { Ok(answer(&request)) });
    let asynchronous = pollster::block_on(driver.run_async(&backend, TWO)).unwrap();
    for outcome in [threaded, asynchronous] {
        for (found, expected) in outcome.renditions.iter().zip(&expected.renditions) {
            assert_eq!(found.variants, expected.variants);
        }
        assert!(
            outcome.calls.iter().zip(&expected.calls).all(|(a, b)| a.result.as_ref().ok() == b.result.as_ref().ok())
        );
    }
}

#[test]
fn pictures_have_exactly_the_requested_size_and_format() {
    let plan = Plan::new(&Request::builder(source()).sizes(["300x250", "33x77"]).format(Format::Jpeg).build().unwrap())
        .unwrap();
    let source = source();
    let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default()).unwrap();
    for rendition in &outcome.renditions {
        let output = rendition.variants[0].as_ref().unwrap();
        let found =
            smart_resize::pixels::decode::probe(&output.bytes, &smart_resize::pixels::decode::DecodeLimits::default())
                .unwrap();
        assert_eq!((found.format, found.size), (Format::Jpeg.into(), rendition.target));
    }
}

#[test]
fn a_failed_call_affects_only_its_own_pictures() {
    let plan = plan(&["30x20", "20x30", "9x9"], 1);
    let source = source();
    let backend = from_fn(|request: &GenerationRequest| match request.call() {
        CallId(1) => Err(failure(GenerateErrorKind::Refused).billed_images(1)),
        _ => Ok(answer(request)),
    });
    let outcome = Driver::new(&plan, &source).run(&backend).unwrap();
    assert_eq!(shades(&outcome), [vec![Some(0)], vec![None], vec![Some(20)]]);
    let reason = "refused by a safety filter: on purpose".to_owned();
    assert_eq!(outcome.renditions[1].variants, [Err(RenditionError::Generation { call: CallId(1), reason })]);
    assert_eq!(outcome.calls[1].result.as_ref().unwrap_err().kind, GenerateErrorKind::Refused);
    assert!(!outcome.is_complete());
    // Two images, and one that was billed in spite of the refusal.
    assert_eq!(outcome.cost(&plan), UsdMicros(50_000 + 3 * 150_000));
}

#[test]
fn missing_images_are_reported_and_surplus_images_are_ignored() {
    let plan = plan(&["30x20", "20x30"], 3);
    let source = source();
    let backend = from_fn(|request: &GenerationRequest| {
        let count = if request.call() == CallId(0) { 1 } else { 5 };
        Ok(Generated::new("test", (0..count).map(|image| plain(request, image))))
    });
    let outcome = Driver::new(&plan, &source).run(&backend).unwrap();
    assert_eq!(shades(&outcome), [vec![Some(0), None, None], vec![Some(0), Some(1), Some(2)]]);
    assert_eq!(outcome.renditions[0].variants[2], Err(RenditionError::MissingImage(CallId(0))));
    assert_eq!((outcome.calls[0].ignored_images, outcome.calls[1].ignored_images), (0, 2));
    // The answer still has all of them.
    assert_eq!(outcome.calls[1].result.as_ref().unwrap().images.len(), 5);
}

#[test]
fn an_image_that_cannot_be_rendered_is_still_in_the_outcome() {
    let plan = plan(&["30x20", "20x30"], 1);
    let source = source();
    let backend = from_fn(|request: &GenerationRequest| match request.call() {
        CallId(0) => Ok(Generated::new("test", [b"paid for, and no picture".to_vec()])),
        _ => Ok(Generated::new("test", [png(&photo(size("19x19")))])),
    });
    let outcome = Driver::new(&plan, &source).run(&backend).unwrap();
    let message = |rendition: usize| outcome.renditions[rendition].variants[0].as_ref().unwrap_err().to_string();
    assert!(message(0).starts_with("the file is text; expected a PNG,"));
    assert_eq!(message(1), "a picture of 19x19 does not cover 20x30");
    assert_eq!(&*outcome.calls[0].result.as_ref().unwrap().images[0], b"paid for, and no picture");
}

#[test]
fn several_renditions_can_share_a_generation() {
    let request = Request::builder(source()).sizes(["30x20", "60x40"]).variants(2);
    let plan = Plan::new(&request.sharing(shared(0)).build().unwrap()).unwrap();
    assert_eq!((plan.generations().len(), plan.cost().to_string()), (1, "$0.35".into()));
    let (source, asked) = (source(), AtomicUsize::new(0));
    let backend = from_fn(|request: &GenerationRequest| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(answer(request))
    });
    let outcome = Driver::new(&plan, &source).run(&backend).unwrap();
    assert_eq!((shades(&outcome), asked.load(Ordering::Relaxed)), (vec![vec![Some(0), Some(1)]; 2], 1));
    let failing = from_fn(|_: &GenerationRequest| Err(failure(GenerateErrorKind::Refused)));
    let outcome = Driver::new(&plan, &source).run_on_threads(&failing, TWO).unwrap();
    let reason = "refused by a safety filter: on purpose";
    let failed = || Err(RenditionError::Generation { call: CallId(0), reason: reason.to_owned() });
    assert!(outcome.renditions.iter().all(|rendition| rendition.variants == [failed(), failed()]));
}

#[test]
fn invalid_options_and_sources_are_refused_before_any_call() {
    let uncalled = from_fn(|_: &GenerationRequest| panic!("a call was made"));
    let plan_of =
        |format| Plan::new(&Request::builder(source()).sizes(["30x20"]).format(format).build().unwrap()).unwrap();
    let (plan, source) = (plan_of(Format::Jpeg), source());
    let mut options = RenderOptions::default();
    options.encode.jpeg.quality = Some(101);
    let error = Driver::new(&plan, &source).options(options.clone()).run(&uncalled).unwrap_err();
    assert_eq!(error.to_string(), "quality is 101; expected 1 to 100");
    let other = Source::from_bytes(*b"another");
    let error = Driver::new(&plan, &other).run(&uncalled).unwrap_err();
    assert!(matches!(error, RunError::Source(_)));
    let without_digest = Source::from_url("https://example.com/a.jpg");
    let error = Driver::new(&plan, &without_digest).run_on_threads(&uncalled, TWO).unwrap_err();
    let digest = source.digest().unwrap();
    let message = format!("the digest of the source is unknown; expected {digest} as in the plan");
    assert_eq!(error.to_string(), message);
    let mut tight = RenderOptions::default();
    tight.decode.limits.pixels = 1264 * 848 - 1;
    let error = Driver::new(&plan, &source).options(tight.clone()).run(&uncalled).unwrap_err();
    let message = "the preset is 1264x848; expected at most 1071871 pixels and 1073741824 bytes at 4 bytes per pixel";
    assert_eq!(error.to_string(), message);
    tight.decode.limits.pixels += 1;
    let backend = from_fn(|request: &GenerationRequest| Ok(answer(request)));
    assert!(Driver::new(&plan, &source).options(tight).run(&backend).unwrap().is_complete());
    // An invalid quality that no rendition uses is no error.
    let (plan, backend) = (plan_of(Format::Png), from_fn(|request: &GenerationRequest| Ok(answer(request))));
    assert!(Driver::new(&plan, &source).options(options).run(&backend).is_ok());
}

#[test]
fn dropping_an_async_run_loses_only_what_is_in_flight() {
    let plan = plan(&["30x20", "20x30", "9x9"], 1);
    let (source, store) = (source(), MemoryStore::default());
    let backend = from_async_fn(|request: GenerationRequest| async move {
        if request.call() == CallId(1) { pending().await } else { Ok(answer(&request)) }
    });
    {
        let driver = Driver::new(&plan, &source).store(BlockingStore(&store));
        let mut run = pin!(driver.run_async(&backend, NonZeroUsize::new(3).unwrap()));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..8 {
            assert!(matches!(run.as_mut().poll(&mut context), Poll::Pending));
        }
    }
    assert_eq!(store.len(), 2);
}

#[test]
fn concurrent_calls_are_limited() {
    let plan = plan(&["30x20", "20x30", "9x9", "8x9", "7x9"], 1);
    let source = source();
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (now, most) = (&now, &most);
    let backend = from_async_fn(|request: GenerationRequest| async move {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Yields once, so that the other calls can start.
        let mut waited = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        now.fetch_sub(1, Ordering::SeqCst);
        Ok(answer(&request))
    });
    let run = Driver::new(&plan, &source);
    assert!(pollster::block_on(run.run_async(&backend, TWO)).unwrap().is_complete());
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn rendering_can_be_offloaded_and_its_loss_is_reported() {
    let plan = plan(&["30x20", "20x30"], 2);
    let source = source();
    let backend = from_async_fn(|request: GenerationRequest| async move { Ok(answer(&request)) });
    let elsewhere = |job: RenderJob| -> BoxFuture<'static, Option<RenderDone>> {
        Box::pin(async { std::thread::spawn(|| job.run()).join().ok() })
    };
    let outcome = pollster::block_on(Driver::new(&plan, &source).offload(&elsewhere).run_async(&backend, TWO));
    assert!(outcome.unwrap().is_complete());
    let nowhere = |_: RenderJob| -> BoxFuture<'static, Option<RenderDone>> { Box::pin(ready(None)) };
    let outcome = pollster::block_on(Driver::new(&plan, &source).offload(&nowhere).run_async(&backend, TWO)).unwrap();
    assert_eq!(outcome.renditions[1].variants, [Err(RenditionError::Abandoned), Err(RenditionError::Abandoned)]);
    assert_eq!(outcome.calls[0].result.as_ref().unwrap().images.len(), 2);
}

/// Compiles only if the future of a run is `Send`.
fn sendable<T: Send>(future: T) -> T {
    future
}

#[test]
fn backends_can_be_shared_and_boxed() {
    struct Backend;
    impl Generator for Backend {
        fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
            Ok(answer(request))
        }
    }
    impl AsyncGenerator for Backend {
        async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
            Ok(answer(request))
        }
    }
    let plan = plan(&["30x20"], 1);
    let source = source();
    let driver = Driver::new(&plan, &source);
    let boxed: Box<dyn Generator + Send + Sync> = Box::new(Backend);
    assert!(driver.run(&boxed).unwrap().is_complete());
    assert!(driver.run(&*boxed).unwrap().is_complete());
    let shared: Arc<dyn Generator + Send + Sync> = Arc::from(boxed);
    assert!(driver.run_on_threads(&shared, TWO).unwrap().is_complete());
    let shared: Arc<dyn BoxedAsyncGenerator> = Arc::new(Backend);
    let run = async { driver.run_async(&shared, TWO).await };
    assert!(pollster::block_on(sendable(run)).unwrap().is_complete());
}

#[test]
fn a_call_requests_exactly_what_the_plan_states() {
    let table = Model::nano_banana_2().variants_per_call(std::num::NonZeroU16::MIN);
    let request = Request::builder(source())
        .sizes(["1920x1080"])
        .model(table)
        .variants(2)
        .seed(u64::from(u32::MAX) / 2)
        .safety_tolerance(2)
        .transfer_format(Format::WebP)
        .instruction("at night");
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    let requests = plan.requests(&source()).unwrap();
    assert_eq!(requests.len(), 2);
    for (request, call) in requests.iter().zip(plan.generations()[0].calls()) {
        assert_eq!(&**request.model(), "nano-banana-2");
        assert_eq!(request.preset().to_string(), "16:9 2K");
        assert!(request.prompt().contains("\nat night\n"));
        assert_eq!((request.variants(), request.options().safety_tolerance), (1, 2));
        assert_eq!(request.options().transfer_format, Format::WebP);
        assert_eq!(
            (request.call(), request.seed(), request.fingerprint()),
            (call.id(), call.seed(), call.fingerprint())
        );
    }
    assert_eq!([requests[0].seed(), requests[1].seed()], [Some(2_147_483_647), Some(0)]);
}

#[cfg(feature = "serde")]
#[test]
fn every_picture_has_a_provenance_record() {
    let plan = plan(&["30x20"], 1);
    let source = source();
    let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default()).unwrap();
    let output = outcome.renditions[0].variants[0].as_ref().unwrap();
    let record = serde_json::to_value(&output.provenance).unwrap();
    let text = |key: &str| record.get(key).or(record["generation"].get(key)).unwrap().to_string();
    assert_eq!(text("source_digest"), format!("\"{}\"", source.digest().unwrap()));
    assert_eq!(text("model"), "\"nano-banana-pro\"");
    assert_eq!((text("aspect_ratio"), text("resolution")), ("\"3:2\"".into(), "\"1K\"".into()));
    assert_eq!(
        (text("backend"), text("call"), text("image"), text("seed")),
        ("\"local\"".into(), "0".into(), "0".into(), "null".into())
    );
    assert_eq!(text("fingerprint"), format!("\"{}\"", plan.calls().next().unwrap().1.fingerprint().unwrap()));
    assert_eq!((text("frame"), text("target")), ("\"1264x848\"".into(), "\"30x20\"".into()));
    assert_eq!(text("crop"), r#"{"height":843,"width":1264,"x":0,"y":2}"#);
    assert_eq!((text("kept_percent"), text("warnings")), ("99.4".into(), "[]".into()));
    assert_eq!(text("encoder"), r#"{"effort":"balanced","format":"png"}"#);
    assert_eq!(text("prompt"), serde_json::to_string(&**plan.generations()[0].prompt()).unwrap());
    assert!(text("description").contains("made locally"));
    let plausibility = output.provenance.generation.as_ref().unwrap().plausibility.unwrap();
    assert_eq!(text("plausibility_percent"), serde_json::to_string(&plausibility).unwrap());
    let _: smart_resize::Size = serde_json::from_str(&text("preset")).unwrap();
}

#[test]
fn a_record_has_the_index_of_its_image_in_the_answer_of_its_call() {
    let (plan, source) = (plan(&["30x20"], 5), source());
    let outcome = Driver::new(&plan, &source).run(&from_fn(|request: &GenerationRequest| Ok(answer(request)))).unwrap();
    let records = outcome.renditions[0].variants.iter().map(|variant| {
        let record = variant.as_ref().unwrap().provenance.generation.clone().unwrap();
        (record.call, record.image)
    });
    // The first call makes at most four images.
    let expected = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)].map(|(call, image)| (CallId(call), image));
    assert_eq!(records.collect::<Vec<_>>(), expected);
}

#[test]
fn a_codec_that_cannot_read_every_answer_is_refused_before_any_call() {
    let (plan, source) = (plan(&["30x20"], 1), source());
    let asked = AtomicUsize::new(0);
    let backend = from_fn(|request: &GenerationRequest| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(answer(request))
    });
    let fast = RenderOptions::default().codec(Codec::Fast);
    let run = Driver::new(&plan, &source).options(fast).run(&backend);
    if cfg!(feature = "turbojpeg") && cfg!(feature = "libwebp") {
        assert!(run.unwrap().is_complete());
    } else {
        assert!(matches!(run, Err(RunError::Codec(DecodeError::NoFastCodec { .. }))), "{run:?}");
        assert_eq!(asked.into_inner(), 0);
    }
}
