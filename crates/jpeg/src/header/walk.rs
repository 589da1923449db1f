//! Walks the segments of a file, and evaluates each.

use super::profile::ProfileParts;
use super::{ColourSpace, Header, HeaderError};
use crate::check::{Frame, Segment, segments};
use crate::marker;

/// The state of the walk.
pub(super) struct Walk<'a> {
    found: Header<'a>,
    max_scans: u32,
    /// The fewest bits of entropy-coded data that a picture of this size can have.
    fewest_bits: u64,
    has_jfif: bool,
    /// The colour transform that the last Adobe segment names: 0 for none.
    adobe: Option<u8>,
    /// Whether an Adobe segment is incomplete, comes late, or names another transform than the one before.
    has_odd_adobe: bool,
    /// The names of the components.
    names: Vec<u8>,
    /// Whether each component has a scan.
    is_scanned: Vec<bool>,
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
                colour_space: None,
                bytes,
                profile: ProfileParts::default(),
                exif: None,
            },
            max_scans,
            fewest_bits: 0,
            has_jfif: false,
            adobe: None,
            has_odd_adobe: false,
            names: Vec::new(),
            is_scanned: Vec::new(),
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
                if self.found.frame.is_none() || self.found.is_progressive || self.found.scans == 0 {
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
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | marker::SOS if self.is_complete() => {
                    break bytes.len();
                }
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
        // Some files have data behind the end marker, such as a second picture. Other decoders may take a file with
        // contradictory names of colours for another.
        let is_rgb = self.found.colour_space == Some(ColourSpace::Rgb);
        let is_clear = !self.has_odd_adobe
            && self.adobe.is_none_or(|transform| self.found.components == 3 && transform == u8::from(!is_rgb))
            && (is_rgb || self.names != *b"RGB");
        self.found.is_bare &= self.found.has_end && at == bytes.len() && is_clear;
        Ok(self.found)
    }

    /// Whether each component of a sequential picture has a scan.
    fn is_complete(&self) -> bool {
        let is_sequential = self.found.frame.is_some() && !self.found.is_progressive;
        is_sequential && self.found.scans > 0 && self.is_scanned.iter().all(|is_scanned| *is_scanned)
    }

    /// Evaluates a segment.
    fn segment(&mut self, segment: &Segment<'_>) -> Result<(), HeaderError> {
        let found = &mut self.found;
        match (segment.code, segment.content) {
            // The header of JFIF has 14 bytes.
            (marker::APP0, [b'J', b'F', b'I', b'F', 0, _, _, _, _, _, _, _, _, _, ..]) => {
                self.has_jfif |= found.scans == 0;
            }
            (marker::APP14, [b'A', b'd', b'o', b'b', b'e', behind @ ..]) => {
                // Version (2 bytes), flags (4), colour transform (1).
                match behind.get(6) {
                    Some(transform) if found.scans == 0 && self.adobe.is_none_or(|adobe| adobe == *transform) => {
                        self.adobe = Some(*transform);
                    }
                    Some(transform) if found.scans == 0 => (self.adobe, self.has_odd_adobe) = (Some(*transform), true),
                    _ => self.has_odd_adobe = true,
                }
            }
            // Huffman tables, JPG (c8) and arithmetic conditioning (cc) are inside the range of the frame headers.
            (marker::DHT | 0xc8 | 0xcc, _) => {}
            (0xc0..=0xcf, content) => self.frame(segment.code, content)?,
            (marker::SOS, &[components, ref each @ ..]) => self.scan(components, each)?,
            (marker::APP2, [b'I', b'C', b'C', b'_', b'P', b'R', b'O', b'F', b'I', b'L', b'E', 0, behind @ ..]) => {
                found.profile.add(behind, segment.end);
            }
            (marker::APP1, [b'E', b'x', b'i', b'f', 0, 0, ..]) => {
                found.is_bare = false;
                found.exif.get_or_insert(segment.code_at - 1..0).end = segment.end;
            }
            // A JUMBF box, which contains C2PA manifests.
            (marker::APP11, [b'J', b'P', ..]) => (found.is_bare, found.has_content_credentials) = (false, true),
            // The height in the frame header counts, and not that of a DNL segment.
            (marker::APP0..=marker::APP15 | marker::COM | marker::DNL, _) => found.is_bare = false,
            _ => {}
        }
        Ok(())
    }

    /// Evaluates a frame header.
    fn frame(&mut self, code: u8, content: &[u8]) -> Result<(), HeaderError> {
        let is_sequential = matches!(code, marker::SOF0 | marker::SOF1);
        if !is_sequential && code != marker::SOF2 {
            return Err(HeaderError::Coding { code });
        }
        // A header that is too short is no frame.
        let Some(frame) = Frame::read(content) else { return Ok(()) };
        match content.first() {
            Some(&bits) if bits != 8 => return Err(HeaderError::Precision { bits }),
            _ => {}
        }
        self.found.is_progressive = !is_sequential;
        self.found.components = u8::try_from(frame.components.len()).unwrap_or(u8::MAX);
        if !frame.has_whole_ratios() {
            return Err(HeaderError::Sampling);
        }
        // Each block takes at least one bit for its DC coefficient. In a sequential picture it takes at least one more
        // for its end-of-block symbol. Only the component with the most blocks is counted.
        let blocks = frame.components.iter().filter_map(|component| frame.mcus(&[component])).max().unwrap_or(0);
        self.fewest_bits = blocks * if is_sequential { 2 } else { 1 };
        self.is_scanned = vec![false; frame.components.len()];
        self.names = frame.components.iter().map(|component| component.name).collect();
        self.found.frame = Some(frame);
        Ok(())
    }

    /// Evaluates a scan header: for each component its name and tables (2 bytes); then the first and last coefficient (2)
    /// and the successive approximation bits (1).
    fn scan(&mut self, components: u8, each: &[u8]) -> Result<(), HeaderError> {
        let (each, parameters) = each.split_at_checked(2 * usize::from(components)).unwrap_or_default();
        // A sequential scan has all coefficients, whatever its parameters are. Other decoders may refuse others.
        self.found.is_bare &= self.found.is_progressive || matches!(*parameters, [0, 63, 0, ..]);
        let names = each.as_chunks::<2>().0.iter().map(|[name, _]| *name);
        let positions = self.found.frame.as_ref().and_then(|frame| frame.positions(names));
        for at in positions.into_iter().flatten() {
            self.is_scanned.get_mut(at).into_iter().for_each(|is_scanned| *is_scanned = true);
        }
        // Only what comes before the first scan counts.
        if self.found.scans == 0 {
            self.found.colour_space = self.colour_space();
        }
        self.found.scans = self.found.scans.saturating_add(1);
        if self.found.scans > self.max_scans { Err(HeaderError::TooManyScans { max: self.max_scans }) } else { Ok(()) }
    }

    /// Decides the colour space by the segments so far.
    fn colour_space(&self) -> Option<ColourSpace> {
        Some(match (self.found.components, self.adobe) {
            (1, _) => ColourSpace::Grey,
            (3, _) if self.has_jfif => ColourSpace::YCbCr,
            (3, Some(0)) => ColourSpace::Rgb,
            (3, None) if self.names == *b"RGB" => ColourSpace::Rgb,
            (3, _) => ColourSpace::YCbCr,
            (4, Some(0) | None) => ColourSpace::Cmyk { is_inverted: self.adobe.is_some() },
            (4, _) => ColourSpace::Ycck,
            _ => return None,
        })
    }
}
