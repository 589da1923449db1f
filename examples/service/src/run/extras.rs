//! What the endpoint takes beside fal's fields: safe areas, a focus, and a loss of shape for which generations are shared.

use serde_json::Value;
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, Loc, SmartResizeInput};
use smart_resize::{Focus, Insets, ResizeRequestBuilder, Sharing, Target};

/// The fields beside fal's, as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// For each target size what has to stay free of anything important.
    safe_areas: Vec<Insets>,
    /// Where the source's interest lies.
    focus: Focus,
    /// For how much loss of shape generations are shared, in thousandths; not at all with nothing.
    max_loss_per_mille: Option<u16>,
}

/// The names of the fields, so that a record keeps them and nothing else.
pub(crate) const FIELDS: [&str; 3] = ["targets_safe_area", "focus", "max_loss_percent"];

impl Extras {
    /// The extras in the body of a request. What is not there has no effect.
    ///
    /// # Errors
    ///
    /// Every mistake, as fal tells them.
    pub fn read(body: &Value) -> Result<Self, ErrorBody> {
        let mut errors = Vec::new();
        let mut extras = Self::default();
        match body.get("targets_safe_area") {
            None | Some(Value::Null) => {}
            Some(Value::Array(areas)) => {
                for (index, area) in areas.iter().enumerate() {
                    match insets(area) {
                        Some(insets) => extras.safe_areas.push(insets),
                        None => errors.push(
                            mistake(
                                "targets_safe_area",
                                "null, or top, right, bottom and left in pixels up to 65535",
                                area,
                            )
                            .with_ctx("index", index),
                        ),
                    }
                }
            }
            Some(other) => errors.push(mistake("targets_safe_area", "a list", other)),
        }
        match body.get("focus") {
            None | Some(Value::Null) => {}
            Some(focus) => match point(focus) {
                Some(focus) => extras.focus = focus,
                None => errors.push(mistake("focus", "x and y from 0 to 100 percent", focus)),
            },
        }
        match body.get("max_loss_percent") {
            None | Some(Value::Null) => {}
            Some(loss) => match per_mille(Some(loss)) {
                Some(loss) => extras.max_loss_per_mille = Some(loss),
                None => errors.push(mistake("max_loss_percent", "a number from 0 to 100", loss)),
            },
        }
        if errors.is_empty() { Ok(extras) } else { Err(errors.into()) }
    }

    /// `builder`, which has the targets of `input`, with the extras.
    pub fn apply(&self, input: &SmartResizeInput, builder: ResizeRequestBuilder) -> ResizeRequestBuilder {
        let areas = self.safe_areas.iter().copied().chain(std::iter::repeat(Insets::default()));
        let targets = input.target_sizes.iter().zip(areas);
        let builder = builder.targets(targets.map(|(size, area)| Target::new(*size).with_safe_area(area)));
        let builder = builder.focus(self.focus);
        match self.max_loss_per_mille {
            Some(max_loss_per_mille) => builder.sharing(Sharing::Shared { max_loss_per_mille }),
            None => builder,
        }
    }
}

fn mistake(field: &'static str, expected: &str, found: &Value) -> DetailEntry {
    let msg = format!("Value error, expected {expected}");
    DetailEntry::new(ErrorType::ValueError, [Loc::from("body"), Loc::from(field)], msg, found)
}

fn insets(area: &Value) -> Option<Insets> {
    if area.is_null() {
        return Some(Insets::default());
    }
    let area = area.as_object()?;
    let edge = |name| area.get(name).map_or(Some(0), |value| u16::try_from(value.as_u64()?).ok());
    Some(Insets::from_pixels(edge("top")?, edge("right")?, edge("bottom")?, edge("left")?))
}

fn point(focus: &Value) -> Option<Focus> {
    Focus::point(per_mille(focus.get("x"))?, per_mille(focus.get("y"))?).ok()
}

/// Thousandths of a number of percent.
fn per_mille(percent: Option<&Value>) -> Option<u16> {
    let percent = percent?.as_f64().filter(|percent| (0.0..=100.0).contains(percent))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let per_mille = (percent * 10.0).round() as u16;
    Some(per_mille)
}
