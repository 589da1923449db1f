//! Scratch buffers that are reused from one picture to the next.

use std::sync::{Mutex, PoisonError};

use fast_image_resize::Resizer;

use super::decode::DecodeScratch;
use super::encode::EncodeScratch;

/// The buffers for decoding one picture, or for rendering one target.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) decode: DecodeScratch,
    /// Holds the intermediate pictures of a convolution.
    pub(crate) resizer: Resizer,
    /// The pixels of the target.
    pub(crate) resampled: Vec<u8>,
    pub(crate) encode: EncodeScratch,
}

/// The buffers that are not in use. Any number of threads may take from and return to the same pool.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    scratch: Mutex<Vec<Scratch>>,
    /// The memory of decoded pictures.
    pixels: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// Runs `work` with buffers that nothing else uses at the time. If `work` panics, the buffers are dropped.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        // The lock is held only while the buffers are taken and returned. Concurrent calls get buffers of their own, so
        // the pool has as many as there were calls at the same time.
        let mut scratch = pop(&self.scratch);
        let result = work(&mut scratch);
        push(&self.scratch, scratch);
        result
    }

    /// Takes the memory of an earlier decoded picture, or an empty vector if there is none.
    pub(crate) fn take_pixels(&self) -> Vec<u8> {
        pop(&self.pixels)
    }

    /// Returns the memory of a decoded picture to the pool.
    pub(crate) fn keep_pixels(&self, pixels: Vec<u8>) {
        push(&self.pixels, pixels);
    }
}

// A panic cannot leave a list of unused buffers half changed, so the lists are used even if a lock is poisoned.

fn pop<T: Default>(list: &Mutex<Vec<T>>) -> T {
    // The list is a stack: what was returned last is the most likely to be in a cache.
    list.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
}
