//! A failure below, told by who has to act.

use super::detail::{ErrorBody, ErrorType};
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::wire::excerpt;

/// The most characters of an answer that an error repeats.
const MAX_MESSAGE_CHARS: usize = 500;

/// The failure that an edit endpoint, or the queue before it, answers with `status` and `body`: by the types of its
/// entries where one of them says more than the status. Nothing is billed, as far as fal says. A `Retry-After` is
/// the caller's to [add](GenerateError::retry_after).
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
