//! A file that has only its picture is returned as it is, without a copy.

use std::borrow::Cow;

use smart_resize_metadata::strip;

use crate::files::{extended, jpeg, picture, png, segment, webp};

#[test]
fn files_without_metadata_stay_byte_for_byte() {
    let [profile, alpha, bitstream] = picture::WEBP;
    let whole = [
        jpeg(&picture::jpeg()),
        png(&picture::png()),
        webp(&[(b"VP8X", &extended(0x30)), profile, alpha, bitstream]),
        webp(&[(b"VP8L", b"a bitstream")]),
        // A scan may be followed by a segment with the number of lines, and a file may lack its end.
        jpeg(&[segment(0xc0, b"frame"), segment(0xda, b"scan"), picture::DATA.to_vec(), segment(0xdc, &[0, 2])]),
        [&b"\xff\xd8"[..], &segment(0xc0, b"frame"), &segment(0xda, b"scan"), picture::DATA].concat(),
        png(&picture::png()[..10]),
    ];
    for file in whole {
        assert!(matches!(strip(&file), Some(Cow::Borrowed(same)) if same == file), "{file:?}");
    }
}

#[test]
fn other_files_and_animated_webps_are_not_stripped() {
    for file in [
        b"GIF89a".to_vec(),
        Vec::new(),
        webp(&[(b"VP8X", &extended(0x02)), (b"ANMF", b"a frame")]),
        webp(&[(b"VP8X", &extended(0)), (b"ANMF", b"a frame")]),
        webp(&[(b"VP8X", &extended(0x02)), (b"VP8 ", b"a bitstream")]),
    ] {
        assert_eq!(strip(&file), None);
    }
    // An extended header without its fields is invalid, and its neighbour stays as it is.
    let (short, profile) = ((b"VP8X", &b"\x0c"[..]), (b"ICCP", &b"\xff\xff"[..]));
    for chunks in [&[short, profile][..], &[profile]] {
        let file = webp(&[chunks, &[(b"VP8L", b"a bitstream")]].concat());
        assert_eq!(strip(&file).as_deref(), Some(&webp(&[profile, (b"VP8L", b"a bitstream")])[..]));
    }
}
