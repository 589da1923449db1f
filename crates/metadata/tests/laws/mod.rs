//! The law that a fuzz target and a property test share.

use smart_resize_metadata::strip;

/// Any bytes are stripped without a panic. A second time changes nothing. The result is not longer, apart from the padding of
/// a WebP.
pub(crate) fn strip_any(data: &[u8]) {
    let Some(bare) = strip(data) else { return };
    assert!(bare.len() <= data.len() + 1);
    assert_eq!(strip(&bare).as_deref(), Some(&*bare));
}
