//! Files that the tests put together.

/// A chunk of a PNG.
pub(crate) fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let named = [name, content].concat();
    [&(content.len() as u32).to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// A PNG of these chunks.
pub(crate) fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

/// A segment of a JPEG.
pub(crate) fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    [&[0xff, code], &(content.len() as u16 + 2).to_be_bytes()[..], content].concat()
}

/// A JPEG of these segments, each with the data behind it, and its end marker.
pub(crate) fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    [b"\xff\xd8".to_vec(), segments.concat(), b"\xff\xd9".to_vec()].concat()
}

/// A WebP of these chunks.
pub(crate) fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, content) in chunks {
        body.extend([&name[..], &(content.len() as u32).to_le_bytes(), content].concat());
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// The content of an extended header with these flags, for a picture of 3x2.
pub(crate) fn extended(flags: u8) -> [u8; 10] {
    [flags, 0, 0, 0, 2, 0, 0, 1, 0, 0]
}

/// The segments and chunks that pictures consist of. Their content is not that of a picture that can be decoded.
pub(crate) mod picture {
    use super::{chunk, segment};

    pub(crate) const JFIF: &[u8] = b"JFIF\0\x01\x01\x01\0\x48\0\x48\0\0";
    pub(crate) const ADOBE: &[u8] = b"Adobe\0\x64\0\0\0\0\x01";
    pub(crate) const DATA: &[u8] = b"\x12\xff\0\x34\xff\xd0\x56";

    /// JFIF, Adobe, two parts of a profile, tables, a frame, and two scans.
    pub(crate) fn jpeg() -> Vec<Vec<u8>> {
        vec![
            segment(0xe0, JFIF),
            segment(0xee, ADOBE),
            segment(0xe2, b"ICC_PROFILE\0\x01\x02one"),
            segment(0xe2, b"ICC_PROFILE\0\x02\x02two"),
            segment(0xdb, &[0; 65]),
            segment(0xc2, b"a frame"),
            segment(0xc4, b"tables"),
            segment(0xdd, &[0, 4]),
            [segment(0xda, b"a scan"), DATA.to_vec()].concat(),
            [segment(0xda, b"a scan"), DATA.to_vec()].concat(),
        ]
    }

    /// All chunks that belong to a picture.
    pub(crate) fn png() -> Vec<Vec<u8>> {
        let header = chunk(b"IHDR", &[0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
        let colours = [b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"PLTE", b"tRNS"];
        let pixels = [chunk(b"IDAT", b"pixels"), chunk(b"IDAT", b"more"), chunk(b"IEND", b"")];
        [header].into_iter().chain(colours.map(|name| chunk(name, b"colours"))).chain(pixels).collect()
    }

    pub(crate) const WEBP: [(&[u8; 4], &[u8]); 3] =
        [(b"ICCP", b"a profile"), (b"ALPH", b"alpha"), (b"VP8 ", b"a bitstream")];
}
