//! The binary of the service: reads the configuration, starts the service, and shuts it down on SIGTERM or SIGINT.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser as _;
use smart_resize_service::api::{self, AtQueueAddress};
use smart_resize_service::config::{Config, Role};
use smart_resize_service::server::serve;
use smart_resize_service::service::Service;
use smart_resize_service::store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// The default address to listen on.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

fn main() -> ExitCode {
    let config = Config::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        log.json().init();
    } else {
        log.init();
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the tokio runtime cannot be started");
            return ExitCode::FAILURE;
        }
    };
    let ran = runtime.block_on(run(config));
    // The results of threads that are still computing are not needed any more.
    runtime.shutdown_timeout(Duration::from_millis(500));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "the service ends with an error");
            ExitCode::FAILURE
        }
    }
}

/// Returns the address to listen on. A worker listens only if an address is set.
fn listen_at(configured: Option<SocketAddr>, is_worker: bool) -> Option<SocketAddr> {
    configured.or((!is_worker).then_some(LISTEN))
}

/// Returns the URL at which clients reach a listener. They cannot connect to the unspecified address; the loopback
/// address reaches the same listener.
fn url_of(address: SocketAddr) -> String {
    let host = if address.ip().is_unspecified() { LISTEN.ip() } else { address.ip() };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let limits = config.limits.clone();
    let is_worker = config.queue.is_some() && config.role == Role::Worker;
    let listener = match listen_at(config.listen, is_worker) {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let queue_listener = match config.queue_listen.filter(|_| !is_worker) {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let address = listener.as_ref().map_or(Ok(LISTEN), TcpListener::local_addr)?;
    let public_url = config.public_url.clone().unwrap_or_else(|| url_of(address));
    let service = Service::start(config, &public_url).await?;

    let stop = CancellationToken::new();
    let signalled = stop.clone();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
        signalled.cancel();
    });

    let router = if is_worker { api::watch_router(service.clone()) } else { api::router(service.clone()) };
    tracing::info!(%address, public_url, backend = service.runner.backend.name(), "serving");
    let direct = async {
        match listener {
            Some(listener) => serve(listener, router.clone(), &limits, stop.clone()).await,
            None => stop.cancelled().await,
        }
    };
    let queue = async {
        if let Some(listener) = queue_listener {
            let router = router.clone().layer(axum::Extension(AtQueueAddress));
            serve(listener, router, &limits, stop.clone()).await;
        }
    };
    let drain = async {
        stop.cancelled().await;
        service.stop().await;
    };
    // `redb` rejects every write after an error until it is opened again. The process exits, so that its supervisor
    // restarts it.
    let (ill, watched, stop_ill) = (Arc::new(AtomicBool::new(false)), service.clone(), stop.clone());
    let is_ill = Arc::clone(&ill);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            if matches!(watched.store, Store::Local(_)) && !watched.store.is_healthy() {
                tracing::error!("the store cannot be written; the process exits, and its next start reopens the store");
                is_ill.store(true, Ordering::Relaxed);
                stop_ill.cancel();
                return;
            }
        }
    });
    // The servers and the drain run concurrently: requests finish while the connections that wait for them are open.
    tokio::join!(direct, queue, drain);
    tracing::info!("stopped");
    if ill.load(Ordering::Relaxed) { Err("the store cannot be written".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_an_unspecified_address_has_the_loopback_address() {
        let url = |address: &str| url_of(address.parse().unwrap());
        assert_eq!(url("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(url("[::]:81"), "http://127.0.0.1:81");
        assert_eq!(url("10.0.0.1:82"), "http://10.0.0.1:82");
        assert_eq!(url("[::1]:83"), "http://[::1]:83");
    }

    #[test]
    fn a_worker_listens_only_if_it_has_an_address_and_another_process_at_127_0_0_1_8080() {
        let own = Some("10.0.0.1:80".parse().unwrap());
        assert_eq!([listen_at(None, true), listen_at(own, true), listen_at(own, false)], [None, own, own]);
        assert_eq!(listen_at(None, false), Some("127.0.0.1:8080".parse().unwrap()));
    }
}
