//! The configuration: command-line flags, each of which can also be set by an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use clap::{Args, Parser, ValueEnum};
use smart_resize::model::Model;
use url::Url;

use crate::backend::BackendArgs;

/// A smart-resize endpoint that speaks fal's protocol, with interchangeable backends, for one machine or several.
#[derive(Clone, Debug, Parser)]
#[command(name = "smart-resize-service", version, max_term_width = 120)]
pub struct Config {
    /// The address to listen on; by default 127.0.0.1:8080. A worker listens only if this is set, and serves only
    /// `/healthz` and `/metrics`.
    #[arg(long, env = "SMART_RESIZE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// A second address to listen on. Every POST to an endpoint at this address is a queue submission. At other
    /// addresses, a POST is a submission if its path begins with `/queue`, if its host begins with `queue.`, or if it
    /// has the query parameter `fal_webhook` or the header `x-fal-queue-priority`.
    #[arg(long, env = "SMART_RESIZE_QUEUE_LISTEN")]
    pub queue_listen: Option<SocketAddr>,
    /// The URL at which clients reach this service; by default `http://` and the listen address. Required with `--role
    /// api` and `--role worker`. With `--queue` it must be the same for all processes.
    #[arg(long, env = "SMART_RESIZE_PUBLIC_URL", required_if_eq_any = [("role", "api"), ("role", "worker")])]
    pub public_url: Option<String>,
    /// The folder that holds the store.
    #[arg(long, env = "SMART_RESIZE_DATA", default_value = "smart-resize-data")]
    pub data: PathBuf,
    /// A file of API keys, one per line: a name, a colon, the key. Without it no key is required.
    #[arg(long, env = "SMART_RESIZE_KEYS")]
    pub keys: Option<PathBuf>,
    /// An origin whose pages may call the service, such as `https://app.example.com`, or `*` for all. The flag can be
    /// repeated. Without it only the service's own page may call it.
    #[arg(long, env = "SMART_RESIZE_ALLOW_ORIGIN")]
    pub allow_origin: Vec<HeaderValue>,
    /// Allow pictures to be fetched from private and local addresses, and webhooks to be sent to them.
    #[arg(long, env = "SMART_RESIZE_ALLOW_PRIVATE_SOURCES")]
    pub allow_private_sources: bool,
    /// A NATS server with JetStream, such as `nats://127.0.0.1:4222`. JetStream is then both the queue and the store.
    #[arg(long, env = "SMART_RESIZE_QUEUE")]
    pub queue: Option<String>,
    /// What this process does. `api` and `worker` need `--queue`.
    #[arg(long, env = "SMART_RESIZE_ROLE", value_enum, default_value_t = Role::Both)]
    pub role: Role,
    /// With `--queue`: the seconds without a progress signal after which a worker's message is delivered to another
    /// worker.
    #[arg(long, env = "SMART_RESIZE_ACK_WAIT", default_value_t = 30)]
    pub ack_wait: u64,
    /// The model that plans are made for: nano-banana-pro, nano-banana-2.1, nano-banana-2 or nano-banana; with the
    /// backend "local" also nano-banana-2-lite.
    #[arg(long, env = "SMART_RESIZE_MODEL", default_value = "nano-banana-pro")]
    pub model: Model,
    /// When a request is answered with the stored pictures of an equal earlier request.
    #[arg(long, env = "SMART_RESIZE_REUSE", value_enum, default_value_t = Reuse::Seeded)]
    pub reuse: Reuse,
    /// Write each log entry as a line of JSON.
    #[arg(long, env = "SMART_RESIZE_LOG_JSON")]
    pub log_json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "bounds")]
    pub limits: Limits,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the backend")]
    pub backend: BackendArgs,
}

/// Bounds on requests, connections, memory and time.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// The most requests that run concurrently.
    #[arg(long, env = "SMART_RESIZE_CONCURRENCY", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// The most requests that wait. Further submissions are answered with 429.
    #[arg(long, env = "SMART_RESIZE_MAX_QUEUE", default_value_t = 1000)]
    pub max_queue: usize,
    /// The most open connections. Further connections wait to be accepted.
    #[arg(long, env = "SMART_RESIZE_MAX_CONNECTIONS", default_value_t = 1024)]
    pub max_connections: usize,
    /// The most bytes of one request body. The default fits a picture of 50 MiB, which is 67 MiB as a data URI.
    #[arg(long, env = "SMART_RESIZE_MAX_BODY_BYTES", default_value_t = 72 << 20)]
    pub max_body_bytes: usize,
    /// The most bytes of all request bodies that are being read. Further requests are answered with 503.
    #[arg(long, env = "SMART_RESIZE_MAX_BODIES_BYTES", default_value_t = 288 << 20)]
    pub max_bodies_bytes: usize,
    /// The most bytes of a source or an upload.
    #[arg(long, env = "SMART_RESIZE_MAX_IMAGE_BYTES", default_value_t = 50 << 20)]
    pub max_image_bytes: u64,
    /// The most pixels of a source.
    #[arg(long, env = "SMART_RESIZE_MAX_PIXELS", default_value_t = 100_000_000)]
    pub max_pixels: u64,
    /// The most target sizes of a request.
    #[arg(long, env = "SMART_RESIZE_MAX_TARGET_SIZES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub max_target_sizes: u16,
    /// The most seconds that a request may run.
    #[arg(long, env = "SMART_RESIZE_REQUEST_TIMEOUT", default_value_t = 900)]
    pub request_timeout: u64,
    /// The most seconds that a client may take to send its headers, and between two chunks of its body.
    #[arg(long, env = "SMART_RESIZE_CLIENT_TIMEOUT", default_value_t = 20)]
    pub client_timeout: u64,
    /// The seconds that running requests have to finish at a shutdown. Unfinished requests continue after the next
    /// start.
    #[arg(long, env = "SMART_RESIZE_GRACE", default_value_t = 20)]
    pub grace: u64,
    /// The hours that requests and pictures are stored after they are finished.
    #[arg(long, env = "SMART_RESIZE_KEEP_HOURS", default_value_t = 7 * 24)]
    pub keep_hours: u64,
}

/// An invalid flag, or an invalid combination of flags.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what was found and the bound")]
pub enum FlagError {
    /// A bound of 0, with which no request could be served.
    #[error("--{flag} is 0; expected at least 1")]
    Zero { flag: &'static str },
    /// A public URL that is not an http or https URL.
    #[error("--public-url is {found:?}; expected an http or https URL")]
    PublicUrl { found: String },
    /// A role other than `both` without `--queue`. A single process has to fill both roles.
    #[error("--role needs --queue")]
    Role,
}

impl Config {
    /// Checks each flag and the combination of all.
    ///
    /// # Errors
    ///
    /// [`FlagError`] for the first invalid flag.
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
    /// The longest time that a request may run.
    pub const fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_timeout)
    }

    /// The longest time that a client may send nothing.
    pub const fn client_time(&self) -> Duration {
        Duration::from_secs(self.client_timeout)
    }
}

/// The role of a process in a service of several machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers clients.
    Api,
    /// Processes requests.
    Worker,
    /// Answers clients and processes requests.
    Both,
}

/// When a request is answered with the stored pictures of an equal earlier request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reuse {
    /// Never: each request generates its own pictures.
    Never,
    /// If the request has a seed, which asks for the same picture each time.
    Seeded,
    /// Whenever the generation call is the same, with or without a seed.
    Always,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(flags: &[&str]) -> Result<Config, clap::Error> {
        Config::try_parse_from([&["test"], flags].concat())
    }

    fn checked(flags: &[&str]) -> Result<(), String> {
        parse(flags).unwrap().check().map_err(|error| error.to_string())
    }

    #[test]
    fn a_limit_of_zero_is_refused_if_no_request_could_be_served_with_it() {
        for flag in [
            "max-queue",
            "max-connections",
            "max-body-bytes",
            "max-bodies-bytes",
            "max-image-bytes",
            "max-pixels",
            "request-timeout",
            "client-timeout",
            "keep-hours",
        ] {
            let name = format!("--{flag}");
            assert_eq!(checked(&[&name, "0"]), Err(format!("--{flag} is 0; expected at least 1")));
            assert_eq!(checked(&[&name, "1"]), Ok(()));
        }
        assert_eq!(checked(&["--grace", "0"]), Ok(()));
    }

    #[test]
    fn at_least_one_request_runs_at_a_time() {
        assert!(parse(&["--concurrency", "0"]).is_err());
        assert_eq!(parse(&["--concurrency", "1"]).unwrap().limits.concurrency, 1);
    }

    #[test]
    fn target_sizes_are_limited_to_1_to_256() {
        for (count, is_valid) in [("0", false), ("1", true), ("256", true), ("257", false)] {
            assert_eq!(parse(&["--max-target-sizes", count]).is_ok(), is_valid, "{count}");
        }
    }

    #[test]
    fn a_role_other_than_both_needs_a_queue_and_a_public_url() {
        let (queue, url) = (["--queue", "nats://a"], ["--public-url", "http://a"]);
        for role in ["api", "worker"] {
            let role = ["--role", role];
            assert_eq!(checked(&[role, url].concat()), Err("--role needs --queue".to_owned()));
            assert!(parse(&[role, queue].concat()).is_err());
            assert_eq!(checked(&[role, queue, url].concat()), Ok(()));
        }
        assert_eq!(checked(&["--role", "both"]), Ok(()));
    }

    #[test]
    fn a_public_url_is_an_http_or_https_url() {
        for url in ["http://a", "https://a/b"] {
            assert_eq!(checked(&["--public-url", url]), Ok(()), "{url}");
        }
        for url in ["ftp://a", "a", ""] {
            let expected = format!("--public-url is {url:?}; expected an http or https URL");
            assert_eq!(checked(&["--public-url", url]), Err(expected));
        }
    }

    #[test]
    fn the_default_limits_fit_a_picture_of_50_mib_as_a_data_uri() {
        let Config { limits, ack_wait, reuse, role, model, .. } = parse(&[]).unwrap();
        assert_eq!((limits.max_image_bytes, limits.max_body_bytes), (52_428_800, 75_497_472));
        assert!(limits.max_image_bytes.div_ceil(3) * 4 < limits.max_body_bytes as u64);
        assert_eq!((limits.max_bodies_bytes, limits.max_pixels), (4 * limits.max_body_bytes, 100_000_000));
        assert_eq!((limits.concurrency, limits.max_queue, limits.max_connections), (4, 1000, 1024));
        assert_eq!((limits.max_target_sizes, limits.keep_hours, limits.grace), (10, 168, 20));
        assert_eq!(limits.request_time(), Duration::from_secs(900));
        assert_eq!(limits.client_time(), Duration::from_secs(20));
        assert_eq!((ack_wait, reuse, role, model.name()), (30, Reuse::Seeded, Role::Both, "nano-banana-pro"));
    }

    #[test]
    fn an_environment_variable_has_the_name_of_its_flag() {
        use clap::CommandFactory as _;

        let command = Config::command();
        let arguments: Vec<_> = command.get_arguments().filter(|arg| arg.get_env().is_some()).collect();
        assert!(arguments.len() > 10);
        for arg in arguments {
            let expected = format!("SMART_RESIZE_{}", arg.get_long().unwrap().replace('-', "_").to_ascii_uppercase());
            assert_eq!(arg.get_env().unwrap().to_str(), Some(expected.as_str()));
        }
    }
}
