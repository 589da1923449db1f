//! The frame header of a JPEG (T.81, annex B.2.2), and the layout of its MCUs (annex A.2).

/// A component of the picture. [`Frame`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Component {
    /// The identifier, by which scan headers refer to the component.
    pub name: u8,
    /// The horizontal sampling factor, 0 to 15. 0 is invalid.
    pub across: u8,
    /// The vertical sampling factor, 0 to 15. 0 is invalid.
    pub down: u8,
    /// The number of the quantisation table.
    pub table: u8,
}

/// A frame header.
///
/// ```
/// use smart_resize_jpeg::check::Frame;
///
/// // 640 x 480 pixels of 8 bits, and one component with the name 1, the factors 2 and 1, and the table 0.
/// let frame = Frame::read(&[8, 1, 224, 2, 128, 1, 1, 0x21, 0]).unwrap();
/// assert_eq!((frame.width, frame.height), (640, 480));
/// assert_eq!((frame.components[0].across, frame.components[0].down), (2, 1));
/// assert_eq!(Frame::read(&[8, 1, 224, 2, 128, 1]), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// In pixels.
    pub width: u16,
    /// In pixels. 0 if only a later DNL segment has it.
    pub height: u16,
    /// The components, in the order of the header.
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the content of a frame header: precision (1 byte), height and width (4), number of components (1), then for each
    /// component its name, sampling factors and quantisation table (3). `None` if it is too short.
    pub fn read(content: &[u8]) -> Option<Self> {
        let &[_, h0, h1, w0, w1, count, ref each @ ..] = content else { return None };
        let (each, _) = each.get(..3 * usize::from(count))?.as_chunks::<3>();
        // The high half of a byte of sampling factors is horizontal, the low half vertical.
        let component =
            |&[name, factors, table]: &[u8; 3]| Component { name, across: factors >> 4, down: factors & 15, table };
        Some(Self {
            width: u16::from_be_bytes([w0, w1]),
            height: u16::from_be_bytes([h0, h1]),
            components: each.iter().map(component).collect(),
        })
    }

    /// Returns the largest sampling factors.
    pub(crate) fn largest(&self) -> (u8, u8) {
        let most = |factor: fn(&Component) -> u8| self.components.iter().map(factor).max().unwrap_or(0);
        (most(|component| component.across), most(|component| component.down))
    }

    /// Returns the positions of the components of a scan by their names. As in libjpeg, a name that several components have
    /// means the first of them that the scan does not have yet. `None` if a name is unknown.
    pub(crate) fn positions(&self, names: impl IntoIterator<Item = u8>) -> Option<Vec<usize>> {
        let mut found = Vec::with_capacity(4);
        for name in names {
            let mut all = self.components.iter().enumerate();
            found.push(all.find(|(at, component)| component.name == name && !found.contains(at))?.0);
        }
        Some(found)
    }

    /// Whether all sampling factors are 1 to 4 and divide the largest of their direction.
    pub(crate) fn has_whole_ratios(&self) -> bool {
        let (across, down) = self.largest();
        let is_valid = |factor: u8, most: u8| (1..=4).contains(&factor) && most.is_multiple_of(factor);
        self.components.iter().all(|component| is_valid(component.across, across) && is_valid(component.down, down))
    }

    /// Returns the number of MCUs of a scan that has these components. `None` if a sampling factor is 0.
    ///
    /// A scan of several components has MCUs of the size of the largest factors, in blocks of 8 x 8. A scan of one
    /// component has one MCU for each block that contains a sample of the picture.
    pub(crate) fn mcus(&self, scan: &[&Component]) -> Option<u64> {
        let (across, down) = self.largest();
        let (own_across, own_down) = match scan {
            [only] => (only.across, only.down),
            _ => (1, 1),
        };
        let count = |side: u16, own: u8, most: u8| {
            let samples = (u32::from(side) * u32::from(own)).div_ceil(u32::from(most));
            u64::from(samples.div_ceil(8))
        };
        if across == 0 || down == 0 || own_across == 0 || own_down == 0 {
            return None;
        }
        Some(count(self.width, own_across, across) * count(self.height, own_down, down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u16, height: u16, factors: &[(u8, u8)]) -> Frame {
        let component =
            |(name, (across, down)): (u8, &(u8, u8))| Component { name, across: *across, down: *down, table: 0 };
        Frame { width, height, components: (1..).zip(factors).map(component).collect() }
    }

    #[test]
    fn an_interleaved_scan_has_mcus_of_the_largest_factors() {
        let frame = frame(33, 17, &[(2, 2), (1, 1), (1, 1)]);
        let all: Vec<_> = frame.components.iter().collect();
        assert_eq!(frame.mcus(&all), Some(3 * 2));
        // Luma has 33 x 17 samples, and chroma has 17 x 9.
        assert_eq!(frame.mcus(&all[..1]), Some(5 * 3));
        assert_eq!(frame.mcus(&all[1..2]), Some(3 * 2));
    }

    #[test]
    fn the_factors_of_a_single_component_do_not_count() {
        let frame = frame(33, 17, &[(2, 2)]);
        assert_eq!(frame.mcus(&[&frame.components[0]]), Some(5 * 3));
        assert_eq!(Frame { components: vec![], ..frame }.mcus(&[]), None);
    }
}
