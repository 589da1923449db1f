//! Scratch buffers that are kept from one picture to the next.

use std::sync::{Mutex, PoisonError};

use fast_image_resize::Resizer;

use super::{decode, encode};

/// The buffers that one picture is decoded in, or one target is made in.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) decode: decode::Scratch,
    /// Keeps the intermediate pictures of a convolution.
    pub(crate) resizer: Resizer,
    /// The pixels of the target.
    pub(crate) resampled: Vec<u8>,
    pub(crate) encode: encode::Scratch,
}

/// The buffers that are not in use.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    scratch: Mutex<Vec<Scratch>>,
    /// Memory of decoded pictures.
    pixels: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// Runs `work` with buffers that nothing else uses. If it panics they are dropped.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let mut scratch = pop(&self.scratch);
        let result = work(&mut scratch);
        push(&self.scratch, scratch);
        result
    }

    /// Takes the memory of an earlier decoded picture, or none.
    pub(crate) fn take_pixels(&self) -> Vec<u8> {
        pop(&self.pixels)
    }

    /// Keeps the memory of a decoded picture.
    pub(crate) fn keep_pixels(&self, pixels: Vec<u8>) {
        push(&self.pixels, pixels);
    }
}

// A panic cannot leave a list of unused buffers half changed, so a poisoned lock is usable.

fn pop<T: Default>(list: &Mutex<Vec<T>>) -> T {
    list.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
}
