//! A fingerprint as text.

use smart_resize::plan::Fingerprint;

#[test]
fn a_fingerprint_is_read_as_it_is_printed() {
    let case = |text: &str, expected: &str| {
        let found = text.parse::<Fingerprint>().map_or_else(|error| error.to_string(), |hash| hash.to_string());
        assert_eq!(found, expected);
    };
    let hex = "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdefffff";
    case(hex, hex);
    let refuse = |text: &str| case(text, &format!("hash is {text:?}; expected 64 lower-case hexadecimal digits"));
    refuse("");
    refuse(&hex[1..]);
    refuse(&format!("{hex}0"));
    refuse(&hex.replace('f', "F"));
    refuse(&hex.replace('f', "g"));
    // 64 bytes that are not 64 digits.
    refuse(&hex.replace("ff", "é"));
    let long = "0".repeat(100);
    case(&long, &format!("hash is {:?}; expected 64 lower-case hexadecimal digits", "0".repeat(80)));
}
