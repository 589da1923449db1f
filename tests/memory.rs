//! Memory limits on hostile files: decoding a bomb of each kind allocates no more than the limits allow.
//!
//! The test has its own binary, because it counts all allocations of the process.

#![cfg(feature = "pixels")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

use peak_alloc::PeakAlloc;
use png::{BitDepth, ColorType};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeError, DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, encode};
use smart_resize::{Format, Size};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

/// Runs `work` and returns its result and the peak of its allocations in bytes, without what was allocated before.
fn counted<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let result = work();
    (result, ALLOCATED.peak_usage().saturating_sub(before))
}

fn size(text: &str) -> Size {
    text.parse().unwrap()
}

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let named = [name, content].concat();
    [&(content.len() as u32).to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// A PNG of one colour with additional chunks after its header.
fn png_with(size: Size, kind: ColorType, depth: BitDepth, chunks: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.width(), size.height());
    encoder.set_color(kind);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    let row = (size.width() as usize * kind.samples() * depth as usize).div_ceil(8);
    writer.write_image_data(&vec![0; row * size.height() as usize]).unwrap();
    writer.finish().unwrap();
    let (header, rest) = file.split_at(8 + 25);
    [header, chunks, rest].concat()
}

/// A zlib stream that inflates to at least `length` bytes, nearly all of them 0.
fn deflated(length: usize) -> Vec<u8> {
    // The IDAT chunks of a black grey PNG are such a stream: each scanline is a filter type and zeros.
    let side = size("65535x1024");
    let file = png_with(side, ColorType::Grayscale, BitDepth::Eight, &[]);
    assert!(length <= 65_536 * 1024);
    let mut data = Vec::new();
    let mut rest = &file[8..];
    while let [l0, l1, l2, l3, n0, n1, n2, n3, after @ ..] = rest {
        let length = u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
        if [*n0, *n1, *n2, *n3] == *b"IDAT" {
            data.extend(&after[..length]);
        }
        rest = &after[length + 4..];
    }
    data
}

fn limits() -> DecodeLimits {
    let mut limits = DecodeLimits::default();
    limits.metadata_bytes = 4 * MIB as u64;
    limits
}

/// Probes and decodes the file, checks that neither allocates more than `most` bytes, and returns the decoded size.
fn held(what: &str, file: &[u8], limits: &DecodeLimits, most: usize) -> Result<Size, DecodeError> {
    let (probed, for_header) = counted(|| probe(file, limits).map(|probe| probe.size));
    let (decoded, allocated) =
        counted(|| decode(file, &DecodeOptions::default().limits(*limits)).map(|decoded| decoded.picture.size()));
    println!("{what}: {} bytes, header {for_header}, whole {allocated}", file.len());
    assert!(for_header <= most && allocated <= most, "{what}: {for_header} and {allocated} bytes, at most {most}");
    assert!(probed.is_ok() || decoded.is_err(), "{what}");
    decoded
}

/// A single test, because the count covers the whole process.
#[test]
fn no_bomb_allocates_more_than_the_limits_allow() {
    let (limits, one) = (limits(), size("1x1"));
    // A buffer grows by doubling, so it takes up to twice the 4 MiB of `metadata_bytes`.
    let metadata = 2 * 4 * MIB + MIB;
    let zeros = deflated(64 * MIB);
    assert!(zeros.len() < MIB);

    let text = chunk(b"zTXt", &[b"Comment\0\0", &zeros[..]].concat());
    held("zTXt", &png_with(one, ColorType::Rgb, BitDepth::Eight, &text), &limits, MIB).unwrap();
    let text = chunk(b"iTXt", &[b"Comment\0\x01\0\0\0", &zeros[..]].concat());
    held("iTXt", &png_with(one, ColorType::Rgb, BitDepth::Eight, &text), &limits, MIB).unwrap();
    let profile = chunk(b"iCCP", &[b"icc\0\0", &zeros[..]].concat());
    drop(held("iCCP", &png_with(one, ColorType::Rgb, BitDepth::Eight, &profile), &limits, metadata));
    let many = chunk(b"tEXt", b"a\0b").repeat(200_000);
    held("200,000 texts", &png_with(one, ColorType::Rgb, BitDepth::Eight, &many), &limits, MIB).unwrap();
    let frames = [chunk(b"acTL", &[0, 0x0f, 0, 0, 0, 0, 0, 0]), chunk(b"tIME", &[0; 7]).repeat(100_000)].concat();
    held("no animation frame", &png_with(one, ColorType::Rgb, BitDepth::Eight, &frames), &limits, MIB).unwrap();
    let exif = chunk(b"eXIf", &[&b"II*\0\x08\0\0\0\xff\xff"[..], &vec![0x12; 8 * MIB][..]].concat());
    drop(held("eXIf", &png_with(one, ColorType::Rgb, BitDepth::Eight, &exif), &limits, metadata));

    // Pixels that inflate by a factor of 1,000: as many as the limits allow, then one row more, then one byte more than
    // `decoded_bytes`.
    let mut small = limits;
    small.pixels = 4_000_000;
    let file = png_with(size("4000x1000"), ColorType::Rgb, BitDepth::Sixteen, &[]);
    held("pixels", &file, &small, 4_000_000 * (6 + 3) + MIB).unwrap();
    let file = png_with(size("4000x1001"), ColorType::Grayscale, BitDepth::One, &[]);
    let refused = DecodeError::TooManyPixels { width: 4000, height: 1001, max: 4_000_000 };
    assert_eq!(held("one row too many", &file, &small, MIB), Err(refused));
    small.decoded_bytes = 4_000_000 * 6 - 1;
    let file = png_with(size("4000x1000"), ColorType::Rgb, BitDepth::Sixteen, &[]);
    let refused = DecodeError::TooManyBytes { bytes: 24_000_000, max: 23_999_999 };
    assert_eq!(held("one byte too many", &file, &small, MIB), Err(refused));

    let grey = Picture::from_rgb(size("2000x1500"), vec![90; 2000 * 1500 * 3]).unwrap();
    let mut options = EncodeOptions::default();
    options.jpeg = JpegOptions::default().progressive(true);
    let jpeg = encode(&grey, Format::Jpeg, &options).unwrap().bytes;
    // Per pixel: coefficients of 2 bytes for each of 3 samples, and buffers of 3 bytes for the pixels.
    held("a progressive JPEG", &jpeg, &limits, 2000 * 1500 * (6 + 3 + 3) + MIB).unwrap();
    // The first scan, repeated a thousand times.
    let scan = jpeg.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let next = scan + 2 + jpeg[scan + 2..].windows(2).position(|two| two[0] == 0xff && two[1] != 0).unwrap();
    let bomb = [&jpeg[..scan], &jpeg[scan..next].repeat(1000), &jpeg[next..]].concat();
    assert_eq!(held("1,000 scans", &bomb, &limits, MIB), Err(DecodeError::TooManyScans { max: 64 }));
    let mut huge = encode(&grey, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
    let frame = huge.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    huge[frame + 5..frame + 9].fill(0xff);
    assert!(held("a header of 65,535 x 65,535", &huge, &limits, MIB).is_err());
    let segment = [&[0xff, 0xe2, 0xff, 0xff][..], b"ICC_PROFILE\0\x01\xff", &vec![7; 65_519][..]].concat();
    let icc = [&jpeg[..2], &segment.repeat(300), &jpeg[2..]].concat();
    held("300 parts of a profile", &icc, &limits, 2000 * 1500 * 12 + icc.len() + MIB).unwrap();

    let webp = encode(&grey, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
    held("a WebP", &webp, &limits, 2000 * 1500 * (3 + 4 + 4) + MIB).unwrap();
    let riff = |chunks: &[(&[u8; 4], Vec<u8>)]| {
        let mut body = b"WEBP".to_vec();
        for (name, content) in chunks {
            body.extend([&name[..], &(content.len() as u32).to_le_bytes(), content].concat());
            body.resize(body.len().next_multiple_of(2), 0);
        }
        [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
    };
    let lossless = webp.windows(4).position(|four| four == b"VP8L").unwrap();
    let lossless = webp[lossless + 8..].to_vec();
    let canvas = |flags: u8| vec![flags, 0, 0, 0, 0xcf, 0x07, 0, 0xdb, 0x05, 0];
    let exif = vec![0x12; 8 * MIB];
    let file = riff(&[(b"VP8X", canvas(0x08)), (b"VP8L", lossless.clone()), (b"EXIF", exif)]);
    held("EXIF of 8 MiB", &file, &limits, 2000 * 1500 * 11 + metadata).unwrap();
    let frame = [
        &[0, 0, 0, 0, 0, 0, 0xcf, 0x07, 0, 0xdb, 0x05, 0, 1, 0, 0, 0][..],
        b"VP8L",
        &(lossless.len() as u32).to_le_bytes(),
        &lossless,
    ]
    .concat();
    let mut chunks = vec![(b"VP8X", canvas(0x02)), (b"ANIM", vec![0; 6])];
    chunks.extend(std::iter::repeat_n((b"ANMF", frame), 2000));
    held("2,000 frames", &riff(&chunks), &limits, 2000 * 1500 * 15 + metadata).unwrap();
}
