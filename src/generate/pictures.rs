//! Makes the answers of backends that have decoded pixels.

use super::generated::Generated;
use crate::format::Format;
use crate::pixels::encode::{EncodeError, EncodeOptions, encode};
use crate::pixels::picture::Picture;

impl Generated {
    /// Makes an answer of `backend` from decoded pixels, one picture per variant, each of which is billed. The pictures
    /// are encoded as PNG, since stores and records hold encoded images.
    ///
    /// With the cargo feature `image`, `Picture::try_from` converts from the types of the `image` crate.
    ///
    /// ```
    /// use smart_resize::Size;
    /// use smart_resize::generate::Generated;
    /// use smart_resize::pixels::Picture;
    ///
    /// let picture = Picture::from_rgb(Size::new(40, 30)?, vec![90; 40 * 30 * 3])?;
    /// let generated = Generated::from_pictures("mine", [&picture, &picture])?;
    /// assert_eq!((generated.images.len(), generated.billed_images), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if a picture cannot be encoded.
    pub fn from_pictures<'a>(
        backend: impl Into<String>,
        pictures: impl IntoIterator<Item = &'a Picture>,
    ) -> Result<Self, EncodeError> {
        let options = EncodeOptions::default();
        let encoded = |picture| encode(picture, Format::Png, &options).map(|encoded| encoded.bytes);
        Ok(Self::new(backend, pictures.into_iter().map(encoded).collect::<Result<Vec<_>, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    #[test]
    fn decoded_pictures_are_encoded_as_png_and_each_is_billed() {
        let picture = Picture::from_rgb(Size::new(4, 3).unwrap(), vec![90; 36]).unwrap();
        let generated = Generated::from_pictures("m", [&picture, &picture]).unwrap();
        assert_eq!((generated.images.len(), generated.billed_images), (2, 2));
        assert!(generated.images.iter().all(|image| Format::sniff(image) == Some(Format::Png)));
    }
}
