//! Request bodies: each is bounded in size and in time, and all together are bounded in memory.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::answer::{Refusal, detail, overloaded};
use crate::service::{BODY_UNIT, Service};

/// The least average rate of a body, in bytes per millisecond, after the first `client_time`.
const MIN_BYTES_PER_MS: u64 = 32;

/// A body that was read completely. It holds its share of the memory for bodies until it is dropped.
#[derive(Debug)]
pub struct ReadBody {
    /// The bytes of the body.
    pub bytes: Bytes,
    /// The permits for the memory of this body; `None` if the body is empty. If a value of similar size is made from
    /// the body, keep the permits until that value is dropped.
    pub reservation: Option<OwnedSemaphorePermit>,
}

/// Reads all of `body`, at most `max` bytes.
///
/// # Errors
///
/// [`Refusal`] with status 413 if the body is too long, 503 if there is no memory for it now, 408 if the client is too
/// slow, and 400 if the body ends early.
pub async fn read(service: &Service, headers: &HeaderMap, body: Body, max: usize) -> Result<ReadBody, Refusal> {
    let too_long = |found: String| {
        Refusal::from(detail(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has {found} bytes; expected at most {max}"),
        ))
    };
    let declared =
        headers.get("content-length").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if let Some(declared) = declared.filter(|declared: &usize| *declared > max) {
        return Err(too_long(declared.to_string()));
    }
    let mut reservation = None;
    let mut bytes = BytesMut::new();
    let mut body = body;
    let patience = service.config.limits.client_time();
    let begun = Instant::now();
    loop {
        // `patience` ends a connection that sends nothing. The bound on the total time ends one that sends only a few
        // bytes at a time.
        let total = patience + Duration::from_millis(bytes.len() as u64 / MIN_BYTES_PER_MS);
        let left = total.saturating_sub(begun.elapsed()).min(patience);
        let Ok(frame) = tokio::time::timeout(left, body.frame()).await else {
            return Err(detail(StatusCode::REQUEST_TIMEOUT, "the body arrived too slowly").into());
        };
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else {
            return Err(detail(StatusCode::BAD_REQUEST, "the body ended early").into());
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > max {
            return Err(too_long(format!("more than {max}")));
        }
        // What has arrived is reserved, and not what was declared. A client that only declares a length holds no
        // memory.
        reserve(service, &mut reservation, bytes.len() + data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(ReadBody { bytes: bytes.freeze(), reservation })
}

/// Extends `reservation` to `bytes` in total.
fn reserve(service: &Service, reservation: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> Result<(), Refusal> {
    let has = reservation.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
    let Some(missing) = bytes.div_ceil(BODY_UNIT).checked_sub(has).filter(|missing| *missing > 0) else {
        return Ok(());
    };
    let missing = u32::try_from(missing).unwrap_or(u32::MAX);
    let Ok(more) = service.body_memory.clone().try_acquire_many_owned(missing) else {
        service.metrics.refused();
        let text = "too many bodies are being read; try again later";
        return Err(overloaded(StatusCode::SERVICE_UNAVAILABLE, text, 1).into());
    };
    match reservation {
        Some(reservation) => reservation.merge(more),
        None => *reservation = Some(more),
    }
    Ok(())
}
