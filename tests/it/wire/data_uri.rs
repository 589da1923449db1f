//! Data URIs: the grammar, all error messages and the limits.

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
fn data_uris_follow_the_grammar() {
    case("data:image/png;base64,YWJj", "image/png \"abc\"");
    case("DATA:image/png;BASE64,YWI=", "image/png \"ab\"");
    case("data:image/png;base64,", "image/png \"\"");
    case("data:,", "text/plain;charset=US-ASCII \"\"");
    case("data:,a%20b", "text/plain;charset=US-ASCII \"a b\"");
    case("data:;charset=utf-8,%c3%A9", "text/plain;charset=utf-8 \"é\"");
    case("data:;base64,YQ==", "text/plain;charset=US-ASCII \"a\"");
    case("data:image/svg+xml;a=1;b=x%22y;base64,YQ==", "image/svg+xml;a=1;b=x%22y \"a\"");
    // Percent escapes in base64, as some URL encoders write them.
    case("data:image/png;base64,YQ%3D%3d", "image/png \"a\"");
    case("data:image/png;base64,%59Q==", "image/png \"a\"");
    // The limit is 8 bytes.
    case("data:,12345678", "text/plain;charset=US-ASCII \"12345678\"");
    case("data:,123456789", "decoded data has 9 bytes; expected at most 8 (at byte 6)");
    case("data:,%31%32345678", "text/plain;charset=US-ASCII \"12345678\"");
    case("data:;base64,MTIzNDU2Nzg=", "text/plain;charset=US-ASCII \"12345678\"");
    case("data:;base64,MTIzNDU2Nzg5", "decoded data has 9 bytes; expected at most 8 (at byte 13)");
    case("data:;base64,MTIzNDU2Nzg%35", "decoded data has 9 bytes; expected at most 8 (at byte 13)");
    case("data:;base64,MTIzNDU2Nzg%3D", "text/plain;charset=US-ASCII \"12345678\"");
    // Texts that are not data URIs.
    case("", "not a data URI; expected \"data:\" (at byte 0)");
    case("dat", "not a data URI; expected \"data:\" (at byte 0)");
    case(" data:,", "not a data URI; expected \"data:\" (at byte 0)");
    case("https://example.com/a.png", "not a data URI; expected \"data:\" (at byte 0)");
    case("data:image/png;base64", "found the end; expected \",\" before the data (at byte 21)");
    // The media type.
    case("data:image,", "found the end of the media type; expected \"/\" in the media type (at byte 10)");
    case("data:image/,", "found the end of the media type; expected a media type (at byte 11)");
    case("data:/png,", "found '/'; expected a media type (at byte 5)");
    case("data: image/png,", "found ' '; expected a media type (at byte 5)");
    case("data:image/png ;base64,", "found ' '; expected \";\" or \",\" after the media type (at byte 14)");
    case("data:image/pñg,", "found 'ñ'; expected \";\" or \",\" after the media type (at byte 12)");
    case("data:image/png;base64;a=1,", "found ';'; expected \"=\" after the parameter's name (at byte 21)");
    case("data:image/png;,", "found the end of the media type; expected a parameter (at byte 15)");
    case("data:image/png;a=,", "found the end of the media type; expected the parameter's value (at byte 17)");
    case("data:image/png;a=%4,", "invalid escape; expected two hexadecimal digits after \"%\" (at byte 17)");
    case("data:image/png;a=\"b\",", "found '\"'; expected the parameter's value (at byte 17)");
    // Spaces, line breaks and symbols of other alphabets.
    case("data:;base64,YW Jj", "found ' '; expected a base64 symbol (at byte 15)");
    case("data:;base64,YWJj\n", "found '\\n'; expected a base64 symbol (at byte 17)");
    case("data:;base64,YWJj\r\nYWJj", "found '\\r'; expected a base64 symbol (at byte 17)");
    case("data:;base64,-_-_", "found '-'; expected a base64 symbol (at byte 13)");
    case("data:;base64,YWñj", "found 'ñ'; expected a base64 symbol (at byte 15)");
    case("data:;base64,YW%0AJj", "found '\\n'; expected a base64 symbol (at byte 15)");
    case("data:;base64,%59W%0AJj", "found '\\n'; expected a base64 symbol (at byte 17)");
    case("data:;base64,YW%4", "invalid escape; expected two hexadecimal digits after \"%\" (at byte 15)");
    case("data:,a b", "found ' '; expected a character of a URI (at byte 7)");
    case("data:,é", "found 'é'; expected a character of a URI (at byte 6)");
    case("data:,a#b", "found '#'; expected a character of a URI (at byte 7)");
    case("data:,%g0", "invalid escape; expected two hexadecimal digits after \"%\" (at byte 6)");
    case("data:,100%", "invalid escape; expected two hexadecimal digits after \"%\" (at byte 9)");
    // Padding.
    case("data:;base64,YQ", "number of padding '=' is 0; expected 2 (at byte 15)");
    case("data:;base64,YQ=", "number of padding '=' is 1; expected 2 (at byte 15)");
    case("data:;base64,YWJj=", "found '='; expected a base64 symbol (at byte 17)");
    case("data:;base64,YQ===", "found '='; expected a base64 symbol (at byte 15)");
    case("data:;base64,Y===", "found '='; expected a base64 symbol (at byte 14)");
    case("data:;base64,YQ==YQ==", "found '='; expected a base64 symbol (at byte 15)");
    case(
        "data:;base64,YWJjY",
        "number of base64 symbols is 5; expected at least 2 in the last group of 4 (at byte 18)",
    );
    case("data:;base64,YR==", "last base64 symbol is 'R'; expected one whose unused bits are 0 (at byte 14)");
}

#[test]
fn the_length_of_a_media_type_is_limited() {
    let uri = |length: usize| format!("data:a/{},", "b".repeat(length - 2));
    assert_eq!(DataUri::parse(&uri(256), 0).unwrap().media_type().len(), 256);
    for length in [257, 263, 264, 265, 100_000] {
        let error = DataUri::parse(&uri(length), 0).unwrap_err().to_string();
        assert!(error.starts_with("media type is too long; expected at most 256 bytes (at byte 26"), "{error}");
    }
    // The implied `text/plain` counts too.
    let implied = |length: usize| format!("data:;a={},", "b".repeat(length - 13));
    assert_eq!(DataUri::parse(&implied(256), 0).unwrap().media_type().len(), 256);
    assert!(DataUri::parse(&implied(257), 0).is_err());
}

#[test]
fn the_limit_is_checked_before_decoding() {
    // The text is invalid base64 and too long. The error is about the length, so nothing was decoded.
    let bomb = format!("data:image/png;base64,{}", "?".repeat(1 << 20));
    assert_eq!(
        DataUri::parse(&bomb, 1000).unwrap_err().to_string(),
        "decoded data has 786432 bytes; expected at most 1000 (at byte 22)"
    );
    let bomb = format!("data:image/png,{}", "%".repeat(9000));
    assert!(DataUri::parse(&bomb, 1000).is_err());
    let bomb = format!("data:image/png;base64,{}", "%41".repeat(4000));
    assert_eq!(
        DataUri::parse(&bomb, 1000).unwrap_err().to_string(),
        "decoded data has 2998 bytes; expected at most 1000 (at byte 22)"
    );
}

#[test]
fn a_data_uri_has_the_media_type_of_the_format() {
    for (format, head) in [(Format::Png, "image/png"), (Format::Jpeg, "image/jpeg"), (Format::WebP, "image/webp")] {
        let uri = DataUri::new(format, *b"ab");
        assert_eq!(uri.to_string(), format!("data:{head};base64,YWI="));
        assert!(is_data_uri(&uri.to_string()) && uri.media_type() == head);
        assert_eq!(format!("{uri:?}"), format!("DataUri {{ media_type: {head:?}, bytes: 2 }}"));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_back(bytes in vec(any::<u8>(), 0..200)) {
        let uri = DataUri::new(Format::WebP, bytes.clone());
        let read = DataUri::parse(&uri.to_string(), bytes.len() as u64).unwrap();
        prop_assert_eq!(&read, &uri);
        prop_assert_eq!(read.bytes().as_ref(), &bytes[..]);
    }
}
