//! The terms that decide between framings, and how they add up to a plausibility and a cost.

use super::fixed::{ONE, ONE_Q8, logistic, q16};
use super::stretch::{Row, Stretch};
use crate::geometry::per_mille::PerMille;

/// What speaks against a framing, in Q16.
pub(super) struct Terms {
    /// The salience outside the window, and outside what the crop to the target keeps of it.
    pub(super) lost: i64,
    pub(super) lost_in_crop: i64,
    /// How visible the stretch is.
    pub(super) looks: Looks,
    /// The logarithm of how far the rows give.
    pub(super) give: i64,
    /// The part of the columns that the window drops.
    pub(super) dropped: i64,
    /// The same, as far as it counts in the cost.
    pub(super) dropped_area: i64,
    /// Things and people that the window cuts or loses.
    pub(super) cut: i64,
    pub(super) people: i64,
    /// Important content that the band cuts or that lies outside the band.
    pub(super) cut_by_band: i64,
    pub(super) outside: i64,
    /// How far the focus, or the picture, is from the window's middle.
    pub(super) off_centre: i64,
    pub(super) is_stretched: bool,
}

impl Terms {
    /// Returns how likely the result looks like a photograph that was framed so.
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

    /// Returns what the choice minimises.
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
