//! Webhooks: the result of a completed request is posted to the URL in `fal_webhook`, signed, in at most ten attempts.
//!
//! The Ed25519 signature covers the request id, the user id, the timestamp and the SHA-256 of the body. It is in the
//! header `x-fal-webhook-signature`, in hexadecimal digits. The public key is at `/.well-known/jwks.json`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use smart_resize::wire::fal::{ErrorBody, Webhook, webhook_message};

use crate::fetch::Fetcher;
use crate::files::Urls;
use crate::id::Id;
use crate::job::{Answer, Hook, Job};
use crate::store::{Kind, Store, StoreFailure};
use crate::time::now_ms;

/// The most delivery attempts of a webhook.
pub const MAX_ATTEMPTS: u32 = 10;
/// The pause after the first attempt. Each further pause is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// The user id in the headers, if no API keys are configured.
const ANONYMOUS: &str = "anonymous";

/// Sends webhooks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hooks {
    store: Store,
    fetcher: Fetcher,
    urls: Urls,
    key: Arc<SigningKey>,
}

impl Hooks {
    /// Creates the sender of the webhooks of the requests in `store`. The signing key is read from the store, or
    /// generated and stored.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails.
    pub async fn open(store: Store, fetcher: Fetcher, urls: Urls) -> Result<Self, StoreFailure> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh)
            .map_err(|error| StoreFailure::new("no random bytes for the signing key", error.to_string()))?;
        let keep = move |record: &mut Option<[u8; 32]>| *record.get_or_insert(fresh);
        let seed = store.update(Kind::Internal, "webhook-key", keep).await?;
        let key = Arc::new(SigningKey::from_bytes(&seed));
        Ok(Self { store, fetcher, urls, key })
    }

    /// Returns the public key as a set of JSON Web Keys.
    pub fn key_set(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x}]})
    }

    /// Starts a task that delivers the webhook of a completed request, if it has one that is not yet settled.
    pub fn send_hook(&self, job: Job) {
        if job.hook.as_ref().is_some_and(|hook| !hook.is_settled) {
            let hooks = self.clone();
            tokio::spawn(async move {
                if let Err(error) = hooks.deliver(&job).await {
                    tracing::error!(
                        job = %job.id,
                        error = &error as &dyn std::error::Error,
                        "the store failed; a webhook is not sent"
                    );
                }
            });
        }
    }

    async fn deliver(&self, job: &Job) -> Result<(), StoreFailure> {
        while let Some(pause) = self.attempt(job.id).await? {
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Makes one attempt to deliver the webhook of a request. Returns the pause before the next attempt, or `None` if
    /// no further attempt is needed: there is no webhook, it was delivered, or the attempts are used up.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails.
    pub async fn attempt(&self, id: Id) -> Result<Option<Duration>, StoreFailure> {
        let Some(job) = self.store.get::<Job>(Kind::Job, &id.to_string()).await? else { return Ok(None) };
        let (Some(hook), Some(answer)) = (&job.hook, &job.answer) else { return Ok(None) };
        if hook.is_settled {
            return Ok(None);
        }
        let attempt = hook.attempts + 1;
        let body = Bytes::from(self.body(&job, answer).await?);
        let told = self.fetcher.post(&hook.url, self.headers(&job, &body), body).await;
        let is_told = matches!(told, Ok(200..=299));
        let is_settled = is_told || attempt >= MAX_ATTEMPTS;
        self.settle(&job, attempt, is_settled).await?;
        if is_settled && !is_told {
            tracing::warn!(job = %job.id, ?told, "a webhook could not be delivered");
        }
        Ok((!is_settled).then(|| (FIRST_PAUSE * 2_u32.saturating_pow(attempt - 1)).min(LONGEST_PAUSE)))
    }

    async fn settle(&self, job: &Job, attempts: u32, is_settled: bool) -> Result<(), StoreFailure> {
        let note = move |record: &mut Option<Job>| {
            if let Some(hook) = record.as_mut().and_then(|job| job.hook.as_mut()) {
                *hook = Hook { attempts, is_settled, ..hook.clone() };
            }
        };
        self.store.update(Kind::Job, &job.id.to_string(), note).await
    }

    async fn body(&self, job: &Job, answer: &Answer) -> Result<Vec<u8>, StoreFailure> {
        let id = job.id.to_string();
        let hook = if answer.is_output() {
            Webhook::ok(id, self.urls.resolve(&self.store, job, answer).await?)
        } else {
            let body = serde_json::from_value(answer.body.clone()).unwrap_or_else(|_| ErrorBody::text("failed"));
            Webhook::error(id, &body)
        };
        serde_json::to_vec(&hook).map_err(|error| StoreFailure::new("a webhook cannot be written", error))
    }

    fn headers(&self, job: &Job, body: &[u8]) -> HeaderMap {
        let (id, timestamp) = (job.id.to_string(), (now_ms() / 1000).to_string());
        let user = job.owner.as_deref().unwrap_or(ANONYMOUS);
        let signature = self.key.sign(webhook_message(&id, user, &timestamp, body).as_bytes());
        let signature = hexadecimal(&signature.to_bytes());
        let fields = [
            ("x-fal-webhook-request-id", id.as_str()),
            ("x-fal-webhook-user-id", user),
            ("x-fal-webhook-timestamp", &timestamp),
            ("x-fal-webhook-signature", &signature),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in fields {
            // The name of an API key may have characters that a header cannot have.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::Router;
    use axum::http::StatusCode;

    use super::*;
    use crate::fetch::FetchLimits;
    use crate::job::App;
    use crate::testing;

    async fn open(store: &Store) -> Hooks {
        let limits = FetchLimits { allow_private: true, ..FetchLimits::default() };
        Hooks::open(store.clone(), Fetcher::new(limits).unwrap(), Urls::new("http://here")).await.unwrap()
    }

    fn job(url: &str, attempts: u32) -> Job {
        let mut job = Job::new(App::SmartResize, None, json!({}));
        job.hook = Some(Hook { url: url.to_owned(), attempts, is_settled: false });
        job.answer = Some(Answer::output(json!({"images": []})));
        job
    }

    /// A receiver of webhooks that answers each with `status`, and the bodies that it got.
    async fn receiver(status: u16) -> (String, Arc<Mutex<Vec<Value>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let answer = move |body: Bytes| {
            kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            std::future::ready(StatusCode::from_u16(status).unwrap())
        };
        (testing::server(Router::new().fallback(answer)).await, seen)
    }

    #[tokio::test]
    async fn a_webhook_is_delivered_by_any_status_of_success_and_no_other() {
        let (_folder, store) = testing::store();
        let hooks = open(&store).await;
        for (status, is_told) in [(200, true), (299, true), (300, false), (404, false), (500, false)] {
            let (url, seen) = receiver(status).await;
            let job = job(&url, 0);
            store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
            let pause = hooks.attempt(job.id).await.unwrap();
            assert_eq!(pause, (!is_told).then_some(Duration::from_secs(1)), "{status}");
            let kept: Job = store.get(Kind::Job, &job.id.to_string()).await.unwrap().unwrap();
            assert_eq!(kept.hook, Some(Hook { url, attempts: 1, is_settled: is_told }), "{status}");
            assert_eq!(hooks.attempt(job.id).await.unwrap().is_none(), is_told, "{status}");
            assert_eq!(seen.lock().unwrap().len(), if is_told { 1 } else { 2 }, "{status}");
        }
    }

    #[tokio::test]
    async fn a_webhook_is_given_up_after_ten_attempts() {
        let (_folder, store) = testing::store();
        let (hooks, (url, seen)) = (open(&store).await, receiver(500).await);
        let job = job(&url, 0);
        store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        let mut pauses = Vec::new();
        while let Some(pause) = hooks.attempt(job.id).await.unwrap() {
            pauses.push(pause.as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256]);
        // A later attempt, for instance after a restart, posts nothing.
        assert_eq!(hooks.attempt(job.id).await.unwrap(), None);
        assert_eq!(seen.lock().unwrap().len(), 10);
    }

    #[tokio::test]
    async fn a_request_without_a_webhook_or_without_an_answer_needs_no_attempt() {
        let (_folder, store) = testing::store();
        let (hooks, (url, seen)) = (open(&store).await, receiver(200).await);
        let (mut silent, mut unfinished) = (job(&url, 0), job(&url, 0));
        (silent.hook, unfinished.answer) = (None, None);
        for job in [&silent, &unfinished] {
            store.put(Kind::Job, &job.id.to_string(), job).await.unwrap();
        }
        for id in [silent.id, unfinished.id, Id::new()] {
            assert_eq!(hooks.attempt(id).await.unwrap(), None);
        }
        assert!(seen.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_webhook_has_the_output_or_the_error_of_its_request() {
        let (_folder, store) = testing::store();
        let hooks = open(&store).await;
        let body = async |answer: Answer| -> Value {
            serde_json::from_slice(&hooks.body(&job("http://a", 0), &answer).await.unwrap()).unwrap()
        };
        let output = body(Answer::output(json!({"url": "blob:ab/0.png"}))).await;
        assert_eq!(output["status"], "OK");
        assert_eq!(output["payload"], json!({"url": "http://here/files/ab/0.png"}));
        let error = body(Answer::from(&ErrorBody::text("Request was cancelled"))).await;
        assert_eq!(error["status"], "ERROR");
        assert_eq!(error["payload"], json!({"detail": "Request was cancelled"}));
        let unreadable = body(Answer { status: 500, body: json!("?") }).await;
        assert_eq!(unreadable["payload"], json!({"detail": "failed"}));
    }

    #[tokio::test]
    async fn a_webhook_names_the_owner_of_the_request_or_anonymous_and_the_time_in_seconds() {
        let (_folder, store) = testing::store();
        let (hooks, mut job) = (open(&store).await, job("http://a", 0));
        let before = now_ms() / 1000;
        let headers = hooks.headers(&job, b"{}");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["x-fal-webhook-request-id"], job.id.to_string());
        assert_eq!(headers["x-fal-webhook-user-id"], "anonymous");
        let timestamp: u64 = headers["x-fal-webhook-timestamp"].to_str().unwrap().parse().unwrap();
        assert!((before..=now_ms() / 1000).contains(&timestamp));
        assert_eq!(headers["x-fal-webhook-signature"].len(), 128);
        job.owner = Some("ann".to_owned());
        assert_eq!(hooks.headers(&job, b"{}")["x-fal-webhook-user-id"], "ann");
        job.owner = Some("line\nbreak".to_owned());
        assert_eq!(hooks.headers(&job, b"{}").get("x-fal-webhook-user-id"), None);
    }

    #[tokio::test]
    async fn the_signing_key_is_generated_once_and_read_from_the_store_later() {
        let (_folder, store) = testing::store();
        let first = open(&store).await.key_set();
        assert_eq!(open(&store).await.key_set(), first);
        let x = first["keys"][0]["x"].as_str().unwrap().to_owned();
        assert_eq!(first, json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x}]}));
        let (_other_folder, other) = testing::store();
        assert_ne!(open(&other).await.key_set(), first);
    }

    #[test]
    fn a_signature_has_two_hexadecimal_digits_per_byte_in_lower_case() {
        assert_eq!(hexadecimal(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
    }
}
