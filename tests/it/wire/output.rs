//! The output of a run, as a flat list and per target. An incomplete run is an error.

use std::convert::Infallible;

use serde_json::json;
use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_fn};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::request::RequestBuilder;
use smart_resize::run::Driver;
use smart_resize::wire::data_uri::DataUri;
use smart_resize::wire::fal::{ErrorType, NewImage, OutputError, SmartResizeOutput};
use smart_resize::{Format, Generator, Outcome, Plan, Request, Size, Source};

fn source() -> Source {
    let size = Size::new(60, 40).unwrap();
    let picture = Picture::from_rgb(size, vec![90; 60 * 40 * 3]).unwrap();
    Source::from_bytes(encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes).size(size)
}

fn run(
    change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    backend: impl Fn(&GenerationRequest) -> Result<Generated, GenerateError>,
) -> Outcome {
    let source = source();
    let request = change(Request::builder(source.clone()).sizes(["30x20", "20x30"])).build().unwrap();
    let plan = Plan::new(&request).unwrap();
    Driver::new(&plan, &source).run(&from_fn(backend)).unwrap()
}

fn local(request: &GenerationRequest) -> Result<Generated, GenerateError> {
    Generator::generate(&LocalGenerator::default(), request)
}

#[expect(clippy::unnecessary_wraps, reason = "as the output asks for it")]
fn url(image: &NewImage<'_>) -> Result<String, Infallible> {
    Ok(format!("https://example.com/{}", image.file_name))
}

#[test]
fn the_flat_list_has_the_images_of_the_results_in_order() {
    let outcome = run(|builder| builder.variants(5).format(Format::Jpeg), local);
    let output = SmartResizeOutput::from_outcome(&outcome, 5, url).unwrap();
    let names: Vec<_> =
        output.images.iter().map(|image| image.url.trim_start_matches("https://example.com/")).collect();
    let expected: Vec<_> = ["0-30x20", "1-20x30"]
        .iter()
        .flat_map(|target| (0..5).map(move |variant| format!("{target}-{variant}.jpg")))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(output.images, [output.results[0].images.clone(), output.results[1].images.clone()].concat());
    for (result, rendition) in output.results.iter().zip(&outcome.renditions) {
        assert_eq!((result.width, result.height), (Some(rendition.target.width()), Some(rendition.target.height())));
        assert_eq!(result.resolution, "1K");
        for (image, variant) in result.images.iter().zip(&rendition.variants) {
            let bytes = &variant.as_ref().unwrap().bytes;
            assert_eq!((image.width, image.height), (result.width, result.height));
            assert_eq!(image.file_size, Some(bytes.len() as u64));
            assert_eq!(image.content_type.as_deref(), Some("image/jpeg"));
        }
    }
    assert_eq!((output.results[0].aspect_ratio.as_str(), output.results[1].aspect_ratio.as_str()), ("3:2", "2:3"));
}

#[test]
fn the_description_is_the_first_non_empty_text() {
    // Two calls for each of two targets.
    let case = |said: [&'static str; 4], expected: [&str; 3]| {
        let outcome = run(
            |builder| builder.variants(5),
            |request| Ok(local(request)?.description(said[request.call().0 as usize])),
        );
        let output = SmartResizeOutput::from_outcome(&outcome, 5, url).unwrap();
        let found = [&output.results[0].description, &output.results[1].description, &output.description];
        assert_eq!(found, expected);
    };
    case(["", "", "", ""], ["", "", ""]);
    case(["", "", "", "d"], ["", "d", "d"]);
    case(["", "b", "c", "d"], ["b", "c", "b"]);
}

#[test]
fn in_sync_mode_the_files_are_data_uris() {
    let outcome = run(|builder| builder.format(Format::WebP), local);
    let output = SmartResizeOutput::from_outcome(&outcome, 1, |image| Ok::<_, Infallible>(image.data_uri())).unwrap();
    for (image, rendition) in output.images.iter().zip(&outcome.renditions) {
        let bytes = &rendition.variants[0].as_ref().unwrap().bytes;
        assert_eq!(image.data(1 << 20), Some(Ok(DataUri::new(Format::WebP, bytes.clone()))));
    }
    let written = serde_json::to_value(&output).unwrap();
    assert_eq!(serde_json::from_value::<SmartResizeOutput>(written).unwrap(), output);
    assert!(output.description.starts_with("made locally: "), "{}", output.description);
}

#[test]
fn a_missing_picture_makes_the_output_an_error() {
    let case = |failure: fn() -> Option<GenerateError>, error_type: ErrorType, status: u16, reason: &str| {
        let outcome = run(
            |builder| builder,
            |request| match request.call().0 {
                1 => failure().map_or_else(|| Ok(Generated::new("none", [[0; 0]; 0])), Err),
                _ => local(request),
            },
        );
        let error = SmartResizeOutput::from_outcome(&outcome, 1, |_| -> Result<_, Infallible> { panic!("asked") });
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), format!("target 1, 20x30, variant 0: {reason}"));
        let body = error.to_body();
        assert_eq!(body.status(), status);
        assert_eq!(
            serde_json::to_value(&body).unwrap()["detail"],
            json!([{
                "type": error_type.as_str(),
                "loc": ["body", "target_sizes", 1],
                "msg": error.to_string(),
                "input": "20x30",
            }])
        );
    };
    let refused = || Some(GenerateError::new(GenerateErrorKind::Refused, "no"));
    case(refused, ErrorType::ContentPolicyViolation, 422, "refused by a safety filter: no");
    let late = || Some(GenerateError::new(GenerateErrorKind::TimedOut, ""));
    case(late, ErrorType::GenerationTimeout, 504, "timed out");
    let busy = || Some(GenerateError::new(GenerateErrorKind::RateLimited, ""));
    case(busy, ErrorType::DownstreamServiceUnavailable, 500, "rate limited");
    let away = || Some(GenerateError::new(GenerateErrorKind::Transport, ""));
    case(away, ErrorType::DownstreamServiceUnavailable, 500, "the backend was not reached");
    let odd = || Some(GenerateError::new(GenerateErrorKind::InvalidAnswer, ""));
    case(odd, ErrorType::DownstreamServiceError, 400, "the backend's answer is invalid");
    let store = || Some(GenerateError::new(GenerateErrorKind::Store, ""));
    case(store, ErrorType::InternalServerError, 500, "the store failed");
    let nothing = || Some(GenerateError::new(GenerateErrorKind::NothingMade, ""));
    case(nothing, ErrorType::NoMediaGenerated, 422, "nothing was made");
    case(|| None, ErrorType::NoMediaGenerated, 422, "call 1 made fewer images than requested");
}

#[test]
fn every_failed_target_is_named() {
    let outcome = run(|builder| builder.variants(2), |_| Ok(Generated::new("odd", [*b"no picture"])));
    let error = SmartResizeOutput::from_outcome(&outcome, 2, url).unwrap_err();
    let OutputError::Missing(missing) = &error else { panic!("{error:?}") };
    let places: Vec<_> = missing.iter().map(|image| (image.target_index, image.variant)).collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(error.to_body().entries().len(), 4);
    assert_eq!(error.to_body().status(), 500);
}

/// Clients index the flat list by `num_images_per_size`, so each target must have that number of pictures.
#[test]
fn a_target_with_too_few_pictures_is_an_error() {
    let outcome = run(|builder| builder.crop_source_above(crate::any::share(500)).variants(2), local);
    assert_eq!(outcome.renditions[0].variants.len(), 1);
    let error = SmartResizeOutput::from_outcome(&outcome, 2, url).unwrap_err();
    assert_eq!(error.to_string(), "target 0, 30x20, variant 1: number of variants is 1; expected 2");

    let outcome = run(|builder| builder.crop_source_above(crate::any::share(500)), local);
    let output = SmartResizeOutput::from_outcome(&outcome, 1, url).unwrap();
    let cut = &output.results[0];
    assert_eq!((cut.aspect_ratio.as_str(), cut.resolution.as_str(), cut.description.as_str()), ("", "", ""));
}

#[test]
fn a_failure_to_store_a_file_is_the_callers_error() {
    let outcome = run(|builder| builder, local);
    let error =
        SmartResizeOutput::from_outcome(&outcome, 1, |_| Err("disk full".parse::<u8>().unwrap_err())).unwrap_err();
    assert_eq!(error.to_string(), "a file has no URL");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "invalid digit found in string");
    let body = error.to_body();
    assert_eq!((body.status(), body.to_string()), (500, "body: Internal server error".into()));
}
