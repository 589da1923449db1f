//! Types that exist only for the JSON Schemas: they describe values that JSON has as strings.
#![allow(dead_code, reason = "only their schemas are used")]

#[derive(schemars::JsonSchema)]
#[schemars(inline)]
pub(super) enum Tier {
    #[schemars(rename = "1K")]
    K1,
    #[schemars(rename = "2K")]
    K2,
    #[schemars(rename = "4K")]
    K4,
}

#[derive(schemars::JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
pub(super) enum OutputFormat {
    Jpeg,
    Png,
    Webp,
}

#[derive(schemars::JsonSchema)]
#[schemars(inline)]
pub(super) enum SafetyTolerance {
    #[schemars(rename = "1")]
    One,
    #[schemars(rename = "2")]
    Two,
    #[schemars(rename = "3")]
    Three,
    #[schemars(rename = "4")]
    Four,
    #[schemars(rename = "5")]
    Five,
    #[schemars(rename = "6")]
    Six,
}

pub(super) const fn one() -> u32 {
    1
}

pub(super) const fn tier() -> &'static str {
    "1K"
}

pub(super) const fn png() -> &'static str {
    "png"
}

pub(super) const fn four() -> &'static str {
    "4"
}
