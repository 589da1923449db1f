//! Finds the segments of a file (T.81, annex B).
//!
//! A marker is `ff` and a code. A segment with content continues with its length (2 bytes), which includes the length
//! field. Behind the header of a scan comes entropy-coded data, in which every `ff` is followed by `00` or by the code
//! of a restart marker.

use memchr::memchr;

use crate::marker;

/// A marker with its content. [`segments`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment<'a> {
    /// The code of the [marker].
    pub code: u8,
    /// The content without the length field. Empty for the end of the image.
    pub content: &'a [u8],
    /// The offset of the code in the file, one byte behind the `ff` of the marker.
    pub code_at: usize,
    /// The offset behind the segment.
    pub end: usize,
}

/// The segments of a file. [`segments`] makes it, and has an example.
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    bytes: &'a [u8],
    /// The offset from which on the next segment is searched.
    pub(super) at: usize,
}

/// Finds the segments of a file behind its first two bytes, which are the start of the image. They end where the file
/// ends, which may be before the end of the last segment, and may go on behind the end of the image.
///
/// Entropy-coded data, stray bytes and fill bytes before a segment are skipped, and so are markers without content
/// other than the end of the image.
///
/// ```
/// use smart_resize_jpeg::{Encoder, Scratch, check, marker};
///
/// let file = Encoder::new((8, 8), 85).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
/// let codes: Vec<u8> = check::segments(&file).map(|segment| segment.code).collect();
/// let expected = [marker::APP0, marker::DQT, marker::SOF0, marker::DHT, marker::SOS, marker::EOI];
/// assert_eq!(codes, expected);
/// # Ok::<(), smart_resize_jpeg::Error>(())
/// ```
pub const fn segments(bytes: &[u8]) -> Segments<'_> {
    Segments { bytes, at: 2 }
}

impl Segments<'_> {
    /// The segments from the offset `at` on.
    pub(crate) const fn starting_at(mut self, at: usize) -> Self {
        self.at = at;
        self
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let segment = next(self.bytes, self.at)?;
        self.at = segment.end;
        Some(segment)
    }
}

/// Returns the first segment at or behind the offset `at`. `None` if the file ends before the segment does.
fn next(bytes: &[u8], mut at: usize) -> Option<Segment<'_>> {
    loop {
        at += memchr(0xff, bytes.get(at..)?)? + 1;
        let code = *bytes.get(at)?;
        match code {
            // A fill byte. The code follows.
            0xff => {}
            // A stuffed byte, a restart marker, or the start of an image.
            0x00 | 0x01 | marker::RST0..=marker::RST7 | marker::SOI => at += 1,
            marker::EOI => return Some(Segment { code, content: &[], code_at: at, end: at + 1 }),
            _ => {
                let &[high, low, ..] = bytes.get(at + 1..)? else { return None };
                // A length below 2 is invalid, since the length includes its own field. It counts as 2, so that the
                // walk advances.
                let length = usize::from(u16::from_be_bytes([high, low])).max(2);
                let content = bytes.get(at + 3..at + 1 + length)?;
                return Some(Segment { code, content, code_at: at, end: at + 1 + length });
            }
        }
    }
}
