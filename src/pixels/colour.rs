//! Converts samples of any depth and colour space to 8-bit sRGB.
//!
//! A file describes its colours with tags. They are tried in order of precedence: the cICP, iCCP and sRGB chunks of a
//! PNG, then its gAMA and cHRM chunks together; the ICC profile of any other file. Last comes the EXIF block, in which
//! cameras name Adobe RGB. A tag that cannot be applied is skipped, and the reason is reported. If no tag remains, the
//! samples are read as sRGB, and CMYK is converted without a profile. Alpha is only reduced to 8 bits.
//!
//! Three kinds of tags are applied:
//! - A curve converts grey.
//! - Three curves and a matrix convert RGB (Display P3, Adobe RGB, ProPhoto, chromaticities with a gamma). The curves
//!   give linear light, the matrix maps it to the primaries of sRGB, and the curve of sRGB encodes it. The arithmetic
//!   is done here, in a fixed order of steps, so that the bytes are the same on every machine. Between the matrix and
//!   the curve of sRGB, light is rounded to steps of 1/65,535.
//! - Look-up tables are applied by `moxcms` in 16 bits. It uses the instructions that the machine has, so that the
//!   results of two machines may differ by one level of 255. Those of CMYK are applied here.
//!
//! Colours outside the gamut of sRGB are clipped channel by channel. A tag counts as sRGB, and the samples stay as they
//! are, if it changes no grey and moves no colour of a 9 x 9 x 9 grid by more than one level.

mod cmyk;
mod curve;
mod mend;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use moxcms::{
    Chromaticity, ColorPrimaries, ColorProfile, DataColorSpace, Layout, ParsingOptions, RenderingIntent, ToneReprCurve,
    Transform16BitExecutor, TransformOptions, XyY,
};
use smart_resize_jpeg::srgb;
use smart_resize_metadata::exif::Exif;

use self::cmyk::Cmyk;
use self::curve::{Curve, SRGB_OF_LIGHT, light_of_lightness, lights, steps, to_f32};
use self::mend::mended;

/// How the decoder handled the colour description of a file.
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
///     Colour::DeviceCmyk { .. } => println!("the colours are approximate"),
///     colour => assert_eq!(colour, Colour::Srgb),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Colour {
    /// The file has no description, or describes sRGB. The samples were not converted.
    Srgb,
    /// The samples were converted to sRGB.
    Converted,
    /// The description could not be applied. The samples were read as sRGB.
    Ignored {
        /// The reason.
        reason: String,
    },
    /// The samples are CMYK without a profile that can be applied. They were converted by R = (1 - C)(1 - K), and G and B
    /// alike. The colours of a print differ.
    DeviceCmyk {
        /// The reason why the profile was not applied. `None` if there is none.
        ignored: Option<String>,
    },
}

/// A description of the colours in a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ColourTag {
    /// sRGB.
    Srgb,
    /// CMYK that has no profile.
    DeviceCmyk,
    /// An ICC profile. It is empty if the file has a profile that could not be read.
    Icc(Vec<u8>),
    /// Code points of ITU-T H.273: primaries, transfer characteristics, and whether samples use the full range.
    Cicp { primaries: u8, transfer: u8, full_range: bool },
    /// The gAMA and cHRM chunks of a PNG, at least one of them.
    Primaries {
        /// The exponent that encodes light as samples, in 100,000ths. `None` means the curve of sRGB.
        gamma: Option<u32>,
        /// `None` means the chromaticities of sRGB.
        chromaticities: Option<Corners>,
    },
}

impl ColourTag {
    /// Returns the tag for a file whose EXIF block says that it is Adobe RGB.
    pub(crate) fn of_exif(exif: Option<Exif<'_>>) -> Option<Self> {
        exif.filter(|exif| exif.is_adobe_rgb)
            .map(|_| Self::Primaries { gamma: Some(ADOBE_RGB_GAMMA), chromaticities: Some(ADOBE_RGB_CORNERS) })
    }
}

/// The colour channels of a pixel, without alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    Grey,
    Rgb,
    /// 8 bits without alpha, 255 for full ink.
    Cmyk,
}

/// The samples of a file before any colour conversion.
pub(crate) struct Samples {
    pub(crate) channels: Channels,
    pub(crate) has_alpha: bool,
    /// Whether a sample has 16 bits, high byte first, and not 8.
    pub(crate) is_16_bit: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Samples whose colours cannot be converted. The text names their kind.
#[derive(Debug)]
pub(crate) struct UnsupportedColour(pub(crate) String);

/// Converts samples to RGB, or to RGBA if they have alpha. The first of `tags` that can be applied counts.
pub(crate) fn to_srgb(samples: Samples, tags: &[ColourTag]) -> Result<(Vec<u8>, Colour), UnsupportedColour> {
    let mut ignored = None;
    let mut conversion = None;
    for tag in tags {
        match Conversion::of(tag, samples.channels, samples.is_16_bit) {
            Ok(found) => {
                conversion = Some(found);
                break;
            }
            Err(TagError::Unsupported(found)) => return Err(UnsupportedColour(found)),
            Err(TagError::Broken(reason)) => {
                // The first reason is kept: its tag has the highest precedence.
                ignored.get_or_insert(reason);
            }
        }
    }
    let conversion = conversion.unwrap_or(Conversion::None);
    // A skipped tag is reported only if the samples stay as they are. If a later tag converts them, they count as
    // converted.
    let colour = match (ignored, &conversion) {
        (ignored, Conversion::DeviceCmyk) => Colour::DeviceCmyk { ignored },
        (Some(reason), Conversion::None) => Colour::Ignored { reason },
        (None, Conversion::None) => Colour::Srgb,
        _ => Colour::Converted,
    };
    Ok((conversion.apply(samples)?, colour))
}

/// Whether the samples are sRGB, judged by the first tag. An ICC profile is not parsed: only the profile that this
/// crate writes counts as sRGB.
pub(crate) fn says_srgb(tags: &[ColourTag]) -> bool {
    match tags.first() {
        None | Some(ColourTag::Srgb) => true,
        Some(ColourTag::DeviceCmyk) => false,
        Some(ColourTag::Icc(icc)) => *icc == srgb::profile(),
        Some(tag @ (ColourTag::Cicp { .. } | ColourTag::Primaries { .. })) => {
            matches!(Conversion::of(tag, Channels::Rgb, false), Ok(Conversion::None))
        }
    }
}

/// The reason that a tag cannot be applied.
enum TagError {
    /// The tag is invalid or unknown. It is ignored.
    Broken(String),
    /// The tag is understood and not supported. The file is refused, since its samples would be wrong without the tag.
    Unsupported(String),
}

fn broken(reason: impl Into<String>) -> TagError {
    TagError::Broken(reason.into())
}

/// Parses a profile. It is foreign data, so a panic of the parser makes it unreadable and does not fail the picture.
fn parsed(icc: &[u8]) -> Result<ColorProfile, TagError> {
    catch_unwind(|| ColorProfile::new_from_slice_with_options(icc, PARSING))
        .map_err(|_| broken("a profile that cannot be read"))?
        .map_err(|error| broken(format!("a profile that cannot be read: {error:?}")))
}

/// A conversion of samples to sRGB.
enum Conversion {
    /// The samples are sRGB. Only their depth and their channels change.
    None,
    /// The sRGB level for each level of grey.
    Grey(Vec<u8>),
    Matrix(Box<Matrix>),
    Table(Arc<Transform16BitExecutor>),
    Cmyk(Box<Cmyk>),
    /// CMYK without a profile.
    DeviceCmyk,
}

impl Conversion {
    fn of(tag: &ColourTag, channels: Channels, is_16_bit: bool) -> Result<Self, TagError> {
        match tag {
            ColourTag::Srgb => Ok(Self::None),
            ColourTag::DeviceCmyk => Ok(Self::DeviceCmyk),
            ColourTag::Icc(icc) => {
                let profile = parsed(icc).or_else(|error| parsed(&mended(icc).ok_or(error)?))?;
                Self::of_profile(&profile, channels, is_16_bit)
            }
            &ColourTag::Cicp { primaries, transfer, full_range } => {
                let curve = Curve::of_cicp(transfer)?;
                // In narrow range, 8-bit samples go from 16 (black) to 235 (white). Read as full range, they would look
                // faded.
                if !full_range {
                    return Err(TagError::Unsupported("narrow-range".into()));
                }
                let corners = corners_of_cicp(primaries)
                    .ok_or_else(|| broken(format!("unknown colour primaries {primaries}")))?;
                Self::of_corners(corners, &curve, channels, is_16_bit)
            }
            ColourTag::Primaries { gamma, chromaticities } => {
                // Programs round the chromaticities of sRGB differently, so nearly equal ones count as equal.
                let close = |a: f32, b: f32| (a - b).abs() < 0.002;
                let (gamma, corners) = (*gamma, chromaticities.unwrap_or(SRGB_CORNERS));
                let srgb_corners =
                    corners.iter().flatten().zip(SRGB_CORNERS.iter().flatten()).all(|(a, b)| close(*a, *b));
                let curve = match gamma {
                    // A gAMA chunk cannot express the curve of sRGB. With the primaries of sRGB, its nearest power
                    // stands for it.
                    Some(SRGB_GAMMA_FROM..=SRGB_GAMMA_TO) if srgb_corners => return Ok(Self::None),
                    None => Curve::SRGB,
                    // gAMA is the exponent of encoding, so its inverse decodes. An exponent outside 0.1 to 10 is not
                    // credible.
                    Some(gamma @ 10_000..=1_000_000) => Curve::Power(100_000.0 / f64::from(gamma)),
                    Some(gamma) => return Err(broken(format!("a gamma of {gamma} / 100000"))),
                };
                Self::of_corners(corners, &curve, channels, is_16_bit)
            }
        }
    }

    fn of_corners(corners: Corners, curve: &Curve, channels: Channels, is_16_bit: bool) -> Result<Self, TagError> {
        if channels == Channels::Grey {
            // Equal amounts of the primaries are grey by definition, so grey samples need only the curve.
            return Ok(Self::of_grey(|x| curve.at(x), is_16_bit));
        }
        // Chromaticities lie in the triangle x >= 0, y >= 0, x + y <= 1. The conversion to XYZ divides by y.
        if corners.iter().any(|[x, y]| *x < 0.0 || *y <= 0.0 || x + y > 1.001) {
            return Err(broken("chromaticities outside the xy diagram"));
        }
        let [white, red, green, blue] = corners.map(|[x, y]| Chromaticity::new(x, y));
        let white = XyY { x: white.x.into(), y: white.y.into(), yb: 1.0 };
        // The primaries are adapted from their white to D50 (Bradford), as in an ICC profile. So white stays white,
        // whatever the white point of the file.
        let mut profile = ColorProfile::default();
        profile.update_rgb_colorimetry(white, ColorPrimaries { red, green, blue });
        Self::of_matrix(&profile, [curve, curve, curve], is_16_bit)
    }

    fn of_profile(profile: &ColorProfile, channels: Channels, is_16_bit: bool) -> Result<Self, TagError> {
        let curve = |curve: &Option<ToneReprCurve>| {
            curve.as_ref().and_then(Curve::of_icc).ok_or_else(|| broken("a profile without its curves"))
        };
        // Look-up tables have precedence over the matrix (ICC.1:2022), and are usually more precise.
        let has_table = profile.lut_a_to_b_perceptual.is_some() || profile.lut_a_to_b_colorimetric.is_some();
        match (profile.color_space, channels) {
            (DataColorSpace::Cmyk, Channels::Cmyk) => Ok(Self::Cmyk(Box::new(Cmyk::new(profile)?))),
            (space, Channels::Cmyk) => Err(other_space(space)),
            (DataColorSpace::Gray, Channels::Grey) => {
                let curve = curve(&profile.gray_trc)?;
                // The curve gives lightness if the profile connection space is L*a*b*, and light if it is XYZ.
                let is_lightness = profile.pcs == DataColorSpace::Lab;
                Ok(Self::of_grey(
                    |x| if is_lightness { light_of_lightness(curve.at(x)) } else { curve.at(x) },
                    is_16_bit,
                ))
            }
            (DataColorSpace::Rgb, _) if has_table => Self::of_table(profile),
            (DataColorSpace::Rgb, _) if !profile.is_matrix_shaper() => Err(broken("a profile without its colorants")),
            (DataColorSpace::Rgb, _) => {
                let curves = [curve(&profile.red_trc)?, curve(&profile.green_trc)?, curve(&profile.blue_trc)?];
                Self::of_matrix(profile, curves.each_ref(), is_16_bit)
            }
            (space, _) => Err(other_space(space)),
        }
    }

    fn of_grey(curve: impl Fn(f64) -> f64, is_16_bit: bool) -> Self {
        // The 8-bit table decides for both depths, so that a file of 16 bits is judged like its 8-bit copy.
        let table =
            |is_16_bit| -> Vec<u8> { steps(is_16_bit).map(|level| SRGB_OF_LIGHT.at(to_f32(curve(level)))).collect() };
        if table(false).into_iter().eq(0..=u8::MAX) { Self::None } else { Self::Grey(table(is_16_bit)) }
    }

    fn of_matrix(profile: &ColorProfile, curves: [&Curve; 3], is_16_bit: bool) -> Result<Self, TagError> {
        let rows = to_srgb_light(profile).ok_or_else(|| broken("a profile without usable colorants"))?;
        // As for grey, 8-bit levels decide for both depths. The tables of 65,536 levels are made only if they are used.
        let narrow = Matrix { light: curves.map(|curve| lights(curve, false)), rows };
        if narrow.is_srgb() {
            return Ok(Self::None);
        }
        let matrix = if is_16_bit { Matrix { light: curves.map(|curve| lights(curve, true)), rows } } else { narrow };
        Ok(Self::Matrix(Box::new(matrix)))
    }

    fn of_table(profile: &ColorProfile) -> Result<Self, TagError> {
        // The closure only reads the profile, so a panic leaves nothing half changed.
        let made = catch_unwind(AssertUnwindSafe(|| {
            let options = TransformOptions {
                rendering_intent: RenderingIntent::Perceptual,
                // Fixed point in `moxcms` has 13 to 15 fractional bits, fewer than a 16-bit sample.
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
        let Samples { channels, has_alpha, is_16_bit, bytes } = samples;
        // An 8-bit sample is the low byte of the number that `map_pixels` passes.
        let level = |sample| if is_16_bit { rounded(sample) } else { sample.to_be_bytes()[1] };
        match (self, channels, is_16_bit) {
            // 8-bit RGB and RGBA already have the layout of the result, and are not copied.
            (Self::None, Channels::Rgb, false) => Ok(bytes),
            (Self::None, Channels::Grey, _) => Ok(map_pixels(&bytes, is_16_bit, has_alpha, |[grey]| [level(grey); 3])),
            (Self::None, ..) => Ok(map_pixels(&bytes, is_16_bit, has_alpha, |rgb: [u16; 3]| rgb.map(level))),
            (Self::Grey(table), ..) => {
                let grey = |[grey]: [u16; 1]| [table[usize::from(grey)]; 3];
                Ok(map_pixels(&bytes, is_16_bit, has_alpha, grey))
            }
            // Grey samples with an RGB profile are equal amounts of its primaries.
            (Self::Matrix(matrix), Channels::Grey, _) => {
                Ok(map_pixels(&bytes, is_16_bit, has_alpha, |[grey]| matrix.apply([grey; 3])))
            }
            (Self::Matrix(matrix), ..) => Ok(map_pixels(&bytes, is_16_bit, has_alpha, |rgb| matrix.apply(rgb))),
            (Self::Table(table), ..) => by_table(table.as_ref(), channels, has_alpha, is_16_bit, &bytes),
            (Self::Cmyk(cmyk), ..) => Ok(map_pixels(&bytes, is_16_bit, has_alpha, |inks| cmyk.apply(inks))),
            (Self::DeviceCmyk, ..) => Ok(map_pixels(&bytes, is_16_bit, has_alpha, cmyk::without_profile)),
        }
    }
}

fn other_space(space: DataColorSpace) -> TagError {
    broken(format!("a profile of another colour space ({space:?})"))
}

/// Limits on the size of a profile and its tables, so that parsing a profile takes no more memory than a picture.
const PARSING: ParsingOptions =
    ParsingOptions { max_profile_size: 16 << 20, max_allowed_clut_size: 10_000_000, max_allowed_trc_size: 40_000 };

/// Chromaticities: x and y of white, red, green and blue.
type Corners = [[f32; 2]; 4];

const D65: [f32; 2] = [0.3127, 0.3290];
const SRGB_CORNERS: Corners = [D65, [0.64, 0.33], [0.30, 0.60], [0.15, 0.06]];

/// Adobe RGB (1998), section 4.3.1: the corners, and the exponent 256 / 563 in 100,000ths.
const ADOBE_RGB_CORNERS: Corners = [D65, [0.64, 0.33], [0.21, 0.71], [0.15, 0.06]];
const ADOBE_RGB_GAMMA: u32 = 45_471;

/// Returns the chromaticities for a colour primaries code of ITU-T H.273, table 2. `None` if the code is unknown.
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

/// The range of gAMA values that mean sRGB: 1 / 2.2 within one percent. The PNG specification recommends a gAMA chunk
/// with that value next to an sRGB chunk.
const SRGB_GAMMA_FROM: u32 = 45_000;
const SRGB_GAMMA_TO: u32 = 45_910;

/// A conversion of RGB by three curves and a matrix.
struct Matrix {
    /// The linear light, 0 to 1, of each level of red, green and blue.
    light: [Vec<f32>; 3],
    /// The matrix from linear light of the profile's primaries to that of sRGB's, row by row.
    rows: [[f32; 3]; 3],
}

impl Matrix {
    fn apply(&self, [r, g, b]: [u16; 3]) -> [u8; 3] {
        let [red, green, blue] = &self.light;
        let light = |table: &Vec<f32>, level: u16| table[usize::from(level)];
        let [r, g, b] = [light(red, r), light(green, g), light(blue, b)];
        // Without fused operations, and in this order, the sum has the same bits on every machine. Light outside 0 to 1
        // is clipped by the table.
        self.rows.map(|[x, y, z]| SRGB_OF_LIGHT.at(x * r + y * g + z * b))
    }

    /// Whether the conversion changes no grey, and moves no colour of a 9 x 9 x 9 grid by more than one level.
    fn is_srgb(&self) -> bool {
        // The steps are 0, 32, and so on to 224, and 255. The grid has 729 colours, which bounds the cost of the test.
        let steps = || (0..=8_u16).map(|step| (step * 32).min(255));
        let close =
            |from: [u16; 3]| self.apply(from).iter().zip(from).all(|(to, from)| from.abs_diff((*to).into()) <= 1);
        (0..=255).all(|grey: u8| self.apply([grey.into(); 3]) == [grey; 3])
            && steps().all(|r| steps().all(|g| steps().all(|b| close([r, g, b]))))
    }
}

/// Returns the matrix from linear light of the profile's primaries to that of sRGB's. `None` if the colorants of the
/// profile are zero or nearly dependent.
fn to_srgb_light(profile: &ColorProfile) -> Option<[[f32; 3]; 3]> {
    // From the primaries of the profile to XYZ at D50, and from there to the primaries of sRGB.
    let rows = profile.transform_matrix(&srgb_primaries()).v;
    // Colorants so close to each other that the matrix multiplies light a hundredfold are not usable. NaN is not usable
    // either, and compares as false.
    let is_sane = rows.iter().flatten().all(|number| number.abs() < 100.0);
    let is_some = rows.iter().flatten().any(|number| *number != 0.0);
    (is_sane && is_some).then(|| rows.map(|row| row.map(to_f32)))
}

/// Returns a profile with the colorants of sRGB. They are those of the profile that this crate writes, so that its own
/// files convert to themselves.
fn srgb_primaries() -> ColorProfile {
    let mut srgb = ColorProfile::default();
    let xyz = |[x, y, z]: [u32; 3]| {
        let [x, y, z] = [x, y, z].map(|number| f64::from(number) / 65_536.0);
        moxcms::Xyzd { x, y, z }
    };
    [srgb.red_colorant, srgb.green_colorant, srgb.blue_colorant] = srgb::COLORANTS.map(xyz);
    srgb
}

/// Rounds a 16-bit sample to the nearest 8-bit level. Adjacent levels are 257 apart in 16 bits.
fn rounded(sample: u16) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    {
        ((u32::from(sample) + 128) / 257) as u8
    }
}

/// Applies `colour` to the `C` colour channels of each pixel, and reduces alpha to 8 bits.
fn map_pixels<const C: usize>(
    bytes: &[u8],
    is_16_bit: bool,
    has_alpha: bool,
    colour: impl Fn([u16; C]) -> [u8; 3],
) -> Vec<u8> {
    // Samples of both depths are passed as `u16`, so that `colour` can index a table with them.
    let narrow_channels = |pixel: &[u8]| std::array::from_fn(|at| pixel[at].into());
    let wide_sample = |pixel: &[u8], at: usize| u16::from_be_bytes([pixel[2 * at], pixel[2 * at + 1]]);
    let wide_channels = |pixel: &[u8]| std::array::from_fn(|at| wide_sample(pixel, at));
    // Each combination of depth and alpha has a loop of its own, so that nothing is decided per pixel.
    match (is_16_bit, has_alpha) {
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

/// The number of pixels that a look-up table converts per call.
const BATCH: usize = 4096;

/// Converts all pixels with a look-up table, in batches that are widened to 16-bit RGB.
fn by_table(
    table: &Transform16BitExecutor,
    channels: Channels,
    has_alpha: bool,
    is_16_bit: bool,
    bytes: &[u8],
) -> Result<Vec<u8>, UnsupportedColour> {
    let colours = match channels {
        Channels::Grey => 1,
        Channels::Rgb => 3,
        Channels::Cmyk => 4,
    };
    let sample_bytes = if is_16_bit { 2 } else { 1 };
    let pixel_bytes = (colours + usize::from(has_alpha)) * sample_bytes;
    let sample = |bytes: &[u8]| match bytes {
        [high, low] => u16::from_be_bytes([*high, *low]),
        // 65,535 is 255 * 257, so this maps black to black and white to white.
        [byte] => u16::from(*byte) * 257,
        _ => unreachable!("invariant: a sample has one byte or two"),
    };
    let mut pixels = Vec::with_capacity(bytes.len() / pixel_bytes * if has_alpha { 4 } else { 3 });
    // Only the buffers of a batch are in 16 bits, 24 KiB each. The whole picture in 16 bits would take twice its
    // memory.
    let (mut from, mut to) = (Vec::new(), Vec::new());
    // A batch has whole pixels, since its length is a multiple of a pixel's.
    for batch in bytes.chunks(BATCH * pixel_bytes) {
        from.clear();
        for pixel in batch.chunks_exact(pixel_bytes) {
            let samples = pixel.chunks_exact(sample_bytes).take(colours).map(sample);
            match channels {
                Channels::Grey => samples.for_each(|grey| from.extend([grey; 3])),
                Channels::Rgb => from.extend(samples),
                Channels::Cmyk => unreachable!("invariant: CMYK has tables of its own"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(tag: &ColourTag) -> Result<Conversion, TagError> {
        Conversion::of(tag, Channels::Rgb, false)
    }

    fn gamma(gamma: u32) -> ColourTag {
        ColourTag::Primaries { gamma: Some(gamma), chromaticities: None }
    }

    fn corners(corners: Corners) -> ColourTag {
        ColourTag::Primaries { gamma: Some(45_455), chromaticities: Some(corners) }
    }

    fn is_srgb(tag: &ColourTag) -> bool {
        matches!(rgb(tag), Ok(Conversion::None))
    }

    fn is_broken(tag: &ColourTag) -> bool {
        matches!(rgb(tag), Err(TagError::Broken(_)))
    }

    fn samples(bytes: &[u8]) -> Samples {
        Samples { channels: Channels::Rgb, has_alpha: false, is_16_bit: false, bytes: bytes.to_vec() }
    }

    #[test]
    fn a_16_bit_sample_is_rounded_to_the_nearest_level() {
        assert_eq!([0, 128, 129, 257, 25_828, 25_829, 65_406, 65_535].map(rounded), [0, 0, 1, 1, 100, 101, 254, 255]);
        let deep = Samples { is_16_bit: true, has_alpha: true, ..samples(&[0, 128, 0, 129, 1, 1, 0, 129]) };
        assert_eq!(to_srgb(deep, &[]).unwrap().0, [0, 1, 1, 1], "alpha too");
    }

    #[test]
    fn a_gamma_outside_0_1_to_10_is_broken() {
        let broken = [9_999, 10_000, 1_000_000, 1_000_001].map(|at| is_broken(&gamma(at)));
        assert_eq!(broken, [true, false, false, true]);
    }

    #[test]
    fn a_gamma_from_0_45_to_0_4591_stands_for_the_curve_of_srgb() {
        let srgb = [44_999, 45_000, 45_910, 45_911].map(|at| is_srgb(&gamma(at)));
        assert_eq!(srgb, [false, true, true, false]);
    }

    #[test]
    fn chromaticities_within_0_002_of_srgb_count_as_srgb() {
        let moved = |by: f32| {
            let mut moved = SRGB_CORNERS;
            moved[3][1] += by;
            is_srgb(&corners(moved))
        };
        assert_eq!([0.0019, -0.0019, 0.0021, -0.0021].map(moved), [true, true, false, false]);
    }

    #[test]
    fn chromaticities_outside_the_xy_diagram_are_broken() {
        let red = |x: f32, y: f32| is_broken(&corners([D65, [x, y], [0.30, 0.60], [0.15, 0.06]]));
        assert_eq!([red(0.7, 0.3), red(0.7, 0.3009), red(0.7, 0.302)], [false, false, true]);
        assert_eq!([red(-0.01, 0.3), red(0.7, 0.0), red(0.7, -0.1), red(0.0, 0.3)], [true, true, true, false]);
    }

    #[test]
    fn the_primaries_of_each_code_point_are_those_of_h_273() {
        // Red, green and blue; the white point of film and of DCI is not D65.
        let expected: [(u8, [[f32; 2]; 3]); 8] = [
            (1, [[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]]),
            (4, [[0.67, 0.33], [0.21, 0.71], [0.14, 0.08]]),
            (5, [[0.64, 0.33], [0.29, 0.60], [0.15, 0.06]]),
            (6, [[0.63, 0.34], [0.31, 0.595], [0.155, 0.07]]),
            (7, [[0.63, 0.34], [0.31, 0.595], [0.155, 0.07]]),
            (9, [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046]]),
            (11, [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06]]),
            (12, [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06]]),
        ];
        for (primaries, colours) in expected {
            let [white, rest @ ..] = corners_of_cicp(primaries).unwrap();
            let expected = match primaries {
                4 => [0.310, 0.316],
                11 => [0.314, 0.351],
                _ => [0.3127, 0.3290],
            };
            assert_eq!((white, rest), (expected, colours), "{primaries}");
        }
        assert!([0, 2, 3, 8, 10, 13].into_iter().all(|primaries| corners_of_cicp(primaries).is_none()));
    }

    #[test]
    fn a_skipped_tag_is_reported_by_the_first_reason_unless_a_later_tag_converts() {
        let ignored = |tags: &[ColourTag]| match to_srgb(samples(&[100; 3]), tags).unwrap().1 {
            Colour::Ignored { reason } => Some(reason),
            Colour::Srgb | Colour::Converted | Colour::DeviceCmyk { .. } => None,
        };
        let (low, high, linear) = (gamma(1), gamma(2_000_000), gamma(100_000));
        assert_eq!(ignored(&[low.clone(), high]).as_deref(), Some("a gamma of 1 / 100000"));
        assert_eq!(ignored(&[low.clone(), ColourTag::Srgb]).as_deref(), Some("a gamma of 1 / 100000"));
        let (pixels, colour) = to_srgb(samples(&[100; 3]), &[low, linear, ColourTag::Srgb]).unwrap();
        // Linear light of 100 / 255 is level 168.
        assert_eq!((pixels, colour), (vec![168; 3], Colour::Converted));
    }

    #[test]
    fn only_the_first_tag_says_that_a_file_is_srgb() {
        let (srgb, linear) = (ColourTag::Srgb, gamma(100_000));
        assert!(says_srgb(&[]) && says_srgb(&[srgb.clone(), linear.clone()]) && !says_srgb(&[linear, srgb]));
        assert!(says_srgb(&[ColourTag::Icc(srgb::profile())]) && !says_srgb(&[ColourTag::Icc(Vec::new())]));
    }

    #[test]
    fn a_tag_counts_as_srgb_if_no_colour_moves_by_more_than_one_level_and_no_grey_at_all() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let matrix = |rows, change: fn(usize, u8) -> u8| {
            let light = |channel| {
                (0..=255).map(|level| Curve::SRGB.at(f64::from(change(channel, level)) / 255.0)).map(to_f32).collect()
            };
            Matrix { light: [light(0), light(1), light(2)], rows }.is_srgb()
        };
        assert!(matrix(identity, |_, level| level));
        assert!(!matrix(identity, |_, level| if level == 77 { 78 } else { level }), "a grey that moves by one level");
        // Some red becomes green, less on grey than on pure red.
        let mixed = |part: f32| matrix([[1.0, 0.0, 0.0], [part, 1.0 - part, 0.0], [0.0, 0.0, 1.0]], |_, level| level);
        assert!(mixed(0.000_3) && !mixed(0.000_9), "light of 0.0003 is level 1, and of 0.0009 level 3");
    }
}
