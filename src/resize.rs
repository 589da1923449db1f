//! The whole job in one call: plan, generate, render.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::error::Error;
use crate::generate::generator::{AsyncGenerator, Generator};
use crate::pixels::decode::DecodeLimits;
use crate::plan::content::Plan;
use crate::request::source::Source;
use crate::request::valid::Request;
use crate::run::driver::Driver;
use crate::run::outcome::Outcome;

/// The most generator calls of one [`resize_async`] that run concurrently.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(4).expect("4 is not zero");

/// Makes one picture of exactly each size from `photo`, with the default options of a request.
///
/// `photo` is an encoded picture: PNG, JPEG or WebP, and with the feature `image` also GIF, BMP or TIFF. The calls of
/// the generator run one after the other on this thread. To set other options, build a [`Request`]. To use a store, a
/// budget or several threads, run the plan with a [`Driver`].
///
/// ```
/// use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::{Format, Size};
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
///
/// # let picture = Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?;
/// # let photo = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// let outcome = smart_resize::resize(photo, ["300x250", "728x90"], &LocalGenerator::default())?;
/// for (target, output) in outcome.outputs() {
///     println!("{target}: {} bytes", output?.bytes.len());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error`] if the photo cannot be read, a size is invalid, no preset of the model covers a size, or the run cannot
/// start. The failure of one call or of one picture is part of the [`Outcome`].
pub fn resize<I, G>(photo: impl Into<Arc<[u8]>>, sizes: I, generator: &G) -> Result<Outcome, Error>
where
    I: IntoIterator<Item: AsRef<str>>,
    G: Generator + ?Sized,
{
    let (source, plan) = planned(photo.into(), sizes)?;
    Ok(Driver::new(&plan, &source).run(generator)?)
}

/// Makes one picture of exactly each size from `photo`, as [`resize`] does, with an async generator on any runtime.
///
/// Up to four calls of the generator run concurrently. Pictures are decoded and encoded on the thread that polls the
/// future. [`Driver::offload`] moves that work to other threads.
///
/// ```
/// use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::{Format, Size};
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
///
/// # let picture = Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?;
/// # let photo = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// # pollster::block_on(async {
/// let outcome = smart_resize::resize_async(photo, ["300x250", "728x90"], &LocalGenerator::default()).await?;
/// assert!(outcome.is_complete());
/// # Ok::<(), smart_resize::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`resize`].
pub async fn resize_async<I, G>(photo: impl Into<Arc<[u8]>>, sizes: I, generator: &G) -> Result<Outcome, Error>
where
    I: IntoIterator<Item: AsRef<str>>,
    G: AsyncGenerator + ?Sized,
{
    let (source, plan) = planned(photo.into(), sizes)?;
    Ok(Driver::new(&plan, &source).run_async(generator, CONCURRENCY).await?)
}

/// Reads the source's header, checks the sizes and makes the plan.
fn planned<I>(photo: Arc<[u8]>, sizes: I) -> Result<(Source, Plan), Error>
where
    I: IntoIterator<Item: AsRef<str>>,
{
    let source = Source::read(photo, &DecodeLimits::default())?;
    let request = Request::builder(source.clone()).sizes(sizes).build()?;
    Ok((source, Plan::new(&request)?))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;

    use super::*;
    use crate::generate::error::{GenerateError, GenerateErrorKind};
    use crate::generate::generator::from_async_fn;
    use crate::pixels::picture::Picture;
    use crate::size::Size;

    #[test]
    fn up_to_four_calls_of_resize_async_run_concurrently() {
        let grey = Picture::from_rgb(Size::new(9, 9).unwrap(), vec![90; 243]).unwrap();
        let photo = Source::from_picture(&grey).unwrap().bytes().unwrap().clone();
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let generator = from_async_fn(async |_| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let mut is_second = false;
            std::future::poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut is_second, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            running.fetch_sub(1, Ordering::SeqCst);
            Err(GenerateError::new(GenerateErrorKind::Refused, "no picture"))
        });
        let sizes = ["100x100", "160x90", "90x160", "120x90", "90x120", "1500x90"];
        let outcome = pollster::block_on(resize_async(photo, sizes, &generator)).unwrap();
        assert_eq!((outcome.is_complete(), most.into_inner()), (false, 4));
    }
}
