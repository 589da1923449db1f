//! Which source positions a target position is made of, along one axis, and with which weights in fixed point.

use std::f64::consts::PI;

/// The filters in use, each a function of the distance in pixels of the coarser side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Sharp: for what people see. A sinc under the middle lobe of a sinc three times as wide.
    Lanczos3,
    /// Soft and without ringing: for blurs. A standard deviation of half a pixel.
    Gaussian,
}

impl Filter {
    /// Beyond this distance there is nothing.
    const SUPPORT: f64 = 3.0;

    /// The value at a distance, up to a constant factor.
    fn at(self, distance: f64) -> f64 {
        match self {
            _ if distance.abs() >= Self::SUPPORT => 0.0,
            Self::Lanczos3 if distance == 0.0 => 1.0,
            Self::Lanczos3 => {
                // sin(pi x) sin(pi x / 3) / (pi x)(pi x / 3), and the sine of an angle by that of its third.
                let third = PI * distance / 3.0;
                let sine = third.sin();
                (3.0 - 4.0 * sine * sine) * sine * sine / (3.0 * third * third)
            }
            Self::Gaussian => (-2.0 * distance * distance).exp(),
        }
    }
}

/// The part of the source that one target position is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The first pair of source positions.
    pub(super) first: usize,
    /// How many pairs there are, and so pairs of weights.
    pub(super) pairs: usize,
    /// Where the weights begin.
    at: usize,
}

impl Window {
    /// The pair behind the last.
    pub(super) const fn end(&self) -> usize {
        self.first + self.pairs
    }
}

/// One axis of a resampling. Source positions are taken in pairs, an even one and the next, since that is how a processor
/// multiplies and adds them.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    windows: Vec<Window>,
    weights: Vec<[i16; 2]>,
    /// The weights of a window make 2 to this power.
    pub(super) precision: u32,
}

impl Axis {
    /// From so many source positions to so many target positions, both at least 1.
    pub(super) fn new(from: u32, to: u32, filter: Filter) -> Self {
        let scale = f64::from(from) / f64::from(to);
        let stretch = scale.max(1.0);
        let exact: Vec<_> =
            (0..to).map(|target| exact(from, (f64::from(target) + 0.5) * scale, stretch, filter)).collect();
        let precision = precision(&exact);
        let (mut windows, mut weights) = (Vec::with_capacity(exact.len()), Vec::new());
        for (start, exact) in exact {
            let at = weights.len();
            // So that a window begins with an even position, a weight of 0 may stand before the others.
            let odd = (start % 2 == 1).then_some(0);
            let mut fixed = odd.into_iter().chain(in_fixed_point(&exact, precision));
            while let Some(even) = fixed.next() {
                weights.push([even, fixed.next().unwrap_or(0)]);
            }
            windows.push(Window { first: start as usize / 2, pairs: weights.len() - at, at });
        }
        Self { windows, weights, precision }
    }

    /// One for each target position; neither their beginnings nor their ends ever go back.
    pub(super) fn windows(&self) -> &[Window] {
        &self.windows
    }

    pub(super) fn weights(&self, window: &Window) -> &[[i16; 2]] {
        self.weights.get(window.at..window.at + window.pairs).unwrap_or_default()
    }
}

/// The first source position that counts for a target position whose centre is at `centre`, and the weights from there
/// on, which make 1. What lies outside of the source counts nothing, and the rest so much more.
fn exact(from: u32, centre: f64, stretch: f64, filter: Filter) -> (u32, Vec<f64>) {
    let radius = Filter::SUPPORT * stretch;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the source")]
    let [start, end] = [centre - radius, centre + radius].map(|edge| edge.round().clamp(0.0, f64::from(from)) as u32);
    let weights = (start..end).map(|at| filter.at((f64::from(at) + 0.5 - centre) / stretch));
    let weights: Vec<_> = weights.collect();
    let sum: f64 = weights.iter().sum();
    (start, weights.into_iter().map(|weight| weight / sum).collect())
}

/// As fine as 16 bits with a sign allow, and so that sums of 16 bits times weights fit 32 bits.
fn precision(windows: &[(u32, Vec<f64>)]) -> u32 {
    let largest = |measure: fn(&[f64]) -> f64| windows.iter().map(|(_, weights)| measure(weights)).fold(0.0, f64::max);
    let weight = largest(|weights| weights.iter().fold(0.0, |most, weight| weight.abs().max(most)));
    let sum = largest(|weights| weights.iter().map(|weight| weight.abs()).sum());
    let fits = |bits: &u32| {
        let one = f64::from(1_u32 << bits);
        // A sample has 16 bits with its sign; half of a level is added for rounding.
        weight * one < 32_766.0 && (sum * one + 64.0) * 32_768.0 < f64::from(i32::MAX)
    };
    (8..=15).rev().find(fits).unwrap_or(8)
}

/// What is lost in rounding is carried on to the next, so that the sum is exact.
fn in_fixed_point(weights: &[f64], precision: u32) -> impl Iterator<Item = i16> {
    let one = f64::from(1_u32 << precision);
    let (mut sum, mut rounded) = (0.0, 0.0);
    weights.iter().map(move |weight| {
        sum += weight * one;
        let step = sum.round() - rounded;
        rounded += step;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the precision is such that it fits, and what does not saturates"
        )]
        {
            step as i16
        }
    })
}
