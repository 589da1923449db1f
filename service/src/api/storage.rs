//! Files: the uploads of clients, and the pictures of results.
//!
//! The JavaScript client requests an upload URL (`POST /storage/upload/initiate`) and sends the file to it. It sends a
//! file of more than 90 MB in parts. The Python client requests a token (`POST /storage/auth/token`), and posts the
//! file with it (`POST /files/upload`).

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use smart_resize::Format;
use smart_resize::plan::Digest;
use tokio_util::io::ReaderStream;

use super::answer::{Refusal, detail, json, overloaded};
use super::{KeyName, body};
use crate::id::Id;
use crate::service::Service;
use crate::store::{BlobReader, Kind};
use crate::time::{iso, now_ms};
use crate::uploads::{self, Part, Upload};

/// The most bytes of a request for an upload URL.
const MAX_INITIATE_BYTES: usize = 64 << 10;
/// The most parts of an upload.
const MAX_PARTS: u32 = 1000;
/// How long the completion of an upload waits until fewer others run.
const ROOM_PATIENCE: Duration = Duration::from_secs(10);
/// The lifetime of a token as the response states it, in milliseconds. The service does not check it.
const TOKEN_MS: u64 = 24 * 3600 * 1000;

/// `POST /storage/upload/initiate` and `…/initiate-multipart`: returns the upload URL and the URL of the future file.
/// The file URL does not reveal the upload URL.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn initiate(State(service): State<Service>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let body = body::read(&service, &headers, body, MAX_INITIATE_BYTES).await?;
    let value: Value = serde_json::from_slice(&body.bytes).unwrap_or_default();
    let mut upload = Upload::new(value.get("file_name").and_then(Value::as_str).unwrap_or_default());
    let (id, key) = (Id::new(), Id::new());
    upload.key = Some(key);
    service.store.put(Kind::Upload, &id.to_string(), &upload).await?;
    let public_url = service.urls.public_url();
    let answer = json!({
        "upload_url": format!("{public_url}/storage/upload/{}", uploads::upload_segment(id, key)),
        "file_url": format!("{public_url}{}", uploads::path(id, &upload)),
    });
    Ok(json(200, &answer))
}

/// `PUT /storage/upload/<place>`: stores the bytes of an upload. A second call succeeds only with the same bytes.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn fill(
    State(service): State<Service>,
    Path(place): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (id, _) = find(&service, &place).await?;
    let (blob, _) = keep(&service, &headers, body, max_bytes(&service)).await?;
    let fill = move |record: &mut Option<Upload>| {
        let upload = record.as_mut().ok_or(UploadError::Missing)?;
        if *upload.blob.get_or_insert(blob) == blob { Ok(()) } else { Err(UploadError::Filled) }
    };
    service.store.update(Kind::Upload, &id.to_string(), fill).await??;
    Ok(StatusCode::OK.into_response())
}

/// `PUT /storage/upload/<place>/<part>`: stores one part of an upload. Parts are numbered from 1. All parts together
/// are bounded like a single file.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn fill_part(
    State(service): State<Service>,
    Path((place, part)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (id, upload) = find(&service, &place).await?;
    let part: Option<u32> = part.parse().ok().filter(|part| (1..=MAX_PARTS).contains(part));
    let Some(number) = part else {
        let text = format!("the part number is invalid; expected 1 to {MAX_PARTS}");
        return Err(detail(StatusCode::UNPROCESSABLE_ENTITY, text).into());
    };
    if upload.blob.is_some() {
        return Err(UploadError::Filled.into());
    }
    let max = max_bytes(&service);
    let others = move |upload: &Upload| {
        upload.parts.iter().filter(|(other, _)| **other != number).map(|(_, part)| part.len).sum::<u64>()
    };
    let (blob, len) = keep(&service, &headers, body, max.saturating_sub(others(&upload))).await?;
    let fill = move |record: &mut Option<Upload>| {
        let upload = record.as_mut().ok_or(UploadError::Missing)?;
        if upload.blob.is_some() {
            return Err(UploadError::Filled);
        }
        // Other parts may have been stored since `upload` was read.
        if others(upload) + len > max {
            return Err(UploadError::TooLong { max });
        }
        upload.parts.insert(number, Part { blob, len });
        Ok(())
    };
    service.store.update(Kind::Upload, &id.to_string(), fill).await??;
    Ok(json(200, &json!({"partNumber": number, "etag": blob.to_string()})))
}

/// `POST /storage/upload/<place>/complete`: joins the parts into the file. A repeated call gives the same response.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn complete(
    State(service): State<Service>,
    Path((place, step)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    if step != "complete" {
        return Err(detail(StatusCode::NOT_FOUND, "Not Found").into());
    }
    let (id, upload) = find(&service, &place).await?;
    if upload.parts.is_empty() {
        return match upload.blob {
            Some(_) => Ok(json(200, &json!({}))),
            None => Err(detail(StatusCode::UNPROCESSABLE_ENTITY, "the upload has no parts").into()),
        };
    }
    let room = tokio::time::timeout(ROOM_PATIENCE, service.memory_permits.acquire()).await;
    let Ok(Ok(_room)) = room else {
        let text = "too many uploads are being completed; try again later";
        return Err(overloaded(StatusCode::SERVICE_UNAVAILABLE, text, 5).into());
    };
    let blob = join(&service, &upload.parts).await?;
    let parts = upload.parts;
    let fill = move |record: &mut Option<Upload>| {
        let upload = record.as_mut().ok_or(UploadError::Missing)?;
        match upload.blob {
            None if upload.parts != parts => return Err(UploadError::NewParts),
            None => upload.blob = Some(blob),
            Some(own) if own != blob => return Err(UploadError::Filled),
            Some(_) => {}
        }
        upload.parts.clear();
        Ok(())
    };
    service.store.update(Kind::Upload, &id.to_string(), fill).await??;
    Ok(json(200, &json!({})))
}

/// Joins the parts into one blob. All bytes are in memory meanwhile.
async fn join(service: &Service, parts: &BTreeMap<u32, Part>) -> Result<Digest, Refusal> {
    let len = parts.values().map(|part| part.len).sum::<u64>();
    let max = max_bytes(service);
    if len > max {
        return Err(UploadError::TooLong { max }.into());
    }
    let mut bytes = BytesMut::with_capacity(usize::try_from(len).unwrap_or(0));
    for (number, part) in parts {
        let Some(found) = service.store.blob(&part.blob).await? else {
            let text = format!("part {number} is no longer stored; upload it again");
            return Err(detail(StatusCode::UNPROCESSABLE_ENTITY, text).into());
        };
        bytes.extend_from_slice(&found);
    }
    Ok(service.store.put_blob(bytes.freeze()).await?)
}

/// Why an upload is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum UploadError {
    #[error("there is no such upload")]
    Missing,
    #[error("the upload already has other bytes")]
    Filled,
    #[error("a part was stored during the completion; complete the upload again")]
    NewParts,
    #[error("the parts have more than {max} bytes in total")]
    TooLong { max: u64 },
}

impl From<UploadError> for Refusal {
    fn from(why: UploadError) -> Self {
        let status = match why {
            UploadError::Missing => StatusCode::NOT_FOUND,
            UploadError::Filled | UploadError::NewParts => StatusCode::CONFLICT,
            UploadError::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        };
        detail(status, why.to_string()).into()
    }
}

/// `POST /storage/auth/token`: returns the token to upload with. It is the client's own key, since the service has no
/// other tokens.
pub async fn token(State(service): State<Service>, headers: HeaderMap) -> Response {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok());
    let key = key.and_then(|value| value.split_once(' ')).map_or("anonymous", |(_, key)| key);
    let answer = json!({
        "token": key,
        "token_type": "Key",
        "base_url": service.urls.public_url().as_ref(),
        "expires_at": iso(now_ms() + TOKEN_MS).replace('Z', "+00:00"),
    });
    json(200, &answer)
}

/// `POST /files/upload`: stores the file in the body and returns its URL.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn upload(
    State(service): State<Service>,
    Extension(_): Extension<KeyName>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (blob, _) = keep(&service, &headers, body, max_bytes(&service)).await?;
    let mut upload =
        Upload::new(headers.get("x-fal-file-name").and_then(|name| name.to_str().ok()).unwrap_or_default());
    upload.blob = Some(blob);
    let id = Id::new();
    service.store.put(Kind::Upload, &id.to_string(), &upload).await?;
    let url = format!("{}{}", service.urls.public_url(), uploads::path(id, &upload));
    Ok(json(200, &json!({"access_url": url})))
}

async fn find(service: &Service, place: &str) -> Result<(Id, Upload), Refusal> {
    uploads::at(&service.store, place).await?.ok_or_else(|| UploadError::Missing.into())
}

fn max_bytes(service: &Service) -> u64 {
    service.config.limits.max_image_bytes
}

/// Stores a body of at most `max` bytes, and returns its digest and length.
async fn keep(service: &Service, headers: &HeaderMap, body: Body, max: u64) -> Result<(Digest, u64), Refusal> {
    let body = body::read(service, headers, body, usize::try_from(max).unwrap_or(usize::MAX)).await?;
    let len = body.bytes.len() as u64;
    Ok((service.store.put_blob(body.bytes.clone()).await?, len))
}

/// `GET /files/<digest>/<name>`: a file by the digest of its bytes.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn file(State(service): State<Service>, uri: Uri) -> Result<Response, Refusal> {
    serve(&service, uri.path()).await
}

/// `GET /uploads/<id>/<name>`: an uploaded file.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn file_of_upload(State(service): State<Service>, uri: Uri) -> Result<Response, Refusal> {
    serve(&service, uri.path()).await
}

async fn serve(service: &Service, path: &str) -> Result<Response, Refusal> {
    let missing = || Refusal::from(detail(StatusCode::NOT_FOUND, "there is no such file"));
    let digest = uploads::locate(&service.store, path).await?.ok_or_else(missing)?;
    let BlobReader { mut reader, len } = service.store.open_blob(&digest).await?.ok_or_else(missing)?;
    // The media type follows from the bytes alone. A file that is not a picture is only offered as a download, so that
    // a browser does not run it.
    let start = head(&mut reader).await.map_err(|_| missing())?;
    let (media_type, disposition) = match Format::sniff(&start) {
        Some(format) => (format.media_type(), "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    let rest = ReaderStream::with_capacity(reader, 64 << 10);
    let stream = futures_util::StreamExt::chain(futures_util::stream::iter([Ok(start)]), rest);
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(media_type));
    headers.insert("content-disposition", HeaderValue::from_static(disposition));
    headers.insert("content-length", len.into());
    headers.insert("cache-control", HeaderValue::from_static("public, max-age=604800, immutable"));
    headers.insert("content-security-policy", HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    Ok(response)
}

/// Reads the first bytes of a file, enough to recognise its format.
async fn head(reader: &mut std::pin::Pin<Box<dyn tokio::io::AsyncRead + Send>>) -> std::io::Result<Bytes> {
    use tokio::io::AsyncReadExt as _;

    let mut start = BytesMut::with_capacity(64);
    while start.len() < 16 && reader.as_mut().take(48).read_buf(&mut start).await? > 0 {}
    Ok(start.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// Stores an upload and returns its id and the segment of its upload URL.
    async fn begun(service: &Service) -> (Id, String) {
        let (id, key, mut upload) = (Id::new(), Id::new(), Upload::new("a.png"));
        upload.key = Some(key);
        service.store.put(Kind::Upload, &id.to_string(), &upload).await.unwrap();
        (id, uploads::upload_segment(id, key))
    }

    async fn put_part(service: &Service, place: &str, part: &str, bytes: &'static str) -> (u16, Value) {
        let path = Path((place.to_owned(), part.to_owned()));
        testing::answered(fill_part(State(service.clone()), path, HeaderMap::new(), bytes.into()).await).await
    }

    #[tokio::test]
    async fn the_parts_of_an_upload_are_numbered_from_1_to_1000() {
        let (_folder, service) = testing::service(&[]).await;
        let (_, place) = begun(&service).await;
        for part in ["0", "1001", "-1", "x", ""] {
            let expected = (422, json!({"detail": "the part number is invalid; expected 1 to 1000"}));
            assert_eq!(put_part(&service, &place, part, "a").await, expected, "{part}");
        }
        let etag = Digest::of(b"a").to_string();
        for part in [1, 1000] {
            let expected = (200, json!({"partNumber": part, "etag": etag}));
            assert_eq!(put_part(&service, &place, &part.to_string(), "a").await, expected);
        }
    }

    #[tokio::test]
    async fn parts_are_joined_in_the_order_of_their_numbers_and_a_lost_part_is_named() {
        let (folder, service) = testing::service(&[]).await;
        let (id, place) = begun(&service).await;
        for (part, bytes) in [("10", "c"), ("9", "b"), ("1", "a")] {
            assert_eq!(put_part(&service, &place, part, bytes).await.0, 200);
        }
        let digest = Digest::of(b"b").to_string();
        let blob = folder.path().join("blobs").join(&digest[..2]).join(&digest[2..]);
        std::fs::remove_file(blob).unwrap();
        let finish = async |step: &str| {
            testing::answered(complete(State(service.clone()), Path((place.clone(), step.to_owned()))).await).await
        };
        assert_eq!(finish("complete").await, (422, json!({"detail": "part 9 is no longer stored; upload it again"})));
        assert_eq!(put_part(&service, &place, "9", "b").await.0, 200);
        assert_eq!(finish("finish").await.0, 404);
        assert_eq!(finish("complete").await.0, 200);
        let upload: Upload = service.store.get(Kind::Upload, &id.to_string()).await.unwrap().unwrap();
        assert_eq!((upload.blob, upload.parts.len()), (Some(Digest::of(b"abc")), 0));
    }

    #[tokio::test]
    async fn a_request_for_an_upload_url_has_at_most_64_kib() {
        let (_folder, service) = testing::service(&[]).await;
        for (len, expected) in [(64 << 10, 200), ((64 << 10) + 1, 413)] {
            let answer = initiate(State(service.clone()), HeaderMap::new(), Body::from(vec![b' '; len])).await;
            assert_eq!(testing::answered(answer).await.0, expected, "{len}");
        }
    }

    #[tokio::test]
    async fn the_file_url_of_an_upload_does_not_reveal_its_key() {
        let (_folder, service) = testing::service(&[]).await;
        let body = Body::from(r#"{"file_name": "a.png"}"#);
        let (_, answer) = testing::answered(initiate(State(service.clone()), HeaderMap::new(), body).await).await;
        let segment = answer["upload_url"].as_str().unwrap().strip_prefix("http://here/storage/upload/").unwrap();
        let (id, key) = segment.split_once('.').unwrap();
        assert_eq!(answer["file_url"], format!("http://here/uploads/{id}/a.png"));
        assert_ne!(id, key);
    }

    #[tokio::test]
    async fn the_token_to_upload_with_is_the_clients_own_key_for_24_hours() {
        let (_folder, service) = testing::service(&[]).await;
        let before = now_ms();
        for (authorization, expected) in [(Some("Key id:secret"), "id:secret"), (None, "anonymous")] {
            let value = authorization.map(HeaderValue::from_static);
            let headers = value.map(|value| (axum::http::header::AUTHORIZATION, value)).into_iter().collect();
            let (_, answer) = testing::answered(Ok(token(State(service.clone()), headers).await)).await;
            assert_eq!((&answer["token"], &answer["base_url"]), (&json!(expected), &json!("http://here")));
            let expires = answer["expires_at"].as_str().unwrap();
            let expires_ms = expires.parse::<jiff::Timestamp>().unwrap().as_millisecond().cast_unsigned();
            assert!((before + 86_400_000..=now_ms() + 86_400_000).contains(&expires_ms), "{expires}");
            assert!(expires.ends_with("+00:00"), "{expires}");
        }
    }

    #[tokio::test]
    async fn the_media_type_of_a_file_follows_from_its_bytes() {
        let (_folder, service) = testing::service(&[]).await;
        let html = "<html><script>alert(1)</script></html>";
        for (bytes, media_type, disposition) in [
            (testing::picture(2, 1), "image/png", "inline"),
            (html.into(), "application/octet-stream", "attachment"),
            (Vec::new(), "application/octet-stream", "attachment"),
        ] {
            let digest = service.store.put_blob(bytes.clone().into()).await.unwrap();
            let response = serve(&service, &format!("/files/{digest}/a.html")).await.unwrap();
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(
                (header("content-type"), header("content-disposition")),
                (media_type.into(), disposition.into())
            );
            assert_eq!(header("content-length"), bytes.len().to_string());
            assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
            assert_eq!(header("cache-control"), "public, max-age=604800, immutable");
            assert_eq!(header("access-control-allow-origin"), "*");
            assert_eq!(axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap(), bytes);
        }
    }

    #[test]
    fn an_upload_that_is_missing_filled_changed_or_too_long_has_a_status_of_its_own() {
        for (error, status) in [
            (UploadError::Missing, 404),
            (UploadError::Filled, 409),
            (UploadError::NewParts, 409),
            (UploadError::TooLong { max: 7 }, 413),
        ] {
            assert_eq!(Refusal::from(error).0.status(), status, "{error}");
        }
    }

    #[tokio::test]
    async fn a_completion_waits_10_seconds_for_a_place_in_the_memory() {
        let (_folder, service) = testing::service(&["--concurrency", "1"]).await;
        let (_, place) = begun(&service).await;
        assert_eq!(put_part(&service, &place, "1", "a").await.0, 200);
        let _place = service.memory_permits.clone().acquire_owned().await.unwrap();
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let path = Path((place, "complete".to_owned()));
        let refusal = complete(State(service.clone()), path).await.unwrap_err();
        assert_eq!((refusal.0.status().as_u16(), begun.elapsed().as_secs()), (503, 10));
    }
}
