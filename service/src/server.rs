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
/// for at most the grace period of `limits` plus three seconds.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            #[expect(clippy::expect_used, reason = "nobody closes the semaphore")]
            (place.expect("invariant: the semaphore is never closed"), listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
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
        // Closes the connection of a client that acknowledges no data for this long. A client may need longer for that than
        // for its headers, since a response is large. Linux only.
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
    // Requests that still run are stopped when their grace period ends. Three seconds more let their responses be sent.
    let grace = std::time::Duration::from_secs(limits.grace.saturating_add(3));
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("the grace period is over; connections that are still open end with the process");
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use clap::Parser as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::config::Config;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    /// Serves a router that answers when `arrives` is notified.
    async fn served(flags: &[&str]) -> (SocketAddr, Arc<Notify>, CancellationToken, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, arrives, stop) =
            (listener.local_addr().unwrap(), Arc::new(Notify::new()), CancellationToken::new());
        let wait = Arc::clone(&arrives);
        let router = Router::new().fallback(async move || {
            wait.notified().await;
            "answered"
        });
        let limits = Config::parse_from([&["test"], flags].concat()).limits;
        let stopped = stop.clone();
        let serving = tokio::spawn(async move { serve(listener, router, &limits, stopped).await });
        (address, arrives, stop, serving)
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_connection_beyond_the_most_waits_until_another_is_closed() {
        let (address, arrives, _, _) = served(&["--max-connections", "1"]).await;
        // `Notify` keeps this for the first request that arrives.
        arrives.notify_one();
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"GET").await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(100), second.read_u8()).await;
        assert!(early.is_err(), "{early:?}");
        drop(first);
        assert!(answer(&mut second).await.ends_with("answered"));
    }

    #[tokio::test]
    async fn a_client_has_the_client_timeout_to_send_its_headers() {
        let (address, _, _, _) = served(&["--client-timeout", "1"]).await;
        let begun = std::time::Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok() && begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn after_a_stop_no_connection_is_accepted_and_an_open_one_finishes_its_request() {
        let (address, arrives, stop, serving) = served(&["--grace", "20"]).await;
        let mut open = TcpStream::connect(address).await.unwrap();
        open.write_all(REQUEST).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!serving.is_finished());
        arrives.notify_one();
        assert!(answer(&mut open).await.ends_with("answered"));
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn open_connections_are_left_3_seconds_after_the_grace_period() {
        let (address, _, stop, serving) = served(&["--grace", "2"]).await;
        let mut open = TcpStream::connect(address).await.unwrap();
        open.write_all(REQUEST).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        stop.cancel();
        serving.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 5);
    }
}
