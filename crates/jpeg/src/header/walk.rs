//! Walks the segments of a file, and evaluates each.

use super::profile::ProfileParts;
use super::{Edit, Header, HeaderError};
use crate::check::{Frame, Segment, definitions, segments};
use crate::marker;

/// The most segments that may have to be replaced, so that they take little memory.
const MOST_REPLACED: usize = 256;

/// The state of the walk.
pub(super) struct Walk<'a> {
    found: Header<'a>,
    max_scans: u32,
    /// The fewest bits of entropy-coded data that a picture of this size can have.
    fewest_bits: u64,
    /// The number of components that each scan must have, since the picture is sequential and subsampled. 0 if there is
    /// no such requirement.
    interleaved: u8,
    /// Whether the components are red, green and blue. `None` before the first scan.
    is_rgb: Option<bool>,
    has_jfif: bool,
    /// The colour transform that the last Adobe segment names: 0 for none.
    adobe: Option<u8>,
    /// The offset of the code of each Adobe segment, and its colour transform.
    adobes: Vec<(usize, Option<u8>)>,
    /// The names of the components, and the offset of each name in a header.
    names: Vec<u8>,
    name_offsets: Vec<usize>,
    /// The names of the components that have a scan.
    scanned: Vec<u8>,
    /// A bit for each Huffman table that has been defined: DC tables 0 to 3 in bits 0 to 3, AC tables in bits 4 to 7.
    tables: u8,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8], max_scans: u32) -> Self {
        Self {
            found: Header {
                components: 0,
                scans: 0,
                frame: None,
                is_progressive: false,
                has_end: false,
                is_bare: true,
                has_content_credentials: false,
                lacks_tables: false,
                edits: Vec::new(),
                bytes,
                profile: ProfileParts::default(),
                exif: None,
            },
            max_scans,
            fewest_bits: 0,
            interleaved: 0,
            is_rgb: None,
            has_jfif: false,
            adobe: None,
            adobes: Vec::new(),
            names: Vec::new(),
            name_offsets: Vec::new(),
            scanned: Vec::new(),
            tables: 0,
        }
    }

    /// Walks all segments.
    pub(super) fn run(mut self) -> Result<Header<'a>, HeaderError> {
        let bytes = self.found.bytes;
        let mut first_scan = None;
        let (mut segments, mut at) = (segments(bytes), 0);
        let end = loop {
            let Some(segment) = segments.next() else {
                // The check finds out whether the scans of a sequential file are complete.
                if self.found.frame.is_none() || self.found.scans == 0 {
                    return Err(HeaderError::Truncated);
                }
                break bytes.len();
            };
            at = segment.end;
            match segment.code {
                marker::EOI => {
                    self.found.has_end = true;
                    break at - 1;
                }
                // All components have scans, so this belongs to something else behind a picture without an end marker.
                marker::SOF0..=marker::SOF2 | marker::SOS if self.is_complete() => break bytes.len(),
                _ => self.segment(&segment)?,
            }
            if segment.code == marker::SOS {
                first_scan = first_scan.or(Some(at));
            }
        };
        // Later scan headers and markers are counted as well, so this is an upper bound on the entropy-coded bits, and
        // no complete file is refused.
        if 8 * ((end - first_scan.unwrap_or(end)) as u64) < self.fewest_bits {
            return Err(HeaderError::Truncated);
        }
        // Some files have data behind the end marker, such as a second picture.
        self.edit_colours();
        self.found.is_bare &= self.found.has_end && at == bytes.len() && self.found.edits.is_empty();
        Ok(self.found)
    }

    /// Whether each component of a sequential picture has a scan.
    fn is_complete(&self) -> bool {
        self.found.frame.is_some() && self.found.scans > 0 && self.names.iter().all(|name| self.scanned.contains(name))
    }

    /// Evaluates a segment.
    fn segment(&mut self, segment: &Segment<'_>) -> Result<(), HeaderError> {
        let content_at = segment.code_at + 3;
        let found = &mut self.found;
        match (segment.code, segment.content) {
            // The header of JFIF has 14 bytes.
            (marker::APP0, [b'J', b'F', b'I', b'F', 0, _, _, _, _, _, _, _, _, _, ..]) => {
                self.has_jfif |= self.is_rgb.is_none();
            }
            (marker::APP14, [b'A', b'd', b'o', b'b', b'e', behind @ ..]) => {
                // Version (2 bytes), flags (4), colour transform (1).
                let transform = behind.get(6).copied();
                self.adobe = transform.filter(|_| self.is_rgb.is_none()).or(self.adobe);
                self.adobes.push((segment.code_at, transform));
            }
            (marker::DHT, content) => self.tables(content),
            // Huffman tables (c4), JPG (c8) and arithmetic conditioning (cc) are inside the range of the frame headers.
            (0xc8 | 0xcc, _) => {}
            (0xc0..=0xcf, content) => self.frame(segment.code, content, content_at)?,
            (marker::SOS, &[components, ref each @ ..]) => self.scan(components, each, content_at + 1)?,
            (marker::DNL, _) => found.edits.push(Edit { at: segment.code_at, byte: marker::COM }),
            (marker::APP2, [b'I', b'C', b'C', b'_', b'P', b'R', b'O', b'F', b'I', b'L', b'E', 0, behind @ ..]) => {
                found.profile.add(behind, segment.end);
            }
            (marker::APP1, [b'E', b'x', b'i', b'f', 0, 0, ..]) => {
                found.is_bare = false;
                found.exif.get_or_insert(segment.code_at - 1..0).end = segment.end;
            }
            // A JUMBF box, which contains C2PA manifests.
            (marker::APP11, [b'J', b'P', ..]) => (found.is_bare, found.has_content_credentials) = (false, true),
            (marker::APP0..=marker::APP15 | marker::COM, _) => found.is_bare = false,
            _ => {}
        }
        if self.adobes.len() + self.found.edits.len() > MOST_REPLACED {
            return Err(HeaderError::TooManyReplaced { max: MOST_REPLACED });
        }
        Ok(())
    }

    /// Evaluates a frame header, whose content begins at the offset `at`.
    fn frame(&mut self, code: u8, content: &[u8], at: usize) -> Result<(), HeaderError> {
        // A header that is too short is left to the decoder.
        let Some(frame) = Frame::read(content) else { return Ok(()) };
        // Luma comes first.
        let (across, down) = frame.components.first().map_or((0, 0), |luma| (luma.across, luma.down));
        if frame.components.iter().any(|component| component.across > across || component.down > down) {
            return Err(HeaderError::FineChroma);
        }
        let is_sequential = matches!(code, marker::SOF0 | marker::SOF1);
        self.found.is_progressive = code == marker::SOF2;
        // `zune-jpeg` needs all components in one scan only for a sequential, subsampled frame.
        let is_subsampled =
            frame.components.iter().any(|component| (component.across, component.down) != (across, down));
        self.found.components = u8::try_from(frame.components.len()).unwrap_or(u8::MAX);
        self.interleaved = if is_sequential && is_subsampled { self.found.components } else { 0 };
        // Each block takes at least one bit for its DC coefficient. In a sequential picture it takes at least one more
        // for its end-of-block symbol. Only luma is counted, whose resolution is that of the picture, so that the bound
        // holds for every subsampling.
        let blocks = [frame.width, frame.height].map(|side| u64::from(side.div_ceil(8)));
        self.fewest_bits = blocks.iter().product::<u64>() * if is_sequential { 2 } else { 1 };
        self.names = frame.components.iter().map(|component| component.name).collect();
        self.name_offsets = (0..frame.components.len()).map(|index| at + 6 + 3 * index).collect();
        self.found.frame = Some(frame).filter(|_| is_sequential);
        Ok(())
    }

    /// Notes which Huffman tables there are.
    fn tables(&mut self, content: &[u8]) {
        for (name, _) in definitions(content) {
            self.tables |= 1 << (name & 3 | (name >> 4 & 1) << 2);
        }
    }

    /// Evaluates a scan header: for each component its name and tables (2 bytes), which begin at the offset `at`; then
    /// the first and last coefficient (2) and the successive approximation bits (1).
    fn scan(&mut self, components: u8, each: &[u8], at: usize) -> Result<(), HeaderError> {
        let (each, rest) = each.split_at_checked(2 * usize::from(components)).unwrap_or_default();
        let (first, last, bits) = match *rest {
            [first, last, bits, ..] => (first, last, bits >> 4),
            // A header that is too short counts as that of a sequential scan, which uses all its tables.
            _ => (0, 63, 0),
        };
        // DC coefficients are Huffman coded only in their first scan: a refinement scan has one raw bit for each. Scans
        // of AC coefficients are always Huffman coded.
        let (needs_first, needs_others) = (first == 0 && bits == 0, last > 0);
        for (index, [name, tables]) in each.as_chunks::<2>().0.iter().enumerate() {
            // The second byte of a component has the number of its DC table in the high half, of its AC table in the
            // low half.
            let has = |class: u8, number: u8| self.tables >> (number & 3 | class << 2) & 1 != 0;
            self.found.lacks_tables |= needs_first && !has(0, tables >> 4) || needs_others && !has(1, *tables);
            self.scanned.push(*name);
            self.name_offsets.push(at + 2 * index);
        }
        if components < self.interleaved {
            return Err(HeaderError::NotInterleaved { found: components, expected: self.interleaved });
        }
        if self.found.frame.is_some() {
            self.edit_parameters(rest, at + each.len());
        }
        self.is_rgb = self.is_rgb.or_else(|| Some(self.says_rgb()));
        self.found.scans = self.found.scans.saturating_add(1);
        if self.found.scans > self.max_scans { Err(HeaderError::TooManyScans { max: self.max_scans }) } else { Ok(()) }
    }

    /// Replaces parameters of a sequential scan that are out of range. They begin at the offset `at`.
    fn edit_parameters(&mut self, parameters: &[u8], at: usize) {
        let &[first, last, bits, ..] = parameters else { return };
        let wrong =
            [(first > 63).then_some(0), (last > 63).then_some(63), (bits >> 4 > 13 || bits & 15 > 13).then_some(0)];
        let edits = (at..).zip(wrong).filter_map(|(at, byte)| Some(Edit { at, byte: byte? }));
        self.found.edits.extend(edits);
    }

    /// Whether the segments so far mean red, green and blue.
    fn says_rgb(&self) -> bool {
        self.found.components == 3 && !self.has_jfif && self.adobe.map_or(self.names == *b"RGB", |adobe| adobe == 0)
    }

    /// Replaces what would make the decoder take another colour space.
    fn edit_colours(&mut self) {
        let is_rgb = self.is_rgb.unwrap_or(false);
        let components = self.found.components;
        if !matches!(components, 1 | 3) {
            return;
        }
        // The decoder gives the names precedence, and Adobe precedence over JFIF.
        let is_right = |transform: Option<u8>| components == 3 && transform == Some(u8::from(!is_rgb));
        let wrong = self.adobes.iter().filter(|(_, transform)| !is_right(*transform));
        self.found.edits.extend(wrong.map(|(at, _)| Edit { at: *at, byte: marker::COM }));
        if components == 3 && !is_rgb && self.names == *b"RGB" {
            // The names of the frame come first, and the names in the scans follow. A scan has them in any order.
            let frame = (1..).zip(&self.name_offsets).take(3);
            let scans = self.scanned.iter().zip(self.name_offsets.iter().skip(3));
            let number = |name: &u8| (1..).zip(b"RGB").find(|(_, known)| *known == name).map(|(number, _)| number);
            let frame = frame.map(|(byte, at)| Edit { at: *at, byte });
            let scans = scans.filter_map(|(name, at)| Some(Edit { at: *at, byte: number(name)? }));
            self.found.edits.extend(frame.chain(scans));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_256_segments_to_replace_are_refused() {
        let walked = |segments: usize| {
            let file = [b"\xff\xd8".as_slice(), &b"\xff\xee\0\x07Adobe".repeat(segments)].concat();
            Header::read(&file, 64).map(|_| ())
        };
        assert_eq!(walked(256), Err(HeaderError::Truncated), "there is no frame");
        assert_eq!(walked(257), Err(HeaderError::TooManyReplaced { max: 256 }));
    }
}
