//! fal's JSON: the endpoint `fal-ai/smart-resize`, the edit endpoints below it, the queue, and the errors.
//!
//! | what | as a server | as a client |
//! |---|---|---|
//! | smart-resize | [`SmartResizeInput::from_json`] → [`Request`], [`SmartResizeOutput`] | both as JSON |
//! | edit endpoints | both as JSON | [`EditInput::new`], [`EditOutput::generated`], [`edit_error`] |
//! | queue | [`QueueStatus`], [`Log`], [`CancelAnswer`], [`Webhook`] | the same |
//! | errors | [`ErrorBody`], [`ErrorType::status`] | [`ErrorBody::from_answer`] |
//!
//! Where a name, a bound or a message comes from: the endpoint's page for the fields; the bounds of 10 sizes, 4 images
//! a size and 5000 characters are likely, not published; types and messages of errors are those of pydantic 2, with
//! which fal reads its input, and a test holds them against it.
//!
//! [`Request`]: crate::Request

#[cfg(feature = "pixels")]
mod build;
mod detail;
mod edit;
mod edit_error;
mod image_url;
mod input;
mod lax;
mod output;
mod queue;
mod read;
#[cfg(feature = "schemars")]
mod schema;

#[cfg(feature = "pixels")]
pub use self::build::{MissingImage, NewImage, OutputError};
pub use self::detail::{Detail, DetailEntry, ErrorBody, ErrorType, Loc};
pub use self::edit::{
    EditInput, EditInputError, EditModel, EditOutput, EditOutputError, MAX_EDIT_IMAGES, MAX_INPUT_IMAGES, source_url,
};
pub use self::edit_error::edit_error;
pub use self::image_url::ImageUrl;
pub use self::input::{InputLimits, MAX_IMAGES_PER_SIZE, MAX_PROMPT_CHARS, MAX_TARGET_SIZES, SmartResizeInput};
pub use self::output::{ImageFile, SmartResizeOutput, SmartResizeResult};
pub use self::queue::{
    CancelAnswer, CancelStatus, Log, QueueState, QueueStatus, Webhook, WebhookStatus, webhook_message,
};
