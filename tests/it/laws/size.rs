//! The law of parsing a size.

use smart_resize::Size;
use smart_resize::geometry::{Expected, ParseSizeError, ParseSizeErrorKind, Side};

/// A text parses as a size if and only if the naive parser accepts it. Otherwise the error's offset is where the text
/// stops being a prefix of a size.
pub(crate) fn parse_size(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let parsed = text.parse::<Size>();
    let sides = |size: Size| (size.width(), size.height());
    assert_eq!(parsed.ok().map(sides), naive_size(&text, false), "{text:?}");
    let as_json = serde_json::from_value::<Size>(text.as_ref().into());
    assert_eq!(as_json.ok().map(sides), naive_size(&text, true), "{text:?} as JSON");
    match parsed {
        Ok(size) => {
            let printed = format!("{}x{}", size.width(), size.height());
            assert_eq!((size.to_string(), printed.parse()), (printed, Ok(size)));
            assert_eq!(Size::new(size.width(), size.height()), Ok(size));
        }
        Err(error) => check_offset(&text, error),
    }
}

/// Tries each separator as the one between the sides.
pub(super) fn naive_size(text: &str, is_strict: bool) -> Option<(u32, u32)> {
    const BLANKS: [char; 2] = [' ', '\t'];
    let side = |text: &str| {
        let mut digits = text;
        if !is_strict {
            digits = text.trim_matches(BLANKS);
            let unit = ["px", "pX", "Px", "PX"].into_iter().find_map(|unit| digits.strip_suffix(unit));
            digits = unit.unwrap_or(digits).trim_end_matches(BLANKS);
        }
        digits.parse::<u16>().ok().filter(|side| *side > 0 && side.to_string() == digits).map(u32::from)
    };
    let separators: &[char] = if is_strict { &['x', 'X', '×'] } else { &['x', 'X', '×', '*'] };
    let text = text.trim_matches(BLANKS);
    let mut parts = text.match_indices(separators).map(|(at, found)| (&text[..at], &text[at + found.len()..]));
    parts.find_map(|(width, height)| Some((side(width)?, side(height)?)))
}

fn check_offset(text: &str, error: ParseSizeError) {
    let Some((before, after)) = text.split_at_checked(error.offset) else {
        panic!("byte {} is not the start of a character of {text:?}", error.offset);
    };
    let side = match error.kind {
        ParseSizeErrorKind::Expected { expected, found } => {
            match found {
                Some(found) => assert!(after.starts_with(found), "{error} in {text:?}"),
                None => assert!(after.trim_matches([' ', '\t']).is_empty(), "{error} in {text:?}"),
            }
            match expected {
                Expected::Digit(side) => side,
                Expected::Separator => return assert!(naive_size(&format!("{before}x1"), false).is_some(), "{error}"),
                _ => return assert!(naive_size(before, false).is_some(), "{error} in {text:?}"),
            }
        }
        ParseSizeErrorKind::Zero(side) | ParseSizeErrorKind::LeadingZero(side) => {
            assert!(after.starts_with('0'), "{error} in {text:?}");
            side
        }
        ParseSizeErrorKind::TooLarge { side, value } => {
            assert!(value > 65_535 && after.starts_with(['1', '2', '3', '4', '5', '6', '7', '8', '9']), "{error}");
            side
        }
        other => panic!("{other:?} of {text:?}"),
    };
    let completed = if side == Side::Width { format!("{before}1x1") } else { format!("{before}1") };
    assert!(naive_size(&completed, false).is_some(), "{error} in {text:?}");
}
