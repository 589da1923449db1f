//! The check of a file with any changed bytes returns, and places damage inside the file.

use proptest::prelude::{any, prop_assert, proptest};
use smart_resize_jpeg::check::{self, Frame};
use smart_resize_jpeg::marker;

use crate::pictures::*;

proptest! {
    #[test]
    fn any_changed_bytes_are_checked(
        kind in 0..4_usize,
        changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..12),
        length in any::<u16>(),
    ) {
        let mut file = encode(&photo(40, 30), (40, 30), 85, KINDS[kind]);
        file.truncate(2 + usize::from(length) % (2 * file.len()));
        for (at, byte) in changes {
            let at = usize::from(at) % file.len();
            file[at] = byte;
        }
        // The header may come from the changed bytes, and the frame may be progressive: both are checked as well.
        let is_frame = |code| matches!(code, marker::SOF0..=marker::SOF2);
        let headers = check::segments(&file).filter(|segment| is_frame(segment.code));
        for frame in headers.filter_map(|header| Frame::read(header.content)) {
            let checked = check::check(&file, &frame).unwrap_or_default();
            let is_inside = checked.damage.is_none_or(|damage| (2..=file.len()).contains(&damage.at));
            prop_assert!(is_inside, "{checked:?} in {} bytes", file.len());
        }
    }
}
