//! A request to `fal-ai/smart-resize`: source, plan, calls, pictures, output.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use smart_resize::generate::BoxFuture;
use smart_resize::model::UsdMicros;
use smart_resize::plan::Digest;
use smart_resize::request::Sharing;
use smart_resize::run::{Driver, Event, RenderJob};
use smart_resize::scene::Scene;
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, ImageUrl, Loc, SmartResizeInput, SmartResizeOutput};
use smart_resize::{AsyncGenerator, Outcome, Plan, Request, Source};

use tokio_util::sync::CancellationToken;

use super::source::size_of;
use super::{Extras, JobError, JobLog, Runner, internal, on_cpu};
use crate::job::Job;
use crate::store::StoreFailure;

/// The most concurrent calls of one request. The backend has its own limit for all requests.
const CALLS_AT_ONCE: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// A request that is ready to be run.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The input.
    pub input: SmartResizeInput,
    /// The source.
    pub source: Source,
    /// The plan.
    pub plan: Plan,
}

/// A plan that is shown before anything is spent.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The source.
    pub source: Source,
    /// The plan.
    pub plan: Plan,
}

const IMAGE_URL: [Loc; 2] =
    [Loc::Field(std::borrow::Cow::Borrowed("body")), Loc::Field(std::borrow::Cow::Borrowed("image_url"))];

impl Runner {
    pub(super) async fn smart_resize(
        &self,
        job: &Job,
        log: &JobLog,
        cancelled: CancellationToken,
    ) -> Result<Value, JobError> {
        let planned = self.plan_and_store(job, log).await?;
        let answers = self.answers(job);
        let generator = self.backend.for_job_until(Arc::new(answers.clone()), None, cancelled);
        let outcome = self.drive(&planned, &answers, &generator, log).await?;
        let fingerprints: Vec<_> = planned.plan.calls().map(|(_, call)| call.fingerprint()).collect();
        for (fingerprint, call) in fingerprints.iter().zip(&outcome.calls) {
            if let (Some(fingerprint), Err(error)) = (fingerprint, &call.result) {
                answers.fail(fingerprint, error).await?;
            }
        }
        self.finish(job, &planned, &outcome).await
    }

    /// Returns the source and the plan of a request, and stores both. An interrupted request keeps its stored source
    /// and plan.
    ///
    /// # Errors
    ///
    /// [`JobError`] if the request is invalid or the store fails.
    pub async fn plan_and_store(&self, job: &Job, log: &JobLog) -> Result<Planned, JobError> {
        let image_url = job.input.get("image_url").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (input, extras) = self.kept_input(&job.input)?;
        let source = self.source_of(job, &image_url, &IMAGE_URL).await?;
        if let Some(kept) = &job.plan {
            match serde_json::from_value(kept.clone()) {
                Ok(plan) => return Ok(Planned { input, source, plan }),
                // An earlier version of the service may have written the plan in another form.
                Err(error) => tracing::warn!(job = %job.id, %error, "a stored plan cannot be read and is made again"),
            }
        }
        log.add(format!("Source: {}", size_of(&source)?));
        let scene = match self.backend.scene(&source).await {
            Some(Ok(scene)) => Some(scene),
            Some(Err(error)) => {
                log.add("The vision model did not describe the picture; the prompt is written without it");
                tracing::warn!(job = %job.id, %error, "the vision model failed");
                None
            }
            None => None,
        };
        let plan = self.plan(&input, &extras, source.clone(), scene)?;
        let (generations, calls) = (plan.generations().len(), plan.calls().count());
        log.add(format!("Plan: {generations} generations in {calls} calls"));
        let kept = serde_json::to_value(&plan).map_err(|error| internal("a plan cannot be encoded", &error))?;
        self.change(job, move |job| job.plan = Some(kept.clone())).await?;
        Ok(Planned { input, source, plan })
    }

    /// Makes the plan of an input without submitting it.
    ///
    /// # Errors
    ///
    /// [`JobError`] if the input is invalid.
    pub async fn preview(&self, body: &Value) -> Result<Preview, JobError> {
        let (input, extras) = self.input(body)?;
        let source = match &input.image_url {
            ImageUrl::Data(data) => {
                self.decode_source(Bytes::from_owner(data.bytes().clone()), "data:…", &IMAGE_URL).await?
            }
            ImageUrl::Http(url) => {
                let bytes = self.fetch_picture(url, &IMAGE_URL).await?;
                self.decode_source(bytes, url, &IMAGE_URL).await?
            }
            _ => {
                return Err(JobError::Answer(ErrorBody::text(
                    "the kind of image_url is unsupported; expected a data URI or an http URL",
                )));
            }
        };
        let plan = self.plan(&input, &extras, source.clone(), None)?;
        Ok(Preview { source, plan })
    }

    /// Reads an input: fal's fields and the service's own.
    ///
    /// # Errors
    ///
    /// [`ErrorBody`] with every error of the input, in fal's form.
    pub fn input(&self, body: &Value) -> Result<(SmartResizeInput, Extras), ErrorBody> {
        let input = SmartResizeInput::from_value(body, &self.input_limits()).and_then(|input| match &input.image_url {
            ImageUrl::Http(url) if url.len() > MAX_URL_BYTES => Err(too_long(url).into()),
            _ => Ok(input),
        });
        match (input, Extras::read(body)) {
            (Ok(input), Ok(extras)) => Ok((input, extras)),
            (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
            (Err(errors), Err(more)) => Err([errors.entries(), more.entries()].concat().into()),
        }
    }

    /// Reads the input of a stored request, whose picture may be a blob.
    fn kept_input(&self, body: &Value) -> Result<(SmartResizeInput, Extras), ErrorBody> {
        let mut body = body.clone();
        if let Some(url) = body.get_mut("image_url")
            && url.as_str().is_some_and(|url| url.starts_with(super::source::BLOB))
        {
            // A placeholder, since the input's reader accepts no blob. The source is read from the blob, and this URL
            // is not used.
            *url = json!("http://blob");
        }
        self.input(&body)
    }

    fn plan(
        &self,
        input: &SmartResizeInput,
        extras: &Extras,
        source: Source,
        scene: Option<Scene>,
    ) -> Result<Plan, JobError> {
        let model = self.planned_model();
        let mut prices = model.prices.clone();
        if !self.backend.has_vision() {
            prices = prices.per_request(UsdMicros(0));
        }
        let mut builder = Request::builder(source)
            .instruction(input.prompt.as_str())
            .variants(input.num_images_per_size)
            .floor(input.resolution)
            .format(input.output_format)
            .safety_tolerance(input.safety_tolerance)
            // fal's contract: each size has generations of its own, unless the request allows a loss.
            .sharing(Sharing::PerTarget)
            .model(model)
            .prices(prices);
        if let Some(seed) = input.seed {
            builder = builder.seed(seed);
        }
        if let Some(scene) = scene {
            builder = builder.scene(scene);
        }
        let request = extras.apply(input, builder).build().map_err(|errors| input.refused(&errors))?;
        Plan::new(&request).map_err(|error| {
            let loc = [Loc::from("body")];
            let reason = format!("Value error, {error}");
            JobError::from(DetailEntry::new(ErrorType::ValueError, loc, reason, &Value::Null))
        })
    }

    /// Makes the calls that have no answer yet, and cuts all pictures.
    ///
    /// # Errors
    ///
    /// [`JobError`] if the plan cannot be run at all.
    pub async fn drive(
        &self,
        planned: &Planned,
        answers: &crate::answers::Answers,
        generator: &impl AsyncGenerator,
        log: &JobLog,
    ) -> Result<Outcome, JobError> {
        let Planned { plan, source, .. } = planned;
        let offload =
            |job: RenderJob| -> BoxFuture<'static, _> { Box::pin(async { on_cpu(move || job.run()).await.ok() }) };
        let on_event = |event: &Event<'_>| log_event(event, plan, log);
        let driver = Driver::new(plan, source).store(answers.clone()).offload(&offload).on_event(&on_event);
        let outcome = driver.run_async(generator, CALLS_AT_ONCE).await;
        outcome.map_err(|error| JobError::Answer(internal("a plan cannot be run", &error)))
    }

    /// Stores the pictures and builds the output.
    ///
    /// # Errors
    ///
    /// [`JobError`] with an error for every missing picture, or if the store fails.
    pub async fn finish(&self, job: &Job, planned: &Planned, outcome: &Outcome) -> Result<Value, JobError> {
        let mut kept = Vec::new();
        let mut records = Vec::new();
        if outcome.is_complete() {
            for (target, rendition) in outcome.renditions.iter().enumerate() {
                for (variant, output) in rendition.variants.iter().flatten().enumerate() {
                    let bytes = Bytes::copy_from_slice(&output.bytes);
                    kept.push(
                        async move { Ok::<_, StoreFailure>(((target, variant), self.store.put_blob(bytes).await?)) },
                    );
                    records.push(&output.provenance);
                }
            }
        }
        // The blobs are written concurrently, so that their flushes to the disk overlap.
        let blobs: BTreeMap<(usize, usize), Digest> = try_join_all(kept).await?.into_iter().collect();
        let url_of = |image: &smart_resize::wire::fal::NewImage<'_>| {
            let blob = blobs.get(&(image.target_index, image.variant)).ok_or(NotStored)?;
            Ok::<_, NotStored>(format!("{}{blob}/{}", super::source::BLOB, image.file_name))
        };
        let output = SmartResizeOutput::from_outcome(outcome, planned.input.num_images_per_size, url_of);
        let output = output.map_err(|error| {
            tracing::warn!(job = %job.id, %error, "a request has no output");
            error.to_body()
        })?;
        let json = |result: Result<Value, serde_json::Error>| {
            result.map_err(|error| JobError::Answer(internal("an output cannot be encoded", &error)))
        };
        let provenance = json(serde_json::to_value(&records))?;
        let provenance = self.store.put_blob(provenance.to_string().into()).await?;
        self.change(job, move |job| job.provenance = Some(provenance)).await?;
        json(serde_json::to_value(&output))
    }
}

/// The longest URL of a source, in bytes.
const MAX_URL_BYTES: usize = 8 << 10;

fn too_long(url: &str) -> DetailEntry {
    let msg =
        format!("Could not load image from url: the URL has {} bytes; expected at most {MAX_URL_BYTES}", url.len());
    let start = url.chars().take(100).collect::<String>();
    DetailEntry::new(ErrorType::ImageLoadError, IMAGE_URL, msg, &start.into())
}

#[derive(Debug, thiserror::Error)]
#[error("a picture was not stored")]
struct NotStored;

fn log_event(event: &Event<'_>, plan: &Plan, log: &JobLog) {
    let calls = plan.calls().count();
    match event {
        Event::CallStarted { call } => {
            let of = plan.calls().find(|(_, found)| found.id() == *call);
            let preset = of.and_then(|(index, _)| plan.generations().get(index)).map(|generation| *generation.preset());
            let preset = preset.map(|preset| format!(": {preset}")).unwrap_or_default();
            log.add(format!("Call {} of {calls}{preset}", call.0 + 1));
        }
        Event::CallAnswered { call, generated, reused } => {
            let images = generated.images.len();
            let how = if *reused { "is answered from the store" } else { "is answered" };
            log.add(format!("Call {} of {calls} {how}: {images} pictures by {}", call.0 + 1, generated.backend));
        }
        Event::CallFailed { call, error } => log.add(format!("Call {} of {calls} failed: {error}", call.0 + 1)),
        Event::StoreFailed { call, error } => tracing::error!(?call, %error, "an answer could not be stored"),
        Event::Rendered { rendition, result, .. } => {
            let target = plan.renditions().get(*rendition).map(smart_resize::plan::Rendition::target);
            let target = target.map(|target| target.to_string()).unwrap_or_default();
            match result {
                Ok(output) => {
                    let provenance = &output.provenance;
                    log.add(format!("{target} is finished, {} of the picture kept", provenance.kept));
                    for warning in &provenance.warnings {
                        log.add(format!("{target}: {warning}"));
                    }
                }
                Err(error) => log.add(format!("{target} failed: {error}")),
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::App;
    use crate::testing;

    fn input(runner: &Runner, fields: &Value) -> Result<(SmartResizeInput, Extras), ErrorBody> {
        let mut body = json!({"image_url": "https://a/b.png", "target_sizes": ["300x250", "600x500"]});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        runner.input(&body)
    }

    fn plan(runner: &Runner, fields: &Value) -> Plan {
        let (input, extras) = input(runner, fields).unwrap();
        runner.plan(&input, &extras, testing::source(), None).unwrap_or_else(|error| panic!("{error}"))
    }

    #[tokio::test]
    async fn the_url_of_a_source_has_at_most_8_kib_and_its_error_repeats_100_characters() {
        let (_folder, service) = testing::service(&[]).await;
        let url = |len: usize| format!("https://a/{}", "b".repeat(len - "https://a/".len()));
        assert!(input(&service.runner, &json!({"image_url": url(8192)})).is_ok());
        let errors = input(&service.runner, &json!({"image_url": url(8193)})).unwrap_err();
        let [entry] = errors.entries() else { panic!("{errors}") };
        assert_eq!((&entry.error_type, &entry.loc[..]), (&ErrorType::ImageLoadError, &IMAGE_URL[..]));
        assert_eq!(entry.msg, "Could not load image from url: the URL has 8193 bytes; expected at most 8192");
        assert_eq!(entry.input, json!(url(100)));
    }

    #[tokio::test]
    async fn the_errors_of_an_input_and_of_its_extras_are_reported_together() {
        let (_folder, service) = testing::service(&[]).await;
        let places = |fields: Value| {
            let errors = input(&service.runner, &fields).unwrap_err();
            errors.entries().iter().map(|entry| entry.loc[1].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(places(json!({"image_url": "x", "focus": 7})), ["image_url", "focus"]);
        assert_eq!(places(json!({"image_url": "x"})), ["image_url"]);
        assert_eq!(places(json!({"focus": 7})), ["focus"]);
    }

    #[tokio::test]
    async fn each_size_has_generations_of_its_own_unless_the_request_allows_a_loss() {
        let (_folder, service) = testing::service(&[]).await;
        assert_eq!(plan(&service.runner, &json!({})).generations().len(), 2);
        assert_eq!(plan(&service.runner, &json!({"max_loss_percent": 0})).generations().len(), 1);
    }

    #[tokio::test]
    async fn the_price_per_request_counts_only_with_a_vision_model() {
        let vision = ["--vision", "--vision-model-id", "gemini-3-flash", "--vision-upstream", "http://127.0.0.1:1"];
        let mut found = Vec::new();
        for flags in [&[][..], &vision] {
            let (_folder, service) = testing::service(flags).await;
            found.push(plan(&service.runner, &json!({})).per_request());
        }
        let price = smart_resize::model::Model::nano_banana_pro().prices.per_request;
        assert!(price > UsdMicros(0));
        assert_eq!(found, [UsdMicros(0), price]);
    }

    #[tokio::test]
    async fn a_plan_has_the_seed_the_prompt_and_the_images_per_size_of_its_input() {
        let (_folder, service) = testing::service(&[]).await;
        let fields = json!({"seed": 9, "prompt": "at night", "num_images_per_size": 3, "safety_tolerance": "2"});
        let plan = plan(&service.runner, &fields);
        for request in plan.requests(&testing::source()).unwrap() {
            assert_eq!((request.seed(), request.variants(), request.options().safety_tolerance), (Some(9), 3, 2));
            assert!(request.prompt().contains("at night"), "{}", request.prompt());
        }
    }

    #[tokio::test]
    async fn only_a_stored_input_may_refer_to_a_blob() {
        let (_folder, service) = testing::service(&[]).await;
        let body = json!({"image_url": "blob:ab", "target_sizes": ["300x250"]});
        assert!(service.runner.kept_input(&body).is_ok());
        assert!(service.runner.input(&body).is_err());
    }

    #[tokio::test]
    async fn a_stored_plan_is_kept_and_one_that_cannot_be_read_is_made_again() {
        let (_folder, service) = testing::service(&[]).await;
        let runner = &service.runner;
        let mut job = Job::new(App::SmartResize, None, json!({"image_url": "blob:", "target_sizes": ["300x250"]}));
        let blob = service.store.put_blob(testing::picture(120, 90).into()).await.unwrap();
        job.input["image_url"] = json!(format!("blob:{blob}"));
        let key = job.id.to_string();
        service.store.put(crate::store::Kind::Job, &key, &job).await.unwrap();
        let log = JobLog::new(service.store.clone(), job.id);
        let made = runner.plan_and_store(&job, &log).await.unwrap().plan;
        let stored = service.store.get::<Job>(crate::store::Kind::Job, &key).await.unwrap().unwrap();
        assert_eq!(stored.plan, Some(serde_json::to_value(&made).unwrap()));
        let other = testing::plan(&["728x90"]);
        job.plan = Some(serde_json::to_value(&other).unwrap());
        assert_eq!(runner.plan_and_store(&job, &log).await.unwrap().plan, other);
        job.plan = Some(json!("of another version"));
        assert_eq!(runner.plan_and_store(&job, &log).await.unwrap().plan, made);
    }

    #[tokio::test]
    async fn a_log_tells_the_source_the_plan_each_call_from_1_and_each_target() {
        let (_folder, service) = testing::service(&[]).await;
        let blob = service.store.put_blob(testing::picture(120, 90).into()).await.unwrap();
        let input = json!({"image_url": format!("blob:{blob}"), "target_sizes": ["300x250", "250x250"]});
        let job = Job::new(App::SmartResize, None, input);
        let key = job.id.to_string();
        service.store.put(crate::store::Kind::Job, &key, &job).await.unwrap();
        let answer = service.runner.run(&job, CancellationToken::new()).await.unwrap();
        assert_eq!(answer.status, 200);
        let logs = service.store.get::<Job>(crate::store::Kind::Job, &key).await.unwrap().unwrap().logs;
        let mut lines: Vec<String> = logs.into_iter().map(|line| line.message).collect();
        assert_eq!(lines[..2], ["Source: 120x90", "Plan: 2 generations in 2 calls"]);
        // A grey picture has warnings too.
        lines.retain(|line| line.starts_with("Call ") || line.contains(" is finished, "));
        lines.sort_unstable();
        assert_eq!(lines.len(), 6);
        for (line, start) in lines.iter().zip([
            "250x250 is finished, ",
            "300x250 is finished, ",
            "Call 1 of 2 is answered: 1 pictures by local",
            "Call 1 of 2: ",
            "Call 2 of 2 is answered: 1 pictures by local",
            "Call 2 of 2: ",
        ]) {
            assert!(line.starts_with(start), "{lines:?}");
        }
        // A second run finds the answers in the store.
        let again = service.store.get::<Job>(crate::store::Kind::Job, &key).await.unwrap().unwrap();
        service.runner.run(&again, CancellationToken::new()).await.unwrap();
        let logs = service.store.get::<Job>(crate::store::Kind::Job, &key).await.unwrap().unwrap().logs;
        let reused = "Call 1 of 2 is answered from the store: 1 pictures by local";
        assert!(logs.iter().any(|line| line.message == reused), "{logs:?}");
        assert_eq!(service.runner.backend.calls(), 2);
    }
}
