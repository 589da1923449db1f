//! The kind of a file that is not a picture in a supported format.

use core::fmt;

/// The kind of a file that is not a picture in a supported format, detected from its first bytes.
///
/// ```
/// use smart_resize::pixels::decode::{DecodeError, DecodeOptions, FileKind, decode};
///
/// let error = decode(b"<!DOCTYPE html><title>Sign in</title>", &DecodeOptions::default()).unwrap_err();
/// assert_eq!(error, DecodeError::UnknownFormat { kind: FileKind::Html });
/// assert_eq!(
///     error.to_string(),
///     "the file is an HTML page; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture; if it is from a link, the link \
///      leads to a page and not to the picture",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// An empty file.
    Empty,
    /// A HEIF picture with HEVC, as phones take them.
    Heic,
    /// A HEIF picture with AV1.
    Avif,
    /// A JPEG XL picture.
    JpegXl,
    /// A JPEG 2000 picture.
    Jpeg2000,
    /// A PNG in the form that Xcode makes for iOS, which other programs cannot read.
    AppleCgbi,
    /// A vector drawing.
    Svg,
    /// A Photoshop document.
    Photoshop,
    /// A Windows icon.
    Icon,
    /// A PDF. Illustrator documents are PDFs.
    Pdf,
    /// A PostScript document.
    PostScript,
    /// A video.
    Video,
    /// A ZIP archive. Office documents are ZIP archives.
    Zip,
    /// An HTML page.
    Html,
    /// JSON text.
    Json,
    /// A data URI as text.
    DataUri,
    /// Base64 as text.
    Base64,
    /// Other text.
    Text,
    /// None of these.
    Unknown,
}

impl FileKind {
    /// Detects the kind of a file from its first bytes. A picture in a supported format is [`Unknown`](Self::Unknown).
    ///
    /// ```
    /// use smart_resize::pixels::decode::FileKind;
    ///
    /// assert_eq!(FileKind::sniff(b"%PDF-1.7"), FileKind::Pdf);
    /// ```
    pub fn sniff(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Empty,
            [0x89, b'P', b'N', b'G', _, _, _, _, _, _, _, _, b'C', b'g', b'B', b'I', ..] => Self::AppleCgbi,
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => Self::of_brand(brand),
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Self::JpegXl,
            [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => Self::Jpeg2000,
            [b'8', b'B', b'P', b'S', ..] => Self::Photoshop,
            [0, 0, 1, 0, ..] => Self::Icon,
            [b'%', b'P', b'D', b'F', ..] => Self::Pdf,
            [b'%', b'!', b'P', b'S', ..] => Self::PostScript,
            // Matroska and WebM, and AVI.
            [0x1a, 0x45, 0xdf, 0xa3, ..] | [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => {
                Self::Video
            }
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            _ => Self::of_text(bytes),
        }
    }

    /// Detects the kind of an ISO base media file. `brands` is what follows "ftyp": the main brand, a version of 4
    /// bytes and the compatible brands, then the rest of the file.
    fn of_brand(brands: &[u8]) -> Self {
        let known = |brand: &[u8]| match brand {
            b"avif" | b"avis" => Some(Self::Avif),
            b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" => Some(Self::Heic),
            _ => None,
        };
        // Only 12 groups of 4 bytes are read, because the length of the list is not parsed. The version matches no
        // brand, so it is read as one. A file of the general brand "mif1" names its codec among the compatible brands;
        // if it does not, it most likely is HEIC. A file of any other brand is taken for a video.
        let found = brands.chunks_exact(4).take(12).find_map(known);
        found.unwrap_or(if brands.starts_with(b"mif1") { Self::Heic } else { Self::Video })
    }

    fn of_text(bytes: &[u8]) -> Self {
        let start = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        // A character of several bytes may be cut at the end.
        let text = match core::str::from_utf8(start) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                core::str::from_utf8(start.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return Self::Unknown,
        };
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            return Self::Unknown;
        }
        let text = text.trim_start().to_ascii_lowercase();
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\r' | '\n');
        // Base64 of the first bytes of a PNG, a JPEG, a GIF and a WebP, in lower case as `text` is.
        let pictures = ["ivborw0kggo", "/9j/", "r0lgod", "uklgr"];
        match text.as_bytes() {
            _ if text.starts_with("data:") => Self::DataUri,
            // HTML comes first, since a page can contain SVG.
            _ if text.starts_with("<!doctype html") || text.contains("<html") || text.contains("<head") => Self::Html,
            _ if text.contains("<svg") => Self::Svg,
            [b'{' | b'[', ..] => Self::Json,
            _ if text.chars().all(is_base64) && pictures.iter().any(|start| text.starts_with(start)) => Self::Base64,
            _ => Self::Text,
        }
    }

    /// Returns the rest of the message: what to do, after a semicolon.
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::Empty | Self::Unknown | Self::Text => "",
            Self::Heic | Self::Avif | Self::JpegXl | Self::Jpeg2000 => "; convert it to JPEG or PNG",
            Self::AppleCgbi => "; save it again as a standard PNG",
            Self::Svg | Self::Photoshop | Self::Icon | Self::Pdf | Self::PostScript => "; export it as PNG or JPEG",
            Self::Video => "; save a frame of it as PNG or JPEG",
            Self::Zip => "; extract the picture from it",
            Self::Html => "; if it is from a link, the link leads to a page and not to the picture",
            Self::Json => "; it may be an error message of a server",
            Self::DataUri | Self::Base64 => "; decode its base64 into a file",
        }
    }
}

impl fmt::Display for FileKind {
    /// Writes what follows `the file is`, such as `a ZIP archive` or `empty`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Heic => "a HEIC picture",
            Self::Avif => "an AVIF picture",
            Self::JpegXl => "a JPEG XL picture",
            Self::Jpeg2000 => "a JPEG 2000 picture",
            Self::AppleCgbi => "a PNG in Apple's CgBI form",
            Self::Svg => "an SVG drawing",
            Self::Photoshop => "a Photoshop document",
            Self::Icon => "a Windows icon",
            Self::Pdf => "a PDF document",
            Self::PostScript => "a PostScript document",
            Self::Video => "a video",
            Self::Zip => "a ZIP archive",
            Self::Html => "an HTML page",
            Self::Json => "JSON text",
            Self::DataUri => "the text of a data URI",
            Self::Base64 => "base64 text",
            Self::Text => "text",
            Self::Unknown => "of an unknown kind",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_comes_before_svg_since_a_page_can_contain_a_drawing() {
        assert_eq!(FileKind::sniff(b"<html><svg/></html>"), FileKind::Html);
        assert_eq!(FileKind::sniff(b"<svg/><html/>"), FileKind::Html);
        assert_eq!(FileKind::sniff(b"<svg/>"), FileKind::Svg);
    }

    #[test]
    fn twelve_groups_of_brands_are_read() {
        let file = |brands: usize| [b"\0\0\0\x18ftyp".as_slice(), &b"abcd".repeat(brands), b"avif"].concat();
        assert_eq!((FileKind::sniff(&file(11)), FileKind::sniff(&file(12))), (FileKind::Avif, FileKind::Video));
        assert_eq!(FileKind::sniff(b"\0\0\0\x18ftypmif1"), FileKind::Heic, "the codec is not named");
    }

    #[test]
    fn text_is_judged_by_its_first_1024_bytes() {
        let page = |spaces: usize| FileKind::sniff(&[&b" ".repeat(spaces), b"<html".as_slice()].concat());
        assert_eq!((page(1019), page(1020)), (FileKind::Html, FileKind::Text));
    }

    #[test]
    fn a_control_character_is_of_an_unknown_kind_and_white_space_is_text() {
        assert_eq!(FileKind::sniff(b"a\x07"), FileKind::Unknown);
        assert_eq!(FileKind::sniff(b"a\r\n\t\x0c"), FileKind::Text);
    }

    #[test]
    fn base64_is_recognised_by_the_start_of_each_format() {
        for start in ["iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR"] {
            assert_eq!(FileKind::sniff(start.as_bytes()), FileKind::Base64, "{start}");
            assert_eq!(FileKind::sniff(format!("{start}!").as_bytes()), FileKind::Text, "{start}");
        }
        assert_eq!(FileKind::sniff(b"aVBORw0KGgo"), FileKind::Text);
    }

    #[test]
    fn json_begins_with_a_brace_or_a_bracket_after_white_space() {
        assert_eq!([b" {\"a\":1}".as_slice(), b"\n[1]"].map(FileKind::sniff), [FileKind::Json; 2]);
    }
}
