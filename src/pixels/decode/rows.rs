//! Pictures row by row, for those that can be had so: PNGs of red, green and blue, 8 bits each, not interlaced, stored as
//! they are to be seen, and in sRGB. Those are most that an image model sends.
//!
//! Their pixels are the same as by [`decode`](super::decode), and what is refused is too, but that where not all rows are
//! read, what is broken behind them need not show.

pub(crate) use super::png::Rows;
use super::png::{Png, Room, open_png};
use super::{Colour, DecodeError, DecodeLimits, check_needed, guarded, readable};
use crate::format::Format;
use crate::pixels::colour::{Channels, Samples, to_srgb};
use crate::pixels::orientation::Orientation;
use crate::size::Size;

/// A picture whose rows come one by one.
pub(crate) struct RowReader<'a> {
    png: Png<'a>,
    pub(crate) size: Size,
    pub(crate) colour: Colour,
    pub(crate) has_content_credentials: bool,
    /// Whether the file is nothing but this picture.
    pub(crate) is_bare: bool,
}

impl<'a> RowReader<'a> {
    /// A reader of the picture, or nothing for one whose rows cannot be had so.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the header cannot be read or exceeds the limits.
    pub(crate) fn new(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Option<Self>, DecodeError> {
        guarded(Some(Format::Png), || {
            if readable(bytes, limits)? != Format::Png {
                return Ok(None);
            }
            let (header, needed, png) = open_png(bytes, limits)?;
            check_needed(needed, limits)?;
            if !png.has_rows_of_rgb() || header.orientation != Orientation::UPRIGHT {
                return Ok(None);
            }
            // What would be done about the colours of any picture.
            let none = Samples { channels: Channels::Rgb, has_alpha: false, wide: false, bytes: Vec::new() };
            let Ok((_, colour @ (Colour::Srgb | Colour::Ignored { .. }))) = to_srgb(none, &header.colour_tags) else {
                return Ok(None);
            };
            Ok(Some(Self {
                png,
                size: header.size,
                is_bare: header.is_bare && colour == Colour::Srgb,
                colour,
                has_content_credentials: header.has_content_credentials,
            }))
        })
    }

    pub(crate) const fn row_bytes(&self) -> usize {
        self.size.width() as usize * 3
    }

    /// The rows, which are read in the memory of `room`.
    pub(crate) fn rows(self, room: Room) -> Rows<'a> {
        self.png.rows(room)
    }
}
