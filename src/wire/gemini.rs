//! Gemini's `generateContent`: one picture, or one text, per call.
//!
//! An answer can have interim pictures, marked as thoughts, before the final one; it can have a text and no picture;
//! it can be refused with a reason of the candidate or of the prompt. What becomes of each:
//!
//! | answer | result |
//! |---|---|
//! | a picture that is no thought | [`Generated`] with the last of them, and what was said beside it |
//! | `SAFETY`, `IMAGE_SAFETY`, `PROHIBITED_CONTENT`, `IMAGE_PROHIBITED_CONTENT`, `BLOCKLIST`, `SPII`, any `blockReason` | [`Refused`] |
//! | `NO_IMAGE`, `IMAGE_OTHER`, `RECITATION`, any other reason, text alone, thoughts alone | [`NothingMade`] |
//! | neither candidates nor a reason; no JSON; a picture that is not base64 | [`InvalidAnswer`] |
//! | status 429 | [`RateLimited`], with the delay that the answer names |
//! | status 408 and 504 | [`TimedOut`] |
//! | status 500, 502, 503 and others from 500 on | [`Transport`] |
//! | other statuses | [`InvalidRequest`] |
//!
//! A picture counts as billed when it came, and also without one where the usage tells of tokens of a picture; the
//! API does not say otherwise what it bills.
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

/// The most bytes of a picture inside a request: 7 MB. A larger source has to be made smaller first.
pub const MAX_INLINE_BYTES: u64 = 7_000_000;

/// The path below the API's host that `model_id` is asked at. Identifiers of models die fast, so none is built in.
///
/// ```
/// use smart_resize::wire::gemini::path;
///
/// assert_eq!(path("gemini-3-pro-image"), "v1beta/models/gemini-3-pro-image:generateContent");
/// ```
pub fn path(model_id: &str) -> String {
    format!("v1beta/models/{model_id}:generateContent")
}

/// What a model is asked.
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
#[cfg_attr(feature = "schemars", schemars(description = "What a model is asked."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GenerateContentRequest {
    /// One turn of the user's.
    pub contents: Vec<Content>,
    /// What is to come back.
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
    /// What it is made of.
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
    /// A text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture.
    #[serde(default, alias = "inline_data", skip_serializing_if = "Option::is_none")]
    pub inline_data: Option<Blob>,
    /// Whether it is interim.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub thought: bool,
    /// What the model wants back in another turn. There is none here.
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
    /// What it is said to be, such as `image/png`.
    #[serde(default, alias = "mime_type")]
    pub mime_type: String,
    /// Its bytes in base64.
    pub data: String,
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob").field("mime_type", &self.mime_type).field("base64_bytes", &self.data.len()).finish()
    }
}

/// What is to come back.
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
#[cfg_attr(feature = "schemars", schemars(description = "What is to come back."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GenerationConfig {
    /// `TEXT`, `IMAGE`, or both.
    #[serde(default)]
    pub response_modalities: Vec<String>,
    /// The seed, which is best effort. The API's is a signed 32-bit integer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i32>,
    /// Of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_config: Option<ImageConfig>,
    /// Of a text: `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_mime_type: Option<String>,
    /// Of a text that is JSON: its shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<Value>,
}

/// Which picture is to come back.
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
#[cfg_attr(feature = "schemars", schemars(description = "Which picture is to come back."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImageConfig {
    /// Such as `16:9`.
    pub aspect_ratio: String,
    /// Such as `2K`, with an upper-case K; `512` for the tier of 0.5K; nothing where the model has no tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_size: Option<String>,
}

impl GenerateContentRequest {
    /// What is asked for `request`: the source first, then the prompt. A seed is sent modulo 2³¹, since the API's has
    /// 32 bits and a sign. The safety tolerance has no counterpart and is not sent.
    ///
    /// # Errors
    ///
    /// A [`GenerateError`] of the kind [`InvalidRequest`](GenerateErrorKind::InvalidRequest), whose source is the
    /// [`InputError`], where the API would refuse it or make less than is asked. Nothing is billed.
    pub fn new(request: &GenerationRequest) -> Result<Self, GenerateError> {
        let found = request.variants();
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
        Ok(Self { contents: vec![content(request.source(), request.prompt())?], generation_config })
    }

    /// What is asked for a text about `source` that is JSON of the shape `schema`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn for_json(source: &Source, instruction: &str, schema: Value) -> Result<Self, GenerateError> {
        let generation_config = GenerationConfig {
            response_modalities: vec!["TEXT".to_owned()],
            response_mime_type: Some("application/json".to_owned()),
            response_schema: Some(schema),
            ..GenerationConfig::default()
        };
        Ok(Self { contents: vec![content(source, instruction)?], generation_config })
    }
}

fn content(source: &Source, text: &str) -> Result<Content, InputError> {
    let bytes = source.bytes().ok_or(InputError::NoBytes)?;
    let found = bytes.len() as u64;
    if found > MAX_INLINE_BYTES {
        return Err(InputError::TooLarge { bytes: found });
    }
    let format = Format::sniff(bytes).ok_or(InputError::UnknownFormat)?;
    let blob = Blob { mime_type: format.media_type().to_owned(), data: base64::encode(bytes) };
    let picture = Part { inline_data: Some(blob), ..Part::default() };
    let text = Part { text: Some(text.to_owned()), ..Part::default() };
    Ok(Content { role: Some("user".to_owned()), parts: vec![picture, text] })
}

/// A call that the API would refuse, or make less of than is asked.
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
/// assert_eq!(InputError::NoBytes.to_string(), "the source has no bytes, and URLs are not read");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// More images than one, or none.
    #[error("{found} images in one call, which makes 1")]
    #[expect(missing_docs, reason = "what was found")]
    Variants { found: u32 },
    /// A generation that has no ratio to ask for.
    #[error("{found} has no aspect ratio, and the API is asked for one")]
    #[expect(missing_docs, reason = "what was found")]
    NoAspectRatio { found: Size },
    /// A source of which only the URL is known.
    #[error("the source has no bytes, and URLs are not read")]
    NoBytes,
    /// A source that is too heavy.
    #[error("a source of {bytes} bytes, at most {MAX_INLINE_BYTES}: make it smaller first")]
    #[expect(missing_docs, reason = "what was found")]
    TooLarge { bytes: u64 },
    /// A source that is none of the formats.
    #[error("the source is not a PNG, JPEG or WebP picture")]
    UnknownFormat,
}

impl From<InputError> for GenerateError {
    fn from(error: InputError) -> Self {
        Self::new(GenerateErrorKind::InvalidRequest, "").caused_by(error)
    }
}
