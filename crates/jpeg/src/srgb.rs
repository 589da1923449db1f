//! The ICC profile of sRGB, in as few bytes as possible. A JPEG without a profile has no stated colour space.
//!
//! The profile has version 4 of the format (ICC.1:2022): a header of 128 bytes, the tag table, and the tag data. The
//! format requires a description and a copyright. The three curves share one tag. The colorants are those of sRGB (IEC
//! 61966-2-1), adapted to D50 by the Bradford transform, with the same values as in the ICC's own sRGB profiles.
//! Numbers are in 65,536ths (`s15Fixed16Number`).

/// The colorants: XYZ of red, green and blue at full intensity, in 65,536ths.
///
/// ```
/// use smart_resize_jpeg::srgb::COLORANTS;
///
/// // Together they are the white point, whose Y is 1, up to their rounding.
/// assert_eq!(COLORANTS.iter().map(|[_, y, _]| y).sum::<u32>(), 65_534);
/// ```
pub const COLORANTS: [[u32; 3]; 3] = [[0x6fa2, 0x38f5, 0x0390], [0x6299, 0xb785, 0x18da], [0x24a0, 0x0f84, 0xb6cf]];
/// The white point of the profile connection space: XYZ of D50.
const D50: [u32; 3] = [0xf6d6, 0x0001_0000, 0xd32d];
/// The Bradford matrix that adapts D65 to D50, row by row.
const ADAPTATION: [u32; 9] =
    [0x0001_0c42, 0x05de, 0xffff_f325, 0x0793, 0xfd90, 0xffff_fba1, 0xffff_fda2, 0x03dc, 0xc06e];
/// The parameters g, a, b, c, d of the curve `y = (a x + b)^g` for `x >= d`, and `y = c x` for `x < d`.
const CURVE: [u32; 5] = [0x0002_6666, 0xf2a7, 0x0d59, 0x13d0, 0x0a5b];

const HEADER: usize = 128;
/// The length of an entry in the tag table: signature, offset and length of the tag, 4 bytes each.
const ENTRY: usize = 12;
/// The tag table: signature, offset and length.
const TAGS: [([u8; 4], u32, u32); 10] = [
    (*b"desc", DESC, 36),
    (*b"cprt", CPRT, 34),
    (*b"wtpt", WTPT, 20),
    (*b"chad", CHAD, 44),
    (*b"rXYZ", XYZ, 20),
    (*b"gXYZ", XYZ + 20, 20),
    (*b"bXYZ", XYZ + 40, 20),
    (*b"rTRC", TRC, 32),
    (*b"gTRC", TRC, 32),
    (*b"bTRC", TRC, 32),
];
// The tag data begin behind the header, the number of tags (4 bytes) and the tag table.
#[expect(clippy::cast_possible_truncation, reason = "252")]
const DESC: u32 = (HEADER + 4 + 10 * ENTRY) as u32;
// A text takes 28 bytes and its UTF-16 code units: 8 bytes for "sRGB"; 6 for "CC0", and 2 of padding.
const CPRT: u32 = DESC + 36;
// Each tag begins at a multiple of four.
const WTPT: u32 = CPRT + 36;
const CHAD: u32 = WTPT + 20;
const XYZ: u32 = CHAD + 44;
const TRC: u32 = XYZ + 60;
const LENGTH: u32 = TRC + 32;

/// Returns the bytes of the profile. They are the same in every call.
///
/// ```
/// use smart_resize_jpeg::{Encoder, Scratch, srgb};
///
/// let profile = srgb::profile();
/// assert_eq!(profile.len(), 480);
/// let file = Encoder::new((1, 1), 85).icc_profile(&profile).encode(&[0; 3], &mut Scratch::default())?;
/// assert!(file.windows(profile.len()).any(|bytes| bytes == profile));
/// # Ok::<(), smart_resize_jpeg::Error>(())
/// ```
pub fn profile() -> Vec<u8> {
    let mut icc = Vec::with_capacity(LENGTH as usize);
    let longs = |icc: &mut Vec<u8>, numbers: &[u32]| icc.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    longs(&mut icc, &[LENGTH, 0, 0x0420_0000]); // No preferred CMM; version 4.2.
    // The device class (a monitor), the colour space of the samples, and the profile connection space.
    icc.extend(b"mntrRGB XYZ ");
    // The format requires a creation date. This one is fixed: 2026-01-01 00:00:00.
    icc.extend([2026_u16, 1, 1, 0, 0, 0].iter().flat_map(|number| number.to_be_bytes()));
    // The signature that marks a file as an ICC profile.
    icc.extend(b"acsp");
    icc.extend([0; 28]); // No platform, flags, manufacturer, model or attributes; intent: perceptual.
    // The illuminant of the profile connection space is always D50.
    longs(&mut icc, &D50);
    icc.extend([0; 48]); // No creator, no identifier.
    debug_assert_eq!(icc.len(), HEADER);
    // The tag table begins with its number of entries.
    longs(&mut icc, &[10]);
    for (name, offset, length) in TAGS {
        icc.extend(name);
        longs(&mut icc, &[offset, length]);
    }
    // The tag data follow in the order of the tag table, whose offsets assume it.
    for text in ["sRGB", "CC0"] {
        // A `multiLocalizedUnicodeType` with one record: number of records, length of a record, language and country,
        // then length and offset of the text.
        icc.extend(b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS");
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        longs(&mut icc, &[u32::try_from(utf16.len()).expect("invariant: a short text"), 28]);
        icc.extend(utf16);
        icc.resize(icc.len().next_multiple_of(4), 0);
    }
    longs(&mut icc, &[u32::from_be_bytes(*b"XYZ "), 0]);
    longs(&mut icc, &D50);
    longs(&mut icc, &[u32::from_be_bytes(*b"sf32"), 0]);
    longs(&mut icc, &ADAPTATION);
    for [x, y, z] in COLORANTS {
        longs(&mut icc, &[u32::from_be_bytes(*b"XYZ "), 0, x, y, z]);
    }
    // Function type 3 of a parametric curve has the parameters g, a, b, c and d.
    longs(&mut icc, &[u32::from_be_bytes(*b"para"), 0, 0x0003_0000]);
    longs(&mut icc, &CURVE);
    icc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_as_long_as_it_says_and_reads_as_srgb() {
        let icc = profile();
        assert_eq!(icc.len(), LENGTH as usize);
        let parsed = moxcms::ColorProfile::new_from_slice(&icc).unwrap();
        assert!(parsed.is_matrix_shaper());
        let curve = moxcms::ColorProfile::new_srgb().red_trc;
        let (Some(moxcms::ToneReprCurve::Parametric(ours)), Some(moxcms::ToneReprCurve::Parametric(theirs))) =
            (parsed.blue_trc, curve)
        else {
            panic!("curves of another kind")
        };
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 2e-5), "{ours:?} {theirs:?}");
    }
}
