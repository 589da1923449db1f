//! Where paid answers are kept, so that no call is paid twice.
//!
//! Before a call the driver asks the caller's store for the call's fingerprint; after it, and before anything is
//! rendered, it hands the answer over. A run that broke off and is started again with the same plan, source and store
//! pays only for what is still missing.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::future::{Future, ready};

use super::generated::Generated;
use super::request::GenerationRequest;
use crate::digest::Fingerprint;

/// Keeps answers. Shared by all calls of a run, so inner mutability is yours.
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
    /// The answer that was kept for `fingerprint`. One without any image counts as none, and the backend is asked
    /// again; one with fewer images than asked is used as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be known: the call is then not made, since it may have been paid.
    fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError>;

    /// Keeps the answer to `request` under its [`fingerprint`](GenerationRequest::fingerprint), all of it, and returns
    /// when it is safe. Where there is none, the answer cannot be found again by it; keep it under a name of your own,
    /// or not. An answer that comes back without its [`reframing`](Generated::reframing) is cut as a model's would be.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it could not be kept: it is reported, the answer stays in the outcome, and the run goes on.
    fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError>;
}

/// Keeps answers without blocking; otherwise as [`Store`].
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
pub trait AsyncStore: Send + Sync {
    /// The answer that was kept for `fingerprint`.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn load(&self, fingerprint: &Fingerprint) -> impl Future<Output = Result<Option<Generated>, StoreError>> + Send;

    /// Keeps the answer to `request`, and is done when it is safe.
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

/// Keeps nothing: what a driver has until it is given a store.
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

/// Keeps answers in memory, for tests and for services whose processes live long.
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
    /// How many answers it has.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, alloc::collections::BTreeMap<Fingerprint, Generated>> {
        // A panic elsewhere leaves the map whole: it is only ever read or inserted into.
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

/// Makes a [`Store`] an [`AsyncStore`]. The store blocks the polling thread, so it has to be quick.
///
/// ```
/// use smart_resize::generate::store::{AsyncStore, Blocking, NoStore};
/// use smart_resize::plan::Fingerprint;
///
/// let store = Blocking(NoStore); // or any other `Store`
/// assert_eq!(pollster::block_on(store.load(&Fingerprint::from_bytes([0; 32])))?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain wrapper")]
pub struct Blocking<S>(pub S);

impl<S: Store + Send + Sync> AsyncStore for Blocking<S> {
    fn load(&self, fingerprint: &Fingerprint) -> impl Future<Output = Result<Option<Generated>, StoreError>> + Send {
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

/// A store that failed.
///
/// ```
/// use std::error::Error;
/// use smart_resize::generate::store::StoreError;
///
/// let error = StoreError::new("the disk is full");
/// assert_eq!(error.to_string(), "an answer could not be read or kept");
/// assert_eq!(error.source().unwrap().to_string(), "the disk is full");
/// ```
#[derive(Debug)]
pub struct StoreError {
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// The failure that `source` tells of; a text will do.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer could not be read or kept")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
