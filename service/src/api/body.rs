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
        let left = time_left(patience, bytes.len(), begun.elapsed());
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

/// Returns how long to wait for the next bytes of a body of which `received` bytes have arrived. `patience` ends a
/// connection that sends nothing. The bound on the total time ends one that sends only a few bytes at a time.
fn time_left(patience: Duration, received: usize, elapsed: Duration) -> Duration {
    let total = patience + Duration::from_millis(received as u64 / MIN_BYTES_PER_MS);
    total.saturating_sub(elapsed).min(patience)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    async fn status(service: &Service, bytes: &'static [u8], declared: Option<&str>, max: usize) -> u16 {
        let headers = declared.map(|len| (axum::http::header::CONTENT_LENGTH, len.parse().unwrap()));
        let read = read(service, &headers.into_iter().collect(), Body::from(bytes), max).await;
        read.map_or_else(|refusal| refusal.0.status().as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_most_bytes_is_read_and_a_longer_one_is_refused() {
        let (_folder, service) = testing::service(&[]).await;
        for declared in [None, Some("3")] {
            assert_eq!(status(&service, b"123", declared, 3).await, 200);
            assert_eq!(status(&service, b"123", declared, 2).await, 413);
        }
        // Only the declared length is too long.
        assert_eq!(status(&service, b"", Some("4"), 3).await, 413);
    }

    #[tokio::test]
    async fn memory_is_reserved_for_the_bytes_that_arrived_in_units_of_16_kib() {
        let (_folder, service) = testing::service(&["--max-bodies-bytes", "65536"]).await;
        for (len, units) in [(0, 0), (1, 1), (16_384, 1), (16_385, 2), (65_536, 4)] {
            let headers = [(axum::http::header::CONTENT_LENGTH, "65536".parse().unwrap())].into_iter().collect();
            let body = read(&service, &headers, Body::from(vec![b' '; len]), 65_536).await.unwrap();
            assert_eq!(body.bytes.len(), len);
            assert_eq!(body.reservation.as_ref().map_or(0, OwnedSemaphorePermit::num_permits), units, "{len}");
            assert_eq!(service.body_memory.available_permits(), 4 - units, "{len}");
        }
        assert_eq!(service.body_memory.available_permits(), 4);
        let read = read(&service, &HeaderMap::new(), Body::from(vec![b' '; 65_537]), 100_000).await;
        assert_eq!(read.unwrap_err().0.status(), 503);
    }

    #[test]
    fn a_slow_body_has_the_patience_and_a_millisecond_for_each_32_bytes() {
        let case = |received: usize, elapsed: u64, expected: u64| {
            let left = time_left(Duration::from_secs(1), received, Duration::from_millis(elapsed));
            assert_eq!(left, Duration::from_millis(expected), "{received} bytes after {elapsed} ms");
        };
        case(0, 0, 1000);
        case(0, 400, 600);
        case(0, 1000, 0);
        case(31, 1000, 0);
        case(32, 1000, 1);
        case(3200, 1040, 60);
        case(3200, 50, 1000); // never more than the patience
        case(3200, 2000, 0);
    }

    #[tokio::test]
    async fn a_body_that_ends_early_is_400_and_a_client_that_sends_nothing_408() {
        let (_folder, service) = testing::service(&["--client-timeout", "7"]).await;
        let broken = futures_util::stream::iter([Ok("begun"), Err(std::io::Error::other("reset"))]);
        let refusal = read(&service, &HeaderMap::new(), Body::from_stream(broken), 100).await.unwrap_err();
        assert_eq!(refusal.0.status(), 400);
        let silent = Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let refusal = read(&service, &HeaderMap::new(), silent, 100).await.unwrap_err();
        assert_eq!((refusal.0.status().as_u16(), begun.elapsed().as_secs()), (408, 7));
    }
}
