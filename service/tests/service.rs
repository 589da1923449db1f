//! The endpoint over HTTP, as clients use it, with real pictures and the built-in generator.
#![allow(
    clippy::indexing_slicing,
    clippy::items_after_statements,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test may fail, and says what it skips"
)]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine as _;
use bytes::Bytes;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use smart_resize::Format;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::plan::placement::Placement;

use self::support::{Program, Running, data_uri, free_address, picture, read, result, server, sizes, submit, text};

const APP: &str = "/fal-ai/smart-resize";

fn body(sizes: &[&str]) -> Value {
    json!({"image_url": data_uri(640, 400), "target_sizes": sizes})
}

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
        let data = smart_resize::wire::data_uri::DataUri::parse(url, 1 << 20).unwrap();
        let found = probe(data.bytes(), &DecodeLimits::default()).unwrap();
        assert_eq!((found.size.to_string().as_str(), found.format), ("300x250", Format::WebP.into()));
    }
}

#[tokio::test]
async fn the_queue_answers_like_fals() {
    let running = Running::start(&["--concurrency", "1"]).await;
    let first = running.submit(&body(&["1920x1080", "1080x1920", "1080x1080"])).await;
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
async fn an_invalid_input_is_reported_as_by_fal() {
    let running = Running::start(&[]).await;
    let wrong = json!({"target_sizes": ["1920x"], "num_images_per_size": 5, "focus": {"x": 200}});
    let (status, direct) = read(running.post(APP, &wrong).send().await.unwrap()).await;
    assert_eq!(status, 422);
    let entries = direct["detail"].as_array().unwrap();
    let loc = |index: usize| entries[index]["loc"].clone();
    assert_eq!(entries.len(), 4, "{direct}");
    assert_eq!(loc(0), json!(["body", "image_url"]));
    assert_eq!(loc(1), json!(["body", "target_sizes", 0]));
    assert_eq!(loc(3), json!(["body", "focus"]));

    let id = running.submit(&wrong).await;
    assert_eq!(running.result(&id).await, (422, direct));
    for text in ["", "{", "[]", "null", "\u{0}", "{\"image_url\": \"https://a/b.png\", \"target_sizes\": [[[[[]]]]]}"] {
        let response = running.client.post(running.url(APP)).body(text).send().await.unwrap();
        let (status, answer) = read(response).await;
        assert_eq!(status, 422, "{text}: {answer}");
        assert!(answer["detail"][0]["loc"].is_array(), "{text}: {answer}");
    }
    let (_, deep) = read(running.client.post(running.url(APP)).body("[".repeat(100_000)).send().await.unwrap()).await;
    assert_eq!(deep["detail"][0]["type"], "json_invalid");
}

#[tokio::test]
async fn a_source_that_is_not_a_picture_is_reported_as_by_fal() {
    let running = Running::start(&["--max-pixels", "1000000"]).await;
    let case = async |image_url: String, expected: &str| {
        let body = json!({"image_url": image_url, "target_sizes": ["300x250"]});
        let (status, answer) = read(running.post(APP, &body).send().await.unwrap()).await;
        let entry = &answer["detail"][0];
        assert_eq!((status, &entry["type"]), (422, &json!(expected)), "{answer}");
        assert_eq!(entry["loc"], json!(["body", "image_url"]));
    };
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    case(format!("data:image/png;base64,{}", base64(b"plain text")), "unsupported_image_format").await;
    case("data:image/png;base64,%%%".to_owned(), "image_load_error").await;
    let whole = picture(64, 64, Format::Png);
    case(format!("data:image/png;base64,{}", base64(&whole[..whole.len() / 2])), "image_load_error").await;
    case(data_uri(1001, 1000), "image_too_large").await;
    case(format!("{}/files/none", running.base), "image_load_error").await;
    case(format!("{}/uploads/../../etc/passwd", running.base), "image_load_error").await;
    case("ftp://example.com/a.png".to_owned(), "image_load_error").await;
    let nobody = free_address();
    case(format!("http://{nobody}/a.png"), "file_download_error").await;
}

#[tokio::test]
async fn configured_keys_are_required_and_separate_the_requests_of_clients() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    std::fs::write(&keys, "ann:secret-of-ann\nbob:secret-of-bob\n").unwrap();
    let running = Running::start(&["--keys", text(&keys)]).await;
    for (authorization, expected) in [(None, 401), (Some("Key wrong-secret"), 401), (Some("Key secret-of-ann"), 200)] {
        let mut request = running.post(APP, &body(&["300x250"]));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        assert_eq!(read(request.send().await.unwrap()).await.0, expected, "{authorization:?}");
    }
    let response =
        running.post("/queue/fal-ai/smart-resize", &body(&["300x250"])).header("authorization", "Key secret-of-ann");
    let (_, submitted) = read(response.send().await.unwrap()).await;
    for field in ["status_url", "response_url"] {
        let url = submitted[field].as_str().unwrap();
        let others = running.get(url).header("authorization", "Key secret-of-bob").send().await.unwrap();
        assert_eq!(read(others).await, (404, json!({"detail": "Request not found"})));
    }
    let own = running.get(submitted["status_url"].as_str().unwrap()).header("authorization", "Key secret-of-ann");
    assert!(matches!(read(own.send().await.unwrap()).await.0, 200 | 202));
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
async fn a_file_that_is_not_a_picture_is_served_as_an_attachment() {
    let running = Running::start(&[]).await;
    let html = "<script>alert(1)</script>";
    let upload = running.client.post(running.url("/files/upload")).header("content-type", "text/html").body(html);
    let (_, answer) = read(upload.send().await.unwrap()).await;
    let file = running.get(answer["access_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "application/octet-stream");
    assert_eq!(file.headers()["content-disposition"], "attachment");
}

#[tokio::test]
async fn malicious_paths_are_not_found() {
    let running = Running::start(&[]).await;
    for path in [
        "/files/..%2f..%2f..%2fetc%2fpasswd",
        "/files/../records.redb",
        "/files/%2e%2e/x",
        "/uploads/..%2f..%2fstore/x",
        "/fal-ai/smart-resize/requests/..%2f..%2fx/status",
        "/fal-ai/smart-resize/requests/*/status",
        "/fal-ai/smart-resize/requests/job.%3E",
        "/fal-ai/nano-banana-pro/requests/00000000-0000-4000-8000-000000000000",
        "/storage/upload/x/1",
        "/no/such/path",
    ] {
        let (status, answer) = read(running.get(path).send().await.unwrap()).await;
        assert!(matches!(status, 404 | 405), "{path}: {status} {answer}");
        assert!(answer["detail"].is_string(), "{path}: {answer}");
    }
}

#[tokio::test]
async fn bodies_beyond_the_limits_are_refused_and_released() {
    let running =
        Running::start(&["--max-body-bytes", "300000", "--max-bodies-bytes", "400000", "--client-timeout", "1"]).await;
    let long = running.client.post(running.url(APP)).body(vec![b' '; 300_001]).send().await.unwrap();
    let (status, answer) = read(long).await;
    assert_eq!((status, answer), (413, json!({"detail": "the body has 300001 bytes; expected at most 300000"})));

    let pieces = futures_util::stream::iter((0..4).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100_000])));
    let chunked = running.client.post(running.url(APP)).body(reqwest::Body::wrap_stream(pieces)).send().await.unwrap();
    let (status, answer) = read(chunked).await;
    assert_eq!(
        (status, answer),
        (413, json!({"detail": "the body has more than 300000 bytes; expected at most 300000"}))
    );

    // A request that stops in the middle of its body occupies memory until the timeout.
    use tokio::io::AsyncWriteExt as _;
    let address = running.base.strip_prefix("http://").unwrap();
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /fal-ai/smart-resize HTTP/1.1\r\nhost: a\r\ncontent-length: 290000\r\n\r\n").await.unwrap();
    slow.write_all(&vec![b' '; 280_000]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = running.client.post(running.url(APP)).body(vec![b' '; 200_000]).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    let mut answer = Vec::new();
    let read_all = tokio::io::AsyncReadExt::read_to_end(&mut slow, &mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(10), read_all).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    let again = running.client.post(running.url(APP)).body(vec![b' '; 200_000]).send().await.unwrap();
    assert_eq!(again.status(), 422);
}

#[tokio::test]
async fn a_full_queue_answers_429_and_keeps_working() {
    let running = Running::start(&["--concurrency", "1", "--max-queue", "2"]).await;
    let mut taken = Vec::new();
    let mut refused = 0;
    for _ in 0..8 {
        let response =
            running.post("/queue/fal-ai/smart-resize", &body(&["1080x1080", "1080x1920"])).send().await.unwrap();
        if response.status() == 429 {
            assert!(response.headers().contains_key("retry-after"));
            refused += 1;
        } else {
            taken.push(read(response).await.1["request_id"].as_str().unwrap().to_owned());
        }
    }
    assert!((2..=4).contains(&taken.len()) && refused >= 4, "{} taken, {refused} refused", taken.len());
    for id in &taken {
        assert_eq!(running.result(id).await.0, 200);
    }
    let id = running.submit(&body(&["300x250"])).await;
    assert_eq!(running.result(&id).await.0, 200);
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
async fn requests_and_results_survive_a_stop() {
    let running = Running::start(&["--concurrency", "1", "--grace", "0"]).await;
    let over = running.submit(&body(&["300x250"])).await;
    let (_, output) = running.result(&over).await;
    let left = [running.submit(&body(&["1920x1080", "1080x1920"])).await, running.submit(&body(&["728x90"])).await];
    let folder = running.stop().await;
    let running = Running::in_folder(folder, &[]).await;
    for id in &left {
        assert_eq!(running.result(id).await.0, 200);
    }
    let (status, again) = running.result(&over).await;
    assert_eq!((status, &again["results"][0]["width"]), (200, &output["results"][0]["width"]));
    // The URLs use the address of the restarted service.
    assert_eq!(sizes(&running.client, &again).await, ["300x250"]);
}

#[tokio::test]
async fn requests_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (address, client) = (free_address(), support::client());
    let flags = ["--data", text(folder.path()), "--concurrency", "2"];
    let program = Program::start(address, &flags).await;
    let mut ids = Vec::new();
    for asked in [["1920x1080", "1080x1920"], ["1080x1080", "2048x2048"], ["300x250", "728x90"]] {
        ids.push((submit(&client, &program.base, &body(&asked)).await, asked));
    }
    program.kill();
    let program = Program::start(address, &flags).await;
    for (id, asked) in ids {
        let (status, output) = result(&client, &program.base, &id).await;
        assert_eq!((status, sizes(&client, &output).await), (200, asked.map(str::to_owned).to_vec()));
    }
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
async fn a_plan_is_shown_without_any_call() {
    let running = Running::start(&[]).await;
    let mut body = body(&["1080x1080", "1080x1920"]);
    body["targets_safe_area"] = json!([null, {"top": 269, "bottom": 384}]);
    body["max_loss_percent"] = 0.into();
    body["focus"] = json!({"x": 50, "y": 40});
    let (status, shown) = read(running.post("/plan", &body).send().await.unwrap()).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        (&shown["source"], &shown["calls"], &shown["cost_usd"]),
        (&json!({"width": 640, "height": 400}), &json!(2), &json!("0.30"))
    );
    assert_eq!(shown["plan"]["renditions"].as_array().unwrap().len(), 2);
    body["targets_safe_area"] = json!([{"top": 600, "bottom": 600}]);
    let (status, wrong) = read(running.post("/plan", &body).send().await.unwrap()).await;
    assert_eq!((status, &wrong["detail"][0]["loc"]), (422, &json!(["body", "target_sizes", 0])), "{wrong}");
    assert_eq!(running.service.runner.backend.calls(), 0);
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

#[tokio::test]
async fn a_large_body_is_not_stored_and_its_error_is_short() {
    let running = Running::start(&[]).await;
    let zeros = format!("[{}0]", "0,".repeat(4_000_000));
    for body in [format!("{{\"junk\": {zeros}}}"), format!("{{\"focus\": {zeros}, \"target_sizes\": {zeros}}}"), zeros]
    {
        for path in [APP, "/queue/fal-ai/smart-resize", "/plan"] {
            let response = running.client.post(running.url(path)).body(body.clone()).send().await.unwrap();
            let told = response.bytes().await.unwrap();
            assert!(told.len() < 100_000, "{path}: {} bytes", told.len());
        }
    }
    let mut whole = body(&["300x250"]);
    whole["focus"] = json!({"x": 50, "y": 50, "junk": "x".repeat(60_000)});
    let id = running.submit(&whole).await;
    assert_eq!(running.result(&id).await.0, 200);
    let kept = std::fs::metadata(running.data.path().join("store/records.redb")).unwrap().len();
    assert!(kept < 8 << 20, "{kept} bytes of records");
}

#[tokio::test]
async fn a_client_cannot_refer_to_a_stored_blob() {
    let running = Running::start(&[]).await;
    let whole = picture(64, 48, Format::Png);
    let upload = running.client.post(running.url("/files/upload")).body(whole.clone());
    assert_eq!(upload.send().await.unwrap().status(), 200);
    let digest = smart_resize::plan::Digest::of(&whole);
    let body = json!({"image_url": format!("blob:{digest}"), "target_sizes": ["300x250"]});
    for path in [APP, "/plan"] {
        let (status, answer) = read(running.post(path, &body).send().await.unwrap()).await;
        assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "image_url"])), "{answer}");
    }
}

#[tokio::test]
async fn a_request_is_stopped_after_its_timeout() {
    let below = server(Router::new().fallback(std::future::pending::<&'static str>)).await;
    let running = Running::start(&["--request-timeout", "1"]).await;
    let body = json!({"image_url": format!("{below}/slow.png"), "target_sizes": ["300x250"]});
    let (status, answer) = read(running.post(APP, &body).send().await.unwrap()).await;
    assert_eq!((status, &answer["detail"][0]["type"]), (504, &json!("generation_timeout")), "{answer}");
    assert_eq!(answer["detail"][0]["msg"], "The request took more than 1 s");
}

#[tokio::test]
async fn every_route_but_a_few_public_ones_needs_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    std::fs::write(&keys, "ann:secret-of-ann\n").unwrap();
    let running = Running::start(&["--keys", text(&keys)]).await;
    let id = "00000000-0000-4000-8000-000000000000";
    let request = |method: &str, path: String| {
        running.client.request(method.parse().unwrap(), running.url(&path)).body("{}").send()
    };
    let base = format!("{APP}/requests/{id}");
    for (method, path) in [
        ("POST", APP.to_owned()),
        ("POST", format!("/queue{APP}")),
        ("POST", "/fal-ai/nano-banana-pro/edit".to_owned()),
        ("GET", base.clone()),
        ("GET", format!("{base}/status")),
        ("GET", format!("{base}/status/stream")),
        ("GET", format!("{base}/provenance")),
        ("PUT", format!("{base}/cancel")),
        ("GET", format!("/queue{base}")),
        ("POST", "/plan".to_owned()),
        ("POST", "/storage/auth/token".to_owned()),
        ("POST", "/storage/upload/initiate".to_owned()),
        ("POST", "/storage/upload/initiate-multipart".to_owned()),
        ("POST", "/files/upload".to_owned()),
    ] {
        assert_eq!(request(method, path.clone()).await.unwrap().status(), 401, "{method} {path}");
    }
    for path in ["/", "/config.json", "/placements", "/healthz", "/metrics", "/.well-known/jwks.json"] {
        assert_eq!(request("GET", path.to_owned()).await.unwrap().status(), 200, "{path}");
    }
    let metrics = running.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("smart_resize_requests_submitted_total 0\n"), "{metrics}");
}

#[tokio::test]
async fn the_placements_are_those_of_the_library() {
    let running = Running::start(&[]).await;
    let (status, answer) = read(running.get("/placements").send().await.unwrap()).await;
    assert_eq!((status, answer["platforms"][0].clone()), (200, json!({"id": "google-ads", "name": "Google Ads"})));
    let placements: Vec<Placement> = serde_json::from_value(answer["placements"].clone()).unwrap();
    assert_eq!(placements, Placement::all());
}

#[tokio::test]
async fn a_webhook_is_sent_after_a_restart() {
    let (told, mut seen) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
    let listening = Arc::new(Mutex::new(false));
    let is_there = Arc::clone(&listening);
    let hook = post(move |body: Bytes| {
        let (told, is_there) = (told.clone(), Arc::clone(&is_there));
        async move {
            if !*is_there.lock().unwrap() {
                return axum::http::StatusCode::SERVICE_UNAVAILABLE;
            }
            told.send(body).unwrap();
            axum::http::StatusCode::OK
        }
    });
    let url = server(Router::new().route("/hook", hook)).await;
    let running = Running::start(&[]).await;
    let path = format!("{APP}?fal_webhook={url}/hook");
    let (_, submitted) = read(running.post(&path, &body(&["300x250"])).send().await.unwrap()).await;
    assert_eq!(running.result(submitted["request_id"].as_str().unwrap()).await.0, 200);
    let folder = running.stop().await;
    *listening.lock().unwrap() = true;
    let _running = Running::in_folder(folder, &[]).await;
    let told = tokio::time::timeout(support::PATIENCE, seen.recv()).await.unwrap().unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["request_id"], submitted["request_id"]);
}

#[tokio::test]
async fn waiting_clients_are_answered_at_a_stop() {
    let running = Running::start(&["--concurrency", "1", "--grace", "30"]).await;
    let runs = running.submit(&body(&["1920x1080"])).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let request = running.post(APP, &body(&["3840x2160", "2160x3840", "4096x4096"]));
        waiting.push(tokio::spawn(async move { read(request.send().await.unwrap()).await }));
    }
    while running.service.queue.waiting().await < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let folder = running.stop().await;
    let mut refused = 0;
    for request in waiting {
        let (status, answer) = request.await.unwrap();
        assert!(matches!(status, 200 | 503), "{answer}");
        refused += usize::from(status == 503);
    }
    assert!(refused >= 2, "{refused} clients were refused");
    let running = Running::in_folder(folder, &[]).await;
    assert_eq!(running.result(&runs).await.0, 200);
}

#[tokio::test]
async fn a_killed_service_neither_fetches_nor_pays_again() {
    let fetched = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&fetched);
    let photo = picture(320, 200, Format::Jpeg);
    let source = server(Router::new().fallback(move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(photo.clone())
    }))
    .await;
    // An upstream whose call stays in progress until `is_done` is set.
    let (submitted, asked, is_done) =
        (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(false)));
    let (submits, asks, done) = (Arc::clone(&submitted), Arc::clone(&asked), Arc::clone(&is_done));
    let made = smart_resize::wire::data_uri::DataUri::new(Format::Png, picture(1584, 672, Format::Png)).to_string();
    let upstream = Router::new()
        .route(
            "/fal-ai/nano-banana-pro/edit",
            post(move || {
                submits.fetch_add(1, Ordering::SeqCst);
                std::future::ready(axum::Json(json!({"status": "IN_QUEUE", "request_id": "one"})))
            }),
        )
        .route(
            "/fal-ai/nano-banana-pro/requests/one/status",
            axum::routing::get(move || {
                asks.fetch_add(1, Ordering::SeqCst);
                let status = if *done.lock().unwrap() { "COMPLETED" } else { "IN_PROGRESS" };
                std::future::ready(axum::Json(json!({"status": status, "logs": null})))
            }),
        )
        .route(
            "/fal-ai/nano-banana-pro/requests/one",
            axum::routing::get(move || {
                std::future::ready(axum::Json(json!({"images": [{"url": made}], "description": "made above"})))
            }),
        );
    let upstream = server(upstream).await;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "a-key-for-the-upstream").unwrap();
    let data = folder.path().join("data");
    let flags = ["--data", text(&data), "--backend", "fal", "--upstream", &upstream, "--upstream-key-file", text(&key)];

    let (address, client) = (free_address(), support::client());
    let program = Program::start(address, &flags).await;
    let body = json!({"image_url": format!("{source}/photo.jpg"), "target_sizes": ["728x90"]});
    let id = submit(&client, &program.base, &body).await;
    while asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    program.kill();
    *is_done.lock().unwrap() = true;
    let program = Program::start(address, &flags).await;
    let (status, output) = result(&client, &program.base, &id).await;
    assert_eq!((status, &output["description"]), (200, &json!("made above")), "{output}");
    assert_eq!(sizes(&client, &output).await, ["728x90"]);
    assert_eq!((fetched.load(Ordering::SeqCst), submitted.load(Ordering::SeqCst)), (1, 1));
    let url = format!("{}{APP}/requests/{id}/status?logs=1", program.base);
    let (_, over) = read(client.get(url).send().await.unwrap()).await;
    assert_eq!(
        (&over["metrics"]["cost_usd_micros"], &over["metrics"]["maybe_paid_twice"]),
        (&json!(150_000), &Value::Null)
    );
    let plans =
        over["logs"].as_array().unwrap().iter().filter(|log| log["message"].as_str().unwrap().starts_with("Plan:"));
    // The last log lines before a kill may be lost. A second plan would have logged a second line.
    assert!(plans.count() <= 1);
}
