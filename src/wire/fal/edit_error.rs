//! Classifies the error answers of edit endpoints by the reaction that they call for.

use super::detail::{ErrorBody, ErrorType};
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::wire::excerpt;

/// The maximum number of characters of an answer that an error repeats.
const MAX_MESSAGE_CHARS: usize = 500;

/// Converts an error answer of an edit endpoint, or of its queue, to a [`GenerateError`].
///
/// `status` is the HTTP status and `body` the body of the answer. The type of the first entry that determines a kind
/// takes precedence over the status. Nothing is billed, as far as fal states. The caller
/// [adds](GenerateError::retry_after) the delay of a `Retry-After` header.
///
/// ```
/// use smart_resize::generate::GenerateErrorKind;
/// use smart_resize::wire::fal::edit_error;
///
/// let body = br#"{"detail": [{"loc": ["body", "prompt"], "msg": "Flagged.", "type": "content_policy_violation"}]}"#;
/// let error = edit_error(422, body);
/// assert_eq!(error.kind, GenerateErrorKind::Refused);
/// assert_eq!(error.to_string(), "refused by a safety filter: status 422: body.prompt: Flagged.");
/// assert_eq!(edit_error(502, b"<html>").kind, GenerateErrorKind::Transport);
/// ```
pub fn edit_error(status: u16, body: &[u8]) -> GenerateError {
    let body = ErrorBody::from_answer(body);
    // Most errors have the status 422, whatever their cause, so the type says more.
    let by_type = body.entries().iter().find_map(|entry| kind_of(&entry.error_type));
    let kind = by_type.unwrap_or(match status {
        429 => GenerateErrorKind::RateLimited,
        408 | 504 => GenerateErrorKind::TimedOut,
        400..=499 => GenerateErrorKind::InvalidRequest,
        500..=599 => GenerateErrorKind::Transport,
        _ => GenerateErrorKind::InvalidAnswer,
    });
    let text = excerpt(&body.to_string(), MAX_MESSAGE_CHARS);
    let separator = if text.is_empty() { "" } else { ": " };
    GenerateError::new(kind, format!("status {status}{separator}{text}"))
}

/// Returns the kind of an error type. `None` if the type says no more than the HTTP status.
const fn kind_of(error_type: &ErrorType) -> Option<GenerateErrorKind> {
    match error_type {
        ErrorType::ContentPolicyViolation => Some(GenerateErrorKind::Refused),
        ErrorType::NoMediaGenerated => Some(GenerateErrorKind::NothingMade),
        ErrorType::GenerationTimeout => Some(GenerateErrorKind::TimedOut),
        ErrorType::DownstreamServiceError
        | ErrorType::DownstreamServiceUnavailable
        | ErrorType::InternalServerError => Some(GenerateErrorKind::Transport),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entries(types: &[&str]) -> Vec<u8> {
        let entry = |error_type: &&str| json!({"loc": ["body"], "msg": "No.", "type": error_type});
        json!({"detail": types.iter().map(entry).collect::<Vec<_>>()}).to_string().into_bytes()
    }

    #[test]
    fn an_error_repeats_at_most_500_characters_of_an_answer() {
        let repeated = |chars: usize| {
            let body = json!({"detail": "é".repeat(chars)}).to_string();
            edit_error(500, body.as_bytes()).message.trim_start_matches("status 500: ").to_owned()
        };
        assert_eq!(repeated(500), "é".repeat(500));
        assert_eq!(repeated(501), format!("{}…", "é".repeat(500)));
    }

    #[test]
    fn the_type_of_an_entry_takes_precedence_over_the_status() {
        assert_eq!(edit_error(500, &entries(&["no_media_generated"])).kind, GenerateErrorKind::NothingMade);
        assert_eq!(edit_error(500, &entries(&["missing"])).kind, GenerateErrorKind::Transport);
        // The first type that determines a kind counts.
        let mixed = entries(&["missing", "generation_timeout", "content_policy_violation"]);
        assert_eq!(edit_error(422, &mixed).kind, GenerateErrorKind::TimedOut);
    }

    #[test]
    fn every_range_of_statuses_has_its_kind_of_error() {
        use GenerateErrorKind::{InvalidAnswer, InvalidRequest, RateLimited, TimedOut, Transport};

        for (statuses, expected) in [
            (vec![399, 600], InvalidAnswer),
            (vec![400, 407, 499], InvalidRequest),
            (vec![408, 504], TimedOut),
            (vec![429], RateLimited),
            (vec![500, 503, 505, 599], Transport),
        ] {
            assert!(statuses.iter().all(|status| edit_error(*status, b"").kind == expected), "{expected:?}");
        }
    }
}
