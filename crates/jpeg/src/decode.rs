//! Decodes the pixels of a file: sequential or progressive, with Huffman codes and 8 bits per sample, in any
//! [`ColourSpace`](crate::header::ColourSpace).
//!
//! The pixels are those of libjpeg-turbo with its defaults (`islow`, interpolated chroma), except that a progressive file
//! whose last scans are missing is not smoothed. All arithmetic is in integers, so that they are the same on every processor.
//!
//! A sequential picture with all components in one scan is decoded MCU row by MCU row. Any other picture needs memory for
//! all its coefficients, 2 bytes each.
//!
//! The entropy-coded data is checked for damage in the same pass. In a sequential file it is the damage that
//! [`check`](crate::check) finds.
//!
//! ```
//! use smart_resize_jpeg::decode::decode;
//! use smart_resize_jpeg::header::Header;
//! use smart_resize_jpeg::{Encoder, Scratch};
//!
//! let file = Encoder::new((8, 8), 90).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
//! let mut pixels = [0; 8 * 8 * 3];
//! let checked = decode(&Header::read(&file, 64).unwrap(), &mut pixels).unwrap();
//! assert_eq!((checked.damage, pixels), (None, [200; 8 * 8 * 3]));
//! # Ok::<(), smart_resize_jpeg::Error>(())
//! ```

mod coefficients;
mod colour;
mod rows;
mod upsample;

use fearless_simd::{Level, Simd, dispatch};

use self::coefficients::{AcTable, Band, read_bits, sequential};
use self::rows::Rows;
use crate::block::ZIGZAG;
use crate::check::{
    Bits, Checked, Class, Damage, DamageKind, Differences, Frame, Mcus, Part, ScanEnd, ScanHeader, Table, Tables,
    dc_coefficient, walk_scans,
};
use crate::header::Header;
use crate::idct::{flat, inverse};

/// Why a file cannot be decoded.
///
/// ```
/// use smart_resize_jpeg::decode::{DecodeError, decode};
/// use smart_resize_jpeg::header::Header;
/// use smart_resize_jpeg::{Encoder, Scratch};
///
/// let file = Encoder::new((8, 8), 90).encode(&[200; 8 * 8 * 3], &mut Scratch::default())?;
/// let error = decode(&Header::read(&file, 64).unwrap(), &mut []).unwrap_err();
/// assert_eq!(error.to_string(), "the buffer has 0 bytes; expected 192");
/// # Ok::<(), smart_resize_jpeg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is no frame header that can be read, or it has no pixels.
    #[error("there is no frame header with a size")]
    NoFrame,
    /// The picture has another number of components.
    #[error("the picture has {found} components; expected 1, 3 or 4")]
    #[expect(missing_docs, reason = "what was found")]
    Components { found: usize },
    /// A sampling factor is not 1 to 4, or does not divide the largest of its direction.
    #[error("a sampling factor is not 1 to 4, or does not divide the largest")]
    Sampling,
    /// A scan uses a table that the file does not define, or has an invalid header.
    #[error("a scan header is invalid or uses a missing table")]
    Scan,
    /// The buffer does not have the bytes of the pixels.
    #[error("the buffer has {found} bytes; expected {expected}")]
    #[expect(missing_docs, reason = "what was found and the length of the pixels")]
    BufferLength { found: usize, expected: u64 },
}

/// Decodes the pixels of a file into `pixels`, row by row from the top: 1 byte each for grey, 3 for RGB, 4 for CMYK, where
/// 255 is full ink.
///
/// Returns the first damage of the file. Decoding continues at the next restart marker of the scan, but not with the next scan.
/// Pixels that are lost are grey or show what is above them, and those of a progressive picture are blurred.
///
/// # Errors
///
/// [`DecodeError`] if the picture cannot be decoded. `pixels` may be written to.
pub fn decode(header: &Header<'_>, pixels: &mut [u8]) -> Result<Checked, DecodeError> {
    let frame =
        header.frame.as_ref().filter(|frame| frame.width > 0 && frame.height > 0).ok_or(DecodeError::NoFrame)?;
    let components = frame.components.len();
    let colour_space = header.colour_space.ok_or(DecodeError::Components { found: components })?;
    let rows = Rows::new(frame, colour_space).ok_or(DecodeError::Sampling)?;
    let expected = u64::from(frame.width) * u64::from(frame.height) * components as u64;
    if pixels.len() as u64 != expected {
        return Err(DecodeError::BufferLength { found: pixels.len(), expected });
    }
    let mut picture = Picture::new(frame, header.is_progressive, rows, pixels);
    let checked =
        walk_scans(header.bytes(), frame, header.is_progressive, |scan, at| picture.scan(scan, header.bytes(), at));
    picture.finish();
    checked.ok_or(DecodeError::Scan)
}

/// The tables of a scan are read before its MCUs.
const TABLES: &str = "invariant: the scan has its tables";

/// A picture that is decoded.
struct Picture<'p> {
    level: Level,
    is_progressive: bool,
    rows: Rows,
    /// The divisors of each component, in row-major order. As in libjpeg they are those of its first scan.
    divisors: Vec<Option<[i16; 64]>>,
    /// The coefficients of each component, block by block. Empty unless a scan lacks a component or is progressive.
    stored: Vec<Vec<[i16; 64]>>,
    /// The next MCU row whose pixels are written, unless coefficients are stored.
    next_row: usize,
    /// Whether that row has an MCU.
    is_begun: bool,
    pixels: &'p mut [u8],
}

impl<'p> Picture<'p> {
    fn new(frame: &Frame, is_progressive: bool, rows: Rows, pixels: &'p mut [u8]) -> Self {
        let divisors = vec![None; frame.components.len()];
        Self {
            level: Level::new(),
            is_progressive,
            rows,
            divisors,
            stored: Vec::new(),
            next_row: 0,
            is_begun: false,
            pixels,
        }
    }

    /// Decodes a scan. `None` if a table is missing or a parameter is out of range.
    fn scan(&mut self, scan: &ScanHeader<'_>, bytes: &[u8], at: usize) -> Option<Result<ScanEnd, Damage>> {
        for part in &scan.parts {
            self.define_divisors(part)?;
        }
        if !self.is_progressive && self.stored.is_empty() && scan.parts.len() == self.rows.planes.len() {
            // A broken file may have several such scans. The last one counts.
            (self.rows.done, self.next_row, self.is_begun) = (0, 0, false);
            let mut direct = Direct {
                picture: self,
                scan,
                dc: scan.tables(Class::Dc, Differences::new)?,
                ac: scan.tables(Class::Ac, AcTable::new)?,
            };
            return Some(scan.walk(bytes, at, &mut direct));
        }
        if self.stored.is_empty() {
            let Rows { mcus_across, mcus_down, .. } = self.rows;
            let blocks = |across: usize, down: usize| mcus_across * across * mcus_down * down;
            self.stored =
                self.rows.planes.iter().map(|plane| vec![[0; 64]; blocks(plane.across, plane.down)]).collect();
        }
        let coding = Coding::new(self.is_progressive, scan)?;
        Some(scan.walk(bytes, at, &mut Stored { picture: self, scan, coding, run: 0 }))
    }

    fn define_divisors(&mut self, part: &Part<'_>) -> Option<()> {
        if self.divisors[part.component].is_none() {
            let mut divisors = [0; 64];
            for (position, at) in ZIGZAG.into_iter().enumerate() {
                divisors[usize::from(at)] = part.divisor(position)? as i16;
            }
            self.divisors[part.component] = Some(divisors);
        }
        Some(())
    }

    /// Computes the pixels of stored coefficients. Pixels that were not decoded become grey.
    fn finish(&mut self) {
        if self.stored.is_empty() {
            if self.is_begun {
                dispatch!(self.level, simd => self.rows.write(simd, self.next_row, self.pixels));
            } else {
                dispatch!(self.level, simd => self.rows.write_waiting(simd, self.next_row, self.pixels));
            }
        } else {
            self.rows.done = 0;
            for mcu_row in 0..self.rows.mcus_down {
                dispatch!(self.level, simd => self.finish_row(simd, mcu_row));
            }
        }
        self.pixels[self.rows.done * self.rows.row_bytes()..].fill(128);
    }

    #[inline(always)]
    fn finish_row<S: Simd>(&mut self, simd: S, mcu_row: usize) {
        let mcus_across = self.rows.mcus_across;
        for ((plane, stored), divisors) in self.rows.planes.iter_mut().zip(&self.stored).zip(&self.divisors) {
            // A component without a scan has no coefficients, so that its divisors do not matter.
            let divisors = divisors.as_ref().unwrap_or(&[1; 64]);
            let across = mcus_across * plane.across;
            let blocks = &stored[mcu_row * plane.down * across..];
            for (row, blocks) in blocks.chunks_exact(across).take(plane.down).enumerate() {
                for (column, block) in blocks.iter().enumerate() {
                    let at = plane.offset(column, row);
                    inverse(simd, block, divisors, &mut plane.samples[at..], plane.stride);
                }
            }
        }
        self.rows.write(simd, mcu_row, self.pixels);
    }
}

/// The MCUs of a sequential scan of all components. Their samples are computed immediately.
struct Direct<'a, 'p> {
    picture: &'a mut Picture<'p>,
    scan: &'a ScanHeader<'a>,
    dc: Tables<Differences>,
    ac: Tables<AcTable>,
}

impl Mcus for Direct<'_, '_> {
    const RECOVERS: bool = true;

    fn mcu(&mut self, at: u64, bits: &mut Bits<'_>, sums: &mut [i64; 4]) -> Result<(), DamageKind> {
        dispatch!(self.picture.level, simd => self.mcu_with(simd, at, bits, sums))
    }
}

impl Direct<'_, '_> {
    #[inline(always)]
    fn mcu_with<S: Simd>(
        &mut self,
        simd: S,
        at: u64,
        bits: &mut Bits<'_>,
        sums: &mut [i64; 4],
    ) -> Result<(), DamageKind> {
        let Picture { rows, divisors, next_row, is_begun, pixels, .. } = &mut *self.picture;
        let is_inside = at < self.scan.mcus();
        let (mcu_row, column) = (at as usize / rows.mcus_across, at as usize % rows.mcus_across);
        // MCUs may have been skipped at a restart marker. They show what is above them.
        while is_inside && *next_row < mcu_row {
            rows.write(simd, *next_row, pixels);
            (*next_row, *is_begun) = (*next_row + 1, false);
        }
        // A copy, so that the buffer is in registers.
        let mut own = *bits;
        for (part, sum) in self.scan.parts.iter().zip(sums) {
            let (dc, ac) = (self.dc.get(part.dc).expect(TABLES), self.ac.get(part.ac).expect(TABLES));
            let plane = &mut rows.planes[part.component];
            let divisors = divisors[part.component].as_ref().expect(TABLES);
            let divisor = divisors[0] as u16;
            for block_at in 0..plane.across * plane.down {
                let mut block = [0; 64];
                let has_ac = match sequential(&mut own, dc, ac, divisor, sum, &mut block) {
                    Ok(has_ac) => has_ac,
                    Err(kind) => {
                        *bits = own;
                        return Err(kind);
                    }
                };
                if is_inside {
                    let at = plane.offset(column * plane.across + block_at % plane.across, block_at / plane.across);
                    let out = &mut plane.samples[at..];
                    if has_ac {
                        inverse(simd, &block, divisors, out, plane.stride);
                    } else {
                        flat(block[0].wrapping_mul(divisors[0]), out, plane.stride);
                    }
                }
            }
        }
        *bits = own;
        if is_inside {
            *is_begun = column + 1 < rows.mcus_across;
            if !*is_begun {
                rows.write(simd, mcu_row, pixels);
                *next_row = mcu_row + 1;
            }
        }
        Ok(())
    }
}

/// How the coefficients of a scan are coded.
enum Coding {
    Sequential {
        dc: Tables<Differences>,
        ac: Tables<AcTable>,
    },
    /// The first bits of DC coefficients.
    DcFirst {
        dc: Tables<Differences>,
        low: u32,
    },
    DcRefinement {
        low: u32,
    },
    AcFirst {
        ac: Tables<Table>,
        band: Band,
    },
    AcRefinement {
        ac: Tables<Table>,
        band: Band,
    },
}

impl Coding {
    /// `None` if a table is missing or the parameters are out of range.
    fn new(is_progressive: bool, scan: &ScanHeader<'_>) -> Option<Self> {
        if !is_progressive {
            let (dc, ac) = (scan.tables(Class::Dc, Differences::new)?, scan.tables(Class::Ac, AcTable::new)?);
            return Some(Self::Sequential { dc, ac });
        }
        let ([first, last], [high, low]) = (scan.band.map(u32::from), scan.bits.map(u32::from));
        if first > last || last > 63 || low > 13 || high > 13 {
            return None;
        }
        Some(match (first, high) {
            // A scan of DC coefficients has no others.
            (0, _) if last > 0 => return None,
            (0, 0) => Self::DcFirst { dc: scan.tables(Class::Dc, Differences::new)?, low },
            (0, _) => Self::DcRefinement { low },
            _ => {
                if scan.parts.len() > 1 {
                    return None;
                }
                let (ac, band) = (scan.tables(Class::Ac, |table| table)?, Band { first, last, low });
                if high == 0 { Self::AcFirst { ac, band } } else { Self::AcRefinement { ac, band } }
            }
        })
    }
}

/// The MCUs of a scan whose coefficients are stored.
struct Stored<'a, 'p> {
    picture: &'a mut Picture<'p>,
    scan: &'a ScanHeader<'a>,
    coding: Coding,
    /// How many blocks of a progressive scan are still without coefficients.
    run: u32,
}

impl Mcus for Stored<'_, '_> {
    const RECOVERS: bool = true;

    fn mcu(&mut self, at: u64, bits: &mut Bits<'_>, sums: &mut [i64; 4]) -> Result<(), DamageKind> {
        let Picture { rows, stored, divisors, is_progressive, .. } = &mut *self.picture;
        let is_inside = at < self.scan.mcus();
        // Bits behind the last MCU of a progressive scan are not tried: most scans have MCUs without bits.
        if !is_inside && *is_progressive {
            return Err(DamageKind::HuffmanCode);
        }
        let at = at as usize;
        let is_single = self.scan.parts.len() == 1;
        for (part, sum) in self.scan.parts.iter().zip(sums) {
            let plane = &rows.planes[part.component];
            let divisor = divisors[part.component].as_ref().expect(TABLES)[0] as u16;
            let across = rows.mcus_across * plane.across;
            for block_at in 0..part.blocks {
                let (column, row) = if is_single {
                    (at % plane.blocks_across(), at / plane.blocks_across())
                } else {
                    let (column, row) = (at % rows.mcus_across, at / rows.mcus_across);
                    (column * plane.across + block_at % plane.across, row * plane.down + block_at / plane.across)
                };
                let mut outside = [0; 64];
                let block = stored[part.component].get_mut(row * across + column).filter(|_| is_inside);
                let block = block.unwrap_or(&mut outside);
                match &self.coding {
                    Coding::Sequential { dc, ac } => {
                        let (dc, ac) = (dc.get(part.dc).expect(TABLES), ac.get(part.ac).expect(TABLES));
                        *block = [0; 64];
                        sequential(bits, dc, ac, divisor, sum, block)?;
                    }
                    Coding::DcFirst { dc, low } => {
                        let scaled = u16::try_from(u32::from(divisor) << low).unwrap_or(u16::MAX);
                        dc_coefficient(bits, dc.get(part.dc).expect(TABLES), scaled, sum)?;
                        block[0] = (*sum as i16) << low;
                    }
                    Coding::DcRefinement { low } => block[0] |= (read_bits(bits, 1) << low) as i16,
                    Coding::AcFirst { ac, band } => {
                        band.read(bits, ac.get(part.ac).expect(TABLES), &mut self.run, block)?;
                    }
                    Coding::AcRefinement { ac, band } => {
                        band.refine(bits, ac.get(part.ac).expect(TABLES), &mut self.run, block)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.run = 0;
    }
}
