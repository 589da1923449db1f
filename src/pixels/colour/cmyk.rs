//! Converts CMYK to sRGB, through a profile or without one.
//!
//! A profile has a table of colours with some nodes per ink (ICC.1:2022, 10.10 to 10.12). Curves in front of it map each ink
//! to a position between nodes, and curves behind it finish the colour, which is L*a*b* or XYZ. As in LittleCMS, colours
//! between nodes are interpolated linearly along cyan, and in tetrahedra along the other inks. `moxcms` reads the table. It
//! is not used to apply it, since it interpolates a second time, between 17 nodes (`docs/decisions/cmyk.md`).
//!
//! Then black point compensation (ISO 18619) maps the black of the profile to that of sRGB, since print is lighter than a
//! screen. With the white W of the connection space (D50), the black B of the profile, and each of X, Y and Z:
//!
//! ```text
//! X' = W (X - B) / (W - B)
//! ```
//!
//! The intent is perceptual, as for other tables. For it, LittleCMS takes full ink of all four as black, and for a profile of
//! version 4 the black of the perceptual reference medium.
//!
//! All arithmetic is in a fixed order without fused operations, so that the result is the same on every machine.

use moxcms::{ColorProfile, DataColorSpace, LutStore, LutWarehouse, ProfileVersion, ToneReprCurve};

use super::curve::{Curve, SRGB_OF_LIGHT, light_of_root, steps, to_f32};
use super::{TagError, broken, srgb_primaries};

/// XYZ of the white of the connection space (ICC.1:2022, 7.2.16).
const D50: [f32; 3] = [0.9642, 1.0, 0.8249];

/// XYZ of the darkest colour of the perceptual reference medium of ICC.1.
const REFERENCE_BLACK: [f32; 3] = [0.003_36, 0.003_473_1, 0.002_87];

/// The largest Y of a credible black: that of L* = 50.
const LIGHTEST_BLACK: f32 = 0.184_187;

/// The number of colours and the number of inks.
const COLOURS: usize = 3;
const INKS: usize = 4;

/// A conversion by a profile.
pub(super) struct Cmyk {
    /// For each ink, the position of each of its 256 levels along its axis of the table, in nodes.
    axes: [Vec<f32>; INKS],
    /// The number of nodes along each axis.
    nodes: [usize; INKS],
    /// The colours of all nodes. The position along the last axis changes fastest.
    table: Vec<[f32; COLOURS]>,
    /// What follows the table.
    stages: Vec<Stage>,
    encoding: Encoding,
    /// From XYZ to linear light of sRGB, with black point compensation.
    rows: [[f32; 3]; 3],
    offset: [f32; 3],
}

/// A step from the colours of the table to those of the connection space.
enum Stage {
    /// The results of each curve for equally spaced arguments from 0 to 1.
    Curves([Vec<f32>; COLOURS]),
    Matrix {
        rows: [[f32; 3]; 3],
        bias: [f32; 3],
    },
}

/// How numbers from 0 to 1 encode colours of the connection space.
enum Encoding {
    Xyz,
    /// L*a*b*. The largest encoded L* is 100 times this factor.
    Lab(f32),
}

impl Cmyk {
    pub(super) fn new(profile: &ColorProfile) -> Result<Self, TagError> {
        let table = profile.lut_a_to_b_perceptual.as_ref().or(profile.lut_a_to_b_colorimetric.as_ref());
        let table = table.ok_or_else(|| broken("a profile of CMYK without a table"))?;
        let mut cmyk = Self::of_table(table, profile.pcs).ok_or_else(|| broken("a profile with an invalid table"))?;
        let is_v4 = profile.version() >= ProfileVersion::V4_0;
        // Rounding in a profile can give an L* of 0 with a hue, of which a part would be negative light.
        let black = if is_v4 { REFERENCE_BLACK } else { cmyk.xyz([255; INKS]).map(|light| light.max(0.0)) };
        (cmyk.rows, cmyk.offset) = compensated(if black[1] > LIGHTEST_BLACK { [0.0; 3] } else { black });
        Ok(cmyk)
    }

    /// `None` if the table is not one from four inks to three colours.
    fn of_table(table: &LutWarehouse, connection: DataColorSpace) -> Option<Self> {
        let (axes, nodes, colours, stages, lab_factor);
        match table {
            LutWarehouse::Lut(lut) => {
                nodes = [usize::from(lut.num_clut_grid_points); INKS];
                let levels = |level: f64, curve: &[f32]| interpolated(curve, to_f32(level));
                axes =
                    curves::<INKS>(&lut.input_table)?.map(|curve| steps(false).map(|at| levels(at, &curve)).collect());
                colours = numbers(&lut.clut_table);
                stages = vec![Stage::Curves(curves(&lut.output_table)?)];
                // A table of 16 bits keeps the encoding of version 2, in which 65,280 is an L* of 100.
                lab_factor = if matches!(lut.clut_table, LutStore::Store16(_)) { 65_535.0 / 65_280.0 } else { 1.0 };
            }
            LutWarehouse::Multidimensional(lut) => {
                let grid = lut.grid_points;
                nodes = std::array::from_fn(|at| usize::from(grid[at]));
                axes = each::<INKS>(&lut.a_curves, |curve| steps(false).map(|at| to_f32(curve.at(at))).collect())?;
                colours = numbers(lut.clut.as_ref()?);
                let rows = lut.matrix.v.map(|row| row.map(to_f32));
                stages = vec![
                    Stage::Curves(each(&lut.m_curves, tabulated)?),
                    Stage::Matrix { rows, bias: lut.bias.v.map(to_f32) },
                    Stage::Curves(each(&lut.b_curves, tabulated)?),
                ];
                lab_factor = 1.0;
            }
        }
        let encoding = match connection {
            DataColorSpace::Lab => Encoding::Lab(lab_factor),
            DataColorSpace::Xyz => Encoding::Xyz,
            _ => return None,
        };
        let (table, rest) = colours.as_chunks::<COLOURS>();
        let is_valid = nodes.iter().all(|nodes| *nodes > 1) && nodes.iter().product::<usize>() == table.len();
        if !is_valid || !rest.is_empty() {
            return None;
        }
        let mut axes: [Vec<f32>; INKS] = axes;
        for (axis, nodes) in axes.iter_mut().zip(nodes) {
            #[expect(clippy::cast_precision_loss, reason = "at most 255")]
            for position in axis {
                *position *= (nodes - 1) as f32;
            }
        }
        Some(Self { axes, nodes, table: table.to_vec(), stages, encoding, rows: [[0.0; 3]; 3], offset: [0.0; 3] })
    }

    /// Converts inks of 8 bits.
    pub(super) fn apply(&self, inks: [u16; INKS]) -> [u8; 3] {
        applied(&self.rows, self.offset, self.xyz(inks)).map(|light| SRGB_OF_LIGHT.at(light))
    }

    /// Returns the XYZ of inks of 8 bits.
    fn xyz(&self, inks: [u16; INKS]) -> [f32; 3] {
        let mut colour = self.interpolated(inks);
        for stage in &self.stages {
            colour = match stage {
                Stage::Curves(curves) => std::array::from_fn(|at| interpolated(&curves[at], colour[at])),
                Stage::Matrix { rows, bias } => applied(rows, *bias, colour),
            };
        }
        match self.encoding {
            // 1.0 is encoded as 32,768 of 65,535.
            Encoding::Xyz => colour.map(|number| number * (65_535.0 / 32_768.0)),
            Encoding::Lab(factor) => {
                let [lightness, a, b] = colour.map(|number| f64::from(number * factor));
                let root = (lightness * 100.0 + 16.0) / 116.0;
                let roots = [root + (a * 255.0 - 128.0) / 500.0, root, root - (b * 255.0 - 128.0) / 200.0];
                std::array::from_fn(|at| D50[at] * to_f32(light_of_root(roots[at])))
            }
        }
    }

    /// Interpolates the table.
    fn interpolated(&self, inks: [u16; INKS]) -> [f32; COLOURS] {
        // For each axis, the way from a node to the next one as an index, and the part of it up to the colour.
        let mut ways = [(0.0, 0); INKS];
        let (mut first, mut stride) = (0, 1);
        for at in (0..INKS).rev() {
            let position = self.axes[at][usize::from(inks[at])];
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 254")]
            let node = position as usize;
            #[expect(clippy::cast_precision_loss, reason = "0 to 254")]
            let part = position - node as f32;
            first += node * stride;
            // The last node has no next one, and then the part is 0.
            ways[at] = (part, if node + 1 < self.nodes[at] { stride } else { 0 });
            stride *= self.nodes[at];
        }
        let [(part, stride), others @ ..] = &mut ways;
        // The tetrahedron is the one whose edges lead from corner to corner along the axis with the largest part first.
        others.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        let (low, high) = (self.tetrahedron(first, others), self.tetrahedron(first + *stride, others));
        std::array::from_fn(|at| low[at] + (high[at] - low[at]) * *part)
    }

    fn tetrahedron(&self, first: usize, edges: &[(f32, usize)]) -> [f32; COLOURS] {
        let mut node = self.table[first];
        let (mut colour, mut at) = (node, first);
        for (part, stride) in edges {
            at += stride;
            let next = self.table[at];
            colour = std::array::from_fn(|at| colour[at] + (next[at] - node[at]) * part);
            node = next;
        }
        colour
    }
}

/// Returns the matrix and the offset from XYZ to linear light of sRGB, with compensation of a black point.
fn compensated(black: [f32; 3]) -> ([[f32; 3]; 3], [f32; 3]) {
    let [black, white] = [black, D50].map(|colour| colour.map(f64::from));
    let scale: [f64; 3] = std::array::from_fn(|at| white[at] / (white[at] - black[at]));
    let from_xyz = srgb_primaries().rgb_to_xyz_matrix().inverse();
    let rows = from_xyz.v.map(|row| -> [f64; 3] { std::array::from_fn(|at| row[at] * scale[at]) });
    let moved = rows.map(|row| row.iter().zip(black).map(|(number, light)| number * light).sum::<f64>());
    (rows.map(|row| row.map(to_f32)), moved.map(|number| to_f32(-number)))
}

/// Converts inks without a profile: each takes its part of the light of one primary, and black a part of all. The inks are
/// those of 8 bits.
pub(super) fn without_profile([cyan, magenta, yellow, black]: [u16; INKS]) -> [u8; 3] {
    [cyan, magenta, yellow].map(|ink| {
        let light = (255 - u32::from(ink)) * (255 - u32::from(black));
        u8::try_from((light + 127) / 255).expect("invariant: at most 255 * 255 / 255")
    })
}

/// Applies a matrix and adds to each row.
fn applied(rows: &[[f32; 3]; 3], added: [f32; 3], [x, y, z]: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|at| rows[at][0] * x + rows[at][1] * y + rows[at][2] * z + added[at])
}

/// Returns the numbers of a table as 0 to 1.
fn numbers(store: &LutStore) -> Vec<f32> {
    match store {
        LutStore::Store8(table) => table.iter().map(|number| f32::from(*number) / 255.0).collect(),
        LutStore::Store16(table) => table.iter().map(|number| f32::from(*number) / 65_535.0).collect(),
    }
}

/// Splits a table into curves. `None` if a curve would have less than two numbers.
fn curves<const N: usize>(store: &LutStore) -> Option<[Vec<f32>; N]> {
    let numbers = numbers(store);
    let length = numbers.len() / N;
    let mut curves = numbers.chunks_exact(length.max(2)).map(<[f32]>::to_vec);
    let found = std::array::from_fn(|_| curves.next().unwrap_or_default());
    found.iter().all(|curve| !curve.is_empty()).then_some(found)
}

/// Converts each of `N` curves. `None` if there are not so many, or one is invalid.
fn each<const N: usize>(curves: &[ToneReprCurve], convert: impl Fn(Curve) -> Vec<f32>) -> Option<[Vec<f32>; N]> {
    let converted: Option<Vec<_>> = curves.iter().map(|curve| Curve::of_icc(curve).map(&convert)).collect();
    converted?.try_into().ok()
}

/// Returns the results of a curve for 65,536 arguments.
#[expect(clippy::needless_pass_by_value, reason = "an argument of `each`")]
fn tabulated(curve: Curve) -> Vec<f32> {
    steps(true).map(|at| to_f32(curve.at(at))).collect()
}

/// Interpolates a curve at `x`, which is clipped to 0 to 1. NaN gives the first number.
fn interpolated(curve: &[f32], x: f32) -> f32 {
    let last = curve.len() - 1;
    #[expect(clippy::cast_precision_loss, reason = "at most 65,535")]
    let position = x.clamp(0.0, 1.0) * last as f32;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `last`")]
    let at = position as usize;
    let (low, high) = (curve[at], curve[(at + 1).min(last)]);
    low + (high - low) * position.fract().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compensation_maps_the_black_point_to_black_and_keeps_white() {
        let black = [0.05, 0.04, 0.03];
        let (rows, offset) = compensated(black);
        let applied = |xyz| applied(&rows, offset, xyz);
        let is_close = |found: [f32; 3], expected: f32| found.iter().all(|number| (number - expected).abs() < 1e-3);
        assert!(is_close(applied(black), 0.0) && is_close(applied(D50), 1.0), "{:?}", applied(D50));
    }

    #[test]
    fn without_a_profile_black_ink_darkens_all_channels_alike() {
        assert_eq!(without_profile([0; 4]), [255; 3]);
        assert_eq!(without_profile([255, 0, 0, 0]), [0, 255, 255]);
        assert_eq!(without_profile([0, 0, 0, 255]), [0; 3]);
        // 155 * 205 / 255 is 124.6, and 255 * 205 / 255 is 205.
        assert_eq!(without_profile([100, 0, 255, 50]), [125, 205, 0]);
    }

    #[test]
    fn a_curve_is_interpolated_and_its_argument_clipped() {
        let found = [-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0, f32::NAN].map(|x| interpolated(&[0.0, 0.5, 0.75], x));
        assert_eq!(found.map(f32::to_bits), [0.0, 0.0, 0.25, 0.5, 0.625, 0.75, 0.75, 0.0].map(f32::to_bits));
    }

    #[test]
    fn only_a_table_of_enough_numbers_has_curves() {
        let found = |length: usize| curves::<3>(&LutStore::Store8(vec![255; length])).map(|curves| curves[2].len());
        assert_eq!([0, 3, 5, 6, 9].map(found), [None, None, None, Some(2), Some(3)]);
    }
}
