//! Writes an XMP packet, and puts it into a file.

use xmp_writer::{CustomNamespace, Namespace, XmpWriter};

use crate::container::{Container, JPEG_XMP, Kind, PNG_XMP, add_webp_xmp};
use crate::iim::MAX_CREATORS;
use crate::metadata::Metadata;
use crate::strip::strip;
use crate::{text, xmp};

/// The largest packet that is written, in bytes.
pub const MAX_PACKET_BYTES: usize = 2500;

/// The longest `Iptc4xmpExt:DigitalSourceType`, in bytes. Those of the IPTC have up to 87.
const MAX_SOURCE_TYPE: usize = 256;

/// An XMP packet of at most [`MAX_PACKET_BYTES`] bytes. The same metadata gives the same bytes.
///
/// ```
/// use smart_resize_metadata::{Metadata, Packet, read};
///
/// let metadata = Metadata::default().creator(["Ann Other"]).rights("© 2026 Ann Other");
/// let file = Packet::new(&metadata).write(b"\xff\xd8\xff\xd9").unwrap();
/// assert_eq!(read(&file), metadata);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet(String);

impl Packet {
    /// Makes a packet. It is empty if the metadata is empty.
    ///
    /// If the packet would be too large, texts are cut, or left out, from the least important on: title, AI system, owners, usage
    /// terms, web statement, source, credit, creators, rights. A URL is never cut. A text has at most 1,000 characters, and a list 20 texts. A digital source type above 256 bytes is left
    /// out.
    pub fn new(metadata: &Metadata) -> Self {
        let mut fields = cleaned(metadata);
        loop {
            if fields.is_empty() {
                return Self::default();
            }
            let packet = packet(&fields);
            match packet.len().checked_sub(MAX_PACKET_BYTES) {
                None | Some(0) => return Self(packet),
                Some(excess) => shorten(&mut fields, excess),
            }
        }
    }

    /// Whether the packet has no fields.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the file with this packet as its only metadata. The compressed pixels and the description of their colours stay as
    /// they are. With an empty packet, this is [`strip`]. `None` if the file is no PNG, JPEG or WebP, or is an animated WebP.
    ///
    /// A file that has this packet in this place, and no other metadata, stays byte for byte.
    pub fn write(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut file = strip(bytes)?.into_owned();
        if self.is_empty() {
            return Some(file);
        }
        let packet = self.0.as_bytes();
        let place = place(&file)?;
        let put = |file: &mut Vec<u8>, part: Vec<u8>| drop(file.splice(place..place, part));
        match Container::sniff(&file)? {
            Container::Jpeg => {
                let length = u16::try_from(2 + JPEG_XMP.len() + packet.len()).ok()?;
                let marker = [0xff, smart_resize_jpeg::marker::APP1];
                put(&mut file, [&marker, &length.to_be_bytes()[..], JPEG_XMP, packet].concat());
            }
            Container::Png => {
                // The text is not compressed: two flags, and no language and no translated keyword.
                let named = [b"iTXt", PNG_XMP, &[0; 4], packet].concat();
                let length = u32::try_from(named.len().checked_sub(4)?).ok()?.to_be_bytes();
                put(&mut file, [&length, &named[..], &crc32fast::hash(&named).to_be_bytes()].concat());
            }
            Container::WebP => add_webp_xmp(&mut file, packet)?,
        }
        Some(file)
    }
}

/// Returns the file with this metadata instead of its own, as [`Packet::write`] does.
///
/// ```
/// use smart_resize_metadata::{Metadata, read, write};
///
/// let metadata = Metadata::default().credit("An agency");
/// let file = write(b"\xff\xd8\xff\xd9", &metadata).unwrap();
/// assert_eq!(read(&file), metadata);
/// assert_eq!(write(&file, &Metadata::default()).unwrap(), b"\xff\xd8\xff\xd9");
/// ```
pub fn write(bytes: &[u8], metadata: &Metadata) -> Option<Vec<u8>> {
    Packet::new(metadata).write(bytes)
}

/// Returns the offset at which a packet belongs: behind the JFIF header of a JPEG, which has to come first; before the pixels of a
/// PNG; at the end of a WebP.
fn place(file: &[u8]) -> Option<usize> {
    let container = Container::sniff(file)?;
    let (mut place, mut at) = (None, 0);
    container.split(file, |part| {
        let is_behind = match container {
            Container::Jpeg => part.kind == Kind::Picture && at > 0 && !part.bytes.starts_with(&[0xff, 0xe0]),
            Container::Png => part.bytes.get(4..8) == Some(b"IDAT"),
            Container::WebP => false,
        };
        if is_behind {
            place = place.or(Some(at));
        }
        at += part.bytes.len();
    });
    place.or(Some(at))
}

/// Returns the metadata without control characters and blank texts.
fn cleaned(metadata: &Metadata) -> Metadata {
    let one = |text: &Option<String>| text.as_deref().and_then(text::clean);
    let list = |texts: &[String]| texts.iter().filter_map(|text| text::clean(text)).take(MAX_CREATORS).collect();
    let Metadata { creator, rights, credit, source, marked, web_statement, usage_terms, owner, title, .. } = metadata;
    Metadata {
        creator: list(creator),
        rights: one(rights),
        credit: one(credit),
        source: one(source),
        marked: *marked,
        web_statement: one(web_statement),
        usage_terms: one(usage_terms),
        owner: list(owner),
        title: one(title),
        digital_source_type: one(&metadata.digital_source_type).filter(|uri| uri.len() <= MAX_SOURCE_TYPE),
        ai_system: one(&metadata.ai_system),
    }
}

fn packet(metadata: &Metadata) -> String {
    let Metadata { creator, rights, credit, source, web_statement, usage_terms, owner, title, ai_system, .. } =
        metadata;
    let namespace = |prefix, url| Namespace::Custom(Box::new(CustomNamespace::new(prefix, prefix, url)));
    let mut writer = XmpWriter::new();
    if !creator.is_empty() {
        writer.creator(creator.iter().map(String::as_str));
    }
    if let Some(rights) = rights {
        writer.rights([(None, rights.as_str())]);
    }
    if let Some(title) = title {
        writer.title([(None, title.as_str())]);
    }
    if let Some(marked) = metadata.marked {
        writer.marked(marked);
    }
    if let Some(url) = web_statement {
        writer.web_statement(url);
    }
    if let Some(terms) = usage_terms {
        writer.usage_terms([(None, terms.as_str())]);
    }
    if !owner.is_empty() {
        writer.owner(owner.iter().map(String::as_str));
    }
    for (name, prefix, url, value) in [
        ("Credit", "photoshop", xmp::PHOTOSHOP, credit),
        ("Source", "photoshop", xmp::PHOTOSHOP, source),
        ("DigitalSourceType", "Iptc4xmpExt", xmp::IPTC, &metadata.digital_source_type),
        ("AISystemUsed", "Iptc4xmpExt", xmp::IPTC, ai_system),
    ] {
        if let Some(value) = value {
            writer.element(name, namespace(prefix, url)).value(value.as_str());
        }
    }
    writer.finish(None)
}

/// Removes `excess` bytes of text from the end of the least important field, or the whole field.
fn shorten(metadata: &mut Metadata, excess: usize) {
    let Metadata { creator, rights, credit, source, web_statement, usage_terms, owner, title, ai_system, .. } =
        metadata;
    let is_cut = cut(title, excess)
        || cut(ai_system, excess)
        || cut_last(owner, excess)
        || cut(usage_terms, excess)
        // A URL without its end would lead to another page.
        || web_statement.take().is_some()
        || cut(source, excess)
        || cut(credit, excess)
        || cut_last(creator, excess)
        || cut(rights, excess);
    debug_assert!(is_cut, "a packet without these fields is small");
}

/// Removes characters that take at least `excess` bytes in XML from the end of the text, or the text. Returns false if there is
/// none.
fn cut(text: &mut Option<String>, excess: usize) -> bool {
    let Some(mut whole) = text.take() else { return false };
    let mut removed = 0;
    while removed < excess
        && let Some(c) = whole.pop()
    {
        removed += match c {
            '<' | '>' => 4,
            '&' => 5,
            '\'' | '"' => 6,
            c => c.len_utf8(),
        };
    }
    *text = Some(whole.trim_end()).filter(|text| !text.is_empty()).map(String::from);
    true
}

/// Does the same with the last of the texts.
fn cut_last(texts: &mut Vec<String>, excess: usize) -> bool {
    let mut last = texts.pop();
    let is_cut = cut(&mut last, excess);
    texts.extend(last);
    is_cut
}
