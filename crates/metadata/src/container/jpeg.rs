//! Splits a JPEG into its segments (T.81, annex B).
//!
//! The picture is the tables, the frame, the scans with their entropy-coded data, and three kinds of application segments that
//! change how it is decoded: JFIF, Adobe and ICC profiles. JFIF and Adobe segments count before the first scan only. They keep
//! the fields that they must have, and lose what follows, such as a thumbnail.
//!
//! The file ends with its end marker, or with a frame header behind a scan, which begins another picture.

use smart_resize_jpeg::check::{Segment, segments};
use smart_resize_jpeg::marker;

use super::{Kind, Part};

/// The length of a JFIF header without its thumbnail, and of an Adobe segment.
const JFIF_LENGTH: usize = 14;
const ADOBE_LENGTH: usize = 12;

/// The prefix of an XMP packet.
pub(crate) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

pub(super) fn split<'a>(bytes: &'a [u8], mut each: impl FnMut(Part<'a>)) {
    let range = |from, to| bytes.get(from..to).unwrap_or_default();
    // The start of the image has 2 bytes.
    put(&mut each, Kind::Picture, range(0, 2));
    let (mut at, mut is_data, mut has_scan, mut has_jfif) = (2, false, false, false);
    for segment in segments(bytes) {
        // What precedes the marker belongs to a scan, or to nothing.
        let marker_at = segment.code_at - 1;
        put(&mut each, if is_data { Kind::Picture } else { Kind::Other }, range(at, marker_at));
        (at, is_data) = (segment.end, segment.code == marker::SOS);
        let whole = range(marker_at, segment.end);
        match Role::of(&segment) {
            // Another picture begins.
            Role::Frame if has_scan => {
                at = marker_at;
                break;
            }
            Role::End => {
                put(&mut each, Kind::Picture, whole);
                break;
            }
            Role::Frame | Role::Picture => put(&mut each, Kind::Picture, whole),
            Role::Jfif if !has_scan && !has_jfif => {
                has_jfif = true;
                let (fields, thumbnail) = segment.content.split_at_checked(JFIF_LENGTH - 2).unwrap_or_default();
                // A header without a thumbnail ends with the thumbnail's width and height, which are 0.
                if thumbnail == [0, 0] {
                    put(&mut each, Kind::Picture, whole);
                } else {
                    put(&mut each, Kind::Picture, &[0xff, marker::APP0, 0, 16]);
                    put(&mut each, Kind::Picture, fields);
                    put(&mut each, Kind::Picture, &[0, 0]);
                    put(&mut each, Kind::Other, thumbnail);
                }
            }
            Role::Adobe if !has_scan => match segment.content.split_at_checked(ADOBE_LENGTH) {
                Some((fields, [])) if fields.len() == ADOBE_LENGTH => put(&mut each, Kind::Picture, whole),
                Some((fields, behind)) => {
                    put(&mut each, Kind::Picture, &[0xff, marker::APP14, 0, 14]);
                    put(&mut each, Kind::Picture, fields);
                    put(&mut each, Kind::Other, behind);
                }
                None => put(&mut each, Kind::Other, whole),
            },
            Role::Jfif | Role::Adobe => put(&mut each, Kind::Other, whole),
            Role::Metadata(kind, content) => each(Part::with_content(kind, whole, content)),
        }
        has_scan |= is_data;
    }
    // A file without an end marker may end inside a scan.
    put(&mut each, if is_data { Kind::Picture } else { Kind::Other }, range(at, bytes.len()));
}

/// Passes a part on, unless it is empty.
fn put<'a>(each: &mut impl FnMut(Part<'a>), kind: Kind, bytes: &'a [u8]) {
    if !bytes.is_empty() {
        each(Part::new(kind, bytes));
    }
}

/// What a segment is for.
enum Role<'a> {
    Frame,
    /// Tables, a scan header, or an ICC profile.
    Picture,
    Jfif,
    Adobe,
    End,
    /// Metadata of a kind, and its content behind the prefix.
    Metadata(Kind, &'a [u8]),
}

impl<'a> Role<'a> {
    fn of(segment: &Segment<'a>) -> Self {
        match (segment.code, segment.content) {
            // Huffman tables, JPG (c8) and arithmetic conditioning (cc) are inside the range of the frame headers.
            (marker::DHT | 0xc8 | 0xcc, _) => Self::Picture,
            (0xc0..=0xcf, _) => Self::Frame,
            // The scan header, the tables, and the segments of hierarchical files.
            (marker::SOS..=0xdf, _) => Self::Picture,
            (marker::APP2, content) if content.starts_with(b"ICC_PROFILE\0") => Self::Picture,
            (marker::APP0, content) if content.starts_with(b"JFIF\0") && content.len() >= JFIF_LENGTH => Self::Jfif,
            (marker::APP14, content) if content.starts_with(b"Adobe") => Self::Adobe,
            (marker::EOI, _) => Self::End,
            (code, content) => {
                let prefixes: [(u8, &[u8], Kind); 4] = [
                    (marker::APP1, b"Exif\0\0", Kind::Exif),
                    (marker::APP1, XMP, Kind::Xmp),
                    (marker::APP13, b"Photoshop 3.0\0", Kind::Photoshop),
                    (marker::APP11, b"JP", Kind::C2pa),
                ];
                let found = prefixes.into_iter().filter(|(of, ..)| *of == code);
                let mut found = found.filter_map(|(_, prefix, kind)| Some((kind, content.strip_prefix(prefix)?)));
                found
                    .next()
                    .map_or(Self::Metadata(Kind::Other, content), |(kind, content)| Self::Metadata(kind, content))
            }
        }
    }
}
