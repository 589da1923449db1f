//! The segments of a JPEG file (ITU-T T.81, annex B).
//!
//! A marker is `ff` and a code. A segment with content continues with its length (2 bytes), which includes the length
//! field. Behind the header of a scan comes entropy-coded data, in which every `ff` is followed by `00` or by the code
//! of a restart marker.

/// A marker with its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) code: u8,
    /// The content without the length field. Empty for the end of the image.
    pub(super) content: &'a [u8],
    /// The offset of the code, one byte behind the `ff` of the marker.
    pub(super) code_at: usize,
    /// The offset behind the segment.
    pub(super) end: usize,
}

/// The codes of the markers that are used here.
pub(super) mod code {
    pub(in super::super) const SOF0: u8 = 0xc0;
    pub(in super::super) const SOF1: u8 = 0xc1;
    pub(in super::super) const SOF2: u8 = 0xc2;
    pub(in super::super) const DHT: u8 = 0xc4;
    pub(in super::super) const RST0: u8 = 0xd0;
    pub(in super::super) const RST7: u8 = 0xd7;
    pub(in super::super) const EOI: u8 = 0xd9;
    pub(in super::super) const SOS: u8 = 0xda;
    pub(in super::super) const DQT: u8 = 0xdb;
    pub(in super::super) const DNL: u8 = 0xdc;
    pub(in super::super) const DRI: u8 = 0xdd;
}

/// Returns the first segment at or behind the offset `at`. `None` if the file ends before the segment does.
///
/// Entropy-coded data, stray bytes and fill bytes before the segment are skipped, and so are markers without content
/// other than the end of the image.
pub(super) fn next(bytes: &[u8], mut at: usize) -> Option<Segment<'_>> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)? + 1;
        let code = *bytes.get(at)?;
        match code {
            // A fill byte. The code follows.
            0xff => {}
            // A stuffed byte, a restart marker, or the start of an image.
            0x00 | 0x01 | code::RST0..=code::RST7 | 0xd8 => at += 1,
            code::EOI => return Some(Segment { code, content: &[], code_at: at, end: at + 1 }),
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
