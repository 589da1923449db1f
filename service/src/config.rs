//! What can be set, by flags or by the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use clap::{Args, Parser, ValueEnum};
use smart_resize::model::Model;
use url::Url;

use crate::backend::BackendArgs;

/// A complete smart-resize endpoint: fal's protocol, any backend, one machine or many.
#[derive(Clone, Debug, Parser)]
#[command(name = "smart-resize-service", version, max_term_width = 120)]
pub struct Config {
    /// Where to listen; by default 127.0.0.1:8080. A worker listens only where this says so, and answers `/healthz` and
    /// `/metrics`.
    #[arg(long, env = "SMART_RESIZE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Where to listen for the queue alone, where a POST to an endpoint is always a submission. Elsewhere it is one
    /// below `/queue`, with a host that begins with `queue.`, with `fal_webhook`, or with the header
    /// `x-fal-queue-priority`.
    #[arg(long, env = "SMART_RESIZE_QUEUE_LISTEN")]
    pub queue_listen: Option<SocketAddr>,
    /// Where clients find this service; by default `http://` and where it listens. Needed with `--queue`, where it has
    /// to be the same for all.
    #[arg(long, env = "SMART_RESIZE_PUBLIC_URL", required_if_eq_any = [("role", "api"), ("role", "worker")])]
    pub public_url: Option<String>,
    /// The folder of the store.
    #[arg(long, env = "SMART_RESIZE_DATA", default_value = "smart-resize-data")]
    pub data: PathBuf,
    /// A file of API keys, one a line: a name, a colon, the key. Without it everybody is served.
    #[arg(long, env = "SMART_RESIZE_KEYS")]
    pub keys: Option<PathBuf>,
    /// Pages of this origin may ask, such as `https://app.example.com`, or `*`. May be there several times; without it
    /// only the page of the service itself may.
    #[arg(long, env = "SMART_RESIZE_ALLOW_ORIGIN")]
    pub allow_origin: Vec<HeaderValue>,
    /// Whether pictures may be fetched from private and local addresses, and webhooks sent there.
    #[arg(long, env = "SMART_RESIZE_ALLOW_PRIVATE_SOURCES")]
    pub allow_private_sources: bool,
    /// NATS with JetStream, such as `nats://127.0.0.1:4222`: requests are then queued, and all that is kept is kept,
    /// there.
    #[arg(long, env = "SMART_RESIZE_QUEUE")]
    pub queue: Option<String>,
    /// With `--queue`: what this process does.
    #[arg(long, env = "SMART_RESIZE_ROLE", value_enum, default_value_t = Role::Both)]
    pub role: Role,
    /// With `--queue`: after how many seconds without a sign of life a worker's message goes to another.
    #[arg(long, env = "SMART_RESIZE_ACK_WAIT", default_value_t = 30)]
    pub ack_wait: u64,
    /// The model that plans are made for: nano-banana-pro, nano-banana-2.1, nano-banana-2 or nano-banana; with the
    /// backend "local" also nano-banana-2-lite.
    #[arg(long, env = "SMART_RESIZE_MODEL", default_value = "nano-banana-pro")]
    pub model: Model,
    /// Whether an equal request is answered with the pictures that are there.
    #[arg(long, env = "SMART_RESIZE_REUSE", value_enum, default_value_t = Reuse::Seeded)]
    pub reuse: Reuse,
    /// A line of JSON for each line of the log.
    #[arg(long, env = "SMART_RESIZE_LOG_JSON")]
    pub log_json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "bounds")]
    pub limits: Limits,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the backend")]
    pub backend: BackendArgs,
}

/// Bounds.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Requests that run at the same time.
    #[arg(long, env = "SMART_RESIZE_CONCURRENCY", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// Requests that wait; beyond that the answer is 429.
    #[arg(long, env = "SMART_RESIZE_MAX_QUEUE", default_value_t = 1000)]
    pub max_queue: usize,
    /// Connections; beyond that they wait to be accepted.
    #[arg(long, env = "SMART_RESIZE_MAX_CONNECTIONS", default_value_t = 1024)]
    pub max_connections: usize,
    /// Bytes of one body; 50 MiB of a picture are 67 MiB in a data URI.
    #[arg(long, env = "SMART_RESIZE_MAX_BODY_BYTES", default_value_t = 72 << 20)]
    pub max_body_bytes: usize,
    /// Bytes of all bodies that are being read; beyond that the answer is 503.
    #[arg(long, env = "SMART_RESIZE_MAX_BODIES_BYTES", default_value_t = 288 << 20)]
    pub max_bodies_bytes: usize,
    /// Bytes of a source.
    #[arg(long, env = "SMART_RESIZE_MAX_IMAGE_BYTES", default_value_t = 50 << 20)]
    pub max_image_bytes: u64,
    /// Pixels of a source.
    #[arg(long, env = "SMART_RESIZE_MAX_PIXELS", default_value_t = 100_000_000)]
    pub max_pixels: u64,
    /// Target sizes of a request.
    #[arg(long, env = "SMART_RESIZE_MAX_TARGET_SIZES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub max_target_sizes: u16,
    /// Seconds that a request may run.
    #[arg(long, env = "SMART_RESIZE_REQUEST_TIMEOUT", default_value_t = 900)]
    pub request_timeout: u64,
    /// Seconds that a client may take to send its headers, and between two pieces of its body.
    #[arg(long, env = "SMART_RESIZE_CLIENT_TIMEOUT", default_value_t = 20)]
    pub client_timeout: u64,
    /// Seconds that running requests have to finish when the service is stopped; what is left goes on after the next
    /// start.
    #[arg(long, env = "SMART_RESIZE_GRACE", default_value_t = 20)]
    pub grace: u64,
    /// Hours that requests and pictures are kept after they are finished.
    #[arg(long, env = "SMART_RESIZE_KEEP_HOURS", default_value_t = 7 * 24)]
    pub keep_hours: u64,
}

/// A flag that cannot be.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what was found and the bound")]
pub enum FlagError {
    /// Nothing would be served.
    #[error("--{flag} is 0, expected at least 1")]
    Zero { flag: &'static str },
    /// It is no URL that clients could ask.
    #[error("--public-url is {found:?}, expected an http or https URL")]
    PublicUrl { found: String },
    /// There is one process.
    #[error("--role needs --queue")]
    Role,
}

impl Config {
    /// Looks at what the flags are together.
    ///
    /// # Errors
    ///
    /// [`FlagError`] for the first that cannot be.
    pub fn check(&self) -> Result<(), FlagError> {
        let limits = &self.limits;
        let counts = [
            ("max-queue", limits.max_queue == 0),
            ("max-connections", limits.max_connections == 0),
            ("max-body-bytes", limits.max_body_bytes == 0),
            ("max-bodies-bytes", limits.max_bodies_bytes == 0),
            ("max-image-bytes", limits.max_image_bytes == 0),
            ("max-pixels", limits.max_pixels == 0),
            ("request-timeout", limits.request_timeout == 0),
            ("client-timeout", limits.client_timeout == 0),
            ("keep-hours", limits.keep_hours == 0),
        ];
        if let Some((flag, _)) = counts.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(FlagError::Zero { flag });
        }
        if self.role != Role::Both && self.queue.is_none() {
            return Err(FlagError::Role);
        }
        match &self.public_url {
            Some(found) if !Url::parse(found).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) => {
                Err(FlagError::PublicUrl { found: found.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl Limits {
    /// How long a request may run.
    pub const fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_timeout)
    }

    /// How long a client may be silent.
    pub const fn client_time(&self) -> Duration {
        Duration::from_secs(self.client_timeout)
    }
}

/// What a process does on several machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// It answers clients.
    Api,
    /// It does the work.
    Worker,
    /// Both.
    Both,
}

/// When an equal request is answered with the pictures that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reuse {
    /// Each request makes its own.
    Never,
    /// Where a seed was asked, which means the same picture.
    Seeded,
    /// Whenever the same is asked of the same picture.
    Always,
}
