//! The file depends on the picture and the settings, not on what the scratch buffers were used for.

use smart_resize_png::{Colour, Scratch};

use crate::laws::Picture;
use crate::pictures::{COLOURS, EFFORTS, graphic, photo};

#[test]
fn the_file_does_not_depend_on_what_the_scratch_was_used_for() {
    let sizes = [(700, 751), (1, 1), (40, 300), (300, 40), (512, 600)];
    let mut pictures: Vec<Picture> = sizes
        .iter()
        .flat_map(|size| COLOURS.map(|colour| [photo(*size, colour), graphic(*size, colour)]))
        .flatten()
        .collect();
    pictures.push(Picture { width: 9, height: 9, colour: Colour::Rgb, pixels: vec![7; 9 * 9 * 3] });
    for effort in EFFORTS {
        let mut used = Scratch::default();
        for picture in pictures.iter().chain(pictures.iter().rev()) {
            let encode = |scratch: &mut Scratch| picture.encoder(effort).encode(&picture.pixels, scratch).unwrap();
            assert!(encode(&mut used) == encode(&mut Scratch::default()), "{}x{}", picture.width, picture.height);
            // A row writer that is not finished leaves its rows in the buffers.
            picture.encoder(effort).row_writer(&mut used).unwrap().write(&picture.pixels[..3]);
        }
    }
}

#[test]
fn scratch_buffers_and_row_writers_can_be_sent_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Scratch>();
    assert_send::<smart_resize_png::RowWriter<'_>>();
}
