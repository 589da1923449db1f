//! The source picture: from the input, from the service's own files, or fetched. It is turned upright and converted to
//! sRGB.

use bytes::Bytes;
use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};
use smart_resize::pixels::render::RenderError;
use smart_resize::plan::Digest;
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, Loc};
use smart_resize::{Size, Source};

use super::{JobError, Runner, internal, on_cpu};
use crate::fetch::FetchError;
use crate::job::{Job, StoredSource};
use crate::uploads;

/// The prefix of the internal URLs of blobs.
pub(crate) const BLOB: &str = "blob:";

impl Runner {
    /// Returns the source of a request, and stores it. A resumed request gets the stored source.
    pub(super) async fn source_of(&self, job: &Job, image_url: &str, loc: &[Loc]) -> Result<Source, JobError> {
        if let Some(StoredSource { blob, size }) = job.source
            && let Some(bytes) = self.store.blob(&blob).await?
        {
            return Ok(Source::from_bytes(bytes.as_ref()).size(size));
        }
        let source = self.decode_source(self.fetch_picture(image_url, loc).await?, image_url, loc).await?;
        // Invariant: a source that was read has bytes and a size.
        if let (Some(bytes), Some(size)) = (source.bytes(), source.size) {
            let blob = self.store.put_blob(Bytes::from_owner(bytes.clone())).await?;
            self.change(job, move |job| job.source = Some(StoredSource { blob, size })).await?;
        }
        Ok(source)
    }

    /// Returns the bytes at `image_url`.
    ///
    /// # Errors
    ///
    /// [`JobError`] with an error in fal's form, located at `loc`.
    pub async fn fetch_picture(&self, image_url: &str, loc: &[Loc]) -> Result<Bytes, JobError> {
        if let Some(digest) = image_url.strip_prefix(BLOB) {
            let digest: Option<Digest> = digest.parse().ok();
            let blob = match digest {
                Some(digest) => self.store.blob(&digest).await?,
                None => None,
            };
            return blob.ok_or_else(|| load_error(image_url, "the picture is no longer stored", loc).into());
        }
        if let Some(path) = self.own_path(image_url) {
            let found = uploads::find(&self.store, path).await?;
            return found.ok_or_else(|| load_error(image_url, "there is no such file", loc).into());
        }
        match self.fetcher.get(image_url).await {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(refused(&error, image_url, loc).into()),
        }
    }

    /// Returns the path of a URL that is one of this service, or `None`.
    fn own_path<'a>(&self, url: &'a str) -> Option<&'a str> {
        let path = url.strip_prefix(self.public_url.as_ref())?.split(['?', '#']).next()?;
        path.starts_with('/').then_some(path)
    }

    /// Decodes `bytes` and returns them as a source.
    ///
    /// # Errors
    ///
    /// [`JobError`] with an error in fal's form, located at `loc`.
    pub async fn decode_source(&self, bytes: Bytes, image_url: &str, loc: &[Loc]) -> Result<Source, JobError> {
        let limits = self.decode_limits();
        // The whole file is decoded once to verify it, since the next steps may cost money.
        let read = on_cpu(move || {
            decode(&bytes, &DecodeOptions::default().limits(limits))?;
            Source::read(bytes.as_ref(), &limits)
        });
        let read = read.await;
        match read {
            Ok(Ok(source)) => Ok(source),
            Ok(Err(error)) => Err(unreadable(&error, image_url, loc).into()),
            Err(panicked) => Err(JobError::Answer(internal("the reading of a source panicked", &panicked))),
        }
    }
}

fn refused(error: &FetchError, image_url: &str, loc: &[Loc]) -> DetailEntry {
    error.to_entry(image_url, loc.to_vec())
}

fn load_error(image_url: &str, reason: &str, loc: &[Loc]) -> DetailEntry {
    let msg = format!("Could not load image from url: {reason}");
    DetailEntry::new(ErrorType::ImageLoadError, loc, msg, &shown(image_url).into())
}

/// Returns a URL as errors repeat it. The internal URL of a blob is hidden.
fn shown(image_url: &str) -> &str {
    if image_url.starts_with(BLOB) { "data:…" } else { image_url }
}

fn unreadable(error: &RenderError, image_url: &str, loc: &[Loc]) -> ErrorBody {
    let input = shown(image_url).into();
    let entry = match error {
        RenderError::Decode(
            DecodeError::UnknownFormat { .. }
            | DecodeError::NeedsFeature { .. }
            | DecodeError::UnsupportedColour { .. },
        ) => {
            let msg = format!("Unsupported image format: {error}");
            DetailEntry::new(ErrorType::UnsupportedImageFormat, loc, msg, &input)
        }
        RenderError::Decode(DecodeError::TooManyPixels { max, .. }) => {
            let msg = format!("Image is too large: {error}");
            DetailEntry::new(ErrorType::ImageTooLarge, loc, msg, &input).ctx("max_pixels", *max)
        }
        RenderError::Decode(DecodeError::InputTooLarge { max, .. }) => {
            let msg = format!("File is too large: {error}");
            DetailEntry::new(ErrorType::FileTooLarge, loc, msg, &input).ctx("max_size", *max)
        }
        _ => load_error(image_url, &error.to_string(), loc),
    };
    entry.into()
}

/// Returns the size of a source. A source that was read has one.
pub(super) fn size_of(source: &Source) -> Result<Size, JobError> {
    let none = || JobError::Answer(ErrorBody::text("the source has no size"));
    source.size.ok_or_else(none)
}
