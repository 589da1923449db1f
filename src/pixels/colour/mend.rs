//! Repairs profiles whose colours can be read although the rest is invalid.
//!
//! An ICC profile begins with a header of 128 bytes, which has the version (byte 8) and the signature `acsp` (byte 36).
//! The number of tags follows, and for each tag its signature, its offset and its length (ICC.1:2022, section 7). Some
//! programs write the version 0 or 5, or a tag that lies beyond the end, such as the copyright.

/// The tags that determine colours: curves, colorants, tables, the white point and its adaptation.
const COLOUR_TAGS: [&[u8; 4]; 13] = [
    b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"rXYZ", b"gXYZ", b"bXYZ", b"A2B0", b"A2B1", b"A2B2", b"wtpt", b"chad", b"cicp",
];
/// The versions that the parser knows.
const VERSIONS: [u8; 3] = [2, 3, 4];

/// Returns a copy of the profile that has only the tags that determine colours, and a known version. `None` if `icc` is
/// not a profile.
#[expect(clippy::indexing_slicing, reason = "128 bytes of header and 4 of the count are split off")]
pub(super) fn mended(icc: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = icc.split_at_checked(132)?;
    if &header[36..40] != b"acsp" {
        return None;
    }
    let count = header[128..].iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
    let has_colour = |entry: &&[u8; 12]| COLOUR_TAGS.iter().any(|tag| entry.starts_with(&tag[..]));
    let entries: Vec<_> = rest.as_chunks::<12>().0.iter().take(count).filter(has_colour).collect();
    let mut mended = icc.to_vec();
    if !VERSIONS.contains(&mended[8]) {
        mended[8..12].copy_from_slice(&[4, 0, 0, 0]);
    }
    mended[128..132].copy_from_slice(&u32::try_from(entries.len()).ok()?.to_be_bytes());
    // The data stays where it is, so the offsets stay valid. The table becomes shorter.
    for (kept, entry) in mended[132..].as_chunks_mut::<12>().0.iter_mut().zip(entries) {
        *kept = *entry;
    }
    Some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile of a version with tags of 12 bytes each, whose data is the text behind them.
    fn profile(version: u8, tags: &[&[u8; 4]]) -> Vec<u8> {
        let mut icc = vec![7; 128];
        icc[8] = version;
        icc[36..40].copy_from_slice(b"acsp");
        icc.extend(u32::try_from(tags.len()).unwrap().to_be_bytes());
        for tag in tags {
            icc.extend([tag.as_slice(), b"offsetle"].concat());
        }
        icc.extend(b"data");
        icc
    }

    #[test]
    fn only_colour_tags_stay_in_a_mended_profile_and_the_data_stays_where_it_is() {
        let tags = profile(4, &[b"cprt", b"rXYZ", b"desc", b"rTRC"]);
        let mended = mended(&tags).unwrap();
        assert_eq!(mended.len(), tags.len());
        assert_eq!(mended[128..156], *b"\0\0\0\x02rXYZoffsetlerTRCoffsetle"[..].as_ref());
        assert_eq!(mended[156..], tags[156..]);
        let all = profile(4, &COLOUR_TAGS);
        assert_eq!(super::mended(&all).unwrap(), all, "all of these are colour tags");
    }

    #[test]
    fn a_version_other_than_2_3_or_4_becomes_4() {
        let version = |version: u8| mended(&profile(version, &[])).unwrap()[8..12].to_vec();
        assert_eq!([2, 3, 4].map(|kept| version(kept)[0]), [2, 3, 4]);
        assert_eq!([0, 1, 5].map(version), [[4, 0, 0, 0]; 3]);
    }

    #[test]
    fn only_the_stated_number_of_tags_is_read_from_a_profile_with_a_signature() {
        let mut counted = profile(4, &[b"rXYZ", b"gXYZ"]);
        counted[131] = 1;
        assert_eq!(mended(&counted).unwrap()[131], 1);
        let mut unsigned = profile(4, &[]);
        unsigned[36] = b'x';
        assert_eq!((mended(&unsigned), mended(&counted[..131])), (None, None));
    }
}
