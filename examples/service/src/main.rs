//! The service as a program.

use std::process::ExitCode;

use clap::Parser as _;
use smart_resize_service::api::{self, IsQueue};
use smart_resize_service::config::{Config, Role};
use smart_resize_service::server::serve;
use smart_resize_service::service::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        log.json().init();
    } else {
        log.init();
    }
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "the service cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let limits = config.limits.clone();
    let listens = config.queue.is_none() || config.role != Role::Worker;
    let listener = if listens { Some(TcpListener::bind(config.listen).await?) } else { None };
    let queue_listener = match config.queue_listen.filter(|_| listens) {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let address = listener.as_ref().map_or(Ok(config.listen), TcpListener::local_addr)?;
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let service = Service::start(config, &public_url).await?;

    let stop = CancellationToken::new();
    let signalled = stop.clone();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        signalled.cancel();
    });

    let router = api::router(service.clone());
    tracing::info!(%address, public_url, backend = service.runner.backend.name(), "serving");
    let direct = async {
        match listener {
            Some(listener) => serve(listener, router.clone(), &limits, stop.clone()).await,
            None => stop.cancelled().await,
        }
    };
    let queue = async {
        if let Some(listener) = queue_listener {
            let router = router.clone().layer(axum::Extension(IsQueue));
            serve(listener, router, &limits, stop.clone()).await;
        }
    };
    let drain = async {
        stop.cancelled().await;
        service.stop().await;
    };
    // Requests finish while the connections that wait for them are still open.
    tokio::join!(direct, queue, drain);
    tracing::info!("stopped");
    Ok(())
}
