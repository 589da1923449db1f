//! Samples of any kind, described in any way, to sRGB of 8 bits.
//!
//! What a file says of its colours is tried in the order in which it counts: for a PNG its cICP, iCCP, sRGB and then
//! gAMA and cHRM chunks, for the others an ICC profile. What cannot be applied is passed over, with the reason; without
//! any of them samples are sRGB as they are. Alpha is left alone, but for its depth.
//!
//! Three kinds of descriptions are applied:
//! - grey: a curve;
//! - three curves and a matrix (Display P3, Adobe RGB, ProPhoto, chromaticities with a gamma): our own arithmetic, in
//!   steps whose order is fixed, so that every machine gives the same bytes. Light is held to 1/65,535 between the
//!   matrix and the curve of sRGB;
//! - look-up tables: by `moxcms` in 16 bits. It uses what instructions the machine has, so that here two machines may
//!   be one level of 255 apart.
//!
//! Colours outside of sRGB are clipped channel by channel. A description that moves no colour of a grid of 9 x 9 x 9 by
//! more than one level, and no grey at all, is sRGB under another name: the samples stay as they are.

mod curve;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use moxcms::{
    Chromaticity, ColorPrimaries, ColorProfile, DataColorSpace, Layout, ParsingOptions, RenderingIntent, ToneReprCurve,
    Transform16BitExecutor, TransformOptions, XyY,
};

use self::curve::{Curve, SRGB_OF_LIGHT, levels, light_of_lightness, lights, single};
use super::srgb;

/// How the decoder handled the colours that a file describes.
///
/// ```
/// use smart_resize::pixels::decode::{Colour, DecodeOptions, decode};
///
/// # use smart_resize::Size;
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let picture = Picture::from_rgb(Size::new(3, 2)?, vec![7; 18])?;
/// # let file = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// // A PNG that this crate has written.
/// match decode(&file, &DecodeOptions::default())?.colour {
///     Colour::Ignored { reason } => println!("the samples were read as sRGB: {reason}"),
///     colour => assert_eq!(colour, Colour::Srgb),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Colour {
    /// Nothing: the file describes none, or sRGB.
    Srgb,
    /// They have been converted to sRGB.
    Converted,
    /// The description could not be applied, and the samples were taken for sRGB.
    Ignored {
        /// Why.
        reason: String,
    },
}

/// What a file says of its colours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ColourTag {
    Srgb,
    Icc(Vec<u8>),
    /// Of ITU-T H.273: primaries, transfer characteristics, and whether all levels are used.
    Cicp {
        primaries: u8,
        transfer: u8,
        full_range: bool,
    },
    /// Of a PNG.
    Primaries {
        /// The exponent from light to samples, in 100,000ths.
        gamma: Option<u32>,
        chromaticities: Option<Corners>,
    },
}

/// The channels of a pixel, without alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    Grey,
    Rgb,
}

/// Samples as a file has them.
pub(crate) struct Samples {
    pub(crate) channels: Channels,
    pub(crate) has_alpha: bool,
    /// 16 bits each, the high byte first; otherwise 8.
    pub(crate) wide: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Samples that cannot be told right.
#[derive(Debug)]
pub(crate) struct UnsupportedColour(pub(crate) String);

/// The samples as RGB, or as RGBA where they have alpha.
pub(crate) fn to_srgb(samples: Samples, tags: &[ColourTag]) -> Result<(Vec<u8>, Colour), UnsupportedColour> {
    let mut ignored = None;
    let mut conversion = None;
    for tag in tags {
        match Conversion::of(tag, samples.channels, samples.wide) {
            Ok(found) => {
                conversion = Some(found);
                break;
            }
            Err(TagError::Unsupported(found)) => return Err(UnsupportedColour(found)),
            Err(TagError::Broken(reason)) => {
                ignored.get_or_insert(reason);
            }
        }
    }
    let conversion = conversion.unwrap_or(Conversion::None);
    let colour = match (ignored, &conversion) {
        (Some(reason), Conversion::None) => Colour::Ignored { reason },
        (None, Conversion::None) => Colour::Srgb,
        _ => Colour::Converted,
    };
    Ok((conversion.apply(samples)?, colour))
}

/// Whether the file describes no colours or sRGB, as far as that can be told without reading a profile.
pub(crate) fn says_srgb(tags: &[ColourTag]) -> bool {
    match tags.first() {
        None | Some(ColourTag::Srgb) => true,
        Some(ColourTag::Icc(icc)) => *icc == srgb::profile(),
        Some(tag @ (ColourTag::Cicp { .. } | ColourTag::Primaries { .. })) => {
            matches!(Conversion::of(tag, Channels::Rgb, false), Ok(Conversion::None))
        }
    }
}

/// Why a description cannot be applied.
enum TagError {
    /// It says nothing that can be understood, and may be ignored.
    Broken(String),
    /// It is understood, and the samples would be wrong without it.
    Unsupported(String),
}

fn broken(reason: impl Into<String>) -> TagError {
    TagError::Broken(reason.into())
}

/// The way from samples to sRGB.
enum Conversion {
    None,
    /// The sRGB level for each level of grey.
    Grey(Vec<u8>),
    Matrix(Box<Matrix>),
    Table(Arc<Transform16BitExecutor>),
}

impl Conversion {
    fn of(tag: &ColourTag, channels: Channels, wide: bool) -> Result<Self, TagError> {
        match tag {
            ColourTag::Srgb => Ok(Self::None),
            ColourTag::Icc(icc) => {
                let parsed = catch_unwind(|| ColorProfile::new_from_slice_with_options(icc, PARSING));
                let profile = parsed
                    .map_err(|_| broken("a profile that cannot be read"))?
                    .map_err(|error| broken(format!("a profile that cannot be read: {error:?}")))?;
                Self::of_profile(&profile, channels, wide)
            }
            &ColourTag::Cicp { primaries, transfer, full_range } => {
                let curve = Curve::of_cicp(transfer)?;
                if !full_range {
                    return Err(TagError::Unsupported("narrow-range".into()));
                }
                let corners = corners_of_cicp(primaries)
                    .ok_or_else(|| broken(format!("unknown colour primaries {primaries}")))?;
                Self::of_corners(corners, &curve, channels, wide)
            }
            ColourTag::Primaries { gamma, chromaticities } => {
                let close = |a: f32, b: f32| (a - b).abs() < 0.002;
                let (gamma, corners) = (*gamma, chromaticities.unwrap_or(SRGB_CORNERS));
                let srgb_corners =
                    corners.iter().flatten().zip(SRGB_CORNERS.iter().flatten()).all(|(a, b)| close(*a, *b));
                let curve = match gamma {
                    Some(SRGB_GAMMA_FROM..=SRGB_GAMMA_TO) if srgb_corners => return Ok(Self::None),
                    None => Curve::SRGB,
                    Some(gamma @ 10_000..=1_000_000) => Curve::Power(100_000.0 / f64::from(gamma)),
                    Some(gamma) => return Err(broken(format!("a gamma of {gamma} / 100000"))),
                };
                Self::of_corners(corners, &curve, channels, wide)
            }
        }
    }

    fn of_corners(corners: Corners, curve: &Curve, channels: Channels, wide: bool) -> Result<Self, TagError> {
        if channels == Channels::Grey {
            return Ok(Self::of_grey(|x| curve.at(x), wide));
        }
        // Nothing has a colour without a brightness.
        if corners.iter().any(|[x, y]| *x < 0.0 || *y <= 0.0 || x + y > 1.001) {
            return Err(broken("chromaticities of no colours"));
        }
        let [white, red, green, blue] = corners.map(|[x, y]| Chromaticity::new(x, y));
        let white = XyY { x: white.x.into(), y: white.y.into(), yb: 1.0 };
        let mut profile = ColorProfile::default();
        profile.update_rgb_colorimetry(white, ColorPrimaries { red, green, blue });
        Self::of_matrix(&profile, [curve, curve, curve], wide)
    }

    fn of_profile(profile: &ColorProfile, channels: Channels, wide: bool) -> Result<Self, TagError> {
        let curve = |curve: &Option<ToneReprCurve>| {
            curve.as_ref().and_then(Curve::of_icc).ok_or_else(|| broken("a profile without its curves"))
        };
        let has_table = profile.lut_a_to_b_perceptual.is_some() || profile.lut_a_to_b_colorimetric.is_some();
        match (profile.color_space, channels) {
            (DataColorSpace::Gray, Channels::Grey) => {
                let curve = curve(&profile.gray_trc)?;
                // Towards L*a*b* the curve gives lightness, towards XYZ light.
                let is_lightness = profile.pcs == DataColorSpace::Lab;
                Ok(Self::of_grey(|x| if is_lightness { light_of_lightness(curve.at(x)) } else { curve.at(x) }, wide))
            }
            (DataColorSpace::Rgb, _) if has_table => Self::of_table(profile),
            (DataColorSpace::Rgb, _) if !profile.is_matrix_shaper() => {
                Err(broken("a profile without its three colours"))
            }
            (DataColorSpace::Rgb, _) => {
                let curves = [curve(&profile.red_trc)?, curve(&profile.green_trc)?, curve(&profile.blue_trc)?];
                Self::of_matrix(profile, curves.each_ref(), wide)
            }
            (space, _) => Err(broken(format!("a profile of another kind of colours ({space:?})"))),
        }
    }

    fn of_grey(curve: impl Fn(f64) -> f64, wide: bool) -> Self {
        let table = |wide| -> Vec<u8> { levels(wide).map(|level| SRGB_OF_LIGHT.at(single(curve(level)))).collect() };
        if table(false).into_iter().eq(0..=u8::MAX) { Self::None } else { Self::Grey(table(wide)) }
    }

    fn of_matrix(profile: &ColorProfile, curves: [&Curve; 3], wide: bool) -> Result<Self, TagError> {
        let rows = to_srgb_light(profile).ok_or_else(|| broken("a profile without three colours"))?;
        let narrow = Matrix { light: curves.map(|curve| lights(curve, false)), rows };
        if narrow.is_srgb() {
            return Ok(Self::None);
        }
        let matrix = if wide { Matrix { light: curves.map(|curve| lights(curve, true)), rows } } else { narrow };
        Ok(Self::Matrix(Box::new(matrix)))
    }

    fn of_table(profile: &ColorProfile) -> Result<Self, TagError> {
        let made = catch_unwind(AssertUnwindSafe(|| {
            let options = TransformOptions {
                rendering_intent: RenderingIntent::Perceptual,
                prefer_fixed_point: false,
                ..TransformOptions::default()
            };
            let srgb = ColorProfile::new_from_slice(&srgb::profile())?;
            profile.create_transform_16bit(Layout::Rgb, &srgb, Layout::Rgb, options)
        }));
        let transform = made.map_err(|_| broken("a profile that cannot be applied"))?;
        transform.map(Self::Table).map_err(|error| broken(format!("a profile that cannot be applied: {error:?}")))
    }

    fn apply(&self, samples: Samples) -> Result<Vec<u8>, UnsupportedColour> {
        let Samples { channels, has_alpha, wide, bytes } = samples;
        let level = |sample| if wide { rounded(sample) } else { sample.to_be_bytes()[1] };
        match (self, channels, wide) {
            (Self::None, Channels::Rgb, false) => Ok(bytes),
            (Self::None, Channels::Grey, _) => Ok(each(&bytes, wide, has_alpha, |[grey]| [level(grey); 3])),
            (Self::None, ..) => Ok(each(&bytes, wide, has_alpha, |rgb: [u16; 3]| rgb.map(level))),
            (Self::Grey(table), ..) => {
                let grey = |[grey]: [u16; 1]| [table[usize::from(grey)]; 3];
                Ok(each(&bytes, wide, has_alpha, grey))
            }
            (Self::Matrix(matrix), Channels::Grey, _) => {
                Ok(each(&bytes, wide, has_alpha, |[grey]| matrix.apply([grey; 3])))
            }
            (Self::Matrix(matrix), ..) => Ok(each(&bytes, wide, has_alpha, |rgb| matrix.apply(rgb))),
            (Self::Table(table), ..) => by_table(table.as_ref(), channels, has_alpha, wide, &bytes),
        }
    }
}

/// Bounds on a profile, so that reading one takes no more than a picture does.
const PARSING: ParsingOptions =
    ParsingOptions { max_profile_size: 16 << 20, max_allowed_clut_size: 10_000_000, max_allowed_trc_size: 40_000 };

/// Chromaticities: x and y of white, red, green and blue.
type Corners = [[f32; 2]; 4];

const D65: [f32; 2] = [0.3127, 0.3290];
const SRGB_CORNERS: Corners = [D65, [0.64, 0.33], [0.30, 0.60], [0.15, 0.06]];

/// The colour primaries of ITU-T H.273, table 2.
fn corners_of_cicp(primaries: u8) -> Option<Corners> {
    Some(match primaries {
        1 => SRGB_CORNERS,
        4 => [[0.310, 0.316], [0.67, 0.33], [0.21, 0.71], [0.14, 0.08]],
        5 => [D65, [0.64, 0.33], [0.29, 0.60], [0.15, 0.06]],
        6 | 7 => [D65, [0.630, 0.340], [0.310, 0.595], [0.155, 0.070]],
        9 => [D65, [0.708, 0.292], [0.170, 0.797], [0.131, 0.046]],
        11 => [[0.314, 0.351], [0.680, 0.320], [0.265, 0.690], [0.150, 0.060]],
        12 => [D65, [0.680, 0.320], [0.265, 0.690], [0.150, 0.060]],
        _ => return None,
    })
}

/// A gAMA chunk of 1 / 2.2, as PNG's specification asks beside sRGB, to one percent.
const SRGB_GAMMA_FROM: u32 = 45_000;
const SRGB_GAMMA_TO: u32 = 45_910;

/// Curves and a matrix.
struct Matrix {
    /// The light of each level, 0 to 1, for red, green and blue.
    light: [Vec<f32>; 3],
    /// From the profile's light to that of sRGB, row by row.
    rows: [[f32; 3]; 3],
}

impl Matrix {
    fn apply(&self, [r, g, b]: [u16; 3]) -> [u8; 3] {
        let [red, green, blue] = &self.light;
        let light = |table: &Vec<f32>, level: u16| table[usize::from(level)];
        let [r, g, b] = [light(red, r), light(green, g), light(blue, b)];
        self.rows.map(|[x, y, z]| SRGB_OF_LIGHT.at(x * r + y * g + z * b))
    }

    /// Whether no colour moves by more than a level and no grey at all.
    fn is_srgb(&self) -> bool {
        let steps = || (0..=8_u16).map(|step| (step * 32).min(255));
        let close =
            |from: [u16; 3]| self.apply(from).iter().zip(from).all(|(to, from)| from.abs_diff((*to).into()) <= 1);
        (0..=255).all(|grey: u8| self.apply([grey.into(); 3]) == [grey; 3])
            && steps().all(|r| steps().all(|g| steps().all(|b| close([r, g, b]))))
    }
}

/// From the light of a profile's three colours to that of sRGB's.
fn to_srgb_light(profile: &ColorProfile) -> Option<[[f32; 3]; 3]> {
    let mut srgb = ColorProfile::default();
    let xyz = |[x, y, z]: [u32; 3]| {
        let [x, y, z] = [x, y, z].map(|number| f64::from(number) / 65_536.0);
        moxcms::Xyzd { x, y, z }
    };
    [srgb.red_colorant, srgb.green_colorant, srgb.blue_colorant] = srgb::COLORANTS.map(xyz);
    let rows = profile.transform_matrix(&srgb).v;
    // Colours so near each other that light would be multiplied a hundredfold are none.
    let is_sane = rows.iter().flatten().all(|number| number.abs() < 100.0);
    let is_some = rows.iter().flatten().any(|number| *number != 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "24 bits are plenty")]
    (is_sane && is_some).then(|| rows.map(|row| row.map(|number| number as f32)))
}

/// 16 bits to 8: the nearest of 256 levels, 257 apart.
fn rounded(sample: u16) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    {
        ((u32::from(sample) + 128) / 257) as u8
    }
}

/// Applies `colour` to the `C` colour channels of each pixel; alpha, if any, is reduced to 8 bits.
fn each<const C: usize>(bytes: &[u8], wide: bool, has_alpha: bool, colour: impl Fn([u16; C]) -> [u8; 3]) -> Vec<u8> {
    let narrow_channels = |pixel: &[u8]| std::array::from_fn(|at| pixel[at].into());
    let wide_sample = |pixel: &[u8], at: usize| u16::from_be_bytes([pixel[2 * at], pixel[2 * at + 1]]);
    let wide_channels = |pixel: &[u8]| std::array::from_fn(|at| wide_sample(pixel, at));
    match (wide, has_alpha) {
        (false, false) => bytes.chunks_exact(C).flat_map(|pixel| colour(narrow_channels(pixel))).collect(),
        (true, false) => bytes.chunks_exact(2 * C).flat_map(|pixel| colour(wide_channels(pixel))).collect(),
        (false, true) => {
            let pixel = |pixel: &[u8]| {
                let [r, g, b] = colour(narrow_channels(pixel));
                [r, g, b, pixel[C]]
            };
            bytes.chunks_exact(C + 1).flat_map(pixel).collect()
        }
        (true, true) => {
            let pixel = |pixel: &[u8]| {
                let [r, g, b] = colour(wide_channels(pixel));
                [r, g, b, rounded(wide_sample(pixel, C))]
            };
            bytes.chunks_exact(2 * (C + 1)).flat_map(pixel).collect()
        }
    }
}

/// Pixels that are given to a look-up table at a time.
const BATCH: usize = 4096;

fn by_table(
    table: &Transform16BitExecutor,
    channels: Channels,
    has_alpha: bool,
    wide: bool,
    bytes: &[u8],
) -> Result<Vec<u8>, UnsupportedColour> {
    let colours = match channels {
        Channels::Grey => 1,
        Channels::Rgb => 3,
    };
    let sample_bytes = if wide { 2 } else { 1 };
    let pixel_bytes = (colours + usize::from(has_alpha)) * sample_bytes;
    let sample = |bytes: &[u8]| match bytes {
        [high, low] => u16::from_be_bytes([*high, *low]),
        [byte] => u16::from(*byte) * 257,
        _ => unreachable!("invariant: a sample has one byte or two"),
    };
    let mut pixels = Vec::with_capacity(bytes.len() / pixel_bytes * if has_alpha { 4 } else { 3 });
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for batch in bytes.chunks(BATCH * pixel_bytes) {
        from.clear();
        for pixel in batch.chunks_exact(pixel_bytes) {
            let samples = pixel.chunks_exact(sample_bytes).take(colours).map(sample);
            match channels {
                Channels::Grey => samples.for_each(|grey| from.extend([grey; 3])),
                Channels::Rgb => from.extend(samples),
            }
        }
        to.clear();
        to.resize(batch.len() / pixel_bytes * 3, 0);
        table.transform(&from, &mut to).map_err(|error| UnsupportedColour(format!("profiled ({error:?})")))?;
        for (pixel, rgb) in batch.chunks_exact(pixel_bytes).zip(to.as_chunks::<3>().0) {
            pixels.extend(rgb.map(rounded));
            if has_alpha {
                pixels.push(rounded(sample(&pixel[pixel.len() - sample_bytes..])));
            }
        }
    }
    Ok(pixels)
}
