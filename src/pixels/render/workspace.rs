//! Memory that is kept from one picture to the next.

use std::sync::{Arc, Mutex};

use crate::pixels::decode::Room;
use crate::pixels::encode;
use crate::pixels::resample::{self, Filter, Scaling};
use crate::size::Size;

/// What one picture is worked on in.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// The decoded picture.
    pub(crate) pixels: Vec<u8>,
    /// A few rows of it.
    pub(crate) rows: Vec<u8>,
    pub(crate) decoding: Room,
    /// The resampled picture.
    pub(crate) resampled: Vec<u8>,
    pub(crate) resampling: resample::Scratch,
    pub(crate) encoding: encode::Scratch,
}

/// The workspaces that nobody works in at the moment, and the scalings that were used last.
#[derive(Debug, Default)]
pub(crate) struct Workspaces {
    free: Mutex<Vec<Workspace>>,
    scalings: Mutex<Vec<Arc<Scaling>>>,
}

impl Workspaces {
    /// How many scalings are kept.
    const SCALINGS: usize = 32;

    /// What `work` does in a workspace that nobody else works in.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let mut workspace = self.take();
        let result = work(&mut workspace);
        self.give(workspace);
        result
    }

    /// A workspace that nobody works in.
    pub(crate) fn take(&self) -> Workspace {
        self.free.lock().ok().and_then(|mut free| free.pop()).unwrap_or_default()
    }

    /// Nobody works in this one any more.
    pub(crate) fn give(&self, workspace: Workspace) {
        if let Ok(mut free) = self.free.lock() {
            free.push(workspace);
        }
    }

    /// The Lanczos3 scaling from one size to another.
    pub(crate) fn scaling(&self, from: Size, to: Size) -> Arc<Scaling> {
        let kept = |all: &Vec<Arc<Scaling>>| all.iter().find(|scaling| scaling.sizes() == (from, to)).cloned();
        if let Some(scaling) = self.scalings.lock().ok().as_deref().and_then(kept) {
            return scaling;
        }
        let scaling = Arc::new(Scaling::new(from, to, Filter::Lanczos3));
        if let Ok(mut all) = self.scalings.lock() {
            if all.len() == Self::SCALINGS {
                all.remove(0);
            }
            all.push(Arc::clone(&scaling));
        }
        scaling
    }
}
