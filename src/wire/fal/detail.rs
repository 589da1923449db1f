//! The body of fal's error answers: `{"detail": [{"loc", "msg", "type", "input", "ctx"}]}`, or one text instead of the
//! list.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::wire::excerpt;

/// The maximum number of characters that an entry echoes as `input`, in strings and names together.
const MAX_ECHO_CHARS: usize = 20_000;
/// The number of characters that an entry echoes of a string that is too long to be echoed whole, such as a data URI.
const MAX_EXCERPT_CHARS: usize = 100;
/// The maximum number of values that an entry echoes, lists and objects included. The bound is small because every
/// entry of a body echoes a value.
const MAX_ECHO_VALUES: usize = 1000;
/// The maximum nesting that an entry echoes. Parsers limit the nesting of JSON, and an error must stay within it.
const MAX_ECHO_DEPTH: usize = 32;

// A row has the variant, the name in JSON, the HTTP status, and the end of the documentation.
macro_rules! error_types {
    ($($variant:ident $text:literal $status:literal $doc:literal;)*) => {
        /// The type of a mistake. Programs evaluate the type; the message is for people.
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
            /// Any other type, with its name.
            Other(Box<str>),
        }

        impl ErrorType {
            /// All types except [`Other`](Self::Other).
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name of the type, such as `literal_error`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// Returns the HTTP status of an answer with this error. It is 422 except for time-outs and failures of
            /// a service.
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
    ModelAttributesType "model_attributes_type" 422 "the body is not an object.";
    Missing "missing" 422 "a required field is missing.";
    StringType "string_type" 422 "the value is not a string.";
    StringTooLong "string_too_long" 422 "the string has too many characters.";
    ListType "list_type" 422 "the value is not a list.";
    TooShort "too_short" 422 "the list has too few items.";
    TooLong "too_long" 422 "the list has too many items.";
    LiteralError "literal_error" 422 "the value is none of the allowed ones.";
    IntType "int_type" 422 "the value is not an integer.";
    IntParsing "int_parsing" 422 "the string is not an integer.";
    IntParsingSize "int_parsing_size" 422 "the integer has too many digits.";
    IntFromFloat "int_from_float" 422 "the number has a fractional part.";
    GreaterThanEqual "greater_than_equal" 422 "the number is below the bound.";
    LessThanEqual "less_than_equal" 422 "the number is above the bound.";
    BoolType "bool_type" 422 "the value is not a boolean.";
    BoolParsing "bool_parsing" 422 "the string or the number is not a boolean.";
    ValueError "value_error" 422 "the value has the right type but is invalid.";
    ImageLoadError "image_load_error" 422 "the image cannot be loaded.";
    FileDownloadError "file_download_error" 422 "the file cannot be downloaded.";
    FileTooLarge "file_too_large" 422 "the file has too many bytes.";
    ImageTooSmall "image_too_small" 422 "the image has too few pixels.";
    ImageTooLarge "image_too_large" 422 "the image has too many pixels.";
    UnsupportedImageFormat "unsupported_image_format" 422 "the format of the image is not supported.";
    ContentPolicyViolation "content_policy_violation" 422 "a safety filter refused the input or the result.";
    NoMediaGenerated "no_media_generated" 422 "the model returned no image.";
    GenerationTimeout "generation_timeout" 504 "the model took too long.";
    DownstreamServiceError "downstream_service_error" 400 "a service that the endpoint calls failed.";
    DownstreamServiceUnavailable "downstream_service_unavailable" 500 "a service that the endpoint calls is down.";
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

/// A step of the path to a mistake.
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
#[cfg_attr(feature = "schemars", schemars(description = "A step of the path to a mistake."))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "JSON has objects and lists")]
pub enum Loc {
    /// The index of an item of a list, from 0. In a body that is not JSON it is the position in bytes.
    Index(u64),
    /// The name of a field of an object, or `body` as the first step.
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

/// A mistake in a request.
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
#[cfg_attr(feature = "schemars", schemars(description = "A mistake in a request."))]
#[non_exhaustive]
pub struct DetailEntry {
    /// The type of the mistake.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub error_type: ErrorType,
    /// The path to the mistake, such as `["body", "target_sizes", 0]`.
    pub loc: Vec<Loc>,
    /// The message, which is for people.
    pub msg: String,
    /// The invalid value.
    ///
    /// It is cut to its first 1000 values, to 20,000 characters in all and to a nesting of 32. A string that is too
    /// long for that is cut to its first 100 characters. `…` replaces what is left out. fal echoes the whole value.
    #[serde(default)]
    pub input: Value,
    /// Values that explain `msg`, such as a bound or the parser's error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Map<String, Value>>,
}

impl DetailEntry {
    /// Creates the entry of a failed check with the type `value_error`, as pydantic does in fal's service. Its `ctx`
    /// has the exception as `error`, which is an empty object in JSON.
    pub(super) fn value_error(loc: impl Into<Vec<Loc>>, reason: &str, input: &Value) -> Self {
        Self::new(ErrorType::ValueError, loc, format!("Value error, {reason}"), input).ctx("error", Map::new())
    }

    /// Creates the entry for a missing required field.
    pub(super) fn missing(loc: impl Into<Vec<Loc>>, body: &Value) -> Self {
        Self::new(ErrorType::Missing, loc, "Field required", body)
    }

    /// Creates an entry for the value `input` at the path `loc`. A large value is cut, see [`input`](Self::input).
    pub fn new(error_type: ErrorType, loc: impl Into<Vec<Loc>>, msg: impl Into<String>, input: &Value) -> Self {
        Self { error_type, loc: loc.into(), msg: msg.into(), input: echo(input), ctx: None }
    }

    /// Adds a value that explains the message, such as a bound.
    #[must_use]
    pub fn ctx(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.ctx.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }
}

/// Copies `input` within the limits of an entry.
fn echo(input: &Value) -> Value {
    // All levels share one budget of values and characters. The nesting has a limit of its own.
    let mut budget = EchoBudget { values: MAX_ECHO_VALUES, chars: MAX_ECHO_CHARS };
    budget.echo(input, MAX_ECHO_DEPTH).unwrap_or_else(|| "…".into())
}

/// The number of values and characters that can still be echoed.
struct EchoBudget {
    values: usize,
    chars: usize,
}

impl EchoBudget {
    /// Copies as much of `input` as the limits allow, down to a nesting of `depth`. `None` if a limit is used up.
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

    /// Copies a string or a name, or an excerpt of it if it is too long. `None` if not even the excerpt fits.
    fn text(&mut self, text: &str) -> Option<String> {
        // Counts no further than needed, since a string can have megabytes.
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

/// The content of an error answer: a list of mistakes, or one text, as the queue returns it.
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
    schemars(
        description = "The content of an error answer: a list of mistakes, or one text, as the queue returns it."
    )
)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Detail {
    /// All mistakes, in the order of the fields.
    Entries(Vec<DetailEntry>),
    /// One text, such as `Request is still in progress`.
    Text(String),
}

/// The body of an error answer.
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
#[cfg_attr(feature = "schemars", schemars(description = "The body of an error answer."))]
#[non_exhaustive]
pub struct ErrorBody {
    /// The mistakes, or one text.
    pub detail: Detail,
}

impl ErrorBody {
    /// Creates a body with one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { detail: Detail::Text(text.into()) }
    }

    /// Creates the error for a `body` that is not JSON. Its path has the position in bytes at which the parser failed.
    pub fn not_json(body: &[u8], error: &serde_json::Error) -> Self {
        // The offset is the length of the lines before the mistake, plus the column, which serde_json counts in bytes.
        let lines = body.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
        let offset = lines.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1);
        let loc = [Loc::from("body"), offset.min(body.len()).into()];
        let entry = DetailEntry::new(ErrorType::JsonInvalid, loc, "JSON decode error", &Map::new().into());
        entry.ctx("error", error.to_string()).into()
    }

    /// Reads an error answer. If `body` does not have fal's form, its first 200 characters become the text.
    pub fn from_answer(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self::text(excerpt(&String::from_utf8_lossy(body), 200)))
    }

    /// Returns the mistakes. The slice is empty if the body has one text.
    pub fn entries(&self) -> &[DetailEntry] {
        match &self.detail {
            Detail::Entries(entries) => entries,
            Detail::Text(_) => &[],
        }
    }

    /// Returns the HTTP status: the highest status of the entries, so that a 422 does not hide a 500 or a 504. A body
    /// with one text has 400.
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
    /// Writes the text, or all mistakes separated by `; `.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(error_type: ErrorType) -> DetailEntry {
        DetailEntry::new(error_type, [Loc::from("body"), Loc::from("prompt"), Loc::Index(2)], "No.", &Value::Null)
    }

    #[test]
    fn an_answer_in_another_form_becomes_a_text_of_its_first_200_characters() {
        let text = |chars: usize| ErrorBody::from_answer("é".repeat(chars).as_bytes());
        assert_eq!(text(200), ErrorBody::text("é".repeat(200)));
        assert_eq!(text(201), ErrorBody::text(format!("{}…", "é".repeat(200))));
    }

    #[test]
    fn the_position_of_a_mistake_in_json_counts_the_bytes_of_all_lines() {
        let body = "{\n\"é\": x}".as_bytes();
        let error = serde_json::from_slice::<Value>(body).unwrap_err();
        assert_eq!(ErrorBody::not_json(body, &error).entries()[0].loc, [Loc::from("body"), Loc::Index(8)]);
    }

    #[test]
    fn the_status_of_a_body_is_the_highest_of_its_entries() {
        let status =
            |types: &[ErrorType]| ErrorBody::from(types.iter().cloned().map(entry).collect::<Vec<_>>()).status();
        assert_eq!(status(&[ErrorType::Missing]), 422);
        assert_eq!(status(&[ErrorType::Missing, ErrorType::GenerationTimeout, ErrorType::InternalServerError]), 504);
        assert_eq!(status(&[ErrorType::DownstreamServiceError, ErrorType::Missing]), 422);
    }

    #[test]
    fn a_body_with_one_text_has_the_status_400() {
        assert_eq!(ErrorBody::text("Request is still in progress").status(), 400);
    }

    #[test]
    fn mistakes_are_separated_by_semicolons_and_the_steps_of_a_path_by_dots() {
        let body = ErrorBody::from(vec![entry(ErrorType::Missing); 2]);
        assert_eq!(body.to_string(), "body.prompt.2: No.; body.prompt.2: No.");
        let nowhere = DetailEntry::new(ErrorType::Missing, [], "No.", &Value::Null);
        assert_eq!(nowhere.to_string(), "No.");
    }
}
