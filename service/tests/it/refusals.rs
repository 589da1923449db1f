//! The service refuses what is invalid, too large, too much, without a key, or not the client's own, and says so as fal
//! does.

use std::time::Duration;

use axum::Router;
use base64::Engine as _;
use serde_json::json;
use smart_resize::Format;

use super::support::{APP, Running, body, data_uri, free_address, picture, read, server, text};

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
    // A JPEG of which half is lost, and which ends as a whole one does.
    let mut damaged = picture(640, 480, Format::Jpeg);
    damaged.truncate(damaged.len() / 2);
    damaged.extend([0xff, 0xd9]);
    case(format!("data:image/jpeg;base64,{}", base64(&damaged)), "image_load_error").await;
    case(data_uri(1001, 1000), "image_too_large").await;
    case(format!("{}/files/none", running.base), "image_load_error").await;
    case(format!("{}/uploads/../../etc/passwd", running.base), "image_load_error").await;
    case("ftp://example.com/a.png".to_owned(), "image_load_error").await;
    let unreachable = free_address();
    case(format!("http://{unreachable}/a.png"), "file_download_error").await;
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
        ("POST", "/plan/previews".to_owned()),
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
            running.post("/queue/fal-ai/smart-resize", &body(&["1000x1000", "700x1200"])).send().await.unwrap();
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
async fn a_large_body_is_not_stored_and_its_error_is_short() {
    let running = Running::start(&[]).await;
    let zeros = format!("[{}0]", "0,".repeat(4_000_000));
    for body in [format!("{{\"junk\": {zeros}}}"), format!("{{\"focus\": {zeros}, \"target_sizes\": {zeros}}}"), zeros]
    {
        for path in [APP, "/queue/fal-ai/smart-resize", "/plan", "/plan/previews"] {
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
    for path in [APP, "/plan", "/plan/previews"] {
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
