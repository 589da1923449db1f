//! A palette of the caller, in any order, with any alpha, of any depth, is read back colour by colour.

use smart_resize_png::{Colour, Scratch};

use crate::laws::{Picture, assert_pixels};
use crate::pictures::EFFORTS;

#[test]
fn a_palette_of_the_caller_is_written_in_its_order() {
    for count in [1, 2, 3, 4, 5, 16, 17, 255, 256_usize] {
        // Opaque only, translucent first, translucent last, alternating.
        let alphas: [fn(usize, usize) -> bool; 4] =
            [|_, _| true, |at, count| at >= count / 2, |at, count| at < count / 2, |at, _| at % 2 == 0];
        for is_opaque in alphas {
            let alpha = |at| if is_opaque(at, count) { 255 } else { (at * 5) as u8 };
            let palette: Vec<[u8; 4]> = (0..count).map(|at| [at as u8, 7, (at * 3) as u8, alpha(at)]).collect();
            for (width, height) in [(1, 1), (7, 3), (61, 19), (700, 400)] {
                let index = |at: u32| ((at % 4099).pow(2) / 3 % count as u32) as u8;
                let indices: Vec<u8> = (0..width * height).map(index).collect();
                let pixels = indices.iter().flat_map(|index| palette[usize::from(*index)]).collect();
                let picture = Picture { width, height, colour: Colour::Rgba, pixels };
                for effort in EFFORTS {
                    let encoder = picture.encoder(effort);
                    let found = encoder.encode_indexed(&palette, &indices, &mut Scratch::default()).unwrap();
                    assert_eq!(found.palette.map(usize::from), Some(count));
                    assert_pixels(&found.bytes, &picture);
                }
            }
        }
    }
}
