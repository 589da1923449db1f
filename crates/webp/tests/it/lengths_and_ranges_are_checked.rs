//! A size, a length or a setting that is out of range is refused before C receives it.

use smart_resize_webp::{Error, Layout, MAX_SIDE, Settings, decode, encode};

use crate::{DEFAULT, gradient};

/// The result of encoding a buffer of `length` bytes.
fn encoded(length: usize, width: u32, height: u32, layout: Layout) -> Result<(), Error> {
    encode(&vec![0; length], width, height, layout, DEFAULT).map(drop)
}

#[test]
fn pixels_of_another_length_than_size_and_layout_need_are_refused() {
    assert_eq!(encoded(48, 4, 4, Layout::Rgb), Ok(()));
    assert_eq!(encoded(47, 4, 4, Layout::Rgb), Err(Error::Length { found: 47, expected: 48 }));
    assert_eq!(encoded(49, 4, 4, Layout::Rgb), Err(Error::Length { found: 49, expected: 48 }));
    assert_eq!(encoded(64, 4, 4, Layout::Rgba), Ok(()));
    assert_eq!(encoded(48, 4, 4, Layout::Rgba), Err(Error::Length { found: 48, expected: 64 }));
    assert_eq!(encoded(0, 4, 4, Layout::Rgb), Err(Error::Length { found: 0, expected: 48 }));
}

#[test]
fn a_buffer_of_another_length_is_not_decoded_into() {
    let file = encode(&gradient(4, 4, Layout::Rgb), 4, 4, Layout::Rgb, DEFAULT).unwrap();
    for (length, expected) in [(47, 48), (49, 48)] {
        let error = decode(&file, 4, 4, Layout::Rgb, &mut vec![0; length]).unwrap_err();
        assert_eq!(error, Error::Length { found: length, expected });
    }
    assert_eq!(decode(&file, 4, 4, Layout::Rgb, &mut [0; 48]), Ok(()));
}

#[test]
fn a_side_has_1_to_16383_pixels() {
    let length = MAX_SIDE as usize * 3;
    assert_eq!(encoded(length, MAX_SIDE, 1, Layout::Rgb), Ok(()));
    assert_eq!(encoded(length, 1, MAX_SIDE, Layout::Rgb), Ok(()));
    for (width, height) in [(0, 4), (4, 0), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (u32::MAX, u32::MAX)] {
        let length = u64::from(width).saturating_mul(u64::from(height)).min(1 << 16) as usize;
        assert_eq!(encoded(length, width, height, Layout::Rgb), Err(Error::Side { width, height }));
        let error = decode(&[], width, height, Layout::Rgb, &mut vec![0; length]).unwrap_err();
        assert_eq!(error, Error::Side { width, height });
    }
}

#[test]
fn the_quality_is_0_to_100_and_the_effort_0_to_6() {
    let encoded = |quality, effort| encode(&[0; 48], 4, 4, Layout::Rgb, Settings { quality, effort }).map(drop);
    assert_eq!((encoded(0, 0), encoded(100, 6)), (Ok(()), Ok(())));
    assert_eq!(encoded(101, 6), Err(Error::Quality { found: 101 }));
    assert_eq!(encoded(100, 7), Err(Error::Effort { found: 7 }));
}

#[test]
fn another_size_than_that_of_the_header_is_refused() {
    let file = encode(&gradient(8, 4, Layout::Rgb), 8, 4, Layout::Rgb, DEFAULT).unwrap();
    for (width, height) in [(4, 8), (8, 3), (9, 4)] {
        let error = decode(&file, width, height, Layout::Rgb, &mut vec![0; (width * height * 3) as usize]).unwrap_err();
        assert_eq!(error, Error::Size { found: (8, 4), expected: (width, height) });
    }
}
