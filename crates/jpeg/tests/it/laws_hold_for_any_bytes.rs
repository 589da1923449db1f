//! The law of the fuzz target, for bytes that proptest makes.

use proptest::prelude::*;

use crate::laws::encode_jpeg;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn laws_hold_for_any_bytes(data in prop::collection::vec(any::<u8>(), 0..4000)) {
        encode_jpeg(&data);
    }
}
