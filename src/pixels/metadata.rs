//! The metadata of results: the credit of the source, and the mark that says whether a model made the picture.
//!
//! A result has an XMP packet of at most 2,500 bytes and no other metadata: no EXIF, no GPS position, no comments. It has no date,
//! so that the same input gives the same bytes. The packet counts against the byte limit of a target.
//!
//! ```
//! use smart_resize::Size;
//! use smart_resize::pixels::metadata::{Mark, Metadata, MetadataOptions, read};
//! use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
//!
//! # use smart_resize::Format;
//! # use smart_resize::pixels::Picture;
//! # use smart_resize::pixels::encode::{EncodeOptions, encode};
//! # let picture = Picture::from_rgb(Size::new(40, 30)?, vec![90; 40 * 30 * 3])?;
//! # let photo = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
//! let metadata = MetadataOptions::default().fields(Metadata::default().credit("An agency"));
//! let options = RenderOptions::default().metadata(metadata);
//! let rendered = render(&photo, &RenderTarget::new(Size::new(20, 20)?), &options)?;
//! assert_eq!(read(&rendered.bytes).credit.as_deref(), Some("An agency"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::Arc;

use smart_resize_metadata::Packet;
pub use smart_resize_metadata::{MAX_PACKET_BYTES, Metadata, read};

/// The `Iptc4xmpExt:DigitalSourceType` of a picture that a model made from a source.
pub const COMPOSITE_WITH_MODEL: &str =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// The `Iptc4xmpExt:DigitalSourceType` of a picture that an algorithm without a model changed.
pub const ALGORITHMICALLY_ENHANCED: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced";

/// The `Iptc4xmpExt:DigitalSourceType` of a picture that a model made without a source.
const MODEL_ALONE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/// Whether results keep the source's creator, rights, credit, source and terms of use.
///
/// ```
/// use smart_resize::pixels::metadata::Credit;
///
/// assert_eq!(Credit::default(), Credit::Keep);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credit {
    /// They are kept. In places the law forbids to remove them.
    #[default]
    Keep,
    /// They are dropped.
    Drop,
}

/// The mark of origin that results get: the value of `Iptc4xmpExt:DigitalSourceType`.
///
/// ```
/// use smart_resize::pixels::metadata::Mark;
///
/// assert_eq!(Mark::default(), Mark::Auto);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// [`COMPOSITE_WITH_MODEL`] if a model made the picture; [`ALGORITHMICALLY_ENHANCED`] if a backend without a model
    /// reframed the source; the mark of the source, if it has one, if the picture was cut from it. A source that a model made
    /// alone, or took part in, keeps its mark.
    #[default]
    Auto,
    /// No mark.
    Off,
    /// This URI.
    Given(Arc<str>),
}

/// The metadata of results. [The module](self) has an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataOptions {
    /// Whether the credit of the source is kept. Default: [`Credit::Keep`].
    pub credit: Credit,
    /// The mark of origin. Default: [`Mark::Auto`].
    pub mark: Mark,
    /// The caller's own fields. Each takes precedence over the source's. The digital source type has no effect, since
    /// [`mark`](Self::mark) sets it. The AI system is written only if a model made the picture.
    pub fields: Metadata,
}

impl MetadataOptions {
    /// Sets whether the credit of the source is kept.
    #[must_use]
    pub const fn credit(mut self, credit: Credit) -> Self {
        self.credit = credit;
        self
    }

    /// Sets the mark of origin.
    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }

    /// Sets the caller's own fields.
    #[must_use]
    pub fn fields(mut self, fields: Metadata) -> Self {
        self.fields = fields;
        self
    }

    /// Returns the metadata of a result.
    pub(crate) fn of_result(&self, source: &Metadata, origin: Origin) -> Metadata {
        let mut found = self.fields.clone();
        if origin != Origin::Generated {
            found.ai_system = None;
        }
        if self.credit == Credit::Keep {
            let mut credit = source.clone();
            credit.title = None;
            // A picture that is cut from the source was made by the same system.
            credit.ai_system.take_if(|_| origin != Origin::Cut || self.mark == Mark::Off);
            found = found.or(credit);
        }
        let of_source = source.digital_source_type.as_deref();
        let was_generated = of_source.filter(|uri| [COMPOSITE_WITH_MODEL, MODEL_ALONE].contains(uri));
        found.digital_source_type = match (&self.mark, origin) {
            (Mark::Off, _) => None,
            (Mark::Given(uri), _) => Some(uri.as_ref()),
            (Mark::Auto, Origin::Cut) => of_source,
            (Mark::Auto, Origin::Reframed) => was_generated.or(Some(ALGORITHMICALLY_ENHANCED)),
            (Mark::Auto, Origin::Generated) => was_generated.or(Some(COMPOSITE_WITH_MODEL)),
        }
        .map(String::from);
        found
    }

    /// Returns the packet of a result.
    pub(crate) fn packet(&self, source: &Metadata, origin: Origin) -> Packet {
        Packet::new(&self.of_result(source, origin))
    }
}

/// How a picture that results are cut from came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is the source itself.
    Cut,
    /// A backend without a model made it from the source.
    Reframed,
    /// A model made it.
    Generated,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture";
    const ORIGINS: [Origin; 3] = [Origin::Cut, Origin::Reframed, Origin::Generated];

    fn source() -> Metadata {
        Metadata::default().creator(["Ann"]).rights("© Ann").title("A shoe").digital_source_type(CAPTURE)
    }

    fn marks(options: &MetadataOptions, source: &Metadata) -> [Option<String>; 3] {
        ORIGINS.map(|origin| options.of_result(source, origin).digital_source_type)
    }

    #[test]
    fn the_mark_says_how_the_picture_came_about() {
        let uris = |uris: [Option<&str>; 3]| uris.map(|uri| uri.map(String::from));
        let auto = MetadataOptions::default();
        let expected = [Some(CAPTURE), Some(ALGORITHMICALLY_ENHANCED), Some(COMPOSITE_WITH_MODEL)];
        assert_eq!(marks(&auto, &source()), uris(expected));
        assert_eq!(marks(&auto, &Metadata::default()), uris([None, expected[1], expected[2]]));
        // The mark of a generated source stays.
        for made in [MODEL_ALONE, COMPOSITE_WITH_MODEL] {
            assert_eq!(marks(&auto, &source().digital_source_type(made)), uris([Some(made); 3]));
        }
        assert_eq!(marks(&auto.clone().mark(Mark::Off), &source()), uris([None; 3]));
        assert_eq!(marks(&auto.mark(Mark::Given("uri".into())), &source()), uris([Some("uri"); 3]));
    }

    #[test]
    fn the_credit_of_the_source_is_kept_below_the_fields_of_the_caller_and_its_title_is_dropped() {
        let own = Metadata::default().rights("own").title("own").ai_system("a model").digital_source_type("no");
        let options = MetadataOptions::default().mark(Mark::Off).fields(own);
        let expected = Metadata::default().creator(["Ann"]).rights("own").title("own");
        assert_eq!(options.of_result(&source(), Origin::Cut), expected);
        assert_eq!(options.of_result(&source(), Origin::Reframed), expected);
        assert_eq!(options.of_result(&source(), Origin::Generated), expected.ai_system("a model"));
        let dropped = options.credit(Credit::Drop).of_result(&source(), Origin::Cut);
        assert_eq!(dropped, Metadata::default().rights("own").title("own"));
        let system = source().ai_system("a model");
        let systems = ORIGINS.map(|origin| MetadataOptions::default().of_result(&system, origin).ai_system);
        assert_eq!(systems, [Some("a model".into()), None, None]);
    }
}
