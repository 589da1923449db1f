//! Memory limits of the C codecs on hostile files.
//!
//! The C codecs use an allocator of their own, so the test measures the peak resident memory of the whole process as
//! Linux reports it. It has its own binary so that no other test allocates.

#![cfg(all(target_os = "linux", feature = "turbojpeg", feature = "libwebp"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, Subsampling, WebPMode, WebPOptions, encode};
use smart_resize::pixels::{Codec, Picture};
use smart_resize::{Format, Size};

const MIB: usize = 1 << 20;

/// Returns a field of `/proc/self/status` in bytes.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Decodes the file and checks that this took at most `most` bytes of memory, with 4 MiB of slack for pages.
fn held(what: &str, file: &[u8], options: &DecodeOptions, most: usize) -> Result<Size, DecodeError> {
    // Resets the peak.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    let size = decode(file, options).map(|decoded| decoded.picture.size());
    let taken = status("VmHWM:").saturating_sub(before);
    println!("{what}: {} bytes, {} KiB, at most {} KiB", file.len(), taken / 1024, most / 1024);
    assert!(taken <= most + 4 * MIB, "{what}: {taken} bytes, at most {most}");
    size
}

/// A single test, because the measurement covers the whole process.
#[test]
fn no_bomb_takes_more_memory_than_the_limits_allow() {
    let fast = DecodeOptions::default().codec(Codec::Fast);
    let size = Size::new(3000, 2000).unwrap();
    let pixels = 3000 * 2000;
    let grey = Picture::from_rgb(size, vec![90; pixels * 3]).unwrap();
    let jpeg = |progressive| {
        let mut options = EncodeOptions::default();
        options.jpeg = JpegOptions::default().progressive(progressive).subsampling(Subsampling::Yuv444);
        encode(&grey, Format::Jpeg, &options).unwrap().bytes
    };
    let (plain, progressive) = (jpeg(false), jpeg(true));
    held("a JPEG", &plain, &fast, pixels * 3).unwrap();
    // Per pixel: coefficients of 2 bytes for each of 3 samples, and 3 bytes of pixels.
    held("a progressive JPEG", &progressive, &fast, pixels * (6 + 3)).unwrap();
    let mut tight = fast;
    tight.limits.pixels = u64::from(size.area()) - 1;
    assert!(held("one pixel too many", &progressive, &tight, 0).is_err());
    let mut huge = plain.clone();
    let frame = huge.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    huge[frame + 5..frame + 9].fill(0xff);
    assert!(held("a header of 65,535 x 65,535", &huge, &fast, 0).is_err());
    // The first scan, repeated a thousand times.
    let scan = progressive.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let next = scan + 2 + progressive[scan + 2..].windows(2).position(|two| two[0] == 0xff && two[1] != 0).unwrap();
    let bomb = [&progressive[..scan], &progressive[scan..next].repeat(1000), &progressive[next..]].concat();
    let scans = DecodeError::TooManyScans { max: 64 };
    assert_eq!(held("1,000 scans", &bomb, &fast, 0), Err(scans));
    // If libjpeg-turbo refuses a file, the pure decoder reads it into the same buffer: coefficients, pixels, and the
    // picture.
    let at = progressive.len() - 200;
    let mut broken = progressive.clone();
    broken[at..at + 100].fill(0x55);
    drop(held("broken", &broken, &fast, pixels * (6 + 3 + 3)));

    let mut options = EncodeOptions::default();
    options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: 80 });
    let webp = encode(&grey, Format::WebP, &options).unwrap().bytes;
    held("a WebP", &webp, &fast, pixels * 3).unwrap();
    let mut tight = fast;
    tight.limits.decoded_bytes = u64::from(size.area()) * 3 - 1;
    assert!(held("one byte too many", &webp, &tight, 0).is_err());
    let cut = &webp[..webp.len() - 40];
    assert_eq!(held("cut short", cut, &fast, 0), Err(DecodeError::Truncated { format: Format::WebP.into() }));
}
