//! The HTTP/1.1 server: a bounded number of connections, timeouts for each, and a graceful shutdown.

use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Limits;

/// Serves `router` on `listener` until `stop` is cancelled. Each open connection may then finish its current request,
/// for at most the grace period of `limits` and three seconds.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            (Ok(place), accepted) = next => (place, accepted),
            () = stop.cancelled() => break,
            else => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // For instance too many open files. The pause gives open connections time to close.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        // With Nagle's algorithm, a small response would wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        // Closes the connection of a client that acknowledges no data for this long.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(3 * limits.client_time()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.client_time())
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended with an error");
            }
        });
    }
    drop(listener);
    // Longer than the grace period of requests, so that a client that waits for one still gets its response.
    let grace = std::time::Duration::from_secs(limits.grace.saturating_add(3));
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("the grace period is over; open connections are closed");
    }
}
