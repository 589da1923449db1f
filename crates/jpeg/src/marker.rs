//! The codes of the markers that are used here (T.81, table B.1). A marker is the byte `ff` and its code.
//!
//! ```
//! use smart_resize_jpeg::{Encoder, Scratch, marker};
//!
//! let file = Encoder::new((8, 8), 85).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
//! assert!(file.starts_with(&[0xff, marker::SOI]) && file.ends_with(&[0xff, marker::EOI]));
//! # Ok::<(), smart_resize_jpeg::Error>(())
//! ```

/// The frame header of a baseline picture.
pub const SOF0: u8 = 0xc0;
/// The frame header of an extended sequential picture with Huffman codes.
pub const SOF1: u8 = 0xc1;
/// The frame header of a progressive picture with Huffman codes.
pub const SOF2: u8 = 0xc2;
/// Huffman tables.
pub const DHT: u8 = 0xc4;
/// The first of the eight restart markers, which have consecutive codes.
pub const RST0: u8 = 0xd0;
/// The last restart marker.
pub const RST7: u8 = 0xd7;
/// The start of the image.
pub const SOI: u8 = 0xd8;
/// The end of the image.
pub const EOI: u8 = 0xd9;
/// A scan header, behind which is entropy-coded data.
pub const SOS: u8 = 0xda;
/// Quantisation tables.
pub const DQT: u8 = 0xdb;
/// The number of lines, behind the first scan.
pub const DNL: u8 = 0xdc;
/// The interval of the restart markers, in MCUs.
pub const DRI: u8 = 0xdd;
/// The first application segment, which JFIF uses.
pub const APP0: u8 = 0xe0;
/// The application segment of Exif blocks.
pub const APP1: u8 = 0xe1;
/// The application segment of ICC profiles.
pub const APP2: u8 = 0xe2;
/// The application segment of JUMBF boxes, which contain content credentials.
pub const APP11: u8 = 0xeb;
/// The application segment of Photoshop, which contains IPTC-IIM.
pub const APP13: u8 = 0xed;
/// The application segment of Adobe, which names the colour transform.
pub const APP14: u8 = 0xee;
/// The last application segment.
pub const APP15: u8 = 0xef;
/// A comment.
pub const COM: u8 = 0xfe;
