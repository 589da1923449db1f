//! What `fal-ai/smart-resize` answers.

use serde::{Deserialize, Deserializer, Serialize};

/// A file that was made.
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
#[cfg_attr(feature = "schemars", schemars(description = "A file that was made."))]
#[non_exhaustive]
pub struct ImageFile {
    /// Where it is: a URL, or a data URI.
    pub url: String,
    /// What it is said to be, such as `image/png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// Its width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl ImageFile {
    /// The file at `url`, of which nothing else is known.
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
    /// Every image: the first `num_images_per_size` are of the first target size, and so on.
    pub images: Vec<ImageFile>,
    /// What the model said: the first of the results' descriptions that is not empty.
    #[serde(default, deserialize_with = "text_or_null")]
    #[cfg_attr(feature = "schemars", schemars(!default))]
    pub description: String,
    /// One for each target size, in order.
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
    /// One for each variant.
    pub images: Vec<ImageFile>,
    /// What the model said; `""` for nothing.
    #[serde(default, deserialize_with = "text_or_null")]
    #[cfg_attr(feature = "schemars", schemars(!default))]
    pub description: String,
    /// The width that was asked, in pixels. It is required, and missing in the page's own example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(!default, with = "u32"))]
    pub width: Option<u32>,
    /// The height that was asked, in pixels. It is required, and missing in the page's own example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(!default, with = "u32"))]
    pub height: Option<u32>,
    /// The shape that the model was asked for, such as `16:9`; `""` where the picture was cut from the source.
    pub aspect_ratio: String,
    /// The tier that the model was asked for, such as `2K`; `""` where there is none.
    pub resolution: String,
}

/// A text; `null` is an empty one.
pub(super) fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}
