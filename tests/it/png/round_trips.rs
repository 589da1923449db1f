//! Picture after picture through the crate's own PNG encoder, in what the last one has left, and back by the `png` crate,
//! which looks at the sums.
//!
//! Most are of at most twelve pixels a side, since most of what can go wrong shows in few pixels, and more of them are
//! tried. One in [`LAW`] follows from bytes, as the fuzzer's do; one in [`MIDDLE`] mostly has several segments, and more
//! bytes than the window; one in [`LARGE`] mostly has several strips.

use std::time::Instant;

use arbitrary::Unstructured;
use smart_resize::pixels::encode::png::{PngScratch, encode_own};
use smart_resize::{Picture, PngEffort, Size};

use super::EFFORTS;
use crate::laws;

/// `ROUND_TRIPS=1000000 SEED=7 cargo test --release --test it -- --ignored --nocapture png_round_trips`
#[test]
#[ignore = "ten million round trips take minutes"]
fn png_round_trips() {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    round_trips(number("SEED").unwrap_or(1), number("ROUND_TRIPS").unwrap_or(10_000_000));
}

#[test]
fn pictures_one_after_the_other_are_read_back() {
    round_trips(7, 5000);
}

const LAW: u64 = 200;
const MIDDLE: u64 = 2_000;
const LARGE: u64 = 200_000;

fn round_trips(seed: u64, count: u64) {
    let (mut random, mut room) = (Random::new(seed), Room::default());
    let begin = Instant::now();
    for done in 1..=count {
        if done % LAW == 1 {
            by_the_law(&mut random, &mut room);
        } else {
            let effort = random.one_of(&EFFORTS);
            let most = if done % LARGE == 0 {
                1500
            } else if done % MIDDLE == 0 {
                220
            } else {
                12
            };
            let picture = room.draw(&mut random, most);
            room.encode(&picture, effort, random.one_in(8).then_some(&random.next().to_le_bytes()));
            room.drawn = picture.into_pixels();
        }
        if done % 1_000_000 == 0 || done == count {
            // Of all files, so that it can be told whether what was changed in the encoder has changed one.
            let (files, seconds) = (room.files.clone().finalize(), begin.elapsed().as_secs());
            println!("{done} of {count} round trips, seed {seed}, files {files:08x}, {seconds} s");
        }
    }
}

/// A picture of the law [`encode_png`](laws::encode_png), and for every sixteenth the whole law.
fn by_the_law(random: &mut Random, room: &mut Room) {
    let mut data = Vec::new();
    let most = if random.one_in(16) { 3000 } else { 200 };
    let length = 24 + random.below(most);
    while data.len() < length {
        data.extend(random.next().to_le_bytes());
    }
    // Mostly at most 20 pixels a side.
    if !random.one_in(16) {
        data[2..4].iter_mut().for_each(|side| *side %= 200);
    }
    let Ok((picture, effort)) = laws::any_picture(&mut Unstructured::new(&data)) else { return };
    room.encode(&picture, effort, Some(&data));
    if random.one_in(16) {
        laws::encode_png(&data);
    }
}

/// Splitmix64, so that seeds beside each other have nothing in common.
struct Random {
    state: u64,
}

impl Random {
    const fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x2545_f491_4f6c_dd1d) }
    }

    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From 0 on, below `end`.
    const fn below(&mut self, end: usize) -> usize {
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }

    const fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    const fn pixel(&mut self) -> [u8; 4] {
        (self.next() as u32).to_le_bytes()
    }
}

/// What pictures are drawn, encoded and decoded in, one after the other.
#[derive(Default)]
struct Room {
    scratch: PngScratch,
    drawn: Vec<u8>,
    decoded: Vec<u8>,
    files: crc32fast::Hasher,
}

impl Room {
    /// Pixels that go from one to the next in one of many ways, and are of any channels: red, green and blue or grey,
    /// with and without alpha.
    fn draw(&mut self, random: &mut Random, most: usize) -> Picture {
        let (width, height) = (1 + random.below(most), 1 + random.below(most));
        let (colours, channels) = (random.below(6), random.below(6));
        let some: [[u8; 4]; 20] = std::array::from_fn(|_| random.pixel());
        let most_colours = random.one_of(&[4, 20]);
        let few = &some[..=random.below(most_colours)];
        let (bits, range) = (random.one_of(&[(2, 255), (4, 85), (16, 17)]), 2 + random.below(5));
        let [across, down, _, _] = random.pixel().map(|slope| slope % 9);
        let (mut left, mut last) = (0, some[0]);
        let rgba = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| {
            let [r, g, b, alpha] = match colours {
                0 => random.pixel(),
                1 => random.one_of(few),
                2 => random.pixel().map(|byte| byte % bits.0 * bits.1),
                3 => {
                    if left == 0 {
                        let longest = random.one_of(&[3, 9, 9, 600]);
                        (left, last) = (1 + random.below(longest), random.one_of(few));
                    }
                    left -= 1;
                    last
                }
                4 => {
                    let slope = (x as u8).wrapping_mul(across).wrapping_add((y as u8).wrapping_mul(down));
                    some[0].map(|byte| byte.wrapping_add(slope))
                }
                _ => {
                    let grain = random.below(range) as u8;
                    some[x / 4 % few.len()].map(|byte| byte.wrapping_add(grain))
                }
            };
            match channels {
                0 | 1 => [r, g, b, 255],
                2 => [r, r, r, 255],
                3 => [r, r, r, alpha],
                4 => [r, g, b, if alpha % 2 == 0 { 255 } else { alpha }],
                _ => [r, g, b, alpha],
            }
        });
        let mut pixels = std::mem::take(&mut self.drawn);
        pixels.clear();
        let size = Size::new(width as u32, height as u32).unwrap();
        if channels < 3 {
            pixels.extend(rgba.flat_map(|[r, g, b, _]| [r, g, b]));
            return Picture::from_rgb(size, pixels).unwrap();
        }
        pixels.extend(rgba.flatten());
        Picture::from_rgba(size, pixels).unwrap()
    }

    /// Encodes the picture and reads it, and where there are `pieces`, also from rows that come in these.
    fn encode(&mut self, picture: &Picture, effort: PngEffort, pieces: Option<&[u8]>) {
        let (file, _) = encode_own(picture, effort, &mut self.scratch);
        self.files.update(&file);
        self.check(&file, picture, effort);
        let Some(pieces) = pieces else { return };
        let streamed = laws::streamed(pieces, picture, effort, &mut self.scratch);
        if laws::is_as_it_is(&file, picture) {
            assert!(streamed == file, "{picture:?} in pieces is another, {effort}");
        } else {
            self.check(&streamed, picture, effort);
        }
    }

    fn check(&mut self, file: &[u8], picture: &Picture, effort: PngEffort) {
        let mut options = png::DecodeOptions::default();
        options.set_ignore_adler32(false);
        let mut decoder = png::Decoder::new_with_options(std::io::Cursor::new(file), options);
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        self.decoded.resize(reader.output_buffer_size().unwrap(), 0);
        let frame = reader.next_frame(&mut self.decoded).unwrap();
        reader.finish().unwrap();
        let size = picture.size();
        assert_eq!((frame.width, frame.height), (size.width(), size.height()));
        let expected = picture.pixels().chunks(picture.layout().channels());
        let found = self.decoded.chunks(frame.color_type.samples());
        assert_eq!(found.len(), expected.len());
        let is_same = found.map(rgba).eq(expected.map(rgba));
        assert!(is_same, "{picture:?} {:?} is read as another, {effort}: {file:?}", picture.pixels());
    }
}

/// Of one to four channels.
fn rgba(pixel: &[u8]) -> [u8; 4] {
    match *pixel {
        [level] => [level, level, level, 255],
        [level, alpha] => [level, level, level, alpha],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, alpha] => [r, g, b, alpha],
        _ => panic!("{} channels", pixel.len()),
    }
}
