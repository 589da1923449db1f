//! Learns the palette of a picture of many colours.
//!
//! 1. Sample about 131,072 pixels or fewer, evenly spread over the picture. Opaque and translucent pixels are separate
//!    samples; transparent pixels need no palette.
//! 2. Choose up to 256 colours for each sample. If a sample has no more colours, these are its own. Otherwise a small
//!    neural network learns 256 (Dekker's NeuQuant, from the crate `color_quant`).
//! 3. Refine the colours with a few rounds of k-means: each colour becomes the mean of the sampled pixels that are
//!    nearest to it.
//! 4. Reduce the number of colours with Ward's method, to three quarters of the allowed number: repeatedly merge the
//!    two colours of one kind whose merging adds the least to the squared error. So the error decides how many colours
//!    are opaque and how many translucent. The network always learns 256 colours, since its results for few are poor.
//! 5. Fill the last quarter with colours of the sample: each time the one that contributes the most to the squared
//!    error. This corrects two faults of the network, which forgets rare colours and slightly misses a colour that
//!    covers a large area. Then run k-means again.

use color_quant::NeuQuant;

use super::{Kind, MOST, Nearest, Picture, Point, distance, to_colour, to_point};
use crate::palette::Rgba;

/// The approximate maximum number of sampled pixels.
const SAMPLE: u32 = 1 << 17;
/// The approximate maximum number of pixels that train a network.
const LESSONS: usize = 1 << 15;
/// The number of rounds of k-means.
const ROUNDS: usize = 3;

/// A palette, and the sample that it was learned from.
#[derive(Debug)]
pub(super) struct Learned {
    /// The sampled colours in ascending order, each with the number of its pixels. None is transparent.
    sample: Vec<(Point, u32)>,
    /// The palette without its transparent colour.
    entries: Vec<Entry>,
    /// Whether the picture has transparent pixels, and so the palette a transparent colour.
    has_transparent: bool,
}

/// A colour of the palette, and the number of sampled pixels that are nearest to it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    point: Point,
    weight: u64,
}

impl Learned {
    /// Learns a palette of up to 256 colours for each kind of pixels. [`reduce_to`](Self::reduce_to) must follow.
    pub(super) fn from(picture: Picture<'_>) -> Self {
        // Sampling with the golden ratio: pixel n is sampled if n times the golden ratio, modulo 1, is below the wanted
        // share. These multiples are evenly distributed, so the samples are evenly spread and follow no regular grid.
        // Fractions are in units of 2^-32.
        let share = u64::from(SAMPLE) << 32;
        // A picture of at most `SAMPLE` pixels is sampled completely.
        let share = u32::try_from(share / picture.area() as u64).unwrap_or(u32::MAX);
        let mut place = 0_u32;
        let (mut opaque, mut translucent, mut has_transparent) = (Vec::new(), Vec::new(), false);
        for colour in picture.pixels() {
            // The constant is the fractional part of the golden ratio, 0.618.
            place = place.wrapping_add(0x9e37_79b9);
            let kind = match Kind::of(colour) {
                Kind::Transparent => {
                    has_transparent = true;
                    continue;
                }
                Kind::Translucent => &mut translucent,
                Kind::Opaque => &mut opaque,
            };
            // The first pixel of each kind is always sampled, so that the palette has a colour of that kind.
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
        // The network may learn one point several times.
        entries.sort_unstable_by_key(|entry| (Kind::of(entry.point), entry.point));
        entries.dedup_by_key(|entry| entry.point);

        let mut sampled = opaque;
        sampled.append(&mut translucent);
        sampled.sort_unstable();
        let mut sample: Vec<(Point, u32)> = Vec::new();
        // Equal points are counted, so that every later step visits each colour once.
        for point in sampled {
            match sample.last_mut() {
                Some((last, count)) if *last == point => *count += 1,
                _ => sample.push((point, 1)),
            }
        }
        let mut learned = Self { sample, entries, has_transparent };
        learned.refine();
        learned
    }

    /// Returns the palette, with at most the number of colours that it was last reduced to. It has a colour of each
    /// kind of pixels that occurs in the picture.
    pub(super) fn colours(&self) -> Vec<Rgba> {
        let transparent = self.has_transparent.then_some([0; 4]);
        transparent.into_iter().chain(self.entries.iter().map(|entry| to_colour(entry.point))).collect()
    }

    /// Reduces the palette to at most `most` colours, including the transparent one. `most` is at least 3.
    pub(super) fn reduce_to(&mut self, most: usize) {
        let most = most - usize::from(self.has_transparent);
        let learned = most - most / 4;
        // k-means only drops entries, so the limit still holds after it.
        while self.entries.len() > learned && self.merge_nearest() {}
        self.add_missed(most);
        self.refine();
    }

    /// Adds colours of the sample until the palette has `most` entries or no error is left.
    ///
    /// `misses` has, for each sampled colour, its squared distance from the nearest entry. The colour with the largest
    /// product of count and distance is added next, and the distances are updated.
    fn add_missed(&mut self, most: usize) {
        let points: Vec<_> = self.entries.iter().map(|entry| entry.point).collect();
        let nearest = [Kind::Transparent, Kind::Translucent, Kind::Opaque].map(|kind| Nearest::new(&points, kind));
        let [_, translucent, opaque] = &nearest;
        let miss = |point: Point| {
            let nearest = if Kind::of(point) == Kind::Opaque { opaque } else { translucent };
            // A kind without an entry is as far as possible, so that its most frequent colour is added among the first.
            nearest.of(point).map_or(u32::MAX, |(found, _)| distance(found, point))
        };
        let mut misses: Vec<_> = self.sample.iter().map(|(point, count)| (*point, *count, miss(*point))).collect();
        while self.entries.len() < most {
            let error = |&&(_, count, miss): &&(Point, u32, u32)| u64::from(count) * u64::from(miss);
            let Some(&(added, ..)) = misses.iter().max_by_key(error).filter(|worst| error(worst) > 0) else { return };
            self.entries.push(Entry { point: added, weight: 0 });
            for (point, _, miss) in &mut misses {
                // Distances only shrink, and those to the older entries are known, so one comparison per colour
                // suffices. The distance of the added colour becomes 0, so it is not added twice.
                if Kind::of(*point) == Kind::of(added) {
                    *miss = distance(*point, added).min(*miss);
                }
            }
        }
    }

    /// Merges the two entries of one kind whose merging adds the least to the squared error. Returns false if no two
    /// entries are of one kind.
    ///
    /// By Ward's method, merging entries of weights a and b at the squared distance d adds `d * a * b / (a + b)`.
    fn merge_nearest(&mut self) -> bool {
        let mut least: Option<(u64, usize, usize)> = None;
        // Every merge compares all pairs. There are at most 512 entries, which bounds the time whatever the picture
        // shows.
        for (first, a) in self.entries.iter().enumerate() {
            for (second, b) in self.entries.iter().enumerate().skip(first + 1) {
                let distance = u64::from(distance(a.point, b.point));
                // A lower bound on the cost that needs no division: a * b / (a + b) is at least min(a, b) / 2.
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
        // `second` is behind `first`, so that its removal does not move `first`.
        let b = self.entries.remove(second);
        let a = &mut self.entries[first];
        let mut mean = Mean::default();
        mean.add(a.point, a.weight.max(1));
        mean.add(b.point, b.weight.max(1));
        let point = mean.point().expect("invariant: the mean of two colours exists");
        *a = Entry { point, weight: a.weight + b.weight };
        true
    }

    /// Runs k-means. An entry that is nearest to no sampled pixel is dropped.
    fn refine(&mut self) {
        for _ in 0..ROUNDS {
            let kinds = [Kind::Translucent, Kind::Opaque];
            self.entries = kinds.into_iter().flat_map(|kind| self.means(kind)).collect();
        }
    }

    /// Returns, for each entry of `kind`, the mean of the sampled pixels that are nearest to it.
    ///
    /// Each kind is processed on its own, since both together may have more than the 256 entries of a [`Nearest`].
    fn means(&self, kind: Kind) -> Vec<Entry> {
        let points = self.entries.iter().map(|entry| entry.point).filter(|point| Kind::of(*point) == kind);
        let points: Vec<_> = points.collect();
        let mut means = vec![Mean::default(); points.len()];
        let nearest = Nearest::new(&points, kind);
        for (point, count) in self.sample.iter().filter(|(point, _)| Kind::of(*point) == kind) {
            // `nearest` is empty if no entry is of this kind.
            if let Some((_, at)) = nearest.of(*point) {
                means[usize::from(at)].add(*point, u64::from(*count));
            }
        }
        means.iter().filter_map(|mean| Some(Entry { point: mean.point()?, weight: mean.weight })).collect()
    }
}

/// Whether there are at most `most` different points.
fn has_at_most(points: &[Point], most: usize) -> bool {
    let mut found = Vec::new();
    points.iter().all(|point| match found.binary_search(point) {
        Ok(_) => true,
        // The list has at most one entry more than `most` before the search ends.
        Err(at) => {
            found.insert(at, *point);
            found.len() <= most
        }
    })
}

/// Returns 256 points of `kind` that represent `points`, of which there must be more than 256.
fn network(points: &[Point], kind: Kind) -> Vec<Point> {
    // The network is trained with one point in `every`, from all points to one in 30. `color_quant` takes factors of 1
    // to 30. A smaller one learns better and takes longer.
    let every = i32::try_from(points.len() / LESSONS).unwrap_or(30).clamp(1, 30);
    let learned = NeuQuant::new(every, MOST, points.as_flattened()).color_map_rgba();
    // The network does not know kinds of pixels: alpha is set to the kind's range.
    let of_kind = |&[r, g, b, alpha]: &Point| match kind {
        Kind::Opaque => [r, g, b, u8::MAX],
        Kind::Transparent | Kind::Translucent => [r, g, b, alpha.clamp(1, u8::MAX - 1)],
    };
    learned.as_chunks::<4>().0.iter().map(of_kind).collect()
}

/// A weighted mean of points.
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

    /// Returns the mean, rounded. `None` if no point was added. The mean of points of one kind is of that kind.
    fn point(&self) -> Option<Point> {
        let mean = |sum: u64| (sum + self.weight / 2).checked_div(self.weight).and_then(|mean| u8::try_from(mean).ok());
        let [r, g, b, alpha] = self.sums.map(mean);
        Some([r?, g?, b?, alpha?])
    }
}
