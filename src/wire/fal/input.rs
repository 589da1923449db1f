//! The input of `fal-ai/smart-resize`.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::detail::{DetailEntry, ErrorBody, Loc};
use super::image_url::ImageUrl;
use crate::format::Format;
use crate::model::preset::Tier;
use crate::request::builder::RequestBuilder;
use crate::request::error::{RequestError, RequestErrors};
use crate::request::sharing::Sharing;
use crate::request::source::Source;
use crate::request::target::Target;
use crate::request::valid::Request;
use crate::size::Size;
use crate::wire::MAX_IMAGE_BYTES;

/// The maximum number of target sizes that fal accepts. The value is likely, not published.
pub const MAX_TARGET_SIZES: usize = 10;
/// The maximum number of variants of one size that fal accepts. The value is likely, not published.
pub const MAX_IMAGES_PER_SIZE: u32 = 4;
/// The maximum number of characters of a prompt that fal accepts. The value is likely, not published.
pub const MAX_PROMPT_CHARS: usize = 5000;

/// The bounds that an input is checked against. The default has fal's bounds.
///
/// ```
/// use smart_resize::wire::fal::{InputLimits, SmartResizeInput};
///
/// let mut limits = InputLimits::default();
/// limits.target_sizes = 1;
/// let body = br#"{"image_url": "https://example.com/shoe.png", "target_sizes": ["300x250", "728x90"]}"#;
/// assert_eq!(
///     SmartResizeInput::from_json(body, &limits).unwrap_err().to_string(),
///     "body.target_sizes: List should have at most 1 item after validation, not 2",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputLimits {
    /// The maximum number of target sizes. A [`Request`] rejects more than
    /// [`MAX_TARGETS`](crate::request::MAX_TARGETS) in any case.
    pub target_sizes: usize,
    /// The maximum number of variants of one size. A [`Request`] rejects more than
    /// [`MAX_VARIANTS`](crate::request::MAX_VARIANTS) in any case.
    pub images_per_size: u32,
    /// The maximum number of characters of the prompt. A [`Request`] rejects more than [`MAX_PROMPT_CHARS`] unless its
    /// own [limits](RequestBuilder::limits) are raised.
    pub prompt_chars: usize,
    /// The maximum number of bytes of an image in a data URI.
    pub image_bytes: u64,
}

impl Default for InputLimits {
    fn default() -> Self {
        Self {
            target_sizes: MAX_TARGET_SIZES,
            images_per_size: MAX_IMAGES_PER_SIZE,
            prompt_chars: MAX_PROMPT_CHARS,
            image_bytes: MAX_IMAGE_BYTES,
        }
    }
}

/// The input of `fal-ai/smart-resize`.
///
/// ```
/// use smart_resize::wire::fal::{InputLimits, SmartResizeInput};
///
/// let body = br#"{"image_url": "https://example.com/shoe.png", "target_sizes": ["1920x1080"], "seed": 7}"#;
/// let input = SmartResizeInput::from_json(body, &InputLimits::default())?;
/// assert_eq!(input.target_sizes[0].to_string(), "1920x1080");
/// assert_eq!((input.num_images_per_size, input.seed), (1, Some(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The input of `fal-ai/smart-resize`."))]
#[non_exhaustive]
pub struct SmartResizeInput {
    /// The picture to resize: an `http` or `https` URL, or a data URI.
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub image_url: ImageUrl,
    /// The exact sizes of the results, each written as `<width>x<height>`.
    #[cfg_attr(feature = "schemars", schemars(with = "Vec<String>", length(min = 1, max = MAX_TARGET_SIZES)))]
    #[cfg_attr(
        feature = "schemars",
        schemars(inner(regex(pattern = "^[ \\t]*[1-9][0-9]{0,4}[xX×][1-9][0-9]{0,4}[ \\t]*$")))
    )]
    pub target_sizes: Vec<Size>,
    /// An instruction that is added to the generated prompt. `""` keeps the content unchanged.
    #[cfg_attr(feature = "schemars", schemars(default, length(max = MAX_PROMPT_CHARS)))]
    pub prompt: String,
    /// The number of variants of each size.
    #[cfg_attr(feature = "schemars", schemars(default = "super::schema::one", range(min = 1, max = MAX_IMAGES_PER_SIZE)))]
    pub num_images_per_size: u32,
    /// The lowest tier that may be used for a generation.
    #[cfg_attr(feature = "schemars", schemars(with = "super::schema::Tier", default = "super::schema::tier"))]
    pub resolution: Tier,
    /// The format of the results.
    #[cfg_attr(feature = "schemars", schemars(with = "super::schema::OutputFormat", default = "super::schema::png"))]
    pub output_format: Format,
    /// The safety tolerance, from 1 (strictest) to 6.
    #[cfg_attr(
        feature = "schemars",
        schemars(with = "super::schema::SafetyTolerance", default = "super::schema::four")
    )]
    pub safety_tolerance: u8,
    /// The seed, which is the same for every size.
    #[cfg_attr(feature = "schemars", schemars(default))]
    pub seed: Option<u64>,
    /// Whether the output has data URIs instead of URLs.
    #[cfg_attr(feature = "schemars", schemars(default))]
    pub sync_mode: bool,
}

impl SmartResizeInput {
    /// The names of all fields. A server that parses large bodies can skip every other field.
    pub const FIELDS: [&str; 9] = [
        "image_url",
        "target_sizes",
        "prompt",
        "num_images_per_size",
        "resolution",
        "output_format",
        "safety_tolerance",
        "seed",
        "sync_mode",
    ];

    /// Creates an input with the service's defaults for the other fields.
    pub fn new(image_url: ImageUrl, target_sizes: impl Into<Vec<Size>>) -> Self {
        Self {
            image_url,
            target_sizes: target_sizes.into(),
            prompt: String::new(),
            num_images_per_size: 1,
            resolution: Tier::K1,
            output_format: Format::Png,
            safety_tolerance: 4,
            seed: None,
            sync_mode: false,
        }
    }

    /// Builds the request of this input for `source`.
    ///
    /// `source` is [`ImageUrl::source`], or preferably a source that the caller has read from the fetched bytes.
    ///
    /// # Errors
    ///
    /// An [`ErrorBody`] with an entry for every mistake. An input that [`from_json`](Self::from_json) has read with the
    /// default limits has none, unless it was changed since.
    pub fn request(&self, source: Source) -> Result<Request, ErrorBody> {
        self.builder(source).build().map_err(|errors| self.refused(&errors))
    }

    /// Returns the builder of the request for `source`. As fal's contract requires, each size has generations of its
    /// own. The caller can add a scene, another model or a budget.
    pub fn builder(&self, source: Source) -> RequestBuilder {
        let builder = Request::builder(source)
            .targets(self.target_sizes.iter().copied().map(Target::new))
            .instruction(self.prompt.as_str())
            .variants(self.num_images_per_size)
            .floor(self.resolution)
            .format(self.output_format)
            .safety_tolerance(self.safety_tolerance)
            .sharing(Sharing::PerTarget);
        match self.seed {
            Some(seed) => builder.seed(seed),
            None => builder,
        }
    }

    /// Converts the errors of a request that was built from this input to the body of an error answer.
    pub fn refused(&self, errors: &RequestErrors) -> ErrorBody {
        let value = serde_json::to_value(self).unwrap_or_default();
        errors.iter().map(|error| entry_of(error, &value)).collect::<Vec<_>>().into()
    }
}

/// Converts a mistake of a request to an entry. `body` is the input as JSON; the entry repeats the field of it that the
/// mistake is about.
fn entry_of(error: &RequestError, body: &Value) -> DetailEntry {
    let field = match error {
        RequestError::NoTargets | RequestError::TooManyTargets { .. } => "target_sizes",
        RequestError::Variants { .. } => "num_images_per_size",
        RequestError::InstructionTooLong { .. } => "prompt",
        RequestError::UnknownFloor { .. } => "resolution",
        RequestError::SafetyTolerance { .. } => "safety_tolerance",
        RequestError::InvalidSize { index, .. }
        | RequestError::TooLongForFormat { index, .. }
        | RequestError::NothingCovers { index, .. }
        | RequestError::NoBytes { index }
        | RequestError::Insets { index, .. }
        | RequestError::Quality { index, .. }
        | RequestError::IdTooLong { index, .. } => {
            // These mistakes are about one item of the list. All others are about a field or the body.
            let loc = [Loc::from("body"), Loc::from("target_sizes"), Loc::from(*index)];
            let size = body.pointer(&format!("/target_sizes/{index}")).unwrap_or(&Value::Null);
            return DetailEntry::value_error(loc, &with_cause(error), size);
        }
        _ => return DetailEntry::value_error([Loc::from("body")], &with_cause(error), body),
    };
    DetailEntry::value_error(
        [Loc::from("body"), Loc::from(field)],
        &with_cause(error),
        body.get(field).unwrap_or(&Value::Null),
    )
}

fn with_cause(error: &RequestError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl Serialize for SmartResizeInput {
    /// Writes the form that fal reads. The safety tolerance is a string, `seed` is omitted if it is `None`, and
    /// `sync_mode` is omitted if it is `false`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Some formats write the number of fields first, so it has to be exact.
        let fields = 7 + usize::from(self.seed.is_some()) + usize::from(self.sync_mode);
        let mut input = serializer.serialize_struct("SmartResizeInput", fields)?;
        input.serialize_field("image_url", &self.image_url)?;
        input.serialize_field("target_sizes", &self.target_sizes)?;
        input.serialize_field("prompt", &self.prompt)?;
        input.serialize_field("num_images_per_size", &self.num_images_per_size)?;
        input.serialize_field("resolution", &self.resolution)?;
        input.serialize_field("output_format", &self.output_format)?;
        input.serialize_field("safety_tolerance", &self.safety_tolerance.to_string())?;
        if let Some(seed) = self.seed {
            input.serialize_field("seed", &seed)?;
        }
        if self.sync_mode {
            input.serialize_field("sync_mode", &true)?;
        }
        input.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limits_are_those_assumed_of_fal() {
        let InputLimits { target_sizes, images_per_size, prompt_chars, image_bytes } = InputLimits::default();
        assert_eq!((target_sizes, images_per_size, prompt_chars, image_bytes), (10, 4, 5000, 50 << 20));
    }

    #[test]
    fn the_seed_and_the_sync_mode_are_written_only_if_they_are_set() {
        let mut input = SmartResizeInput::new(ImageUrl::Http("https://a".to_owned()), [Size::new(9, 9).unwrap()]);
        let written = |input: &SmartResizeInput| serde_json::to_value(input).unwrap();
        assert!(written(&input).get("seed").is_none() && written(&input).get("sync_mode").is_none());
        (input.seed, input.sync_mode) = (Some(7), true);
        assert_eq!((&written(&input)["seed"], &written(&input)["sync_mode"]), (&7.into(), &true.into()));
    }

    #[test]
    fn the_safety_tolerance_is_written_as_a_string() {
        let input = SmartResizeInput::new(ImageUrl::Http("https://a".to_owned()), [Size::new(9, 9).unwrap()]);
        assert_eq!(serde_json::to_value(&input).unwrap()["safety_tolerance"], "4");
    }

    #[test]
    fn a_mistake_points_to_its_item_its_field_or_the_body() {
        let input = SmartResizeInput::new(ImageUrl::Http("https://a".to_owned()), [Size::new(9, 9).unwrap(); 2]);
        let body = serde_json::to_value(&input).unwrap();
        let place = |error: &RequestError| {
            let entry = entry_of(error, &body);
            (entry.loc.iter().map(ToString::to_string).collect::<Vec<_>>().join("."), entry.input)
        };
        let item = ("body.target_sizes.1".to_owned(), "9x9".into());
        assert_eq!(place(&RequestError::NoBytes { index: 1 }), item);
        assert_eq!(place(&RequestError::IdTooLong { index: 1, chars: 300 }), item);
        assert_eq!(place(&RequestError::NoTargets), ("body.target_sizes".to_owned(), body["target_sizes"].clone()));
        assert_eq!(place(&RequestError::MaxScale { found: 0 }), ("body".to_owned(), body.clone()));
    }
}
