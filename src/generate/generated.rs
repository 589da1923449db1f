//! The answer of a backend.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::geometry::focus::Reframing;
use crate::geometry::per_mille::PerMille;

/// The answer of a backend: the generated images, and what they cost.
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
    /// The encoded images, one per variant.
    pub images: Vec<Arc<[u8]>>,
    /// The text that the model returned with the images. `None` if it returned no text.
    pub description: Option<String>,
    /// The number of images that the backend charges for.
    pub billed_images: u32,
    /// Where each image shows the source. `None` if a model made the images.
    pub reframing: Option<Reframing>,
    /// How plausible a reframing of the source is as a picture of this shape, by the backend's own estimate. `None` if
    /// the backend does not estimate it.
    pub plausibility: Option<PerMille>,
}

impl Generated {
    /// Makes an answer of `backend` with these encoded images, each of which is billed.
    ///
    /// The images are PNG, JPEG or WebP; their format is read from their bytes. Pass only final images: an interim
    /// image is not a variant.
    pub fn new<I>(backend: impl Into<String>, images: I) -> Self
    where
        I: IntoIterator<Item: Into<Arc<[u8]>>>,
    {
        let images: Vec<_> = images.into_iter().map(Into::into).collect();
        let billed_images = u32::try_from(images.len()).unwrap_or(u32::MAX);
        Self { images, description: None, backend: backend.into(), billed_images, reframing: None, plausibility: None }
    }

    /// Sets the text that the model returned with the images.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the number of images that the backend charges for.
    #[must_use]
    pub const fn billed_images(mut self, billed_images: u32) -> Self {
        self.billed_images = billed_images;
        self
    }

    /// Sets where each image shows the source, for a backend that reframes the source instead of generating an image.
    /// The focal point of the request is then a point of the source.
    #[must_use]
    pub const fn reframing(mut self, reframing: Reframing) -> Self {
        self.reframing = Some(reframing);
        self
    }

    /// Sets how plausible a reframing of the source is as a picture of this shape.
    #[must_use]
    pub const fn plausibility(mut self, plausibility: PerMille) -> Self {
        self.plausibility = Some(plausibility);
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
            .field("plausibility", &self.plausibility)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_is_billed_unless_another_number_is_set() {
        let generated = Generated::new("m", [[1_u8], [2], [3]]);
        assert_eq!(generated.billed_images, 3);
        assert_eq!(generated.billed_images(0).billed_images, 0);
    }

    #[test]
    fn the_debug_text_has_the_number_of_bytes_of_each_image() {
        let text = alloc::format!("{:?}", Generated::new("m", [[0_u8; 5], [0; 5]]));
        assert!(text.starts_with("Generated { images: [5, 5], "), "{text}");
    }
}
