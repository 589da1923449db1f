//! A changed byte gives an error or a picture, never a buffer that is written in part.

use proptest::prelude::*;
use smart_resize_webp::{Layout, encode};

use crate::laws::webp;
use crate::{DEFAULT, gradient};

proptest! {
    #[test]
    fn any_bytes_are_refused_or_decoded_completely(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        webp(&[&[0, 16, 16][..], &bytes].concat());
    }

    #[test]
    fn a_file_with_changed_bytes_is_refused_or_decoded_completely(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        for layout in [Layout::Rgb, Layout::Rgba] {
            let mut file = encode(&gradient(30, 20, layout), 30, 20, layout, DEFAULT).unwrap();
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            webp(&[&[0, 30, 20][..], &file].concat());
        }
    }

    #[test]
    fn any_pixels_are_encoded(data in proptest::collection::vec(any::<u8>(), 5..600)) {
        webp(&[&[1 | data[0]][..], &data].concat());
    }
}
