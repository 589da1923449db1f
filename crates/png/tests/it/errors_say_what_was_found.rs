//! The exact text of every error. Each limit is tested with the last value that is accepted and the first that is not.

use smart_resize_png::{Colour, Encoder, Scratch};

fn encode(size: (u32, u32), colour: Colour, bytes: usize) -> Result<(), String> {
    let encoded = Encoder::new(size, colour).encode(&vec![7; bytes], &mut Scratch::default());
    encoded.map(drop).map_err(|error| error.to_string())
}

fn error(size: (u32, u32), colour: Colour, bytes: usize) -> String {
    encode(size, colour, bytes).unwrap_err()
}

#[test]
fn a_side_has_at_most_2147483647_pixels_and_a_scanline_2_to_the_30_bytes() {
    const MAX: u32 = (1 << 31) - 1;
    assert_eq!(error((0, 5), Colour::Rgb, 0), "width is 0; expected 1 to 2147483647");
    assert_eq!(error((5, 0), Colour::Rgb, 0), "height is 0; expected 1 to 2147483647");
    assert_eq!(error((MAX + 1, 1), Colour::Rgb, 0), "width is 2147483648; expected 1 to 2147483647");
    assert_eq!(error((1, MAX + 1), Colour::Rgb, 0), "height is 2147483648; expected 1 to 2147483647");
    // The largest height is accepted, so that the next check fails: that of the data.
    assert_eq!(error((1, MAX), Colour::Rgb, 0), "data length is 0 bytes; expected 6442450941");
    assert_eq!(error((MAX, 1), Colour::Rgb, 0), "scanline length is 6442450941 bytes; expected 1 to 1073741824");
    // A scanline of 2^28 RGBA pixels has 2^30 bytes.
    assert_eq!(error((1 << 28, MAX), Colour::Rgba, 0), "data length is 0 bytes; expected 2305843008139952128");
    assert_eq!(
        error(((1 << 28) + 1, 1), Colour::Rgba, 0),
        "scanline length is 1073741828 bytes; expected 1 to 1073741824"
    );
}

#[test]
fn the_data_length_is_that_of_the_size() {
    assert_eq!(encode((3, 2), Colour::Rgb, 18), Ok(()));
    assert_eq!(error((3, 2), Colour::Rgb, 17), "data length is 17 bytes; expected 18");
    assert_eq!(error((3, 2), Colour::Rgba, 25), "data length is 25 bytes; expected 24");
}

#[test]
fn rows_have_the_data_length_of_the_size() {
    let file = |bytes: usize| {
        let mut scratch = Scratch::default();
        let mut writer = Encoder::new((3, 2), Colour::Rgb).row_writer(&mut scratch).unwrap();
        writer.write(&vec![7; bytes]);
        // An empty write changes nothing.
        writer.write(&[]);
        writer.finish().map_err(|error| error.to_string())
    };
    assert!(file(18).is_ok());
    assert_eq!(file(9).unwrap_err(), "data length is 9 bytes; expected 18");
    assert_eq!(file(19).unwrap_err(), "data length is 19 bytes; expected 18");
    let none = Encoder::new((0, 2), Colour::Rgb).row_writer(&mut Scratch::default()).map(drop).unwrap_err();
    assert_eq!(none.to_string(), "width is 0; expected 1 to 2147483647");
}

#[test]
fn a_palette_has_1_to_256_colours_and_indices_are_below_its_length() {
    let indexed = |size, palette: usize, indices: &[u8]| {
        let palette = vec![[7; 4]; palette];
        let encoded = Encoder::new(size, Colour::Rgba).encode_indexed(&palette, indices, &mut Scratch::default());
        encoded.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(indexed((2, 1), 1, &[0, 0]), Ok(()));
    assert_eq!(indexed((2, 1), 256, &[0, 255]), Ok(()));
    assert_eq!(indexed((2, 1), 0, &[0, 0]).unwrap_err(), "palette length is 0; expected 1 to 256");
    assert_eq!(indexed((2, 1), 257, &[0, 0]).unwrap_err(), "palette length is 257; expected 1 to 256");
    assert_eq!(indexed((2, 1), 9, &[0]).unwrap_err(), "data length is 1 bytes; expected 2");
    assert_eq!(indexed((2, 1), 9, &[8, 9]).unwrap_err(), "palette index is 9; expected 0 to 8 (at byte 1)");
    assert_eq!(indexed((0, 1), 9, &[]).unwrap_err(), "width is 0; expected 1 to 2147483647");
}
