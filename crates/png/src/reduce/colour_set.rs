//! A set of at most 256 colours, and the palette made of it.
//!
//! A hash table with open addressing and linear probing: at most an eighth of its slots are used, so most lookups end
//! at the first one.

use crate::palette::{Palette, Rgba};

/// The hash table has 2^11 slots.
const SLOT_BITS: u32 = 11;
const SLOTS: usize = 1 << SLOT_BITS;

/// The colours of a picture.
#[derive(Debug)]
pub(super) struct ColourSet {
    /// In the order in which they were inserted.
    colours: [Rgba; 256],
    len: usize,
    /// The palette index of each colour, in the same order; valid after [`sort`](Self::sort).
    indices: [u8; 256],
    /// The number of the colour in a slot, plus one; 0 where the slot is empty.
    slots: [u16; SLOTS],
}

/// Where a colour is.
enum Slot {
    Empty(usize),
    /// Holds the colour of this number.
    Used(usize),
}

impl ColourSet {
    /// A set without colours.
    pub(super) const fn new() -> Self {
        Self { colours: [[0; 4]; 256], len: 0, indices: [0; 256], slots: [0; SLOTS] }
    }

    /// Inserts a colour. Returns false if it would be the 257th.
    pub(super) fn try_insert(&mut self, colour: Rgba) -> bool {
        if let Slot::Empty(slot) = self.find(colour) {
            if self.len == self.colours.len() {
                return false;
            }
            self.colours[self.len] = colour;
            self.len += 1;
            self.slots[slot] = u16::try_from(self.len).expect("invariant: at most 256 colours");
        }
        true
    }

    /// Makes the palette. Translucent colours come first, because alpha entries of the file end with the last of them;
    /// then colours are in the order of their brightness, of which green has the largest part.
    pub(super) fn sort(&mut self) -> Palette {
        let mut colours = self.colours;
        let colours = &mut colours[..self.len];
        colours.sort_unstable_by_key(|&[r, g, b, alpha]| (alpha, g, r, b));
        for (colour, index) in colours.iter().zip(0..=u8::MAX) {
            self.indices[self.number(*colour)] = index;
        }
        Palette::new(colours)
    }

    /// The palette index of a colour of the set.
    pub(super) fn index(&self, colour: Rgba) -> u8 {
        self.indices[self.number(colour)]
    }

    /// The number of a colour of the set: its place in the order of insertion.
    fn number(&self, colour: Rgba) -> usize {
        match self.find(colour) {
            Slot::Used(number) => number,
            Slot::Empty(_) => unreachable!("invariant: the colour was inserted"),
        }
    }

    /// The slot of a colour, or the empty one where it would be inserted.
    fn find(&self, colour: Rgba) -> Slot {
        // A multiplicative hash by 2^32 divided by the golden ratio, of which the upper bits are the slot.
        let mut slot = (u32::from_le_bytes(colour).wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS)) as usize;
        loop {
            match usize::from(self.slots[slot]) {
                0 => return Slot::Empty(slot),
                number if self.colours[number - 1] == colour => return Slot::Used(number - 1),
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_257th_colour_is_refused_and_the_palette_is_sorted() {
        let mut colours = ColourSet::new();
        let colour =
            |number: u8| [number, number.wrapping_mul(7), 3, if number.is_multiple_of(4) { number } else { 255 }];
        for _ in 0..2 {
            assert!((0..=255).all(|number| colours.try_insert(colour(number))));
        }
        assert!(!colours.try_insert([0, 0, 0, 1]));
        let palette = colours.sort();
        assert_eq!(palette.len(), 256);
        assert!(palette.windows(2).all(|pair| pair[0][3] <= pair[1][3]));
        assert!((0..=255).all(|number| palette[usize::from(colours.index(colour(number)))] == colour(number)));
    }

    #[test]
    fn the_palette_has_translucent_colours_first_then_the_order_of_green_red_and_blue() {
        let mut colours = ColourSet::new();
        let sorted = [[9, 9, 9, 0], [9, 9, 9, 77], [9, 1, 9, 255], [1, 2, 9, 255], [2, 2, 1, 255], [2, 2, 3, 255]];
        assert!([4, 0, 5, 2, 1, 3].iter().all(|at: &usize| colours.try_insert(sorted[*at])));
        assert_eq!(colours.sort()[..], sorted);
        assert_eq!(sorted.map(|colour| colours.index(colour)), [0, 1, 2, 3, 4, 5]);
    }
}
