//! The JSON of external services: types of requests and answers, and conversions to and from the types of the core.
//!
//! The module performs no I/O. Its API may change before 1.0.
//!
//! | module | contents |
//! |---|---|
//! | [`fal`] | the endpoint `fal-ai/smart-resize` (server and client), the edit endpoints, the queue, the errors |
//! | [`gemini`] | `generateContent`: one picture or one text per call |
//! | [`scene`] | the request that asks a vision model to describe the source, and its answer |
//! | [`data_uri`] | pictures inside JSON |
//!
//! All JSON is untrusted input. Its size is checked before it is decoded, and an error names the value, the bound and
//! the position. Unknown keys are ignored, as in the services' own clients, since a service may add keys. Only
//! [`scene`] rejects unknown keys, because a model writes that JSON and not a service.
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
//!     let body = serde_json::to_value(&edit)?; // the body of the HTTP request
//!     assert_eq!((&body["aspect_ratio"], &body["resolution"]), (&"16:9".into(), &"2K".into()));
//! }
//!
//! let body = br#"{"target_sizes": ["1920x"], "num_images_per_size": 5}"#;
//! let refused = SmartResizeInput::from_json(body, &InputLimits::default()).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "body.image_url: Field required; \
//!      body.target_sizes.0: Value error, \"1920x\" is not a size: found the end; \
//!      expected a digit of the height, as in 1080x1920 (at byte 5); \
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

/// The default for the maximum number of bytes of one picture inside JSON: 50 MiB, which is fal's limit for a file.
pub const MAX_IMAGE_BYTES: u64 = 50 << 20;

/// Returns the first `max` characters of `text`, followed by an ellipsis if there are more.
fn excerpt(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_with_an_ellipsis_only_if_characters_are_left_out() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöü", 2), "äö…");
        assert_eq!(excerpt("", 0), "");
    }

    #[test]
    fn a_picture_inside_json_has_at_most_50_mebibytes() {
        assert_eq!(MAX_IMAGE_BYTES, 52_428_800);
    }
}
