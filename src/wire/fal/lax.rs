//! Reads values as pydantic does in lax mode: `"2"`, `2.0` and `true` are integers too, and `"yes"` is a boolean.
//!
//! A mistake is a pair of pydantic's error type and message.

use serde_json::Value;

use super::detail::ErrorType;

/// The maximum length of a string that is read as an integer, in bytes.
const MAX_INTEGER_CHARS: usize = 4300;

pub(super) type Lax<T> = Result<T, (ErrorType, &'static str)>;

const TOO_LARGE: (ErrorType, &str) =
    (ErrorType::IntParsingSize, "Unable to parse input string as an integer, exceeded maximum size");

/// Reads an integer. A value beyond 128 bits becomes the nearest 128-bit integer.
pub(super) fn integer(value: &Value) -> Lax<i128> {
    match value {
        Value::Bool(value) => Ok((*value).into()),
        Value::String(text) => integer_from_str(text),
        // serde_json holds an integer beyond 64 bits as a float.
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), ..) => Ok(value.into()),
            (_, Some(value), _) => Ok(value.into()),
            (.., Some(value)) => integer_from_float(value),
            _ => Err((ErrorType::IntType, "Input should be a valid integer")),
        },
        _ => Err((ErrorType::IntType, "Input should be a valid integer")),
    }
}

/// 2⁶³. A float with this magnitude or a larger one is not read as an integer.
const BOUND: f64 = 9_223_372_036_854_775_808.0;

/// Reads a float without a fractional part.
fn integer_from_float(value: f64) -> Lax<i128> {
    if value.fract() != 0.0 {
        return Err((ErrorType::IntFromFloat, "Input should be a valid integer, got a number with a fractional part"));
    }
    if value.abs() >= BOUND {
        return Err(TOO_LARGE);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^63")]
    Ok(value as i128)
}

/// Reads an integer in a string: a sign, digits in groups separated by single `_`, and optionally `.` and zeros.
fn integer_from_str(text: &str) -> Lax<i128> {
    let text = text.trim();
    if text.len() > MAX_INTEGER_CHARS {
        return Err(TOO_LARGE);
    }
    // `2.0` is an integer. `2.` and `2.5` are not.
    let plain = text.split_once('.').map_or(Some(text), |(whole, decimals)| {
        (!decimals.is_empty() && decimals.bytes().all(|digit| digit == b'0')).then_some(whole)
    });
    let parsed = plain.and_then(|text| {
        let (sign, digits) = match text.as_bytes() {
            [b'-', ..] => (-1, text.get(1..)?),
            [b'+', ..] => (1, text.get(1..)?),
            _ => (1, text),
        };
        // An empty group comes from a `_` at either end, a double `_`, or a text without a digit.
        let is_grouped = digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
        let digits = digits.bytes().filter(u8::is_ascii_digit);
        // A saturated value is beyond every bound, so it is rejected for its size.
        let value = digits.fold(0_i128, |value, digit| value.saturating_mul(10).saturating_add((digit - b'0').into()));
        is_grouped.then_some(sign * value)
    });
    parsed.ok_or((ErrorType::IntParsing, "Input should be a valid integer, unable to parse string as an integer"))
}

/// Reads a boolean: `true`, `false`, 0, 1, or one of pydantic's words in any case.
pub(super) fn boolean(value: &Value) -> Lax<bool> {
    const PARSING: (ErrorType, &str) =
        (ErrorType::BoolParsing, "Input should be a valid boolean, unable to interpret input");
    const TYPE: (ErrorType, &str) = (ErrorType::BoolType, "Input should be a valid boolean");
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "0" | "off" | "f" | "false" | "n" | "no" => Ok(false),
            "1" | "on" | "t" | "true" | "y" | "yes" => Ok(true),
            _ => Err(PARSING),
        },
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(0), _) | (None, Some(0.0)) => Ok(false),
            (Some(1), _) | (None, Some(1.0)) => Ok(true),
            // pydantic reads a whole float as an integer first: `2.0` fails like `2`, and `2.5` fails for its type.
            (Some(_), _) => Err(PARSING),
            (None, Some(value)) if value.fract() == 0.0 && value.abs() < BOUND => Err(PARSING),
            _ => Err(TYPE),
        },
        _ => Err(TYPE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(text: &str) -> Lax<i128> {
        integer(&Value::from(text))
    }

    #[test]
    fn a_string_of_more_than_4300_bytes_is_too_large_for_an_integer() {
        assert_eq!(of_text(&"0".repeat(4300)), Ok(0));
        assert_eq!(of_text(&"0".repeat(4301)), Err(TOO_LARGE));
        // White space around the integer does not count.
        assert_eq!(of_text(&format!(" {}\n", "0".repeat(4300))), Ok(0));
    }

    #[test]
    fn an_integer_in_a_string_may_have_a_sign_groups_and_zero_decimals() {
        let valid = [("-7", -7), ("+7", 7), (" 7 ", 7), ("1_000", 1000), ("2.0", 2), ("2.000", 2), ("-1_0.0", -10)];
        for (text, expected) in valid {
            assert_eq!(of_text(text), Ok(expected), "{text:?}");
        }
        for text in ["", "-", "+", "_1", "1_", "1__0", "2.", "2.5", ".0", "1e3", "0x1", "--1", "1.0.0"] {
            assert_eq!(of_text(text).map_err(|(error_type, _)| error_type), Err(ErrorType::IntParsing), "{text:?}");
        }
    }

    #[test]
    fn an_integer_beyond_128_bits_saturates() {
        assert_eq!(of_text(&"9".repeat(60)), Ok(i128::MAX));
        assert!(of_text(&format!("-{}", "9".repeat(60))).unwrap() < i128::from(i64::MIN));
    }

    #[test]
    fn a_float_with_a_fraction_is_no_integer() {
        assert_eq!(integer(&Value::from(2.0)), Ok(2));
        assert_eq!(integer(&Value::from(2.5)).map_err(|(error_type, _)| error_type), Err(ErrorType::IntFromFloat));
    }

    #[test]
    fn a_float_of_2_to_the_63_or_more_is_too_large_for_an_integer() {
        // The two largest floats below 2^63 and 2^63 itself, which is the bound for negative floats too.
        assert_eq!(integer(&Value::from(9_223_372_036_854_774_784.0)), Ok(9_223_372_036_854_774_784));
        assert_eq!(
            [1.0, -1.0].map(|sign| integer(&Value::from(sign * 9_223_372_036_854_775_808.0))),
            [Err(TOO_LARGE), Err(TOO_LARGE)]
        );
    }

    #[test]
    fn a_boolean_is_an_integer_and_null_is_none() {
        assert_eq!([true, false].map(|value| integer(&value.into())), [Ok(1), Ok(0)]);
        assert_eq!(integer(&Value::Null).map_err(|(error_type, _)| error_type), Err(ErrorType::IntType));
    }

    #[test]
    fn the_words_of_a_boolean_are_read_in_any_case() {
        for (words, expected) in
            [(["0", "off", "f", "false", "n", "no"], false), (["1", "on", "t", "true", "y", "yes"], true)]
        {
            for word in words {
                assert_eq!(boolean(&word.into()), Ok(expected), "{word}");
                assert_eq!(boolean(&word.to_uppercase().into()), Ok(expected), "{word}");
            }
        }
        for word in ["", "2", "oui", " yes"] {
            assert_eq!(
                boolean(&word.into()).map_err(|(error_type, _)| error_type),
                Err(ErrorType::BoolParsing),
                "{word:?}"
            );
        }
    }

    #[test]
    fn only_the_numbers_0_and_1_are_booleans() {
        let of_json = |text: &str| boolean(&serde_json::from_str(text).unwrap()).map_err(|(error_type, _)| error_type);
        assert_eq!(["0", "0.0", "1", "1.0"].map(of_json), [Ok(false), Ok(false), Ok(true), Ok(true)]);
        // A whole float fails like an integer, and any other float for its type.
        for text in ["2", "-1", "2.0", "9223372036854774784.0"] {
            assert_eq!(of_json(text), Err(ErrorType::BoolParsing), "{text}");
        }
        for text in ["2.5", "9223372036854775808.0", "18446744073709551615", "null"] {
            assert_eq!(of_json(text), Err(ErrorType::BoolType), "{text}");
        }
    }
}
