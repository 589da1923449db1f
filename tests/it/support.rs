//! What several test files share.

pub(crate) mod any;
#[cfg(feature = "pixels")]
pub(crate) mod decoders;
#[cfg(feature = "pixels")]
pub(crate) mod pictures;
#[cfg(feature = "pixels")]
pub(crate) mod scenes;
#[cfg(feature = "pixels")]
pub(crate) mod shades;
#[cfg(feature = "pixels")]
pub(crate) mod threads;
