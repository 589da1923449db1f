//! ICC profiles of any length, and further segments, are found by another decoder as they were passed.

use smart_resize_jpeg::{Encoder, Scratch};

use crate::pictures::segments;

#[test]
fn profiles_are_read_back() {
    for length in [1, 480, 65_519, 65_520, 131_038, 131_039, 400_000, 16_707_345] {
        let profile: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
        let file = Encoder::new((1, 1), 80).icc_profile(&profile).encode(&[1, 2, 3], &mut Scratch::default()).unwrap();
        let segments = segments(&file);
        let parts: Vec<_> = segments.iter().filter(|(marker, _)| *marker == 0xe2).map(|(_, part)| *part).collect();
        assert_eq!(parts.len(), (length as usize).div_ceil(65_519));
        for (number, part) in (1..=255).zip(&parts) {
            assert_eq!(part[..14], [&b"ICC_PROFILE\0"[..], &[number, parts.len() as u8]].concat());
        }
        assert!(parts.iter().map(|part| &part[14..]).collect::<Vec<_>>().concat() == profile, "{length}");
        // `jpeg-decoder` reads no profile of 255 parts.
        if parts.len() < 255 {
            let mut decoder = jpeg_decoder::Decoder::new(&file[..]);
            decoder.decode().unwrap();
            assert!(decoder.icc_profile() == Some(profile), "{length}");
        }
    }
}

#[test]
fn segments_are_read_back() {
    let exif = [b"Exif\0\0".to_vec(), vec![9; 65_527]].concat();
    let further = [(0xe1, &exif[..]), (0xed, &[]), (0xfe, b"a comment")];
    let encoder = Encoder::new((1, 1), 80).segments(&further).icc_profile(&[5; 10]);
    let file = encoder.encode(&[1, 2, 3], &mut Scratch::default()).unwrap();
    let found = segments(&file);
    assert_eq!(found[0], (0xe0, &b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"[..]));
    assert!(found[1..4] == further);
    assert_eq!(found[4], (0xe2, &b"ICC_PROFILE\0\x01\x01\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05"[..]));
    let none = Encoder::new((1, 1), 80).encode(&[1, 2, 3], &mut Scratch::default()).unwrap();
    let markers: Vec<u8> = segments(&none).iter().map(|(marker, _)| *marker).collect();
    assert_eq!(markers, [0xe0, 0xdb, 0xc0, 0xc4, 0xda]);
}
