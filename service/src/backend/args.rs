//! The flags that select and configure a backend, and their errors.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use reqwest::header::HeaderValue;
use url::Url;

/// The kind of backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum BackendKind {
    /// The built-in generator, without a model: it reframes the source.
    #[default]
    Local,
    /// The edit endpoints of fal.
    Fal,
    /// Gemini's `generateContent`.
    Gemini,
}

impl BackendKind {
    /// Returns the name that the flag has.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Fal => "fal",
            Self::Gemini => "gemini",
        }
    }

    pub(super) const fn default_upstream(self) -> &'static str {
        match self {
            Self::Local | Self::Gemini => "https://generativelanguage.googleapis.com",
            Self::Fal => "https://queue.fal.run",
        }
    }

    const fn key_variable(self) -> &'static str {
        match self {
            Self::Local | Self::Gemini => "GEMINI_API_KEY",
            Self::Fal => "FAL_KEY",
        }
    }
}

/// The backend that generates the pictures, and how it is called.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Backend")]
#[non_exhaustive]
pub struct BackendArgs {
    /// The backend that generates the pictures.
    #[arg(long, env = "SMART_RESIZE_BACKEND", value_enum, default_value_t)]
    pub backend: BackendKind,
    /// The URL of the backend, in place of fal's or Gemini's own.
    #[arg(long, env = "SMART_RESIZE_UPSTREAM", value_name = "URL")]
    pub upstream: Option<Url>,
    /// The endpoint (fal) or the model (Gemini) to call, in place of the one that belongs to the planned model.
    #[arg(long, env = "SMART_RESIZE_MODEL_ID", value_name = "ID")]
    pub model_id: Option<String>,
    /// The file with the backend's key, in place of the environment variable FAL_KEY or GEMINI_API_KEY.
    #[arg(long, env = "SMART_RESIZE_UPSTREAM_KEY_FILE", value_name = "FILE")]
    pub upstream_key_file: Option<PathBuf>,
    /// The most concurrent calls, over all jobs.
    #[arg(long, env = "SMART_RESIZE_UPSTREAM_CONCURRENCY", value_name = "CALLS", default_value = "16")]
    pub upstream_concurrency: NonZeroUsize,
    /// The most calls per minute, over all jobs; 0 disables the limit.
    #[arg(long, env = "SMART_RESIZE_UPSTREAM_PER_MINUTE", value_name = "CALLS", default_value_t = 0)]
    pub upstream_per_minute: u32,
    /// The longest time of one attempt of a call.
    #[arg(long, env = "SMART_RESIZE_UPSTREAM_TIMEOUT", value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub upstream_timeout: Duration,
    /// The most attempts of a call.
    #[arg(long, env = "SMART_RESIZE_UPSTREAM_TRIES", value_name = "TRIES", default_value = "3")]
    pub upstream_tries: NonZeroUsize,
    /// Describe each source with a vision model before its prompts are written.
    #[arg(long, env = "SMART_RESIZE_VISION", value_parser = BoolishValueParser::new())]
    pub vision: bool,
    /// The Gemini model that describes sources.
    #[arg(long, env = "SMART_RESIZE_VISION_MODEL_ID", value_name = "ID")]
    pub vision_model_id: Option<String>,
    /// The URL of the vision model.
    #[arg(long, env = "SMART_RESIZE_VISION_UPSTREAM", value_name = "URL", default_value = BackendKind::Gemini.default_upstream())]
    pub vision_upstream: Url,
    /// The file with the key for the vision model, in place of the environment variable GEMINI_API_KEY.
    #[arg(long, env = "SMART_RESIZE_VISION_KEY_FILE", value_name = "FILE")]
    pub vision_key_file: Option<PathBuf>,
    /// The pauses and timeouts that have no flag.
    #[arg(skip)]
    pub timings: Timings,
}

impl BackendArgs {
    /// Returns the backend's URL and key.
    pub(super) fn upstream(&self) -> Result<(Url, Option<Key>), BackendError> {
        let kind = self.backend;
        remote(kind, self.upstream.as_ref(), self.upstream_key_file.as_deref())
    }

    /// Returns the vision model's URL, key and name, or `None` if vision is off.
    pub(super) fn vision(&self) -> Result<Option<(Url, Option<Key>, String)>, BackendError> {
        if !self.vision {
            return Ok(None);
        }
        let model = self.vision_model_id.clone().ok_or(BackendError::NoVisionModel)?;
        let (url, key) = remote(BackendKind::Gemini, Some(&self.vision_upstream), self.vision_key_file.as_deref())?;
        Ok(Some((url, key, model)))
    }
}

/// The pauses and timeouts that have no flag. The defaults suit services on the internet; tests shorten them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timings {
    /// The pause before the first status request. It doubles with each request.
    pub first_poll: Duration,
    /// The longest pause between two status requests.
    pub longest_poll: Duration,
    /// The pause before the second attempt of a call. It doubles with each attempt, and a random part of it is added.
    pub first_retry: Duration,
    /// The longest pause before another attempt. If an upstream asks for a longer one, the call fails instead.
    pub longest_retry: Duration,
    /// The longest time to wait for the response to a cancellation.
    pub cancel: Duration,
    /// The period of the rate limit.
    pub minute: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            first_poll: Duration::from_millis(250),
            longest_poll: Duration::from_secs(2),
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(60),
            cancel: Duration::from_secs(10),
            minute: Duration::from_secs(60),
        }
    }
}

/// A key of a backend. Its `Debug` output hides it.
#[derive(Clone)]
pub(super) struct Key(HeaderValue);

impl Key {
    fn new(text: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(text).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// Returns the key as the value of a header.
    pub(super) fn plain(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Returns the value of fal's `Authorization` header.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_bytes(&[b"Key ", self.0.as_bytes()].concat()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Returns the URL and the key of a remote backend. Only fal's and Gemini's own URL requires a key, since another URL
/// may be a stand-in.
fn remote(kind: BackendKind, upstream: Option<&Url>, file: Option<&Path>) -> Result<(Url, Option<Key>), BackendError> {
    let own = Url::parse(kind.default_upstream()).map_err(|_| BackendError::Upstream { found: String::new() })?;
    let url = upstream.unwrap_or(&own).clone();
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(BackendError::Upstream { found: url.into() });
    }
    let key = match file {
        Some(file) => {
            let text = read(file).map_err(|source| BackendError::KeyFile { file: file.to_owned(), source })?;
            Some(Key::new(text.trim()).ok_or_else(|| BackendError::KeyText { place: file.display().to_string() })?)
        }
        None => match variable(kind.key_variable()).as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) => {
                let place = kind.key_variable().to_owned();
                Some(Key::new(text).ok_or(BackendError::KeyText { place })?)
            }
        },
    };
    if key.is_none() && url.origin() == own.origin() {
        return Err(BackendError::NoKey { kind: kind.name(), variable: kind.key_variable() });
    }
    Ok((url, key))
}

#[allow(clippy::disallowed_methods, reason = "once, when the service starts")]
fn read(file: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(file)
}

#[allow(clippy::disallowed_methods, reason = "once, when the service starts")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| format!("the time is {text} s; expected more than 0"))
}

/// Why a backend cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The URL cannot be that of a backend.
    #[error("the upstream is {found:?}; expected an http or https URL without a query")]
    #[expect(missing_docs, reason = "what was found")]
    Upstream { found: String },
    /// The key is missing.
    #[error("the backend {kind} has no key; expected one in the environment variable {variable} or in a key file")]
    #[expect(missing_docs, reason = "whose key, and where it was looked for")]
    NoKey { kind: &'static str, variable: &'static str },
    /// The key file cannot be read.
    #[error("the key file {} cannot be read", file.display())]
    #[expect(missing_docs, reason = "which file, and why not")]
    KeyFile { file: PathBuf, source: std::io::Error },
    /// The key is empty, or has characters that a header cannot have.
    #[error("the key in {place} is empty or malformed; expected visible ASCII characters")]
    #[expect(missing_docs, reason = "where")]
    KeyText { place: String },
    /// Vision is on, but no vision model is named.
    #[error("--vision needs --vision-model-id")]
    NoVisionModel,
    /// The pauses between attempts are not an ascending range.
    #[error("the pauses between attempts are {first:?} to {longest:?}; expected an ascending range")]
    #[expect(missing_docs, reason = "what was found")]
    Timings { first: Duration, longest: Duration },
    /// The backend was created outside of a tokio runtime.
    #[error("the backend needs a tokio runtime")]
    NoRuntime(#[from] tokio::runtime::TryCurrentError),
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Client(#[from] crate::fetch::FetchError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown_in_any_form() {
        let key = Key::new("secret").unwrap();
        let shown = format!("{key:?} {:?} {:?}", key.plain(), key.authorization());
        assert_eq!(shown, "Key(…) Sensitive Some(Sensitive)");
    }

    #[test]
    fn every_flag_has_a_variable_of_its_name() {
        let command = BackendArgs::augment_args(clap::Command::new("test"));
        let mut flags = 0;
        for arg in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
            let name = arg.get_id().as_str().to_ascii_uppercase();
            let found = arg.get_env().and_then(|name| name.to_str());
            assert_eq!(found, Some(&*format!("SMART_RESIZE_{name}")));
            flags += 1;
        }
        assert_eq!(flags, 12);
    }

    #[test]
    fn a_time_in_seconds_is_more_than_zero() {
        let case = |text: &str, expected: Option<Duration>| assert_eq!(seconds(text).ok(), expected, "{text}");
        case("300", Some(Duration::from_secs(300)));
        case("0.25", Some(Duration::from_millis(250)));
        for text in ["0", "-1", "NaN", "inf", "1e30", "", "five"] {
            case(text, None);
        }
    }

    fn remote_at(url: &str) -> Result<(), String> {
        let url = Url::parse(url).unwrap();
        remote(BackendKind::Fal, Some(&url), None).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn an_upstream_is_an_http_or_https_url_without_a_query_or_a_fragment() {
        for url in ["http://a/", "https://a/b/c"] {
            assert_eq!(remote_at(url), Ok(()), "{url}");
        }
        for url in ["ftp://a/", "file:///a", "http://a/?b", "http://a/#b"] {
            let expected = format!("the upstream is {url:?}; expected an http or https URL without a query");
            assert_eq!(remote_at(url), Err(expected));
        }
    }

    #[test]
    fn only_the_own_url_of_a_public_service_requires_a_key() {
        // The variables may be set on a developer's machine.
        if variable("FAL_KEY").is_some() {
            return;
        }
        let text = "the backend fal has no key; expected one in the environment variable FAL_KEY or in a key file";
        for url in ["https://queue.fal.run", "https://queue.fal.run/below"] {
            assert_eq!(remote_at(url), Err(text.to_owned()), "{url}");
        }
        for url in ["http://queue.fal.run", "https://queue.fal.run:444", "https://fal.run"] {
            assert_eq!(remote_at(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn each_backend_has_the_upstream_of_its_service_by_default() {
        let found = [BackendKind::Fal, BackendKind::Gemini].map(BackendKind::default_upstream);
        assert_eq!(found, ["https://queue.fal.run", "https://generativelanguage.googleapis.com"]);
    }

    #[test]
    fn a_key_is_read_from_its_file_without_white_space_and_is_not_empty() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let key = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            let (_, key) = remote(BackendKind::Gemini, None, Some(file.path())).map_err(|error| error.to_string())?;
            Ok::<_, String>(key.unwrap().plain().to_str().unwrap().to_owned())
        };
        assert_eq!(key(" a-key\n").as_deref(), Ok("a-key"));
        for text in ["", " \n", "two\nlines"] {
            assert!(key(text).unwrap_err().ends_with("is empty or malformed; expected visible ASCII characters"));
        }
    }

    #[test]
    fn the_authorization_of_fal_is_the_word_key_and_the_key() {
        assert_eq!(Key::new("id:secret").unwrap().authorization().unwrap(), "Key id:secret");
        assert_eq!(Key::new("id:secret").unwrap().plain(), "id:secret");
    }

    #[test]
    fn vision_needs_the_name_of_its_model() {
        let args = |flags: &[&str]| crate::testing::backend_args(flags);
        let upstream = ["--vision-upstream", "http://a"];
        assert!(args(&[]).vision().unwrap().is_none());
        assert!(args(&["--vision-model-id", "gemini-3-flash"]).vision().unwrap().is_none());
        let error = args(&[&["--vision"], &upstream[..]].concat()).vision().unwrap_err();
        assert_eq!(error.to_string(), "--vision needs --vision-model-id");
        let set = args(&[&["--vision", "--vision-model-id", "gemini-3-flash"], &upstream[..]].concat());
        let (url, _, model) = set.vision().unwrap().unwrap();
        assert_eq!((url.as_str(), model.as_str()), ("http://a/", "gemini-3-flash"));
    }

    #[test]
    fn by_default_16_calls_run_at_once_without_a_limit_per_minute_and_have_3_tries_of_300_seconds() {
        let args = crate::testing::backend_args(&[]);
        assert_eq!((args.backend, args.upstream_concurrency.get()), (BackendKind::Local, 16));
        assert_eq!((args.upstream_per_minute, args.upstream_tries.get()), (0, 3));
        assert_eq!(args.upstream_timeout, Duration::from_secs(300));
    }

    #[test]
    fn the_default_pauses_suit_services_on_the_internet() {
        let Timings { first_poll, longest_poll, first_retry, longest_retry, cancel, minute } = Timings::default();
        let millis =
            [first_poll, longest_poll, first_retry, longest_retry, cancel, minute].map(|time| time.as_millis());
        assert_eq!(millis, [250, 2000, 500, 60_000, 10_000, 60_000]);
    }
}
