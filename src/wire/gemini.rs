//! Gemini's `generateContent`: one picture or one text per call.
//!
//! An answer can contain interim pictures, which are marked as thoughts, before the final picture. It can contain text
//! and no picture. It can be refused, with a reason in the candidate or in the feedback to the prompt. Each kind of
//! answer has one result:
//!
//! | answer | result |
//! |---|---|
//! | one or more pictures that are not thoughts | [`Generated`] with the last of them and the text of the answer |
//! | `SAFETY`, `IMAGE_SAFETY`, `PROHIBITED_CONTENT`, `IMAGE_PROHIBITED_CONTENT`, `BLOCKLIST`, `SPII`, any `blockReason` | [`Refused`] |
//! | `NO_IMAGE`, `IMAGE_OTHER`, `RECITATION`, any other reason, text alone, thoughts alone | [`NothingMade`] |
//! | neither candidates nor a reason; not JSON; a picture that is not base64 or is too large | [`InvalidAnswer`] |
//! | status 429 | [`RateLimited`], with the delay in the answer |
//! | status 408 or 504 | [`TimedOut`] |
//! | any other status from 500 to 599 | [`Transport`] |
//! | any other status from 400 to 499 | [`InvalidRequest`] |
//! | any other status outside 200 to 299 | [`InvalidAnswer`] |
//!
//! A returned picture counts as billed. An answer without a picture counts as one billed picture if its usage lists
//! tokens of pictures, since the API does not report in another way what it bills.
//!
//! [`Refused`]: GenerateErrorKind::Refused
//! [`NothingMade`]: GenerateErrorKind::NothingMade
//! [`InvalidAnswer`]: GenerateErrorKind::InvalidAnswer
//! [`RateLimited`]: GenerateErrorKind::RateLimited
//! [`TimedOut`]: GenerateErrorKind::TimedOut
//! [`Transport`]: GenerateErrorKind::Transport
//! [`InvalidRequest`]: GenerateErrorKind::InvalidRequest
//!
//! ```
//! use smart_resize::generate::GenerateErrorKind;
//! use smart_resize::wire::gemini::read_answer;
//!
//! let body = br#"{"candidates": [{"content": {"parts": [
//!     {"thought": true, "inlineData": {"mimeType": "image/png", "data": "YQ=="}},
//!     {"text": "Here it is."},
//!     {"inlineData": {"mimeType": "image/png", "data": "Yg=="}}
//! ]}, "finishReason": "STOP"}]}"#;
//! let generated = read_answer("gemini", 200, body, 1000)?;
//! assert_eq!((generated.images[0].as_ref(), generated.description.as_deref()), (&b"b"[..], Some("Here it is.")));
//!
//! let body = br#"{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}"#;
//! let error = read_answer("gemini", 200, body, 1000).unwrap_err();
//! assert_eq!(error.kind, GenerateErrorKind::Refused);
//! # Ok::<(), smart_resize::generate::GenerateError>(())
//! ```

mod answer;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::answer::{
    Candidate, GenerateContentResponse, ModalityTokens, PromptFeedback, UsageMetadata, read_answer, read_text_answer,
};
use super::base64;
use crate::format::Format;
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::generate::request::GenerationRequest;
use crate::model::preset::Tier;
use crate::request::source::Source;
use crate::size::Size;

#[cfg(doc)]
use crate::generate::generated::Generated;

/// The maximum number of bytes of a picture inside a request: 7 MB. A larger source has to be made smaller first.
pub const MAX_INLINE_BYTES: u64 = 7_000_000;

/// Returns the path of the endpoint of `model_id` below the API's host. Identifiers of models change often, so none is
/// built in.
///
/// ```
/// use smart_resize::wire::gemini::path;
///
/// assert_eq!(path("gemini-3-pro-image"), "v1beta/models/gemini-3-pro-image:generateContent");
/// ```
pub fn path(model_id: &str) -> String {
    format!("v1beta/models/{model_id}:generateContent")
}

/// A request to a model.
///
/// ```
/// use smart_resize::Source;
/// use smart_resize::wire::gemini::GenerateContentRequest;
///
/// let source = Source::from_bytes(*b"\x89PNG\r\n\x1a\n");
/// let request = GenerateContentRequest::for_json(&source, "Describe it.", serde_json::json!({"type": "OBJECT"}))?;
/// let body = serde_json::to_value(&request)?;
/// assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A request to a model."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GenerateContentRequest {
    /// The conversation, which is one turn of the user.
    pub contents: Vec<Content>,
    /// The options of the answer.
    pub generation_config: GenerationConfig,
}

/// A turn of a conversation.
///
/// ```
/// use smart_resize::wire::gemini::Content;
///
/// let content: Content = serde_json::from_str(r#"{"role": "model", "parts": [{"text": "A shoe."}]}"#)?;
/// assert_eq!(content.role.as_deref(), Some("model"));
/// assert_eq!(content.parts[0].text.as_deref(), Some("A shoe."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A turn of a conversation."))]
#[non_exhaustive]
pub struct Content {
    /// `user` or `model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The texts and pictures of the turn.
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// A text or a picture.
///
/// ```
/// use smart_resize::wire::gemini::Part;
///
/// let part: Part = serde_json::from_str(r#"{"text": "Hm.", "thought": true}"#)?;
/// assert_eq!((part.text.as_deref(), part.thought), (Some("Hm."), true));
/// let part: Part = serde_json::from_str(r#"{"inlineData": {"mimeType": "image/png", "data": "YWJj"}}"#)?;
/// assert_eq!((part.inline_data.is_some(), part.thought), (true, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A text or a picture."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Part {
    /// The text of a part that is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The picture of a part that is a picture.
    #[serde(default, alias = "inline_data", skip_serializing_if = "Option::is_none")]
    pub inline_data: Option<Blob>,
    /// Whether the part is an interim thought of the model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub thought: bool,
    /// An opaque value that the model expects back in the next turn. This crate never sends a second turn.
    #[serde(default, alias = "thought_signature", skip_serializing_if = "Option::is_none")]
    pub thought_signature: Option<String>,
}

/// A file inside JSON.
///
/// ```
/// use smart_resize::wire::gemini::Blob;
///
/// let blob: Blob = serde_json::from_str(r#"{"mimeType": "image/png", "data": "YWJj"}"#)?;
/// assert_eq!((blob.mime_type.as_str(), blob.data.as_str()), ("image/png", "YWJj"));
/// assert_eq!(format!("{blob:?}"), r#"Blob { mime_type: "image/png", base64_bytes: 4 }"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A file inside JSON."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Blob {
    /// The declared media type, such as `image/png`.
    #[serde(default, alias = "mime_type")]
    pub mime_type: String,
    /// The bytes in base64.
    pub data: String,
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob").field("mime_type", &self.mime_type).field("base64_bytes", &self.data.len()).finish()
    }
}

/// The options of an answer.
///
/// ```
/// use smart_resize::wire::gemini::GenerationConfig;
///
/// let mut config = GenerationConfig::default();
/// config.response_modalities.push("IMAGE".to_owned());
/// config.seed = Some(7);
/// assert_eq!(serde_json::to_string(&config)?, r#"{"responseModalities":["IMAGE"],"seed":7}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The options of an answer."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GenerationConfig {
    /// The kinds of content to return: `TEXT`, `IMAGE`, or both.
    #[serde(default)]
    pub response_modalities: Vec<String>,
    /// The seed, which the model uses on a best-effort basis. The API has a signed 32-bit integer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i32>,
    /// The shape and the tier of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_config: Option<ImageConfig>,
    /// The media type of a text, such as `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_mime_type: Option<String>,
    /// The schema of a text that is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<Value>,
}

/// The shape and the tier of a picture.
///
/// ```
/// use smart_resize::wire::gemini::ImageConfig;
///
/// let config: ImageConfig = serde_json::from_str(r#"{"aspectRatio": "16:9", "imageSize": "2K"}"#)?;
/// assert_eq!((config.aspect_ratio.as_str(), config.image_size.as_deref()), ("16:9", Some("2K")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The shape and the tier of a picture."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImageConfig {
    /// The aspect ratio, such as `16:9`.
    pub aspect_ratio: String,
    /// The tier, such as `2K` with an upper-case K, or `512` for 0.5K. It is absent if the model has no tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_size: Option<String>,
}

impl GenerateContentRequest {
    /// Creates the request for a picture. It contains the source and its references, followed by the prompt.
    ///
    /// The seed is sent modulo 2³¹, since the API has a signed 32-bit integer. The safety tolerance has no counterpart
    /// in the API and is not sent.
    ///
    /// # Errors
    ///
    /// A [`GenerateError`] of the kind [`InvalidRequest`](GenerateErrorKind::InvalidRequest) if the API would reject
    /// the request or generate fewer images than requested. Its source is an [`InputError`]. Nothing is billed.
    pub fn new(request: &GenerationRequest) -> Result<Self, GenerateError> {
        let found = request.variants();
        // The API makes one image per call. A plan for it needs a model with one variant per call.
        if found != 1 {
            return Err(InputError::Variants { found }.into());
        }
        let preset = request.preset();
        let ratio = preset.ratio.ok_or(InputError::NoAspectRatio { found: preset.size })?;
        let image_size = preset.tier.map(|tier| match tier {
            Tier::HALF_K => "512".to_owned(),
            tier => tier.to_string(),
        });
        let generation_config = GenerationConfig {
            response_modalities: vec!["TEXT".to_owned(), "IMAGE".to_owned()],
            seed: request.seed().and_then(|seed| i32::try_from(seed % (1 << 31)).ok()),
            image_config: Some(ImageConfig { aspect_ratio: ratio.to_string(), image_size }),
            ..GenerationConfig::default()
        };
        let references = request.source().references.iter().map(|reference| &reference.picture);
        let pictures = core::iter::once(request.source()).chain(references);
        Ok(Self { contents: vec![content(pictures, request.prompt())?], generation_config })
    }

    /// Creates the request for a text about `source` that is JSON with the schema `schema`.
    ///
    /// # Errors
    ///
    /// The errors of [`new`](Self::new) that concern the source. Its references are not sent.
    pub fn for_json(source: &Source, instruction: &str, schema: Value) -> Result<Self, GenerateError> {
        let generation_config = GenerationConfig {
            response_modalities: vec!["TEXT".to_owned()],
            response_mime_type: Some("application/json".to_owned()),
            response_schema: Some(schema),
            ..GenerationConfig::default()
        };
        Ok(Self { contents: vec![content([source], instruction)?], generation_config })
    }
}

/// Creates the turn of the user from pictures and a text.
fn content<'a>(pictures: impl IntoIterator<Item = &'a Source>, text: &str) -> Result<Content, InputError> {
    let mut parts = pictures.into_iter().map(inline).collect::<Result<Vec<_>, _>>()?;
    parts.push(Part { text: Some(text.to_owned()), ..Part::default() });
    Ok(Content { role: Some("user".to_owned()), parts })
}

/// Creates the part of a picture.
fn inline(picture: &Source) -> Result<Part, InputError> {
    let bytes = picture.bytes().ok_or(InputError::NoBytes)?;
    // The limit counts the bytes of the file, before base64 makes them a third longer.
    let found = bytes.len() as u64;
    if found > MAX_INLINE_BYTES {
        return Err(InputError::TooLarge { bytes: found });
    }
    let format = Format::sniff(bytes).ok_or(InputError::UnknownFormat)?;
    let blob = Blob { mime_type: format.media_type().to_owned(), data: base64::encode(bytes) };
    Ok(Part { inline_data: Some(blob), ..Part::default() })
}

/// A request that the API would reject, or for which it would generate fewer images than requested.
///
/// ```
/// use smart_resize::Source;
/// use smart_resize::wire::gemini::{GenerateContentRequest, InputError};
/// use std::error::Error;
///
/// let source = Source::from_url("https://example.com/shoe.png");
/// let error = GenerateContentRequest::for_json(&source, "Describe it.", serde_json::json!({})).unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<InputError>());
/// assert_eq!(reason, Some(&InputError::NoBytes));
/// assert_eq!(InputError::NoBytes.to_string(), "source has no bytes; expected bytes, not only a URL");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The number of images is not 1.
    #[error("number of images is {found}; expected 1")]
    #[expect(missing_docs, reason = "what was found")]
    Variants { found: u32 },
    /// The preset has no aspect ratio. The API selects the shape by it.
    #[error("preset of {found} has no aspect ratio; expected one that the API offers")]
    #[expect(missing_docs, reason = "what was found")]
    NoAspectRatio { found: Size },
    /// The source has only a URL.
    #[error("source has no bytes; expected bytes, not only a URL")]
    NoBytes,
    /// The source has too many bytes. It has to be made smaller first.
    #[error("source has {bytes} bytes; expected at most {MAX_INLINE_BYTES}")]
    #[expect(missing_docs, reason = "what was found")]
    TooLarge { bytes: u64 },
    /// The source is not a PNG, JPEG or WebP picture.
    #[error("source has an unknown format; expected PNG, JPEG or WebP")]
    UnknownFormat,
}

impl From<InputError> for GenerateError {
    fn from(error: InputError) -> Self {
        Self::new(GenerateErrorKind::InvalidRequest, "").caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::content::Plan;
    use crate::request::valid::Request;

    #[test]
    fn a_picture_inside_a_request_has_at_most_7_megabytes() {
        let picture = |bytes: usize| {
            let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
            file.resize(bytes, 0);
            inline(&Source::from_bytes(file)).map(|_| ())
        };
        assert_eq!(picture(7_000_000), Ok(()));
        assert_eq!(picture(7_000_001), Err(InputError::TooLarge { bytes: 7_000_001 }));
    }

    #[test]
    fn the_api_makes_one_image_per_call() {
        let source = Source::from_bytes(*b"\x89PNG\r\n\x1a\n");
        let made = [1, 2].map(|variants| {
            let request = Request::builder(source.clone()).sizes(["9x9"]).variants(variants).build().unwrap();
            let request = Plan::new(&request).unwrap().requests(&source).unwrap().remove(0);
            GenerateContentRequest::new(&request).is_ok()
        });
        assert_eq!(made, [true, false]);
    }

    #[test]
    fn the_prompt_follows_the_pictures() {
        let png = Source::from_bytes(*b"\x89PNG\r\n\x1a\n");
        let parts = content([&png, &png], "a shoe").unwrap().parts;
        assert_eq!(parts.iter().map(|part| part.text.as_deref()).collect::<Vec<_>>(), [None, None, Some("a shoe")]);
    }

    #[test]
    fn names_in_snake_case_are_read_too() {
        let body = r#"{"inline_data": {"mime_type": "image/png", "data": "YQ=="}, "thought_signature": "x"}"#;
        let part: Part = serde_json::from_str(body).unwrap();
        assert_eq!(part.inline_data.unwrap().mime_type, "image/png");
        assert_eq!(part.thought_signature.as_deref(), Some("x"));
    }
}
