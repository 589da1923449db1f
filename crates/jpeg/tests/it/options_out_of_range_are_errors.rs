//! Each option has an error on both sides of its range, which says what was found and what was expected.

use smart_resize_jpeg::{Encoder, Scratch};

fn error(encoder: Encoder<'_>, rgb: &[u8]) -> String {
    encoder.encode(rgb, &mut Scratch::default()).unwrap_err().to_string()
}

#[test]
fn sizes_out_of_range_are_errors() {
    for (size, text) in [((0, 5), "0x5"), ((5, 0), "5x0"), ((65_536, 1), "65536x1"), ((1, u32::MAX), "1x4294967295")] {
        assert_eq!(error(Encoder::new(size, 80), &[]), format!("size is {text}; expected sides of 1 to 65535"));
    }
    assert!(Encoder::new((65_535, 1), 80).encode(&[0; 3 * 65_535], &mut Scratch::default()).is_ok());
    assert!(Encoder::new((1, 65_535), 80).encode(&[0; 3 * 65_535], &mut Scratch::default()).is_ok());
}

#[test]
fn qualities_out_of_range_are_errors() {
    for quality in [0, 101, 255] {
        assert_eq!(error(Encoder::new((1, 1), quality), &[0; 3]), format!("quality is {quality}; expected 1 to 100"));
    }
    for quality in [1, 100] {
        assert!(Encoder::new((1, 1), quality).encode(&[0; 3], &mut Scratch::default()).is_ok());
    }
}

#[test]
fn pixels_of_another_length_are_errors() {
    for found in [0, 17, 19] {
        let text = format!("length of the pixels is {found} bytes; expected 18");
        assert_eq!(error(Encoder::new((3, 2), 80), &vec![0; found]), text);
    }
    let text = "length of the pixels is 3 bytes; expected 12884508675";
    assert_eq!(error(Encoder::new((65_535, 65_535), 80), &[0; 3]), text);
}

#[test]
fn segments_out_of_range_are_errors() {
    let long = vec![0; 16_707_346];
    assert_eq!(
        error(Encoder::new((1, 1), 80).icc_profile(&long), &[0; 3]),
        "length of the ICC profile is 16707346 bytes; expected at most 16707345"
    );
    let segments = [(0xe1, &long[..65_534])];
    assert_eq!(
        error(Encoder::new((1, 1), 80).segments(&segments), &[0; 3]),
        "length of segment 0xe1 is 65534 bytes; expected at most 65533"
    );
    for marker in [0x00, 0xd9, 0xda, 0xe0, 0xf0, 0xfd, 0xff] {
        let segments = [(marker, &long[..1])];
        let text = format!("marker of a segment is {marker:#04x}; expected 0xe1 to 0xef or 0xfe");
        assert_eq!(error(Encoder::new((1, 1), 80).segments(&segments), &[0; 3]), text);
    }
}
