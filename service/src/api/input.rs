//! Reads the known fields of a JSON body without building values for the rest. A body of 72 MB of zeros would be a
//! gigabyte as a [`Value`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, Loc};

/// The longest JSON text of a field that is parsed whatever it is. A longer string is parsed too, since its value is no
/// larger than its text. A longer list is cut, and a longer object becomes empty.
const MAX_FIELD_BYTES: usize = 128 << 10;

/// Returns the `known` fields of the JSON object in `body`. A body that is not an object is returned as another value,
/// which the reader of the input rejects in fal's words.
///
/// # Errors
///
/// [`ErrorBody`] with the byte position of the syntax error, or for an empty body with the missing field.
pub fn read(body: &[u8], known: &[&str]) -> Result<Value, ErrorBody> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    if let Ok(fields) = serde::Deserializer::deserialize_map(&mut reader, Known(known))
        && reader.end().is_ok()
    {
        return Ok(Value::Object(fields));
    }
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) if body.len() <= MAX_FIELD_BYTES => Ok(serde_json::from_slice(body).unwrap_or_default()),
        // The input is rejected for its type alone, so a short value of another type than an object stands for it.
        Ok(_) => Ok(json!([])),
        Err(_) if body.is_empty() => {
            let loc = [Loc::from("body")];
            Err(DetailEntry::new(ErrorType::Missing, loc, "Field required", &Value::Null).into())
        }
        Err(error) => Err(ErrorBody::not_json(body, &error)),
    }
}

/// Collects the fields of an object that have these names.
struct Known<'k>(&'k [&'k str]);

impl<'de> Visitor<'de> for Known<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if self.0.contains(&name.as_ref()) {
                fields.insert(name.into_owned(), field(map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(fields)
    }
}

fn field(raw: &RawValue) -> Value {
    let text = raw.get();
    if text.len() <= MAX_FIELD_BYTES || text.starts_with('"') {
        return serde_json::from_str(text).unwrap_or_default();
    }
    if text.starts_with('[') { Value::Array(first(text)) } else { json!({}) }
}

/// Returns the first item of a list that is too long, followed by at most 999 nulls. That many items still exceed every
/// bound on a list, so the list is rejected for its length.
fn first(text: &str) -> Vec<Value> {
    struct First;

    impl<'de> Visitor<'de> for First {
        type Value = Vec<Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Value>, A::Error> {
            let mut items = Vec::new();
            // The first item may be the picture of an edit endpoint, which may be long. The other pictures are not
            // used.
            if let Some(raw) = list.next_element::<&RawValue>()? {
                let is_plain = raw.get().starts_with('"') || raw.get().len() <= MAX_FIELD_BYTES;
                items.push(if is_plain { serde_json::from_str(raw.get()).unwrap_or_default() } else { Value::Null });
            }
            while list.next_element::<IgnoredAny>()?.is_some() {
                if items.len() < 1000 {
                    items.push(Value::Null);
                }
            }
            Ok(items)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_seq(&mut reader, First).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["image_url", "target_sizes", "image_urls"];

    #[test]
    fn of_a_large_body_little_is_kept() {
        let zeros = format!("[{}0]", "0,".repeat(1 << 20));
        let body = format!("{{\"junk\": {zeros}, \"target_sizes\": {zeros}, \"image_url\": {zeros}}}");
        let value = read(body.as_bytes(), &KNOWN).unwrap();
        assert_eq!(value.get("junk"), None);
        assert_eq!(value["target_sizes"].as_array().unwrap().len(), 1000);
        assert!(value.to_string().len() < 20_000);
        assert_eq!(read(zeros.as_bytes(), &KNOWN).unwrap(), json!([]));
    }

    #[test]
    fn a_long_picture_is_kept_whole() {
        let picture = format!("data:image/png;base64,{}", "A".repeat(1 << 20));
        let body = json!({"image_url": picture, "image_urls": [picture, 7], "prompt": "x"});
        let value = read(body.to_string().as_bytes(), &KNOWN).unwrap();
        assert_eq!((&value["image_url"], &value["image_urls"][0]), (&body["image_url"], &body["image_url"]));
        assert_eq!(value["image_urls"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn where_json_breaks_is_told() {
        let long = format!("{{\"a\":\n\"{}\",}}", "x".repeat(MAX_FIELD_BYTES));
        let error = read(long.as_bytes(), &KNOWN).unwrap_err();
        assert_eq!(error.entries()[0].loc[1], Loc::from(long.len() - 1), "{error}");
        let short = read(b"{\"a\": }", &KNOWN).unwrap_err();
        assert_eq!(short.entries()[0].error_type, ErrorType::JsonInvalid);
    }
}
