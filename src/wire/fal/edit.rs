//! The edit endpoints of fal. Each model has one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::output::ImageFile;
use crate::format::Format;
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::generate::generated::Generated;
use crate::generate::request::GenerationRequest;
use crate::model::catalog::Model;
use crate::model::preset::{AspectRatio, Tier};
use crate::request::source::Source;
use crate::size::Size;
use crate::wire::data_uri::{DataUri, DataUriError, is_data_uri};

/// The maximum number of images that an edit endpoint generates in one call.
pub const MAX_EDIT_IMAGES: u32 = 4;
/// The maximum number of input images that an edit endpoint accepts.
pub const MAX_INPUT_IMAGES: usize = 14;
/// The minimum number of characters of a prompt that an edit endpoint accepts.
const MIN_PROMPT_CHARS: usize = 3;

/// An edit endpoint of fal.
///
/// ```
/// use smart_resize::model::Tier;
/// use smart_resize::wire::fal::EditModel;
///
/// let model = EditModel::named("nano-banana-2");
/// assert_eq!(model.map(EditModel::endpoint), Some("fal-ai/nano-banana-2/edit"));
/// assert!(EditModel::NanoBanana2.has_tier(Tier::HALF_K));
/// assert!(!EditModel::NanoBananaPro.has_tier(Tier::HALF_K));
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

    /// Returns the endpoint of the [built-in model](Model::all) with this name, such as `nano-banana-2.1`. `None` if
    /// there is no such model, and for `nano-banana-2-lite`, whose endpoint is not known.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edit| edit.model().name() == name)
    }

    /// Returns the model that the endpoint runs.
    pub fn model(self) -> Model {
        match self {
            Self::NanoBananaPro => Model::nano_banana_pro(),
            Self::NanoBanana21 => Model::nano_banana_2_1(),
            Self::NanoBanana2 => Model::nano_banana_2(),
            Self::NanoBanana => Model::nano_banana(),
        }
    }

    /// Returns the identifier of the endpoint, such as `fal-ai/nano-banana-pro/edit`.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::NanoBananaPro => "fal-ai/nano-banana-pro/edit",
            Self::NanoBanana21 => "google/nano-banana-2.1/edit",
            Self::NanoBanana2 => "fal-ai/nano-banana-2/edit",
            Self::NanoBanana => "fal-ai/nano-banana/edit",
        }
    }

    /// Returns the maximum number of characters of a prompt. It is 5000 for nano-banana, according to older
    /// documentation, and 50,000 for the other models.
    pub fn max_prompt_chars(self) -> usize {
        self.model().limits.prompt_chars
    }

    /// Whether the endpoint generates pictures with this aspect ratio.
    pub fn has_ratio(self, ratio: AspectRatio) -> bool {
        self.model().presets().iter().any(|preset| preset.ratio == Some(ratio))
    }

    /// Whether the endpoint generates pictures of this tier.
    pub fn has_tier(self, resolution: Tier) -> bool {
        self.model().has(resolution)
    }
}

/// Returns the URL from which a backend can read the source: its own URL, or else a data URI with its bytes. `None` if
/// the source has neither.
///
/// A data URI is a third longer than the bytes, so a large source should be uploaded first.
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
    // An unknown format is no error here: the service may read formats that this crate does not recognise.
    Some(DataUri::new(Format::sniff(bytes).unwrap_or_default(), bytes.clone()).to_string())
}

/// The input of an edit endpoint.
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
#[cfg_attr(feature = "schemars", schemars(description = "The input of an edit endpoint."))]
#[non_exhaustive]
pub struct EditInput {
    /// The complete prompt.
    #[cfg_attr(feature = "schemars", schemars(length(min = 3, max = 50000)))]
    pub prompt: String,
    /// The URLs of the input pictures, at most 14 ([`MAX_INPUT_IMAGES`]). The source is the first one.
    #[cfg_attr(feature = "schemars", schemars(length(max = MAX_INPUT_IMAGES)))]
    pub image_urls: Vec<String>,
    /// The number of images to generate, 1 to 4 ([`MAX_EDIT_IMAGES`]).
    #[serde(default = "default::one")]
    #[cfg_attr(feature = "schemars", schemars(range(min = 1, max = MAX_EDIT_IMAGES)))]
    pub num_images: u32,
    /// The aspect ratio, such as `16:9`. It is always sent, since `auto` leads to sizes that are in no table.
    #[serde(default = "default::auto")]
    pub aspect_ratio: String,
    /// The tier, such as `2K`. It is absent for nano-banana, which has no tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub resolution: Option<Tier>,
    /// The format of the returned images.
    #[serde(default)]
    #[cfg_attr(feature = "schemars", schemars(with = "super::schema::OutputFormat"))]
    pub output_format: Format,
    /// The safety tolerance, from 1 (strictest) to 6. JSON has it as a string.
    #[serde(default = "default::four", with = "tolerance")]
    #[cfg_attr(feature = "schemars", schemars(with = "super::schema::SafetyTolerance"))]
    pub safety_tolerance: u8,
    /// The seed. The model uses it on a best-effort basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether the output has data URIs instead of URLs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sync_mode: bool,
    /// Whether the model generates exactly `num_images` images, even if the prompt asks for another number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_generations: Option<bool>,
    /// Whether the model may search the web. nano-banana does not support it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_web_search: Option<bool>,
}

impl EditInput {
    /// Creates the input with which `model` answers `request`. The source is at `image_url`, see [`source_url`]. The
    /// references of the source follow it, each as [`source_url`] writes it.
    ///
    /// The input has the aspect ratio and the tier of the preset, and never its pixel size. `limit_generations` is on,
    /// so that a prompt that mentions several pictures does not yield more of them than are paid for.
    ///
    /// # Errors
    ///
    /// A [`GenerateError`] of the kind [`InvalidRequest`](GenerateErrorKind::InvalidRequest) if the endpoint would
    /// reject the input. Its source is an [`EditInputError`]. Nothing is billed.
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
        let ratio = preset.ratio.ok_or(EditInputError::NoAspectRatio { found: preset.size })?;
        if !model.has_ratio(ratio) {
            return Err(EditInputError::AspectRatio { found: ratio });
        }
        if let Some(found) = preset.tier.filter(|tier| !model.has_tier(*tier)) {
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
        let mut image_urls = vec![image_url];
        for (index, reference) in request.source().references.iter().enumerate() {
            image_urls.push(source_url(&reference.picture).ok_or(EditInputError::NoReference { index })?);
        }
        Ok(Self {
            prompt: prompt.to_string(),
            image_urls,
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

/// Reads and writes an integer from 1 to 6 as a string.
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

/// A request that an edit endpoint would reject.
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
/// assert_eq!(reason.unwrap().to_string(), "resolution is 2K; expected one that the endpoint offers");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditInputError {
    /// An aspect ratio that the endpoint does not offer.
    #[error("aspect_ratio is {found}; expected one that the endpoint offers")]
    #[expect(missing_docs, reason = "what was found")]
    AspectRatio { found: AspectRatio },
    /// A preset without an aspect ratio. The endpoint selects the shape by it.
    #[error("preset of {found} has no aspect ratio; expected one that the endpoint offers")]
    #[expect(missing_docs, reason = "what was found")]
    NoAspectRatio { found: Size },
    /// A tier that the endpoint does not offer.
    #[error("resolution is {found}; expected one that the endpoint offers")]
    #[expect(missing_docs, reason = "what was found")]
    Tier { found: Tier },
    /// A prompt that is too short or too long.
    #[error("prompt has {chars} characters; expected {MIN_PROMPT_CHARS} to {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    Prompt { chars: usize, max: usize },
    /// No image, or more images than one call generates.
    #[error("num_images is {found}; expected 1 to {MAX_EDIT_IMAGES}")]
    #[expect(missing_docs, reason = "what was found")]
    Images { found: u32 },
    /// The URL of the source is empty.
    #[error("image_urls is empty; expected a source with a URL or bytes")]
    NoSource,
    /// A reference without a URL and without bytes.
    #[error("reference {index} has neither a URL nor bytes; expected one of them")]
    #[expect(missing_docs, reason = "the number of the reference")]
    NoReference { index: usize },
}

/// The output of an edit endpoint.
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
#[cfg_attr(feature = "schemars", schemars(description = "The output of an edit endpoint."))]
#[cfg_attr(feature = "schemars", schemars(extend("required" = ["images", "description"])))]
#[non_exhaustive]
pub struct EditOutput {
    /// The images. Their declared media types and sizes are hints; only the bytes are reliable.
    pub images: Vec<ImageFile>,
    /// The text that the model returned; `""` if there is none.
    #[serde(default, deserialize_with = "super::output::text_or_null")]
    #[cfg_attr(feature = "schemars", schemars(!default))]
    pub description: String,
}

impl EditOutput {
    /// Creates an output from its images and its description.
    pub fn new(images: Vec<ImageFile>, description: impl Into<String>) -> Self {
        Self { images, description: description.into() }
    }

    /// Converts the output to the answer of `backend`.
    ///
    /// `bytes` are the files that the caller fetched, one for each image, in order. Each image is billed.
    ///
    /// # Errors
    ///
    /// [`NothingMade`](GenerateErrorKind::NothingMade), with the description, if the output has no images;
    /// [`InvalidAnswer`](GenerateErrorKind::InvalidAnswer) if the number of files differs from the number of images.
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

    /// Decodes the images of an output that has data URIs, as `sync_mode` requests. Each has at most `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidAnswer`](GenerateErrorKind::InvalidAnswer), with every image billed, if an image is not a data URI, is
    /// malformed or is too large.
    pub fn embedded(&self, max_bytes: u64) -> Result<Vec<Arc<[u8]>>, GenerateError> {
        let decode = |(index, image): (usize, &ImageFile)| match image.data(max_bytes) {
            Some(Ok(data)) => Ok(data.bytes().clone()),
            Some(Err(source)) => Err(self.invalid(EditOutputError::Data { index, source })),
            None => Err(self.invalid(EditOutputError::NotEmbedded { index })),
        };
        self.images.iter().enumerate().map(decode).collect()
    }

    fn invalid(&self, error: EditOutputError) -> GenerateError {
        // The model has made these images, so they are billed although they are not available.
        let billed = u32::try_from(self.images.len()).unwrap_or(u32::MAX);
        GenerateError::new(GenerateErrorKind::InvalidAnswer, "").caused_by(error).billed_images(billed)
    }
}

impl ImageFile {
    /// Decodes the data URI of the file, of at most `max_bytes` bytes. `None` if `url` is not a data URI, so that the
    /// file has to be fetched.
    pub fn data(&self, max_bytes: u64) -> Option<Result<DataUri, DataUriError>> {
        is_data_uri(&self.url).then(|| DataUri::parse(&self.url, max_bytes))
    }
}

/// An output whose images are not available. Indices start at 0.
///
/// ```
/// use smart_resize::wire::fal::{EditOutput, EditOutputError, ImageFile};
/// use std::error::Error;
///
/// let output = EditOutput::new(vec![ImageFile::at("https://example.com/a.png")], "");
/// let error = output.embedded(1000).unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<EditOutputError>());
/// assert_eq!(reason, Some(&EditOutputError::NotEmbedded { index: 0 }));
/// assert_eq!(reason.unwrap().to_string(), "image 0 is at a URL; expected a data URI");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditOutputError {
    /// The caller passed fewer or more files than the output has images.
    #[error("number of files is {found}; expected {expected}")]
    #[expect(missing_docs, reason = "what was found and what was expected")]
    Count { found: usize, expected: usize },
    /// An image that is at a URL instead of in a data URI.
    #[error("image {index} is at a URL; expected a data URI")]
    #[expect(missing_docs, reason = "which image")]
    NotEmbedded { index: usize },
    /// A data URI that is malformed or too large.
    #[error("image {index} cannot be decoded from its data URI")]
    Data {
        /// The index of the image.
        index: usize,
        /// The mistake and its position.
        source: DataUriError,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::preset::Preset;
    use crate::model::price::{PriceList, UsdMicros};
    use crate::plan::content::Plan;
    use crate::request::valid::Request;

    /// Returns the request for one target of a model with one preset.
    fn request(source: &Source, variants: u32) -> GenerationRequest {
        let preset = Preset::new(Size::new(900, 900).unwrap()).ratio("1:1".parse().unwrap()).tier(Tier::K1);
        let prices = PriceList::new(UsdMicros(1)).price("m", preset.tier, UsdMicros(1));
        let model = Model::new("m", vec![preset]).unwrap().variants_per_call(64.try_into().unwrap());
        let builder = Request::builder(source.clone()).sizes(["9x9"]).variants(variants).model(model).prices(prices);
        Plan::new(&builder.build().unwrap()).unwrap().requests(source).unwrap().remove(0)
    }

    #[test]
    fn each_model_has_its_own_endpoint() {
        for (name, expected) in [
            ("nano-banana-pro", Some("fal-ai/nano-banana-pro/edit")),
            ("nano-banana-2.1", Some("google/nano-banana-2.1/edit")),
            ("nano-banana-2", Some("fal-ai/nano-banana-2/edit")),
            ("nano-banana", Some("fal-ai/nano-banana/edit")),
            ("nano-banana-2-lite", None),
        ] {
            assert_eq!(EditModel::named(name).map(EditModel::endpoint), expected, "{name}");
        }
    }

    #[test]
    fn a_prompt_has_at_most_5000_characters_for_nano_banana_and_50000_otherwise() {
        assert_eq!(EditModel::ALL.map(EditModel::max_prompt_chars), [50_000, 50_000, 50_000, 5000]);
    }

    #[test]
    fn a_call_makes_at_most_4_images() {
        let source = Source::from_url("u");
        let made = |images| EditInput::checked(EditModel::NanoBananaPro, &request(&source, images), "u".to_owned());
        assert_eq!(made(4).unwrap().num_images, 4);
        assert_eq!(made(5), Err(EditInputError::Images { found: 5 }));
    }

    #[test]
    fn limit_generations_is_on_and_the_web_is_not_searched() {
        let source = Source::from_url("u");
        let input = EditInput::new(EditModel::NanoBananaPro, &request(&source, 1), "u").unwrap();
        assert_eq!((input.limit_generations, input.enable_web_search, input.sync_mode), (Some(true), None, false));
    }

    #[test]
    fn the_safety_tolerance_is_a_string_from_1_to_6() {
        let read = |tolerance: Value| {
            let body = json!({"prompt": "a shoe", "image_urls": ["u"], "safety_tolerance": tolerance});
            serde_json::from_value(body).map(|input: EditInput| input.safety_tolerance).ok()
        };
        assert_eq!(["1", "6"].map(|text| read(text.into())), [Some(1), Some(6)]);
        assert_eq!(["0", "7", "10", ""].map(|text| read(text.into())), [None; 4]);
        assert_eq!(read(json!(4)), None);
    }

    #[test]
    fn images_that_are_not_available_are_billed() {
        let output = EditOutput::new(vec![ImageFile::at("https://x"); 2], "");
        assert_eq!(output.embedded(9).unwrap_err().billed_images, 2);
        assert_eq!(output.generated("fal", [*b"a"]).unwrap_err().billed_images, 2);
    }

    #[test]
    fn an_output_without_images_is_nothing_made_and_not_billed() {
        let error = EditOutput::new(Vec::new(), "No.").generated("fal", [[0; 0]; 0]).unwrap_err();
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::NothingMade, 0));
    }

    #[test]
    fn a_source_of_an_unknown_format_is_sent_as_a_png() {
        assert_eq!(source_url(&Source::from_bytes(*b"?")).as_deref(), Some("data:image/png;base64,Pw=="));
    }
}
