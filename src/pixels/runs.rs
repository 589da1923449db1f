//! Runs of one pixel, which flat pictures are made of for the most part.

/// The pixels in runs, each with its length.
pub(super) fn runs<const N: usize>(mut pixels: &[[u8; N]]) -> impl Iterator<Item = ([u8; N], usize)> {
    std::iter::from_fn(move || {
        let (first, behind) = pixels.split_first()?;
        // Where runs are short that is mostly all.
        let length = if behind.first() == Some(first) { 1 + repeats(pixels) } else { 1 };
        pixels = pixels.get(length..)?;
        Some((*first, length))
    })
}

/// How many pixels behind the first one are the same: as far as the bytes are those one pixel before, eight at a time.
fn repeats<const N: usize>(pixels: &[[u8; N]]) -> usize {
    let bytes = pixels.as_flattened();
    let ahead = bytes.get(N..).unwrap_or_default();
    let mut same = 0;
    for (a, b) in bytes.as_chunks::<8>().0.iter().zip(ahead.as_chunks::<8>().0) {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return (same + differ.trailing_zeros() as usize / 8) / N;
        }
        same += 8;
    }
    (same + bytes.iter().zip(ahead).skip(same).take_while(|(a, b)| a == b).count()) / N
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn check<const N: usize>(parts: &[(u8, usize)]) {
        // Neighbours differ in one byte of a pixel at most, whichever it is.
        let pixel =
            |at: usize, value: u8| std::array::from_fn::<u8, N, _>(|byte| if byte == at % N { value } else { 7 });
        let pixels: Vec<[u8; N]> =
            parts.iter().enumerate().flat_map(|(at, (value, length))| vec![pixel(at, *value); *length]).collect();
        let naive: Vec<_> = pixels.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
        assert_eq!(runs(&pixels).collect::<Vec<_>>(), naive);
    }

    proptest! {
        #[test]
        fn runs_are_those_of_the_pixels_one_by_one(parts in proptest::collection::vec((6..9_u8, 0..60_usize), 0..20)) {
            check::<1>(&parts);
            check::<3>(&parts);
            check::<4>(&parts);
        }

        #[test]
        fn all_pixels_are_in_them(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(runs(bytes.as_chunks::<3>().0).map(|(_, length)| length).sum::<usize>(), bytes.len() / 3);
        }
    }
}
