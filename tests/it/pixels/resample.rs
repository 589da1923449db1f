//! Resampling, checked against the definition of Lanczos3 in 64-bit floats.
//!
//! The resampler convolves columns first, then rows, and keeps 8 bits in between. Lanczos3 overshoots next to a hard
//! edge, and these levels outside 0 to 255 are clipped between the passes. [`exact`] clips there too, but does not
//! round. [`exact_unclipped`] is the definition itself. The result for a photograph is close to it.

use proptest::prelude::*;
use smart_resize::Size;
use smart_resize::pixels::render::{RenderOptions, RenderTarget, RenderedPicture, Undersized, render_picture};
use smart_resize::pixels::{Layout, Picture};

use crate::pictures::{photo, png, size};

/// Noise and hard edges. Alpha is often 0 or 255, and otherwise any value.
fn picture(layout: Layout, size: Size) -> Picture {
    let mut state = size.width() * 31 + size.height();
    let mut sample = |x: u32, y: u32, channel: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let edge = if (x / 5 + y / 3) % 4 == channel { 255 } else { 0 };
        match (state >> 28, channel) {
            (0..=3, 3) => 0,
            (4..=9, 3) => 255,
            (0..=5, _) => edge,
            _ => state.to_be_bytes()[0],
        }
    };
    let channels = layout.channels() as u32;
    let places = (0..size.height()).flat_map(|y| (0..size.width()).map(move |x| (x, y)));
    let pixels = places.flat_map(|(x, y)| (0..channels).map(move |channel| (x, y, channel)));
    let samples = pixels.map(|(x, y, channel)| sample(x, y, channel)).collect();
    if channels == 3 { Picture::from_rgb(size, samples) } else { Picture::from_rgba(size, samples) }.unwrap()
}

/// On one axis, the weight of each of `length` input samples for each of `to` output samples.
fn weights(length: u32, to: u32) -> Vec<Vec<f64>> {
    let scale = f64::from(length) / f64::from(to);
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
    let kernel = |x: f64| if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
    let of = |target: u32| {
        let centre = (f64::from(target) + 0.5) * scale;
        let all = (0..length).map(|at| kernel((f64::from(at) + 0.5 - centre) / scale.max(1.0))).collect::<Vec<_>>();
        let sum: f64 = all.iter().sum();
        all.into_iter().map(|weight| weight / sum).collect()
    };
    (0..to).map(of).collect()
}

/// Resamples `picture` to `size`, clipped between the axes. A pixel is RGB multiplied by alpha, and alpha, in levels.
fn exact(picture: &Picture, size: Size) -> Vec<[f64; 4]> {
    convolved(picture, size, |pixel| pixel.map(|level| level.clamp(0.0, 255.0)))
}

fn exact_unclipped(picture: &Picture, size: Size) -> Vec<[f64; 4]> {
    convolved(picture, size, |pixel| pixel)
}

fn convolved(picture: &Picture, size: Size, between: fn([f64; 4]) -> [f64; 4]) -> Vec<[f64; 4]> {
    let (from, channels) = (picture.size(), picture.layout().channels());
    let multiplied = |pixel: &[u8]| {
        let alpha = pixel.get(3).map_or(255.0, |alpha| f64::from(*alpha));
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|level| f64::from(level) * alpha / 255.0);
        [r, g, b, alpha]
    };
    let source: Vec<[f64; 4]> = picture.pixels().chunks(channels).map(multiplied).collect();
    let sum = |terms: &mut dyn Iterator<Item = (f64, [f64; 4])>| {
        terms.fold([0.0; 4], |sum: [f64; 4], (weight, pixel)| std::array::from_fn(|c| sum[c] + weight * pixel[c]))
    };
    let width = from.width() as usize;
    let low = |weights: &Vec<f64>| -> Vec<[f64; 4]> {
        let column =
            |x: usize| sum(&mut weights.iter().enumerate().map(|(y, weight)| (*weight, source[y * width + x])));
        (0..width).map(|x| between(column(x))).collect()
    };
    let rows: Vec<Vec<[f64; 4]>> = weights(from.height(), size.height()).iter().map(low).collect();
    let across = weights(from.width(), size.width());
    let one = |row: &Vec<[f64; 4]>, weights: &Vec<f64>| sum(&mut weights.iter().copied().zip(row.iter().copied()));
    rows.iter().flat_map(|row| across.iter().map(move |weights| one(row, weights))).collect()
}

fn cut(picture: &Picture, size: Size) -> RenderedPicture {
    let mut options = RenderOptions::default();
    options.undersized = Undersized::Enlarge;
    render_picture(&png(picture), &RenderTarget::new(size), &options).unwrap()
}

/// The rectangle of `picture` that was cut.
fn source(picture: &Picture, cut: &RenderedPicture) -> Picture {
    let (rect, channels) = (cut.rect, picture.layout().channels());
    let columns = rect.x() as usize * channels..(rect.x() + rect.width()) as usize * channels;
    let rows = picture.pixels().chunks(picture.row_bytes()).skip(rect.y() as usize).take(rect.height() as usize);
    let pixels: Vec<u8> = rows.flat_map(|row| row[columns.clone()].to_vec()).collect();
    let made = if channels == 3 { Picture::from_rgb } else { Picture::from_rgba };
    made(rect.size(), pixels).unwrap()
}

/// Returns the mean and the largest difference between the levels of a resampled opaque picture and those of `oracle`.
fn errors(picture: &Picture, size: Size, oracle: fn(&Picture, Size) -> Vec<[f64; 4]>) -> (f64, f64) {
    let cut = cut(picture, size);
    let exact = oracle(&source(picture, &cut), size);
    let apart = |(level, exact): (&u8, f64)| (f64::from(*level) - exact.clamp(0.0, 255.0)).abs();
    let levels = exact.iter().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    let all: Vec<f64> = cut.picture.pixels().iter().zip(levels).map(apart).collect();
    (all.iter().sum::<f64>() / all.len() as f64, all.iter().copied().fold(0.0, f64::max))
}

/// A single rounding has a mean error of 0.25 and a largest error of 0.5. The resampler also rounds between the axes.
#[test]
fn opaque_levels_are_within_two_of_the_exact_ones() {
    for (from, to) in [
        ("64x48", "45x30"),
        ("37x41", "36x17"),
        ("17x9", "50x40"),
        ("200x3", "1x2"),
        ("1x1", "5x7"),
        ("2x300", "2x7"),
        ("100x100", "100x33"),
        ("320x200", "97x61"),
    ] {
        let (mean, largest) = errors(&picture(Layout::Rgb, size(from)), size(to), exact);
        assert!(mean <= 0.4 && largest <= 2.0, "{from} to {to}: {mean} and {largest}");
    }
}

/// The README states these figures.
#[test]
fn a_photograph_is_as_accurate_as_the_readme_states() {
    for (from, to) in [("640x360", "447x251"), ("640x360", "300x250"), ("640x360", "90x50")] {
        let (mean, largest) = errors(&photo(size(from)), size(to), exact_unclipped);
        println!("{from} to {to}: mean {mean:.3}, largest {largest:.3}");
        assert!(mean <= 0.31 && largest <= 1.15, "{from} to {to}: {mean} and {largest}");
    }
}

#[test]
fn a_picture_of_one_colour_keeps_it() {
    for pixel in [&[0, 128, 255][..], &[7, 99, 250, 255]] {
        let layout = if pixel.len() == 3 { Picture::from_rgb } else { Picture::from_rgba };
        let plain = layout(size("61x43"), pixel.repeat(61 * 43)).unwrap();
        for to in ["40x30", "97x120", "1x1"] {
            let found = cut(&plain, size(to)).picture;
            assert!(found.pixels().chunks(3).all(|found| found == &pixel[..3]), "{pixel:?} {to}");
        }
    }
}

#[test]
fn tiny_weights_are_not_lost() {
    for (from, to) in [("30000x1", "1x1"), ("2x65535", "2x3")] {
        let white = Picture::from_rgb(size(from), vec![255; size(from).area() as usize * 3]).unwrap();
        let found = cut(&white, size(to)).picture;
        assert!(found.pixels().iter().all(|level| *level >= 254), "{from} to {to}: {:?}", found.pixels());
    }
}

#[test]
fn pixels_outside_the_rectangle_do_not_contribute() {
    let picture = picture(Layout::Rgb, size("60x40"));
    let found = cut(&picture, size("13x20"));
    assert!(found.rect.size() != picture.size());
    let alone = cut(&source(&picture, &found), size("13x20"));
    assert!(found.picture == alone.picture);
}

/// Alpha is as accurate as an opaque colour. A colour multiplied by alpha has only as many levels as alpha, so its
/// error, weighted by alpha, is one or two levels.
#[test]
fn colours_are_weighted_by_alpha() {
    for (from, to) in [("64x48", "45x30"), ("37x41", "36x17"), ("200x3", "1x2"), ("17x9", "50x40")] {
        let picture = picture(Layout::Rgba, size(from));
        let cut = cut(&picture, size(to));
        assert_eq!(cut.picture.layout(), Layout::Rgba);
        let exact = exact(&source(&picture, &cut), size(to));
        for (found, exact) in cut.picture.pixels().chunks(4).zip(exact) {
            let alpha = f64::from(found[3]);
            assert!((alpha - exact[3].clamp(0.0, 255.0)).abs() <= 2.0, "{from} to {to}: {found:?} {exact:?}");
            for (colour, exact) in found.iter().zip(exact).take(3) {
                let weighted = f64::from(*colour) * alpha / 255.0;
                assert!((weighted - exact.clamp(0.0, alpha)).abs() <= 3.0, "{from} to {to}: {found:?} {exact}");
            }
        }
    }
}

/// The result does not depend on the colours of transparent pixels.
#[test]
fn the_colours_of_transparent_pixels_do_not_contribute() {
    let with = |hidden: [u8; 3]| {
        let pixels = (0..32 * 24).flat_map(|at: u32| match at % 5 {
            0 => [hidden[0], hidden[1], hidden[2], 0],
            _ => [(at % 251) as u8, 40, 200, 255],
        });
        cut(&Picture::from_rgba(size("32x24"), pixels.collect()).unwrap(), size("20x15")).picture
    };
    assert!(with([0; 3]) == with([255, 9, 130]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_opaque_picture_is_resampled_by_the_definition(
        (width, height) in (1..50_u32, 1..50_u32), (to_width, to_height) in (1..60_u32, 1..60_u32),
    ) {
        let picture = picture(Layout::Rgb, Size::new(width, height).unwrap());
        let (_, largest) = errors(&picture, Size::new(to_width, to_height).unwrap(), exact);
        prop_assert!(largest <= 2.0, "{largest}");
    }
}
