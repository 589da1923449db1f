//! Checks the entropy-coded data of a sequential file without computing pixels. The file may come from any encoder. The
//! [decoder](crate::decode) finds the same damage while it computes them.
//!
//! The data of a JPEG has no checksum, and many decoders fill a gap with grey or continue with the next data, and report
//! nothing. So [`check`] walks the Huffman codes of each scan (T.81, annex F.2). Damage shows in these ways:
//!
//! - A scan, or the part of it up to a restart marker, ends before all its MCUs.
//! - Much data is left when all MCUs are there. A few stray bytes before a marker are harmless and common, and so is
//!   padding with equal bytes.
//! - The restart markers are not in order.
//! - A component has no scan.
//! - Bits are no code of the table, a block has more than 64 coefficients, or the sum of the DC differences leaves the
//!   range of 8-bit samples.
//!
//! Damage that has none of these signs is not noticed. No bytes make the check panic.
//!
//! ```
//! use smart_resize_jpeg::check::{self, DamageKind, Frame};
//! use smart_resize_jpeg::{Encoder, Scratch, marker};
//!
//! let rgb: Vec<u8> = (0..64 * 64 * 3).map(|at| (at % 251) as u8).collect();
//! let mut file = Encoder::new((64, 64), 85).encode(&rgb, &mut Scratch::default())?;
//! let header = check::segments(&file).find(|segment| segment.code == marker::SOF0).unwrap();
//! let frame = Frame::read(header.content).unwrap();
//! assert_eq!(check::check(&file, &frame).unwrap().damage, None);
//!
//! // The second half of the file is lost, and an end marker was added.
//! file.truncate(file.len() / 2);
//! file.extend([0xff, marker::EOI]);
//! let damage = check::check(&file, &frame).unwrap().damage.unwrap();
//! assert!(matches!(damage.kind, DamageKind::FewMcus { expected: 16, .. }));
//! assert_eq!(damage.at, file.len() - 2);
//! # Ok::<(), smart_resize_jpeg::Error>(())
//! ```

// The bytes are hostile, so an index, a sum of lengths or a conversion may be wrong.
#![warn(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod bits;
mod damage;
mod frame;
mod huffman;
mod scan;
mod segment;

use std::iter::repeat_n;

pub(crate) use self::bits::Bits;
pub use self::damage::{Damage, DamageKind};
pub use self::frame::{Component, Frame};
pub(crate) use self::huffman::{Code, Differences, LOOKAHEAD, Table};
use self::huffman::{Steps, definitions};
use self::scan::{Block, Blocks, Scan};
pub(crate) use self::scan::{COEFFICIENTS, Mcus, ScanEnd, dc_coefficient};
pub use self::segment::{Segment, Segments, segments};
use crate::marker;

/// The result of the check. The default is that of a file without damage. The documentation of the [module](self) has an
/// example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The first damage.
    pub damage: Option<Damage>,
}

impl Checked {
    const fn damaged(kind: DamageKind, at: usize) -> Self {
        Self { damage: Some(Damage::new(kind, at)) }
    }
}

/// Checks all scans of a file that has this sequential frame, with Huffman codes. `None` if that is not possible, since a
/// table is missing or headers are invalid.
///
/// The time grows with the length of the file and with the number of its scans, each of which may take up to eight
/// tables of 4,096 entries. A caller that checks files of strangers limits the number of scans first. The documentation
/// of the [module](self) has an example.
pub fn check(bytes: &[u8], frame: &Frame) -> Option<Checked> {
    walk_scans(bytes, frame, false, |scan, at| {
        let (dc, ac) = (scan.tables(Class::Dc, Differences::new)?, scan.tables(Class::Ac, Steps::new)?);
        let mut blocks = Vec::new();
        for (component, part) in scan.parts.iter().enumerate() {
            // A table without its last divisor is incomplete.
            let (divisor, _) = (part.divisor(0)?, part.divisor(63)?);
            let block = Block { component, dc: dc.get(part.dc)?, ac: ac.get(part.ac)?, divisor };
            blocks.extend(repeat_n(block, part.blocks));
        }
        Some(scan.walk(bytes, at, &mut Blocks(blocks)))
    })
}

/// Walks all scans of a file. `each` walks the data of a scan, which begins at an offset of the file, or returns `None` if
/// that is not possible. Returns `None` then, or if headers are invalid.
pub(crate) fn walk_scans<'a>(
    bytes: &'a [u8],
    frame: &Frame,
    is_progressive: bool,
    mut each: impl FnMut(&ScanHeader<'a>, usize) -> Option<Result<ScanEnd, Damage>>,
) -> Option<Checked> {
    let mut state = State::new(frame);
    // The tables may come before the frame.
    let mut segments = segments(bytes);
    // The offset behind the data of the last scan, when all components have theirs.
    let mut whole = None;
    while let Some(found) = segments.next() {
        match found.code {
            marker::EOI => {
                let missing = state.missing().map(|component| DamageKind::NoScan { component });
                return Some(Checked { damage: missing.map(|kind| Damage::new(kind, found.code_at - 1)) });
            }
            // All components are there, so this belongs to something else behind a picture without an end marker.
            marker::SOF0..=marker::SOF2 | marker::SOS if whole.is_some() => break,
            marker::DHT => state.define_huffman(found.content),
            marker::DQT => state.define_divisors(found.content),
            marker::DRI => {
                let &[high, low, ..] = found.content else { return None };
                state.interval = u16::from_be_bytes([high, low]).into();
            }
            marker::SOS => {
                let end = match each(&state.scan(found.content)?, found.end)? {
                    Ok(end) => end,
                    Err(damage) => return Some(Checked { damage: Some(damage) }),
                };
                // A progressive picture may have any number of scans.
                let is_last = !is_progressive && state.missing().is_none();
                // Much data behind the last MCU is a trailer if no end marker follows it.
                let is_trailer = is_last && end.marker.is_none_or(|(marker, _)| marker != marker::EOI);
                match end.marker {
                    _ if end.has_excess_data() && !is_trailer => {
                        let at = end.marker.map_or(bytes.len(), |(_, at)| at);
                        return Some(Checked::damaged(DamageKind::ExcessData { bytes: end.stray }, at));
                    }
                    Some((marker, marker_at)) if !end.has_excess_data() => {
                        segments.at = marker_at;
                        whole = is_last.then_some(end.data);
                        if marker == marker::EOI && is_last {
                            return Some(Checked::default());
                        }
                    }
                    _ if is_last => {
                        whole = Some(end.data);
                        break;
                    }
                    _ => break,
                }
            }
            _ => {}
        }
    }
    Some(match whole {
        Some(end) => Checked::damaged(DamageKind::NoEnd, end),
        None => Checked::damaged(DamageKind::NoScan { component: state.missing()? }, bytes.len()),
    })
}

/// The definitions of the Huffman tables by class and number. They are read when a scan uses them, since the number of
/// scans is limited, and the number of definitions is not.
type Definitions<'a> = [[Option<&'a [u8]>; 4]; 2];

/// The definitions before a scan, as the segments give them.
struct State<'a, 'f> {
    frame: &'f Frame,
    huffman: Definitions<'a>,
    /// The quantisation tables, each with its precision and number in front.
    divisors: [Option<&'a [u8]>; 4],
    interval: u64,
    /// Whether each component has a scan.
    is_scanned: Vec<bool>,
}

impl<'a, 'f> State<'a, 'f> {
    fn new(frame: &'f Frame) -> Self {
        let is_scanned = vec![false; frame.components.len()];
        Self { frame, huffman: [[None; 4]; 2], divisors: [None; 4], interval: 0, is_scanned }
    }

    /// Returns the first component without a scan.
    fn missing(&self) -> Option<u8> {
        self.is_scanned.iter().position(|is_scanned| !is_scanned).and_then(|at| u8::try_from(at).ok())
    }

    /// Notes the Huffman tables of a DHT segment.
    fn define_huffman(&mut self, content: &'a [u8]) {
        for (name, definition) in definitions(content) {
            let class = self.huffman.get_mut(usize::from(name >> 4));
            if let Some(table) = class.and_then(|class| class.get_mut(usize::from(name & 15))) {
                *table = Some(definition);
            }
        }
    }

    /// Notes the quantisation tables of a DQT segment. Each has its precision and number (1 byte), then 64 divisors of 1
    /// or 2 bytes.
    fn define_divisors(&mut self, mut content: &'a [u8]) {
        while let &[name, ..] = content {
            if let Some(table) = self.divisors.get_mut(usize::from(name & 15)) {
                *table = Some(content);
            }
            content = content.get(if name >> 4 == 0 { 65 } else { 129 }..).unwrap_or_default();
        }
    }

    /// Reads a scan header: the number of components (1 byte), then for each its name and tables (2), then the first and
    /// last coefficient (2) and the approximation bits (1). `None` if it is invalid.
    fn scan(&mut self, header: &[u8]) -> Option<ScanHeader<'a>> {
        let (&count, rest) = header.split_first()?;
        let (each, parameters) = rest.split_at_checked(2 * usize::from(count))?;
        // A scan has at most four components.
        if !(1..=4).contains(&count) {
            return None;
        }
        let mut parts = Vec::new();
        let mut components: Vec<&Component> = Vec::with_capacity(4);
        let each = each.as_chunks::<2>().0;
        let positions = self.frame.positions(each.iter().map(|[name, _]| *name))?;
        for (index, [_, tables]) in positions.into_iter().zip(each) {
            let component = self.frame.components.get(index)?;
            *self.is_scanned.get_mut(index)? = true;
            components.push(component);
            let [dc, ac] = [tables >> 4, tables & 15].map(usize::from);
            let divisors = self.divisors.get(usize::from(component.table)).copied().flatten();
            // The MCU of a scan of one component has one block.
            let blocks = if count == 1 { 1 } else { usize::from(component.across) * usize::from(component.down) };
            parts.push(Part { component: index, dc, ac, divisors, blocks });
        }
        let mcus = self.frame.mcus(&components)?;
        let (band, bits) = match *parameters {
            [first, last, bits, ..] => ([first, last], [bits >> 4, bits & 15]),
            _ => ([0, 63], [0, 0]),
        };
        Some(ScanHeader { parts, huffman: self.huffman, mcus, interval: self.interval, band, bits })
    }
}

/// The two kinds of Huffman tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Class {
    Dc = 0,
    Ac = 1,
}

/// A scan header with the definitions of its tables.
pub(crate) struct ScanHeader<'a> {
    pub(crate) parts: Vec<Part<'a>>,
    huffman: Definitions<'a>,
    mcus: u64,
    interval: u64,
    /// The positions of the first and of the last coefficient. Only a progressive scan uses them.
    pub(crate) band: [u8; 2],
    /// How many bits an earlier scan has left out, and how many this one does. Only a progressive scan uses them.
    pub(crate) bits: [u8; 2],
}

/// A component of a scan.
pub(crate) struct Part<'a> {
    /// The position of the component in the frame.
    pub(crate) component: usize,
    /// The numbers of its tables.
    pub(crate) dc: usize,
    pub(crate) ac: usize,
    /// The quantisation table, with its precision and number in front. `None` if it is missing.
    divisors: Option<&'a [u8]>,
    /// The number of blocks in an MCU.
    pub(crate) blocks: usize,
}

impl Part<'_> {
    /// Returns the divisor of the coefficient at a position in zigzag order. `None` if it is missing.
    pub(crate) fn divisor(&self, position: usize) -> Option<u16> {
        let (name, divisors) = self.divisors?.split_first()?;
        if name >> 4 == 0 {
            return divisors.get(position).copied().map(u16::from);
        }
        divisors.as_chunks::<2>().0.get(position).copied().map(u16::from_be_bytes)
    }
}

impl ScanHeader<'_> {
    /// Reads the tables of a class that the scan uses. `None` if one of them is missing or invalid.
    pub(crate) fn tables<T>(&self, class: Class, new: impl Fn(Table) -> T) -> Option<Tables<T>> {
        let mut tables = Tables::default();
        for part in &self.parts {
            let number = if matches!(class, Class::Dc) { part.dc } else { part.ac };
            let table = tables.0.get_mut(number)?;
            if table.is_none() {
                let definition = (*self.huffman.get(class as usize)?.get(number)?)?;
                *table = Some(Box::new(new(Table::read(definition)?)));
            }
        }
        Some(tables)
    }

    /// Walks the data of the scan, which begins at the offset `at` of the file.
    pub(crate) fn walk(&self, bytes: &[u8], at: usize, mcus: &mut impl Mcus) -> Result<ScanEnd, Damage> {
        Scan { mcus: self.mcus, interval: self.interval }.walk(bytes, at, mcus)
    }

    /// Returns the number of MCUs.
    pub(crate) const fn mcus(&self) -> u64 {
        self.mcus
    }
}

/// The tables of a scan by their numbers. They are large, so only those that are used have memory.
pub(crate) struct Tables<T>([Option<Box<T>>; 4]);

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self([const { None }; 4])
    }
}

impl<T> Tables<T> {
    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.0.get(number)?.as_deref()
    }
}
