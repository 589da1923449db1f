//! The terms that decide between framings, and how they add up to a plausibility and a cost.

use super::fixed::{ONE, ONE_Q8, logistic, q16};
use super::stretch::{Row, Stretch};
use crate::geometry::per_mille::PerMille;

/// The costs of a framing, in Q16.
pub(super) struct Terms {
    /// The salience outside the window.
    pub(super) lost: i64,
    /// The salience outside what the crop to the target keeps of the window.
    pub(super) lost_in_crop: i64,
    /// How visible the stretch is.
    pub(super) looks: Looks,
    /// The logarithm of the factor by which the caps of the rows were raised.
    pub(super) give: i64,
    /// The part of the columns that the window drops.
    pub(super) dropped: i64,
    /// The part of the columns that counts in the cost. In a blank margin it is a quarter of `dropped` and an eighth of the
    /// stretch.
    pub(super) dropped_area: i64,
    /// Things that the window cuts.
    pub(super) cut: i64,
    /// People that the window cuts or loses.
    pub(super) people: i64,
    /// Important content that the band cuts.
    pub(super) cut_by_band: i64,
    /// Important content outside the band.
    pub(super) outside: i64,
    /// How far the focus, or the picture, is from the window's middle.
    pub(super) off_centre: i64,
    pub(super) is_stretched: bool,
}

impl Terms {
    /// Returns how plausible it is that the result is a photograph in this framing.
    pub(super) fn plausibility(&self) -> PerMille {
        let logit = q16(36, 10)
            - self.lost_in_crop * 21 / 10
            - self.looks.shown * 3 / 2
            - self.looks.texture * 2
            - self.give * 7 / 10
            - self.dropped * 22 / 10
            - self.cut / 2
            - self.people * 2
            - self.cut_by_band * 8;
        logistic(logit)
    }

    /// Returns the cost. The plausible framing with the lowest cost is chosen.
    pub(super) fn cost(&self) -> i64 {
        self.lost * 4
            + self.dropped_area
            + self.looks.bent / 16
            + self.looks.shown * 3 / 2
            + self.looks.texture * 2
            + self.give * 7 / 10
            + self.cut
            + self.people * 2
            + self.off_centre
            + if self.is_stretched { ONE / 100 } else { 0 }
            + self.outside * 4
    }
}

/// How much of a stretch would be seen, in Q16.
pub(super) struct Looks {
    /// The mean stretch beyond 1, weighted by how much of the row should keep its shape.
    pub(super) shown: i64,
    /// The mean of the square of the stretch beyond 1, without blank edges.
    pub(super) bent: i64,
    /// The mean of the texture times the square of the stretch beyond 1.
    pub(super) texture: i64,
}

impl Looks {
    /// Measures the stretch of these rows.
    pub(super) fn new(rows: &[Row], stretch: &Stretch) -> Self {
        let (mut shown, mut weight, mut texture, mut bent) = (0_i128, 0_i128, 0_i128, 0_i128);
        for (row, extra) in rows.iter().zip(&stretch.extra) {
            let extra = i128::from(*extra);
            shown += i128::from(row.kept) * extra;
            weight += i128::from(row.kept);
            texture += i128::from(row.texture) * ((extra * extra) >> 16);
            bent += if row.blank { 0 } else { (extra * extra) >> 16 };
        }
        // A tenth of the rows counts as kept, so that the mean of a picture without a subject stays small.
        let (count, most) = (rows.len() as i128, i128::from(64 * ONE));
        let shown = shown / (weight + count * i128::from(ONE_Q8) / 10 + 1);
        let texture = texture / (count * i128::from(ONE_Q8));
        let bent = bent / count;
        Self { shown: shown.min(most) as i64, bent: bent.min(most) as i64, texture: texture.min(most) as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Terms {
        Terms {
            lost: 0,
            lost_in_crop: 0,
            looks: Looks { shown: 0, bent: 0, texture: 0 },
            give: 0,
            dropped: 0,
            dropped_area: 0,
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
            ("shown", |terms| &mut terms.looks.shown, 15),
            ("texture", |terms| &mut terms.looks.texture, 20),
            ("give", |terms| &mut terms.give, 7),
            ("dropped", |terms| &mut terms.dropped, 22),
            ("cut", |terms| &mut terms.cut, 5),
            ("people", |terms| &mut terms.people, 20),
            ("cut by the band", |terms| &mut terms.cut_by_band, 80),
            ("lost", |terms| &mut terms.lost, 0),
            ("bent", |terms| &mut terms.looks.bent, 0),
            ("dropped area", |terms| &mut terms.dropped_area, 0),
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
            ("dropped area", |terms| &mut terms.dropped_area, ONE),
            ("bent", |terms| &mut terms.looks.bent, ONE / 16),
            ("shown", |terms| &mut terms.looks.shown, ONE * 3 / 2),
            ("texture", |terms| &mut terms.looks.texture, 2 * ONE),
            ("give", |terms| &mut terms.give, ONE * 7 / 10),
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
    fn the_looks_of_a_stretch_are_means_over_its_rows() {
        let row = |kept, texture, blank| Row { kept, texture, rigid: false, blank };
        let rows = [row(ONE_Q8, 0, false), row(0, ONE_Q8, false), row(0, 0, true), row(0, 0, false)];
        let looks = |extra: [i64; 4]| {
            let Looks { shown, bent, texture } = Looks::new(&rows, &Stretch { extra: extra.to_vec(), give: ONE });
            [shown, bent, texture]
        };
        // One row of four is kept, and four tenths count as kept: 10 / 14.
        assert_eq!(looks([2 * ONE, 0, 0, 0]), [2 * ONE * 256 / 359, ONE, 0]);
        assert_eq!(looks([0, 2 * ONE, 0, 0]), [0, ONE, ONE], "the square of a stretch of texture");
        assert_eq!(looks([0, 0, 2 * ONE, 0]), [0; 3], "a blank edge");
        assert_eq!(looks([400 * ONE, 400 * ONE, 0, 0]), [64 * ONE; 3], "at most 64");
    }
}
