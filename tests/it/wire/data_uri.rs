//! Data URIs: the grammar, every message, both sides of the limit.

use proptest::collection::vec;
use proptest::prelude::*;
use smart_resize::Format;
use smart_resize::wire::data_uri::{DataUri, is_data_uri};

fn case(text: &str, expected: &str) {
    let found = match DataUri::parse(text, 8) {
        Ok(uri) => format!("{} {:?}", uri.media_type(), String::from_utf8_lossy(uri.bytes())),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn the_grammar_and_every_message() {
    case("data:image/png;base64,YWJj", "image/png \"abc\"");
    case("DATA:image/png;BASE64,YWI=", "image/png \"ab\"");
    case("data:image/png;base64,", "image/png \"\"");
    case("data:,", "text/plain;charset=US-ASCII \"\"");
    case("data:,a%20b", "text/plain;charset=US-ASCII \"a b\"");
    case("data:;charset=utf-8,%c3%A9", "text/plain;charset=utf-8 \"é\"");
    case("data:;base64,YQ==", "text/plain;charset=US-ASCII \"a\"");
    case("data:image/svg+xml;a=1;b=x%22y;base64,YQ==", "image/svg+xml;a=1;b=x%22y \"a\"");
    // Escapes in base64, as some URL encoders write them.
    case("data:image/png;base64,YQ%3D%3d", "image/png \"a\"");
    case("data:image/png;base64,%59Q==", "image/png \"a\"");
    // The limit: 8 bytes.
    case("data:,12345678", "text/plain;charset=US-ASCII \"12345678\"");
    case("data:,123456789", "9 bytes, at most 8, at byte 6");
    case("data:,%31%32345678", "text/plain;charset=US-ASCII \"12345678\"");
    case("data:;base64,MTIzNDU2Nzg=", "text/plain;charset=US-ASCII \"12345678\"");
    case("data:;base64,MTIzNDU2Nzg5", "base64 of 9 bytes, at most 8, at byte 13");
    case("data:;base64,MTIzNDU2Nzg%35", "base64 of 9 bytes, at most 8, at byte 13");
    case("data:;base64,MTIzNDU2Nzg%3D", "text/plain;charset=US-ASCII \"12345678\"");
    // Not a data URI.
    case("", "expected \"data:\" at byte 0");
    case("dat", "expected \"data:\" at byte 0");
    case(" data:,", "expected \"data:\" at byte 0");
    case("https://example.com/a.png", "expected \"data:\" at byte 0");
    case("data:image/png;base64", "expected \",\" before the data, found the end at byte 21");
    // The media type.
    case("data:image,", "expected \"/\" in the media type, found the end of the media type at byte 10");
    case("data:image/,", "expected a media type, found the end of the media type at byte 11");
    case("data:/png,", "expected a media type, found '/' at byte 5");
    case("data: image/png,", "expected a media type, found ' ' at byte 5");
    case("data:image/png ;base64,", "expected \";\" or \",\" after the media type, found ' ' at byte 14");
    case("data:image/pñg,", "expected \";\" or \",\" after the media type, found 'ñ' at byte 12");
    case("data:image/png;base64;a=1,", "expected \"=\" after the parameter's name, found ';' at byte 21");
    case("data:image/png;,", "expected a parameter, found the end of the media type at byte 15");
    case("data:image/png;a=,", "expected the parameter's value, found the end of the media type at byte 17");
    case("data:image/png;a=%4,", "expected two hexadecimal digits after \"%\" at byte 17");
    case("data:image/png;a=\"b\",", "expected the parameter's value, found '\"' at byte 17");
    // Blanks, line breaks and other alphabets.
    case("data:;base64,YW Jj", "expected a base64 symbol, found ' ' at byte 15");
    case("data:;base64,YWJj\n", "expected a base64 symbol, found '\\n' at byte 17");
    case("data:;base64,YWJj\r\nYWJj", "expected a base64 symbol, found '\\r' at byte 17");
    case("data:;base64,-_-_", "expected a base64 symbol, found '-' at byte 13");
    case("data:;base64,YWñj", "expected a base64 symbol, found 'ñ' at byte 15");
    case("data:;base64,YW%0AJj", "expected a base64 symbol, found '\\n' at byte 15");
    case("data:;base64,%59W%0AJj", "expected a base64 symbol, found '\\n' at byte 17");
    case("data:;base64,YW%4", "expected two hexadecimal digits after \"%\" at byte 15");
    case("data:,a b", "expected a character of a URI, found ' ' at byte 7");
    case("data:,é", "expected a character of a URI, found 'é' at byte 6");
    case("data:,a#b", "expected a character of a URI, found '#' at byte 7");
    case("data:,%g0", "expected two hexadecimal digits after \"%\" at byte 6");
    case("data:,100%", "expected two hexadecimal digits after \"%\" at byte 9");
    // Padding.
    case("data:;base64,YQ", "expected 2 times '=' for padding, found 0 at byte 15");
    case("data:;base64,YQ=", "expected 2 times '=' for padding, found 1 at byte 15");
    case("data:;base64,YWJj=", "expected a base64 symbol, found '=' at byte 17");
    case("data:;base64,YQ===", "expected a base64 symbol, found '=' at byte 15");
    case("data:;base64,Y===", "expected a base64 symbol, found '=' at byte 14");
    case("data:;base64,YQ==YQ==", "expected a base64 symbol, found '=' at byte 15");
    case("data:;base64,YWJjY", "5 base64 symbols, the last of which is less than a byte, at byte 18");
    case("data:;base64,YR==", "the last base64 symbol, 'R', has bits that belong to no byte, at byte 14");
}

#[test]
fn a_media_type_is_bounded_on_both_sides() {
    let uri = |length: usize| format!("data:a/{},", "b".repeat(length - 2));
    assert_eq!(DataUri::parse(&uri(256), 0).unwrap().media_type().len(), 256);
    for length in [257, 263, 264, 265, 100_000] {
        let error = DataUri::parse(&uri(length), 0).unwrap_err().to_string();
        assert!(error.starts_with("a media type of more than 256 bytes at byte 26"), "{error}");
    }
    // With what is understood before it.
    let implied = |length: usize| format!("data:;a={},", "b".repeat(length - 13));
    assert_eq!(DataUri::parse(&implied(256), 0).unwrap().media_type().len(), 256);
    assert!(DataUri::parse(&implied(257), 0).is_err());
}

#[test]
fn the_size_is_known_before_anything_is_decoded() {
    // A text that no decoder would read, and that is too long: the length is what is told.
    let bomb = format!("data:image/png;base64,{}", "?".repeat(1 << 20));
    assert_eq!(
        DataUri::parse(&bomb, 1000).unwrap_err().to_string(),
        "base64 of 786432 bytes, at most 1000, at byte 22"
    );
    let bomb = format!("data:image/png,{}", "%".repeat(9000));
    assert!(DataUri::parse(&bomb, 1000).is_err());
    let bomb = format!("data:image/png;base64,{}", "%41".repeat(4000));
    assert_eq!(DataUri::parse(&bomb, 1000).unwrap_err().to_string(), "base64 of 2998 bytes, at most 1000, at byte 22");
}

#[test]
fn a_pictures_bytes_are_written_with_its_format() {
    for (format, head) in [(Format::Png, "image/png"), (Format::Jpeg, "image/jpeg"), (Format::WebP, "image/webp")] {
        let uri = DataUri::new(format, *b"ab");
        assert_eq!(uri.to_string(), format!("data:{head};base64,YWI="));
        assert!(is_data_uri(&uri.to_string()) && uri.media_type() == head);
        assert_eq!(format!("{uri:?}"), format!("DataUri {{ media_type: {head:?}, bytes: 2 }}"));
    }
}

proptest! {
    #[test]
    fn bytes_come_back(bytes in vec(any::<u8>(), 0..200)) {
        let uri = DataUri::new(Format::WebP, bytes.clone());
        let read = DataUri::parse(&uri.to_string(), bytes.len() as u64).unwrap();
        prop_assert_eq!(&read, &uri);
        prop_assert_eq!(read.bytes().as_ref(), &bytes[..]);
    }
}
