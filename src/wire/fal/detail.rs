//! Errors as fal answers them: `{"detail": [{"loc", "msg", "type", "input", "ctx"}]}`, or one text in the place of the
//! list.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::wire::excerpt;

/// The most characters that are echoed as `input`, in strings and names together.
const MAX_ECHO_CHARS: usize = 20_000;
/// As many are echoed of a string that does not fit, such as a data URI.
const MAX_EXCERPT_CHARS: usize = 100;
/// The most values that are echoed, those that others are in counted too. Each mistake echoes what it is about, and a
/// body has many of them.
const MAX_ECHO_VALUES: usize = 1000;
/// The deepest nesting that is echoed; readers have limits, and an error must not be beyond them.
const MAX_ECHO_DEPTH: usize = 32;

macro_rules! error_types {
    ($($variant:ident $text:literal $status:literal $doc:literal;)*) => {
        /// What kind of mistake an entry is: what programs look at, where people read the message.
        ///
        /// ```
        /// use smart_resize::wire::fal::ErrorType;
        ///
        /// let error_type = ErrorType::from("image_load_error");
        /// assert_eq!(error_type, ErrorType::ImageLoadError);
        /// assert_eq!((error_type.as_str(), error_type.status()), ("image_load_error", 422));
        /// assert_eq!(ErrorType::from("too_blue"), ErrorType::Other("too_blue".into()));
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorType {
            $(#[doc = concat!("`", $text, "`: ", $doc)] $variant,)*
            /// Another one, as it is written.
            Other(Box<str>),
        }

        impl ErrorType {
            /// The types that have a name here.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it is written, such as `literal_error`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// The status of an answer with this error: 422 but for those that are not about the input.
            pub const fn status(&self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                    Self::Other(_) => 422,
                }
            }
        }

        impl From<&str> for ErrorType {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::Other(text.into()),
                }
            }
        }
    };
}

error_types! {
    JsonInvalid "json_invalid" 422 "the body is not JSON.";
    ModelAttributesType "model_attributes_type" 422 "the body is no object.";
    Missing "missing" 422 "a field that is required is not there.";
    StringType "string_type" 422 "no string.";
    StringTooLong "string_too_long" 422 "a string of too many characters.";
    ListType "list_type" 422 "no list.";
    TooShort "too_short" 422 "a list of too few items.";
    TooLong "too_long" 422 "a list of too many items.";
    LiteralError "literal_error" 422 "none of the values that are listed.";
    IntType "int_type" 422 "no integer.";
    IntParsing "int_parsing" 422 "a string that is no integer.";
    IntParsingSize "int_parsing_size" 422 "an integer of too many digits.";
    IntFromFloat "int_from_float" 422 "a number with a fractional part.";
    GreaterThanEqual "greater_than_equal" 422 "a number below the bound.";
    LessThanEqual "less_than_equal" 422 "a number above the bound.";
    BoolType "bool_type" 422 "no boolean.";
    BoolParsing "bool_parsing" 422 "a string or a number that is no boolean.";
    ValueError "value_error" 422 "a value of the right type that makes no sense.";
    ImageLoadError "image_load_error" 422 "the image cannot be read.";
    FileDownloadError "file_download_error" 422 "the file cannot be fetched.";
    FileTooLarge "file_too_large" 422 "the file has too many bytes.";
    ImageTooSmall "image_too_small" 422 "the image has too few pixels.";
    ImageTooLarge "image_too_large" 422 "the image has too many pixels.";
    UnsupportedImageFormat "unsupported_image_format" 422 "the image is of another format than those that are read.";
    ContentPolicyViolation "content_policy_violation" 422 "a safety filter refused.";
    NoMediaGenerated "no_media_generated" 422 "the model made nothing.";
    GenerationTimeout "generation_timeout" 504 "the model took too long.";
    DownstreamServiceError "downstream_service_error" 400 "a service below failed.";
    DownstreamServiceUnavailable "downstream_service_unavailable" 500 "a service below is out of order.";
    InternalServerError "internal_server_error" 500 "the endpoint failed.";
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Cow::<str>::deserialize(deserializer)?.as_ref().into())
    }
}

/// A step on the way to what is wrong.
///
/// ```
/// use smart_resize::wire::fal::Loc;
///
/// let loc: Vec<Loc> = serde_json::from_str(r#"["body", "target_sizes", 0]"#)?;
/// assert_eq!(loc, [Loc::from("body"), Loc::from("target_sizes"), Loc::Index(0)]);
/// assert_eq!(loc[1].to_string(), "target_sizes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A step on the way to what is wrong."))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "JSON has objects and lists")]
pub enum Loc {
    /// An item of a list, from 0; or, of a body that is not JSON, the byte.
    Index(u64),
    /// A field of an object, or `body` in front.
    Field(Cow<'static, str>),
}

impl From<&'static str> for Loc {
    fn from(field: &'static str) -> Self {
        Self::Field(Cow::Borrowed(field))
    }
}

impl From<usize> for Loc {
    fn from(index: usize) -> Self {
        Self::Index(index as u64)
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Field(field) => f.write_str(field),
        }
    }
}

/// One mistake.
///
/// ```
/// use smart_resize::wire::fal::{DetailEntry, ErrorType, Loc};
///
/// let loc = [Loc::from("body"), Loc::from("prompt")];
/// let input = serde_json::json!(5);
/// let entry = DetailEntry::new(ErrorType::StringType, loc, "Input should be a valid string", &input);
/// assert_eq!(entry.to_string(), "body.prompt: Input should be a valid string");
/// assert_eq!((entry.input, entry.ctx), (input, None));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "One mistake."))]
#[non_exhaustive]
pub struct DetailEntry {
    /// What kind of mistake.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub error_type: ErrorType,
    /// The way to it, such as `["body", "target_sizes", 0]`.
    pub loc: Vec<Loc>,
    /// For people.
    pub msg: String,
    /// The value that is wrong: its first 1000 values of 20,000 characters in all, and of a string that is too long for
    /// that the first 100, without what is nested deeper than 32. `…` stands in the place of the rest. fal echoes it
    /// whole.
    #[serde(default)]
    pub input: Value,
    /// The bounds that `msg` speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Map<String, Value>>,
}

impl DetailEntry {
    /// The entry that pydantic makes of a `ValueError`: the exception itself, in `ctx`, becomes an empty object.
    pub(super) fn value_error(loc: impl Into<Vec<Loc>>, reason: &str, input: &Value) -> Self {
        Self::new(ErrorType::ValueError, loc, format!("Value error, {reason}"), input).ctx("error", Map::new())
    }

    /// The entry for a required field that is not there.
    pub(super) fn missing(loc: impl Into<Vec<Loc>>, body: &Value) -> Self {
        Self::new(ErrorType::Missing, loc, "Field required", body)
    }

    /// The mistake `error_type` of `input`, which stands at `loc`.
    pub fn new(error_type: ErrorType, loc: impl Into<Vec<Loc>>, msg: impl Into<String>, input: &Value) -> Self {
        Self { error_type, loc: loc.into(), msg: msg.into(), input: echo(input), ctx: None }
    }

    /// The same mistake with a bound that its message speaks of.
    #[must_use]
    pub fn ctx(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.ctx.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }
}

fn echo(input: &Value) -> Value {
    let mut left = Left { values: MAX_ECHO_VALUES, chars: MAX_ECHO_CHARS };
    left.echo(input, MAX_ECHO_DEPTH).unwrap_or_else(|| "…".into())
}

/// How much more may be echoed.
struct Left {
    values: usize,
    chars: usize,
}

impl Left {
    /// As much of `input` as there may be; nothing where there may be nothing more.
    fn echo(&mut self, input: &Value, depth: usize) -> Option<Value> {
        self.values = self.values.checked_sub(1)?;
        Some(match (input, depth.checked_sub(1)) {
            (Value::String(text), _) => self.text(text)?.into(),
            (Value::Array(_) | Value::Object(_), None) => "…".into(),
            (Value::Array(items), Some(depth)) => {
                let mut echoed = Vec::new();
                for item in items {
                    let Some(item) = self.echo(item, depth) else {
                        echoed.push("…".into());
                        break;
                    };
                    echoed.push(item);
                }
                echoed.into()
            }
            (Value::Object(fields), Some(depth)) => {
                let mut echoed = Map::new();
                for (name, value) in fields {
                    let Some((name, value)) = self.text(name).zip(self.echo(value, depth)) else {
                        echoed.insert("…".to_owned(), "…".into());
                        break;
                    };
                    echoed.insert(name, value);
                }
                echoed.into()
            }
            (other, _) => other.clone(),
        })
    }

    fn text(&mut self, text: &str) -> Option<String> {
        let chars = |text: &str| text.chars().take(MAX_ECHO_CHARS + 1).count();
        let is_whole = chars(text) <= self.chars;
        let echoed = if is_whole { text.to_owned() } else { excerpt(text, MAX_EXCERPT_CHARS) };
        self.chars = self.chars.checked_sub(chars(&echoed))?;
        Some(echoed)
    }
}

impl fmt::Display for DetailEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.loc.iter().enumerate() {
            let separator = if index == 0 { "" } else { "." };
            write!(f, "{separator}{step}")?;
        }
        let separator = if self.loc.is_empty() { "" } else { ": " };
        write!(f, "{separator}{}", self.msg)
    }
}

/// What is wrong: a list of mistakes, or one text, as the queue answers.
///
/// ```
/// use smart_resize::wire::fal::{Detail, ErrorBody};
///
/// let body: ErrorBody = serde_json::from_str(r#"{"detail": "Request is still in progress"}"#)?;
/// assert_eq!(body.detail, Detail::Text("Request is still in progress".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "What is wrong: a list of mistakes, or one text, as the queue answers.")
)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Detail {
    /// Every mistake, in the order of the fields.
    Entries(Vec<DetailEntry>),
    /// Such as `Request is still in progress`.
    Text(String),
}

/// The body of an answer that is an error.
///
/// ```
/// use smart_resize::wire::fal::{ErrorBody, InputLimits, SmartResizeInput};
///
/// let body = br#"{"image_url": "https://example.com/a.png", "target_sizes": []}"#;
/// let refused = SmartResizeInput::from_json(body, &InputLimits::default()).unwrap_err();
/// assert_eq!(refused.status(), 422);
/// assert_eq!(
///     serde_json::to_string(&refused)?,
///     concat!(
///         r#"{"detail":[{"type":"too_short","loc":["body","target_sizes"],"#,
///         r#""msg":"List should have at least 1 item after validation, not 0","input":[],"#,
///         r#""ctx":{"actual_length":0,"field_type":"List","min_length":1}}]}"#,
///     ),
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The body of an answer that is an error."))]
#[non_exhaustive]
pub struct ErrorBody {
    /// What is wrong.
    pub detail: Detail,
}

impl ErrorBody {
    /// The body with one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { detail: Detail::Text(text.into()) }
    }

    /// The error that `body` is not JSON, at the byte at which it stops being some.
    pub fn not_json(body: &[u8], error: &serde_json::Error) -> Self {
        let lines = body.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
        let offset = lines.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1);
        let loc = [Loc::from("body"), offset.min(body.len()).into()];
        let entry = DetailEntry::new(ErrorType::JsonInvalid, loc, "JSON decode error", &Map::new().into());
        entry.ctx("error", error.to_string()).into()
    }

    /// The error in `body`, whatever that is: where it is not fal's, its first 200 characters are the text.
    pub fn from_answer(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self::text(excerpt(&String::from_utf8_lossy(body), 200)))
    }

    /// The mistakes; none where there is one text.
    pub fn entries(&self) -> &[DetailEntry] {
        match &self.detail {
            Detail::Entries(entries) => entries,
            Detail::Text(_) => &[],
        }
    }

    /// The status of the answer: the highest that one of the mistakes has, so that a fault of the service's own shows;
    /// 400 for a text.
    pub fn status(&self) -> u16 {
        self.entries().iter().map(|entry| entry.error_type.status()).max().unwrap_or(400)
    }
}

impl From<Vec<DetailEntry>> for ErrorBody {
    fn from(entries: Vec<DetailEntry>) -> Self {
        Self { detail: Detail::Entries(entries) }
    }
}

impl From<DetailEntry> for ErrorBody {
    fn from(entry: DetailEntry) -> Self {
        vec![entry].into()
    }
}

impl fmt::Display for ErrorBody {
    /// All of it, with `; ` between two mistakes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Detail::Text(text) => f.write_str(text),
            Detail::Entries(entries) => entries.iter().enumerate().try_for_each(|(index, entry)| {
                let separator = if index == 0 { "" } else { "; " };
                write!(f, "{separator}{entry}")
            }),
        }
    }
}

impl std::error::Error for ErrorBody {}
