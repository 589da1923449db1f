//! Starts the service in this process or as a child process that can be killed, and has helpers for clients.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use clap::Parser as _;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size};
use smart_resize_service::api;
use smart_resize_service::config::Config;
use smart_resize_service::server::serve;
use smart_resize_service::service::Service;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The longest time that a test waits for an event.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The path of the application.
pub(crate) const APP: &str = "/fal-ai/smart-resize";

/// The body of a request for these sizes of a drawn picture.
pub(crate) fn body(sizes: &[&str]) -> Value {
    json!({"image_url": data_uri(640, 400), "target_sizes": sizes})
}

/// Draws a picture of `width` x `height`: two gradients and a disc.
pub(crate) fn picture(width: u32, height: u32, format: Format) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = (x.abs_diff(width / 2), y.abs_diff(height / 2));
            let is_inside = dx * dx + dy * dy < width.min(height).pow(2) / 9;
            let blue = if is_inside { 220 } else { 40 };
            pixels.extend([(x * 255 / width) as u8, (y * 255 / height) as u8, blue]);
        }
    }
    let size = Size::new(width, height).unwrap();
    let picture = Picture::from_rgb(size, pixels).unwrap();
    encode(&picture, format, &EncodeOptions::default()).unwrap().bytes
}

/// A picture as a data URI.
pub(crate) fn data_uri(width: u32, height: u32) -> String {
    smart_resize::wire::data_uri::DataUri::new(Format::Png, picture(width, height, Format::Png)).to_string()
}

/// An HTTP client without a proxy. Installs the cryptography provider that is linked in.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// A service in this process.
pub(crate) struct Running {
    pub(crate) base: String,
    pub(crate) service: Service,
    pub(crate) client: Client,
    stop: CancellationToken,
    served: JoinHandle<()>,
    pub(crate) data: TempDir,
}

impl Running {
    /// Starts a service with these flags and a new store.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), flags).await
    }

    /// Starts a service whose store is in `data`.
    pub(crate) async fn in_folder(data: TempDir, flags: &[&str]) -> Self {
        let client = client();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let folder = data.path().join("store");
        let own = ["smart-resize-service", "--allow-private-sources", "--data", folder.to_str().unwrap()];
        let config = Config::try_parse_from(own.iter().chain(flags)).unwrap();
        let limits = config.limits.clone();
        let begun = Instant::now();
        let service = loop {
            match Service::start(config.clone(), &base).await {
                Ok(service) => break service,
                // Tasks of an earlier service may still hold the store.
                Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let (router, stop) = (api::router(service.clone()), CancellationToken::new());
        let stopped = stop.clone();
        let served = tokio::spawn(async move { serve(listener, router, &limits, stopped).await });
        Self { base, service, client, stop, served, data }
    }

    /// Stops the service like a signal, and returns its folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.cancel();
        self.service.stop().await;
        self.served.await.unwrap();
        self.data
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).json(body)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    /// Submits `body` and returns the id of the request.
    pub(crate) async fn submit(&self, body: &Value) -> String {
        submit(&self.client, &self.base, body).await
    }

    /// Waits until a request is completed, and returns the status and the body of its result.
    pub(crate) async fn result(&self, id: &str) -> (u16, Value) {
        result(&self.client, &self.base, id).await
    }
}

/// Submits `body` to the service at `base` and returns the id of the request.
pub(crate) async fn submit(client: &Client, base: &str, body: &Value) -> String {
    let response = client.post(format!("{base}/queue/fal-ai/smart-resize")).json(body).send().await.unwrap();
    let (status, answer) = read(response).await;
    assert_eq!((status, &answer["status"]), (200, &json!("IN_QUEUE")), "{answer}");
    answer["request_id"].as_str().unwrap().to_owned()
}

/// Waits until a request is completed, and returns the status and the body of its result.
pub(crate) async fn result(client: &Client, base: &str, id: &str) -> (u16, Value) {
    let begun = Instant::now();
    loop {
        let url = format!("{base}/fal-ai/smart-resize/requests/{id}/status?logs=1");
        let answer = match client.get(url).send().await {
            Ok(response) => read(response).await.1,
            // The service may be restarting.
            Err(_) => Value::Null,
        };
        if answer["status"] == "COMPLETED" {
            let url = format!("{base}/fal-ai/smart-resize/requests/{id}");
            return read(client.get(url).send().await.unwrap()).await;
        }
        assert!(begun.elapsed() < PATIENCE, "not completed: {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Reads the status and the JSON of an answer.
pub(crate) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert!(response.headers().contains_key("x-fal-request-id"), "an answer without a request id");
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Downloads the pictures of an output and returns their sizes.
pub(crate) async fn sizes(client: &Client, output: &Value) -> Vec<String> {
    let mut sizes = Vec::new();
    for image in output["images"].as_array().unwrap_or_else(|| panic!("no images: {output}")) {
        let bytes = client.get(image["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes.len() as u64, image["file_size"]);
        sizes.push(
            smart_resize::pixels::decode::probe(&bytes, &smart_resize::pixels::decode::DecodeLimits::default())
                .unwrap()
                .size
                .to_string(),
        );
    }
    sizes
}

/// A service in a child process.
pub(crate) struct Program {
    pub(crate) base: String,
    child: Child,
}

impl Program {
    /// Starts the service at `address` with these flags, and waits until it answers.
    pub(crate) async fn start(address: SocketAddr, flags: &[&str]) -> Self {
        let listen = address.to_string();
        let child = spawn(&[&["--listen", &listen, "--allow-private-sources"], flags].concat());
        let program = Self { base: format!("http://{address}"), child };
        let (client, begun) = (client(), Instant::now());
        while client.get(format!("{}/healthz", program.base)).send().await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "the service does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        program
    }

    /// Kills the process without a shutdown.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Spawns the program with these flags. Its log is shown if `SERVICE_LOG` is set.
pub(crate) fn spawn(flags: &[&str]) -> Child {
    let log = if std::env::var_os("SERVICE_LOG").is_some() { Stdio::inherit() } else { Stdio::null() };
    Command::new(env!("CARGO_BIN_EXE_smart-resize-service"))
        .args(flags)
        .env_remove("RUST_LOG")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// An address that is not in use.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Serves the router at a free port and returns its URL.
pub(crate) async fn server(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

/// A source that arrives only when `arrives` is notified, so that a request which needs it runs until then.
pub(crate) async fn slow_source() -> (Arc<Notify>, String) {
    let arrives = Arc::new(Notify::new());
    let wait = Arc::clone(&arrives);
    let url = server(Router::new().fallback(move || {
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            picture(64, 48, Format::Png)
        }
    }))
    .await;
    (arrives, format!("{url}/a.png"))
}

/// A path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A NATS server with JetStream, which is killed when the test ends.
pub(crate) struct Nats {
    pub(crate) url: String,
    child: Child,
    _folder: TempDir,
}

impl Nats {
    /// Starts a server. `None` if this machine has no `nats-server`.
    pub(crate) async fn start() -> Option<Self> {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        let program = std::env::var("NATS_SERVER").unwrap_or_else(|_| "nats-server".to_owned());
        let child = Command::new(program)
            .args(["--jetstream", "--addr", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--store_dir", text(folder.path())])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            assert!(std::env::var_os("NATS_SERVER").is_none(), "NATS_SERVER cannot be started");
            eprintln!("!! SKIPPED: nats-server is not installed");
            return None;
        };
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(Self { url: format!("nats://{address}"), child, _folder: folder })
    }

    /// Kills the server.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
