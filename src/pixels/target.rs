//! Render targets, and the rectangle of a picture that becomes a target.

use super::decode::DecodeLimits;
use super::encode::EncodeOptions;
use super::encode::jpeg::JpegOptions;
use super::options::Undersized;
use super::rendered::{RenderError, Warning};
use crate::format::Format;
use crate::geometry::fit::{Fit, largest_inside};
use crate::geometry::focus::{Focus, Reframing, Span, rect_at};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::size::Size;

/// A picture to render: its size, format and byte limit, and how its rectangle is chosen.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::geometry::Fit;
/// use smart_resize::pixels::render::RenderTarget;
///
/// let banner = RenderTarget::new(Size::new(728, 90)?).format(Format::Jpeg).fit(Fit::Crop);
/// # let _ = banner;
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderTarget {
    pub(super) size: Size,
    pub(super) format: Format,
    pub(super) max_bytes: Option<u64>,
    quality: Option<u8>,
    max_enlargement: PerMille,
    /// The size that was requested from the model.
    pub(super) preset: Option<Size>,
    fit: Fit,
    focus: Focus,
    reframing: Option<Reframing>,
    /// The rectangle that the plan has chosen, for a picture of the preset's size.
    planned: Option<Rect>,
}

impl RenderTarget {
    /// Makes a target: a PNG of exactly `size`, with as much of the picture as that shape allows.
    pub const fn new(size: Size) -> Self {
        Self {
            size,
            format: Format::Png,
            max_bytes: None,
            quality: None,
            max_enlargement: PerMille::ZERO,
            preset: None,
            fit: Fit::Cover,
            focus: Focus::CENTRE,
            reframing: None,
            planned: None,
        }
    }

    /// Sets the format.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Sets the focal point, which places the rectangle by its [`FocusMode`](crate::geometry::FocusMode). It is
    /// relative to the picture, or to the area inside a border that
    /// [`RenderOptions::trim_borders`](crate::pixels::render::RenderOptions::trim_borders) removes.
    #[must_use]
    pub const fn focus(mut self, focus: Focus) -> Self {
        self.focus = focus;
        self
    }

    /// Sets where the picture shows the source. The focal point is then relative to the source. It does not move a
    /// rectangle of a plan that contains the whole source.
    #[must_use]
    pub const fn reframing(mut self, reframing: Reframing) -> Self {
        self.reframing = Some(reframing);
        self
    }

    /// Sets how the rectangle is chosen.
    #[must_use]
    pub const fn fit(mut self, fit: Fit) -> Self {
        self.fit = fit;
        self
    }

    /// Sets the size in pixels that was requested from the model. A picture of another size gets a warning.
    #[must_use]
    pub const fn preset(mut self, size: Size) -> Self {
        self.preset = Some(size);
        self
    }

    /// Sets the rectangle that a plan has chosen for a picture of the [preset's](Self::preset) size. For a picture of
    /// another size, or one whose border is trimmed, the rectangle is computed from the fit and the focal point.
    #[must_use]
    pub(crate) const fn rect(mut self, rect: Rect) -> Self {
        self.planned = Some(rect);
        self
    }

    /// Limits the file to `max_bytes` bytes. [`encode_within`](crate::pixels::encode::encode_within) describes what is
    /// tried. If nothing fits, the result is
    /// [`EncodeError::OverByteLimit`](crate::pixels::encode::EncodeError::OverByteLimit). A larger file does not pass
    /// through.
    ///
    /// ```
    /// use smart_resize::{Format, Size};
    /// use smart_resize::pixels::encode::{EncodeError, EncodeOptions, encode};
    /// use smart_resize::pixels::render::{RenderError, RenderOptions, RenderTarget, render};
    ///
    /// # let size = Size::new(60, 40)?;
    /// # let noise = (0..60 * 40 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    /// # let picture = smart_resize::pixels::Picture::from_rgb(size, noise)?;
    /// # let generated = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
    /// let target = RenderTarget::new(size).format(Format::Jpeg).max_bytes(3500);
    /// let rendered = render(&generated, &target, &RenderOptions::default())?;
    /// assert!(rendered.bytes.len() <= 3500);
    ///
    /// let error = render(&generated, &target.max_bytes(100), &RenderOptions::default()).unwrap_err();
    /// assert!(matches!(error, RenderError::Encode(EncodeError::OverByteLimit { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// Allows a picture that is a little too small: it is enlarged by at most `max_enlargement` on each side, and the
    /// result has a warning. Default: 0 %.
    #[must_use]
    pub const fn max_enlargement(mut self, max_enlargement: PerMille) -> Self {
        self.max_enlargement = max_enlargement;
        self
    }

    /// Sets the JPEG quality, from 1 to 100, in place of that of the options. It has no effect on a PNG and on a WebP.
    #[must_use]
    pub const fn quality(mut self, quality: u8) -> Self {
        self.quality = Some(quality);
        self
    }

    /// Returns the options for the file of this target.
    pub(super) fn encode_options(&self, options: &EncodeOptions) -> EncodeOptions {
        let jpeg = JpegOptions { quality: self.quality.or(options.jpeg.quality), ..options.jpeg };
        EncodeOptions { jpeg, ..options.clone() }
    }

    /// Whether the file may have `length` bytes.
    pub(super) fn allows(&self, length: usize) -> bool {
        self.max_bytes.is_none_or(|max_bytes| length as u64 <= max_bytes)
    }

    /// Returns the rectangle of the picture that becomes the target, and a warning if it has to be enlarged. `frame` is
    /// the size of the picture, and `usable` the part of it that may be used.
    pub(super) fn place(
        &self,
        frame: Size,
        usable: Rect,
        undersized: Undersized,
        limits: &DecodeLimits,
    ) -> Result<(Rect, Option<Warning>), RenderError> {
        let rect = match self.planned {
            Some(rect) if self.holds_plan(rect, frame, usable) => rect,
            _ => {
                let size = self.size_in(usable, undersized)?;
                // `rect_at` works in the coordinates of `usable`, whose offset is added.
                let rect = rect_at(self.focus_in(frame, usable), self.focus.mode, usable.size(), size);
                Rect::new(usable.x() + rect.x(), usable.y() + rect.y(), size)
            }
        };
        let enlarged = Warning::Enlarged { from: rect.size(), to: self.size };
        let enlarged = (!rect.size().covers(self.size)).then_some(enlarged);
        // An enlarged target may have more pixels than the picture, whose header alone has been checked.
        if limits.allow(self.size) {
            Ok((rect, enlarged))
        } else {
            Err(RenderError::TargetTooLarge { target: self.size, max: limits.most_pixels() })
        }
    }

    /// Whether the rectangle of the plan applies: the picture has the preset's size, all of it may be used, and the
    /// focus does not move the rectangle.
    fn holds_plan(&self, planned: Rect, frame: Size, usable: Rect) -> bool {
        let stays = |reframing: Reframing| !reframing.moves(self.focus, planned);
        self.preset == Some(frame) && usable.size() == frame && self.reframing.is_none_or(stays)
    }

    /// Returns the size of the rectangle.
    fn size_in(&self, usable: Rect, undersized: Undersized) -> Result<Size, RenderError> {
        match (self.fit.size_within(usable.size(), self.size, self.max_enlargement), undersized) {
            (Ok(size), _) => Ok(size),
            // The largest rectangle of the shape is enlarged the least.
            (Err(_), Undersized::Enlarge) => Ok(largest_inside(usable.size(), self.size)),
            (Err(error), Undersized::Fail) => Err(error.into()),
        }
    }

    /// Returns the columns and rows of the focal point, relative to the top-left corner of `usable`.
    fn focus_in(&self, frame: Size, usable: Rect) -> [Span; 2] {
        let Some(reframing) = self.reframing.filter(|_| !self.focus.is_centre()) else {
            return self.focus.pixels(usable.size());
        };
        // The reframing gives columns and rows of the whole picture. Those outside `usable` are clipped to its edges.
        let [columns, rows] = reframing.pixels(self.focus, frame);
        [columns.relative_to(usable.x(), usable.width()), rows.relative_to(usable.y(), usable.height())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    fn placed(target: &RenderTarget, frame: Size, usable: Rect) -> Rect {
        target.place(frame, usable, Undersized::Fail, &DecodeLimits::default()).unwrap().0
    }

    #[test]
    fn the_rectangle_of_the_plan_is_used_where_the_picture_is_as_planned() {
        // Not the rectangle that the fit would give.
        let planned = Rect::new(7, 3, size(80, 60));
        let target = RenderTarget::new(size(40, 30)).preset(size(100, 90)).rect(planned);
        let whole = |frame| Rect::new(0, 0, frame);
        assert_eq!(placed(&target, size(100, 90), whole(size(100, 90))), planned);
        // Another size, a trimmed border, and a focal point that is given in the source: the rectangle is computed.
        let fit = |frame| Fit::Cover.rect(frame, size(40, 30)).unwrap();
        assert_eq!(placed(&target, size(101, 90), whole(size(101, 90))), fit(size(101, 90)));
        let usable = Rect::new(10, 10, size(80, 70));
        assert_eq!(placed(&target, size(100, 90), usable), Rect::new(10, 15, size(80, 60)));
        let reframing = Reframing::new(size(50, 50), whole(size(50, 50)), whole(size(100, 90)));
        let focus: Focus = "0,0".parse().unwrap();
        let moved = placed(&target.reframing(reframing).focus(focus), size(100, 90), whole(size(100, 90)));
        assert_eq!((moved.x(), moved.y()), (0, 0));
        assert_eq!(placed(&target.reframing(reframing), size(100, 90), whole(size(100, 90))), planned);
    }
}
