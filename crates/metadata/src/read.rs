//! Reads the author and the origin of a picture from its file.

use std::borrow::Cow;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::container::{Container, Kind, PNG_XMP, Part, TextChunk};
use crate::exif::Exif;
use crate::metadata::Metadata;
use crate::xmp::MAX_PACKET;
use crate::{iim, text, xmp};

/// Reads the author and the origin of a PNG, JPEG or WebP: from XMP, then from EXIF, then from IPTC-IIM. A field is taken from the
/// first of them that has it.
///
/// The file is untrusted. Metadata that is broken or too large is ignored, and so is the metadata of other formats. A text has at
/// most 1,000 characters, and a list at most 20 texts. Control characters become blanks.
///
/// ```
/// use smart_resize_metadata::{Metadata, read};
///
/// let xmp = r#"<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
///     <r:Description xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:Credit="An agency"/></r:RDF>"#;
/// let content = ["http://ns.adobe.com/xap/1.0/\0", xmp].concat();
/// let length = (content.len() as u16 + 2).to_be_bytes();
/// let file = [&b"\xff\xd8\xff\xe1"[..], &length, content.as_bytes(), b"\xff\xd9"].concat();
/// assert_eq!(read(&file), Metadata::default().credit("An agency"));
/// ```
pub fn read(bytes: &[u8]) -> Metadata {
    let [mut from_xmp, mut from_exif, mut from_iim] = [const { None }; 3];
    let Some(container) = Container::sniff(bytes) else { return Metadata::default() };
    // Only the first packet counts, since a hostile file may have very many.
    container.split(bytes, |part| match part.kind {
        Kind::Xmp | Kind::XmpText(_) if from_xmp.is_none() => {
            from_xmp = Some(packet(&part).map(|packet| xmp::read(&packet)).unwrap_or_default());
        }
        Kind::Exif if from_exif.is_none() => from_exif = Exif::read(part.content).map(of_exif),
        Kind::Photoshop if from_iim.is_none() => {
            from_iim = Some(iim::read(part.content));
        }
        _ => {}
    });
    [from_xmp, from_exif, from_iim].into_iter().flatten().fold(Metadata::default(), Metadata::or)
}

/// Returns the XMP packet of a part.
fn packet<'a>(part: &Part<'a>) -> Option<Cow<'a, [u8]>> {
    let Kind::XmpText(kind) = part.kind else { return Some(Cow::Borrowed(part.content)) };
    let text = part.content.strip_prefix(PNG_XMP)?;
    let (is_compressed, text) = match (kind, text) {
        (TextChunk::Plain, text) => (false, text),
        // The method of compression, of which there is one.
        (TextChunk::Compressed, [0, text @ ..]) => (true, text),
        // Whether the text is compressed, the method, and two texts with a NUL behind each: a language and a keyword.
        (TextChunk::International, [is_compressed @ (0 | 1), 0, rest @ ..]) => {
            (*is_compressed == 1, rest.splitn(3, |byte| *byte == 0).nth(2)?)
        }
        _ => return None,
    };
    if is_compressed {
        return decompress_to_vec_zlib_with_limit(text, MAX_PACKET).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(text))
}

/// Returns the fields of an EXIF block.
fn of_exif(exif: Exif<'_>) -> Metadata {
    // A block separates authors with semicolons, and the photographer's and the editor's copyright with a NUL.
    let artist = exif.artist.and_then(text::decode).unwrap_or_default();
    let mut found = Metadata::default().creator(artist.split(';').filter_map(text::clean).take(iim::MAX_CREATORS));
    found.rights = exif.copyright.and_then(|copyright| {
        let parts: Vec<String> = copyright.split(|byte| *byte == 0).filter_map(text::decode).take(2).collect();
        text::clean(&parts.join("; "))
    });
    found
}
