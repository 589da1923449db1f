//! fal's JSON: the endpoint `fal-ai/smart-resize`, the edit endpoints that it calls, the queue, and the errors.
//!
//! | what | as a server | as a client |
//! |---|---|---|
//! | smart-resize | [`SmartResizeInput::from_json`] → [`Request`], [`SmartResizeOutput`] | both types, through serde |
//! | edit endpoints | both types, through serde | [`EditInput::new`], [`EditOutput::generated`], [`edit_error`] |
//! | queue | [`QueueStatus`], [`Log`], [`CancelAnswer`], [`Webhook`] | the same types |
//! | errors | [`ErrorBody`], [`ErrorType::status`] | [`ErrorBody::from_answer`] |
//!
//! The names of the fields come from the endpoint's page. The bounds of 10 sizes, 4 images per size and 5000 characters
//! are likely, but fal has not published them. The types and messages of errors are those of pydantic 2, which
//! validates fal's input. A test compares them with pydantic.
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
