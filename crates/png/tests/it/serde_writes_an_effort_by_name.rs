//! An effort is serialised as the text that it is displayed as.

use crate::pictures::EFFORTS;

#[test]
fn an_effort_is_serialised_by_the_name_that_is_displayed() {
    for effort in EFFORTS {
        assert_eq!(serde_json::to_string(&effort).unwrap(), format!("\"{effort}\""));
    }
    assert_eq!(EFFORTS.map(|effort| effort.to_string()), ["balanced", "small"]);
}
