//! The terms that decide between framings, and how they add up to a plausibility and a cost.
//!
//! A framing keeps a window of the source's columns and stretches the rows until they fill the frame (see `crop.rs`). The
//! crop to the target follows, and keeps a part of the frame. The band is the range in that part where important content
//! must lie. The plausibility judges what the viewer of the target sees. The cost also counts what is lost of the source.
//!
//! `docs/decisions/local-generator.md` says where the weights come from.

use super::fixed::{ONE, ONE_Q8, logistic, q16};
use super::stretch::{Row, Stretch};
use crate::geometry::per_mille::PerMille;

/// The terms of a framing, in Q16.
pub(super) struct Terms {
    /// The share of the salience that is outside the window.
    pub(super) lost: i64,
    /// The share of the salience that the target does not show: outside the window, or cut off by the crop to the target.
    pub(super) lost_in_crop: i64,
    /// How visible the stretch of the rows is.
    pub(super) stretch: Visibility,
    /// The natural logarithm of the factor by which the caps of the rows' stretch were raised (`Stretch::give`).
    pub(super) ln_give: i64,
    /// The share of the columns outside the window.
    pub(super) dropped: i64,
    /// What the dropped columns add to the cost: `dropped`. If the sides of the picture are blank, a quarter of it, and an
    /// eighth of the share by which the rows grow in all.
    pub(super) dropped_cost: i64,
    /// How much the window cuts off things.
    pub(super) cut: i64,
    /// How much the window cuts off people, or loses them.
    pub(super) people: i64,
    /// How much of the important content in the window is outside the band.
    pub(super) cut_by_band: i64,
    /// How far important content is outside the band, as a share of the frame.
    pub(super) outside: i64,
    /// How far the focus, or the picture's middle, is from the window's middle.
    pub(super) off_centre: i64,
    /// Whether any row is stretched. Such a framing costs a little more than its equal without a stretch.
    pub(super) is_stretched: bool,
}

impl Terms {
    /// Returns how plausible it is that the target passes for a picture of its shape.
    pub(super) fn plausibility(&self) -> PerMille {
        let logit = q16(36, 10)
            - self.lost_in_crop * 21 / 10
            - self.stretch.salient * 3 / 2
            - self.stretch.texture * 2
            - self.ln_give * 7 / 10
            - self.dropped * 22 / 10
            - self.cut / 2
            - self.people * 2
            - self.cut_by_band * 8;
        logistic(logit)
    }

    /// Returns the cost. The plausible framing with the lowest cost is chosen.
    pub(super) fn cost(&self) -> i64 {
        self.lost * 4
            + self.dropped_cost
            + self.stretch.squared / 16
            + self.stretch.salient * 3 / 2
            + self.stretch.texture * 2
            + self.ln_give * 7 / 10
            + self.cut
            + self.people * 2
            + self.off_centre
            + if self.is_stretched { ONE / 100 } else { 0 }
            + self.outside * 4
    }
}

/// How visible a stretch is: means over its rows, in Q16 and at most 64.
pub(super) struct Visibility {
    /// The mean of the stretch beyond 1, weighted by the salience of the rows.
    pub(super) salient: i64,
    /// The mean of the square of the stretch beyond 1. Blank rows count as 0.
    pub(super) squared: i64,
    /// The mean of the texture times the square of the stretch beyond 1.
    pub(super) texture: i64,
}

impl Visibility {
    /// Measures the stretch of these rows.
    pub(super) fn new(rows: &[Row], stretch: &Stretch) -> Self {
        let (mut salient, mut weight, mut texture, mut squared) = (0_i128, 0_i128, 0_i128, 0_i128);
        // Salience and texture are in Q8, the stretch in Q16.
        for (row, extra) in rows.iter().zip(&stretch.extra) {
            let extra = i128::from(*extra);
            salient += i128::from(row.salience) * extra;
            weight += i128::from(row.salience);
            texture += i128::from(row.texture) * ((extra * extra) >> 16);
            squared += if row.blank { 0 } else { (extra * extra) >> 16 };
        }
        // Unstretched rows of full salience, a tenth of all, are added to the mean. So it stays small in a picture without a
        // subject. The last 1 avoids a division by 0.
        let (count, most) = (rows.len() as i128, i128::from(64 * ONE));
        let salient = salient / (weight + count * i128::from(ONE_Q8) / 10 + 1);
        let texture = texture / (count * i128::from(ONE_Q8));
        let squared = squared / count;
        Self { salient: salient.min(most) as i64, squared: squared.min(most) as i64, texture: texture.min(most) as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Terms {
        Terms {
            lost: 0,
            lost_in_crop: 0,
            stretch: Visibility { salient: 0, squared: 0, texture: 0 },
            ln_give: 0,
            dropped: 0,
            dropped_cost: 0,
            cut: 0,
            people: 0,
            cut_by_band: 0,
            outside: 0,
            off_centre: 0,
            is_stretched: false,
        }
    }

    type Field = fn(&mut Terms) -> &mut i64;

    #[test]
    fn each_term_lowers_the_plausibility_by_its_weight() {
        assert_eq!(nothing().plausibility(), logistic(q16(36, 10)));
        let weights: [(&str, Field, i64); 13] = [
            ("lost in the crop", |terms| &mut terms.lost_in_crop, 21),
            ("salient", |terms| &mut terms.stretch.salient, 15),
            ("texture", |terms| &mut terms.stretch.texture, 20),
            ("give", |terms| &mut terms.ln_give, 7),
            ("dropped", |terms| &mut terms.dropped, 22),
            ("cut", |terms| &mut terms.cut, 5),
            ("people", |terms| &mut terms.people, 20),
            ("cut by the band", |terms| &mut terms.cut_by_band, 80),
            ("lost", |terms| &mut terms.lost, 0),
            ("squared", |terms| &mut terms.stretch.squared, 0),
            ("dropped cost", |terms| &mut terms.dropped_cost, 0),
            ("outside", |terms| &mut terms.outside, 0),
            ("off centre", |terms| &mut terms.off_centre, 0),
        ];
        for (name, field, tenths) in weights {
            let mut terms = nothing();
            *field(&mut terms) = ONE;
            assert_eq!(terms.plausibility(), logistic(q16(36 - tenths, 10)), "{name}");
        }
    }

    #[test]
    fn each_term_raises_the_cost_by_its_weight() {
        let weights: [(&str, Field, i64); 13] = [
            ("lost", |terms| &mut terms.lost, 4 * ONE),
            ("dropped cost", |terms| &mut terms.dropped_cost, ONE),
            ("squared", |terms| &mut terms.stretch.squared, ONE / 16),
            ("salient", |terms| &mut terms.stretch.salient, ONE * 3 / 2),
            ("texture", |terms| &mut terms.stretch.texture, 2 * ONE),
            ("give", |terms| &mut terms.ln_give, ONE * 7 / 10),
            ("cut", |terms| &mut terms.cut, ONE),
            ("people", |terms| &mut terms.people, 2 * ONE),
            ("off centre", |terms| &mut terms.off_centre, ONE),
            ("outside", |terms| &mut terms.outside, 4 * ONE),
            ("lost in the crop", |terms| &mut terms.lost_in_crop, 0),
            ("dropped", |terms| &mut terms.dropped, 0),
            ("cut by the band", |terms| &mut terms.cut_by_band, 0),
        ];
        for (name, field, weight) in weights {
            let mut terms = nothing();
            *field(&mut terms) = ONE;
            assert_eq!(terms.cost(), weight, "{name}");
        }
        assert_eq!(Terms { is_stretched: true, ..nothing() }.cost(), ONE / 100, "any stretch");
    }

    #[test]
    fn the_visibility_of_a_stretch_is_a_mean_over_its_rows() {
        let row = |salience, texture, blank| Row { salience, texture, rigid: false, blank };
        let rows = [row(ONE_Q8, 0, false), row(0, ONE_Q8, false), row(0, 0, true), row(0, 0, false)];
        let visibility = |extra: [i64; 4]| {
            let stretch = Stretch { extra: extra.to_vec(), give: ONE };
            let Visibility { salient, squared, texture } = Visibility::new(&rows, &stretch);
            [salient, squared, texture]
        };
        // One row of four is salient, and four tenths are added: 256 / (256 + 4 * 256 / 10 + 1), about 10 / 14.
        assert_eq!(visibility([2 * ONE, 0, 0, 0]), [2 * ONE * 256 / 359, ONE, 0]);
        assert_eq!(visibility([0, 2 * ONE, 0, 0]), [0, ONE, ONE], "the square of a stretch of texture");
        assert_eq!(visibility([0, 0, 2 * ONE, 0]), [0; 3], "a blank edge");
        assert_eq!(visibility([400 * ONE, 400 * ONE, 0, 0]), [64 * ONE; 3], "at most 64");
    }
}
