//! A reduced picture has few colours, all used, and each pixel has one of its own kind: transparent, translucent or opaque.

use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, any, proptest};
use smart_resize_png::quantise::{Indexed, Reduction};
use smart_resize_png::{Colour, Error, Scratch};

use crate::laws::{Picture, assert_pixels};
use crate::pictures::*;

/// Checks every reduction of the picture. Returns their numbers of colours, and whether each is exact.
fn reduced(picture: &Picture) -> Vec<(usize, bool)> {
    let size = (picture.width, picture.height);
    let reductions = Reduction::new(size, picture.colour, &picture.pixels).unwrap();
    reductions.map(|indexed| (holds(picture, &indexed), indexed.exact)).collect()
}

/// Checks a reduction, and returns its number of colours.
fn holds(picture: &Picture, Indexed { colours, indices, exact, .. }: &Indexed) -> usize {
    assert_eq!(indices.len(), picture.rgba().len());
    assert_eq!(colours.iter().collect::<BTreeSet<_>>().len(), colours.len());
    assert_eq!(indices.iter().collect::<BTreeSet<_>>().len(), colours.len());
    assert!(colours.is_sorted_by_key(|[.., alpha]| *alpha));
    let shown: Vec<[u8; 4]> = indices.iter().map(|index| colours[usize::from(*index)]).collect();
    let kind = |[.., alpha]: [u8; 4]| (alpha > 0, alpha == 255);
    assert!(shown.iter().zip(picture.rgba()).all(|(shown, own)| kind(*shown) == kind(own)));
    assert_eq!(*exact, shown.iter().copied().eq(picture.rgba()));
    let file = picture.encoder(EFFORTS[0]).encode_indexed(colours, indices, &mut Scratch::default()).unwrap();
    let (width, height) = (picture.width, picture.height);
    assert_pixels(&file.bytes, &Picture { width, height, colour: Colour::Rgba, pixels: shown.concat() });
    colours.len()
}

#[test]
fn photographs_have_at_most_256_down_to_16_colours() {
    for colour in COLOURS {
        let found = reduced(&photo((130, 90), colour));
        assert_eq!(found.len(), 5);
        for ((colours, exact), most) in found.into_iter().zip([256, 128, 64, 32, 16]) {
            assert!((most * 3 / 4..=most).contains(&colours), "{colours} of {most}");
            assert!(!exact);
        }
    }
}

#[test]
fn few_colours_are_kept_in_the_smallest_palette_that_has_them() {
    for count in [1, 2, 15, 16, 17, 32, 33, 128, 129, 256, 257] {
        let greys = picture((300, 1), Colour::Rgba, |x, _, channel| match channel {
            0 => x.min(count - 1) % 256,
            1 => x.min(count - 1) / 256,
            2 => 9,
            _ => 255,
        });
        let smallest = [16, 32, 64, 128, 256].into_iter().filter(|most| *most < count).count();
        let (first, exact) = reduced(&greys)[0];
        assert_eq!((first == count as usize, exact), (count <= 256, count <= 256), "{count} colours");
        assert_eq!(reduced(&greys).len(), (smallest + 1).min(5), "{count} colours");
    }
}

#[test]
fn a_picture_needs_a_size_and_its_bytes() {
    let refused = |size, pixels: &[u8]| Reduction::new(size, Colour::Rgba, pixels).unwrap_err();
    assert_eq!(refused((0, 1), &[]), Error::Width { found: 0 });
    assert_eq!(refused((1, 1 << 31), &[]), Error::Height { found: 1 << 31 });
    assert_eq!(refused((2, 3), &[0; 23]), Error::DataLength { found: 23, expected: 24 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_pixels_are_reduced(
        pixels in proptest::collection::vec(any::<[u8; 3]>(), 1..700),
        alphas in proptest::collection::vec(proptest::sample::select(vec![0, 1, 128, 254, 255]), 1..9),
        width in 1..30_u32,
    ) {
        let height = (pixels.len() as u32).div_ceil(width);
        let rgba = pixels.iter().cycle().zip(alphas.iter().cycle()).map(|([r, g, b], alpha)| [*r, *g, *b, *alpha]);
        let pixels: Vec<u8> = rgba.take((width * height) as usize).flatten().collect();
        reduced(&Picture { width, height, colour: Colour::Rgba, pixels });
    }
}
