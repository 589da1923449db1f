//! The service is stopped or killed and started again: every request is completed, and nothing is fetched or paid
//! twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};
use smart_resize::Format;

use super::support::{
    self, APP, Program, Running, body, free_address, picture, read, result, server, sizes, slow_source, submit, text,
};

#[tokio::test]
async fn requests_and_results_survive_a_stop() {
    let running = Running::start(&["--concurrency", "1", "--grace", "0"]).await;
    let over = running.submit(&body(&["300x250"])).await;
    let (_, output) = running.result(&over).await;
    let left = [running.submit(&body(&["960x540", "540x960"])).await, running.submit(&body(&["728x90"])).await];
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
async fn after_a_restart_requests_have_the_order_of_before() {
    let running = Running::start(&["--concurrency", "1", "--grace", "0"]).await;
    let (_arrives, url) = slow_source().await;
    let never_ends = json!({"image_url": url, "target_sizes": ["300x250"]});
    let runs = running.submit(&never_ends).await;
    while running.service.queue.waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    let mut waiting = Vec::new();
    for _ in 0..5 {
        // Requests of the same millisecond have no order.
        tokio::time::sleep(Duration::from_millis(2)).await;
        waiting.push(running.submit(&never_ends).await);
    }
    let running = Running::in_folder(running.stop().await, &["--concurrency", "1"]).await;
    while running.service.queue.waiting().await > 5 {
        tokio::task::yield_now().await;
    }
    let status = async |id: &str| {
        let (_, status) = read(running.get(&format!("{APP}/requests/{id}/status")).send().await.unwrap()).await;
        (status["status"].clone(), status["queue_position"].clone())
    };
    // The request that was running begins first.
    assert_eq!(status(&runs).await.0, "IN_PROGRESS");
    for (position, id) in waiting.iter().enumerate() {
        assert_eq!(status(id).await, (json!("IN_QUEUE"), json!(position)));
    }
}

#[tokio::test]
async fn requests_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (address, client) = (free_address(), support::client());
    let flags = ["--data", text(folder.path()), "--concurrency", "2"];
    let program = Program::start(address, &flags).await;
    let mut ids = Vec::new();
    for asked in [["960x540", "540x960"], ["1000x1000", "1080x1080"], ["300x250", "728x90"]] {
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
