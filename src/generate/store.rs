//! Stores for paid answers, so that no call is paid for twice.
//!
//! Before a call the driver looks the fingerprint of the call up in the caller's store. After the call, and before
//! rendering, it saves the answer there. An interrupted run that is started again with the same plan, source and store
//! pays only for the answers that are missing, and for the price per request if it makes a call.
//!
//! The fingerprint covers what was requested, not the backend. Use one store for each backend: a preview of
//! the `LocalGenerator` in the store of a paid backend would be returned in place of a paid answer.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::future::{Future, ready};

use super::generated::Generated;
use super::request::GenerationRequest;
use crate::digest::Fingerprint;

/// A store for answers of backends.
///
/// All calls of a run share the store, so its methods take `&self`. An implementation needs interior mutability.
///
/// ```
/// # use smart_resize::generate::store::{Store, StoreError};
/// # use smart_resize::plan::Fingerprint;
/// # use std::collections::BTreeMap;
/// # use std::sync::Mutex;
/// # use smart_resize::generate::{Generated, GenerationRequest};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
/// struct Map(Mutex<BTreeMap<Fingerprint, Generated>>);
///
/// impl Store for Map {
///     fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError> {
///         Ok(self.0.lock().unwrap().get(fingerprint).cloned())
///     }
///
///     fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError> {
///         self.0.lock().unwrap().extend(request.fingerprint().map(|key| (key, generated.clone())));
///         Ok(())
///     }
/// }
/// # let (store, generated) = (Map(Mutex::default()), Generated::new("fixed", [b"an image".to_vec()]));
/// # let fingerprint = request.fingerprint().unwrap();
/// # assert_eq!(store.load(&fingerprint)?, None);
/// # store.save(&request, &generated)?;
/// # assert_eq!(store.load(&fingerprint)?, Some(generated));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Store {
    /// Returns the answer that was saved under `fingerprint`. `None` if there is none.
    ///
    /// The driver ignores an answer without images and calls the backend again. It uses an answer with fewer images
    /// than requested.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot tell whether it has an answer. The call is then not made, since it may have
    /// been paid for.
    fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError>;

    /// Saves the answer to `request` under its [`fingerprint`](GenerationRequest::fingerprint), and returns when it is
    /// durable.
    ///
    /// All fields of the answer must be saved. An answer that is loaded without its [`reframing`](Generated::reframing)
    /// is rendered like one of a model, and one without its [`plausibility`](Generated::plausibility) is recorded
    /// without. A request may have no fingerprint. The driver then cannot find its answer again, and the store may
    /// discard it, or save it under another name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the answer could not be saved. The driver reports the error, keeps the answer in the outcome,
    /// and continues the run.
    fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError>;
}

/// A [`Store`] whose methods do not block.
///
/// ```
/// # use smart_resize::generate::store::{AsyncStore, StoreError};
/// # use smart_resize::plan::Fingerprint;
/// # use std::collections::BTreeMap;
/// # use std::sync::Mutex;
/// # use smart_resize::generate::{Generated, GenerationRequest};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
/// struct Map(Mutex<BTreeMap<Fingerprint, Generated>>);
///
/// impl AsyncStore for Map {
///     async fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError> {
///         Ok(self.0.lock().unwrap().get(fingerprint).cloned())
///     }
///
///     async fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError> {
///         self.0.lock().unwrap().extend(request.fingerprint().map(|key| (key, generated.clone())));
///         Ok(())
///     }
/// }
/// # let (store, generated) = (Map(Mutex::default()), Generated::new("fixed", [b"an image".to_vec()]));
/// # let fingerprint = request.fingerprint().unwrap();
/// # assert_eq!(pollster::block_on(store.load(&fingerprint))?, None);
/// # pollster::block_on(store.save(&request, &generated))?;
/// # assert_eq!(pollster::block_on(store.load(&fingerprint))?, Some(generated));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(note = "`BlockingStore(store)` makes an `AsyncStore` of a `Store`")]
pub trait AsyncStore: Send + Sync {
    /// Returns the answer that was saved under `fingerprint`, with the contract of [`Store::load`].
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn load(&self, fingerprint: &Fingerprint) -> impl Future<Output = Result<Option<Generated>, StoreError>> + Send;

    /// Saves the answer to `request`, with the contract of [`Store::save`]. The future completes when it is durable.
    ///
    /// # Errors
    ///
    /// As [`Store::save`].
    fn save(
        &self,
        request: &GenerationRequest,
        generated: &Generated,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A store that saves nothing. A driver uses it until another store is set.
///
/// ```
/// use smart_resize::generate::Generated;
/// use smart_resize::generate::store::{NoStore, Store};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// NoStore.save(&request, &Generated::new("fixed", [b"an image".to_vec()]))?;
/// assert_eq!(NoStore.load(&request.fingerprint().unwrap())?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to add")]
pub struct NoStore;

impl Store for NoStore {
    fn load(&self, _: &Fingerprint) -> Result<Option<Generated>, StoreError> {
        Ok(None)
    }

    fn save(&self, _: &GenerationRequest, _: &Generated) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store in memory, for tests and for long-running services.
///
/// ```
/// use smart_resize::generate::Generated;
/// use smart_resize::generate::store::{MemoryStore, Store};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let (store, generated) = (MemoryStore::default(), Generated::new("fixed", [b"an image".to_vec()]));
/// store.save(&request, &generated)?;
/// assert_eq!(store.len(), 1);
/// assert_eq!(store.load(&request.fingerprint().unwrap())?, Some(generated));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "std")]
#[derive(Debug, Default)]
pub struct MemoryStore {
    answers: std::sync::Mutex<alloc::collections::BTreeMap<Fingerprint, Generated>>,
}

#[cfg(feature = "std")]
impl MemoryStore {
    /// Returns the number of answers.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether the store has no answers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, alloc::collections::BTreeMap<Fingerprint, Generated>> {
        // The map is only read and inserted into, so a panic does not leave it inconsistent.
        self.answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(feature = "std")]
impl Store for MemoryStore {
    fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError> {
        Ok(self.lock().get(fingerprint).cloned())
    }

    fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError> {
        if let Some(fingerprint) = request.fingerprint() {
            self.lock().insert(fingerprint, generated.clone());
        }
        Ok(())
    }
}

/// An [`AsyncStore`] that calls a [`Store`]. The store blocks the thread that polls, so it has to be fast.
///
/// ```
/// use smart_resize::generate::store::{AsyncStore, BlockingStore, NoStore};
/// use smart_resize::plan::Fingerprint;
///
/// let store = BlockingStore(NoStore); // or any other `Store`
/// assert_eq!(pollster::block_on(store.load(&Fingerprint::from_bytes([0; 32])))?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain wrapper")]
pub struct BlockingStore<S>(pub S);

impl<S: Store + Send + Sync> AsyncStore for BlockingStore<S> {
    fn load(&self, fingerprint: &Fingerprint) -> impl Future<Output = Result<Option<Generated>, StoreError>> + Send {
        // The store is called here, and the future is ready at once.
        ready(self.0.load(fingerprint))
    }

    fn save(
        &self,
        request: &GenerationRequest,
        generated: &Generated,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        ready(self.0.save(request, generated))
    }
}

impl AsyncStore for NoStore {
    fn load(&self, _: &Fingerprint) -> impl Future<Output = Result<Option<Generated>, StoreError>> + Send {
        ready(Ok(None))
    }

    fn save(&self, _: &GenerationRequest, _: &Generated) -> impl Future<Output = Result<(), StoreError>> + Send {
        ready(Ok(()))
    }
}

// A pointer to a store is a store, so that several drivers can share one.
macro_rules! through_pointer {
    ($($pointer:ty),*) => {$(
        impl<S: Store + ?Sized> Store for $pointer {
            fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError> {
                (**self).load(fingerprint)
            }

            fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError> {
                (**self).save(request, generated)
            }
        }

        impl<S: AsyncStore + ?Sized> AsyncStore for $pointer {
            fn load(
                &self,
                fingerprint: &Fingerprint,
            ) -> impl Future<Output = Result<Option<Generated>, StoreError>> + Send {
                (**self).load(fingerprint)
            }

            fn save(
                &self,
                request: &GenerationRequest,
                generated: &Generated,
            ) -> impl Future<Output = Result<(), StoreError>> + Send {
                (**self).save(request, generated)
            }
        }
    )*};
}

through_pointer!(&S, Box<S>, Arc<S>);

/// The error of a store.
///
/// ```
/// use std::error::Error;
/// use smart_resize::generate::store::StoreError;
///
/// let error = StoreError::new("the disk is full");
/// assert_eq!(error.to_string(), "an answer could not be loaded or saved");
/// assert_eq!(error.source().unwrap().to_string(), "the disk is full");
/// ```
#[derive(Debug)]
pub struct StoreError {
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// Makes an error with the cause `source`, which may be a text.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer could not be loaded or saved")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use crate::plan::content::Plan;
    use crate::request::source::Source;
    use crate::request::valid::Request;

    #[test]
    fn an_answer_to_a_request_without_a_fingerprint_is_discarded() {
        let (store, generated) = (MemoryStore::default(), Generated::new("m", [[1]]));
        for (source, expected) in [(Source::from_url("https://a"), 0), (Source::from_bytes(*b"photo"), 1)] {
            let plan = Plan::new(&Request::builder(source.clone()).sizes(["30x20"]).build().unwrap()).unwrap();
            store.save(&plan.requests(&source).unwrap()[0], &generated).unwrap();
            assert_eq!((store.len(), store.is_empty()), (expected, expected == 0));
        }
    }
}
