//! Reads everything in a file before and around its pixels, without decoding them. The file may come from any encoder.
//!
//! [`Header::read`] walks the segments of the file. It reads the frame, counts components and scans, and finds the ICC
//! profile, the Exif blocks, content credentials and the end marker.
//!
//! The colour space is decided as libjpeg does. The first rule that applies counts:
//!
//! 1. One component is grey.
//! 2. With a JFIF segment, three components are YCbCr.
//! 3. With an Adobe segment, three or four components are what it says.
//! 4. Three components that are named R, G and B are RGB.
//! 5. Otherwise three components are YCbCr, and four are CMYK.
//!
//! Only segments before the first scan count. Adobe's programs store inks inverted, and so do most others that write CMYK. So
//! the samples of a file with an Adobe segment count as inverted.
//!
//! No bytes make this module panic. The memory that it takes has a bound, which grows with the number of scans. The
//! caller limits that number.
//!
//! ```
//! use smart_resize_jpeg::header::{ColourSpace, Header};
//! use smart_resize_jpeg::{Encoder, Scratch, marker};
//!
//! let segments = [(marker::APP1, &b"Exif\0\0MM\0\x2a"[..])];
//! let encoder = Encoder::new((64, 48), 85).icc_profile(b"a profile").segments(&segments);
//! let file = encoder.encode(&[200; 64 * 48 * 3], &mut Scratch::default())?;
//! let header = Header::read(&file, 64).unwrap();
//! assert_eq!((header.components, header.scans, header.has_end), (3, 1, true));
//! assert_eq!(header.colour_space, Some(ColourSpace::YCbCr));
//! assert_eq!(header.profile().unwrap(), b"a profile");
//! assert!(header.exif().eq([b"MM\0\x2a"]));
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

use std::ops::Range;

pub use self::error::HeaderError;
use self::profile::ProfileParts;
use self::walk::Walk;
use crate::check::{Checked, Frame, Segment, check, segments};
use crate::marker;

/// The colour space of a picture's components.
///
/// ```
/// use smart_resize_jpeg::header::{ColourSpace, Header};
/// use smart_resize_jpeg::{Encoder, Scratch};
///
/// let file = Encoder::new((8, 8), 85).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
/// assert_eq!(Header::read(&file, 64).unwrap().colour_space, Some(ColourSpace::YCbCr));
/// # Ok::<(), smart_resize_jpeg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColourSpace {
    /// One component.
    Grey,
    /// Luma and two differences of colour.
    YCbCr,
    /// Red, green and blue.
    Rgb,
    /// Cyan, magenta, yellow and black ink.
    Cmyk {
        /// Whether a sample of 255 means no ink, and not full ink.
        is_inverted: bool,
    },
    /// Cyan, magenta and yellow ink, converted to YCbCr as if they were red, green and blue; then black, which is inverted.
    Ycck,
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
    /// The frame of a sequential or progressive picture with Huffman codes.
    pub frame: Option<Frame>,
    /// Whether the picture is progressive.
    pub is_progressive: bool,
    /// The colour space of the components. `None` unless their number is 1, 3 or 4.
    pub colour_space: Option<ColourSpace>,
    /// Whether there is an end marker. Only a sequential file may lack it.
    pub has_end: bool,
    /// Whether the file has only the picture and at most a profile, with no data behind it, and is read alike by all decoders.
    pub is_bare: bool,
    /// Whether there is a JUMBF box, which contains content credentials (C2PA manifests).
    pub has_content_credentials: bool,
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
    /// If the file is cut short, exceeds a limit, or is coded in a way that [`decode`](crate::decode) does not read.
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

    /// Returns the file.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
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

    /// [Checks](check) the data of the file for damage. A progressive file is not checked.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Scan`] if a sequential file cannot be checked, nor decoded.
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
        let frame = self.frame.as_ref().filter(|_| !self.is_progressive);
        let Some(frame) = frame else { return Ok(Checked::default()) };
        check(self.bytes, frame).ok_or(HeaderError::Scan)
    }
}

/// Returns the content behind the prefix. `None` for any other segment.
fn exif_block(segment: Segment<'_>) -> Option<&[u8]> {
    segment.content.strip_prefix(b"Exif\0\0").filter(|_| segment.code == marker::APP1)
}
