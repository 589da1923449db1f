//! The answer of a model, and its conversion to an image, a text or an error.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Content, Part};
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::generate::generated::Generated;
use crate::wire::{base64, excerpt};

/// The maximum number of characters of an answer that an error repeats.
const MAX_MESSAGE_CHARS: usize = 500;

/// The answer of a model.
///
/// ```
/// use smart_resize::wire::gemini::GenerateContentResponse;
///
/// let body = r#"{"candidates": [{"content": {"parts": [{"text": "Done."}, {"inlineData": {"data": "YWJj"}}]}}]}"#;
/// let response: GenerateContentResponse = serde_json::from_str(body)?;
/// assert_eq!(response.text(), "Done.");
/// let generated = response.generated("gemini", 1000)?;
/// assert_eq!(generated.images[0].as_ref(), &b"abc"[..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The answer of a model."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GenerateContentResponse {
    /// The candidates: one, or none if the prompt was refused.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// The feedback on the prompt. It has the reason if the prompt was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_feedback: Option<PromptFeedback>,
    /// The tokens that were used, and are therefore billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_metadata: Option<UsageMetadata>,
}

/// A candidate for the answer to a prompt.
///
/// ```
/// use smart_resize::wire::gemini::Candidate;
///
/// let candidate: Candidate = serde_json::from_str(r#"{"finishReason": "IMAGE_SAFETY"}"#)?;
/// assert_eq!(candidate.finish_reason.as_deref(), Some("IMAGE_SAFETY"));
/// assert!(candidate.content.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A candidate for the answer to a prompt."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Candidate {
    /// The content of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The reason why the answer ends, such as `STOP` or `IMAGE_SAFETY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The reason why the answer ends, as a text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_message: Option<String>,
}

/// The feedback on a prompt.
///
/// ```
/// use smart_resize::wire::gemini::PromptFeedback;
///
/// let feedback: PromptFeedback = serde_json::from_str(r#"{"blockReason": "SAFETY", "blockReasonMessage": "Why."}"#)?;
/// assert_eq!(feedback.block_reason.as_deref(), Some("SAFETY"));
/// assert_eq!(feedback.block_reason_message.as_deref(), Some("Why."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The feedback on a prompt."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromptFeedback {
    /// The reason why the prompt was refused, such as `SAFETY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_reason: Option<String>,
    /// The reason why the prompt was refused, as a text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_reason_message: Option<String>,
}

/// The numbers of tokens that were used.
///
/// ```
/// use smart_resize::wire::gemini::UsageMetadata;
///
/// let body = r#"{"promptTokenCount": 270, "candidatesTokenCount": 1120, "totalTokenCount": 1390}"#;
/// let usage: UsageMetadata = serde_json::from_str(body)?;
/// assert_eq!((usage.prompt_token_count, usage.candidates_token_count), (270, 1120));
/// assert_eq!((usage.thoughts_token_count, usage.total_token_count), (0, 1390));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The numbers of tokens that were used."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UsageMetadata {
    /// The tokens of the request.
    #[serde(default)]
    pub prompt_token_count: u64,
    /// The tokens of the answer.
    #[serde(default)]
    pub candidates_token_count: u64,
    /// The tokens of the thoughts.
    #[serde(default)]
    pub thoughts_token_count: u64,
    /// The sum of all tokens.
    #[serde(default)]
    pub total_token_count: u64,
    /// The tokens of the answer by kind of content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates_tokens_details: Vec<ModalityTokens>,
}

/// The number of tokens of one kind of content.
///
/// ```
/// use smart_resize::wire::gemini::ModalityTokens;
///
/// let tokens: ModalityTokens = serde_json::from_str(r#"{"modality": "IMAGE", "tokenCount": 1120}"#)?;
/// assert_eq!((tokens.modality.as_str(), tokens.token_count), ("IMAGE", 1120));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The number of tokens of one kind of content."))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModalityTokens {
    /// The kind of content: `TEXT` or `IMAGE`.
    #[serde(default)]
    pub modality: String,
    /// The number of tokens.
    #[serde(default)]
    pub token_count: u64,
}

/// Reads the picture from an answer of `backend`.
///
/// `status` is the HTTP status and `body` the body of the answer. The picture has at most `max_image_bytes` bytes. The
/// caller [adds](GenerateError::retry_after) the delay of a `Retry-After` header.
///
/// ```
/// use smart_resize::generate::GenerateErrorKind;
/// use smart_resize::wire::gemini::read_answer;
///
/// let body = br#"{"candidates": [{"content": {"parts": [
///     {"inlineData": {"mimeType": "image/png", "data": "YWJj"}}
/// ]}, "finishReason": "STOP"}]}"#;
/// let generated = read_answer("gemini", 200, body, 1000)?;
/// assert_eq!(generated.images[0].as_ref(), &b"abc"[..]);
///
/// let error = read_answer("gemini", 429, b"", 1000).unwrap_err();
/// assert_eq!(error.kind, GenerateErrorKind::RateLimited);
/// # Ok::<(), smart_resize::generate::GenerateError>(())
/// ```
///
/// # Errors
///
/// A [`GenerateError`]. The table in [the module](super) lists the kinds.
pub fn read_answer(
    backend: impl Into<String>,
    status: u16,
    body: &[u8],
    max_image_bytes: u64,
) -> Result<Generated, GenerateError> {
    parse(status, body)?.generated(backend, max_image_bytes)
}

/// Reads the text from an answer, without thoughts. `status` is the HTTP status and `body` the body of the answer.
///
/// ```
/// use smart_resize::wire::gemini::read_text_answer;
///
/// let body = br#"{"candidates": [{"content": {"parts": [{"text": "Hm.", "thought": true}, {"text": "A shoe."}]}}]}"#;
/// assert_eq!(read_text_answer(200, body)?, "A shoe.");
///
/// let body = br#"{"candidates": [{"finishReason": "MAX_TOKENS"}]}"#;
/// assert_eq!(read_text_answer(200, body).unwrap_err().to_string(), "nothing was made: MAX_TOKENS");
/// # Ok::<(), smart_resize::generate::GenerateError>(())
/// ```
///
/// # Errors
///
/// The errors of [`read_answer`], if the answer has no text.
pub fn read_text_answer(status: u16, body: &[u8]) -> Result<String, GenerateError> {
    let response = parse(status, body)?;
    let text = response.text();
    if text.is_empty() { Err(response.failure()) } else { Ok(text) }
}

/// Parses an answer with a status from 200 to 299. Every other answer is an error.
fn parse(status: u16, body: &[u8]) -> Result<GenerateContentResponse, GenerateError> {
    if !(200..=299).contains(&status) {
        return Err(error_of(status, body));
    }
    serde_json::from_slice(body).map_err(|error| {
        GenerateError::new(GenerateErrorKind::InvalidAnswer, format!("status {status}")).caused_by(error)
    })
}

impl GenerateContentResponse {
    /// Returns the last picture of the answer that is not a thought, as an answer of `backend`. The picture has at most
    /// `max_image_bytes` bytes.
    ///
    /// # Errors
    ///
    /// A [`GenerateError`]. The table in [the module](super) lists the kinds.
    pub fn generated(&self, backend: impl Into<String>, max_image_bytes: u64) -> Result<Generated, GenerateError> {
        // The last picture that is not a thought. Earlier ones count as interim pictures.
        let last_picture = |candidate| final_parts(candidate).filter_map(|part| part.inline_data.as_ref()).last();
        let Some(blob) = self.candidates.iter().find_map(last_picture) else { return Err(self.failure()) };
        // The model has made the picture, so it is billed even if it cannot be decoded.
        let bytes = base64::decode(blob.data.as_bytes(), max_image_bytes).map_err(|error| {
            GenerateError::new(GenerateErrorKind::InvalidAnswer, "the picture cannot be decoded")
                .caused_by(error)
                .billed_images(1)
        })?;
        let (generated, text) = (Generated::new(backend, [bytes]), self.text());
        Ok(if text.is_empty() { generated } else { generated.description(text) })
    }

    /// Returns the text of the answer without thoughts.
    pub fn text(&self) -> String {
        let parts = self.candidates.iter().take(1).flat_map(final_parts);
        // The parts are pieces of one text, so they are joined without a separator.
        parts.filter_map(|part| part.text.as_deref()).collect::<String>().trim().to_owned()
    }

    /// Creates the error for an answer that has neither the requested picture nor the requested text.
    fn failure(&self) -> GenerateError {
        let blocked = self.prompt_feedback.as_ref().filter(|feedback| feedback.block_reason.is_some());
        let finished = self.candidates.first();
        // The reason why the prompt was blocked takes precedence over the finish reason of a candidate.
        let (kind, reason, message) = match (blocked, finished) {
            (Some(feedback), _) => {
                (GenerateErrorKind::Refused, feedback.block_reason.as_deref(), feedback.block_reason_message.as_deref())
            }
            (None, Some(candidate)) => {
                let reason = candidate.finish_reason.as_deref();
                (kind_of(reason.unwrap_or_default()), reason, candidate.finish_message.as_deref())
            }
            (None, None) => (GenerateErrorKind::InvalidAnswer, Some("neither candidates nor a blockReason"), None),
        };
        let text = self.text();
        let said = message.into_iter().chain((!text.is_empty()).then_some(text.as_str()));
        let message: Vec<_> = reason.into_iter().chain(said).collect();
        GenerateError::new(kind, excerpt(&message.join(": "), MAX_MESSAGE_CHARS)).billed_images(self.billed())
    }

    /// Returns the number of pictures that are billed although the answer has none.
    fn billed(&self) -> u32 {
        let details = self.usage_metadata.iter().flat_map(|usage| &usage.candidates_tokens_details);
        u32::from(details.into_iter().any(|tokens| tokens.modality == "IMAGE" && tokens.token_count > 0))
    }
}

/// Returns the parts that are not thoughts.
fn final_parts(candidate: &Candidate) -> impl Iterator<Item = &Part> {
    candidate.content.iter().flat_map(|content| &content.parts).filter(|part| !part.thought)
}

/// Returns the kind of error for the finish reason of a candidate without a picture.
fn kind_of(finish_reason: &str) -> GenerateErrorKind {
    match finish_reason {
        "SAFETY" | "IMAGE_SAFETY" | "PROHIBITED_CONTENT" | "IMAGE_PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII" => {
            GenerateErrorKind::Refused
        }
        _ => GenerateErrorKind::NothingMade,
    }
}

/// The body of an error answer.
#[derive(Deserialize)]
struct ErrorAnswer {
    error: ErrorStatus,
}

#[derive(Deserialize)]
struct ErrorStatus {
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<serde_json::Value>,
}

/// Converts an error answer. Its kind depends on the HTTP status.
fn error_of(status: u16, body: &[u8]) -> GenerateError {
    let kind = match status {
        // The single statuses come before the ranges that contain them.
        429 => GenerateErrorKind::RateLimited,
        408 | 504 => GenerateErrorKind::TimedOut,
        500..=599 => GenerateErrorKind::Transport,
        400..=499 => GenerateErrorKind::InvalidRequest,
        _ => GenerateErrorKind::InvalidAnswer,
    };
    let (text, wait) = match serde_json::from_slice::<ErrorAnswer>(body) {
        Ok(ErrorAnswer { error }) => {
            let said = [error.status, error.message].into_iter().filter(|text| !text.is_empty());
            (said.collect::<Vec<_>>().join(": "), error.details.iter().find_map(retry_delay))
        }
        // The error of a proxy need not be JSON.
        Err(_) => (String::from_utf8_lossy(body).into_owned(), None),
    };
    let separator = if text.is_empty() { "" } else { ": " };
    let error = GenerateError::new(kind, format!("status {status}{separator}{}", excerpt(&text, MAX_MESSAGE_CHARS)));
    match wait {
        Some(wait) => error.retry_after(wait),
        None => error,
    }
}

/// Reads the `retryDelay` of a `RetryInfo`, such as `"34s"` or `"1.5s"`.
fn retry_delay(detail: &serde_json::Value) -> Option<Duration> {
    let seconds = detail.get("retryDelay")?.as_str()?.strip_suffix('s')?;
    // A negative, infinite or too large number yields no delay.
    Duration::try_from_secs_f64(seconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response(body: serde_json::Value) -> GenerateContentResponse {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn an_error_repeats_at_most_500_characters_of_an_answer() {
        let repeated = |chars: usize| {
            let text = "é".repeat(chars);
            let failure = response(json!({"candidates": [{"content": {"parts": [{"text": text}]}}]})).failure();
            assert_eq!(error_of(500, text.as_bytes()).message, format!("status 500: {}", failure.message));
            failure.message
        };
        assert_eq!(repeated(500), "é".repeat(500));
        assert_eq!(repeated(501), format!("{}…", "é".repeat(500)));
    }

    #[test]
    fn the_reason_of_a_blocked_prompt_takes_precedence_over_a_finish_reason() {
        let body = json!({"promptFeedback": {"blockReason": "OTHER"}, "candidates": [{"finishReason": "STOP"}]});
        let error = response(body).failure();
        assert_eq!((error.kind, error.message.as_str()), (GenerateErrorKind::Refused, "OTHER"));
    }

    #[test]
    fn the_text_is_that_of_the_first_candidate_joined_and_trimmed() {
        let said = |first: &str, second: &str| json!({"content": {"parts": [{"text": first}, {"text": second}]}});
        assert_eq!(response(json!({"candidates": [said(" a", "b\n"), said("c", "d")]})).text(), "ab");
    }

    #[test]
    fn an_answer_has_a_status_from_200_to_299() {
        assert!([200, 299].iter().all(|status| parse(*status, b"{}").is_ok()));
        assert!([199, 300].iter().all(|status| parse(*status, b"{}").is_err()));
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
            assert!(statuses.iter().all(|status| error_of(*status, b"").kind == expected), "{expected:?}");
        }
    }

    #[test]
    fn a_retry_delay_is_a_number_of_seconds_that_is_not_negative() {
        let delay = |text: &str| retry_delay(&json!({"retryDelay": text}));
        assert_eq!(delay("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(["1.5", "-1s", "infs", "s"].map(delay), [None; 4]);
    }

    #[test]
    fn tokens_of_pictures_count_as_one_billed_picture() {
        let billed = |tokens: u64| {
            let details = json!([{"modality": "TEXT", "tokenCount": 9}, {"modality": "IMAGE", "tokenCount": tokens}]);
            response(json!({"usageMetadata": {"candidatesTokensDetails": details}})).failure().billed_images
        };
        assert_eq!([0, 1, 2240].map(billed), [0, 1, 1]);
    }
}
