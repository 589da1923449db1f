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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::job::App;
    use crate::store::Kind;
    use crate::testing;

    #[tokio::test]
    async fn only_a_url_below_the_public_url_is_the_services_own() {
        let (_folder, service) = testing::service(&[]).await;
        let own = |url: &'static str| service.runner.own_path(url);
        assert_eq!(own("http://here/files/ab/a.png?b=c#d"), Some("/files/ab/a.png"));
        assert_eq!(own("http://here/files/a#b?c"), Some("/files/a"));
        for url in ["http://here.example/files/a", "http://here:80/files/a", "http://here", "http://there/files/a", "?"]
        {
            assert_eq!(own(url), None, "{url}");
        }
    }

    #[test]
    fn the_url_of_a_blob_is_hidden_in_errors() {
        let shown = |url: &str| load_error(url, "no", &[Loc::from("body")]).input;
        assert_eq!(shown("blob:ab"), json!("data:\u{2026}"));
        assert_eq!(shown("http://a/b"), json!("http://a/b"));
    }

    #[tokio::test]
    async fn a_picture_with_too_many_pixels_or_bytes_or_of_no_format_has_an_error_of_its_own_type() {
        let (_folder, service) = testing::service(&["--max-pixels", "20", "--max-image-bytes", "200"]).await;
        let told = async |bytes: Vec<u8>| -> (String, Option<Value>) {
            let Err(JobError::Answer(body)) =
                service.runner.decode_source(bytes.into(), "http://a", &[Loc::from("body")]).await
            else {
                return ("none".to_owned(), None);
            };
            let entry = &body.entries()[0];
            (entry.error_type.to_string(), entry.ctx.clone().map(Value::Object))
        };
        assert_eq!(told(testing::picture(5, 4)).await.0, "none");
        let large = ("image_too_large".to_owned(), Some(json!({"max_pixels": 20})));
        assert_eq!(told(testing::picture(7, 3)).await, large);
        assert_eq!(told(vec![0; 201]).await, ("file_too_large".to_owned(), Some(json!({"max_size": 200}))));
        assert_eq!(told(b"plain text".to_vec()).await.0, "unsupported_image_format");
        let half = testing::picture(5, 4);
        assert_eq!(told(half[..half.len() / 2].to_vec()).await.0, "image_load_error");
    }

    #[tokio::test]
    async fn a_resumed_request_reads_its_stored_source_and_fetches_nothing() {
        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, Value::Null);
        let blob = service.store.put_blob(testing::picture(5, 4).into()).await.unwrap();
        let key = job.id.to_string();
        service.store.put(Kind::Job, &key, &job).await.unwrap();
        let loc = [Loc::from("body")];
        let first = service.runner.source_of(&job, &format!("blob:{blob}"), &loc).await.unwrap();
        assert_eq!(first.digest(), Some(blob));
        let stored: Job = service.store.get(Kind::Job, &key).await.unwrap().unwrap();
        assert_eq!(stored.source, Some(StoredSource { blob, size: Size::new(5, 4).unwrap() }));
        job.source = stored.source;
        let again = service.runner.source_of(&job, "http://127.0.0.1:1/", &loc).await.unwrap();
        assert_eq!((again.digest(), again.size), (Some(blob), first.size));
        // If the stored source was deleted, it is fetched again.
        job.source = Some(StoredSource { blob: Digest::of(b"deleted"), size: Size::new(5, 4).unwrap() });
        let fetched = service.runner.source_of(&job, &format!("blob:{blob}"), &loc).await.unwrap();
        assert_eq!(fetched.digest(), Some(blob));
    }

    #[tokio::test]
    async fn a_deleted_blob_and_a_missing_file_are_load_errors() {
        let (_folder, service) = testing::service(&[]).await;
        let blob = Digest::of(b"deleted");
        for (url, reason) in [
            (format!("blob:{blob}"), "the picture is no longer stored"),
            ("blob:x".to_owned(), "the picture is no longer stored"),
            (format!("http://here/files/{blob}"), "there is no such file"),
            ("http://here/uploads/x".to_owned(), "there is no such file"),
        ] {
            let error = service.runner.fetch_picture(&url, &[Loc::from("body")]).await.unwrap_err();
            assert_eq!(error.to_string(), format!("body: Could not load image from url: {reason}"), "{url}");
        }
    }
}
