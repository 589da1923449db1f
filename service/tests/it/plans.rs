//! Plans over HTTP: what a request would generate and cost, with small pictures of the results.

use serde_json::json;
use smart_resize::Format;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::plan::placement::Placement;
use smart_resize::wire::data_uri::DataUri;
use smart_resize_service::run::MAX_PREVIEWS;

use super::support::{Running, body, read};

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
async fn a_plan_has_a_small_picture_of_each_target_without_any_call() {
    let running = Running::start(&[]).await;
    let asked = ["1080x1080", "1080x1920", "728x90", "16x16"];
    let (_, planned) = read(running.post("/plan", &body(&asked)).send().await.unwrap()).await;
    let (status, mut shown) = read(running.post("/plan/previews", &body(&asked)).send().await.unwrap()).await;
    assert_eq!(status, 200, "{shown}");
    let previews = shown.as_object_mut().unwrap().remove("previews").unwrap();
    assert_eq!(shown, planned);
    let field =
        |name: &str| previews.as_array().unwrap().iter().map(|preview| preview[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("target"), asked);
    let expected = [(320, 320), (180, 320), (320, 40), (16, 16)];
    for (preview, (width, height)) in previews.as_array().unwrap().iter().zip(expected) {
        assert_eq!((&preview["width"], &preview["height"]), (&json!(width), &json!(height)));
        let data = DataUri::parse(preview["url"].as_str().unwrap(), 64 << 10).unwrap();
        let found = probe(data.bytes(), &DecodeLimits::default()).unwrap();
        assert_eq!((found.size.to_string(), found.format), (format!("{width}x{height}"), Format::Jpeg.into()));
    }
    let plausibilities = field("plausibility_percent");
    assert!(plausibilities.iter().all(|share| (0.0..=100.0).contains(&share.as_f64().unwrap())), "{plausibilities:?}");
    assert_eq!(running.service.runner.backend.calls(), 0);

    let (status, wrong) = read(running.post("/plan/previews", &body(&["1080x"])).send().await.unwrap()).await;
    assert_eq!((status, &wrong["detail"][0]["loc"]), (422, &json!(["body", "target_sizes", 0])), "{wrong}");
}

#[tokio::test]
async fn a_plan_and_its_previews_need_a_place_in_the_memory() {
    let running = Running::start(&["--concurrency", "1"]).await;
    // There will be no place, so that nothing is waited for.
    running.service.memory_permits.close();
    for path in ["/plan", "/plan/previews"] {
        let (status, answer) = read(running.post(path, &body(&["300x250"])).send().await.unwrap()).await;
        assert_eq!((status, &answer["detail"]), (503, &json!("too many plans are being computed; try again later")));
    }
}

#[tokio::test]
async fn a_plan_of_many_targets_has_no_pictures() {
    let running = Running::start(&["--max-target-sizes", "40"]).await;
    for count in [MAX_PREVIEWS, MAX_PREVIEWS + 1] {
        let sizes: Vec<String> = (0..count).map(|at| format!("{}x10", 10 + at)).collect();
        let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
        let (status, shown) = read(running.post("/plan/previews", &body(&sizes)).send().await.unwrap()).await;
        let pictures = shown["previews"].as_array().map(Vec::len);
        assert_eq!((status, pictures), (200, Some(if count > MAX_PREVIEWS { 0 } else { count })));
    }
}

#[tokio::test]
async fn the_placements_are_those_of_the_library() {
    let running = Running::start(&[]).await;
    let (status, answer) = read(running.get("/placements").send().await.unwrap()).await;
    assert_eq!((status, answer["platforms"][0].clone()), (200, json!({"id": "google-ads", "name": "Google Ads"})));
    let placements: Vec<Placement> = serde_json::from_value(answer["placements"].clone()).unwrap();
    assert_eq!(placements, Placement::all());
}
