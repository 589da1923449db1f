//! The endpoint over HTTP as its clients see it, with real pictures and the built-in generator: direct requests, the
//! queue, streams, cancellation, uploads, webhooks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine as _;
use bytes::Bytes;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use smart_resize::Format;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::wire::data_uri::DataUri;

use super::support::{self, APP, Running, body, picture, read, server, sizes, slow_source, text};

#[tokio::test]
async fn a_direct_request_returns_each_size_exactly() {
    let running = Running::start(&[]).await;
    let asked = ["300x250", "1080x1080", "728x90"];
    let response = running.post(APP, &body(&asked)).send().await.unwrap();
    let (status, output) = read(response).await;
    assert_eq!(status, 200, "{output}");
    assert_eq!(sizes(&running.client, &output).await, asked);
    let results: Vec<_> = output["results"].as_array().unwrap().iter().collect();
    assert_eq!(results.len(), 3);
    assert_eq!((&results[1]["aspect_ratio"], &results[1]["resolution"]), (&json!("1:1"), &json!("2K")));
    assert_eq!((&results[2]["width"], &results[2]["height"]), (&json!(728), &json!(90)));
    assert!(output["images"][0]["url"].as_str().unwrap().starts_with(&running.base));
}

#[tokio::test]
async fn each_size_has_a_generation_of_its_own() {
    let running = Running::start(&[]).await;
    // The model would be asked the same for both sizes.
    let (status, output) = read(running.post(APP, &body(&["300x250", "600x500"])).send().await.unwrap()).await;
    assert_eq!(status, 200, "{output}");
    assert_eq!(running.service.runner.backend.calls(), 2);
}

#[tokio::test]
async fn in_sync_mode_the_answer_contains_the_pictures() {
    let running = Running::start(&[]).await;
    let mut body = body(&["300x250"]);
    body["sync_mode"] = true.into();
    body["output_format"] = "webp".into();
    body["num_images_per_size"] = 2.into();
    let (status, output) = read(running.post(APP, &body).send().await.unwrap()).await;
    assert_eq!((status, output["images"].as_array().unwrap().len()), (200, 2), "{output}");
    for image in output["images"].as_array().unwrap().iter().chain(output["results"][0]["images"].as_array().unwrap()) {
        let url = image["url"].as_str().unwrap();
        let data = DataUri::parse(url, 1 << 20).unwrap();
        let found = probe(data.bytes(), &DecodeLimits::default()).unwrap();
        assert_eq!((found.size.to_string().as_str(), found.format), ("300x250", Format::WebP.into()));
    }
}

#[tokio::test]
async fn the_queue_answers_like_fals() {
    let running = Running::start(&["--concurrency", "1"]).await;
    let first = running.submit(&body(&["960x540", "540x960", "1000x1000"])).await;
    // The JavaScript client sends this header to the usual path.
    let response =
        running.post(APP, &body(&["300x250"])).header("x-fal-queue-priority", "normal").send().await.unwrap();
    let id = response.headers()["x-fal-request-id"].to_str().unwrap().to_owned();
    let (status, submitted) = read(response).await;
    assert_eq!((status, submitted["request_id"].as_str()), (200, Some(id.as_str())));
    assert_eq!((&submitted["logs"], &submitted["metrics"]), (&Value::Null, &json!({})));
    assert!(submitted["queue_position"].is_u64());
    let url = |field: &str| submitted[field].as_str().unwrap().to_owned();
    assert_eq!(url("response_url"), format!("{}{APP}/requests/{id}", running.base));

    let (status, answer) = read(running.get(&url("response_url")).send().await.unwrap()).await;
    if status == 400 {
        assert_eq!(answer, json!({"detail": "Request is still in progress"}));
    }
    let (status, output) = running.result(&id).await;
    assert_eq!((status, sizes(&running.client, &output).await), (200, vec!["300x250".to_owned()]));
    assert_eq!(running.result(&first).await.0, 200);

    let (status, over) = read(running.get(&format!("{}?logs=1", url("status_url"))).send().await.unwrap()).await;
    assert_eq!((status, &over["status"]), (200, &json!("COMPLETED")));
    let logs = over["logs"].as_array().unwrap();
    assert!(logs.iter().any(|log| log["message"].as_str().unwrap().starts_with("300x250 is finished, 9")), "{logs:?}");
    assert!(over["metrics"]["inference_time"].is_f64());
    let (status, over) = read(running.client.put(url("cancel_url")).send().await.unwrap()).await;
    assert_eq!((status, over), (400, json!({"status": "ALREADY_COMPLETED"})));
    let stream = running.get(&format!("{}/stream?logs=1", url("status_url"))).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let events = stream.text().await.unwrap();
    assert!(events.starts_with("data: {\"status\":\"COMPLETED\""), "{events}");

    let records = running.get(&format!("{}/provenance", url("response_url"))).send().await.unwrap();
    let (_, records) = read(records).await;
    assert_eq!((&records[0]["target"], &records[0]["generation"]["backend"]), (&json!("300x250"), &json!("local")));
}

#[tokio::test]
async fn a_stream_sends_every_state_and_each_log_line_once() {
    let running = Running::start(&[]).await;
    let id = running.submit(&body(&["1080x1080", "300x250"])).await;
    let stream = running.get(&format!("{APP}/requests/{id}/status/stream?logs=1")).send().await.unwrap();
    let text = stream.text().await.unwrap();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.last().unwrap()["status"], "COMPLETED");
    let lines: Vec<&Value> = events.iter().filter_map(|event| event["logs"].as_array()).flatten().collect();
    let finished = |target: &str| {
        let start = format!("{target} is finished");
        lines.iter().filter(|line| line["message"].as_str().unwrap().starts_with(&start)).count()
    };
    assert_eq!((finished("1080x1080"), finished("300x250")), (1, 1), "{lines:?}");
}

#[tokio::test]
async fn waiting_and_running_requests_can_be_cancelled() {
    let running = Running::start(&["--concurrency", "1"]).await;
    let runs = running.submit(&body(&["3840x2160", "2160x3840", "4096x4096"])).await;
    let waits = running.submit(&body(&["300x250"])).await;
    for id in [&waits, &runs] {
        let cancelled = running.client.put(running.url(&format!("{APP}/requests/{id}/cancel"))).send().await.unwrap();
        assert_eq!(read(cancelled).await, (202, json!({"status": "CANCELLATION_REQUESTED"})));
        assert_eq!(running.result(id).await, (400, json!({"detail": "Request was cancelled"})));
    }
    let unknown = "00000000-0000-4000-8000-000000000000";
    let missing = running.client.put(running.url(&format!("{APP}/requests/{unknown}/cancel"))).send().await.unwrap();
    assert_eq!(read(missing).await, (404, json!({"status": "NOT_FOUND"})));
    // The cancelled requests no longer occupy the queue.
    let id = running.submit(&body(&["300x250"])).await;
    assert_eq!(running.result(&id).await.0, 200);
}

#[tokio::test]
async fn a_cancelled_request_frees_its_place() {
    let running = Running::start(&["--concurrency", "1", "--max-queue", "1"]).await;
    let (arrives, url) = slow_source().await;
    let runs = running.submit(&json!({"image_url": url, "target_sizes": ["300x250"]})).await;
    while running.service.queue.waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    let waits = running.submit(&body(&["300x250"])).await;
    let path = format!("/queue{APP}");
    assert_eq!(running.post(&path, &body(&["300x250"])).send().await.unwrap().status(), 429);
    let cancelled = running.client.put(running.url(&format!("{APP}/requests/{waits}/cancel"))).send().await.unwrap();
    assert_eq!(cancelled.status(), 202);
    assert_eq!(running.service.queue.waiting().await, 0);
    let next = running.submit(&body(&["300x250"])).await;
    arrives.notify_one();
    for id in [&runs, &next] {
        assert_eq!(running.result(id).await.0, 200);
    }
}

#[tokio::test]
async fn requests_wait_in_the_order_of_their_submission() {
    let running = Running::start(&["--concurrency", "1"]).await;
    let (arrives, url) = slow_source().await;
    let runs = running.submit(&json!({"image_url": url, "target_sizes": ["300x250"]})).await;
    while running.service.queue.waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    let mut waiting = Vec::new();
    for size in ["300x250", "301x250", "302x250"] {
        waiting.push(running.submit(&body(&[size])).await);
    }
    for (position, id) in waiting.iter().enumerate() {
        let (_, status) = read(running.get(&format!("{APP}/requests/{id}/status")).send().await.unwrap()).await;
        assert_eq!((&status["status"], &status["queue_position"]), (&json!("IN_QUEUE"), &json!(position)), "{status}");
    }
    arrives.notify_one();
    for id in [&runs].into_iter().chain(&waiting) {
        assert_eq!(running.result(id).await.0, 200);
    }
}

#[tokio::test]
async fn uploads_become_sources() {
    let running = Running::start(&[]).await;
    let bytes = picture(500, 400, Format::Jpeg);
    let place = json!({"content_type": "image/jpeg", "file_name": "../../my photo.jpg"});
    let (_, place) =
        read(running.post("/storage/upload/initiate?storage_type=fal-cdn-v3", &place).send().await.unwrap()).await;
    let (put_url, file_url) = (place["upload_url"].as_str().unwrap(), place["file_url"].as_str().unwrap());
    assert!(file_url.ends_with("/myphoto.jpg"), "{file_url}");
    assert_eq!(running.get(file_url).send().await.unwrap().status(), 404);
    let put = async |bytes: Vec<u8>| running.client.put(put_url).body(bytes).send().await.unwrap().status().as_u16();
    assert_eq!(put(bytes.clone()).await, 200);
    // A retry with the same bytes is accepted, and other bytes are refused.
    assert_eq!(put(bytes.clone()).await, 200);
    assert_eq!(put(picture(20, 20, Format::Png)).await, 409);
    let file = running.get(file_url).send().await.unwrap();
    assert_eq!(
        (file.headers()["content-type"].to_str().unwrap(), file.headers()["x-content-type-options"].to_str().unwrap()),
        ("image/jpeg", "nosniff")
    );
    assert_eq!(file.bytes().await.unwrap(), bytes);
    let body = json!({"image_url": file_url, "target_sizes": ["300x250"]});
    let (status, output) = read(running.post(APP, &body).send().await.unwrap()).await;
    assert_eq!((status, sizes(&running.client, &output).await), (200, vec!["300x250".to_owned()]));

    // In parts, as the JavaScript client uploads large files.
    let (_, place) =
        read(running.post("/storage/upload/initiate-multipart", &json!({"file_name": "a.jpg"})).send().await.unwrap())
            .await;
    let put_url = place["upload_url"].as_str().unwrap();
    for (part, bytes) in (1..).zip(bytes.chunks(bytes.len() / 3)) {
        let (status, answer) =
            read(running.client.put(format!("{put_url}/{part}")).body(bytes.to_vec()).send().await.unwrap()).await;
        assert_eq!((status, &answer["partNumber"]), (200, &json!(part)));
    }
    assert_eq!(running.post(&format!("{put_url}/complete"), &json!({"parts": []})).send().await.unwrap().status(), 200);
    assert_eq!(running.get(place["file_url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap(), bytes);

    // As the Python client uploads files.
    let (_, token) =
        read(running.post("/storage/auth/token?storage_type=fal-cdn-v3", &json!({})).send().await.unwrap()).await;
    assert_eq!(token["token_type"], "Key");
    let upload =
        running.client.post(running.url("/files/upload")).header("x-fal-file-name", "b.jpg").body(bytes.clone());
    let (_, answer) = read(upload.send().await.unwrap()).await;
    assert_eq!(running.get(answer["access_url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn webhooks_are_signed_and_retried() {
    let (told, seen) = tokio::sync::mpsc::unbounded_channel::<(HeaderMap, Bytes)>();
    let first = Arc::new(Mutex::new(true));
    let hook = post(move |headers: HeaderMap, body: Bytes| {
        let (told, first) = (told.clone(), Arc::clone(&first));
        async move {
            if std::mem::take(&mut *first.lock().unwrap()) {
                return axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            }
            told.send((headers, body)).unwrap();
            axum::http::StatusCode::OK
        }
    });
    let mut seen = seen;
    let url = server(Router::new().route("/hook", hook)).await;
    let running = Running::start(&[]).await;
    let path = format!("{APP}?fal_webhook={}", format!("{url}/hook?a=b").replace(':', "%3A").replace('?', "%3F"));
    let (_, submitted) = read(running.post(&path, &body(&["300x250"])).send().await.unwrap()).await;
    let (headers, bytes) = tokio::time::timeout(support::PATIENCE, seen.recv()).await.unwrap().unwrap();
    let told: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&told["request_id"], &told["status"]), (&submitted["request_id"], &json!("OK")));
    assert_eq!(sizes(&running.client, &told["payload"]).await, ["300x250"]);

    let (_, keys) = read(running.get("/.well-known/jwks.json").send().await.unwrap()).await;
    let key = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    let field = |name: &str| headers[name].to_str().unwrap();
    let signature = field("x-fal-webhook-signature");
    let signature: Vec<u8> =
        (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap()).collect();
    let signature = Signature::from_slice(&signature).unwrap();
    let message = |body: &[u8]| {
        let digest = smart_resize::plan::Digest::of(body);
        let (id, user) = (field("x-fal-webhook-request-id"), field("x-fal-webhook-user-id"));
        format!("{id}\n{user}\n{}\n{digest}", field("x-fal-webhook-timestamp"))
    };
    key.verify_strict(message(&bytes).as_bytes(), &signature).unwrap();
    assert!(key.verify_strict(message(b"another body").as_bytes(), &signature).is_err());

    // Errors are reported too.
    let (_, submitted) = read(running.post(&path, &json!({"image_url": "x"})).send().await.unwrap()).await;
    let (_, bytes) = tokio::time::timeout(support::PATIENCE, seen.recv()).await.unwrap().unwrap();
    let told: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&told["request_id"], &told["status"]), (&submitted["request_id"], &json!("ERROR")));
    assert_eq!(told["payload"]["detail"][0]["loc"], json!(["body", "image_url"]));
}

#[tokio::test]
async fn the_service_can_be_its_own_upstream() {
    let below = Running::start(&[]).await;
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "a-key-for-below").unwrap();
    let upstream = format!("{}/queue", below.base);
    let flags = ["--backend", "fal", "--upstream", &upstream, "--upstream-key-file", text(keys.path())];
    let running = Running::start(&flags).await;
    let mut body = body(&["1080x1080", "728x90"]);
    body["num_images_per_size"] = 2.into();
    let (status, output) = read(running.post(APP, &body).send().await.unwrap()).await;
    assert_eq!(status, 200, "{output}");
    assert_eq!(sizes(&running.client, &output).await, ["1080x1080", "1080x1080", "728x90", "728x90"]);
    assert_eq!(running.service.runner.backend.calls(), 2);
    let id = running.submit(&body).await;
    let (_, _) = running.result(&id).await;
    let (_, status) = read(running.get(&format!("{APP}/requests/{id}/status")).send().await.unwrap()).await;
    // Four pictures at 1K and 2K at fal's price, without a vision step.
    assert_eq!(status["metrics"]["cost_usd_micros"], 600_000);
}

#[tokio::test]
async fn a_repeated_request_with_a_seed_is_not_paid_again() {
    let below = Running::start(&[]).await;
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "a-key-for-below").unwrap();
    let upstream = format!("{}/queue", below.base);
    let running =
        Running::start(&["--backend", "fal", "--upstream", &upstream, "--upstream-key-file", text(keys.path())]).await;
    let calls = || running.service.runner.backend.calls();
    let mut body = body(&["728x90"]);
    for expected in [1, 2] {
        assert_eq!(read(running.post(APP, &body).send().await.unwrap()).await.0, 200);
        assert_eq!(calls(), expected);
    }
    body["seed"] = 7.into();
    for _ in 0..2 {
        assert_eq!(read(running.post(APP, &body).send().await.unwrap()).await.0, 200);
        assert_eq!(calls(), 3);
    }
}

#[tokio::test]
async fn a_client_with_a_proxy_url_reaches_every_host() {
    let running = Running::start(&[]).await;
    let forward = async |url: &str| {
        let request = running.post("/api/fal/proxy", &body(&["300x250"])).header("x-fal-target-url", url);
        read(request.send().await.unwrap()).await
    };
    assert_eq!(forward("https://fal.run/fal-ai/smart-resize").await.1["results"].as_array().unwrap().len(), 1);
    assert_eq!(forward("https://queue.fal.run/fal-ai/smart-resize").await.1["status"], "IN_QUEUE");
    assert!(forward("https://rest.fal.ai/storage/upload/initiate").await.1["upload_url"].is_string());
    for url in
        ["https://example.com/fal-ai/smart-resize", "https://notfal.run/fal-ai/smart-resize", "/fal-ai/smart-resize"]
    {
        assert_eq!(forward(url).await.0, 400);
    }
}
