//! The answers of backends in the store, so that no call is paid for twice. Each is stored under the fingerprint of its
//! call.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smart_resize::generate::store::{AsyncStore, StoreError};
use smart_resize::generate::{BoxFuture, GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::geometry::{PerMille, Rect, Reframing};
use smart_resize::model::UsdMicros;
use smart_resize::plan::{Digest, Fingerprint, Generation};
use smart_resize::{Plan, Size};

use crate::backend::{Ledger, Progress};
use crate::id::Id;
use crate::job::Job;
use crate::store::{Kind, Store};
use crate::time::{Millis, now_ms};

/// The record of a call to a backend.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CallRecord {
    /// How far the call has come, while it has no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// The answer, if the call succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerRecord>,
    /// The failure, if the call failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureRecord>,
    /// The number of images that failed attempts were billed for.
    #[serde(default)]
    pub billed_failures: u32,
    /// How often the call was repeated without knowing whether the previous attempt was paid for.
    #[serde(default)]
    pub maybe_paid_twice: u32,
    /// The time of the last change.
    #[serde(default)]
    pub noted_ms: Millis,
}

/// The answer to a call. Its pictures are blobs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnswerRecord {
    images: Vec<Digest>,
    description: Option<String>,
    backend: String,
    billed_images: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reframing: Option<ReframingRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plausibility: Option<PerMille>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ReframingRecord {
    source: Size,
    shown: (u32, u32, Size),
    place: (u32, u32, Size),
}

impl From<Reframing> for ReframingRecord {
    fn from(reframing: Reframing) -> Self {
        let record = |rect: Rect| (rect.x(), rect.y(), rect.size());
        let (shown, place) = (record(reframing.shown()), record(reframing.place()));
        Self { source: reframing.source(), shown, place }
    }
}

impl From<ReframingRecord> for Reframing {
    fn from(record: ReframingRecord) -> Self {
        let rect = |(x, y, size)| Rect::new(x, y, size);
        Self::new(record.source, rect(record.shown), rect(record.place))
    }
}

/// The failure of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailureRecord {
    kind: String,
    message: String,
    billed_images: u32,
}

/// Defines `KINDS`, the name of each kind of error in a record: the name of its variant.
macro_rules! kinds {
    ($($kind:ident)*) => {
        const KINDS: &[(GenerateErrorKind, &str)] = &[$((GenerateErrorKind::$kind, stringify!($kind))),*];
    };
}

kinds!(Refused NothingMade RateLimited TimedOut Transport InvalidAnswer InvalidRequest Store OverBudget);

impl From<&GenerateError> for FailureRecord {
    fn from(error: &GenerateError) -> Self {
        let name = KINDS.iter().find(|(kind, _)| *kind == error.kind).map_or("Transport", |(_, name)| name);
        let message = match std::error::Error::source(error) {
            Some(source) if error.message.is_empty() => source.to_string(),
            _ => error.message.clone(),
        };
        Self { kind: name.to_owned(), message, billed_images: error.billed_images }
    }
}

impl From<&FailureRecord> for GenerateError {
    fn from(record: &FailureRecord) -> Self {
        let kind = KINDS.iter().find(|(_, name)| *name == record.kind);
        let kind = kind.map_or(GenerateErrorKind::Transport, |(kind, _)| *kind);
        Self::new(kind, record.message.as_str()).billed_images(record.billed_images)
    }
}

/// The calls of one job in the store: their answers, their failures, and how far the unfinished ones have come.
///
/// The records of a job's calls are stored under its id. Unless the job has private answers
/// (`Job::has_private_answers`), its answers are also stored under a key that every equal request finds.
#[derive(Clone, Debug)]
pub struct Answers {
    store: Store,
    job: Id,
    is_private: bool,
}

impl Answers {
    /// Returns the view of the calls of `job`.
    pub fn new(store: Store, job: &Job) -> Self {
        Self { store, job: job.id, is_private: job.has_private_answers }
    }

    fn key(&self, fingerprint: &Fingerprint) -> String {
        format!("{}.{fingerprint}", self.job)
    }

    /// Returns the record of a call of this job, or `None` if it was not begun.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub async fn record(&self, fingerprint: &Fingerprint) -> Result<Option<CallRecord>, StoreError> {
        Ok(self.store.get(Kind::Call, &self.key(fingerprint)).await?)
    }

    /// Stores the failure of a call.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the failure may not be on disk.
    pub async fn fail(&self, fingerprint: &Fingerprint, error: &GenerateError) -> Result<(), StoreError> {
        let failure = FailureRecord::from(error);
        let billed = error.billed_images;
        let change = move |record: &mut CallRecord| {
            record.failure = Some(failure.clone());
            record.billed_failures += billed;
        };
        self.change(fingerprint, change).await
    }

    /// Returns what this job paid for the calls of its plan, and how many calls may have been paid for twice.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub async fn paid(&self, plan: &Plan) -> Result<(UsdMicros, u32), StoreError> {
        let (mut cost, mut twice) = (UsdMicros(0), 0);
        let calls: Vec<_> = plan.calls().filter_map(|(index, call)| Some((index, call.fingerprint()?))).collect();
        for (index, fingerprint) in calls {
            let Some(record) = self.record(&fingerprint).await? else { continue };
            let answered = record.answer.map_or(0, |answer| answer.billed_images);
            let per_image = plan.generations().get(index).map_or(UsdMicros(0), Generation::per_image);
            cost = cost.plus(per_image.times(u64::from(answered) + u64::from(record.billed_failures)));
            twice += record.maybe_paid_twice;
        }
        Ok((if cost > UsdMicros(0) { cost.plus(plan.per_request()) } else { cost }, twice))
    }

    async fn change(
        &self,
        fingerprint: &Fingerprint,
        change: impl Fn(&mut CallRecord) + Send + 'static,
    ) -> Result<(), StoreError> {
        let change = move |record: &mut Option<CallRecord>| {
            let record = record.get_or_insert_default();
            change(record);
            record.noted_ms = now_ms();
        };
        Ok(self.store.update(Kind::Call, &self.key(fingerprint), change).await?)
    }
}

/// Returns the key under which equal requests share the answer of a call.
fn shared_key(fingerprint: &Fingerprint) -> String {
    format!("shared.{fingerprint}")
}

impl AsyncStore for Answers {
    async fn load(&self, fingerprint: &Fingerprint) -> Result<Option<Generated>, StoreError> {
        let mut record = self.record(fingerprint).await?;
        if !self.is_private && record.as_ref().is_none_or(|record| record.answer.is_none()) {
            record = self.store.get(Kind::Call, &shared_key(fingerprint)).await?;
        }
        let Some(answer) = record.and_then(|record| record.answer) else { return Ok(None) };
        let mut images = Vec::<Arc<[u8]>>::with_capacity(answer.images.len());
        for digest in &answer.images {
            // If a picture was deleted because of its age, the call is made again.
            let Some(bytes) = self.store.blob(digest).await? else { return Ok(None) };
            images.push(bytes.as_ref().into());
        }
        let mut generated = Generated::new(answer.backend, images).billed_images(answer.billed_images);
        if let Some(description) = answer.description {
            generated = generated.description(description);
        }
        if let Some(reframing) = answer.reframing {
            generated = generated.reframing(reframing.into());
        }
        if let Some(plausibility) = answer.plausibility {
            generated = generated.plausibility(plausibility);
        }
        Ok(Some(generated))
    }

    async fn save(&self, request: &GenerationRequest, generated: &Generated) -> Result<(), StoreError> {
        let Some(fingerprint) = request.fingerprint() else { return Ok(()) };
        let mut images = Vec::with_capacity(generated.images.len());
        for image in &generated.images {
            images.push(self.store.put_blob(Bytes::from_owner(Arc::clone(image))).await?);
        }
        let answer = AnswerRecord {
            images,
            description: generated.description.clone(),
            backend: generated.backend.clone(),
            billed_images: generated.billed_images,
            reframing: generated.reframing.map(Into::into),
            plausibility: generated.plausibility,
        };
        if !self.is_private {
            let shared = CallRecord { answer: Some(answer.clone()), noted_ms: now_ms(), ..CallRecord::default() };
            self.store.put(Kind::Call, &shared_key(&fingerprint), &shared).await?;
        }
        let keep = move |record: &mut CallRecord| {
            (record.progress, record.failure) = (None, None);
            record.answer = Some(answer.clone());
        };
        self.change(&fingerprint, keep).await
    }
}

impl Ledger for Answers {
    fn progress<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, Result<Option<Progress>, StoreError>> {
        Box::pin(async {
            let Some(fingerprint) = request.fingerprint() else { return Ok(None) };
            Ok(self.record(&fingerprint).await?.and_then(|record| record.progress))
        })
    }

    fn note<'a>(
        &'a self,
        request: &'a GenerationRequest,
        progress: Option<Progress>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let Some(fingerprint) = request.fingerprint() else { return Ok(()) };
            self.change(&fingerprint, move |record| record.progress.clone_from(&progress)).await
        })
    }

    fn maybe_paid_twice<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, ()> {
        Box::pin(async {
            tracing::warn!(job = %self.job, call = %request.call(), "a call may be paid for twice");
            let Some(fingerprint) = request.fingerprint() else { return };
            if let Err(error) = self.change(&fingerprint, |record| record.maybe_paid_twice += 1).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a call that may be paid for twice could not be recorded"
                );
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::testing;

    fn answers(store: &Store, is_private: bool) -> Answers {
        Answers { store: store.clone(), job: Id::new(), is_private }
    }

    fn generated() -> Generated {
        Generated::new("a backend", [&b"first"[..], b"second"])
    }

    #[tokio::test]
    async fn an_answer_with_a_deleted_picture_is_not_found_and_its_call_is_made_again() {
        let (request, fingerprint) = (testing::request(), testing::request().fingerprint().unwrap());
        for (lost, kept) in [("first", "second"), ("second", "first")] {
            let (folder, store) = testing::store();
            let (own, other) = (answers(&store, false), answers(&store, false));
            own.save(&request, &generated()).await.unwrap();
            for answers in [&own, &other] {
                assert_eq!(answers.load(&fingerprint).await.unwrap(), Some(generated()));
            }
            let digest = Digest::of(lost.as_bytes()).to_string();
            fs::remove_file(folder.path().join("blobs").join(&digest[..2]).join(&digest[2..])).unwrap();
            assert_eq!(store.blob(&Digest::of(kept.as_bytes())).await.unwrap(), Some(kept.into()));
            for answers in [&own, &other] {
                assert_eq!(answers.load(&fingerprint).await.unwrap(), None, "{lost}");
            }
        }
    }

    #[tokio::test]
    async fn a_stored_answer_keeps_the_description_the_reframing_the_plausibility_and_the_billed_images() {
        let (_folder, store) = testing::store();
        let size = |width, height| Size::new(width, height).unwrap();
        let (shown, place) = (Rect::new(1, 2, size(30, 40)), Rect::new(5, 6, size(70, 80)));
        let reframing = Reframing::new(size(100, 200), shown, place);
        let plausibility = PerMille::new(123).unwrap();
        let full = generated().description("shoes").billed_images(3).reframing(reframing).plausibility(plausibility);
        let (request, answers) = (testing::request(), answers(&store, true));
        for generated in [full, generated()] {
            answers.save(&request, &generated).await.unwrap();
            assert_eq!(answers.load(&request.fingerprint().unwrap()).await.unwrap(), Some(generated));
        }
    }

    #[tokio::test]
    async fn private_answers_are_neither_shared_nor_taken_from_other_jobs() {
        let (_folder, store) = testing::store();
        let (request, fingerprint) = (testing::request(), testing::request().fingerprint().unwrap());
        let private = answers(&store, true);
        private.save(&request, &generated()).await.unwrap();
        assert_eq!(answers(&store, false).load(&fingerprint).await.unwrap(), None);
        answers(&store, false).save(&request, &generated()).await.unwrap();
        assert_eq!(answers(&store, true).load(&fingerprint).await.unwrap(), None);
        assert_eq!(private.load(&fingerprint).await.unwrap(), Some(generated()));
    }

    #[tokio::test]
    async fn a_jobs_own_answer_comes_before_a_shared_one() {
        let (_folder, store) = testing::store();
        let (request, own) = (testing::request(), answers(&store, false));
        own.save(&request, &generated()).await.unwrap();
        answers(&store, false).save(&request, &generated().description("another")).await.unwrap();
        assert_eq!(own.load(&request.fingerprint().unwrap()).await.unwrap(), Some(generated()));
    }

    #[tokio::test]
    async fn a_saved_answer_clears_the_progress_and_the_failure_but_not_what_was_billed() {
        let (_folder, store) = testing::store();
        let (request, fingerprint) = (testing::request(), testing::request().fingerprint().unwrap());
        let answers = answers(&store, true);
        answers.note(&request, Some(Progress::Asking)).await.unwrap();
        assert_eq!(answers.progress(&request).await.unwrap(), Some(Progress::Asking));
        answers.maybe_paid_twice(&request).await;
        let error = GenerateError::new(GenerateErrorKind::TimedOut, "late").billed_images(2);
        for _ in 0..2 {
            answers.fail(&fingerprint, &error).await.unwrap();
        }
        let failed = answers.record(&fingerprint).await.unwrap().unwrap();
        assert_eq!((failed.progress, failed.failure.unwrap().kind), (Some(Progress::Asking), "TimedOut".to_owned()));
        answers.save(&request, &generated()).await.unwrap();
        let saved = answers.record(&fingerprint).await.unwrap().unwrap();
        assert!(saved.progress.is_none() && saved.failure.is_none() && saved.answer.is_some());
        assert_eq!((saved.billed_failures, saved.maybe_paid_twice), (4, 1));
    }

    #[tokio::test]
    async fn each_change_of_a_call_notes_its_time() {
        let (_folder, store) = testing::store();
        let (request, fingerprint) = (testing::request(), testing::request().fingerprint().unwrap());
        let (answers, before) = (answers(&store, false), now_ms());
        answers.note(&request, Some(Progress::Asking)).await.unwrap();
        assert!(answers.record(&fingerprint).await.unwrap().unwrap().noted_ms >= before);
        answers.save(&request, &generated()).await.unwrap();
        let shared: CallRecord = store.get(Kind::Call, &shared_key(&fingerprint)).await.unwrap().unwrap();
        assert!(shared.noted_ms >= before);
    }

    #[tokio::test]
    async fn the_cost_of_a_job_has_its_answers_its_billed_failures_and_one_price_per_request() {
        let (_folder, store) = testing::store();
        let source = testing::source();
        let request = smart_resize::Request::builder(source.clone()).sizes(["1920x1080", "300x250", "90x728"]);
        let prices = smart_resize::model::Model::default().prices.per_request(UsdMicros(7));
        let plan = Plan::new(&request.prices(prices).build().unwrap()).unwrap();
        let requests = plan.requests(&source).unwrap();
        let [first, second, _] = &requests[..] else { panic!("{} calls", requests.len()) };
        let answers = answers(&store, true);
        assert_eq!(answers.paid(&plan).await.unwrap(), (UsdMicros(0), 0));
        answers.maybe_paid_twice(first).await;
        assert_eq!(answers.paid(&plan).await.unwrap(), (UsdMicros(0), 1));
        answers.save(first, &generated().billed_images(2)).await.unwrap();
        let error = GenerateError::new(GenerateErrorKind::TimedOut, "late").billed_images(3);
        answers.fail(&second.fingerprint().unwrap(), &error).await.unwrap();
        answers.maybe_paid_twice(second).await;
        let expected = 2 * first.per_image().0 + 3 * second.per_image().0 + 7;
        assert_eq!(answers.paid(&plan).await.unwrap(), (UsdMicros(expected), 2));
    }

    #[test]
    fn a_failure_is_read_with_the_kind_the_message_and_the_billed_images_it_was_stored_with() {
        for (kind, name) in KINDS {
            let record = FailureRecord::from(&GenerateError::new(*kind, "a text").billed_images(3));
            assert_eq!(record.kind, *name);
            let read = GenerateError::from(&record);
            assert_eq!((read.kind, read.message.as_str(), read.billed_images), (*kind, "a text", 3));
        }
        let unknown = FailureRecord { kind: "Later".to_owned(), message: String::new(), billed_images: 0 };
        assert_eq!(GenerateError::from(&unknown).kind, GenerateErrorKind::Transport);
    }

    #[test]
    fn a_failure_without_a_message_is_stored_with_the_message_of_its_source() {
        let error = |text: &str| GenerateError::new(GenerateErrorKind::Store, text).caused_by("the disk is full");
        assert_eq!(FailureRecord::from(&error("")).message, "the disk is full");
        assert_eq!(FailureRecord::from(&error("not made")).message, "not made");
    }
}
