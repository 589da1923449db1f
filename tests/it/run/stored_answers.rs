//! Nothing paid is lost: an answer is stored before it is rendered, and a repeated run pays only for what is missing.

use std::error::Error as _;
use std::future::ready;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use smart_resize::generate::store::{BlockingStore, MemoryStore, Store, StoreError};
use smart_resize::generate::{GenerateErrorKind, Generated, GenerationRequest, from_async_fn, from_fn};
use smart_resize::model::UsdMicros;
use smart_resize::plan::{CallId, Fingerprint};
use smart_resize::run::{Driver, Event};
use smart_resize::{Plan, Request, Source};

use crate::support::shades::{TWO, answer, failure, plan, shades, source};

#[test]
fn a_resumed_run_pays_only_for_missing_calls() {
    let plan = plan(&["30x20", "20x30", "9x9"], 1);
    let (source, store, asked) = (source(), MemoryStore::default(), AtomicUsize::new(0));
    let backend = |fails: bool| {
        let asked = &asked;
        from_fn(move |request: &GenerationRequest| {
            asked.fetch_add(1, Ordering::Relaxed);
            if fails && request.call() == CallId(1) {
                return Err(failure(GenerateErrorKind::Transport));
            }
            Ok(answer(request))
        })
    };
    let first = Driver::new(&plan, &source).store(&store).run(&backend(true)).unwrap();
    assert_eq!((store.len(), asked.swap(0, Ordering::Relaxed)), (2, 3));
    assert!(!first.is_complete());
    // The plan is written and read back, as between two processes.
    #[cfg(feature = "serde")]
    let plan: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    let second = Driver::new(&plan, &source).store(&store).run(&backend(false)).unwrap();
    assert!(second.is_complete());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(second.calls.iter().map(|call| call.reused).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(second.cost(&plan), UsdMicros(50_000 + 150_000));
    let third = Driver::new(&plan, &source).store(&store).run(&backend(false)).unwrap();
    assert_eq!((third.cost(&plan), asked.load(Ordering::Relaxed)), (UsdMicros(0), 1));
    let store = BlockingStore(&store);
    let backend = from_async_fn(|_: GenerationRequest| ready(Err(failure(GenerateErrorKind::Transport))));
    let fourth = pollster::block_on(Driver::new(&plan, &source).store(store).run_async(&backend, TWO)).unwrap();
    assert_eq!(shades(&fourth), shades(&third));
}

#[test]
fn equal_calls_have_separate_answers() {
    // One target twice, with eight variants and no seed: all four calls request the same.
    let plan = plan(&["30x20", "30x20"], 8);
    let (source, store) = (source(), MemoryStore::default());
    let backend = from_fn(|request: &GenerationRequest| Ok(answer(request)));
    let first = Driver::new(&plan, &source).store(&store).run(&backend).unwrap();
    assert_eq!(store.len(), 4);
    let failing = from_fn(|_: &GenerationRequest| Err(failure(GenerateErrorKind::Transport)));
    let second = Driver::new(&plan, &source).store(&store).run(&failing).unwrap();
    let expected = |first: u8| (first..first + 4).chain(first + 10..first + 14).map(Some).collect::<Vec<_>>();
    assert_eq!(shades(&second), [expected(0), expected(20)]);
    assert_eq!(shades(&second), shades(&first));
}

#[test]
fn an_answer_without_images_is_requested_again() {
    let plan = plan(&["30x20"], 2);
    let (source, store) = (source(), MemoryStore::default());
    let answers = |count: usize| {
        from_fn(move |request: &GenerationRequest| {
            Ok(Generated::new("test", answer(request).images.iter().take(count).cloned()))
        })
    };
    let pictures = |count: usize| {
        let outcome = Driver::new(&plan, &source).store(&store).run(&answers(count)).unwrap();
        shades(&outcome)[0].iter().flatten().count()
    };
    assert_eq!(pictures(0), 0);
    // An answer with one of two images is stored, because it was paid for.
    assert_eq!(pictures(1), 1);
    assert_eq!(pictures(2), 1);
}

/// A store that can fail, and logs its calls.
#[derive(Default)]
struct Faulty {
    load_fails: bool,
    save_fails: bool,
    log: Mutex<Vec<String>>,
}

impl Store for Faulty {
    fn load(&self, _: &Fingerprint) -> Result<Option<Generated>, StoreError> {
        self.log.lock().unwrap().push("load".into());
        if self.load_fails { Err(StoreError::new("disk gone")) } else { Ok(None) }
    }

    fn save(&self, request: &GenerationRequest, _: &Generated) -> Result<(), StoreError> {
        self.log.lock().unwrap().push(format!("save {}", request.call()));
        if self.save_fails { Err(StoreError::new("disk full")) } else { Ok(()) }
    }
}

#[test]
fn a_store_that_cannot_be_read_prevents_the_call() {
    let plan = plan(&["30x20"], 1);
    let (source, asked) = (source(), AtomicUsize::new(0));
    let backend = from_fn(|request: &GenerationRequest| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(answer(request))
    });
    let store = Faulty { load_fails: true, ..Faulty::default() };
    let outcome = Driver::new(&plan, &source).store(&store).run(&backend).unwrap();
    let error = outcome.calls[0].result.as_ref().unwrap_err();
    assert_eq!((error.kind, asked.load(Ordering::Relaxed)), (GenerateErrorKind::Store, 0));
    assert_eq!(error.to_string(), "the store failed: the call was not made");
    assert_eq!(error.source().unwrap().source().unwrap().to_string(), "disk gone");
}

#[test]
fn an_answer_that_cannot_be_stored_is_reported_and_rendered() {
    let plan = plan(&["30x20"], 1);
    let source = source();
    let store = Faulty { save_fails: true, ..Faulty::default() };
    let backend = from_fn(|request: &GenerationRequest| Ok(answer(request)));
    let outcome = Driver::new(&plan, &source).store(&store).run(&backend).unwrap();
    assert!(outcome.is_complete());
    assert_eq!(outcome.calls[0].store_error.as_ref().unwrap().source().unwrap().to_string(), "disk full");
}

#[test]
fn an_answer_is_stored_before_it_is_rendered() {
    let plan = plan(&["30x20", "20x30"], 1);
    let source = source();
    let store = Faulty::default();
    let note = |text: String| store.log.lock().unwrap().push(text);
    let on_event = |event: &Event<'_>| match event {
        Event::CallStarted { call } => note(format!("start {call}")),
        Event::CallAnswered { call, reused: false, .. } => note(format!("answer {call}")),
        Event::Rendered { rendition, variant, result: Ok(_) } => note(format!("picture {rendition}.{variant}")),
        other => panic!("{other:?}"),
    };
    let backend = from_fn(|request: &GenerationRequest| Ok(answer(request)));
    Driver::new(&plan, &source).store(&store).on_event(&on_event).run(&backend).unwrap();
    let one = |call| {
        ["start", "load", "save", "answer", "picture"].map(|what| match what {
            "load" => "load".to_owned(),
            "picture" => format!("picture {call}.0"),
            what => format!("{what} {call}"),
        })
    };
    assert_eq!(*store.log.lock().unwrap(), [one(0), one(1)].concat());
}

#[test]
fn without_a_digest_no_answer_is_loaded_but_each_is_saved() {
    let source = Source::from_url("https://example.com/a.jpg");
    let request = Request::builder(source.clone()).sizes(["30x20"]).build().unwrap();
    let plan = Plan::new(&request).unwrap();
    let store = Faulty::default();
    let backend = from_fn(|request: &GenerationRequest| {
        assert_eq!(request.source().url.as_deref(), Some("https://example.com/a.jpg"));
        Ok(answer(request))
    });
    assert!(Driver::new(&plan, &source).store(&store).run(&backend).unwrap().is_complete());
    assert_eq!(*store.log.lock().unwrap(), ["save 0"]);
}
