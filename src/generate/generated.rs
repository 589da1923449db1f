//! What a backend answers.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::geometry::focus::Reframing;

/// What a backend made.
///
/// ```
/// use smart_resize::generate::Generated;
///
/// let generated = Generated::new("my-backend", [b"an encoded image".to_vec()]).description("a shoe");
/// assert_eq!((generated.images.len(), generated.billed_images), (1, 1));
/// assert_eq!((generated.backend.as_str(), generated.description.as_deref()), ("my-backend", Some("a shoe")));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generated {
    /// The name of the backend.
    pub backend: String,
    /// The encoded images, one a variant.
    pub images: Vec<Arc<[u8]>>,
    /// What the model said beside its images.
    pub description: Option<String>,
    /// For how many images the backend charges.
    pub billed_images: u32,
    /// How the images show the source; `None` if a model made them.
    pub reframing: Option<Reframing>,
}

impl Generated {
    /// The encoded `images` (PNG, JPEG or WebP, whatever they are called) that `backend` made, each of them billed.
    /// Only final images: an interim one is not a variant.
    pub fn new<I>(backend: impl Into<String>, images: I) -> Self
    where
        I: IntoIterator<Item: Into<Arc<[u8]>>>,
    {
        let images: Vec<_> = images.into_iter().map(Into::into).collect();
        let billed_images = u32::try_from(images.len()).unwrap_or(u32::MAX);
        Self { images, description: None, backend: backend.into(), billed_images, reframing: None }
    }

    /// Sets what the model said beside its images.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets for how many images the backend charges.
    #[must_use]
    pub const fn billed_images(mut self, billed_images: u32) -> Self {
        self.billed_images = billed_images;
        self
    }

    /// Says how each image shows the source, for a backend that reframes it. The focus is then read in the source.
    #[must_use]
    pub const fn reframing(mut self, reframing: Reframing) -> Self {
        self.reframing = Some(reframing);
        self
    }
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated")
            .field("images", &self.images.iter().map(|image| image.len()).collect::<Vec<_>>())
            .field("description", &self.description)
            .field("backend", &self.backend)
            .field("billed_images", &self.billed_images)
            .field("reframing", &self.reframing)
            .finish()
    }
}
