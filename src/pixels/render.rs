//! The pipeline: decode the whole picture, inspect it, crop and resample each target, encode.
//!
//! The header of a file is parsed once, and the picture is decoded once, for any number of targets. Each
//! [`RenderTarget`] determines a rectangle of the picture, which is resampled once.
//!
//! Peak memory is the file and the decoded picture, plus, for each target in progress, its pixels, its file and the
//! intermediate picture of the convolution.
//!
//! ```
//! use smart_resize::{Format, Size};
//! use smart_resize::pixels::Picture;
//! use smart_resize::pixels::encode::{EncodeOptions, encode};
//! use smart_resize::pixels::render::{RenderOptions, RenderTarget, Renderer};
//!
//! # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
//! # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
//! let renderer = Renderer::new(RenderOptions::default());
//! for side in [60, 70, 80] {
//!     let target = RenderTarget::new(Size::new(side, side)?).format(Format::WebP);
//!     assert_eq!(renderer.render(&generated, &target)?.size, Size::new(side, side)?);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

#[cfg(feature = "parallel")]
use rayon::prelude::*;
use smart_resize_metadata::{Packet, read, strip};

use super::decode::{Colour, Decoded, Opened, decode};
use super::encode::within::encode_within_in;
use super::encode::{Encoded, encode_in};
use super::inspect::{Findings, inspect};
use super::metadata::Origin;
pub use super::options::{Inspect, PassThrough, RenderOptions, Undersized};
use super::picture::Picture;
pub use super::rendered::{RenderError, Rendered, RenderedPicture, Warning};
use super::resample::{Filter, resample_into};
use super::scratch::{Pool, Scratch};
pub use super::target::RenderTarget;
use crate::format::Format;
use crate::geometry::rect::Rect;
use crate::size::Size;

/// Renders `target` from the encoded picture `bytes`.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderError, RenderOptions, RenderTarget, render};
///
/// let error = render(b"plain text", &RenderTarget::new(Size::new(1, 1)?), &RenderOptions::default()).unwrap_err();
/// assert!(matches!(error, RenderError::Decode(_)));
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
///
/// # Errors
///
/// [`RenderError`] if the picture cannot be decoded, is too small or is rejected, or the result cannot be encoded.
pub fn render(bytes: &[u8], target: &RenderTarget, options: &RenderOptions) -> Result<Rendered, RenderError> {
    Renderer::new(options.clone()).render(bytes, target)
}

/// Renders every target from the encoded picture `bytes`, which is decoded once. Returns one result for each target, in
/// order.
///
/// With the feature `parallel`, targets are rendered concurrently on the current rayon pool, with the same results.
/// Without it, no thread is started.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_all};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// // A picture of 160x90, which does not cover the second target.
/// let targets = [RenderTarget::new(Size::new(60, 60)?), RenderTarget::new(Size::new(200, 10)?)];
/// let results = render_all(&generated, &targets, &RenderOptions::default());
/// assert_eq!(results[0].as_ref().unwrap().size, Size::new(60, 60)?);
/// let error = results[1].as_ref().unwrap_err();
/// assert_eq!(error.to_string(), "a picture of 160x90 does not cover 200x10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn render_all(
    bytes: &[u8],
    targets: &[RenderTarget],
    options: &RenderOptions,
) -> Vec<Result<Rendered, RenderError>> {
    Renderer::new(options.clone()).render_all(bytes, targets)
}

/// Renders `target` from the encoded picture `bytes`, and returns its pixels without encoding them. The format and the
/// byte limit of the target are ignored.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Fit;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_picture};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let row = Picture::from_rgb(Size::new(4, 1)?, (0..12).collect())?;
/// # let file = encode(&row, Format::Png, &EncodeOptions::default())?.bytes;
/// // The file has one row of four pixels, whose samples are 0 to 11.
/// let target = RenderTarget::new(Size::new(2, 1)?).fit(Fit::Crop);
/// let middle = render_picture(&file, &target, &RenderOptions::default())?.picture;
/// assert_eq!(middle.pixels(), [3, 4, 5, 6, 7, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`RenderError`] if the picture cannot be decoded, is too small or is rejected.
pub fn render_picture(
    bytes: &[u8],
    target: &RenderTarget,
    options: &RenderOptions,
) -> Result<RenderedPicture, RenderError> {
    Renderer::new(options.clone()).render_picture(bytes, target)
}

/// Renders pictures, and reuses its buffers from one picture to the next.
///
/// When the buffers are large enough, a rendering allocates only its result, the internal memory of the codecs, the
/// weights of the convolution, and about 20 kB for the inspection (`cargo bench --bench allocations`). A rotation or a
/// colour conversion also allocates a copy of the picture.
///
/// Several threads may use one renderer at the same time. For each rendering that ran at the same time, it keeps the
/// memory that the largest pictures took: about 30 MB for a picture of 2752x1536 that is rendered to 1920x1080.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, Renderer};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// let renderer = Renderer::new(RenderOptions::default());
/// let target = RenderTarget::new(Size::new(60, 60)?);
/// let first = renderer.render(&generated, &target)?;
/// // The second rendering reuses the buffers of the first. The result is the same.
/// assert_eq!(renderer.render(&generated, &target)?, first);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Renderer {
    options: RenderOptions,
    pool: Pool,
}

impl Renderer {
    /// Makes a renderer with these options. It has no buffers yet.
    pub fn new(options: RenderOptions) -> Self {
        Self { options, pool: Pool::default() }
    }

    /// Returns the options.
    pub const fn options(&self) -> &RenderOptions {
        &self.options
    }

    /// Renders one target, as [`render()`] does.
    ///
    /// # Errors
    ///
    /// [`RenderError`] if the picture cannot be decoded, is too small or is rejected, or the result cannot be encoded.
    pub fn render(&self, bytes: &[u8], target: &RenderTarget) -> Result<Rendered, RenderError> {
        only(self.render_all(bytes, slice::from_ref(target)))
    }

    /// Renders every target, as [`render_all`] does.
    pub fn render_all(&self, bytes: &[u8], targets: &[RenderTarget]) -> Vec<Result<Rendered, RenderError>> {
        self.render_marked(bytes, targets, &self.options.metadata.packet(&read(bytes), Origin::Cut))
    }

    /// Renders every target, and gives the results this metadata.
    pub(crate) fn render_marked(
        &self,
        bytes: &[u8],
        targets: &[RenderTarget],
        packet: &Packet,
    ) -> Vec<Result<Rendered, RenderError>> {
        let opened = match Opened::new(bytes, &self.options.decode) {
            Ok(opened) => opened,
            Err(error) => return vec![Err(error.into()); targets.len()],
        };
        if let Some(results) = self.trusted(bytes, &opened, targets, packet) {
            return results;
        }
        self.render_each(bytes, opened, targets, packet, file)
    }

    /// Renders the pixels of one target, as [`render_picture`] does.
    ///
    /// # Errors
    ///
    /// [`RenderError`] if the picture cannot be decoded, is too small or is rejected.
    pub fn render_picture(&self, bytes: &[u8], target: &RenderTarget) -> Result<RenderedPicture, RenderError> {
        let opened = Opened::new(bytes, &self.options.decode)?;
        only(self.render_each(bytes, opened, slice::from_ref(target), &Packet::default(), picture))
    }

    /// Returns the file itself for every target, if the caller trusts it and its header matches all targets. `None`
    /// otherwise.
    fn trusted(
        &self,
        bytes: &[u8],
        opened: &Opened<'_>,
        targets: &[RenderTarget],
        packet: &Packet,
    ) -> Option<Vec<Result<Rendered, RenderError>>> {
        let options = &self.options;
        if options.pass_through != PassThrough::Trusted || options.inspects() {
            return None;
        }
        let file = packet.write(bytes)?;
        let is_bare = |bare: &[u8]| Opened::new(bare, &options.decode).is_ok_and(|opened| opened.is_bare());
        let has_packet = || opened.is_plain() && bare_of(bytes, &file).is_some_and(|bare| is_bare(&bare));
        if !opened.is_bare() && !has_packet() {
            return None;
        }
        let (size, format) = (opened.size(), opened.probe().format);
        let one = |target: &RenderTarget| {
            let is_asked = target.size == size && format == target.format && target.allows(file.len());
            // The limit on the size applies here as it does to a target that is resampled.
            let encode = target.encode_options(&options.encode);
            let is_plain = encode.allows_pass_through(target.format) && options.decode.limits.allow(size);
            (is_asked && is_plain).then(|| {
                Ok(passed(file.clone(), target, Rect::new(0, 0, size), preset_mismatch(target, size).collect()))
            })
        };
        // If one target does not match, the picture has to be decoded for it, and the others are judged again after
        // that.
        targets.iter().map(one).collect()
    }

    /// Decodes and inspects the picture, then calls `make` for each target.
    fn render_each<T: Send>(
        &self,
        bytes: &[u8],
        opened: Opened<'_>,
        targets: &[RenderTarget],
        packet: &Packet,
        make: impl Fn(&Inspected<'_>, &RenderTarget, &mut Scratch) -> Result<T, RenderError> + Sync + Send,
    ) -> Vec<Result<T, RenderError>> {
        let Self { options, pool } = self;
        // The pixels of the picture are pooled separately from the scratch buffers, since all targets read them until
        // the last is done.
        let pixels = pool.take_pixels();
        // A panic of the inspection drops the scratch buffers. One of the decoder has been caught before, and drops
        // only the pixels.
        let inspected = guarded(|| {
            pool.with(|scratch| {
                let decoded = opened.decode(pixels, &mut scratch.decode)?;
                Ok(Inspected::new(bytes, decoded, packet, options))
            })
        });
        let inspected = match inspected {
            Ok(inspected) => inspected,
            Err(error) => return targets.iter().map(|_| Err(error.clone())).collect(),
        };
        // A panic is an error of its own target only. The decoder's buffers have been returned, so the first target can
        // take them.
        let results = map(targets, |target| guarded(|| pool.with(|scratch| make(&inspected, target, scratch))));
        pool.keep_pixels(inspected.decoded.picture.into_pixels());
        results
    }
}

/// Returns the result for the only target.
fn only<T>(mut results: Vec<Result<T, RenderError>>) -> Result<T, RenderError> {
    results.pop().expect("invariant: one result for each target")
}

/// Applies `work` to each item, and returns the results in order. With the feature `parallel`, the work runs
/// concurrently on the current rayon pool.
#[cfg(not(feature = "parallel"))]
fn map<T, R>(items: &[T], work: impl Fn(&T) -> R) -> Vec<R> {
    items.iter().map(work).collect()
}

#[cfg(feature = "parallel")]
fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    items.par_iter().map(work).collect()
}

/// Converts a panic of the resampler or an encoder into an error of this picture, in builds in which panics unwind.
fn guarded<T>(work: impl FnOnce() -> Result<T, RenderError>) -> Result<T, RenderError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(RenderError::Panicked))
}

/// A decoded and inspected picture, from which targets are cut.
struct Inspected<'a> {
    bytes: &'a [u8],
    decoded: Decoded,
    findings: Findings,
    /// The part of the picture that targets are cut from: all of it, or the area inside a trimmed border.
    usable: Rect,
    /// The metadata of the results.
    packet: &'a Packet,
    options: &'a RenderOptions,
}

impl<'a> Inspected<'a> {
    fn new(bytes: &'a [u8], decoded: Decoded, packet: &'a Packet, options: &'a RenderOptions) -> Self {
        let size = decoded.picture.size();
        let findings = if options.inspects() { inspect(&decoded.picture) } else { Findings::default() };
        let interior = findings.border.filter(|_| options.trim_borders).and_then(|found| found.interior(size));
        let usable = interior.unwrap_or(Rect::new(0, 0, size));
        Self { bytes, decoded, findings, usable, packet, options }
    }

    const fn size(&self) -> Size {
        self.decoded.picture.size()
    }

    /// Returns the rectangle of the target, and the warnings so far.
    fn place(&self, target: &RenderTarget) -> Result<(Rect, Vec<Warning>), RenderError> {
        let mut warnings = self.warnings(target)?;
        let Self { usable, options, .. } = self;
        let (rect, enlarged) = target.place(self.size(), *usable, options.undersized, &options.decode.limits)?;
        warnings.extend(enlarged);
        Ok((rect, warnings))
    }

    /// Returns the findings about the picture as warnings, or as an error with [`Inspect::Fail`].
    fn warnings(&self, target: &RenderTarget) -> Result<Vec<Warning>, RenderError> {
        let Self { decoded, findings, options, .. } = self;
        // The area inside a border is smaller than the picture, so the sizes tell whether a border was trimmed.
        let trimmed = self.usable.size() != self.size();
        let mut found: Vec<_> = preset_mismatch(target, self.size()).collect();
        // A trimmed border changes the result, so it is reported even if the findings are not.
        if options.inspect != Inspect::Off || trimmed {
            found.extend(findings.border.map(|border| Warning::Bordered { border, trimmed }));
        }
        if options.inspect != Inspect::Off {
            found.extend(findings.blank.map(Warning::Blank));
        }
        // What is found after this never rejects a picture: it says something about the file, and not about what the
        // picture shows.
        if options.inspect == Inspect::Fail {
            let is_mended = |warning: &Warning| matches!(warning, Warning::Bordered { trimmed: true, .. });
            if let Some(warning) = found.iter().find(|warning| !is_mended(warning)) {
                return Err(RenderError::Rejected(warning.clone()));
            }
        }
        found.extend(decoded.damage.map(Warning::Damaged));
        match &decoded.colour {
            Colour::Ignored { reason } => found.push(Warning::ColourProfileIgnored { reason: reason.clone() }),
            Colour::DeviceCmyk { ignored } => found.push(Warning::DeviceCmyk { ignored: ignored.clone() }),
            Colour::Srgb | Colour::Converted => {}
        }
        if decoded.has_content_credentials {
            found.push(Warning::ContentCredentialsDropped);
        }
        Ok(found)
    }

    /// Returns the file with the metadata of the result, if it already is what the target asks for. Its compressed pixels stay
    /// as they are. A file that has this metadata already stays byte for byte.
    fn passed_file(&self, target: &RenderTarget, rect: Rect) -> Option<Vec<u8>> {
        let Self { bytes, decoded, options, packet, .. } = self;
        // The rectangle must be the whole picture: one of the target's size inside a trimmed border is not.
        let is_asked = rect.size() == self.size() && target.size == self.size() && decoded.format == target.format;
        let encode = target.encode_options(&options.encode);
        if !is_asked || options.pass_through == PassThrough::Off || !encode.allows_pass_through(target.format) {
            return None;
        }
        let may_pass = |decoded: &Decoded| match options.pass_through {
            PassThrough::Off => false,
            PassThrough::Checked => decoded.is_verified,
            PassThrough::Trusted => decoded.is_bare,
        };
        let file = packet.write(bytes).filter(|file| target.allows(file.len()))?;
        // The file without its packet must pass, and must not depend on it.
        let passes_bare = |bare: &[u8]| {
            decode(bare, &options.decode).is_ok_and(|again| may_pass(&again) && again.picture == decoded.picture)
        };
        (may_pass(decoded) || bare_of(bytes, &file).is_some_and(|bare| passes_bare(&bare))).then_some(file)
    }

    /// Crops and resamples. Returns the decoded picture itself if nothing is to be done, and otherwise a picture in the
    /// memory of `scratch.resampled`.
    fn crop_and_resample(&self, target: &RenderTarget, rect: Rect, scratch: &mut Scratch) -> Cow<'_, Picture> {
        let picture = &self.decoded.picture;
        if rect.size() == picture.size() && rect.size() == target.size {
            return Cow::Borrowed(picture);
        }
        // The buffer moves into the picture. The caller puts it back after the picture has been encoded.
        let memory = mem::take(&mut scratch.resampled);
        let cut = resample_into(picture, rect, target.size, Filter::Lanczos3, memory, &mut scratch.resizer);
        // A rectangle may be opaque although the picture is not.
        Cow::Owned(cut.without_needless_alpha())
    }
}

/// Makes the target's file.
fn file(inspected: &Inspected<'_>, target: &RenderTarget, scratch: &mut Scratch) -> Result<Rendered, RenderError> {
    let (rect, mut warnings) = inspected.place(target)?;
    if let Some(file) = inspected.passed_file(target, rect) {
        return Ok(passed(file, target, rect, warnings));
    }
    let picture = inspected.crop_and_resample(target, rect, scratch);
    let (format, buffers) = (target.format, &mut scratch.encode);
    let options = &target.encode_options(&inspected.options.encode);
    let encoded = match target.max_bytes {
        Some(max_bytes) => encode_within_in(&picture, format, options, inspected.packet, max_bytes, buffers),
        None => encode_in(&picture, format, options, inspected.packet, buffers),
    };
    if format == Format::Jpeg && picture.layout().has_alpha() {
        warnings.push(Warning::Flattened);
    }
    // The buffer is put back before a failed encode returns its error.
    if let Cow::Owned(picture) = picture {
        scratch.resampled = picture.into_pixels();
    }
    let Encoded { bytes, settings, exact, .. } = encoded?;
    // A palette that has all colours of the picture is exact and needs no warning.
    warnings.extend(settings.palette().filter(|_| !exact).map(|colours| Warning::Quantised { colours }));
    let (size, frame) = (target.size, inspected.size());
    Ok(Rendered { bytes, format, size, frame, rect, encoder: Some(settings), warnings })
}

/// Makes the target's pixels.
fn picture(
    inspected: &Inspected<'_>,
    target: &RenderTarget,
    scratch: &mut Scratch,
) -> Result<RenderedPicture, RenderError> {
    let (rect, warnings) = inspected.place(target)?;
    let picture = inspected.crop_and_resample(target, rect, scratch).into_owned();
    Ok(RenderedPicture { picture, frame: inspected.size(), rect, warnings })
}

/// Returns the file without its metadata, if `written`, the file with the metadata of the result, is the same. `None`
/// otherwise.
fn bare_of<'a>(bytes: &'a [u8], written: &[u8]) -> Option<Cow<'a, [u8]>> {
    strip(bytes).filter(|_| bytes == written)
}

/// Returns the picture's own bytes, with the metadata of the result, as the result.
fn passed(bytes: Vec<u8>, target: &RenderTarget, rect: Rect, warnings: Vec<Warning>) -> Rendered {
    let &RenderTarget { format, size, .. } = target;
    Rendered { bytes, format, size, frame: size, rect, encoder: None, warnings }
}

/// Returns a warning if the picture has another size than the preset of the target.
fn preset_mismatch(target: &RenderTarget, got: Size) -> impl Iterator<Item = Warning> {
    let asked = target.preset.filter(|asked| *asked != got);
    asked.map(|asked| Warning::PresetMismatch { asked, got }).into_iter()
}
