//! The law that a fuzz target and a property test share.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a law fails")]

use smart_resize_jpeg::check::{self, Checked, Frame};
use smart_resize_jpeg::decode::decode;
use smart_resize_jpeg::header::Header;
use smart_resize_jpeg::{Encoder, Sampling, Scratch, marker};

/// Takes any bytes for options and pixels. The encoder either refuses the options, or writes a file that `jpeg-decoder`
/// reads, with the right size and with the pixels of the file that has the other kind of scans. The check finds no
/// damage in the sequential file. The crate's decoder reads both alike, and returns or refuses what is left of them if any
/// bytes are changed.
pub(crate) fn encode_jpeg(data: &[u8]) {
    let Some((&[width, height, quality, flags], pixels)) = data.split_first_chunk() else { return };
    let size = (u32::from(width % 72), u32::from(height % 72));
    let length = (size.0 * size.1 * 3) as usize;
    let rgb: Vec<u8> = pixels.iter().copied().chain([0]).cycle().take(length).collect();
    let sampling = if flags & 1 == 0 { Sampling::Yuv420 } else { Sampling::Yuv444 };
    let encoder = Encoder::new(size, quality % 104).sampling(sampling).icc_profile(&pixels[..pixels.len().min(9)]);
    let mut scratch = Scratch::default();
    let [sequential, progressive] =
        [false, true].map(|progressive| encoder.progressive(progressive).encode(&rgb, &mut scratch));
    let is_valid = size.0 > 0 && size.1 > 0 && (1..=100).contains(&(quality % 104));
    assert_eq!((sequential.is_ok(), progressive.is_ok()), (is_valid, is_valid));
    if let (Ok(sequential), Ok(progressive)) = (sequential, progressive) {
        let header = check::segments(&sequential).find(|segment| segment.code == marker::SOF0);
        let frame = header.and_then(|header| Frame::read(header.content)).expect("the file has a frame");
        assert_eq!(check::check(&sequential, &frame), Some(Checked::default()));
        assert!(decoded(&sequential).is_some_and(|pixels| decoded(&progressive) == Some(pixels)));
        for mut file in [sequential.clone(), progressive.clone()] {
            // Each three of the bytes for pixels are a place behind the first segment and its new byte.
            for change in pixels.as_chunks::<3>().0.iter().take(8) {
                let at = 20 + usize::from(u16::from_be_bytes([change[0], change[1]])) % (file.len() - 20);
                file[at] = change[2];
            }
            decoded(&file);
        }
        let [sequential, progressive] = [sequential, progressive].map(|file| {
            let mut decoder = jpeg_decoder::Decoder::new(&file[..]);
            let pixels = decoder.decode().expect("the file is valid");
            let info = decoder.info().expect("the file has a frame");
            assert_eq!((u32::from(info.width), u32::from(info.height)), size);
            pixels
        });
        assert!(sequential == progressive, "the kinds of scans differ");
    }
}

/// Decodes a file of at most 2^16 pixels. `None` if it is refused or larger.
fn decoded(file: &[u8]) -> Option<Vec<u8>> {
    let header = Header::read(file, 64).ok()?;
    let frame = header.frame.as_ref()?;
    let area = usize::from(frame.width) * usize::from(frame.height);
    let mut pixels = vec![0; Some(area).filter(|area| *area <= 1 << 16)? * frame.components.len()];
    decode(&header, &mut pixels).ok().map(|_| pixels)
}
