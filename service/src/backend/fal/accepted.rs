//! The id and the URLs of a call that the queue has accepted.
//!
//! The URLs in the response to the submission are used if they have the upstream's origin. Otherwise URLs are built
//! from the id, so that the key is sent nowhere else.

use url::Url;

use super::super::ledger::Progress;

/// The most characters of an id. All of them are ASCII.
const MAX_ID_CHARS: usize = 200;

/// The id and the URLs of an accepted call.
pub(super) struct AcceptedCall {
    pub(super) id: String,
    pub(super) status: Url,
    pub(super) response: Url,
    pub(super) cancel: Url,
}

impl AcceptedCall {
    /// Returns the call of an endpoint at `upstream`. `None` if `progress` has no id, or an invalid one.
    pub(super) fn new(upstream: &Url, endpoint: &str, progress: &Progress) -> Option<Self> {
        let Progress::Accepted { request_id, status_url, response_url, cancel_url } = progress else { return None };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
        if request_id.is_empty() || request_id.len() > MAX_ID_CHARS || !request_id.chars().all(is_plain) {
            return None;
        }
        // The queue's paths have only the first two segments of the endpoint, the application.
        let app = endpoint.split('/').take(2).collect::<Vec<_>>().join("/");
        let url = |given: &str, rest: &str| {
            let given = Url::parse(given).ok().filter(|given| given.origin() == upstream.origin());
            given.or_else(|| url_at(upstream, &format!("{app}/requests/{request_id}{rest}")))
        };
        Some(Self {
            id: request_id.clone(),
            status: url(status_url, "/status")?,
            response: url(response_url, "")?,
            cancel: url(cancel_url, "/cancel")?,
        })
    }

    /// Returns what the ledger stores of the call.
    pub(super) fn progress(&self) -> Progress {
        Progress::Accepted {
            request_id: self.id.clone(),
            status_url: self.status.to_string(),
            response_url: self.response.to_string(),
            cancel_url: self.cancel.to_string(),
        }
    }
}

/// Returns the URL at `path` below the upstream, or `None` if the path is not a plain path.
pub(super) fn url_at(upstream: &Url, path: &str) -> Option<Url> {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !path.split('/').all(is_plain) {
        return None;
    }
    Url::parse(&format!("{}/{path}", upstream.as_str().trim_end_matches('/'))).ok()
}
