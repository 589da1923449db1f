//! Files: what clients put here before they ask, and what was made.
//!
//! The JavaScript client asks where to put a file (`POST /storage/upload/initiate`), and puts it there; one of more than 90 MB in
//! parts. The Python client asks for a token (`POST /storage/auth/token`) and posts the file (`POST /files/upload`).

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use smart_resize::{Digest, Format};
use tokio_util::io::ReaderStream;

use super::answer::{Refusal, detail, json};
use super::{Owner, body};
use crate::id::Id;
use crate::service::Service;
use crate::store::{BlobReader, Kind};
use crate::time::{iso, now_ms};
use crate::uploads::{self, Upload};

/// The most bytes of a request for a place.
const MAX_INITIATE_BYTES: usize = 64 << 10;
/// The most parts of an upload.
const MAX_PARTS: u32 = 1000;
/// How long a token is said to last.
const TOKEN_MS: u64 = 24 * 3600 * 1000;

/// `POST /storage/upload/initiate` and `…/initiate-multipart`: where to put a file, and where it will be.
///
/// # Errors
///
/// The refusal.
pub async fn initiate(State(service): State<Service>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let body = body::read(&service, &headers, body, MAX_INITIATE_BYTES).await?;
    let value: Value = serde_json::from_slice(&body.bytes).unwrap_or_default();
    let upload = Upload::new(value.get("file_name").and_then(Value::as_str).unwrap_or_default());
    let id = Id::new();
    service.store.put(Kind::Upload, &id.to_string(), &upload).await?;
    let public_url = service.urls.public_url();
    let answer = json!({
        "upload_url": format!("{public_url}/storage/upload/{id}"),
        "file_url": format!("{public_url}{}", uploads::path(id, &upload)),
    });
    Ok(json(200, &answer))
}

/// `PUT /storage/upload/<id>`: the bytes of an upload, once.
///
/// # Errors
///
/// The refusal.
pub async fn fill(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let id = find(&service, &id).await?;
    let digest = keep(&service, &headers, body).await?;
    let fill = move |record: &mut Option<Upload>| match record {
        Some(upload) => *upload.blob.get_or_insert(digest) == digest,
        None => false,
    };
    let is_kept = service.store.update(Kind::Upload, &id.to_string(), fill).await?;
    let conflict = || Refusal::from(detail(StatusCode::CONFLICT, "the upload has other bytes already"));
    if is_kept { Ok(StatusCode::OK.into_response()) } else { Err(conflict()) }
}

/// `PUT /storage/upload/<id>/<part>`: the bytes of a part, numbered from 1.
///
/// # Errors
///
/// The refusal.
pub async fn fill_part(
    State(service): State<Service>,
    Path((id, part)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let id = find(&service, &id).await?;
    let part: Option<u32> = part.parse().ok().filter(|part| (1..=MAX_PARTS).contains(part));
    let Some(part) = part else {
        let text = format!("the number of a part, expected 1 to {MAX_PARTS}");
        return Err(detail(StatusCode::UNPROCESSABLE_ENTITY, text).into());
    };
    let digest = keep(&service, &headers, body).await?;
    let fill = move |record: &mut Option<Upload>| {
        if let Some(upload) = record {
            upload.parts.insert(part, digest);
        }
    };
    service.store.update(Kind::Upload, &id.to_string(), fill).await?;
    Ok(json(200, &json!({"partNumber": part, "etag": digest.to_string()})))
}

/// `POST /storage/upload/<id>/complete`: the parts become the file.
///
/// # Errors
///
/// The refusal.
pub async fn complete(
    State(service): State<Service>,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    if step != "complete" {
        return Err(detail(StatusCode::NOT_FOUND, "Not Found").into());
    }
    let id = find(&service, &id).await?;
    let upload = service.store.get::<Upload>(Kind::Upload, &id.to_string()).await?;
    let mut bytes = BytesMut::new();
    let max = usize::try_from(service.config.limits.max_image_bytes).unwrap_or(usize::MAX);
    for digest in upload.iter().flat_map(|upload| upload.parts.values()) {
        let part = service.store.blob(digest).await?.unwrap_or_default();
        if bytes.len() + part.len() > max {
            return Err(detail(StatusCode::PAYLOAD_TOO_LARGE, format!("parts of more than {max} bytes")).into());
        }
        bytes.extend_from_slice(&part);
    }
    let digest = service.store.put_blob(bytes.freeze()).await?;
    let fill = move |record: &mut Option<Upload>| {
        if let Some(upload) = record {
            upload.blob = Some(digest);
            upload.parts.clear();
        }
    };
    service.store.update(Kind::Upload, &id.to_string(), fill).await?;
    Ok(json(200, &json!({})))
}

/// `POST /storage/auth/token`: with what to upload. The service knows no keys but its own, so it is the client's.
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

/// `POST /files/upload`: a file, and where it is.
///
/// # Errors
///
/// The refusal.
pub async fn upload(
    State(service): State<Service>,
    Extension(_): Extension<Owner>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let digest = keep(&service, &headers, body).await?;
    let mut upload =
        Upload::new(headers.get("x-fal-file-name").and_then(|name| name.to_str().ok()).unwrap_or_default());
    upload.blob = Some(digest);
    let id = Id::new();
    service.store.put(Kind::Upload, &id.to_string(), &upload).await?;
    let url = format!("{}{}", service.urls.public_url(), uploads::path(id, &upload));
    Ok(json(200, &json!({"access_url": url})))
}

async fn find(service: &Service, id: &str) -> Result<Id, Refusal> {
    let missing = || Refusal::from(detail(StatusCode::NOT_FOUND, "there is no such upload"));
    let id: Id = id.parse().map_err(|_| missing())?;
    match service.store.get::<Upload>(Kind::Upload, &id.to_string()).await? {
        Some(_) => Ok(id),
        None => Err(missing()),
    }
}

async fn keep(service: &Service, headers: &HeaderMap, body: Body) -> Result<Digest, Refusal> {
    let max = usize::try_from(service.config.limits.max_image_bytes).unwrap_or(usize::MAX);
    let body = body::read(service, headers, body, max).await?;
    Ok(service.store.put_blob(body.bytes.clone()).await?)
}

/// `GET /files/<digest>/<name>`.
///
/// # Errors
///
/// The refusal.
pub async fn file(State(service): State<Service>, uri: Uri) -> Result<Response, Refusal> {
    serve(&service, uri.path()).await
}

/// `GET /uploads/<id>/<name>`.
///
/// # Errors
///
/// The refusal.
pub async fn file_of_upload(State(service): State<Service>, uri: Uri) -> Result<Response, Refusal> {
    serve(&service, uri.path()).await
}

async fn serve(service: &Service, path: &str) -> Result<Response, Refusal> {
    let missing = || Refusal::from(detail(StatusCode::NOT_FOUND, "there is no such file"));
    let digest = uploads::locate(&service.store, path).await?.ok_or_else(missing)?;
    let BlobReader { mut reader, len } = service.store.open_blob(&digest).await?.ok_or_else(missing)?;
    // What it is, its bytes tell; a file that is no picture is none to show.
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

/// As many bytes as tell a format, or all.
async fn head(reader: &mut std::pin::Pin<Box<dyn tokio::io::AsyncRead + Send>>) -> std::io::Result<Bytes> {
    use tokio::io::AsyncReadExt as _;

    let mut start = BytesMut::with_capacity(64);
    while start.len() < 16 && reader.as_mut().take(48).read_buf(&mut start).await? > 0 {}
    Ok(start.freeze())
}
