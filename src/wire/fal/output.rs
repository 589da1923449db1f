//! The output of `fal-ai/smart-resize`.
//!
//! The schemas describe what fal documents, and what must be written. Reading accepts more: a description that is missing or
//! `null`, and a missing width and height, as in the example on fal's page. Types with an example in their documentation
//! give the schema a description without it.

use serde::{Deserialize, Deserializer, Serialize};

/// A file that an endpoint returns.
///
/// ```
/// use smart_resize::wire::fal::ImageFile;
///
/// let file = ImageFile::at("https://example.com/a.png");
/// assert_eq!(serde_json::to_string(&file)?, r#"{"url":"https://example.com/a.png"}"#);
/// assert_eq!((file.width, file.height), (None, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A file that an endpoint returns."))]
#[non_exhaustive]
pub struct ImageFile {
    /// The location: a URL or a data URI.
    pub url: String,
    /// The declared media type, such as `image/png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The name of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// The size of the file in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// The width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl ImageFile {
    /// Creates a file at `url` with all other fields empty.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// The output of `fal-ai/smart-resize`.
///
/// ```
/// use smart_resize::wire::fal::SmartResizeOutput;
///
/// let body = r#"{"images": [{"url": "https://example.com/a.png"}], "description": null, "results": []}"#;
/// let output: SmartResizeOutput = serde_json::from_str(body)?;
/// assert_eq!(output.images[0].url, "https://example.com/a.png");
/// assert_eq!(output.description, "");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The output of `fal-ai/smart-resize`."))]
#[cfg_attr(feature = "schemars", schemars(extend("required" = ["images", "description", "results"])))]
#[non_exhaustive]
pub struct SmartResizeOutput {
    /// All images, one target size after the other, with `num_images_per_size` images of each.
    pub images: Vec<ImageFile>,
    /// The first description in `results` that is not empty.
    #[serde(default, deserialize_with = "text_or_null")]
    #[cfg_attr(feature = "schemars", schemars(!default))]
    pub description: String,
    /// One result for each target size, in the order of the input.
    pub results: Vec<SmartResizeResult>,
}

/// The images of one target size.
///
/// ```
/// use smart_resize::wire::fal::SmartResizeResult;
///
/// let body = r#"{"images": [], "width": 1920, "height": 1080, "aspect_ratio": "16:9", "resolution": "2K"}"#;
/// let result: SmartResizeResult = serde_json::from_str(body)?;
/// assert_eq!((result.width, result.height), (Some(1920), Some(1080)));
/// assert_eq!((result.aspect_ratio.as_str(), result.resolution.as_str()), ("16:9", "2K"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The images of one target size."))]
#[cfg_attr(
    feature = "schemars",
    schemars(extend("required" = ["images", "description", "width", "height", "aspect_ratio", "resolution"]))
)]
#[non_exhaustive]
pub struct SmartResizeResult {
    /// One image for each variant.
    pub images: Vec<ImageFile>,
    /// The text that the model returned; `""` if there is none.
    #[serde(default, deserialize_with = "text_or_null")]
    #[cfg_attr(feature = "schemars", schemars(!default))]
    pub description: String,
    /// The requested width in pixels. The schema requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(!default, with = "u32"))]
    pub width: Option<u32>,
    /// The requested height in pixels. The schema requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(!default, with = "u32"))]
    pub height: Option<u32>,
    /// The aspect ratio of the preset, such as `16:9`; `""` if it has none, or if the picture was cut from the source.
    pub aspect_ratio: String,
    /// The tier of the preset, such as `2K`; `""` if it has none, or if the picture was cut from the source.
    pub resolution: String,
}

/// Reads a string. `null` becomes the empty string.
pub(super) fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_is_null_or_missing_is_empty() {
        for body in [r#"{"images": [], "results": [], "description": null}"#, r#"{"images": [], "results": []}"#] {
            assert_eq!(serde_json::from_str::<SmartResizeOutput>(body).unwrap().description, "");
        }
    }
}
