//! Writes the seeds of the fuzz targets: small files of every kind. Kinds that no encoder supports are written byte by
//! byte.
//!
//! Run `cargo run -p smart-resize-fuzz --example seeds` at the root of the repository. Each run writes the same files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a tool for developers, with sizes of a few pixels"
)]

use std::fs;
use std::path::Path;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use smart_resize::plan::Digest;
use smart_resize::{Plan, Request, Source};

/// The number of bytes that choose the options of `decode_render`, as in `tests/it/laws/render.rs`.
const HEAD: usize = 40;

fn main() {
    for (index, text) in SIZES.iter().enumerate() {
        write("parse_size", &format!("{index:02}"), text.as_bytes());
    }
    for number in 0..8 {
        write("plan", &format!("drawn-{number}"), &noise(number, 400));
    }
    for (name, sizes, variants) in [("one", &["64x64"][..], 1), ("three", &["1920x1080", "300x250", "300x250"], 5)] {
        let source = Source::from_digest(Digest::of(b"a")).url("a");
        let request = Request::builder(source).sizes(sizes).variants(variants).seed(7).build().unwrap();
        write("plan", name, &serde_json::to_vec(&Plan::new(&request).unwrap()).unwrap());
    }
    for (number, (name, file)) in files().iter().enumerate() {
        // An even first byte means that the rest is a file. The second byte allows enlarging, and the others choose the
        // targets.
        let mut head = noise(number as u64, HEAD);
        (head[0], head[1]) = (0, number as u8 % 2);
        write("decode_render", name, &[head, file.clone()].concat());
        if ["exif", "icc", "trailer", "animated"].iter().any(|kind| name.contains(kind)) {
            write("metadata", name, file);
        }
        // An even first byte means that the rest is a file, after two bytes with the size that the caller expects.
        if name.starts_with("webp") {
            write("webp", name, &[&[0, 16, 16], &file[..]].concat());
        }
    }
    for number in 0..12_u8 {
        let mut drawn = noise(500 + u64::from(number), 40 + 20 * usize::from(number));
        // An odd first byte means that the rest is pixels to encode. Its second bit chooses the layout.
        drawn[0] = 1 + 2 * (number % 2);
        write("webp", &format!("drawn-{number:02}"), &drawn);
    }
    for kind in 0..16 {
        let mut drawn = noise(200 + u64::from(kind), 160);
        drawn[0] = kind;
        write("encode_png", &format!("kind-{kind:02}"), &drawn);
    }
    for number in 0..30_u8 {
        let mut drawn = noise(400 + u64::from(number), 300);
        // Valid files, then one with each kind of damage, then wide files with distant matches.
        drawn[5] = if (8..16).contains(&number) { 1 << (number - 8) } else { 0 };
        if (16..24).contains(&number) {
            (drawn[0], drawn[1], drawn[2], drawn[3]) = (255, 240, 4, 6);
        }
        // Files with chunks that are removed, duplicated, swapped or renamed.
        if number >= 24 {
            (drawn[2], drawn[4]) = ((number - 24) << 4, 5);
        }
        write("decode_png", &format!("drawn-{number:02}"), &drawn);
    }
    for (number, (kind, text)) in WIRE.iter().enumerate() {
        write("wire", &format!("{kind}-{number:02}"), &[&[*kind], text.as_bytes()].concat());
    }
    for number in 0..8_u8 {
        write(
            "wire",
            &format!("drawn-{number}"),
            &[&[6 + number % 2][..], &noise(300 + u64::from(number), 200)].concat(),
        );
    }
    for number in 0..6 {
        let mut drawn = noise(100 + number, HEAD + 120);
        drawn[0] = 1;
        write("decode_render", &format!("drawn-{number}"), &drawn);
    }
}

const SIZES: [&str; 14] = [
    "1920x1080",
    " 1X1\t",
    "65535×65535",
    "65536x1",
    "0x1",
    "1x01",
    "-1x1",
    "12 x9",
    "1.5x2",
    "12xx9",
    "1x2x3",
    "٣x٣",
    "9x99999999999999999999999",
    "\u{a0}1x1",
];

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

/// Pseudo-random bytes.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(byte).take(length).collect()
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let grey = |depth| Png { width: 13, height: 9, depth, colour: 0, interlaced: false };
    let png = |depth, colour, interlaced| Png { width: 11, height: 10, depth, colour, interlaced };
    let palette = [noise(5, 3 * 16), vec![]].concat();
    let exif = exif(6);
    let mut files = vec![
        ("png-grey-1", grey(1).file(&[], &[])),
        ("png-grey-2", grey(2).file(&[], &[])),
        ("png-grey-4", grey(4).file(&[], &[])),
        ("png-grey-8", grey(8).file(&[], &[])),
        ("png-grey-16", grey(16).file(&[], &[])),
        ("png-grey-8-clear-colour", grey(8).file(&[(*b"tRNS", &[0, 7])], &[])),
        ("png-palette-4-alpha", png(4, 3, false).file(&[(*b"PLTE", &palette), (*b"tRNS", &[0, 99, 255])], &[])),
        ("png-palette-4-interlaced", png(4, 3, true).file(&[(*b"PLTE", &palette)], &[])),
        ("png-rgb-8", png(8, 2, false).file(&[(*b"gAMA", &[0, 0, 177, 143]), (*b"sRGB", &[0])], &[])),
        ("png-rgb-16-interlaced", png(16, 2, true).file(&[], &[])),
        ("png-grey-alpha-8", png(8, 4, false).file(&[], &[])),
        ("png-rgba-16", png(16, 6, false).file(&[], &[])),
        ("png-rgba-8-exif", png(8, 6, false).file(&[(*b"eXIf", &exif)], &[])),
        ("png-icc", png(8, 2, false).file(&[(*b"iCCP", &[b"p\0\0".to_vec(), zlib(&noise(3, 40))].concat())], &[])),
        ("png-animated", animated()),
        ("png-huge-header", Png { width: 60_000, height: 60_000, depth: 16, colour: 6, interlaced: false }.empty()),
    ];
    files.extend([
        ("jpeg-420", jpeg(ColorType::Rgb, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_2_0))),
        ("jpeg-444", jpeg(ColorType::Rgb, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_4_4))),
        ("jpeg-progressive", jpeg(ColorType::Rgb, |encoder| encoder.set_progressive(true))),
        ("jpeg-restarts", jpeg(ColorType::Rgb, |encoder| encoder.set_restart_interval(1))),
        ("jpeg-grey", jpeg(ColorType::Luma, |_| {})),
        ("jpeg-cmyk", jpeg(ColorType::Cmyk, |_| {})),
        ("jpeg-exif-6", jpeg(ColorType::Rgb, |encoder| encoder.add_exif_metadata(&exif).unwrap())),
        ("jpeg-icc", jpeg(ColorType::Rgb, |encoder| encoder.add_icc_profile(&noise(4, 200)).unwrap())),
        ("webp-rgb", webp(image_webp::ColorType::Rgb8, 3, None)),
        ("webp-rgba-exif-6", webp(image_webp::ColorType::Rgba8, 4, Some(&exif))),
        ("webp-grey", webp(image_webp::ColorType::L8, 1, None)),
        ("webp-lossy-flat", LOSSY_WEBP.to_vec()),
        ("nothing", Vec::new()),
    ]);
    files.extend(odd_files());
    files
}

/// Damaged files, and files with odd headers.
fn odd_files() -> Vec<(&'static str, Vec<u8>)> {
    let png = |colour| Png { width: 11, height: 10, depth: 8, colour, interlaced: false };
    let plain = jpeg(ColorType::Rgb, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_4_4));
    let restarts = jpeg(ColorType::Rgb, |encoder| encoder.set_restart_interval(1));
    let separate = jpeg(ColorType::Rgb, |encoder| {
        encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
        encoder.set_optimized_huffman_tables(true);
    });
    let at = |file: &[u8], bytes: &[u8]| file.windows(bytes.len()).position(|found| found == bytes).unwrap();
    let end = [0xff, 0xd9];
    let cut = |file: &[u8], at: usize, more: &[u8]| [&file[..at], more, &end].concat();
    let (first, second) = (at(&restarts, &[0xff, 0xd0]), at(&restarts, &[0xff, 0xd1]));
    let adobe = |transform: u8| [&plain[..2], b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0", &[transform], &plain[2..]].concat();
    let mut parameters = plain.clone();
    let scan = at(&plain, &[0xff, 0xda]);
    parameters[scan + 12] = 255;
    let whole = png(0).file(&[], &[]);
    let mut zero = whole.clone();
    let checksum = zero.len() - 16;
    zero[checksum..checksum + 4].fill(0);
    vec![
        ("jpeg-cut", cut(&plain, plain.len() - 99, &[])),
        ("jpeg-cut-zeros", cut(&plain, plain.len() - 99, &[0; 99])),
        ("jpeg-no-end", plain[..plain.len() - 2].to_vec()),
        ("jpeg-trailer", [&plain[..plain.len() - 2], b"a trailer \xff\xe9 of a phone"].concat()),
        ("jpeg-stray", cut(&plain, plain.len() - 2, &[0; 3])),
        ("jpeg-restart-lost", [&restarts[..first], &restarts[second..]].concat()),
        ("jpeg-scans", separate.clone()),
        ("jpeg-scan-lost", cut(&separate, separate.len() / 2, &[])),
        ("jpeg-adobe-2", adobe(2)),
        ("jpeg-adobe-255", adobe(255)),
        ("jpeg-parameters", parameters),
        ("jpeg-height-twice", [&plain[..plain.len() - 2], &[0xff, 0xdc, 0, 4, 0, 18], &end].concat()),
        ("png-no-end", whole[..whole.len() - 12].to_vec()),
        ("png-zero-checksum", zero),
        ("png-high-level", png(0).file(&[(*b"tRNS", &[1, 7])], &[])),
        ("png-odd-animation", png(0).file(&[(*b"fcTL", &[9; 26])], &[(*b"fdAT", &[3; 9])])),
    ]
}

/// A big-endian EXIF block with one entry, the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    [&b"MM\0*"[..], &[0, 0, 0, 8, 0, 1], &entry, &[0; 4]].concat()
}

fn jpeg(kind: ColorType, set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let channels = match kind {
        ColorType::Luma => 1,
        ColorType::Cmyk => 4,
        _ => 3,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 60);
    set(&mut encoder);
    encoder.encode(&noise(2, 19 * 18 * channels), 19, 18, kind).unwrap();
    bytes
}

fn webp(kind: image_webp::ColorType, channels: usize, exif: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut bytes);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif.to_vec());
    }
    encoder.encode(&noise(6, 12 * 11 * channels), 12, 11, kind).unwrap();
    bytes
}

/// A PNG of noise, with stored deflate blocks and filter type 0.
struct Png {
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    interlaced: bool,
}

impl Png {
    fn file(&self, before: &[Chunk<'_>], after: &[Chunk<'_>]) -> Vec<u8> {
        let data = zlib(&self.rows());
        let chunks = [before, &[(*b"IDAT", &data)], after].concat();
        self.with_chunks(&chunks)
    }

    fn empty(&self) -> Vec<u8> {
        self.with_chunks(&[(*b"IDAT", &zlib(&[0; 64]))])
    }

    fn with_chunks(&self, chunks: &[Chunk<'_>]) -> Vec<u8> {
        let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        header.extend([self.depth, self.colour, 0, 0, u8::from(self.interlaced)]);
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let all = [&[(*b"IHDR", &header[..])], chunks, &[(*b"IEND", &[][..])]].concat();
        for (kind, data) in all {
            let body = [&kind, data].concat();
            file.extend((data.len() as u32).to_be_bytes());
            file.extend(&body);
            file.extend(crc32fast::hash(&body).to_be_bytes());
        }
        file
    }

    /// The scanlines, each after its filter type 0. For an interlaced picture, those of each pass in turn.
    fn rows(&self) -> Vec<u8> {
        /// The passes of Adam7: first column, first row, column step, row step.
        const ADAM7: [[u32; 4]; 7] =
            [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
        let channels = [1, 0, 3, 1, 2, 0, 4][usize::from(self.colour)];
        let passes = if self.interlaced { &ADAM7[..] } else { &[[0, 0, 1, 1]] };
        let mut rows = Vec::new();
        for &[x, y, across, down] in passes {
            let columns = self.width.saturating_sub(x).div_ceil(across);
            if columns == 0 {
                continue;
            }
            for row in 0..self.height.saturating_sub(y).div_ceil(down) {
                rows.push(0);
                let length = (columns * channels * u32::from(self.depth)).div_ceil(8);
                rows.extend(noise(u64::from(row + 8 * y + 64 * x), length as usize));
            }
        }
        rows
    }
}

/// Seeds of the law `wire`. The first byte selects what the rest is: an input, a data URI to read, bytes to write as
/// one, an answer of Gemini, an answer of fal, or a scene.
const WIRE: [(u8, &str); 40] = [
    (
        0,
        r#"{"image_url": "https://storage.googleapis.com/falserverless/example_inputs/nano-banana-edit-input.png",
        "target_sizes": ["1024x1024", "1920x1080", "768x1344"], "prompt": "", "num_images_per_size": 1,
        "resolution": "1K", "output_format": "png", "safety_tolerance": "4"}"#,
    ),
    (
        0,
        r#"{"image_url": "data:image/png;base64,iVBORw0KGgo=", "target_sizes": ["728x90"], "prompt": "a hat", "seed": 7,
        "num_images_per_size": "4", "resolution": "4K", "output_format": "webp", "safety_tolerance": "1", "sync_mode": "on"}"#,
    ),
    (
        0,
        r#"{"image_url": "ftp://x", "target_sizes": ["x", null, "6337x1"], "prompt": 5, "num_images_per_size": 9,
        "resolution": "3K", "output_format": "gif", "safety_tolerance": 4, "seed": -1, "sync_mode": 2}"#,
    ),
    (0, "{}"),
    (0, "[1, 2"),
    (0, ""),
    (0, r#"{"image_url": "data:,%0", "target_sizes": [], "seed": 1e400}"#),
    (0, r#"{"image_url": "data:;base64,AAAA", "target_sizes": ["1x1"], "seed": 18446744073709551615}"#),
    (1, "data:image/png;base64,iVBORw0KGgo="),
    (1, "data:image/png;base64,iVBORw0KGgo"),
    (1, "data:image/png;base64,iVBORw0K Ggo="),
    (1, "data:image/png;base64,iVBORw0KGgp="),
    (1, "data:image/png;name=a%20b;base64,iVBORw0KGgo%3D"),
    (1, "DATA:,a%20text"),
    (1, "data:;charset=utf-8,%e2%82%ac"),
    (1, "data:text/plain;base64=1;x,a"),
    (1, "data:image/png;base64"),
    (1, "https://example.com/a.png"),
    (2, ""),
    (2, "a"),
    (2, "some bytes of a picture"),
    (
        3,
        r#"{"candidates": [{"content": {"role": "model", "parts": [{"thought": true, "text": "Hm."},
        {"thought": true, "inlineData": {"mimeType": "image/png", "data": "YQ=="}}, {"text": "Here it is."},
        {"inlineData": {"mimeType": "image/png", "data": "Yg=="}, "thoughtSignature": "c2ln"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 270, "candidatesTokenCount": 1120, "totalTokenCount": 1390,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}]}}"#,
    ),
    (3, r#"{"candidates": [{"content": {"parts": [{"text": "I cannot."}]}, "finishReason": "STOP"}]}"#),
    (3, r#"{"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": "No."}]}"#),
    (3, r#"{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}"#),
    (3, r#"{"candidates": [{"content": {"parts": [{"inline_data": {"mime_type": "image/png", "data": "?"}}]}}]}"#),
    (
        3,
        r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Wait.", "details": [{"retryDelay": "34s"}]}}"#,
    ),
    (3, "<html>502</html>"),
    (4, r#"{"images": [{"url": "data:image/png;base64,YQ==", "width": null}], "description": null}"#),
    (4, r#"{"images": [], "description": "nothing"}"#),
    (
        4,
        r#"{"images": [{"url": "https://x/a.png", "file_size": 4404019}], "description": "", "results": [{"images":
        [{"url": ""}], "description": "", "aspect_ratio": "", "resolution": ""}]}"#,
    ),
    (
        4,
        r#"{"status": "IN_QUEUE", "request_id": "7", "response_url": "u", "status_url": "u", "cancel_url": "u", "logs": null,
        "metrics": {}, "queue_position": 0}"#,
    ),
    (
        4,
        r#"{"status": "COMPLETED", "request_id": "7", "response_url": "u", "status_url": "u", "cancel_url": "u",
        "logs": [{"message": "m", "level": "INFO", "source": "USER", "timestamp": "2026"}], "metrics": {"a": 1.5}}"#,
    ),
    (
        4,
        r#"{"request_id": "7", "gateway_request_id": "7", "status": "ERROR", "payload": {"detail": []}, "error": "e"}"#,
    ),
    (4, r#"{"detail": [{"loc": ["body", "prompt", 0], "msg": "m", "type": "content_policy_violation", "ctx": {}}]}"#),
    (4, r#"{"detail": "Request is still in progress"}"#),
    (4, r#"{"prompt": "abc", "image_urls": ["u"], "safety_tolerance": "6", "resolution": "0.5K", "num_images": 4}"#),
    (
        5,
        r#"{"summary": "a bottle", "subjects": [{"label": "the bottle", "area": {"left": 350, "top": 100, "right": 650,
        "bottom": 900}}], "texts": []}"#,
    ),
    (
        5,
        r#"{"summary": "a", "texts": [{"label": "SALE", "area": {"left": 0, "top": 0, "right": 1200, "bottom": 90}}]}"#,
    ),
    (5, "```json\n{}\n```"),
];

type Chunk<'a> = ([u8; 4], &'a [u8]);

/// An animation of two frames, the first of which is the picture.
fn animated() -> Vec<u8> {
    let picture = Png { width: 8, height: 8, depth: 8, colour: 2, interlaced: false };
    let data = zlib(&picture.rows());
    let control = |number: u8| [&[0, 0, 0, number, 0, 0, 0, 8, 0, 0, 0, 8][..], &[0; 8], &[0, 1, 0, 10, 0, 0]].concat();
    let second = [&[0, 0, 0, 2][..], &data].concat();
    picture.with_chunks(&[
        (*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        (*b"fcTL", &control(0)),
        (*b"IDAT", &data),
        (*b"fcTL", &control(1)),
        (*b"fdAT", &second),
    ])
}

/// A zlib stream with `data`, which is shorter than 64 KiB, in one stored block.
fn zlib(data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let (head, sum) = ([0x78, 1, 1], (high << 16 | low).to_be_bytes());
    [&head[..], &length.to_le_bytes(), &(!length).to_le_bytes(), data, &sum].concat()
}

/// A lossy WebP of 8x8 pixels: the header of a VP8 key frame (start code and sizes), then arbitrary data, which a VP8
/// decoder can always read as coefficients.
const LOSSY_WEBP: [u8; 62] = {
    let mut file = [0x5a; 62];
    let head = *b"RIFF\x36\0\0\0WEBPVP8 \x2a\0\0\0\x10\x02\0\x9d\x01\x2a\x08\0\x08\0";
    let mut at = 0;
    while at < head.len() {
        file[at] = head[at];
        at += 1;
    }
    file
};
