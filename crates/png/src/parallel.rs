//! Compresses the strips of a picture in parallel, on the rayon pool of the caller.
//!
//! Strips are independent, so each is one task. A task takes scratch buffers that are not in use, and makes new ones
//! where there are none, so there are as many as tasks that ran at one time. The results are kept until all are there,
//! and are joined in order.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::adler::Adler32;
use crate::datastream::Datastream;
use crate::effort::Effort;
use crate::image::PngImage;
use crate::strip::{CompressedStrip, Strip, StripEncoder, strip_count, strip_rows};

/// Appends the strips of the image. `encoders` are the scratch buffers that are not in use, `zeros` is one scanline.
pub(crate) fn push_strips(
    image: &PngImage<'_>,
    effort: Effort,
    zeros: &[u8],
    encoders: &Mutex<Vec<StripEncoder>>,
    datastream: &mut Datastream,
) {
    // The lock is held for a push or a pop, which leave nothing half done, so a poisoned one is as good.
    let encoders = || encoders.lock().unwrap_or_else(PoisonError::into_inner);
    let compress = |number: u32| -> (Vec<u8>, Adler32) {
        let unused = encoders().pop();
        let mut encoder = unused.unwrap_or_default();
        let strip = Strip::new(image.rows, strip_rows(image.header, number), zeros);
        let CompressedStrip { bytes, adler } = encoder.encode(image.header, strip, effort);
        let compressed = (bytes.to_vec(), adler);
        encoders().push(encoder);
        compressed
    };
    let count = strip_count(image.header);
    let strips: Vec<_> = (0..count).into_par_iter().map(compress).collect();
    for ((bytes, adler), number) in strips.iter().zip(1..) {
        datastream.push(CompressedStrip { bytes, adler: *adler }, number == count);
    }
}
