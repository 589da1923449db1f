//! The palette of a picture of many colours.
//!
//! 1. A sample of at most some 131,072 pixels, spread evenly over the picture, opaque and translucent ones apart.
//! 2. For each of the two, 256 colours by a small neural network (Dekker's NeuQuant, of the crate `color_quant`), or
//!    the colours themselves where there are no more.
//! 3. A few rounds of k-means: each colour becomes the mean of the sampled pixels that are nearest to it.
//! 4. Fewer colours by Ward's method: the two whose merging adds least to the squared error become one, and so on, to
//!    three quarters of what is allowed. So how many of them are opaque or translucent follows from what would be
//!    missed, and the network, which is poor at few colours, always learns 256.
//! 5. The last quarter are colours of the picture itself: those that add most to the squared error, one after the
//!    other. The network forgets what is rare, and is a little off where much is of one colour. Then k-means again.

use color_quant::NeuQuant;

use super::{Colour, Kind, MOST, Nearest, Point, distance, pixels, to_colour, to_point};
use crate::pixels::picture::Picture;

/// About the most pixels that are sampled.
const SAMPLE: u32 = 1 << 17;
/// About the most pixels that a network is trained with.
const LESSONS: usize = 1 << 15;
/// How often k-means is repeated.
const ROUNDS: usize = 3;

/// A palette, and what it was learned from.
pub(super) struct Learned {
    /// The sampled colours in order, each with the number of its pixels; no clear ones.
    sample: Vec<(Point, u32)>,
    /// No clear ones.
    entries: Vec<Entry>,
    has_clear: bool,
}

/// A colour of the palette, and how many of the sampled pixels are nearest to it.
#[derive(Clone, Copy)]
struct Entry {
    point: Point,
    weight: u64,
}

impl Learned {
    pub(super) fn from(picture: &Picture) -> Self {
        // Every so many pixels, by multiples of the golden ratio, of which no two fall close together: pixels whose
        // multiple, modulo 1, is below the share that is wanted.
        let share = u64::from(SAMPLE) << 32;
        let share = u32::try_from(share / u64::from(picture.size().area())).unwrap_or(u32::MAX);
        let mut place = 0_u32;
        let (mut opaque, mut translucent, mut has_clear) = (Vec::new(), Vec::new(), false);
        for colour in pixels(picture) {
            place = place.wrapping_add(0x9e37_79b9);
            let kind = match Kind::of(colour) {
                Kind::Clear => {
                    has_clear = true;
                    continue;
                }
                Kind::Translucent => &mut translucent,
                Kind::Opaque => &mut opaque,
            };
            // One of each kind in any case.
            if place <= share || kind.is_empty() {
                kind.push(to_point(colour));
            }
        }
        let points = |sampled: &[Point], kind| {
            let points = if has_at_most(sampled, MOST) { sampled.to_vec() } else { network(sampled, kind) };
            points.into_iter().map(|point| Entry { point, weight: 0 })
        };
        let mut entries: Vec<_> =
            points(&opaque, Kind::Opaque).chain(points(&translucent, Kind::Translucent)).collect();
        entries.sort_unstable_by_key(|entry| (Kind::of(entry.point), entry.point));
        entries.dedup_by_key(|entry| entry.point);

        let mut sampled = opaque;
        sampled.append(&mut translucent);
        sampled.sort_unstable();
        let mut sample: Vec<(Point, u32)> = Vec::new();
        for point in sampled {
            match sample.last_mut() {
                Some((last, count)) if *last == point => *count += 1,
                _ => sample.push((point, 1)),
            }
        }
        let mut learned = Self { sample, entries, has_clear };
        learned.refine();
        learned
    }

    /// The palette: at most as many colours as it was last reduced to. If the picture has clear, translucent or opaque
    /// pixels, then so has the palette.
    pub(super) fn colours(&self) -> Vec<Colour> {
        let clear = self.has_clear.then_some([0; 4]);
        clear.into_iter().chain(self.entries.iter().map(|entry| to_colour(entry.point))).collect()
    }

    /// To at most `most` colours, 3 or more, of which a clear one is one.
    pub(super) fn reduce_to(&mut self, most: usize) {
        let most = most - usize::from(self.has_clear);
        let learned = most - most / 4;
        while self.entries.len() > learned && self.merge_nearest() {}
        self.add_missed(most);
        self.refine();
    }

    /// Adds colours of the sample until there are `most`, or each is there.
    fn add_missed(&mut self, most: usize) {
        let points: Vec<_> = self.entries.iter().map(|entry| entry.point).collect();
        let nearest = [Kind::Clear, Kind::Translucent, Kind::Opaque].map(|kind| Nearest::new(&points, kind));
        let [_, translucent, opaque] = &nearest;
        let miss = |point: Point| {
            let nearest = if Kind::of(point) == Kind::Opaque { opaque } else { translucent };
            nearest.of(point).map_or(u32::MAX, |(found, _)| distance(found, point))
        };
        let mut misses: Vec<_> = self.sample.iter().map(|(point, count)| (*point, *count, miss(*point))).collect();
        while self.entries.len() < most {
            let error = |&&(_, count, miss): &&(Point, u32, u32)| u64::from(count) * u64::from(miss);
            let Some(&(added, ..)) = misses.iter().max_by_key(error).filter(|worst| error(worst) > 0) else { return };
            self.entries.push(Entry { point: added, weight: 0 });
            for (point, _, miss) in &mut misses {
                if Kind::of(*point) == Kind::of(added) {
                    *miss = distance(*point, added).min(*miss);
                }
            }
        }
    }

    /// Makes one of the two colours whose merging adds least to the squared error; whether there were two of a kind.
    fn merge_nearest(&mut self) -> bool {
        let mut least: Option<(u64, usize, usize)> = None;
        for (first, a) in self.entries.iter().enumerate() {
            for (second, b) in self.entries.iter().enumerate().skip(first + 1) {
                let distance = u64::from(distance(a.point, b.point));
                // No cost is less than that, which is faster to know.
                let at_least = distance * a.weight.min(b.weight) / 2;
                if least.is_some_and(|(least, ..)| at_least >= least) {
                    continue;
                }
                let cost = distance * (a.weight * b.weight) / (a.weight + b.weight).max(1);
                let is_least = least.is_none_or(|(least, ..)| cost < least);
                if is_least && Kind::of(a.point) == Kind::of(b.point) {
                    least = Some((cost, first, second));
                }
            }
        }
        let Some((_, first, second)) = least else { return false };
        let b = self.entries.remove(second);
        let a = &mut self.entries[first];
        let mut mean = Mean::default();
        mean.add(a.point, a.weight.max(1));
        mean.add(b.point, b.weight.max(1));
        let point = mean.point().expect("invariant: the mean of two colours exists");
        *a = Entry { point, weight: a.weight + b.weight };
        true
    }

    /// Rounds of k-means. A colour that is nearest to no pixel is dropped.
    fn refine(&mut self) {
        for _ in 0..ROUNDS {
            let kinds = [Kind::Translucent, Kind::Opaque];
            self.entries = kinds.into_iter().flat_map(|kind| self.means(kind)).collect();
        }
    }

    /// For each colour of `kind` the mean of the sampled pixels that are nearest to it.
    ///
    /// Kinds are looked at one by one: both together may have more colours than places.
    fn means(&self, kind: Kind) -> Vec<Entry> {
        let points = self.entries.iter().map(|entry| entry.point).filter(|point| Kind::of(*point) == kind);
        let points: Vec<_> = points.collect();
        let mut means = vec![Mean::default(); points.len()];
        let nearest = Nearest::new(&points, kind);
        for (point, count) in self.sample.iter().filter(|(point, _)| Kind::of(*point) == kind) {
            // There may be no colour of this kind.
            if let Some((_, at)) = nearest.of(*point) {
                means[usize::from(at)].add(*point, u64::from(*count));
            }
        }
        means.iter().filter_map(|mean| Some(Entry { point: mean.point()?, weight: mean.weight })).collect()
    }
}

fn has_at_most(points: &[Point], most: usize) -> bool {
    let mut found = Vec::new();
    points.iter().all(|point| match found.binary_search(point) {
        Ok(_) => true,
        Err(at) => {
            found.insert(at, *point);
            found.len() <= most
        }
    })
}

/// 256 points of `kind` that stand for all of `points`.
fn network(points: &[Point], kind: Kind) -> Vec<Point> {
    // It learns from every so many points, 30 at the most. Invariant: there are more than 256 points.
    let every = i32::try_from(points.len() / LESSONS).unwrap_or(30).clamp(1, 30);
    let learned = NeuQuant::new(every, MOST, points.as_flattened()).color_map_rgba();
    let of_kind = |&[r, g, b, alpha]: &Point| match kind {
        Kind::Opaque => [r, g, b, u8::MAX],
        Kind::Clear | Kind::Translucent => [r, g, b, alpha.clamp(1, u8::MAX - 1)],
    };
    learned.as_chunks::<4>().0.iter().map(of_kind).collect()
}

/// The mean of points.
#[derive(Clone, Default)]
struct Mean {
    sums: [u64; 4],
    weight: u64,
}

impl Mean {
    fn add(&mut self, point: Point, weight: u64) {
        for (sum, channel) in self.sums.iter_mut().zip(point) {
            *sum += u64::from(channel) * weight;
        }
        self.weight += weight;
    }

    /// Nothing, if it is of nothing. The mean of points of a kind is of that kind.
    fn point(&self) -> Option<Point> {
        let mean = |sum: u64| (sum + self.weight / 2).checked_div(self.weight).and_then(|mean| u8::try_from(mean).ok());
        let [r, g, b, alpha] = self.sums.map(mean);
        Some([r?, g?, b?, alpha?])
    }
}
