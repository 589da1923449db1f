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

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream() -> Url {
        Url::parse("https://queue.example/below/").unwrap()
    }

    fn accepted(endpoint: &str, id: &str, urls: [&str; 3]) -> Option<AcceptedCall> {
        let [status_url, response_url, cancel_url] = urls.map(str::to_owned);
        let progress = Progress::Accepted { request_id: id.to_owned(), status_url, response_url, cancel_url };
        AcceptedCall::new(&upstream(), endpoint, &progress)
    }

    #[test]
    fn an_id_has_1_to_200_plain_characters() {
        let is_valid = |id: &str| accepted("a/b", id, [""; 3]).is_some();
        assert!(is_valid("a") && is_valid("Az-09_:") && is_valid(&"a".repeat(200)));
        for id in ["", &"a".repeat(201), "a/b", "..", "a b", "a?b", "a#b", "a%2e", "\u{e9}"] {
            assert!(!is_valid(id), "{id}");
        }
        assert!(AcceptedCall::new(&upstream(), "a/b", &Progress::Asking).is_none());
    }

    #[test]
    fn urls_of_another_origin_are_replaced_by_urls_built_from_the_id() {
        for other in ["https://evil.example/x", "http://queue.example/x", "https://queue.example:444/x", "/x", ""] {
            let call = accepted("fal-ai/app/edit/more", "7", [other; 3]).unwrap();
            assert_eq!(call.status.as_str(), "https://queue.example/below/fal-ai/app/requests/7/status", "{other}");
            assert_eq!(call.response.as_str(), "https://queue.example/below/fal-ai/app/requests/7", "{other}");
            assert_eq!(call.cancel.as_str(), "https://queue.example/below/fal-ai/app/requests/7/cancel", "{other}");
        }
    }

    #[test]
    fn urls_of_the_upstreams_own_origin_are_used_as_they_are() {
        let urls = ["https://queue.example/s?a=b", "https://queue.example:443/r", "https://queue.example/c"];
        let call = accepted("a/b", "7", urls).unwrap();
        let found = [call.status.as_str(), call.response.as_str(), call.cancel.as_str()];
        assert_eq!(found, ["https://queue.example/s?a=b", "https://queue.example/r", "https://queue.example/c"]);
        let progress = call.progress();
        assert_eq!(AcceptedCall::new(&upstream(), "", &progress).unwrap().progress(), progress);
    }

    #[test]
    fn a_path_with_an_empty_part_or_dots_has_no_url() {
        let at = |path: &str| url_at(&upstream(), path).map(String::from);
        assert_eq!(at("a/b.c").as_deref(), Some("https://queue.example/below/a/b.c"));
        for path in ["", "/a", "a/", "a//b", ".", "a/../b", "a/.."] {
            assert_eq!(at(path), None, "{path}");
        }
    }
}
