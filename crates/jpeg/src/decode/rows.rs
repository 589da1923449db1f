//! Upsamples the samples of one MCU row at a time, and converts them to rows of pixels.
//!
//! An interpolation needs the rows above and below. So the last row of an MCU row stays until the next one is there, and
//! the last row of pixels waits for it.

use fearless_simd::Simd;

use super::colour;
use super::upsample::Upsampling;
use crate::check::{Component, Frame};
use crate::frame::SIDE;
use crate::header::ColourSpace;

/// The samples of a component in one MCU row.
pub(super) struct Plane {
    /// The sampling factors.
    pub(super) across: usize,
    pub(super) down: usize,
    /// The numbers of columns and rows that the picture shows.
    columns: usize,
    rows: usize,
    /// The distance of two rows, a multiple of the pixels that are converted at a time.
    pub(super) stride: usize,
    /// The last row of the MCU row above, and the rows of this one.
    pub(super) samples: Vec<u8>,
    upsampling: Upsampling,
    /// A row of upsampled samples.
    row: Vec<u8>,
}

impl Plane {
    fn new(component: Component, frame: &Frame, largest: [usize; 2], mcus_across: usize) -> Self {
        let [across, down] = [component.across, component.down].map(usize::from);
        let columns = (usize::from(frame.width) * across).div_ceil(largest[0]);
        let rows = (usize::from(frame.height) * down).div_ceil(largest[1]);
        let ratio = [largest[0] / across, largest[1] / down];
        let stride = (mcus_across * across * SIDE).next_multiple_of(colour::GROUP);
        let upsampling = Upsampling::new(columns, ratio[0], ratio[1]);
        Self {
            across,
            down,
            columns,
            rows,
            stride,
            samples: vec![128; (down * SIDE + 1) * stride],
            upsampling,
            row: vec![0; if upsampling.is_none() { 0 } else { stride * ratio[0] }],
        }
    }

    /// Where the samples of a block of this MCU row begin.
    pub(super) const fn offset(&self, column: usize, row: usize) -> usize {
        (row * SIDE + 1) * self.stride + column * SIDE
    }

    /// The number of blocks that have samples of the picture, across.
    pub(super) const fn blocks_across(&self) -> usize {
        self.columns.div_ceil(SIDE)
    }

    /// Upsamples row `y` of the picture, unless it only needs to be copied.
    #[inline(always)]
    fn upsample<S: Simd>(&mut self, simd: S, y: usize, mcu_row: usize, sums: &mut Vec<u16>) {
        if !self.upsampling.is_none() {
            let [near, far] = self.upsampling.rows(y, self.rows);
            let [near, far] = [self.row_at(near, mcu_row), self.row_at(far, mcu_row)];
            let rows = [&self.samples[near..near + self.stride], &self.samples[far..far + self.stride]];
            self.upsampling.row(simd, y, rows, self.columns, sums, &mut self.row);
        }
    }

    /// The samples of row `y` of the picture, after `upsample`.
    #[inline(always)]
    fn upsampled(&self, y: usize, mcu_row: usize) -> &[u8] {
        if self.upsampling.is_none() { &self.samples[self.row_at(y, mcu_row)..][..self.stride] } else { &self.row }
    }

    /// Where a row of the component begins. It is in this MCU row, or the last one above it.
    const fn row_at(&self, row: usize, mcu_row: usize) -> usize {
        (row + 1 - mcu_row * self.down * SIDE) * self.stride
    }
}

/// The samples of an MCU row.
pub(super) struct Rows {
    pub(super) planes: Vec<Plane>,
    pub(super) mcus_across: usize,
    pub(super) mcus_down: usize,
    width: usize,
    height: usize,
    mcu_height: usize,
    colour_space: ColourSpace,
    /// Whether the last row of pixels needs the next MCU row.
    needs_next: bool,
    /// The number of rows of pixels that are written.
    pub(super) done: usize,
    sums: Vec<u16>,
    /// A row of three colours, if there are four.
    colours: Vec<u8>,
}

impl Rows {
    /// `None` if a sampling factor is not 1 to 4, or does not divide the largest.
    pub(super) fn new(frame: &Frame, colour_space: ColourSpace) -> Option<Self> {
        if !frame.has_whole_ratios() {
            return None;
        }
        let (across, down) = frame.largest();
        let mut largest = [across, down].map(usize::from);
        let mut components = frame.components.clone();
        // The factors of a single component do not count.
        if let [only] = &mut components[..] {
            (only.across, only.down, largest) = (1, 1, [1, 1]);
        }
        let (width, height) = (usize::from(frame.width), usize::from(frame.height));
        let [mcu_width, mcu_height] = largest.map(|factor| factor * SIDE);
        let mcus_across = width.div_ceil(mcu_width);
        let plane = |component: &Component| Plane::new(*component, frame, largest, mcus_across);
        let planes: Vec<_> = components.iter().map(plane).collect();
        let needs_next = planes.iter().any(|plane| plane.upsampling.needs_neighbours());
        let mcus_down = height.div_ceil(mcu_height);
        let colours = vec![0; if planes.len() == 4 { 3 * width } else { 0 }];
        Some(Self {
            planes,
            mcus_across,
            mcus_down,
            width,
            height,
            mcu_height,
            colour_space,
            needs_next,
            done: 0,
            sums: Vec::new(),
            colours,
        })
    }

    /// Writes the pixels of an MCU row whose samples are there, and the last row of pixels above it if it has waited.
    #[inline(always)]
    pub(super) fn write<S: Simd>(&mut self, simd: S, mcu_row: usize, pixels: &mut [u8]) {
        let waits = usize::from(self.needs_next);
        let is_last = mcu_row + 1 == self.mcus_down;
        let end = if is_last { self.height } else { (mcu_row + 1) * self.mcu_height - waits };
        self.write_rows(simd, mcu_row, end, pixels);
        for plane in &mut self.planes {
            let last = plane.samples.len() - plane.stride;
            plane.samples.copy_within(last.., 0);
        }
    }

    /// Writes the row of pixels that waits for the samples of this MCU row, which are lost. The last row above is repeated.
    #[inline(always)]
    pub(super) fn write_waiting<S: Simd>(&mut self, simd: S, mcu_row: usize, pixels: &mut [u8]) {
        if self.needs_next && (1..self.mcus_down).contains(&mcu_row) {
            for plane in &mut self.planes {
                plane.samples.copy_within(..plane.stride, plane.stride);
            }
            self.write_rows(simd, mcu_row, self.done + 1, pixels);
        }
    }

    /// Writes the rows of pixels up to `end`.
    #[inline(always)]
    fn write_rows<S: Simd>(&mut self, simd: S, mcu_row: usize, end: usize, pixels: &mut [u8]) {
        let row_bytes = self.row_bytes();
        for y in self.done..end {
            for plane in &mut self.planes {
                plane.upsample(simd, y, mcu_row, &mut self.sums);
            }
            let out = &mut pixels[y * row_bytes..(y + 1) * row_bytes];
            match &self.planes[..] {
                [a, b, c] => {
                    let rows = [a.upsampled(y, mcu_row), b.upsampled(y, mcu_row), c.upsampled(y, mcu_row)];
                    colour::interleave(simd, self.colour_space == ColourSpace::Rgb, rows, out);
                }
                [a, b, c, k] => {
                    let rows = [a.upsampled(y, mcu_row), b.upsampled(y, mcu_row), c.upsampled(y, mcu_row)];
                    let is_ycck = self.colour_space == ColourSpace::Ycck;
                    colour::interleave(simd, !is_ycck, rows, &mut self.colours);
                    let is_inverted = self.colour_space == ColourSpace::Cmyk { is_inverted: true };
                    let masks = [is_inverted, is_inverted || is_ycck].map(|inverts| if inverts { 255 } else { 0 });
                    colour::add_black(masks, &self.colours, k.upsampled(y, mcu_row), out);
                }
                planes => out.copy_from_slice(&planes[0].upsampled(y, mcu_row)[..self.width]),
            }
        }
        self.done = end;
    }

    /// The bytes of a row of pixels.
    pub(super) const fn row_bytes(&self) -> usize {
        self.width * self.planes.len()
    }
}
