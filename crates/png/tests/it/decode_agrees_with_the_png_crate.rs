//! What the reader accepts, the `png` crate accepts, with the same pixels; and an exact ending keeps its promise.

use crate::decode_laws as laws;
use proptest::prelude::{any, proptest};

proptest! {
    #[test]
    fn any_file_is_read_as_the_png_crate_reads_it(data in proptest::collection::vec(any::<u8>(), 13..3000)) {
        laws::decode(&data);
    }

    #[test]
    fn a_file_with_exchanged_chunks_is_read_as_the_png_crate_reads_it(
        data in proptest::collection::vec(any::<u8>(), 37..1000),
    ) {
        laws::decode_mutated(&data);
    }

    #[test]
    fn bytes_that_are_no_png_are_unreadable(
        data in proptest::collection::vec(any::<u8>(), 0..200), has_signature in any::<bool>(),
    ) {
        laws::check_file(&if has_signature { [laws::SIGNATURE, &data].concat() } else { data });
    }
}
