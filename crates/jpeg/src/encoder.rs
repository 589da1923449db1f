//! The encoder: its options, and the order of its steps.

use fearless_simd::{Level, Simd, dispatch};

use crate::frame::Frame;
use crate::huffman::{Codes, HuffmanTable};
use crate::interleaved::Predictions;
use crate::progressive::BANDS;
use crate::quantise::Quantiser;
use crate::symbol::{Symbols, TABLES};
use crate::write::put_words;
use crate::{Error, Sampling, Scratch, interleaved, progressive, segment};

/// Encodes a picture of 8-bit RGB as JPEG.
///
/// ```
/// use smart_resize_jpeg::{Encoder, Scratch};
///
/// let grey = [128; 16 * 16 * 3];
/// let encoder = Encoder::new((16, 16), 90).progressive(true);
/// let file = encoder.encode(&grey, &mut Scratch::default())?;
/// assert!(file.windows(2).any(|two| two == [0xff, 0xc2]));
/// # Ok::<(), smart_resize_jpeg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoder<'a> {
    size: (u32, u32),
    quality: u8,
    sampling: Sampling,
    progressive: bool,
    profile: &'a [u8],
    segments: &'a [(u8, &'a [u8])],
}

impl<'a> Encoder<'a> {
    /// An encoder for pictures of `size`, width and height, each 1 to 65535. The quality is 1 to 100 on the scale of
    /// libjpeg.
    ///
    /// ```
    /// use smart_resize_jpeg::Encoder;
    ///
    /// let encoder = Encoder::new((1920, 1080), 85);
    /// ```
    pub const fn new(size: (u32, u32), quality: u8) -> Self {
        Self { size, quality, sampling: Sampling::Yuv420, progressive: false, profile: &[], segments: &[] }
    }

    /// The same encoder with this chroma subsampling. The default is [`Sampling::Yuv420`].
    ///
    /// ```
    /// use smart_resize_jpeg::{Encoder, Sampling};
    ///
    /// let encoder = Encoder::new((640, 480), 85).sampling(Sampling::Yuv444);
    /// ```
    #[must_use]
    pub const fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = sampling;
        self
    }

    /// The same encoder for a progressive file, or for one with a single scan, which is the default.
    ///
    /// ```
    /// use smart_resize_jpeg::Encoder;
    ///
    /// let encoder = Encoder::new((640, 480), 85).progressive(true);
    /// ```
    #[must_use]
    pub const fn progressive(mut self, progressive: bool) -> Self {
        self.progressive = progressive;
        self
    }

    /// The same encoder with an ICC profile of at most 16,707,345 bytes. It is written to APP2 segments, in parts where
    /// it is longer than 65,519 bytes. An empty profile is not written.
    ///
    /// ```
    /// use smart_resize_jpeg::{Encoder, Scratch};
    ///
    /// let profile = [7; 480];
    /// let file = Encoder::new((1, 1), 85).icc_profile(&profile).encode(&[0; 3], &mut Scratch::default())?;
    /// assert!(file.windows(14).any(|bytes| bytes == b"ICC_PROFILE\0\x01\x01"));
    /// # Ok::<(), smart_resize_jpeg::Error>(())
    /// ```
    #[must_use]
    pub const fn icc_profile(mut self, profile: &'a [u8]) -> Self {
        self.profile = profile;
        self
    }

    /// The same encoder with further segments, in this order behind the JFIF header: the second byte of the marker,
    /// 0xe1 to 0xef (APP1 to APP15) or 0xfe (COM), and at most 65,533 bytes.
    ///
    /// ```
    /// use smart_resize_jpeg::{Encoder, Scratch};
    ///
    /// let segments = [(0xfe, &b"a comment"[..])];
    /// let file = Encoder::new((1, 1), 85).segments(&segments).encode(&[0; 3], &mut Scratch::default())?;
    /// assert!(file[20..].starts_with(b"\xff\xfe\0\x0ba comment"));
    /// # Ok::<(), smart_resize_jpeg::Error>(())
    /// ```
    #[must_use]
    pub const fn segments(mut self, segments: &'a [(u8, &'a [u8])]) -> Self {
        self.segments = segments;
        self
    }

    /// Encodes a picture: rows from top to bottom, three bytes per pixel, without padding.
    ///
    /// # Errors
    ///
    /// If the size, the quality, the profile or a segment is out of its range, or if `rgb` has not width times height
    /// times 3 bytes.
    ///
    /// ```
    /// use smart_resize_jpeg::{Encoder, Scratch};
    ///
    /// let file = Encoder::new((2, 1), 85).encode(&[255, 0, 0, 0, 0, 255], &mut Scratch::default())?;
    /// assert!(file.len() < 700);
    /// # Ok::<(), smart_resize_jpeg::Error>(())
    /// ```
    pub fn encode(&self, rgb: &[u8], scratch: &mut Scratch) -> Result<Vec<u8>, Error> {
        let (width, height) = self.checked(rgb)?;
        let frame = Frame::new(width.into(), height.into(), self.sampling);
        let tables = Quantiser::pair(self.quality);
        let mut file = Vec::new();
        dispatch!(Level::new(), simd => {
            self.collect(simd, rgb, frame, &tables, scratch);
        });
        let Scratch { interleaved, bands, .. } = scratch;
        let [a, b, c, d] = bands;
        let all = [interleaved, a, b, c, d].map(|symbols| Scan::new(symbols));
        let scans = if self.progressive { &all[..] } else { &all[..1] };
        let bytes: usize = scans.iter().map(|scan| scan.bytes).sum();
        let others = self.profile.len() + self.segments.iter().map(|(_, bytes)| bytes.len() + 4).sum::<usize>();
        file.reserve_exact(bytes + bytes / 64 + others + 4096);
        file.extend(segment::SOI);
        segment::put_jfif(&mut file);
        for (marker, bytes) in self.segments {
            segment::put(&mut file, *marker, &[bytes]);
        }
        segment::put_profile(&mut file, self.profile);
        segment::put_quantisers(&mut file, &tables);
        segment::put_frame(&mut file, (width, height), self.sampling, self.progressive);
        for (at, scan) in scans.iter().enumerate() {
            segment::put_tables(&mut file, &scan.tables);
            match at.checked_sub(1) {
                None => segment::put_interleaved_scan(&mut file, if self.progressive { 0 } else { 63 }),
                Some(at) => segment::put_band_scan(&mut file, BANDS[at].component, BANDS[at].positions),
            }
            dispatch!(Level::new(), _simd => put_words(scan.symbols.words(), &scan.codes, &mut file));
        }
        file.extend(segment::EOI);
        Ok(file)
    }

    /// The size as the frame header has it, if all options are in range.
    fn checked(&self, rgb: &[u8]) -> Result<(u16, u16), Error> {
        let (width, height) = self.size;
        let (Ok(across @ 1..), Ok(down @ 1..)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(Error::Size { width, height });
        };
        if !(1..=100).contains(&self.quality) {
            return Err(Error::Quality { found: self.quality });
        }
        let expected = u64::from(across) * u64::from(down) * 3;
        if rgb.len() as u64 != expected {
            return Err(Error::PixelLength { found: rgb.len(), expected });
        }
        if self.profile.len() > segment::MAX_PROFILE {
            return Err(Error::ProfileLength { found: self.profile.len() });
        }
        for &(marker, bytes) in self.segments {
            if !matches!(marker, 0xe1..=0xef | 0xfe) {
                return Err(Error::SegmentMarker { found: marker });
            }
            if bytes.len() > segment::MAX_SEGMENT {
                return Err(Error::SegmentLength { marker, found: bytes.len() });
            }
        }
        Ok((across, down))
    }

    /// Collects the symbols of all scans.
    #[inline(always)]
    fn collect<S: Simd>(&self, simd: S, rgb: &[u8], frame: Frame, tables: &[Quantiser; 2], scratch: &mut Scratch) {
        let Scratch { row, interleaved, bands } = scratch;
        row.prepare(frame);
        interleaved.clear();
        bands.iter_mut().for_each(Symbols::clear);
        let mut predictions = Predictions::default();
        for mcu_row in 0..frame.mcus_down() {
            row.fill(simd, rgb, frame, mcu_row, tables);
            interleaved::put_row(row, frame, mcu_row, !self.progressive, &mut predictions, interleaved);
            if self.progressive {
                progressive::put_row(row, frame, mcu_row, bands);
            }
        }
        for symbols in bands {
            symbols.end_eob_run(0);
        }
    }
}

/// A scan whose symbols have codes.
struct Scan<'a> {
    symbols: &'a Symbols,
    codes: Codes,
    tables: [Option<HuffmanTable>; TABLES],
    /// Its bytes without zero bytes behind 0xff.
    bytes: usize,
}

impl<'a> Scan<'a> {
    fn new(symbols: &'a Symbols) -> Self {
        let (codes, tables) = Codes::optimal(symbols.counts());
        let bytes = usize::try_from(codes.total_bits(symbols.counts()).div_ceil(8)).expect("invariant: it fits memory");
        Self { symbols, codes, tables, bytes }
    }
}
