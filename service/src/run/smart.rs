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
use smart_resize::run::{Driver, Event, RenderJob};
use smart_resize::scene::Scene;
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, ImageUrl, Loc, SmartResizeInput, SmartResizeOutput};
use smart_resize::{AsyncGenerator, Outcome, Plan, Request, Source};

use tokio_util::sync::CancellationToken;

use super::source::size_of;
use super::{Extras, Runner, Speaker, Stop, internal, work};
use crate::job::Job;
use crate::store::StoreFailure;

/// The most calls of one request that are made at the same time; a backend has its own bound for all requests.
const CALLS_AT_ONCE: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// A request that is ready to be run.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What is asked.
    pub input: SmartResizeInput,
    /// What it is made of.
    pub source: Source,
    /// What will be done.
    pub plan: Plan,
}

/// A plan that is shown before anything is spent.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What it is made of.
    pub source: Source,
    /// What would be done.
    pub plan: Plan,
}

const IMAGE_URL: [Loc; 2] =
    [Loc::Field(std::borrow::Cow::Borrowed("body")), Loc::Field(std::borrow::Cow::Borrowed("image_url"))];

impl Runner {
    pub(super) async fn smart_resize(
        &self,
        job: &Job,
        speaker: &Speaker,
        given_up: CancellationToken,
    ) -> Result<Value, Stop> {
        let planned = self.prepare(job, speaker).await?;
        let answers = self.answers(job);
        let generator = self.backend.for_job_until(Arc::new(answers.clone()), None, given_up);
        let outcome = self.drive(&planned, &answers, &generator, speaker).await?;
        let fingerprints: Vec<_> = planned.plan.calls().map(|(_, call)| call.fingerprint()).collect();
        for (fingerprint, call) in fingerprints.iter().zip(&outcome.calls) {
            if let (Some(fingerprint), Err(error)) = (fingerprint, &call.result) {
                answers.fail(fingerprint, error).await?;
            }
        }
        self.finish(job, &planned, &outcome).await
    }

    /// The source and the plan of a request, both kept; of one that broke off, the plan that it had.
    ///
    /// # Errors
    ///
    /// [`Stop`] with what is wrong with the request, or the store's failure.
    pub async fn prepare(&self, job: &Job, speaker: &Speaker) -> Result<Planned, Stop> {
        let image_url = job.input.get("image_url").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (input, extras) = self.kept_input(&job.input)?;
        let source = self.source_of(job, &image_url, &IMAGE_URL).await?;
        if let Some(kept) = &job.plan {
            match serde_json::from_value(kept.clone()) {
                Ok(plan) => return Ok(Planned { input, source, plan }),
                // One that an earlier version made otherwise.
                Err(error) => tracing::warn!(job = %job.id, %error, "a plan that was kept is made anew"),
            }
        }
        speaker.say(format!("Source: {}", size_of(&source)?));
        let scene = match self.backend.scene(&source).await {
            Some(Ok(scene)) => Some(scene),
            Some(Err(error)) => {
                speaker.say("The picture could not be looked at; the prompt does without");
                tracing::warn!(job = %job.id, %error, "no scene");
                None
            }
            None => None,
        };
        let plan = self.plan(&input, &extras, source.clone(), scene)?;
        let (generations, calls) = (plan.generations().len(), plan.calls().count());
        speaker.say(format!("Plan: {generations} generations in {calls} calls"));
        let kept = serde_json::to_value(&plan).map_err(|error| internal("a plan cannot be kept", &error))?;
        self.change(job, move |job| job.plan = Some(kept.clone())).await?;
        Ok(Planned { input, source, plan })
    }

    /// The plan of an input that was not submitted.
    ///
    /// # Errors
    ///
    /// [`Stop`] with what is wrong with it.
    pub async fn preview(&self, body: &Value) -> Result<Preview, Stop> {
        let (input, extras) = self.input(body)?;
        let source = match &input.image_url {
            ImageUrl::Data(data) => self.read(Bytes::from_owner(data.bytes().clone()), "data:…", &IMAGE_URL).await?,
            ImageUrl::Http(url) => {
                let bytes = self.picture(url, &IMAGE_URL).await?;
                self.read(bytes, url, &IMAGE_URL).await?
            }
            _ => return Err(Stop::Answer(ErrorBody::text("image_url is of a kind that is not known here"))),
        };
        let plan = self.plan(&input, &extras, source.clone(), None)?;
        Ok(Preview { source, plan })
    }

    /// What is asked, with every mistake that is in it.
    ///
    /// # Errors
    ///
    /// As fal answers.
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

    /// What a request that is kept asks; its picture may be a blob.
    fn kept_input(&self, body: &Value) -> Result<(SmartResizeInput, Extras), ErrorBody> {
        let mut body = body.clone();
        if let Some(url) = body.get_mut("image_url")
            && url.as_str().is_some_and(|url| url.starts_with(super::source::BLOB))
        {
            // A stand-in: what it is read from is the blob.
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
    ) -> Result<Plan, Stop> {
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
            Stop::from(DetailEntry::new(ErrorType::ValueError, loc, reason, &Value::Null))
        })
    }

    /// Makes the calls that have no answer yet, and all pictures.
    ///
    /// # Errors
    ///
    /// [`Stop`] where nothing was begun.
    pub async fn drive(
        &self,
        planned: &Planned,
        answers: &crate::answers::Answers,
        generator: &impl AsyncGenerator,
        speaker: &Speaker,
    ) -> Result<Outcome, Stop> {
        let Planned { plan, source, .. } = planned;
        let offload =
            |job: RenderJob| -> BoxFuture<'static, _> { Box::pin(async { work(move || job.run()).await.ok() }) };
        let on_event = |event: &Event<'_>| tell(event, plan, speaker);
        let driver = Driver::new(plan, source).store(answers.clone()).offload(&offload).on_event(&on_event);
        let outcome = driver.run_async(generator, CALLS_AT_ONCE).await;
        outcome.map_err(|error| Stop::Answer(internal("a plan cannot be run", &error)))
    }

    /// Keeps the pictures, and makes the output.
    ///
    /// # Errors
    ///
    /// [`Stop`] with every picture that is not there, or the store's failure.
    pub async fn finish(&self, job: &Job, planned: &Planned, outcome: &Outcome) -> Result<Value, Stop> {
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
        // Beside each other, so that their flushes to the disk are.
        let blobs: BTreeMap<(usize, usize), Digest> = try_join_all(kept).await?.into_iter().collect();
        let url_of = |image: &smart_resize::wire::fal::NewImage<'_>| {
            let blob = blobs.get(&(image.target_index, image.variant)).ok_or(NotKept)?;
            Ok::<_, NotKept>(format!("{}{blob}/{}", super::source::BLOB, image.file_name))
        };
        let output = SmartResizeOutput::from_outcome(outcome, planned.input.num_images_per_size, url_of);
        let output = output.map_err(|error| {
            tracing::warn!(job = %job.id, %error, "there is no output");
            error.to_body()
        })?;
        let json = |result: Result<Value, serde_json::Error>| {
            result.map_err(|error| Stop::Answer(internal("an output cannot be written", &error)))
        };
        let provenance = json(serde_json::to_value(&records))?;
        let provenance = self.store.put_blob(provenance.to_string().into()).await?;
        self.change(job, move |job| job.provenance = Some(provenance)).await?;
        json(serde_json::to_value(&output))
    }
}

/// The longest URL of a source.
const MAX_URL_BYTES: usize = 8 << 10;

fn too_long(url: &str) -> DetailEntry {
    let msg = format!("Could not load image from url: {} bytes of URL, at most {MAX_URL_BYTES}", url.len());
    let start = url.chars().take(100).collect::<String>();
    DetailEntry::new(ErrorType::ImageLoadError, IMAGE_URL, msg, &start.into())
}

#[derive(Debug, thiserror::Error)]
#[error("a picture was not kept")]
struct NotKept;

fn tell(event: &Event<'_>, plan: &Plan, speaker: &Speaker) {
    let calls = plan.calls().count();
    match event {
        Event::CallStarted { call } => {
            let of = plan.calls().find(|(_, found)| found.id() == *call);
            let preset = of.and_then(|(index, _)| plan.generations().get(index)).map(|generation| *generation.preset());
            let preset = preset.map(|preset| format!(": {preset}")).unwrap_or_default();
            speaker.say(format!("Call {} of {calls}{preset}", call.0 + 1));
        }
        Event::CallAnswered { call, generated, reused } => {
            let images = generated.images.len();
            let how = if *reused { "was answered before" } else { "is answered" };
            speaker.say(format!("Call {} of {calls} {how}: {images} pictures by {}", call.0 + 1, generated.backend));
        }
        Event::CallFailed { call, error } => speaker.say(format!("Call {} of {calls} failed: {error}", call.0 + 1)),
        Event::StoreFailed { call, error } => tracing::error!(?call, %error, "an answer could not be kept"),
        Event::Rendered { rendition, result, .. } => {
            let target = plan.renditions().get(*rendition).map(smart_resize::plan::Rendition::target);
            let target = target.map(|target| target.to_string()).unwrap_or_default();
            match result {
                Ok(output) => {
                    let provenance = &output.provenance;
                    speaker.say(format!("{target} is finished, {} of its frame", provenance.kept));
                    for warning in &provenance.warnings {
                        speaker.say(format!("{target}: {warning}"));
                    }
                }
                Err(error) => speaker.say(format!("{target} failed: {error}")),
            }
        }
        _ => {}
    }
}
