//! With any number of threads the results are those of one.

use rayon::ThreadPoolBuilder;
use smart_resize::{
    DecodeLimits, EncodeOptions, Focus, Format, Picture, PngEffort, PngEncoder, PngOptions, RenderOptions,
    RenderTarget, Rendered, decode, encode, render_all,
};

use crate::pictures::{photo, png, size};

#[test]
fn the_results_are_in_order_and_the_same_with_any_number_of_threads() {
    let generated = png(&photo(size("400x300")));
    let formats = [Format::Png, Format::Jpeg, Format::WebP];
    let targets: Vec<_> = (0..24_u32)
        .map(|index| {
            let target = RenderTarget::new(size(&format!("{}x{}", 10 + 16 * index, 300 - 11 * index)));
            target.with_format(formats[index as usize % 3]).with_focus(Focus::point(900, 100).unwrap())
        })
        .chain([RenderTarget::new(size("401x1")), RenderTarget::new(size("400x300"))])
        .collect();
    let options = RenderOptions::default();
    let with = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| render_all(&generated, &targets, &options))
    };
    let one = with(1);
    let sizes: Vec<_> =
        one.iter().map(|result| result.as_ref().map(|rendered: &Rendered| rendered.size).ok()).collect();
    assert_eq!((sizes[0], sizes[23], sizes[24]), (Some(size("10x300")), Some(size("378x47")), None));
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
    // One after the other gives the same as well.
    for (target, expected) in targets.iter().zip(&one) {
        assert_eq!(smart_resize::render(&generated, target, &options), *expected);
    }
}

#[test]
fn strips_beside_each_other_give_the_file_of_one_thread() {
    let photo = photo(size("1024x1025"));
    let (grey, clear) = (
        photo.pixels().chunks(3).flat_map(|pixel| [pixel[0]; 3]).collect(),
        photo.pixels().chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[0] ^ pixel[2]]).collect(),
    );
    let pictures = [
        Picture::from_rgb(photo.size(), grey).unwrap(),
        Picture::from_rgba(photo.size(), clear).unwrap(),
        Picture::from_rgb(photo.size(), photo.pixels().iter().map(|byte| byte & 0xc0).collect()).unwrap(),
        photo,
    ];
    for (picture, effort) in
        pictures.iter().zip([PngEffort::Balanced, PngEffort::Fast, PngEffort::Small, PngEffort::Balanced])
    {
        let mut options = EncodeOptions::default();
        options.png = PngOptions::with_effort(effort).with_encoder(PngEncoder::Own);
        let with = |threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| encode(picture, Format::Png, &options).unwrap())
        };
        let one = with(1);
        assert!(decode(&one.bytes, &DecodeLimits::default()).unwrap().picture == *picture);
        for threads in [2, 3, 8] {
            assert!(with(threads) == one, "{picture:?}, {effort}, {threads} threads");
        }
    }
}
