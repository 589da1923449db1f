//! The JSON of the services: shapes and conversions, no logic and no I/O. Free to change before 1.0.
//!
//! | module | what it speaks |
//! |---|---|
//! | [`fal`] | the endpoint `fal-ai/smart-resize` as a server and as a client, the edit endpoints below it, the queue, the errors |
//! | [`gemini`] | `generateContent`: one picture, or one text, per call |
//! | [`scene`] | what to ask a vision model about the source, and its answer |
//! | [`data_uri`] | pictures inside JSON |
//!
//! What is read is input like any other: bounded before it is decoded, refused with the value, the bound and the
//! place. Keys that a service may add are ignored, as its own clients do; only [`scene`], which is written by a model
//! and not by a service, is strict.
//!
//! ```
//! use smart_resize::Plan;
//! use smart_resize::wire::fal::{EditInput, EditModel, InputLimits, SmartResizeInput, source_url};
//!
//! let body = br#"{"image_url": "https://example.com/shoe.png", "target_sizes": ["1920x1080"], "seed": 7}"#;
//! let input = SmartResizeInput::from_json(body, &InputLimits::default())?;
//!
//! let source = input.image_url.source();
//! let plan = Plan::new(&input.request(source.clone())?)?;
//! for request in plan.requests(&source)? {
//!     let edit = EditInput::new(EditModel::NanoBananaPro, &request, source_url(&source).unwrap_or_default())?;
//!     let body = serde_json::to_value(&edit)?; // to be sent
//!     assert_eq!((&body["aspect_ratio"], &body["resolution"]), (&"16:9".into(), &"2K".into()));
//! }
//!
//! let body = br#"{"target_sizes": ["1920x"], "num_images_per_size": 5}"#;
//! let refused = SmartResizeInput::from_json(body, &InputLimits::default()).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "body.image_url: Field required; \
//!      body.target_sizes.0: Value error, \"1920x\" is not a size: expected a digit of the height, found the end at byte 5; \
//!      body.num_images_per_size: Input should be less than or equal to 4",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64;
pub mod data_uri;
pub mod fal;
pub mod gemini;
pub mod scene;

pub use self::base64::{Base64Error, Base64ErrorKind};

/// The most bytes of one picture inside JSON, unless the caller says otherwise: 50 MiB, what fal takes for a file.
pub const MAX_IMAGE_BYTES: u64 = 50 << 20;

/// The first `max` characters of `text`, and an ellipsis where there are more.
fn excerpt(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
