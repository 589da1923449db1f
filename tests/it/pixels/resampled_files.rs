//! The pixels of a rendered file are those of its rectangle, resampled with Lanczos3 and weighted by alpha.

use smart_resize::geometry::{Rect, cover};
use smart_resize::pixels::Picture;
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::{Format, Size};

use crate::pictures::{png, size};
use crate::support::decoders::{decoded, read_elsewhere};

/// Noise of medium brightness, so that no overshoot is clipped and the order of the passes does not matter.
fn noise(size: Size) -> Picture {
    let mut state = 1_u32;
    let byte = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        80 + (state >> 24) as u8 / 3
    };
    Picture::from_rgb(size, (0..size.area() * 3).map(byte).collect()).unwrap()
}

/// Resamples the rectangle with Lanczos3 by its definition, in floating point.
fn lanczos(picture: &Picture, rect: Rect, to: Size) -> Vec<u8> {
    let kernel = |x: f64| {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) };
        if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
    };
    let weights = |at: u32, from: u32, to: u32| -> Vec<(u32, f64)> {
        let scale = f64::from(from) / f64::from(to);
        let (centre, stretch) = ((f64::from(at) + 0.5) * scale, scale.max(1.0));
        let near: Vec<(u32, f64)> = (0..from)
            .map(|x| (x, kernel((f64::from(x) + 0.5 - centre) / stretch)))
            .filter(|(_, w)| *w != 0.0)
            .collect();
        let sum: f64 = near.iter().map(|(_, weight)| weight).sum();
        near.into_iter().map(|(x, weight)| (x, weight / sum)).collect()
    };
    // The horizontal pass, then the vertical one, with 8 bits in between.
    let source = picture.pixels();
    let mut narrow = Vec::new();
    for y in 0..rect.height() {
        for x in 0..to.width() {
            for channel in 0..3 {
                let at = |dx: u32| ((rect.y() + y) * picture.size().width() + rect.x() + dx) as usize * 3 + channel;
                let columns = weights(x, rect.width(), to.width());
                let sum: f64 = columns.iter().map(|(dx, weight)| weight * f64::from(source[at(*dx)])).sum();
                narrow.push(sum.round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    let mut pixels = Vec::new();
    let row = to.width() * 3;
    for y in 0..to.height() {
        let rows = weights(y, rect.height(), to.height());
        for x in 0..row {
            let sum: f64 = rows.iter().map(|(dy, weight)| weight * f64::from(narrow[(dy * row + x) as usize])).sum();
            pixels.push(sum.round().clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

#[test]
fn resampling_is_lanczos3_on_the_exact_rectangle() {
    // The picture is noise, because a smooth picture looks the same after any filter.
    let frame = noise(size("97x64"));
    for target in ["48x48", "31x20", "96x40", "5x60"] {
        let target = size(target);
        let rendered = render(&png(&frame), &RenderTarget::new(target), &RenderOptions::default()).unwrap();
        assert_eq!(rendered.rect, cover(frame.size(), target));
        let expected = lanczos(&frame, rendered.rect, target);
        let (_, _, found) = read_elsewhere(&rendered.bytes, Format::Png);
        let worst = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        // Each pass is rounded to 8 bits.
        assert!(worst <= Some(2), "{target}: {worst:?}");
    }
}

#[test]
fn the_hidden_colour_of_transparent_pixels_does_not_bleed() {
    // Opaque white next to transparent red. At half the size, the pixels at the boundary are partly transparent and
    // still white.
    let row = [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0];
    let picture = Picture::from_rgba(size("6x4"), row.repeat(4)).unwrap();
    let rendered = render(&png(&picture), &RenderTarget::new(size("3x2")), &RenderOptions::default()).unwrap();
    let result = decoded(&rendered.bytes);
    let visible: Vec<&[u8]> = result.pixels().chunks(4).filter(|pixel| pixel[3] > 8).collect();
    assert!(visible.len() >= 4);
    assert!(visible.iter().all(|pixel| pixel[..3] == [255, 255, 255]), "{visible:?}");
    assert!(result.pixels().chunks(4).any(|pixel| (1..255).contains(&pixel[3])));
}
