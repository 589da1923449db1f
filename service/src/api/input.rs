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

    /// Reads one field `focus` whose JSON text is `text`.
    fn field_of(text: &str) -> Value {
        read(format!("{{\"focus\": {text}}}").as_bytes(), &["focus"]).unwrap()["focus"].take()
    }

    #[test]
    fn an_unknown_field_is_dropped_and_the_text_of_a_large_body_stays_short() {
        let zeros = format!("[{}0]", "0,".repeat(1 << 20));
        let body = format!("{{\"junk\": {zeros}, \"target_sizes\": {zeros}, \"image_url\": {zeros}}}");
        let value = read(body.as_bytes(), &KNOWN).unwrap();
        assert_eq!(value.get("junk"), None);
        assert!(value.to_string().len() < 20_000);
        assert_eq!(read(zeros.as_bytes(), &KNOWN).unwrap(), json!([]));
    }

    #[test]
    fn a_list_of_more_than_128_kib_is_cut_to_its_first_item_and_999_nulls() {
        let list = |spaces: usize| format!("[[7],8{}]", " ".repeat(spaces));
        let fits = (128 << 10) - "[[7],8]".len();
        assert_eq!(field_of(&list(fits)), json!([[7], 8]));
        assert_eq!(field_of(&list(fits + 1)), json!([[7], null]));
        let many = field_of(&format!("[[7]{}]", ",8".repeat(1 << 17)));
        assert_eq!(many.as_array().unwrap().len(), 1000);
        assert_eq!((&many[0], &many[1], &many[999]), (&json!([7]), &Value::Null, &Value::Null));
    }

    #[test]
    fn the_first_item_of_a_shortened_list_is_null_if_it_is_too_long() {
        let long = "0,".repeat(1 << 16);
        assert_eq!(field_of(&format!("[[{long}0],1]")), json!([null, null]));
        let string = "x".repeat(128 << 10);
        assert_eq!(field_of(&format!("[\"{string}\",1]")), json!([string, null]));
    }

    #[test]
    fn an_object_of_more_than_128_kib_becomes_empty() {
        let object = |spaces: usize| format!("{{\"x\":1{}}}", " ".repeat(spaces));
        let fits = (128 << 10) - "{\"x\":1}".len();
        assert_eq!(field_of(&object(fits)), json!({"x": 1}));
        assert_eq!(field_of(&object(fits + 1)), json!({}));
    }

    #[test]
    fn a_body_that_is_no_object_is_returned_as_it_is_up_to_128_kib() {
        let list = |spaces: usize| format!("[1{}]", " ".repeat(spaces));
        let fits = (128 << 10) - "[1]".len();
        assert_eq!(read(list(fits).as_bytes(), &KNOWN).unwrap(), json!([1]));
        assert_eq!(read(list(fits + 1).as_bytes(), &KNOWN).unwrap(), json!([]));
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
    fn a_syntax_error_has_its_position_in_bytes() {
        let long = format!("{{\"a\":\n\"{}\",}}", "x".repeat(MAX_FIELD_BYTES));
        let error = read(long.as_bytes(), &KNOWN).unwrap_err();
        assert_eq!(error.entries()[0].loc[1], Loc::from(long.len() - 1), "{error}");
        for (body, position) in [("{\"a\": }", 6), ("{} {}", 3)] {
            let error = read(body.as_bytes(), &KNOWN).unwrap_err();
            assert_eq!(error.entries()[0].error_type, ErrorType::JsonInvalid);
            assert_eq!(error.entries()[0].loc, [Loc::from("body"), Loc::from(position)], "{body}");
        }
    }

    #[test]
    fn an_empty_body_is_a_missing_field() {
        let error = read(b"", &KNOWN).unwrap_err();
        let [entry] = error.entries() else { panic!("{error}") };
        assert_eq!((&entry.error_type, &entry.loc[..]), (&ErrorType::Missing, &[Loc::from("body")][..]));
        assert_eq!(read(b" ", &KNOWN).unwrap_err().entries()[0].error_type, ErrorType::JsonInvalid);
    }
}
