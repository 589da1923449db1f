//! Rectangles, safe areas and focal points.

mod fit;
mod focus;
mod insets;
