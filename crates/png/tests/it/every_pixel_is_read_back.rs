//! Whatever the size, colour, content and effort, both decoders read every pixel as it was.

use proptest::prelude::{ProptestConfig, any, proptest};
use smart_resize_png::{Colour, Scratch};

use crate::laws::{Picture, is_read_back};
use crate::pictures::{COLOURS, EFFORTS, graphic, noise, photo, picture};

fn assert_exact(picture: &Picture) {
    for effort in EFFORTS {
        is_read_back(picture, effort, &mut Scratch::default());
    }
}

#[test]
fn pictures_of_small_sizes_are_read_back() {
    for (width, height) in (1..=17).flat_map(|width| [1, 2, 3, 7, 40].map(|height| (width, height))) {
        for colour in COLOURS {
            let mut noise = noise(width * height);
            assert_exact(&picture((width, height), colour, |_, _, _| noise()));
            assert_exact(&picture((width, height), colour, |x, y, _| x * 9 + y * 5));
            assert_exact(&graphic((width, height), colour));
        }
    }
}

#[test]
fn pictures_with_heights_around_the_edges_of_strips_are_read_back() {
    for size in
        [(1024, 255), (1024, 256), (1024, 257), (1024, 513), (5, 52_429), (65_536, 5), (3, 65_536), (300_000, 2)]
    {
        assert_exact(&photo(size, Colour::Rgb));
        assert_exact(&graphic(size, Colour::Rgba));
    }
}

#[test]
fn one_colour_noise_and_rows_that_repeat_at_the_end_of_the_window_are_read_back() {
    let size = (400, 401);
    assert_exact(&picture(size, Colour::Rgb, |_, _, channel| [7, 200, 31][channel as usize]));
    let mut state = noise(7);
    let noise = picture(size, Colour::Rgb, |_, _, _| state());
    assert_exact(&noise);
    for effort in EFFORTS {
        let file = is_read_back(&noise, effort, &mut Scratch::default()).bytes;
        assert!(file.len() < noise.pixels.len() + 2000, "noise is stored");
    }
    // A scanline of 32,766 bytes and its filter type: the one above is 32,767 bytes back, within the window.
    for bytes in [32_763, 32_766] {
        let pixels = noise.pixels[..bytes as usize].repeat(5);
        let picture = Picture { width: bytes / 3, height: 5, colour: Colour::Rgb, pixels };
        assert_exact(&picture);
        for effort in EFFORTS {
            assert!(is_read_back(&picture, effort, &mut Scratch::default()).bytes.len() < 40_000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn small_pictures_of_generated_samples_are_read_back(
        (width, height) in (1_u32..24, 1_u32..24),
        (alpha, grey) in any::<(bool, bool)>(),
        seed in any::<Vec<u8>>(),
    ) {
        let mut bytes = seed.iter().copied().chain([7, 0, 255]).cycle();
        let mut pixels = Vec::new();
        for _ in 0..width * height {
            let [r, g, b, a] = std::array::from_fn(|_| bytes.next().unwrap());
            let [g, b] = if grey { [r; 2] } else { [g, b] };
            pixels.extend([r, g, b, if alpha { a } else { 255 }]);
        }
        assert_exact(&Picture { width, height, colour: Colour::Rgba, pixels });
    }
}
