//! Drops everything from a file that its pixels do not depend on.

use std::borrow::Cow;

use crate::container::{Container, Kind, seal_webp};

/// Returns the file without its metadata. Returns it unchanged if it has none. `None` if it is no PNG, JPEG or WebP, or is an
/// animated WebP.
///
/// It keeps the compressed pixels, the tables that they need, and the description of their colours:
///
/// - JPEG: tables, frame and scans with their data, the JFIF segment without its thumbnail, the Adobe segment, ICC profiles.
/// - PNG: IHDR, PLTE, tRNS, IDAT, IEND, cICP, iCCP, sRGB, gAMA, cHRM, sBIT. An animation becomes its still picture.
/// - WebP: the extended header with corrected flags, the profile, the alpha, the bitstream.
///
/// The bytes behind the end of the picture are dropped, and so are bytes that belong to no segment. The orientation and the
/// colour space in EXIF are dropped too: a picture that depends on them looks different without them.
///
/// ```
/// use smart_resize_metadata::strip;
///
/// let file = [&b"\xff\xd8"[..], b"\xff\xfe\0\x09comment", b"\xff\xd9"].concat();
/// assert_eq!(strip(&file).as_deref(), Some(&b"\xff\xd8\xff\xd9"[..]));
/// assert_eq!(strip(b"plain text"), None);
/// ```
pub fn strip(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let container = Container::sniff(bytes)?;
    let mut file = Vec::with_capacity(bytes.len());
    container.split(bytes, |part| {
        if part.kind == Kind::Picture {
            file.extend(part.bytes);
        }
    });
    if container == Container::WebP && !seal_webp(&mut file) {
        return None;
    }
    Some(if file == bytes { Cow::Borrowed(bytes) } else { Cow::Owned(file) })
}
