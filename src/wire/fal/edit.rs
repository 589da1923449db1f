//! The edit endpoints of fal: one for each model.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::output::ImageFile;
use crate::format::Format;
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::generate::generated::Generated;
use crate::generate::request::GenerationRequest;
use crate::model::catalog::Model;
use crate::model::preset::{AspectRatio, Preset, Tier};
use crate::request::source::Source;
use crate::wire::data_uri::{DataUri, DataUriError, is_data_uri};

/// The most images that an edit endpoint makes in one call.
pub const MAX_EDIT_IMAGES: u32 = 4;
/// The most images that an edit endpoint works from.
pub const MAX_INPUT_IMAGES: usize = 14;
/// The fewest characters of a prompt that an edit endpoint takes.
const MIN_PROMPT_CHARS: usize = 3;

/// An edit endpoint of fal's, with what it offers.
///
/// ```
/// use smart_resize::model::Tier;
/// use smart_resize::wire::fal::EditModel;
///
/// let model = EditModel::named("nano-banana-2");
/// assert_eq!(model.map(EditModel::endpoint), Some("fal-ai/nano-banana-2/edit"));
/// assert!(EditModel::NanoBanana2.has_resolution(Tier::HALF_K));
/// assert!(!EditModel::NanoBananaPro.has_resolution(Tier::HALF_K));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EditModel {
    /// `fal-ai/nano-banana-pro/edit`.
    NanoBananaPro,
    /// `google/nano-banana-2.1/edit`.
    NanoBanana21,
    /// `fal-ai/nano-banana-2/edit`.
    NanoBanana2,
    /// `fal-ai/nano-banana/edit`.
    NanoBanana,
}

impl EditModel {
    const ALL: [Self; 4] = [Self::NanoBananaPro, Self::NanoBanana21, Self::NanoBanana2, Self::NanoBanana];

    /// The endpoint of the [built-in model](Model::all) of this name, such as `nano-banana-2.1`; `None` for any other
    /// name, and for `nano-banana-2-lite`, for which no endpoint is known.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edit| edit.model().name() == name)
    }

    /// The model that the endpoint runs.
    pub fn model(self) -> Model {
        match self {
            Self::NanoBananaPro => Model::nano_banana_pro(),
            Self::NanoBanana21 => Model::nano_banana_2_1(),
            Self::NanoBanana2 => Model::nano_banana_2(),
            Self::NanoBanana => Model::nano_banana(),
        }
    }

    /// The endpoint, such as `fal-ai/nano-banana-pro/edit`.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::NanoBananaPro => "fal-ai/nano-banana-pro/edit",
            Self::NanoBanana21 => "google/nano-banana-2.1/edit",
            Self::NanoBanana2 => "fal-ai/nano-banana-2/edit",
            Self::NanoBanana => "fal-ai/nano-banana/edit",
        }
    }

    /// The most characters of a prompt: 5000 for nano-banana, which older documents say, otherwise 50,000.
    pub fn max_prompt_chars(self) -> usize {
        self.model().limits.prompt_chars
    }

    /// Whether the endpoint makes pictures of this shape.
    pub fn has_ratio(self, ratio: AspectRatio) -> bool {
        self.model().presets().iter().any(|preset| preset.ratio == Some(ratio))
    }

    /// Whether the endpoint makes pictures of this tier.
    pub fn has_resolution(self, resolution: Tier) -> bool {
        self.model().has(resolution)
    }
}

/// The URL at which a backend finds the source: its own, or else its bytes as a data URI; nothing where it has neither.
/// A data URI is as long as four thirds of the bytes, so where the source is large, upload it first.
///
/// ```
/// use smart_resize::Source;
/// use smart_resize::wire::fal::source_url;
///
/// let source = Source::from_url("https://example.com/shoe.png");
/// assert_eq!(source_url(&source).as_deref(), Some("https://example.com/shoe.png"));
///
/// let source = Source::from_bytes(*b"\x89PNG\r\n\x1a\n");
/// assert_eq!(source_url(&source).as_deref(), Some("data:image/png;base64,iVBORw0KGgo="));
/// ```
pub fn source_url(source: &Source) -> Option<String> {
    if let Some(url) = &source.url {
        return Some(url.to_string());
    }
    let bytes = source.bytes()?;
    Some(DataUri::new(Format::sniff(bytes).unwrap_or_default(), bytes.clone()).to_string())
}

/// What an edit endpoint is asked.
///
/// ```
/// use smart_resize::wire::fal::EditInput;
///
/// let body = r#"{"prompt": "a red shoe", "image_urls": ["https://example.com/shoe.png"]}"#;
/// let input: EditInput = serde_json::from_str(body)?;
/// assert_eq!((input.num_images, input.aspect_ratio.as_str(), input.safety_tolerance), (1, "auto", 4));
/// assert_eq!(serde_json::to_value(&input)?["safety_tolerance"], "4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "What an edit endpoint is asked."))]
#[non_exhaustive]
pub struct EditInput {
    /// The whole prompt.
    #[cfg_attr(feature = "schemars", schemars(length(min = 3, max = 50000)))]
    pub prompt: String,
    /// The pictures to work from, at most [`MAX_INPUT_IMAGES`]; the source is the first.
    #[cfg_attr(feature = "schemars", schemars(length(max = MAX_INPUT_IMAGES)))]
    pub image_urls: Vec<String>,
    /// How many images to make, 1 to [`MAX_EDIT_IMAGES`].
    #[serde(default = "default::one")]
    #[cfg_attr(feature = "schemars", schemars(range(min = 1, max = MAX_EDIT_IMAGES)))]
    pub num_images: u32,
    /// Such as `16:9`. It is always sent: with `auto`, sizes come that no table has.
    #[serde(default = "default::auto")]
    pub aspect_ratio: String,
    /// Such as `2K`; nothing for nano-banana, which has no tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub resolution: Option<Tier>,
    /// The format in which the images should come.
    #[serde(default)]
    #[cfg_attr(feature = "schemars", schemars(with = "super::schema::OutputFormat"))]
    pub output_format: Format,
    /// From 1, which is strict, to 6; as a string in JSON.
    #[serde(default = "default::four", with = "tolerance")]
    #[cfg_attr(feature = "schemars", schemars(with = "super::schema::SafetyTolerance"))]
    pub safety_tolerance: u8,
    /// The seed, which is best effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether the answer has data URIs in the place of URLs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sync_mode: bool,
    /// One image for each that is asked, whatever the prompt says of their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_generations: Option<bool>,
    /// Whether the model may look into the web; nano-banana cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_web_search: Option<bool>,
}

impl EditInput {
    /// What `model` is asked for `request`, with the source at `image_url` (see [`source_url`]): ratio and tier of the
    /// preset, and never its pixels. `limit_generations` is on, so that a prompt that speaks of several pictures does
    /// not give more than are paid for.
    ///
    /// # Errors
    ///
    /// A [`GenerateError`] of the kind [`InvalidRequest`](GenerateErrorKind::InvalidRequest), whose source is the
    /// [`EditInputError`], where the endpoint would refuse it. Nothing is billed.
    pub fn new(
        model: EditModel,
        request: &GenerationRequest,
        image_url: impl Into<String>,
    ) -> Result<Self, GenerateError> {
        Self::checked(model, request, image_url.into())
            .map_err(|error| GenerateError::new(GenerateErrorKind::InvalidRequest, model.endpoint()).caused_by(error))
    }

    fn checked(model: EditModel, request: &GenerationRequest, image_url: String) -> Result<Self, EditInputError> {
        let (preset, prompt, variants) = (request.preset(), request.prompt(), request.variants());
        let Some(ratio) = preset.ratio.filter(|ratio| model.has_ratio(*ratio)) else {
            return Err(EditInputError::AspectRatio { found: *preset });
        };
        if let Some(found) = preset.tier.filter(|tier| !model.has_resolution(*tier)) {
            return Err(EditInputError::Tier { found });
        }
        let (chars, max) = (prompt.chars().count(), model.max_prompt_chars());
        if !(MIN_PROMPT_CHARS..=max).contains(&chars) {
            return Err(EditInputError::Prompt { chars, max });
        }
        if !(1..=MAX_EDIT_IMAGES).contains(&variants) {
            return Err(EditInputError::Images { found: variants });
        }
        if image_url.is_empty() {
            return Err(EditInputError::NoSource);
        }
        Ok(Self {
            prompt: prompt.to_string(),
            image_urls: vec![image_url],
            num_images: variants,
            aspect_ratio: ratio.to_string(),
            resolution: preset.tier,
            output_format: request.options().transfer_format,
            safety_tolerance: request.options().safety_tolerance,
            seed: request.seed(),
            sync_mode: false,
            limit_generations: Some(true),
            enable_web_search: None,
        })
    }
}

mod default {
    pub(super) const fn one() -> u32 {
        1
    }

    pub(super) const fn four() -> u8 {
        4
    }

    pub(super) fn auto() -> String {
        "auto".to_owned()
    }
}

/// 1 to 6, as a string.
mod tolerance {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(tolerance: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(tolerance)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        match text.as_bytes() {
            [digit @ b'1'..=b'6'] => Ok(digit - b'0'),
            _ => Err(de::Error::invalid_value(de::Unexpected::Str(&text), &"\"1\" to \"6\"")),
        }
    }
}

/// A call that an edit endpoint would refuse.
///
/// ```
/// use smart_resize::model::Tier;
/// use smart_resize::wire::fal::{EditInput, EditInputError, EditModel};
/// use std::error::Error;
///
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_url("https://example.com/shoe.png");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
/// // `request` is for `16:9 2K` of nano-banana-pro.
/// let error = EditInput::new(EditModel::NanoBanana, &request, "https://example.com/shoe.png").unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<EditInputError>());
/// assert_eq!(reason, Some(&EditInputError::Tier { found: Tier::K2 }));
/// assert_eq!(reason.unwrap().to_string(), "resolution 2K is none of the endpoint's");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditInputError {
    /// A shape that the endpoint does not make.
    #[error("aspect_ratio of {found} is none of the endpoint's")]
    #[expect(missing_docs, reason = "what was found")]
    AspectRatio { found: Preset },
    /// A tier that the endpoint does not make.
    #[error("resolution {found} is none of the endpoint's")]
    #[expect(missing_docs, reason = "what was found")]
    Tier { found: Tier },
    /// A prompt that is too short or too long.
    #[error("prompt of {chars} characters, expected {MIN_PROMPT_CHARS} to {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    Prompt { chars: usize, max: usize },
    /// More images than one call makes, or none.
    #[error("num_images {found}, expected 1 to {MAX_EDIT_IMAGES}")]
    #[expect(missing_docs, reason = "what was found")]
    Images { found: u32 },
    /// No URL of the source.
    #[error("image_urls: the source has neither a URL nor bytes")]
    NoSource,
}

/// What an edit endpoint answers.
///
/// ```
/// use smart_resize::wire::fal::{EditOutput, ImageFile};
///
/// let output = EditOutput::new(vec![ImageFile::at("data:image/png;base64,YWJj")], "A shoe.");
/// let generated = output.generated("fal", output.embedded(1000)?)?;
/// assert_eq!(generated.images[0].as_ref(), &b"abc"[..]);
/// assert_eq!(generated.description.as_deref(), Some("A shoe."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "What an edit endpoint answers."))]
#[cfg_attr(feature = "schemars", schemars(extend("required" = ["images", "description"])))]
#[non_exhaustive]
pub struct EditOutput {
    /// The images. Their labels and sizes are hints; only the bytes tell.
    pub images: Vec<ImageFile>,
    /// What the model said.
    #[serde(default, deserialize_with = "super::output::text_or_null")]
    #[cfg_attr(feature = "schemars", schemars(!default))]
    pub description: String,
}

impl EditOutput {
    /// The output of these images.
    pub fn new(images: Vec<ImageFile>, description: impl Into<String>) -> Self {
        Self { images, description: description.into() }
    }

    /// What `backend` made: the output with the `bytes` that the caller fetched for each of its images, in order. Each
    /// image is billed.
    ///
    /// # Errors
    ///
    /// [`NothingMade`](GenerateErrorKind::NothingMade) for an output without images, with its description;
    /// [`InvalidAnswer`](GenerateErrorKind::InvalidAnswer) where `bytes` are not as many as the images.
    pub fn generated<I>(&self, backend: impl Into<String>, bytes: I) -> Result<Generated, GenerateError>
    where
        I: IntoIterator<Item: Into<Arc<[u8]>>>,
    {
        if self.images.is_empty() {
            return Err(GenerateError::new(GenerateErrorKind::NothingMade, self.description.as_str()));
        }
        let bytes: Vec<Arc<[u8]>> = bytes.into_iter().map(Into::into).collect();
        let (found, expected) = (bytes.len(), self.images.len());
        if found != expected {
            return Err(self.invalid(EditOutputError::Count { found, expected }));
        }
        let generated = Generated::new(backend, bytes);
        Ok(if self.description.is_empty() { generated } else { generated.description(self.description.as_str()) })
    }

    /// The bytes of each image, all of which came as data URIs of at most `max_bytes` each: what `sync_mode` asks for.
    ///
    /// # Errors
    ///
    /// [`InvalidAnswer`](GenerateErrorKind::InvalidAnswer), with every image billed, where one did not.
    pub fn embedded(&self, max_bytes: u64) -> Result<Vec<Arc<[u8]>>, GenerateError> {
        let decode = |(index, image): (usize, &ImageFile)| match image.data(max_bytes) {
            Some(Ok(data)) => Ok(data.bytes().clone()),
            Some(Err(source)) => Err(self.invalid(EditOutputError::Data { index, source })),
            None => Err(self.invalid(EditOutputError::NotEmbedded { index })),
        };
        self.images.iter().enumerate().map(decode).collect()
    }

    fn invalid(&self, error: EditOutputError) -> GenerateError {
        let billed = u32::try_from(self.images.len()).unwrap_or(u32::MAX);
        GenerateError::new(GenerateErrorKind::InvalidAnswer, "").caused_by(error).billed_images(billed)
    }
}

impl ImageFile {
    /// The file that the URL has in it, of at most `max_bytes`; nothing where it is a URL to be fetched.
    pub fn data(&self, max_bytes: u64) -> Option<Result<DataUri, DataUriError>> {
        is_data_uri(&self.url).then(|| DataUri::parse(&self.url, max_bytes))
    }
}

/// An output that does not give the images it speaks of. They are counted from 0.
///
/// ```
/// use smart_resize::wire::fal::{EditOutput, EditOutputError, ImageFile};
/// use std::error::Error;
///
/// let output = EditOutput::new(vec![ImageFile::at("https://example.com/a.png")], "");
/// let error = output.embedded(1000).unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<EditOutputError>());
/// assert_eq!(reason, Some(&EditOutputError::NotEmbedded { index: 0 }));
/// assert_eq!(reason.unwrap().to_string(), "image 0 is not a data URI");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditOutputError {
    /// The caller has the bytes of fewer images, or of more.
    #[error("the bytes of {found} images, expected those of {expected}")]
    #[expect(missing_docs, reason = "what was found and what was expected")]
    Count { found: usize, expected: usize },
    /// An image at a URL, where data URIs were expected.
    #[error("image {index} is not a data URI")]
    #[expect(missing_docs, reason = "which image")]
    NotEmbedded { index: usize },
    /// A data URI that cannot be read.
    #[error("image {index} is not a data URI that can be read")]
    Data {
        /// Which image.
        index: usize,
        /// What is wrong with it, and where.
        source: DataUriError,
    },
}
