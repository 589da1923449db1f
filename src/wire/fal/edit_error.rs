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
