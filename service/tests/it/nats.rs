//! Several workers on NATS JetStream: if a worker is killed during its work, no request is lost, and no call that is
//! known to be accepted is paid twice.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Path as PathOf;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::support::{self, Nats, Program, data_uri, free_address, read, result, server, sizes, spawn, submit, text};

/// A process that is killed when the test ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An upstream that counts submissions: fal's queue in front of a service with the built-in generator. Each poll takes
/// 300 ms, so that workers can be killed during a call.
#[derive(Clone)]
struct Upstream {
    base: String,
    client: reqwest::Client,
    submitted: Arc<AtomicU64>,
}

impl Upstream {
    async fn start(base: String) -> (String, Arc<AtomicU64>) {
        let upstream = Self { base, client: support::client(), submitted: Arc::default() };
        let submitted = Arc::clone(&upstream.submitted);
        let router = Router::new()
            .route("/fal-ai/nano-banana-pro/edit", post(Self::submit))
            .route("/fal-ai/nano-banana-pro/requests/{id}/status", get(Self::status))
            .route("/fal-ai/nano-banana-pro/requests/{id}", get(Self::result))
            .with_state(upstream);
        (server(router).await, submitted)
    }

    async fn submit(State(upstream): State<Self>, body: bytes::Bytes) -> (StatusCode, Json<Value>) {
        upstream.submitted.fetch_add(1, Ordering::SeqCst);
        let url = format!("{}/queue/fal-ai/nano-banana-pro/edit", upstream.base);
        // The answer contains the pictures, because the service's files are at another address.
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["sync_mode"] = true.into();
        let sent = upstream.client.post(url).json(&body).send().await.unwrap();
        let (_, mut answer) = read(sent).await;
        for field in ["status_url", "response_url", "cancel_url"] {
            answer.as_object_mut().unwrap().remove(field);
        }
        (StatusCode::OK, Json(answer))
    }

    async fn forward(&self, path: String) -> (StatusCode, Json<Value>) {
        let (status, answer) = read(self.client.get(format!("{}{path}", self.base)).send().await.unwrap()).await;
        (StatusCode::from_u16(status).unwrap(), Json(answer))
    }

    async fn status(State(upstream): State<Self>, PathOf(id): PathOf<String>) -> (StatusCode, Json<Value>) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        upstream.forward(format!("/fal-ai/nano-banana-pro/requests/{id}/status")).await
    }

    async fn result(State(upstream): State<Self>, PathOf(id): PathOf<String>) -> (StatusCode, Json<Value>) {
        upstream.forward(format!("/fal-ai/nano-banana-pro/requests/{id}")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_processed_through_jetstream() {
    let Some(nats) = Nats::start().await else { return };
    let program = Program::start(free_address(), &["--queue", &nats.url]).await;
    let client = support::client();
    let body =
        json!({"image_url": data_uri(320, 200), "target_sizes": ["300x250", "1080x1080"], "num_images_per_size": 2});
    let direct = client.post(format!("{}/fal-ai/smart-resize", program.base)).json(&body).send().await.unwrap();
    let (status, output) = read(direct).await;
    assert_eq!(status, 200, "{output}");
    assert_eq!(sizes(&client, &output).await, ["300x250", "300x250", "1080x1080", "1080x1080"]);

    let wrong = submit(&client, &program.base, &json!({"target_sizes": []})).await;
    assert_eq!(result(&client, &program.base, &wrong).await.0, 422);
    let broken = json!({"image_url": "data:image/png;base64,AAAA", "target_sizes": ["300x250"]});
    let broken = submit(&client, &program.base, &broken).await;
    let (status, answer) = result(&client, &program.base, &broken).await;
    assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "image_url"])), "{answer}");

    let large = json!({"image_url": data_uri(320, 200), "target_sizes": ["4096x4096", "3840x2160", "2160x3840"]});
    let given = submit(&client, &program.base, &large).await;
    let url = format!("{}/fal-ai/smart-resize/requests/{given}/cancel", program.base);
    assert_eq!(read(client.put(url).send().await.unwrap()).await.0, 202);
    assert_eq!(result(&client, &program.base, &given).await.0, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_lose_nothing_and_pay_nothing_twice() {
    const REQUESTS: usize = 20;
    let Some(nats) = Nats::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "a-key-for-the-upstream").unwrap();
    let below = support::Running::start(&["--max-queue", "10000"]).await;
    let (upstream, submitted) = Upstream::start(below.base.clone()).await;
    let flags = ["--queue", &nats.url, "--ack-wait", "3", "--backend", "fal", "--upstream", &upstream];
    let flags = [&flags[..], &["--upstream-key-file", text(&key)]].concat();
    let address = free_address();
    let public_url = format!("http://{address}");
    let flags = [&flags[..], &["--public-url", &public_url]].concat();
    let api = Program::start(address, &[&flags[..], &["--role", "api"]].concat()).await;
    let worker =
        || spawn(&[&flags[..], &["--role", "worker", "--allow-private-sources", "--concurrency", "1"]].concat());
    let mut workers: Vec<Ended> = (0..3).map(|_| Ended(worker())).collect();

    let client = support::client();
    let mut ids = Vec::new();
    for index in 0..REQUESTS {
        let asked = [format!("{}x250", 300 + index), format!("{}x90", 728 + index)];
        let body = json!({"image_url": data_uri(320, 200), "target_sizes": asked});
        ids.push((submit(&client, &api.base, &body).await, asked));
    }
    // The workers are killed one after the other during their work, and each is replaced.
    for index in 0..3 {
        let before = submitted.load(Ordering::SeqCst);
        for _ in 0..200 {
            if submitted.load(Ordering::SeqCst) > before + 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut left = 0;
        for (id, _) in &ids {
            let url = format!("{}/fal-ai/smart-resize/requests/{id}/status", api.base);
            let (status, _) = read(client.get(url).send().await.unwrap()).await;
            left += usize::from(status == 202);
        }
        assert!(left > 0, "no request is left, so the kill would test nothing");
        workers[index].0.kill().unwrap();
        workers[index].0.wait().unwrap();
        workers.push(Ended(worker()));
    }
    let mut twice = 0;
    for (id, asked) in ids {
        let (status, output) = result(&client, &api.base, &id).await;
        assert_eq!(status, 200, "{output}");
        assert_eq!(sizes(&client, &output).await, asked);
        let url = format!("{}/fal-ai/smart-resize/requests/{id}/status", api.base);
        let (_, status) = read(client.get(url).send().await.unwrap()).await;
        assert_eq!(status["metrics"]["cost_usd_micros"], 300_000);
        twice += status["metrics"]["maybe_paid_twice"].as_u64().unwrap_or(0);
    }
    // Each call is paid once, apart from those that are reported.
    let paid = submitted.load(Ordering::SeqCst);
    println!(
        "{REQUESTS} requests of 2 calls, 3 workers killed: {paid} calls paid, {twice} reported as possibly paid twice"
    );
    let calls = 2 * REQUESTS as u64;
    assert!((calls..=calls + twice).contains(&paid), "{paid} calls were paid, {twice} reported, {calls} needed");
}
