//! Reads everything in a file before and around its pixels, without decoding them. The file may come from any encoder.
//!
//! [`Header::read`] walks the segments of the file. It reads the frame, counts components and scans, and finds the ICC
//! profile, the Exif blocks, content credentials and the end marker. It refuses what the strict decoder `zune-jpeg`
//! decodes incorrectly without an error.
//!
//! It also lists the bytes that this decoder does not accept, although the pixels are known, each with a replacement.
//! [`Header::edited`] returns the file with these edits. They replace:
//!
//! - An Adobe segment that is incomplete, names an unknown colour transform, or contradicts the colour space.
//! - Components that are named R, G and B, although JFIF or Adobe say YCbCr.
//! - Parameters of a sequential scan, which only mean something in a progressive one.
//! - A DNL segment, whose height is ignored. A frame header with the height 0 is left to the decoder.
//!
//! The colour space is decided as libjpeg does. The first rule that applies counts:
//!
//! 1. One component is grey.
//! 2. With a JFIF segment, three components are YCbCr.
//! 3. With an Adobe segment, they are what it says.
//! 4. Components that are named R, G and B are RGB.
//! 5. Otherwise they are YCbCr.
//!
//! Only segments before the first scan count.
//!
//! No bytes make this module panic. The memory that it takes has a bound, which grows with the number of scans. The
//! caller limits that number.
//!
//! ```
//! use smart_resize_jpeg::header::Header;
//! use smart_resize_jpeg::{Encoder, Scratch, marker};
//!
//! let segments = [(marker::APP1, &b"Exif\0\0MM\0\x2a"[..]), (marker::APP14, &b"Adobe"[..])];
//! let encoder = Encoder::new((64, 48), 85).icc_profile(b"a profile").segments(&segments);
//! let file = encoder.encode(&[200; 64 * 48 * 3], &mut Scratch::default())?;
//! let header = Header::read(&file, 64).unwrap();
//! assert_eq!((header.components, header.scans, header.has_end), (3, 1, true));
//! assert_eq!(header.profile().unwrap(), b"a profile");
//! assert!(header.exif().eq([b"MM\0\x2a"]));
//!
//! // The Adobe segment is incomplete. In the copy it is a comment.
//! let edit = header.edits[0];
//! assert_eq!((file[edit.at], edit.byte), (marker::APP14, marker::COM));
//! assert_eq!(header.edited(None)[edit.at], marker::COM);
//! # Ok::<(), smart_resize_jpeg::Error>(())
//! ```

// The bytes are hostile, so an index, a sum of lengths or a conversion may be wrong.
#![warn(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod error;
mod profile;
mod walk;

use std::borrow::Cow;
use std::ops::Range;

pub use self::error::HeaderError;
use self::profile::ProfileParts;
use self::walk::Walk;
use crate::check::{Checked, Frame, Segment, check, segments};
use crate::marker;

/// A byte that replaces the one in the file. The documentation of the [module](self) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// The offset in the file, in bytes.
    pub at: usize,
    /// The byte for this offset.
    pub byte: u8,
}

/// The findings of the walk through a file's segments. The documentation of the [module](self) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent findings")]
#[non_exhaustive]
pub struct Header<'a> {
    /// The number of components of the frame. 0 if there is no frame that can be read.
    pub components: u8,
    /// The number of scans.
    pub scans: u32,
    /// The frame of a sequential picture with Huffman codes.
    pub frame: Option<Frame>,
    /// Whether the picture is progressive.
    pub is_progressive: bool,
    /// Whether there is an end marker. Only a sequential file may lack it.
    pub has_end: bool,
    /// Whether the file has only the picture and at most a profile, with no data behind it, and needs no edits.
    pub is_bare: bool,
    /// Whether there is a JUMBF box, which contains content credentials (C2PA manifests).
    pub has_content_credentials: bool,
    /// Whether a scan uses a Huffman table that is not in the file. `zune-jpeg` refuses such a file, and libjpeg-turbo
    /// substitutes a default table.
    pub lacks_tables: bool,
    /// The bytes that a strict decoder does not accept.
    pub edits: Vec<Edit>,
    bytes: &'a [u8],
    profile: ProfileParts,
    /// From the start of the first Exif segment to the end of the last.
    exif: Option<Range<usize>>,
}

impl<'a> Header<'a> {
    /// Walks the segments of a file, which may have at most `max_scans` scans.
    ///
    /// # Errors
    ///
    /// If the file is cut short, exceeds a limit, or is of a kind that strict decoders decode incorrectly.
    ///
    /// ```
    /// use smart_resize_jpeg::header::{Header, HeaderError};
    /// use smart_resize_jpeg::{Encoder, Scratch};
    ///
    /// let file = Encoder::new((8, 8), 85).progressive(true).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
    /// assert_eq!(Header::read(&file, 5).map(|header| header.scans), Ok(5));
    /// assert_eq!(Header::read(&file, 4), Err(HeaderError::TooManyScans { max: 4 }));
    /// assert_eq!(Header::read(&file[..file.len() - 2], 5), Err(HeaderError::Truncated));
    /// # Ok::<(), smart_resize_jpeg::Error>(())
    /// ```
    pub fn read(bytes: &'a [u8], max_scans: u32) -> Result<Self, HeaderError> {
        Walk::new(bytes, max_scans).run()
    }

    /// Returns the ICC profile, joined from its segments. It is empty if its first part is missing. `None` if the file
    /// has no profile. The documentation of the [module](self) has an example.
    pub fn profile(&self) -> Option<Vec<u8>> {
        self.profile.join(self.bytes)
    }

    /// Returns the Exif blocks in their order, without the prefix `Exif\0\0`. Each should be a TIFF file. The
    /// documentation of the [module](self) has an example.
    pub fn exif(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        // The segments are walked again, since there is no limit on the number of blocks.
        self.exif.clone().into_iter().flat_map(move |range| {
            let segments = segments(bytes).starting_at(range.start).take_while(move |segment| segment.end <= range.end);
            segments.filter_map(exif_block)
        })
    }

    /// Returns the file with all [edits](Self::edits). If `data_end` is given, an end marker replaces everything from
    /// this offset in bytes on; [`Checked::data_end`] is such an offset. The file is copied only if something changes.
    ///
    /// ```
    /// use smart_resize_jpeg::header::Header;
    /// use smart_resize_jpeg::{Encoder, Scratch};
    ///
    /// let mut file = Encoder::new((8, 8), 85).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
    /// let whole = file.clone();
    /// // The end marker is lost, and other data follows.
    /// file.truncate(file.len() - 2);
    /// file.extend([b' '; 40]);
    /// let header = Header::read(&file, 64).unwrap();
    /// let checked = header.check().unwrap();
    /// assert_eq!(header.edited(checked.data_end), whole);
    /// # Ok::<(), smart_resize_jpeg::Error>(())
    /// ```
    pub fn edited(&self, data_end: Option<usize>) -> Cow<'a, [u8]> {
        if self.edits.is_empty() && data_end.is_none() {
            return Cow::Borrowed(self.bytes);
        }
        let mut file = self.bytes.get(..data_end.unwrap_or(self.bytes.len())).unwrap_or(self.bytes).to_vec();
        for edit in &self.edits {
            // An edit behind the end of the data is not needed.
            file.get_mut(edit.at).into_iter().for_each(|byte| *byte = edit.byte);
        }
        if data_end.is_some() {
            file.extend([0xff, marker::EOI]);
        }
        Cow::Owned(file)
    }

    /// [Checks](check) the data of the file for damage. A file that cannot be checked counts as undamaged if it has an
    /// end marker. A progressive file is never checked.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Truncated`] if the file cannot be checked and has no end marker.
    ///
    /// ```
    /// use smart_resize_jpeg::header::Header;
    /// use smart_resize_jpeg::{Encoder, Scratch, marker};
    ///
    /// let rgb: Vec<u8> = (0..64 * 64 * 3).map(|at| (at % 251) as u8).collect();
    /// let mut file = Encoder::new((64, 64), 85).encode(&rgb, &mut Scratch::default())?;
    /// assert_eq!(Header::read(&file, 64).unwrap().check().unwrap().damage, None);
    /// file.truncate(file.len() / 2);
    /// file.extend([0xff, marker::EOI]);
    /// assert!(Header::read(&file, 64).unwrap().check().unwrap().damage.is_some());
    /// # Ok::<(), smart_resize_jpeg::Error>(())
    /// ```
    pub fn check(&self) -> Result<Checked, HeaderError> {
        match self.frame.as_ref().and_then(|frame| check(self.bytes, frame)) {
            Some(checked) => Ok(checked),
            None if self.has_end => Ok(Checked::default()),
            None => Err(HeaderError::Truncated),
        }
    }
}

/// Returns the content behind the prefix. `None` for any other segment.
fn exif_block(segment: Segment<'_>) -> Option<&[u8]> {
    segment.content.strip_prefix(b"Exif\0\0").filter(|_| segment.code == marker::APP1)
}
