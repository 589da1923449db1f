//! The public types can cross threads, and errors are small enough to return by value.

use std::error::Error as StdError;

use smart_resize::generate::{GenerateError, Generated, GenerationRequest};
use smart_resize::geometry::{Focus, FocusError, Insets, InsetsError, PerMille, PerMilleError, Rect, TooSmallError};
use smart_resize::model::{Model, ModelError, NothingCoversError, PriceList};
use smart_resize::plan::{Call, Generation, OverBudgetError, PlanError, Rendition};
use smart_resize::request::{RequestBuilder, RequestError, RequestErrors};
use smart_resize::scene::{Scene, SceneError};
use smart_resize::{Error, Plan, Request, Size, Source, Target};

fn crosses_threads<T: Send + Sync + Unpin + 'static>() {}

#[test]
fn values_cross_threads() {
    crosses_threads::<(Size, Rect, Focus, Insets, PerMille)>();
    crosses_threads::<(Model, PriceList, Scene, Source, Target)>();
    crosses_threads::<(Request, RequestBuilder, Plan, Generation, Call, Rendition)>();
    crosses_threads::<(GenerationRequest, Generated)>();
    #[cfg(feature = "pixels")]
    {
        use smart_resize::generate::local::LocalGenerator;
        use smart_resize::pixels::Picture;
        use smart_resize::pixels::render::{RenderOptions, RenderTarget, Renderer};
        crosses_threads::<(Picture, Renderer, RenderOptions, RenderTarget, LocalGenerator)>();
        crosses_threads::<(smart_resize::Outcome, smart_resize::run::RenderJob, smart_resize::run::Provenance)>();
    }
}

/// An error of at most so many bytes that crosses threads.
fn is_small<E: StdError + Send + Sync + 'static>(bytes: usize) {
    let found = size_of::<E>();
    assert!(found <= bytes, "{} has {found} bytes; expected at most {bytes}", std::any::type_name::<E>());
}

#[test]
fn errors_are_small_and_cross_threads() {
    is_small::<PerMilleError>(32);
    is_small::<FocusError>(32);
    is_small::<InsetsError>(32);
    is_small::<TooSmallError>(32);
    is_small::<SceneError>(64);
    is_small::<ModelError>(64);
    is_small::<NothingCoversError>(64);
    is_small::<RequestErrors>(32);
    is_small::<RequestError>(96);
    is_small::<OverBudgetError>(128);
    is_small::<PlanError>(128);
    is_small::<GenerateError>(96);
    is_small::<Error>(128);
    #[cfg(feature = "pixels")]
    {
        is_small::<smart_resize::pixels::decode::DecodeError>(96);
        is_small::<smart_resize::pixels::encode::EncodeError>(64);
        is_small::<smart_resize::pixels::render::RenderError>(96);
        is_small::<smart_resize::run::RenditionError>(96);
        is_small::<smart_resize::run::RunError>(96);
    }
}
