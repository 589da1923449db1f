//! Whether a PNG of some pixels could be smaller than red, green and blue: with a palette, or grey.

use crate::pixels::runs::runs;

/// What has been seen of some pixels: whether they are grey, and of how few colours.
#[derive(Debug)]
pub(super) struct Colours {
    is_grey: bool,
    /// The colours so far in a table, each in the first free place from where it belongs; 0 is a free place.
    table: [u32; Self::PLACES],
    count: usize,
    last: u32,
}

impl Default for Colours {
    fn default() -> Self {
        Self { is_grey: true, table: [0; Self::PLACES], count: 0, last: 0 }
    }
}

impl Colours {
    const PLACES: usize = 1024;

    /// Looks at some pixels, unless enough has been seen, and says whether it has: more colours than a palette holds, and
    /// one that is not grey.
    pub(super) fn are_many(&mut self, rgb: &[u8]) -> bool {
        for ([r, g, b], _) in runs(rgb.as_chunks().0) {
            if self.count > 256 && !self.is_grey {
                return true;
            }
            // Above the three bytes a bit, so that none is 0.
            let colour = u32::from_be_bytes([1, r, g, b]);
            if colour != self.last {
                self.last = colour;
                self.is_grey &= r == g && g == b;
                self.count(colour);
            }
        }
        self.count > 256 && !self.is_grey
    }

    fn count(&mut self, colour: u32) {
        if self.count > 256 {
            return;
        }
        // A multiplicative hash, by its upper ten bits.
        let start = (colour.wrapping_mul(0x9e37_79b1) >> 22) as usize;
        for place in (start..Self::PLACES).chain(0..start) {
            match self.table.get_mut(place) {
                Some(found) if *found == colour => return,
                Some(free @ 0) => {
                    *free = colour;
                    self.count += 1;
                    return;
                }
                _ => {}
            }
        }
    }
}

/// Whether the rows have more colours than a palette holds, and one that is not grey.
pub(super) fn are_many<'a>(mut rows: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut colours = Colours::default();
    rows.any(|row| colours.are_many(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_palette_and_one_that_is_not_grey() {
        let grey: Vec<u8> = (0..=255).flat_map(|level| [level; 3]).collect();
        let coloured: Vec<u8> = (0..=255).flat_map(|level| [level, 0, 0]).collect();
        let many = |rows: &[&[u8]]| are_many(rows.iter().copied());
        assert!(!many(&[]) && !many(&[&grey]) && !many(&[&coloured, &coloured]));
        // Black is in both.
        assert!(!many(&[&grey, &grey]) && many(&[&grey, &coloured]) && !many(&[&grey, &[0, 0, 0]]));
        assert!(!many(&[&coloured]) && !many(&[&coloured, &[0, 0, 0]]) && many(&[&coloured, &[0, 0, 1]]));
        assert!(many(&[&grey, &[255, 254, 255]]));
    }
}
