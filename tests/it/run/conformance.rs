//! The conformance checks: the built-in backend and stores pass them, and a backend or store that breaks a law fails.

use std::cell::RefCell;

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::store::{BlockingStore, MemoryStore, Store, StoreError};
use smart_resize::generate::testing::{
    BrokenLaw, check_async_generator, check_async_store, check_generator, check_store,
};
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::model::Model;
use smart_resize::plan::Fingerprint;
use smart_resize::{Generator, Source, generate};

use crate::pictures::{photo, png, size};

fn source() -> Source {
    Source::from_bytes(png(&photo(size("300x200"))))
}

#[test]
fn the_built_in_backend_and_stores_pass() {
    let local = LocalGenerator::default();
    assert_eq!(check_generator(&local, &source(), &Model::default()), Ok(()));
    assert_eq!(pollster::block_on(check_async_generator(&local, &source(), &Model::default())), Ok(()));
    assert_eq!(check_store(&MemoryStore::default()), Ok(()));
    assert_eq!(pollster::block_on(check_async_store(&BlockingStore(MemoryStore::default()))), Ok(()));
}

/// Checks the built-in backend with its answers changed by `change`, and returns the law that is broken.
fn broken_by(change: impl Fn(&GenerationRequest, Generated) -> Result<Generated, GenerateError>) -> String {
    let backend = generate::from_fn(|request: &GenerationRequest| {
        change(request, Generator::generate(&LocalGenerator::default(), request)?)
    });
    let broken: BrokenLaw = check_generator(&backend, &source(), &Model::default()).unwrap_err();
    broken.to_string()
}

#[test]
fn a_backend_that_breaks_a_law_fails_with_its_name() {
    let refused = broken_by(|_, _| Err(GenerateError::new(GenerateErrorKind::Refused, "no").caused_by("why")));
    assert_eq!(refused, "a call has an answer: refused by a safety filter: no: why");
    let nameless = broken_by(|_, made| Ok(Generated::new(" ", made.images)));
    assert_eq!(nameless, "the backend has a name: an empty name");
    let empty = broken_by(|_, _| Ok(Generated::new("mine", [[0; 0]; 0])));
    assert_eq!(empty, "there is an image: no image");
    let many = broken_by(|_, made| Ok(Generated::new("mine", [made.images.clone(), made.images].concat())));
    assert_eq!(many, "there are no more images than requested: 4 images, 2 requested");
    let billed = broken_by(|request, made| Ok(made.billed_images(request.variants() + 1)));
    assert_eq!(billed, "no more images are billed than requested: 3 billed, 2 requested");
    let unreadable = broken_by(|_, _| Ok(Generated::new("mine", [b"no picture".to_vec()])));
    assert!(unreadable.starts_with("every image can be read: "), "{unreadable}");
    // The size that a model makes if it does not receive the aspect ratio.
    let square = broken_by(|_, _| Ok(Generated::new("mine", [png(&photo(size("1408x768")))])));
    assert_eq!(square, "every image has the shape requested, within 3 %: 1408x768, requested was 1584x672");
    let half = broken_by(|_, _| Ok(Generated::new("mine", [png(&photo(size("792x336")))])));
    assert_eq!(half, "every image has the size requested, or more, within 3 %: 792x336, requested was 1584x672");
}

/// A store with a fault.
struct Faulty {
    inner: MemoryStore,
    last: RefCell<Option<Generated>>,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    AlwaysFinds,
    DropsTheDescription,
    DropsTheReframing,
    DropsThePlausibility,
    BillsEachImage,
    CutsImages,
    KeepsTheLast,
    SavesOnce,
    NeedsAFingerprint,
    CannotLoad,
}

impl Store for Faulty {
    fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError> {
        let found = self.inner.load(fingerprint)?;
        let copy = |made: &Generated| {
            Generated::new(made.backend.as_str(), made.images.clone()).billed_images(made.billed_images)
        };
        Ok(match self.fault {
            Fault::AlwaysFinds => Some(found.unwrap_or_else(|| Generated::new("stale", [[1]]))),
            Fault::DropsTheDescription => found.map(|made| match made.reframing {
                Some(reframing) => copy(&made).reframing(reframing),
                None => copy(&made),
            }),
            Fault::DropsTheReframing => found.map(|made| match made.description.clone() {
                Some(description) => copy(&made).description(description),
                None => copy(&made),
            }),
            Fault::DropsThePlausibility => found.map(|mut made| {
                made.plausibility = None;
                made
            }),
            Fault::BillsEachImage => found.map(|mut made| {
                made.billed_images = made.images.len() as u32;
                made
            }),
            // One byte less than the mebibyte of the largest image.
            Fault::CutsImages => found.map(|mut made| {
                made.images = made.images.iter().map(|image| image[..image.len().min((1 << 20) - 1)].into()).collect();
                made
            }),
            Fault::KeepsTheLast => found.and_then(|_| self.last.borrow().clone()),
            Fault::CannotLoad => return Err(StoreError::new("disk gone")),
            _ => found,
        })
    }

    fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError> {
        let is_known = request.fingerprint().is_some_and(|name| self.inner.load(&name).unwrap().is_some());
        if self.fault == Fault::SavesOnce && is_known {
            return Err(StoreError::new("exists"));
        }
        if self.fault == Fault::NeedsAFingerprint && request.fingerprint().is_none() {
            return Err(StoreError::new("no name"));
        }
        self.last.replace(Some(generated.clone()));
        self.inner.save(request, generated)
    }
}

#[test]
fn a_store_that_breaks_a_law_fails_with_its_name() {
    let law = |fault| {
        let store = Faulty { inner: MemoryStore::default(), last: RefCell::default(), fault };
        check_store(&store).unwrap_err().law
    };
    assert_eq!(law(Fault::AlwaysFinds), "an answer that was not saved is not found");
    assert_eq!(law(Fault::CannotLoad), "every answer can be looked up");
    for fault in [
        Fault::DropsTheDescription,
        Fault::DropsTheReframing,
        Fault::DropsThePlausibility,
        Fault::BillsEachImage,
        Fault::CutsImages,
        Fault::KeepsTheLast,
    ] {
        assert_eq!(law(fault), "a saved answer is loaded as it was saved");
    }
    for fault in [Fault::SavesOnce, Fault::NeedsAFingerprint] {
        assert_eq!(law(fault), "every answer can be saved");
    }
}
