//! The placements of ads and posts.

#[cfg(feature = "pixels")]
mod file_facts;
#[cfg(feature = "serde")]
mod json;
mod lint;
mod nearest;
mod page;
mod table;
mod target;
