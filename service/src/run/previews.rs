//! The pictures of a plan that is shown before anything is spent: small, by the built-in generator.

use smart_resize::Format;
use smart_resize::Size;
use smart_resize::generate::local::LocalGenerator;
use smart_resize::geometry::PerMille;
use smart_resize::pixels::encode::{EncodeOptions, encode};

use super::smart::Preview;
use super::{JobError, Runner, internal, on_cpu};

/// The longest side of a picture, in pixels.
pub const MAX_PREVIEW_SIDE: u32 = 320;
/// The most pictures of a plan. A plan of more targets has none.
pub const MAX_PREVIEWS: usize = 32;
/// The quality of the JPEGs.
const QUALITY: u8 = 80;

/// The picture of one target.
#[derive(Clone, Debug)]
pub struct PreviewPicture {
    /// The exact size of the target.
    pub target: Size,
    /// The size of the picture.
    pub size: Size,
    /// How plausible the reframing is; `None` if the target is cut from the source.
    pub plausibility: Option<PerMille>,
    /// The picture as a JPEG.
    pub jpeg: Vec<u8>,
}

impl Runner {
    /// Makes a small picture of each target of a plan, in their order. No side is longer than [`MAX_PREVIEW_SIDE`]
    /// pixels. A plan of more than [`MAX_PREVIEWS`] targets has no pictures.
    ///
    /// # Errors
    ///
    /// [`JobError`] if a picture cannot be made.
    pub async fn preview_pictures(&self, preview: &Preview) -> Result<Vec<PreviewPicture>, JobError> {
        if preview.plan.renditions().len() > MAX_PREVIEWS {
            return Ok(Vec::new());
        }
        let Preview { source, plan } = preview.clone();
        let generator = LocalGenerator::default().limits(self.decode_limits());
        let make = move || -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            let mut options = EncodeOptions::default();
            options.jpeg.quality = Some(QUALITY);
            let previews = plan.preview_with(&source, MAX_PREVIEW_SIDE, &generator)?;
            let pictures = plan.renditions().iter().zip(previews).map(|(rendition, made)| {
                let jpeg = encode(&made.picture, Format::Jpeg, &options)?.bytes;
                let (size, plausibility) = (made.picture.size(), made.plausibility);
                Ok(PreviewPicture { target: rendition.target(), size, plausibility, jpeg })
            });
            pictures.collect()
        };
        match on_cpu(make).await {
            Ok(Ok(pictures)) => Ok(pictures),
            Ok(Err(error)) => Err(JobError::Answer(internal("the previews of a plan cannot be made", &*error))),
            Err(panicked) => Err(JobError::Answer(internal("the previews of a plan panicked", &panicked))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn the_pictures_of_a_plan_are_jpegs_of_quality_80_with_sides_of_at_most_320_pixels() {
        let (_folder, service) = testing::service(&[]).await;
        let preview = Preview { source: testing::source(), plan: testing::plan(&["640x320", "64x32"]) };
        let pictures = service.runner.preview_pictures(&preview).await.unwrap();
        let sizes = pictures.iter().map(|picture| (picture.target.to_string(), picture.size.to_string()));
        let expected = [("640x320", "320x160"), ("64x32", "64x32")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
        let generator = LocalGenerator::default();
        let mut options = EncodeOptions::default();
        options.jpeg.quality = Some(80);
        for (made, found) in preview.plan.preview_with(&preview.source, 320, &generator).unwrap().iter().zip(pictures) {
            assert_eq!(encode(&made.picture, Format::Jpeg, &options).unwrap().bytes, found.jpeg);
        }
    }

    #[tokio::test]
    async fn a_plan_of_more_than_32_targets_has_no_pictures() {
        let (_folder, service) = testing::service(&[]).await;
        for (count, expected) in [(32, 32), (33, 0)] {
            let sizes: Vec<String> = (0..count).map(|width| format!("{}x10", 10 + width)).collect();
            let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
            let preview = Preview { source: testing::source(), plan: testing::plan(&sizes) };
            assert_eq!(service.runner.preview_pictures(&preview).await.unwrap().len(), expected);
        }
    }
}
