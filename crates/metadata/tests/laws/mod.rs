//! The law that a fuzz target and a property test share.

use smart_resize_metadata::{Metadata, manifest_store, read, strip};

/// Any bytes are read without a panic, and have bounded texts. They are stripped without a panic. A second time changes nothing. The result is not longer, apart from the padding of
/// a WebP.
pub(crate) fn metadata(data: &[u8]) {
    let Metadata { creator, owner, rights, credit, title, digital_source_type, .. } = read(data);
    assert!(creator.len() <= 20 && owner.len() <= 20);
    let texts = [rights, credit, title, digital_source_type].into_iter().flatten().chain(creator).chain(owner);
    for text in texts {
        assert!((1..=1000).contains(&text.chars().count()) && !text.chars().any(char::is_control), "{text:?}");
    }
    let store = manifest_store(data);
    let Some(bare) = strip(data) else { return };
    assert!(store.is_none_or(|store| store.len() < data.len()));
    assert_eq!((read(&bare), manifest_store(&bare)), (Metadata::default(), None));
    assert!(bare.len() <= data.len() + 1);
    assert_eq!(strip(&bare).as_deref(), Some(&*bare));
}
