//! The peak memory of a rendering. It has its own binary, because it counts all allocations of the process.

#![cfg(feature = "pixels")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a panic is how a test fails")]

use peak_alloc::PeakAlloc;
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{Inspect, RenderOptions, RenderTarget, Renderer};
use smart_resize::{Format, Size};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// A smooth picture with grain, so that no format compresses it to almost nothing.
fn picture(size: Size) -> Picture {
    let mut state = 0x9e37_79b9_u32;
    let mut grain = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0] / 32
    };
    let shade = |at: u32| (at % size.width() / 16).to_le_bytes()[0];
    let pixels = (0..size.area()).flat_map(|at| [0, 40, 90].map(|base: u8| base.wrapping_add(shade(at)) / 2 + grain()));
    Picture::from_rgb(size, pixels.collect()).unwrap()
}

/// A rendering may hold the decoded picture, the target's pixels, its file and 20 MB, which include the intermediate
/// picture of the convolution. The input file belongs to the caller and is not counted.
#[test]
fn a_rendering_holds_one_decoded_picture_the_output_and_little_more() {
    let (frame, size) = (Size::new(2752, 1536).unwrap(), Size::new(1920, 1080).unwrap());
    let generated = picture(frame);
    for from in [Format::Png, Format::Jpeg, Format::WebP] {
        let file = encode(&generated, from, &EncodeOptions::default()).unwrap().bytes;
        for to in [Format::Png, Format::Jpeg, Format::WebP] {
            let mut options = RenderOptions::default();
            options.inspect = Inspect::Report;
            let renderer = Renderer::new(options);
            let target = RenderTarget::new(size).format(to);
            let before = ALLOCATED.current_usage();
            ALLOCATED.reset_peak_usage();
            let result = renderer.render(&file, &target).unwrap();
            let peak = ALLOCATED.peak_usage() - before;
            let (decoded, output) = (frame.area() as usize * 3, size.area() as usize * 3);
            let allowed = decoded + output + result.bytes.len() + 20_000_000;
            println!("{from} to {to}: {peak} bytes, allowed {allowed}");
            // The decoder of lossless WebP holds the picture once more at 4 bytes per pixel, and the encoder holds the
            // target once more.
            let codec = |format, size: Size| if format == Format::WebP { size.area() as usize * 8 } else { 0 };
            assert!(peak <= allowed + codec(from, frame) + codec(to, size), "{from} to {to}: {peak}");
        }
    }
}
