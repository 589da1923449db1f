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
