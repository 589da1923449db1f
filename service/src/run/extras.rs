//! The fields of the endpoint that fal's does not have: safe areas, a focal point, and the loss for which sizes share a
//! generation.

use serde_json::{Map, Value, json};
use smart_resize::Target;
use smart_resize::geometry::{Focus, Insets, PerMille};
use smart_resize::request::{RequestBuilder, Sharing};
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, Loc, SmartResizeInput};

/// The values of the fields that fal's endpoint does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// For each target size, the insets of its safe area in pixels: top, right, bottom, left.
    safe_areas: Vec<[u16; 4]>,
    /// The focal point in the source, from the left and from the top.
    focus: Option<[PerMille; 2]>,
    /// The largest loss at which sizes share a generation; `None` disables sharing.
    max_loss: Option<PerMille>,
}

/// The names of these fields.
pub(crate) const FIELDS: [&str; 3] = ["targets_safe_area", "focus", "max_loss_percent"];
const EDGES: [&str; 4] = ["top", "right", "bottom", "left"];

impl Extras {
    /// Reads the extras in the body of a request. A missing field has no effect.
    ///
    /// # Errors
    ///
    /// [`ErrorBody`] with every error, in fal's form.
    pub fn read(body: &Value) -> Result<Self, ErrorBody> {
        let mut errors = Vec::new();
        let mut extras = Self::default();
        let given = |name| body.get(name).filter(|value: &&Value| !value.is_null());
        let sizes = body.get("target_sizes").and_then(Value::as_array).map_or(0, Vec::len);
        match given("targets_safe_area") {
            None => {}
            Some(Value::Array(areas)) if areas.len() <= sizes => {
                for (index, area) in areas.iter().enumerate() {
                    let insets = insets(area).ok_or_else(|| {
                        let expected = "null, or top, right, bottom and left in pixels up to 65535";
                        mistake(vec![Loc::from("targets_safe_area"), index.into()], expected, area)
                    });
                    insets.map_or_else(|mistake| errors.push(mistake), |insets| extras.safe_areas.push(insets));
                }
            }
            Some(other) => {
                let expected = format!("a list of at most as many areas as there are sizes, {sizes}");
                errors.push(mistake(vec!["targets_safe_area".into()], &expected, other));
            }
        }
        if let Some(focus) = given("focus") {
            extras.focus = point(focus);
            if extras.focus.is_none() {
                errors.push(mistake(vec!["focus".into()], "x and y from 0 to 100 percent", focus));
            }
        }
        if let Some(loss) = given("max_loss_percent") {
            extras.max_loss = share(Some(loss));
            if extras.max_loss.is_none() {
                let expected = "a number from 0 to 100";
                errors.push(mistake(vec!["max_loss_percent".into()], expected, loss));
            }
        }
        if errors.is_empty() { Ok(extras) } else { Err(errors.into()) }
    }

    /// Returns the fields of a body with these extras, for the stored input.
    pub fn fields(&self) -> Map<String, Value> {
        let area = |edges: &[u16; 4]| -> Value {
            EDGES
                .into_iter()
                .zip(edges)
                .map(|(name, edge)| (name.to_owned(), json!(edge)))
                .collect::<Map<_, _>>()
                .into()
        };
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if !self.safe_areas.is_empty() {
            set("targets_safe_area", self.safe_areas.iter().map(area).collect());
        }
        if let Some([x, y]) = self.focus {
            set("focus", json!({"x": x, "y": y}));
        }
        if let Some(loss) = self.max_loss {
            set("max_loss_percent", json!(loss));
        }
        fields
    }

    /// Adds the targets of `input` and the extras to `builder`.
    pub fn apply(&self, input: &SmartResizeInput, builder: RequestBuilder) -> RequestBuilder {
        let areas =
            self.safe_areas.iter().map(|[top, right, bottom, left]| Insets::from_pixels(*top, *right, *bottom, *left));
        let targets = input.target_sizes.iter().zip(areas.chain(std::iter::repeat(Insets::default())));
        let builder = builder.targets(targets.map(|(size, area)| Target::new(*size).safe_area(area)));
        let builder = builder.focus(self.focus.map_or(Focus::CENTRE, |[x, y]| Focus::point(x, y)));
        match self.max_loss {
            Some(max_loss) => builder.sharing(Sharing::Shared { max_loss }),
            None => builder,
        }
    }
}

fn mistake(field: Vec<Loc>, expected: &str, found: &Value) -> DetailEntry {
    let loc: Vec<Loc> = std::iter::once(Loc::from("body")).chain(field).collect();
    DetailEntry::new(ErrorType::ValueError, loc, format!("Value error, expected {expected}"), found)
}

fn insets(area: &Value) -> Option<[u16; 4]> {
    if area.is_null() {
        return Some([0; 4]);
    }
    let area = area.as_object()?;
    let edge = |name| area.get(name).map_or(Some(0), |value| u16::try_from(value.as_u64()?).ok());
    let [top, right, bottom, left] = EDGES.map(edge);
    Some([top?, right?, bottom?, left?])
}

fn point(focus: &Value) -> Option<[PerMille; 2]> {
    Some([share(focus.get("x"))?, share(focus.get("y"))?])
}

/// Reads a number in percent and rounds it to thousandths, since clients compute such numbers.
fn share(percent: Option<&Value>) -> Option<PerMille> {
    let percent = percent?.as_f64().filter(|percent| (0.0..=100.0).contains(percent))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let thousandths = (percent * 10.0).round() as u16;
    PerMille::new(thousandths).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_extras_are_stored_as_they_were_read_without_unknown_ones() {
        let sizes = json!(["1x1", "2x2"]);
        let areas = json!([null, {"top": 140, "bottom": 200, "junk": "junk"}]);
        let body = json!({"target_sizes": sizes, "targets_safe_area": areas, "focus": {"x": 50, "y": 12.5, "z": 1}, "max_loss_percent": 10});
        let extras = Extras::read(&body).unwrap();
        let mut kept = Value::Object(extras.fields());
        assert!(!kept.to_string().contains("junk"));
        kept["target_sizes"] = sizes;
        assert_eq!(Extras::read(&kept).unwrap(), extras);
    }

    #[test]
    fn every_invalid_extra_has_an_error_with_its_location() {
        let body = json!({"target_sizes": ["1x1"], "targets_safe_area": [{"top": 70_000}], "focus": {"x": 101, "y": 0}, "max_loss_percent": "10"});
        let errors = Extras::read(&body).unwrap_err();
        let places: Vec<String> = errors
            .entries()
            .iter()
            .map(|entry| entry.loc.iter().map(ToString::to_string).collect::<Vec<_>>().join("."))
            .collect();
        assert_eq!(places, ["body.targets_safe_area.0", "body.focus", "body.max_loss_percent"]);
        let computed =
            json!({"target_sizes": ["1x1"], "focus": {"x": 100.0 / 3.0, "y": 99.99}, "max_loss_percent": 0.1 * 3.0});
        let extras = Extras::read(&computed).unwrap().fields();
        assert_eq!((&extras["focus"], &extras["max_loss_percent"]), (&json!({"x": 33.3, "y": 100.0}), &json!(0.3)));
        let longer = json!({"target_sizes": ["1x1"], "targets_safe_area": [null, null]});
        assert!(Extras::read(&longer).is_err());
    }

    fn read(field: &str, value: Value) -> Option<Extras> {
        let mut body = json!({"target_sizes": ["1x1", "2x2"]});
        body[field] = value;
        Extras::read(&body).ok()
    }

    #[test]
    fn a_percentage_is_from_0_to_100_and_rounded_to_thousandths() {
        let share = |percent: Value| {
            read("max_loss_percent", percent).map(|extras| serde_json::to_value(extras.max_loss).unwrap())
        };
        for (percent, expected) in [
            (json!(0), json!(0.0)),
            (json!(100), json!(100.0)),
            (json!(12.34), json!(12.3)),
            (json!(12.35), json!(12.4)),
            (json!(99.96), json!(100.0)),
            (json!(0.04), json!(0.0)),
        ] {
            assert_eq!(share(percent.clone()), Some(expected), "{percent}");
        }
        for percent in [json!(-0.01), json!(100.01), json!("10"), json!([])] {
            assert_eq!(share(percent.clone()), None, "{percent}");
        }
        assert_eq!(read("max_loss_percent", Value::Null).unwrap(), Extras::default());
    }

    #[test]
    fn the_insets_of_a_safe_area_are_whole_pixels_up_to_65535_and_0_if_missing() {
        let areas = |area: Value| read("targets_safe_area", json!([area])).map(|extras| extras.safe_areas);
        assert_eq!(areas(json!({"top": 1, "right": 2, "bottom": 3, "left": 65_535})), Some(vec![[1, 2, 3, 65_535]]));
        assert_eq!(areas(json!({"left": 4})), Some(vec![[0, 0, 0, 4]]));
        assert_eq!(areas(json!({})), Some(vec![[0; 4]]));
        assert_eq!(areas(Value::Null), Some(vec![[0; 4]]));
        for area in [json!({"top": 65_536}), json!({"top": -1}), json!({"top": 1.5}), json!({"top": null}), json!(5)] {
            assert_eq!(areas(area.clone()), None, "{area}");
        }
    }

    #[test]
    fn there_are_at_most_as_many_safe_areas_as_target_sizes() {
        let count = |areas: Value| read("targets_safe_area", areas).map(|extras| extras.safe_areas.len());
        assert_eq!(count(json!([])), Some(0));
        assert_eq!(count(json!([null, null])), Some(2));
        assert_eq!(count(json!([null, null, null])), None);
        assert_eq!(count(json!({})), None);
    }

    #[test]
    fn a_focus_needs_both_x_and_y() {
        assert!(read("focus", json!({"x": 0, "y": 100})).is_some());
        for focus in [json!({"x": 0}), json!({"y": 0}), json!({"x": 0, "y": 100.1}), json!([0, 0])] {
            assert_eq!(read("focus", focus.clone()), None, "{focus}");
        }
    }

    #[test]
    fn each_size_has_its_safe_area_and_sizes_share_only_with_a_max_loss() {
        use smart_resize::Request;
        use smart_resize::wire::fal::InputLimits;

        let sizes = json!(["300x250", "728x90"]);
        let body = json!({"image_url": "https://a/b", "target_sizes": sizes});
        let input = SmartResizeInput::from_value(&body, &InputLimits::default()).unwrap();
        let applied = |extras: &Extras| {
            let builder = Request::builder(crate::testing::source()).sharing(Sharing::PerTarget);
            extras.apply(&input, builder).build().unwrap()
        };
        let extras = Extras { safe_areas: vec![[1, 2, 3, 4]], ..Extras::default() };
        let request = applied(&extras);
        let areas: Vec<_> = request.targets().iter().map(|target| target.safe_area).collect();
        assert_eq!(areas, [Insets::from_pixels(1, 2, 3, 4), Insets::default()]);
        assert_eq!((request.sharing(), request.focus()), (Sharing::PerTarget, Focus::CENTRE));
        let share = |thousandths| PerMille::new(thousandths).unwrap();
        let extras = Extras { focus: Some([share(100), share(200)]), max_loss: Some(share(7)), ..Extras::default() };
        let request = applied(&extras);
        assert_eq!(request.focus(), Focus::point(share(100), share(200)));
        assert_eq!(request.sharing(), Sharing::Shared { max_loss: share(7) });
    }
}
