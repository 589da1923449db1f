//! Runs of equal pixels.
//!
//! A graphic is mostly runs, and what follows from a pixel's colour is looked up once for all of a run. A run is
//! compared eight bytes at a time, as bytes that equal those one pixel before them.

/// The pixels as runs, each with its length.
pub(super) fn runs<const N: usize>(mut pixels: &[[u8; N]]) -> impl Iterator<Item = ([u8; N], usize)> {
    std::iter::from_fn(move || {
        let (first, rest) = pixels.split_first()?;
        // Where most runs have one pixel, this comparison is all that is done.
        let length = if rest.first() == Some(first) { 1 + repeats(pixels) } else { 1 };
        pixels = &pixels[length..];
        Some((*first, length))
    })
}

/// How many pixels after the first one equal it. Each byte is compared with that of the pixel before, eight at a time.
fn repeats<const N: usize>(pixels: &[[u8; N]]) -> usize {
    let bytes = pixels.as_flattened();
    let next = &bytes[N..];
    let mut equal = 0;
    for (a, b) in bytes.as_chunks::<8>().0.iter().zip(next.as_chunks::<8>().0) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            // Whole pixels before the first byte that differs.
            return (equal + difference.trailing_zeros() as usize / 8) / N;
        }
        equal += 8;
    }
    (equal + bytes.iter().zip(next).skip(equal).take_while(|(a, b)| a == b).count()) / N
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn assert_runs<const N: usize>(parts: &[(u8, usize)]) {
        // Adjacent runs differ in one byte of the pixel at most, at every place in turn.
        let pixel =
            |at: usize, value: u8| std::array::from_fn::<u8, N, _>(|byte| if byte == at % N { value } else { 7 });
        let pixels: Vec<[u8; N]> =
            parts.iter().enumerate().flat_map(|(at, (value, length))| vec![pixel(at, *value); *length]).collect();
        let expected: Vec<_> = pixels.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
        assert_eq!(runs(&pixels).collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn runs_are_those_of_a_comparison_pixel_by_pixel(
            parts in proptest::collection::vec((6..9_u8, 0..60_usize), 0..20),
        ) {
            assert_runs::<1>(&parts);
            assert_runs::<3>(&parts);
            assert_runs::<4>(&parts);
        }

        #[test]
        fn runs_have_every_pixel(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(runs(bytes.as_chunks::<3>().0).map(|(_, length)| length).sum::<usize>(), bytes.len() / 3);
        }
    }
}
