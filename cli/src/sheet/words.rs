//! The words of a sheet: counts, sizes, file sizes and costs.
//!
//! A file size is rounded up to a tenth of a kilobyte, or to a hundredth of a megabyte. A limit in whole kilobytes is
//! therefore kept if and only if the number shown is within it. For another limit the size has more decimals where it
//! needs them.

use smart_resize::Size;
use smart_resize::plan::Generation;

/// Returns `number` with `what`, in the plural if there is not exactly one.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

pub(super) fn size(size: Size) -> String {
    format!("{} × {}", size.width(), size.height())
}

/// Returns a number of bytes in the unit in which people read file sizes: 1 kB is 1000 bytes, 1 MB 1,000,000.
pub(super) fn bytes(bytes: u64, limit: Option<u64>) -> String {
    let (unit, exponent, least) = match bytes {
        0..1000 => return format!("{bytes} B"),
        1000..1_000_000 => ("kB", 3, 1),
        _ => ("MB", 6, 2),
    };
    // With as many decimals as the unit has digits, the number is exact.
    let shown = |decimals: u32| {
        let step = 10_u64.pow(exponent - decimals);
        (bytes.div_ceil(step), step, decimals)
    };
    let is_fair =
        |(steps, step, _): &(u64, u64, u32)| limit.is_none_or(|limit| (steps * step <= limit) == (bytes <= limit));
    let (steps, _, decimals) = (least..exponent).map(shown).find(is_fair).unwrap_or_else(|| shown(exponent));
    let whole = 10_u64.pow(decimals);
    format!("{}.{:0width$} {unit}", steps / whole, steps % whole, width = decimals as usize)
}

/// Returns the price of an image, and among how many results it is divided.
pub(super) fn cost(generation: &Generation, sharing: usize) -> String {
    match sharing {
        ..2 => generation.per_image().to_string(),
        sharing => format!("{} for {sharing} sizes", generation.per_image()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_size_is_rounded_up_and_never_past_its_limit() {
        for (number, limit, expected) in [
            (0, None, "0 B"),
            (999, None, "999 B"),
            (1000, None, "1.0 kB"),
            (149_501, None, "149.6 kB"),
            (149_600, None, "149.6 kB"),
            (150_000, Some(150_000), "150.0 kB"),
            (150_001, Some(150_000), "150.1 kB"),
            (71_650, Some(71_680), "71.65 kB"),
            (71_681, Some(71_680), "71.7 kB"),
            (71_679, Some(71_679), "71.679 kB"),
            (999_950, None, "1000.0 kB"),
            (1_000_000, None, "1.00 MB"),
            (1_234_567, None, "1.24 MB"),
            (1_234_567, Some(1_235_000), "1.235 MB"),
        ] {
            assert_eq!(bytes(number, limit), expected, "{number} of {limit:?}");
        }
    }

    #[test]
    fn the_number_shown_is_at_least_the_size_and_on_the_same_side_of_the_limit() {
        for limit in [1000, 50_000, 71_680, 153_600, 999_999, 1_000_000, 2_000_001] {
            for number in (limit - 300..limit + 300).chain([limit * 2, limit * 3 / 2]) {
                let shown = bytes(number, Some(limit));
                let (digits, unit) = shown.split_once(' ').unwrap();
                let exponent = match unit {
                    "B" => 0,
                    "kB" => 3,
                    _ => 6,
                };
                let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
                let shown: u64 = format!("{whole}{part:0<exponent$}").parse().unwrap();
                assert!(shown >= number && (shown <= limit) == (number <= limit), "{number} of {limit}: {shown}");
            }
        }
    }

    #[test]
    fn everything_but_exactly_one_is_in_the_plural() {
        assert_eq!([0, 1, 2].map(|number| count(number, "result")), ["0 results", "1 result", "2 results"]);
    }
}
