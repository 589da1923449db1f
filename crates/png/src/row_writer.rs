//! Encodes a picture whose rows arrive one by one.
//!
//! Rows collect until a strip is complete, which is then compressed. No reduction takes place, because a palette is
//! known only after the last row.

use crate::datastream::Datastream;
use crate::effort::Effort;
use crate::error::Error;
use crate::header::Header;
use crate::scratch::Scratch;
use crate::strip::{Strip, StripRows, strip_count, strip_rows};

/// Writes a PNG while its rows arrive, with memory for one strip and the file.
///
/// Made by [`Encoder::row_writer`](crate::Encoder::row_writer). Colour and bit depth of the file are those of the
/// input. The file is the one that [`Encoder::encode`](crate::Encoder::encode) makes, byte for byte, of a picture that
/// it does not reduce.
///
/// ```
/// use smart_resize_png::{Colour, Encoder, Scratch};
///
/// let mut scratch = Scratch::default();
/// let mut writer = Encoder::new((640, 480), Colour::Rgb).row_writer(&mut scratch)?;
/// for y in 0..480 {
///     let row: Vec<u8> = (0..640).flat_map(|x| [x as u8, y as u8, 0]).collect();
///     writer.write(&row);
/// }
/// let file = writer.finish()?;
/// assert_eq!(file[..8], *b"\x89PNG\r\n\x1a\n");
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
#[derive(Debug)]
pub struct RowWriter<'s> {
    /// The format, which is that of the input.
    header: Header,
    effort: Effort,
    scratch: &'s mut Scratch,
    /// The file so far.
    datastream: Datastream,
    /// The number of the strip that is not complete.
    strip: u32,
    /// How many bytes have arrived.
    found: u64,
}

impl<'s> RowWriter<'s> {
    /// A picture with no rows yet.
    pub(crate) fn new(header: Header, srgb: bool, effort: Effort, scratch: &'s mut Scratch) -> Self {
        // From here on the buffer holds the scanline above the strip, then the rows of the strip.
        scratch.rows.clear();
        scratch.rows.resize(header.row_bytes(), 0);
        Self { header, effort, scratch, datastream: Datastream::new(header, srgb, &[]), strip: 0, found: 0 }
    }

    /// Takes the next bytes of the picture, from the top: a row, several rows, or any part of one.
    ///
    /// Bytes after the last row are counted for [`finish`](Self::finish) and otherwise ignored.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let mut scratch = Scratch::default();
    /// let mut writer = Encoder::new((3, 2), Colour::Rgba).row_writer(&mut scratch)?;
    /// writer.write(&[255; 20]);
    /// writer.write(&[255; 4]);
    /// assert!(writer.finish().is_ok());
    /// # Ok::<(), smart_resize_png::Error>(())
    /// ```
    pub fn write(&mut self, mut rows: &[u8]) {
        self.found += rows.len() as u64;
        let row_bytes = self.header.row_bytes();
        while !rows.is_empty() && self.strip < strip_count(self.header) {
            let StripRows { begin, end, is_last } = strip_rows(self.header, self.strip);
            let complete = (1 + end - begin) * row_bytes;
            let buffer = &mut self.scratch.rows;
            // As much as the strip still lacks.
            let (now, later) = rows.split_at(rows.len().min(complete - buffer.len()));
            buffer.extend_from_slice(now);
            rows = later;
            if buffer.len() == complete {
                let (above, rows) = buffer.split_at(row_bytes);
                let strip = self.scratch.encoder.encode(self.header, Strip { rows, above, is_last }, self.effort);
                self.datastream.push(strip, is_last);
                self.strip += 1;
                // The last scanline is the one above the next strip.
                buffer.drain(..complete - row_bytes);
            }
        }
    }

    /// Returns the file.
    ///
    /// # Errors
    ///
    /// [`Error::DataLength`] if more or fewer bytes arrived than the picture has.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let mut scratch = Scratch::default();
    /// let mut writer = Encoder::new((3, 2), Colour::Rgb).row_writer(&mut scratch)?;
    /// writer.write(&[0; 9]);
    /// assert_eq!(writer.finish().unwrap_err().to_string(), "data length is 9 bytes; expected 18");
    /// # Ok::<(), smart_resize_png::Error>(())
    /// ```
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let expected = self.header.row_bytes() as u64 * u64::from(self.header.height);
        if self.found == expected {
            Ok(self.datastream.into_file())
        } else {
            Err(Error::DataLength { found: self.found, expected })
        }
    }
}
