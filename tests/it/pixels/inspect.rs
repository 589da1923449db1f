//! Inspection finds drawn borders and blank pictures, and does not mistake other content for them.

use proptest::prelude::{Just, ProptestConfig, any, prop_assert_eq, prop_oneof, proptest};
use smart_resize::geometry::Rect;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, encode};
use smart_resize::pixels::inspect::{Findings, inspect};
use smart_resize::{Format, Size};

use crate::pictures::size;

/// A picture that a test draws.
#[derive(Clone)]
struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 3]>,
}

fn draw(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Canvas {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| colour(x, y)).collect();
    Canvas { width, height, pixels }
}

/// A pseudo-random number from 0 to 255.
fn hash(a: u32, b: u32) -> u8 {
    let mut state = (a + 1).wrapping_mul(0x9e37_79b9) ^ (b + 1).wrapping_mul(0x85eb_ca6b);
    state = (state ^ (state >> 15)).wrapping_mul(0x2c1b_3c6d);
    state = (state ^ (state >> 12)).wrapping_mul(0x297a_2d39);
    (state >> 24) as u8
}

/// A texture of medium brightness, without black, white or uniform areas.
fn textured(width: u32, height: u32, seed: u32) -> Canvas {
    draw(width, height, |x, y| {
        let patch = hash(x / 7 + seed, y / 5);
        [60 + patch / 2, 70 + patch / 2, 50 + hash(y / 9, x / 11 + seed) / 2]
    })
}

impl Canvas {
    /// Draws bars of these widths and colours at the top, right, bottom and left.
    fn framed(mut self, widths: [u32; 4], colours: [[u8; 3]; 4]) -> Self {
        let [top, right, bottom, left] = widths;
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = (index as u32 % self.width, index as u32 / self.width);
            let bars = [y < top, x >= self.width - right, y >= self.height - bottom, x < left];
            // The top and bottom bars are drawn last and span the whole width.
            for side in [1, 3, 0, 2] {
                if bars[side] {
                    *pixel = colours[side];
                }
            }
        }
        self
    }

    /// Adds noise with about this standard deviation.
    fn noisy(mut self, sigma: u32) -> Self {
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            for (channel, value) in pixel.iter_mut().enumerate() {
                let sum: u32 = (0..4).map(|k| u32::from(hash(index as u32, 4 * channel as u32 + k))).sum();
                // The sum of four bytes has a mean of 510 and a standard deviation of 148.
                let noise = (sum.cast_signed() - 510) * sigma.cast_signed() / 148;
                *value = (i32::from(*value) + noise).clamp(0, 255) as u8;
            }
        }
        self
    }

    /// Replaces each pixel by the mean of the 3x3 pixels around it.
    fn soft(&self) -> Self {
        let at = |x: i64, y: i64| {
            let (x, y) = (x.clamp(0, i64::from(self.width) - 1), y.clamp(0, i64::from(self.height) - 1));
            self.pixels[(y * i64::from(self.width) + x) as usize]
        };
        draw(self.width, self.height, |x, y| {
            let near = |channel: usize| {
                let offsets = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
                let sum: u32 =
                    offsets.map(|(dx, dy)| u32::from(at(i64::from(x) + dx, i64::from(y) + dy)[channel])).sum();
                (sum / 9) as u8
            };
            [near(0), near(1), near(2)]
        })
    }

    fn picture(&self) -> Picture {
        Picture::from_rgb(Size::new(self.width, self.height).unwrap(), self.pixels.concat()).unwrap()
    }

    fn after_jpeg(&self, quality: u8) -> Picture {
        let mut options = EncodeOptions::default();
        options.jpeg = JpegOptions::default().quality(quality);
        let file = encode(&self.picture(), Format::Jpeg, &options).unwrap().bytes;
        decode(&file, &DecodeOptions::default()).unwrap().picture
    }
}

/// The widths of the bars at the top, right, bottom and left.
fn widths(findings: &Findings) -> [u32; 4] {
    findings.border.map_or([0; 4], |frame| [frame.top, frame.right, frame.bottom, frame.left].map(|bar| bar.width))
}

const WHITE: [u8; 3] = [255; 3];
const BLACK: [u8; 3] = [0; 3];

#[test]
fn bars_of_every_width_are_found_exactly_on_one_or_more_sides() {
    // Every width up to 8, and then each with another remainder for every divisor that the search could use.
    for width in (1..=8).chain((9..=60).step_by(7)).chain([59, 60]) {
        for sides in [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1; 4]] {
            let drawn = sides.map(|side| side * width);
            let picture = textured(500, 480, width).framed(drawn, [WHITE, BLACK, WHITE, BLACK]);
            assert_eq!(widths(&inspect(&picture.picture())), drawn);
            let noisy = inspect(&picture.noisy(5).picture());
            assert_eq!(widths(&noisy), drawn, "with noise");
        }
    }
}

#[test]
fn a_border_has_colours_an_interior_and_a_description() {
    let colours = [[255, 255, 255], [200, 0, 30], [0, 0, 0], [0, 40, 220]];
    let picture = textured(500, 480, 0).framed([12, 20, 31, 4], colours).picture();
    let frame = inspect(&picture).border.unwrap();
    let found = [frame.top, frame.right, frame.bottom, frame.left].map(|bar| bar.colour);
    assert_eq!(found, colours.map(|[r, g, b]| [r, g, b, 255]));
    let words = "a border: 12 px at the top, 20 px at the right, 31 px at the bottom, 4 px at the left";
    assert_eq!(frame.to_string(), words);
    assert_eq!(frame.interior(picture.size()), Some(Rect::new(4, 12, size("476x437"))));
    assert_eq!(frame.interior(size("25x44")), Some(Rect::new(4, 12, size("1x1"))));
    assert_eq!((frame.interior(size("24x44")), frame.interior(size("25x43"))), (None, None));
}

#[test]
fn a_border_is_found_in_a_jpeg_within_two_pixels() {
    // Thin bars do not survive low qualities.
    for (quality, thinnest) in [(50, 16), (70, 6), (90, 3)] {
        for width in [thinnest, 17, 24, 41, 60] {
            for drawn in [[width, 0, width, 0], [0, width, 0, width], [width; 4]] {
                let canvas = textured(500, 480, width).framed(drawn, [BLACK; 4]).noisy(2);
                let found = widths(&inspect(&canvas.after_jpeg(quality)));
                let near = drawn
                    .iter()
                    .zip(found)
                    .all(|(drawn, found)| found.abs_diff(*drawn) <= 2 && (found > 0) == (*drawn > 0));
                assert!(near, "{found:?} of {drawn:?} at quality {quality}");
            }
        }
    }
}

#[test]
fn blurred_edges_belong_to_the_border() {
    for width in [5, 20, 47] {
        let soft = textured(500, 480, width).framed([width; 4], [WHITE; 4]).soft();
        // The blur mixes one pixel of the bar and one of the picture; the rest is unchanged.
        assert_eq!(widths(&inspect(&soft.picture())), [width + 1; 4]);
    }
}

#[test]
fn a_border_may_be_wider_than_the_interior() {
    let picture = textured(500, 480, 2).framed([190, 200, 190, 200], [WHITE; 4]).picture();
    assert_eq!(widths(&inspect(&picture)), [190, 200, 190, 200]);
}

#[test]
fn nested_borders_add_up() {
    let inner = textured(500, 480, 3).framed([23; 4], [BLACK; 4]);
    let nested = inner.framed([20; 4], [WHITE; 4]);
    let frame = inspect(&nested.picture()).border.unwrap();
    assert_eq!((frame.top.width, frame.left.width, frame.top.colour), (23, 23, [255; 4]));
}

#[test]
fn a_letterbox_around_a_dark_scene_is_found_if_one_side_contrasts() {
    // Only the lower third of the scene has lights.
    let scene =
        draw(640, 360, |x, y| if y < 240 { [hash(x / 9, y / 9) / 22; 3] } else { [20 + hash(x / 6, y / 6) / 2; 3] });
    let picture = scene.framed([40, 0, 40, 0], [BLACK; 4]).picture();
    assert_eq!(widths(&inspect(&picture)), [40, 0, 40, 0]);
}

#[test]
fn transparent_bars_are_found_whatever_their_hidden_colour() {
    let (width, height) = (300, 200);
    let canvas = textured(width, height, 0);
    let rgba = |clear: &dyn Fn(u32) -> bool| {
        let pixels = canvas.pixels.iter().enumerate().flat_map(|(index, &[r, g, b])| {
            let index = index as u32;
            if clear(index / width) { [hash(index, 1), hash(index, 2), hash(index, 3), 0] } else { [r, g, b, 255] }
        });
        Picture::from_rgba(Size::new(width, height).unwrap(), pixels.collect()).unwrap()
    };
    let frame = inspect(&rgba(&|y| !(15..185).contains(&y))).border.unwrap();
    assert_eq!((frame.top.width, frame.top.colour, frame.bottom.width), (15, [0; 4], 15));
    let blank = inspect(&rgba(&|_| true)).blank.unwrap();
    assert_eq!((blank.colour, blank.to_string()), ([0; 4], "a blank picture: transparent throughout".into()));
}

#[cfg(feature = "serde")]
#[test]
fn findings_are_written_as_json() {
    let found = inspect(&draw(64, 64, |_, _| WHITE).picture());
    let json = serde_json::json!({"border": null, "blank": {"colour": [255, 255, 255, 255]}});
    assert_eq!(serde_json::to_value(found).unwrap(), json);
}

/// Scenes that have no border and are not blank.
fn scenes() -> Vec<(&'static str, Canvas)> {
    let (w, h) = (640, 480);
    let disc = |x: u32, y: u32, cx: u32, cy: u32, r: u32| x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) <= r * r;
    let subject = |x, y| [90 + hash(x / 6, y / 6) / 4; 3];
    let glyph = |x: u32, y: u32| x % 12 < 9 && hash(x / 3, y / 4 + 7 * (y / 30)) > 120;
    vec![
        ("sky", draw(w, h, |x, y| [(90 + y / 6) as u8, (140 + y / 8) as u8, (230 - x / 80) as u8])),
        ("sky above a ridge", draw(w, h, |x, y| if y < 300 + x / 9 { [120, 170, 230] } else { subject(x, y) })),
        ("overcast above a tilted horizon", draw(w, h, |x, y| if y < 60 + x / 20 { WHITE } else { subject(x, y) })),
        ("snow", draw(w, h, |x, y| [220 + hash(x / 4, y / 4) / 8; 3])),
        ("fog", draw(w, h, |x, y| [(180 + (x + y) / 24) as u8; 3])),
        ("a vignette", draw(w, h, |x, y| [(240 - (x.abs_diff(320).pow(2) + y.abs_diff(240).pow(2)) / 900) as u8; 3])),
        (
            "a studio, floating subject",
            draw(w, h, |x, y| if disc(x, y, 320, 240, 150) { subject(x, y) } else { WHITE }),
        ),
        (
            "a studio, standing subject",
            draw(w, h, |x, y| if disc(x, y, 320, 480, 260) { subject(x, y) } else { [235; 3] }),
        ),
        (
            "a wide car",
            draw(w, h, |x, y| {
                let body = (80..560).contains(&x) && (240..330).contains(&y);
                let roof = disc(x, y, 320, 330, 170) && y < 330;
                if body || roof || disc(x, y, 170, 330, 45) || disc(x, y, 470, 330, 45) { subject(x, y) } else { WHITE }
            }),
        ),
        (
            "a wall above a table",
            draw(w, h, |x, y| {
                if y < 260 {
                    [226, 220, 210]
                } else if disc(x, y, 300, 320, 40) {
                    subject(x, y)
                } else {
                    [120, 90, 60]
                }
            }),
        ),
        (
            "a strip of ground",
            draw(w, h, |x, y| {
                if y > 440 {
                    [60, 140, 60]
                } else if disc(x, y, 200, 340, 100) {
                    subject(x, y)
                } else {
                    [150, 200, 240]
                }
            }),
        ),
        (
            "night",
            draw(w, h, |x, y| {
                if hash(x, y) > 253 && hash(y, x) > 200 {
                    WHITE
                } else if y > 380 + u32::from(hash(x / 40, 1)) / 4 {
                    [30 + hash(x / 5, y / 5) / 3; 3]
                } else {
                    [4, 5, 10]
                }
            }),
        ),
        (
            "text",
            draw(w, h, |x, y| {
                if (60..580).contains(&x) && (60..420).contains(&y) && y % 30 < 18 && glyph(x, y) {
                    BLACK
                } else {
                    WHITE
                }
            }),
        ),
        (
            "a title",
            draw(w, h, |x, y| {
                if (60..580).contains(&x) && (200..280).contains(&y) && x % 50 < 40 && (x % 50 < 12 || y % 34 < 12) {
                    BLACK
                } else {
                    WHITE
                }
            }),
        ),
        ("planks", draw(w, h, |x, y| if y % 40 < 3 { [30; 3] } else { [110 + hash(x / 9, y / 40) / 32; 3] })),
        (
            "a checked cloth",
            draw(
                w,
                h,
                |x, y| if y < 50 { [130 + 90 * ((x / 4 + y / 4) % 2) as u8; 3] } else { [hash(x / 6, y / 6) / 3; 3] },
            ),
        ),
        ("a lit post", draw(w, h, |x, y| if x < 31 { [(190 + y / 24) as u8; 3] } else { subject(x, y) })),
        ("texture", textured(w, h, 9)),
    ]
}

#[test]
fn the_edges_of_photographs_and_graphics_are_no_border() {
    for (name, scene) in scenes() {
        for (form, picture) in [
            ("as drawn", scene.picture()),
            ("noisy", scene.clone().noisy(4).picture()),
            ("soft", scene.soft().picture()),
            ("JPEG 50", scene.after_jpeg(50)),
            ("JPEG 85", scene.clone().noisy(2).after_jpeg(85)),
        ] {
            assert_eq!(inspect(&picture), Findings::default(), "{name}, {form}");
        }
    }
}

#[test]
fn one_colour_is_blank_even_with_noise_artefacts_or_a_speck() {
    for colour in [WHITE, BLACK, [128; 3], [40, 90, 200]] {
        let plain = draw(320, 200, |_, _| colour);
        let speck = draw(320, 200, |x, y| if x.max(y) < 12 { [255 - colour[0], 90, 90] } else { colour });
        for picture in [
            plain.picture(),
            plain.clone().noisy(5).picture(),
            plain.clone().noisy(5).after_jpeg(50),
            speck.picture(),
            draw(1, 1, |_, _| colour).picture(),
        ] {
            let found = inspect(&picture);
            let blank = found.blank.unwrap().colour;
            assert!(colour.iter().zip(blank).all(|(a, b)| a.abs_diff(b) <= 3), "{blank:?} of {colour:?}");
            assert_eq!(found.border, None);
        }
    }
    let blank = inspect(&draw(64, 64, |_, _| [1, 2, 255]).picture()).blank.unwrap();
    assert_eq!(blank.to_string(), "a blank picture: #0102ff throughout");
}

#[test]
fn a_small_subject_and_a_soft_gradient_are_not_blank() {
    let shows = |canvas: Canvas| assert_eq!(inspect(&canvas.picture()), Findings::default());
    // 3 % of the area.
    shows(draw(
        600,
        400,
        |x, y| if x.abs_diff(300).pow(2) + y.abs_diff(200).pow(2) < 2_300 { [40, 90, 60] } else { WHITE },
    ));
    shows(draw(600, 400, |x, _| [(100 + x / 15) as u8; 3]));
    shows(draw(600, 400, |_, y| [(100 + y / 10) as u8; 3]));
    shows(draw(600, 400, |x, y| [hash(x, y); 3]));
}

#[test]
fn a_blank_picture_in_a_border_is_reported_as_both() {
    let found = inspect(&draw(300, 300, |_, _| [200; 3]).framed([30; 4], [BLACK; 4]).picture());
    assert_eq!((widths(&found), found.blank.unwrap().colour), ([30; 4], [200, 200, 200, 255]));
    assert!(!found.is_empty() && Findings::default().is_empty());
}

#[test]
fn every_size_is_inspected_without_a_panic() {
    for width in (1..40).chain([63, 64, 65, 130]) {
        for height in [1, 2, 7, 8, 9, 31, 32, 33, 64, 100] {
            let found =
                inspect(&textured(width, height, 1).framed([height / 5, 0, height / 5, 0], [WHITE; 4]).picture());
            assert!(found.border.is_none_or(|frame| frame.interior(Size::new(width, height).unwrap()).is_some()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn inspect_finds_exactly_the_drawn_widths(
        widths_drawn in proptest::array::uniform4(prop_oneof![Just(0_u32), 1..=60_u32]),
        bright in any::<[bool; 4]>(),
        shade in 0..20_u8,
        seed in 0..10_000_u32,
        (width, height) in (480..700_u32, 480..700_u32),
    ) {
        let colours = bright.map(|bright| if bright { [255 - shade, 255, 255 - shade] } else { [shade, 0, shade] });
        let picture = textured(width, height, seed).framed(widths_drawn, colours).picture();
        prop_assert_eq!(widths(&inspect(&picture)), widths_drawn);
    }
}
