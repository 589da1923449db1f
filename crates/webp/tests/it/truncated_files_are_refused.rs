//! No prefix of a file is decoded as a different picture.

use smart_resize_webp::{Error, Layout, decode, encode};

use crate::{DEFAULT, gradient};

#[test]
fn a_prefix_is_an_error() {
    for layout in [Layout::Rgb, Layout::Rgba] {
        let pixels = gradient(40, 40, layout);
        let file = encode(&pixels, 40, 40, layout, DEFAULT).unwrap();
        let mut whole = vec![0; pixels.len()];
        decode(&file, 40, 40, layout, &mut whole).unwrap();
        for end in 0..file.len() {
            let mut decoded = vec![0; pixels.len()];
            match decode(&file[..end], 40, 40, layout, &mut decoded) {
                Err(error) => assert!(matches!(error, Error::Header | Error::Bitstream), "{end}: {error}"),
                // The last byte can be the padding of the chunk, which carries no pixel.
                Ok(()) => assert!(decoded == whole && end + 1 == file.len(), "{end} of {}", file.len()),
            }
        }
    }
}

#[test]
fn bytes_after_the_file_are_ignored() {
    let file = encode(&gradient(9, 9, Layout::Rgb), 9, 9, Layout::Rgb, DEFAULT).unwrap();
    let (mut alone, mut followed) = ([0; 9 * 9 * 3], [1; 9 * 9 * 3]);
    decode(&file, 9, 9, Layout::Rgb, &mut alone).unwrap();
    decode(&[&file[..], &[7; 100]].concat(), 9, 9, Layout::Rgb, &mut followed).unwrap();
    assert_eq!(alone, followed);
}
