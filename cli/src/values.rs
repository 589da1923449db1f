//! How amounts are written on the command line: percents, dollars, insets and places, read exactly.

use smart_resize::geometry::{Focus, Insets};
use smart_resize::model::UsdMicros;
use smart_resize::scene::Area;

/// A decimal number in units of 10^-`decimals`, without a sign.
fn decimal(text: &str, decimals: u32) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let missing = decimals.checked_sub(u32::try_from(part.trim_end_matches('0').len()).ok()?)?;
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    let part = if part.is_empty() { 0 } else { part.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(missing)?)? };
    whole.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(decimals)?)?.checked_add(part)
}

/// Percent with at most one decimal, as thousandths.
pub(crate) fn per_mille(text: &str) -> Result<u16, String> {
    let value = decimal(text, 1).filter(|value| *value <= 1000);
    let value = value.and_then(|value| u16::try_from(value).ok());
    value.ok_or_else(|| format!("{text:?} is no percentage: 0 to 100, with at most one decimal"))
}

/// Dollars with at most six decimals.
pub(crate) fn usd(text: &str) -> Result<UsdMicros, String> {
    let value = decimal(text.strip_prefix('$').unwrap_or(text), 6).map(UsdMicros);
    value.ok_or_else(|| format!("{text:?} is no amount in dollars, such as 1.50"))
}

fn list(text: &str) -> Result<Vec<u16>, String> {
    text.split(',').map(per_mille).collect()
}

/// One percentage for all sides, or four: top, right, bottom, left.
pub(crate) fn insets(text: &str) -> Result<Insets, String> {
    match *list(text)? {
        [all] => Insets::all(all),
        [top, right, bottom, left] => Insets::new(top, right, bottom, left),
        _ => return Err(format!("{text:?} is neither one percentage nor four: top,right,bottom,left")),
    }
    .map_err(|error| error.to_string())
}

/// A point "x,y", or a region "left,top,right,bottom", in percent.
pub(crate) fn focus(text: &str) -> Result<Focus, String> {
    match *list(text)? {
        [x, y] => Focus::point(x, y).map_err(|error| error.to_string()),
        [left, top, right, bottom] => {
            Area::new(left, top, right, bottom).map(Focus::from).map_err(|error| error.to_string())
        }
        _ => Err(format!("{text:?} is neither a point \"x,y\" nor a region \"left,top,right,bottom\"")),
    }
}
