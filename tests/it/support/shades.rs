//! A scripted backend whose images have one shade each, by which a test recognises them.

use std::num::NonZeroUsize;

use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::decode;
use smart_resize::request::Sharing;
use smart_resize::{Outcome, Plan, Request, Source};

use super::pictures::{photo, png, size};

pub(crate) const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

pub(crate) fn source() -> Source {
    Source::from_bytes(png(&photo(size("60x40"))))
}

pub(crate) fn plan(sizes: &[&str], variants: u32) -> Plan {
    Plan::new(&Request::builder(source()).sizes(sizes).variants(variants).sharing(Sharing::PerTarget).build().unwrap())
        .unwrap()
}

/// A picture of the preset's size in one shade, by which a test recognises it.
pub(crate) fn plain(request: &GenerationRequest, shade: u8) -> Vec<u8> {
    let size = request.preset().size;
    png(&Picture::from_rgb(size, vec![shade; size.area() as usize * 3]).unwrap())
}

/// An answer with all images: image `i` of call `c` has the shade 10 c + i.
pub(crate) fn answer(request: &GenerationRequest) -> Generated {
    let shade = |image: u32| plain(request, (10 * request.call().0 + image) as u8);
    Generated::new("test", (0..request.variants()).map(shade))
}

pub(crate) fn failure(kind: GenerateErrorKind) -> GenerateError {
    GenerateError::new(kind, "on purpose")
}

pub(crate) fn shade(bytes: &[u8]) -> u8 {
    decode(bytes, &smart_resize::pixels::decode::DecodeOptions::default()).unwrap().picture.pixels()[0]
}

/// The shades of all pictures, rendition by rendition; `None` for a missing picture.
pub(crate) fn shades(outcome: &Outcome) -> Vec<Vec<Option<u8>>> {
    let variants = |rendition: &smart_resize::run::RenditionOutcome| {
        rendition.variants.iter().map(|output| output.as_ref().ok().map(|output| shade(&output.bytes))).collect()
    };
    outcome.renditions.iter().map(variants).collect()
}
