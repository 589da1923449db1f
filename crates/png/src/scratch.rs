//! The memory that encoding needs, kept from picture to picture.

#[cfg(feature = "parallel")]
use std::sync::Mutex;

use crate::strip::StripEncoder;

/// Scratch buffers, kept between calls: once they have grown, encoding allocates only the file.
///
/// The buffers hold a few times the bytes of one strip (about 2^18 pixels), or of one scanline where that is more; a
/// copy of the picture where it is reduced to greyscale or a palette; and, with the feature `parallel`, one set for
/// each thread. The bytes of a file do not depend on what the buffers were used for. A `Scratch` can be sent to another
/// thread.
///
/// ```
/// use smart_resize_png::{Colour, Encoder, Scratch};
///
/// let mut scratch = Scratch::default();
/// let encoder = Encoder::new((8, 8), Colour::Rgb);
/// let first = encoder.encode(&[200; 8 * 8 * 3], &mut scratch)?;
/// let second = encoder.encode(&[100; 8 * 8 * 3], &mut scratch)?;
/// assert_ne!(first.bytes, second.bytes);
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    /// The scanlines of a reduced or packed picture.
    pub(crate) reduced: Vec<u8>,
    /// One scanline of zeros; for a row writer the scanline above the strip, then the rows of the strip so far.
    pub(crate) rows: Vec<u8>,
    /// What strips are compressed in.
    pub(crate) encoder: StripEncoder,
    /// The encoders of other threads that are not in use.
    #[cfg(feature = "parallel")]
    pub(crate) encoders: Mutex<Vec<StripEncoder>>,
}
