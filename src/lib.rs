//! TODO
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod format;
mod generate;
mod plan;
mod size;
mod text;

pub use format::{Format, ParseFormatError};
pub use plan::fingerprint::{Digest, Fingerprint, ParseHashError};
pub use plan::fit::{Fit, Kept, Rect, TooSmallError, cover};
pub use plan::preset::{AspectRatio, MAX_PRESETS, ParseLabelError, Preset, PresetTable, PresetTableError, Resolution};
pub use plan::price::{PriceList, UsdMicros};
pub use plan::prompt::{Brief, prompt};
pub use plan::request::{
    MAX_PROMPT_CHARS, MAX_TARGETS, MAX_VARIANTS, RequestError, RequestErrors, RequestLimits, ResizeRequest,
    ResizeRequestBuilder,
};
pub use plan::scene::{Area, MAX_LABEL_CHARS, MAX_REGIONS, MAX_SUMMARY_CHARS, Region, Scene, SceneError};
pub use plan::select::{NothingCoversError, Smallest, smallest_covering};
pub use plan::source::Source;
pub use plan::target::{Insets, InsetsError, Target};
pub use plan::{Call, CallId, Generation, Plan, PlanError, Rendition};
pub use size::{Expected, InvalidSideError, MAX_SIDE, Nearness, ParseSizeError, ParseSizeErrorKind, Side, Size};
#[cfg(feature = "pixels")]
mod pixels;
pub use generate::error::{GenerateError, GenerateErrorKind};
#[cfg(feature = "std")]
pub use generate::store::MemoryStore;
pub use generate::store::{AsyncStore, Blocking, NoStore, Store, StoreError};
pub use generate::{
    AsyncGenerator, BoxFuture, BoxedAsyncGenerator, FromAsyncFn, FromFn, Generated, GenerationRequest, Generator,
    SourceMismatchError, generate_from_async_fn, generate_from_fn,
};
#[cfg(feature = "pixels")]
pub use generate::{
    drive::{Driver, Event, RenderDone, RenderJob, RunError},
    local::LocalGenerator,
    outcome::{CallReport, Outcome, Output, Provenance, RenditionError, RenditionOutcome},
};
#[cfg(feature = "pixels")]
pub use pixels::{
    RenderError, RenderOptions, RenderTarget, Rendered, Undersized, Warning,
    decode::{DecodeError, DecodeLimits, Decoded, Probe, decode, probe},
    encode::{
        EncodeError, EncodeOptions, Encoded, EncoderSettings, encode,
        jpeg::{DEFAULT_JPEG_QUALITY, JpegOptions, Subsampling},
        png::{PngEffort, PngOptions},
        webp::{WebPMode, WebPOptions},
    },
    picture::{Layout, Picture, PixelCountError},
    render, render_all,
};
