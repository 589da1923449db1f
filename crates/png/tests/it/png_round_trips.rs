//! Picture after picture, encoded with the scratch buffers that the last one left, and read back by the `png` crate
//! with every checksum.
//!
//! Most have at most twelve pixels a side: most of what can go wrong shows in few pixels, and more of them are tried.
//! One in [`LAW`] is a picture of the [laws]; one in [`MIDDLE`] mostly has several segments and more bytes than the
//! window; one in [`LARGE`] mostly has several strips.

use smart_resize_png::{Colour, Effort, Encoder, Scratch};

use crate::laws::{self, Picture};
use crate::pictures::EFFORTS;

const LAW: u64 = 200;
const MIDDLE: u64 = 2_000;
const LARGE: u64 = 200_000;

/// What the long test runs. Change both here for a longer run or another one.
const SEED: u64 = 1;
const ROUND_TRIPS: u64 = 10_000_000;

/// `cargo test --release -p smart-resize-png --test it -- --ignored --nocapture png_round_trips`
#[test]
#[ignore = "ten million round trips take minutes"]
fn png_round_trips() {
    round_trips(SEED, ROUND_TRIPS);
}

#[test]
fn pictures_one_after_the_other_are_read_back() {
    round_trips(7, 5000);
}

fn round_trips(seed: u64, count: u64) {
    let (mut random, mut scratch, mut decoded) = (Random::new(seed), Scratch::default(), Vec::new());
    for done in 1..=count {
        if done % LAW == 1 {
            hold_laws(&mut random);
        } else {
            let effort = random.one_of(&EFFORTS);
            let most = match done {
                _ if done % LARGE == 0 => 1500,
                _ if done % MIDDLE == 0 => 220,
                _ => 12,
            };
            let picture = draw(&mut random, most);
            let whole = picture.encoder(effort).encode(&picture.pixels, &mut scratch).unwrap();
            assert_read(&whole.bytes, &picture, effort, &mut decoded);
            if random.one_in(8) {
                let pieces = random.next().to_le_bytes();
                laws::rows_give_the_file_of_the_whole(&picture, effort, &whole, &pieces, &mut scratch);
            }
            if random.one_in(8) {
                indexed(&mut random, effort, &mut scratch, &mut decoded);
            }
        }
        if done % 1_000_000 == 0 {
            println!("{done} of {count} round trips, seed {seed}");
        }
    }
}

fn hold_laws(random: &mut Random) {
    let most = if random.one_in(16) { 3000 } else { 200 };
    let length = 24 + random.below(most);
    let data: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).collect();
    laws::encode_png(&data);
}

/// A picture of a palette.
fn indexed(random: &mut Random, effort: Effort, scratch: &mut Scratch, decoded: &mut Vec<u8>) {
    let most = random.one_of(&[2, 4, 16, 256]);
    let palette: Vec<[u8; 4]> = (0..=random.below(most)).map(|_| random.pixel()).collect();
    let (width, height) = (1 + random.below(20), 1 + random.below(20));
    let indices: Vec<u8> = (0..width * height).map(|_| random.below(palette.len()) as u8).collect();
    let pixels = indices.iter().flat_map(|index| palette[usize::from(*index)]).collect();
    let picture = Picture { width: width as u32, height: height as u32, colour: Colour::Rgba, pixels };
    let encoder = Encoder::new((picture.width, picture.height), Colour::Rgb).effort(effort);
    let file = encoder.encode_indexed(&palette, &indices, scratch).unwrap().bytes;
    assert_read(&file, &picture, effort, decoded);
}

/// Asserts that the `png` crate reads the picture, in a buffer that is kept.
fn assert_read(file: &[u8], picture: &Picture, effort: Effort, samples: &mut Vec<u8>) {
    let mut options = png::DecodeOptions::default();
    options.set_ignore_adler32(false);
    let mut decoder = png::Decoder::new_with_options(std::io::Cursor::new(file), options);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    samples.resize(reader.output_buffer_size().unwrap(), 0);
    let frame = reader.next_frame(samples).unwrap();
    reader.finish().unwrap();
    assert_eq!((frame.width, frame.height), (picture.width, picture.height));
    let found = samples.chunks(frame.color_type.samples()).map(laws::rgba);
    assert!(found.eq(picture.rgba()), "{picture:?} is read as another, {effort}: {file:?}");
}

/// Pixels that follow from one another in one of six ways, grey or coloured, with and without alpha.
fn draw(random: &mut Random, most: usize) -> Picture {
    let (width, height) = (1 + random.below(most), 1 + random.below(most));
    let (kind, channels) = (random.below(6), random.below(6));
    let colours: [[u8; 4]; 20] = std::array::from_fn(|_| random.pixel());
    let most_colours = random.one_of(&[4, 20]);
    let few = &colours[..=random.below(most_colours)];
    let (levels, range) = (random.one_of(&[(2, 255), (4, 85), (16, 17)]), 2 + random.below(5));
    let [across, down, _, _] = random.pixel().map(|slope| slope % 9);
    let (mut left, mut last) = (0, colours[0]);
    let rgba = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| {
        let [r, g, b, alpha] = match kind {
            0 => random.pixel(),
            1 => random.one_of(few),
            2 => random.pixel().map(|byte| byte % levels.0 * levels.1),
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
                colours[0].map(|byte| byte.wrapping_add(slope))
            }
            _ => {
                let grain = random.below(range) as u8;
                few[x / 4 % few.len()].map(|byte| byte.wrapping_add(grain))
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
    let (colour, pixels) = if channels < 3 {
        (Colour::Rgb, rgba.flat_map(|[r, g, b, _]| [r, g, b]).collect())
    } else {
        (Colour::Rgba, rgba.flatten().collect())
    };
    Picture { width: width as u32, height: height as u32, colour, pixels }
}

/// Splitmix64, so that adjacent seeds have nothing in common.
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

    /// A number from 0 to below `end`.
    const fn below(&mut self, end: usize) -> usize {
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }

    const fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    const fn pixel(&mut self) -> [u8; 4] {
        (self.next() as u32).to_le_bytes()
    }
}
