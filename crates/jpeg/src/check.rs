//! Checks the entropy-coded data of a sequential file without computing pixels. The file may come from any encoder.
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

pub use self::damage::{Damage, DamageKind};
pub use self::frame::{Component, Frame};
pub(crate) use self::huffman::definitions;
use self::huffman::{Differences, Steps, Table};
use self::scan::{Block, Scan, ScanEnd};
pub use self::segment::{Segment, Segments, segments};
use crate::marker;

/// The result of the check. The default is that of a file without damage. The documentation of the [module](self) has an
/// example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The first damage.
    pub damage: Option<Damage>,
    /// The offset behind the data of the last scan, if something other than the end marker follows it.
    pub data_end: Option<usize>,
}

impl Checked {
    const fn damaged(kind: DamageKind, at: usize) -> Self {
        Self { damage: Some(Damage::new(kind, at)), data_end: None }
    }
}

/// Checks all scans of a file that has this sequential frame, with Huffman codes. `None` if that is not possible, since a
/// table is missing or headers are invalid.
///
/// The time grows with the length of the file and with the number of its scans, each of which may take up to eight
/// tables of 2,048 entries. A caller that checks files of strangers limits the number of scans first. The documentation
/// of the [module](self) has an example.
pub fn check(bytes: &[u8], frame: &Frame) -> Option<Checked> {
    let mut state = State::new(frame);
    // The tables may come before the frame.
    let mut segments = segments(bytes);
    // The offset behind the data of the last scan, when all components have theirs.
    let mut whole = None;
    while let Some(found) = segments.next() {
        match found.code {
            marker::EOI => {
                let missing = state.missing().map(|component| DamageKind::NoScan { component });
                return Some(Checked {
                    damage: missing.map(|kind| Damage::new(kind, found.code_at - 1)),
                    data_end: whole,
                });
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
                let end = match state.scan(found.content)?.walk(bytes, found.end)? {
                    Ok(end) => end,
                    Err(damage) => return Some(Checked { damage: Some(damage), data_end: None }),
                };
                let is_last = state.missing().is_none();
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
                            return Some(Checked { damage: None, data_end: None });
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
        Some(end) => Checked { damage: Some(Damage::new(DamageKind::NoEnd, end)), data_end: Some(end) },
        None => Checked::damaged(DamageKind::NoScan { component: state.missing()? }, bytes.len()),
    })
}

/// The definitions before a scan, as the segments give them.
struct State<'a> {
    frame: &'a Frame,
    /// The definitions of the Huffman tables: those for DC coefficients, then those for AC coefficients. They are read
    /// when a scan uses them, since the number of scans is limited, and the number of definitions is not.
    huffman: [[Option<&'a [u8]>; 4]; 2],
    /// The divisors of the DC coefficients in each quantisation table.
    divisors: [Option<u16>; 4],
    interval: u64,
    /// Whether each component has a scan.
    is_scanned: Vec<bool>,
}

impl<'a> State<'a> {
    fn new(frame: &'a Frame) -> Self {
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

    /// Notes the divisors of the DC coefficients. A quantisation table has its precision and number (1 byte), then 64
    /// divisors of 1 or 2 bytes, of which that of the DC coefficient is the first.
    fn define_divisors(&mut self, mut content: &[u8]) {
        while let &[name, high, low, ..] = content {
            let is_wide = name >> 4 != 0;
            if let Some(divisor) = self.divisors.get_mut(usize::from(name & 15)) {
                *divisor = Some(if is_wide { u16::from_be_bytes([high, low]) } else { high.into() });
            }
            content = content.get(if is_wide { 129 } else { 65 }..).unwrap_or_default();
        }
    }

    /// Reads a scan header: the number of components (1 byte), then for each its name and tables (2). `None` if it is
    /// invalid or uses a table that is not defined.
    fn scan(&mut self, header: &[u8]) -> Option<ScanHeader> {
        let (&count, each) = header.split_first()?;
        let (each, _) = each.get(..2 * usize::from(count))?.as_chunks::<2>();
        // A scan has at most four components.
        if !(1..=4).contains(&count) {
            return None;
        }
        let mut scan = ScanHeader {
            parts: Vec::new(),
            dc: Tables::default(),
            ac: Tables::default(),
            mcus: 0,
            interval: self.interval,
        };
        let mut components: Vec<&Component> = Vec::with_capacity(4);
        for [name, tables] in each {
            let index = self.frame.components.iter().position(|component| component.name == *name)?;
            let component = self.frame.components.get(index)?;
            *self.is_scanned.get_mut(index)? = true;
            components.push(component);
            let [dc, ac] = [tables >> 4, tables & 15].map(usize::from);
            let [dc_definitions, ac_definitions] = &self.huffman;
            scan.dc.define(dc, dc_definitions, |definition| Table::read(definition).map(Differences::new))?;
            scan.ac.define(ac, ac_definitions, |definition| Table::read(definition).map(Steps::new))?;
            let divisor = self.divisors.get(usize::from(component.table)).copied().flatten().unwrap_or(1);
            // The MCU of a scan of one component has one block.
            let blocks = if count == 1 { 1 } else { usize::from(component.across) * usize::from(component.down) };
            scan.parts.push(Part { dc, ac, divisor, blocks });
        }
        scan.mcus = self.frame.mcus(&components)?;
        Some(scan)
    }
}

/// A scan header with its tables.
struct ScanHeader {
    parts: Vec<Part>,
    dc: Tables<Differences>,
    ac: Tables<Steps>,
    mcus: u64,
    interval: u64,
}

/// A component of a scan.
struct Part {
    /// The numbers of its tables.
    dc: usize,
    ac: usize,
    divisor: u16,
    /// The number of blocks in an MCU.
    blocks: usize,
}

impl ScanHeader {
    /// Walks the data of the scan, which begins at the offset `at`. `None` if a table is missing.
    fn walk(&self, bytes: &[u8], at: usize) -> Option<Result<ScanEnd, Damage>> {
        let mut blocks = Vec::new();
        for (component, part) in self.parts.iter().enumerate() {
            let (dc, ac) = (self.dc.get(part.dc)?, self.ac.get(part.ac)?);
            blocks.extend(repeat_n(Block { component, dc, ac, divisor: part.divisor }, part.blocks));
        }
        Some(Scan { blocks, mcus: self.mcus, interval: self.interval }.walk(bytes, at))
    }
}

/// The tables of a scan by their numbers. They are large, so only those that are used have memory.
struct Tables<T>([Option<Box<T>>; 4]);

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self([const { None }; 4])
    }
}

impl<T> Tables<T> {
    /// Reads a table from its definition, unless that has been done. `None` if it cannot be read.
    fn define(
        &mut self,
        number: usize,
        definitions: &[Option<&[u8]>; 4],
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<()> {
        let table = self.0.get_mut(number)?;
        if table.is_none() {
            *table = Some(Box::new(read((*definitions.get(number)?)?)?));
        }
        Some(())
    }

    fn get(&self, number: usize) -> Option<&T> {
        self.0.get(number)?.as_deref()
    }
}
