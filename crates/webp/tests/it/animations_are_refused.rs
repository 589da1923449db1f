//! An animation is refused, even if its canvas has the size that the caller expects.

use smart_resize_webp::{Error, Layout, decode, encode};

use crate::{DEFAULT, gradient};

/// A chunk of the RIFF container: its name, the length of its content, the content, padded to an even length.
fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let padding = vec![0; content.len() % 2];
    [&name[..], &length, content, &padding].concat()
}

/// An animation with one frame of 16 by 16 pixels.
fn animation() -> Vec<u8> {
    let still = encode(&gradient(16, 16, Layout::Rgb), 16, 16, Layout::Rgb, DEFAULT).unwrap();
    // Flags (animation), then width and height minus 1, 24 bits each.
    let header = chunk(*b"VP8X", &[2, 0, 0, 0, 15, 0, 0, 15, 0, 0]);
    let background_and_loops = chunk(*b"ANIM", &[0; 6]);
    // Offset, size minus 1, duration, flags, then the chunk of the still file.
    let placement = [0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0, 100, 0, 0, 0];
    let frame = chunk(*b"ANMF", &[&placement[..], &still[12..]].concat());
    chunk(*b"RIFF", &[&b"WEBP"[..], &header, &background_and_loops, &frame].concat())
}

#[test]
fn an_animation_is_an_error_of_its_own() {
    let file = animation();
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(&file)).unwrap();
    assert!(decoder.is_animated() && decoder.read_frame(&mut [0; 16 * 16 * 3]).is_ok(), "the test's file is valid");
    let mut pixels = [7; 16 * 16 * 3];
    assert_eq!(decode(&file, 16, 16, Layout::Rgb, &mut pixels), Err(Error::Animation));
    assert_eq!(pixels, [7; 16 * 16 * 3]);
}
