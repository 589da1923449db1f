//! Reads the body of a request. It reports the mistakes that pydantic finds with pydantic's messages, and further
//! mistakes that pydantic cannot know, such as a size that no preset covers.

use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::detail::{DetailEntry, ErrorBody, ErrorType, Loc};
use super::image_url::ImageUrl;
use super::input::{InputLimits, SmartResizeInput};
use super::lax;
use crate::format::Format;
use crate::model::preset::Tier;
use crate::request::error::RequestError;
use crate::request::source::Source;
use crate::request::target::Target;
use crate::request::valid::Request;
use crate::size::{ParseSizeError, Size};
use crate::wire::excerpt;

impl SmartResizeInput {
    /// Reads the input from the body of a request.
    ///
    /// Like fal, it ignores unknown fields, and reads `"2"`, `2.0` and `true` as integers and `"yes"` as a boolean. The
    /// following rules are its own:
    ///
    /// - Sizes have the stricter grammar of [`Size`]: `1920×1080` is valid, `1920 * 1080` is not. A size that no preset
    ///   of nano-banana-pro covers, or that is too long for the format, is rejected before a request is built.
    /// - A seed is from 0 to 2⁶⁴−1. Integers beyond 64 bits are read as floats.
    /// - A data URI is decoded. A scheme other than `http`, `https` and `data` is rejected.
    ///
    /// # Errors
    ///
    /// An entry for every mistake, in the order of the fields, with pydantic's types, messages and bounds. As in
    /// pydantic, the items of a list that is too long are not checked.
    pub fn from_json(body: &[u8], limits: &InputLimits) -> Result<Self, ErrorBody> {
        if body.is_empty() {
            return Err(DetailEntry::missing([Loc::from("body")], &Value::Null).into());
        }
        let value = serde_json::from_slice(body).map_err(|error| ErrorBody::not_json(body, &error))?;
        Self::from_value(&value, limits)
    }

    /// Reads the input from a JSON value, with the rules of [`from_json`](Self::from_json).
    ///
    /// # Errors
    ///
    /// The errors of [`from_json`](Self::from_json).
    pub fn from_value(value: &Value, limits: &InputLimits) -> Result<Self, ErrorBody> {
        input(value, limits)
    }
}

impl<'de> Deserialize<'de> for SmartResizeInput {
    /// Reads the input with the rules of [`from_json`](Self::from_json) and fal's limits. The text of the error lists
    /// all mistakes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_value(&value, &InputLimits::default()).map_err(serde::de::Error::custom)
    }
}

/// Reads the input from `value`. The error has every mistake, in the order of the fields.
fn input(value: &Value, limits: &InputLimits) -> Result<SmartResizeInput, ErrorBody> {
    let Value::Object(fields) = value else {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        return Err(DetailEntry::new(ErrorType::ModelAttributesType, [Loc::from("body")], msg, value).into());
    };
    // Every field is read, whatever mistakes the others have, so that the error lists all mistakes.
    let mut read = Reader { body: value, fields, errors: Vec::new() };
    let image_url = read.image_url(limits.image_bytes);
    let sizes = read.sizes(limits.target_sizes);
    let prompt = read.prompt(limits.prompt_chars);
    let num_images_per_size = read.integer("num_images_per_size", 1, 1..=limits.images_per_size.into());
    let resolution = read.one_of("resolution", &RESOLUTIONS, "1K");
    let output_format = read.one_of("output_format", &FORMATS, "png");
    let safety_tolerance = read.one_of("safety_tolerance", &TOLERANCES, "4");
    // `null` is valid for the seed only. For any other field it is a mistake.
    let is_seeded = !fields.get("seed").is_none_or(Value::is_null);
    let seed = is_seeded.then(|| read.integer("seed", 0, 0..=u64::MAX));
    let sync_mode = read.boolean("sync_mode");

    // A field with a mistake has its default here. With the default floor and format no size is rejected that another
    // value would allow.
    let resolution = resolution.parse().unwrap_or(Tier::K1);
    let output_format = output_format.parse().unwrap_or_default();
    read.reject_impossible_sizes(&sizes, resolution, output_format);
    let mut errors = read.errors;
    // The sizes that cannot be made are added last. The sort moves them to their field and keeps the order of equal
    // entries.
    errors.sort_by_key(rank);
    match image_url {
        Some(image_url) if errors.is_empty() => Ok(SmartResizeInput {
            image_url,
            target_sizes: sizes.into_iter().map(|(_, size)| size).collect(),
            prompt,
            num_images_per_size: u32::try_from(num_images_per_size).unwrap_or(u32::MAX),
            resolution,
            output_format,
            safety_tolerance: safety_tolerance.parse().unwrap_or(4),
            seed,
            sync_mode,
        }),
        _ => Err(errors.into()),
    }
}

/// Returns the sort key of an entry: the position of its field, and the index of its item in the field.
fn rank(entry: &DetailEntry) -> (Option<usize>, u64) {
    let field = match entry.loc.get(1) {
        Some(Loc::Field(field)) => SmartResizeInput::FIELDS.iter().position(|known| known == field),
        _ => None,
    };
    let item = match entry.loc.get(2) {
        Some(Loc::Index(index)) => *index,
        _ => 0,
    };
    (field, item)
}

const RESOLUTIONS: [&str; 3] = ["1K", "2K", "4K"];
const FORMATS: [&str; 3] = ["jpeg", "png", "webp"];
const TOLERANCES: [&str; 6] = ["1", "2", "3", "4", "5", "6"];

/// Reads the fields of a body and collects the mistakes. A field with a mistake takes its default value.
struct Reader<'a> {
    body: &'a Value,
    fields: &'a Map<String, Value>,
    errors: Vec<DetailEntry>,
}

impl<'a> Reader<'a> {
    /// Adds an entry for `field`.
    fn add_error(&mut self, field: &'static str, error: (ErrorType, &'static str), value: &Value) {
        self.errors.push(DetailEntry::new(error.0, [Loc::from("body"), Loc::from(field)], error.1, value));
    }

    /// Returns the value of a required field. If it is missing, adds an entry and returns `None`.
    fn required(&mut self, field: &'static str) -> Option<&'a Value> {
        let value = self.fields.get(field);
        if value.is_none() {
            self.errors.push(DetailEntry::missing([Loc::from("body"), Loc::from(field)], self.body));
        }
        value
    }

    fn image_url(&mut self, max_bytes: u64) -> Option<ImageUrl> {
        let value = self.required("image_url")?;
        let Value::String(text) = value else {
            self.add_error("image_url", STRING_TYPE, value);
            return None;
        };
        ImageUrl::parse(text, max_bytes).map_err(|error| self.errors.push(*error)).ok()
    }

    /// Reads the valid sizes, each with its index in the list.
    fn sizes(&mut self, max: usize) -> Vec<(usize, Size)> {
        let Some(value) = self.required("target_sizes") else { return Vec::new() };
        let Value::Array(items) = value else {
            self.add_error("target_sizes", (ErrorType::ListType, "Input should be a valid list"), value);
            return Vec::new();
        };
        if items.len() > max || items.is_empty() {
            self.add_length_error(items.len(), max, value);
            return Vec::new();
        }
        items.iter().enumerate().filter_map(|(index, item)| Some((index, self.size(index, item)?))).collect()
    }

    /// Adds an entry for a list of sizes that is empty or too long.
    fn add_length_error(&mut self, found: usize, max: usize, value: &Value) {
        let (error_type, bound, at, name) = match found {
            0 => (ErrorType::TooShort, 1, "least", "min_length"),
            _ => (ErrorType::TooLong, max, "most", "max_length"),
        };
        let items = if bound == 1 { "item" } else { "items" };
        let msg = format!("List should have at {at} {bound} {items} after validation, not {found}");
        let entry = DetailEntry::new(error_type, [Loc::from("body"), Loc::from("target_sizes")], msg, value)
            .ctx("field_type", "List")
            .ctx(name, bound)
            .ctx("actual_length", found);
        self.errors.push(entry);
    }

    fn size(&mut self, index: usize, item: &Value) -> Option<Size> {
        let loc = [Loc::from("body"), Loc::from("target_sizes"), Loc::from(index)];
        let Value::String(text) = item else {
            self.errors.push(DetailEntry::new(STRING_TYPE.0, loc, STRING_TYPE.1, item));
            return None;
        };
        let refused = |error| format!("{:?} is not a size: {error}", excerpt(text, 40));
        let size = Size::from_strict(text)
            .map_err(|error: ParseSizeError| DetailEntry::value_error(loc, &refused(error), item));
        size.map_err(|error| self.errors.push(error)).ok()
    }

    fn prompt(&mut self, max: usize) -> String {
        match self.fields.get("prompt") {
            None => String::new(),
            Some(value @ Value::String(text)) => {
                if text.chars().count() > max {
                    let s = if max == 1 { "" } else { "s" };
                    let msg = format!("String should have at most {max} character{s}");
                    let loc = [Loc::from("body"), Loc::from("prompt")];
                    let entry = DetailEntry::new(ErrorType::StringTooLong, loc, msg, value);
                    self.errors.push(entry.ctx("max_length", max));
                }
                text.clone()
            }
            Some(value) => {
                self.add_error("prompt", STRING_TYPE, value);
                String::new()
            }
        }
    }

    /// Reads an integer within `bounds`. A missing field takes `default`.
    fn integer(&mut self, field: &'static str, default: u64, bounds: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.fields.get(field) else { return default };
        let found = match lax::integer(value) {
            Ok(found) => found,
            Err(error) => {
                self.add_error(field, error, value);
                return default;
            }
        };
        // The value has up to 128 bits, so that a number beyond 64 bits fails the comparison and does not wrap around.
        let (error_type, than, name, bound) = match u64::try_from(found) {
            Ok(found) if bounds.contains(&found) => return found,
            _ if found < i128::from(*bounds.start()) => (ErrorType::GreaterThanEqual, "greater", "ge", *bounds.start()),
            _ => (ErrorType::LessThanEqual, "less", "le", *bounds.end()),
        };
        let msg = format!("Input should be {than} than or equal to {bound}");
        let entry = DetailEntry::new(error_type, [Loc::from("body"), Loc::from(field)], msg, value);
        self.errors.push(entry.ctx(name, bound));
        default
    }

    /// Reads a boolean. A missing field is `false`.
    fn boolean(&mut self, field: &'static str) -> bool {
        let Some(value) = self.fields.get(field) else { return false };
        lax::boolean(value).unwrap_or_else(|error| {
            self.add_error(field, error, value);
            false
        })
    }

    /// Reads one of `values`. A missing field takes `default`.
    fn one_of(&mut self, field: &'static str, values: &[&'static str], default: &'static str) -> &'static str {
        let Some(value) = self.fields.get(field) else { return default };
        if let Some(found) = value.as_str().and_then(|text| values.iter().find(|known| **known == text)) {
            return found;
        }
        // pydantic lists the values as `'a', 'b' or 'c'`.
        let quoted: Vec<_> = values.iter().map(|value| format!("'{value}'")).collect();
        let expected = match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => quoted.concat(),
        };
        let msg = format!("Input should be {expected}");
        let entry = DetailEntry::new(ErrorType::LiteralError, [Loc::from("body"), Loc::from(field)], msg, value);
        self.errors.push(entry.ctx("expected", expected));
        default
    }

    /// Adds an entry for each size that is too long for `format`, or that no preset from the tier `floor` on covers.
    fn reject_impossible_sizes(&mut self, sizes: &[(usize, Size)], floor: Tier, format: Format) {
        let targets = sizes.iter().map(|(_, size)| Target::new(*size));
        // The validation of a request finds these sizes. It does not read the source, so an empty URL is sufficient.
        let request = Request::builder(Source::from_url("")).targets(targets).floor(floor).format(format);
        let Err(errors) = request.build() else { return };
        for error in errors.iter() {
            // Any other mistake of this request has already been reported in the words of pydantic.
            let (RequestError::NothingCovers { index, .. } | RequestError::TooLongForFormat { index, .. }) = error
            else {
                continue;
            };
            // `index` counts the valid sizes. `place` is the index in the list of the body.
            let Some((place, size)) = sizes.get(*index) else { continue };
            let reason = match error {
                RequestError::NothingCovers { source, .. } => source.to_string(),
                _ => format!("size is {size}; expected sides of at most {} pixels for {format}", format.max_side()),
            };
            let loc = [Loc::from("body"), Loc::from("target_sizes"), Loc::from(*place)];
            let text = self.body.pointer(&format!("/target_sizes/{place}")).unwrap_or(&Value::Null);
            self.errors.push(DetailEntry::value_error(loc, &reason, text));
        }
    }
}

/// The mistake of a value that is not a string.
const STRING_TYPE: (ErrorType, &str) = (ErrorType::StringType, "Input should be a valid string");

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Reads a valid body in which these fields are replaced.
    fn read(fields: Value) -> Result<SmartResizeInput, String> {
        let mut body = json!({"image_url": "https://a", "target_sizes": ["1x1"]});
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            body.extend(fields);
        }
        SmartResizeInput::from_value(&body, &InputLimits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_error_quotes_the_first_40_characters_of_a_size() {
        let message = |chars: usize| read(json!({"target_sizes": ["é".repeat(chars)]})).unwrap_err();
        let quoted = |text: String| format!("body.target_sizes.0: Value error, \"{text}\" is not a size: ");
        assert!(message(40).starts_with(&quoted("é".repeat(40))), "{}", message(40));
        assert!(message(41).starts_with(&quoted(format!("{}…", "é".repeat(40)))), "{}", message(41));
    }

    #[test]
    fn mistakes_are_listed_in_the_order_of_the_fields_and_their_items() {
        let body = json!({"sync_mode": 5, "seed": "x", "prompt": 5, "target_sizes": ["9999x1", "x"]});
        let refused = SmartResizeInput::from_value(&body, &InputLimits::default()).unwrap_err();
        let path =
            |entry: &DetailEntry| entry.loc.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>().join(".");
        let paths: Vec<_> = refused.entries().iter().map(path).collect();
        assert_eq!(paths, ["image_url", "target_sizes.0", "target_sizes.1", "prompt", "seed", "sync_mode"]);
    }

    #[test]
    fn null_is_valid_for_the_seed_only() {
        for field in SmartResizeInput::FIELDS {
            let mut fields = Map::new();
            fields.insert(field.to_owned(), Value::Null);
            assert_eq!(read(fields.into()).is_ok(), field == "seed", "{field}");
        }
    }

    #[test]
    fn the_items_of_a_list_that_is_too_long_are_not_checked() {
        let mistakes = |items: usize| {
            let body = json!({"image_url": "https://a", "target_sizes": vec!["x"; items]});
            let refused = SmartResizeInput::from_value(&body, &InputLimits::default()).unwrap_err();
            refused.entries().iter().map(|entry| entry.error_type.clone()).collect::<Vec<_>>()
        };
        assert_eq!(mistakes(10), vec![ErrorType::ValueError; 10]);
        assert_eq!(mistakes(11), [ErrorType::TooLong]);
        assert_eq!(mistakes(0), [ErrorType::TooShort]);
    }

    #[test]
    fn an_empty_body_is_a_missing_body() {
        let refused = SmartResizeInput::from_json(b"", &InputLimits::default()).unwrap_err();
        assert_eq!(refused.to_string(), "body: Field required");
    }

    #[test]
    fn a_prompt_is_limited_by_its_characters_not_by_its_bytes() {
        assert!(read(json!({"prompt": "é".repeat(5000)})).is_ok());
        let message = "body.prompt: String should have at most 5000 characters";
        assert_eq!(read(json!({"prompt": "é".repeat(5001)})).unwrap_err(), message);
    }

    #[test]
    fn the_number_of_images_per_size_is_1_to_4() {
        let number = |number: i32| read(json!({"num_images_per_size": number})).map(|input| input.num_images_per_size);
        assert_eq!([1, 4].map(number), [Ok(1), Ok(4)]);
        let message = |bound: &str| Err(format!("body.num_images_per_size: Input should be {bound}"));
        assert_eq!(number(0), message("greater than or equal to 1"));
        assert_eq!(number(5), message("less than or equal to 4"));
    }

    #[test]
    fn a_number_beyond_64_bits_does_not_wrap_around() {
        let seed = |seed: &str| read(json!({"seed": seed})).map(|input| input.seed);
        assert_eq!(seed("18446744073709551615"), Ok(Some(u64::MAX)));
        let message = "body.seed: Input should be less than or equal to 18446744073709551615";
        assert_eq!(seed("18446744073709551616"), Err(message.to_owned()));
        assert_eq!(seed("-1"), Err("body.seed: Input should be greater than or equal to 0".to_owned()));
    }

    #[test]
    fn the_allowed_values_are_listed_with_or_before_the_last() {
        let message = "body.resolution: Input should be '1K', '2K' or '4K'";
        assert_eq!(read(json!({"resolution": "8K"})).unwrap_err(), message);
    }

    #[test]
    fn a_size_that_no_preset_covers_or_that_is_too_long_for_the_format_is_refused() {
        let message = |size: &str, format: &str| {
            read(json!({"target_sizes": [size], "output_format": format})).map(|_| ()).unwrap_err()
        };
        assert!(message("6337x1", "png").contains("no preset of 1K or more covers 6337x1"));
        assert!(message("16384x1", "webp").contains("expected sides of at most 16383 pixels for webp"));
        assert!(read(json!({"target_sizes": ["6336x1"]})).is_ok());
    }
}
