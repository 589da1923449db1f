//! The sample picture: a product shot of an amber glass bottle with the label AURA. The bottle stands on a stone ledge
//! between an olive sprig and an orange, in front of hazy hills and a sunset.
//!
//! The scene is computed per pixel, back to front, from three ingredients: signed distances to the outlines of shapes
//! (negative inside), colour gradients, and value noise. Coordinates are in pixels from the upper left corner, and
//! colours are in linear light. The code uses only operations whose result IEEE 754 defines exactly, so the picture has
//! the same bytes on every machine.

use std::ops::{Add, Mul};
use std::thread;

const WIDTH: u16 = 1536;
const HEIGHT: u16 = 1024;
/// The number of rows that one thread draws.
const BAND: u16 = 128;

/// The centre of the sun.
const SUN: (f32, f32) = (984.0, 424.0);
const SUN_RADIUS: f32 = 42.0;
/// The offset into the noise of the clouds. It selects their pattern.
const CLOUD_SEED: f32 = 13.0;
/// The y coordinate of the eye level. Shapes above it are seen from below, and shapes below it from above.
const EYE: f32 = 560.0;
/// The y coordinate of the far edge of the ledge.
const LEDGE: f32 = 756.0;

/// The bottle: the x coordinate of its axis, the y coordinate of its foot, and its half width.
const AXIS: f32 = 744.0;
const FOOT: f32 = 888.0;
const GIRTH: f32 = 146.0;
/// The orange: its centre and radius.
const ORANGE: (f32, f32, f32) = (948.0, 846.0, 74.0);

const SUNLIGHT: Rgb = hex(0xff_cc_8c);
/// The colours of the sky from the zenith to the horizon.
const SKY: [Rgb; 5] = [hex(0x5a_6c_a6), hex(0x87_83_b8), hex(0xc4_9c_b6), hex(0xec_a8_98), hex(0xf2_b4_8c)];
const HORIZON: f32 = 640.0;
/// The reflections in the cap, from left to right.
const BRASS: [Rgb; 5] = [hex(0x66_46_30), hex(0xe0_b4_7e), hex(0x84_58_38), hex(0xfb_da_a6), hex(0xa0_6c_40)];
const MIST: Rgb = hex(0xf2_b8_a0);
const HILLS: [Hill; 4] = [
    Hill { foot: 640.0, rise: 150.0, breadth: 420.0, seed: 3.7, color: hex(0xc0_95_a8) },
    Hill { foot: 690.0, rise: 170.0, breadth: 350.0, seed: 11.3, color: hex(0x96_76_92) },
    Hill { foot: 745.0, rise: 170.0, breadth: 300.0, seed: 23.1, color: hex(0x74_5c_78) },
    Hill { foot: 796.0, rise: 172.0, breadth: 270.0, seed: 42.9, color: hex(0x55_44_58) },
];

/// Draws the sample picture. Returns its width, its height and its rows of RGB pixels.
pub(crate) fn sample() -> (u32, u32, Vec<u8>) {
    let row_len = 3 * usize::from(WIDTH);
    let mut pixels = vec![0; row_len * usize::from(HEIGHT)];
    thread::scope(|scope| {
        for (top, band) in (0..HEIGHT).step_by(BAND.into()).zip(pixels.chunks_mut(row_len * usize::from(BAND))) {
            scope.spawn(move || draw(band, top));
        }
    });
    (WIDTH.into(), HEIGHT.into(), pixels)
}

/// Draws a band of rows that begins at the row `top`.
fn draw(band: &mut [u8], top: u16) {
    let places = (top..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| (column, row)));
    for ((column, row), pixel) in places.zip(band.chunks_exact_mut(3)) {
        let color = scene(f32::from(column) + 0.5, f32::from(row) + 0.5);
        pixel.copy_from_slice(&develop(color, column, row));
    }
}

/// Returns the colour of the scene at a point.
fn scene(x: f32, y: f32) -> Rgb {
    let color = if y < LEDGE { backdrop(&HILLS, x, y) } else { ledge(x, y) };
    orange(bottle(sprig(color, x, y), x, y), x, y)
}

/// Returns the colour of the hills in front of the sky. `hills` are sorted from far to near.
fn backdrop(hills: &[Hill], x: f32, y: f32) -> Rgb {
    let Some((hill, farther)) = hills.split_last() else {
        return sky(x, y);
    };
    let depth = hill.depth(x, y);
    match fade(-1.6, 1.6, depth) {
        0.0 => backdrop(farther, x, y),
        1.0 => hill.shade(x, y, depth),
        part => mix(backdrop(farther, x, y), hill.shade(x, y, depth), part),
    }
}

/// Returns the colour of the sky with the sun and the clouds.
fn sky(x: f32, y: f32) -> Rgb {
    let (dx, dy) = (x - SUN.0, y - SUN.1);
    let halo = falloff(dx / 70.0, dy / 70.0);
    let glow = falloff(dx / 330.0, dy / 250.0);
    let disc = fade(SUN_RADIUS + 2.0, SUN_RADIUS - 2.0, length(dx, dy));
    let clear = gradient(&SKY, y / HORIZON) + SUNLIGHT * (0.28 * glow + 0.5 * halo);
    let clear = mix(clear, hex(0xff_f4_d8) * 4.0, disc);
    let here = cloud(x, y, 5);
    if here == 0.0 {
        return clear;
    }
    let toward_sun = cloud(x - dx * 0.06, y - dy * 0.06 + 8.0, 3);
    let lit = (0.42 + 1.1 * (here - toward_sun) + 0.5 * glow).clamp(0.0, 1.0);
    let shade = mix(gradient(&SKY, (y + 40.0) / HORIZON) * 0.78, hex(0xff_c9_a6) + SUNLIGHT * (0.5 * glow), lit);
    mix(clear, shade, here * 0.8)
}

/// Returns the density of the clouds, which are long streaks and thinner near the horizon.
fn cloud(x: f32, y: f32, octaves: u32) -> f32 {
    if y > HORIZON {
        return 0.0;
    }
    let warp = noise(x / 300.0, y / 120.0 + 40.0);
    let density = fbm(x / 340.0 + 0.8 * warp + CLOUD_SEED, y / 96.0 + 0.4 * warp, octaves);
    fade(0.47, 0.84, density) * fade(HORIZON, 430.0, y)
}

struct Hill {
    foot: f32,
    rise: f32,
    breadth: f32,
    seed: f32,
    color: Rgb,
}

impl Hill {
    /// Returns the depth of a point below the ridge. The value is not exact far above all peaks, where only its sign
    /// matters.
    fn depth(&self, x: f32, y: f32) -> f32 {
        let above_foot = self.foot - y;
        if above_foot > 0.85 * self.rise {
            return -above_foot;
        }
        self.rise * fbm(x / self.breadth + self.seed, self.seed, 4) - above_foot
    }

    fn shade(&self, x: f32, y: f32, depth: f32) -> Rgb {
        let woods = 0.92 + 0.16 * fbm(x / 26.0 + self.seed, y / 15.0, 2);
        let haze = 0.62 * fade(0.0, 140.0, depth);
        let glow = falloff((x - SUN.0) / 330.0, (y - SUN.1) / 330.0);
        mix(self.color * woods, MIST, haze) + SUNLIGHT * (0.30 * glow)
    }
}

/// Returns the colour of the stone ledge, with the glare of the sun, the shadows and the light through the glass.
fn ledge(x: f32, y: f32) -> Rgb {
    let near = 200.0 / (y - EYE).max(1.0);
    let (across, along) = ((x - AXIS) * near / 60.0, near * 14.0);
    let veins = fbm(across * 0.5 + 9.0, along * 1.6, 4);
    let grain = noise(x / 2.1, y / 1.5);
    let stone = mix(hex(0xc9_a0_88), hex(0xe4_c0_a4), fade(0.2, 0.8, veins)) * (0.93 + 0.13 * grain);
    let lit = stone * mix(hex(0xff_f4_ec), hex(0xc4_ac_b4), fade(LEDGE, 1030.0, y));
    let glare = falloff((x - SUN.0) / 280.0, (y - LEDGE) / 80.0);
    let lit = lit + SUNLIGHT * (0.5 * glare);
    let down = y - FOOT;
    let beam = falloff((x - AXIS + 0.95 * down + 30.0) / 50.0, (down - 34.0) / 34.0);
    lit * (1.0 - bottle_shadow(x, y)) * (1.0 - orange_shadow(x, y)) + hex(0xf0_82_28) * (0.62 * beam * beam)
}

fn bottle_shadow(x: f32, y: f32) -> f32 {
    let down = y - FOOT + 20.0;
    let side = (x - AXIS + down * 0.95).abs() - GIRTH * 0.94;
    let soft = 8.0 + down.max(0.0) * 0.3;
    let cast = fade(soft, -soft, side) * fade(-14.0, 10.0, down) * fade(145.0, 10.0, down);
    let contact = falloff((x - AXIS) / (GIRTH * 0.9), (down - 12.0) / 14.0);
    (0.80 * cast).max(0.92 * contact * contact)
}

fn orange_shadow(x: f32, y: f32) -> f32 {
    let (cx, cy, r) = ORANGE;
    let down = y - cy - r;
    let cast = falloff((x - cx + 34.0 + 1.4 * down) / r, (down + 2.0) / 24.0);
    let contact = falloff((x - cx + 6.0) / (r * 0.55), (down + 5.0) / 9.0);
    (0.80 * cast * cast).max(0.95 * contact)
}

/// Draws the sprig behind the bottle: pairs of leaves along a bent stem, with the sun shining through them.
fn sprig(behind: Rgb, x: f32, y: f32) -> Rgb {
    if !(440.0..AXIS).contains(&x) || !(360.0..840.0).contains(&y) {
        return behind;
    }
    let stem = |t: f32| (618.0 - 30.0 * t - 62.0 * t * t, 836.0 - 470.0 * t + 74.0 * t * t);
    let mut color = behind;
    for step in 0..10_u8 {
        let t = f32::from(step) / 10.0;
        let (from, to) = (stem(t), stem(t + 0.1));
        let twig = line(x, y, from, to) - 2.6 + 1.4 * t;
        color = mix(color, hex(0x5c_5a_3c), cover(twig));
        let (ux, uy) = ((to.0 - from.0) / 50.0, (to.1 - from.1) / 50.0);
        let size = 104.0 - 52.0 * t;
        color = leaf(color, (x - to.0, y - to.1), (0.6 * ux - 0.8 * uy, 0.8 * ux + 0.6 * uy), size);
        color = leaf(color, (x - from.0, y - from.1), (0.6 * ux + 0.8 * uy, 0.6 * uy - 0.8 * ux), size);
    }
    color
}

/// Draws a leaf from the origin in the direction (`dx`, `dy`).
fn leaf(behind: Rgb, (x, y): (f32, f32), (dx, dy): (f32, f32), size: f32) -> Rgb {
    let scale = size * length(dx, dy);
    let (along, across) = ((x * dx + y * dy) / scale, (y * dx - x * dy) / scale);
    if !(0.0..=1.0).contains(&along) {
        return behind;
    }
    let across = across + 0.25 * along * (1.0 - along);
    let half = 0.5 * along * (1.0 - along) * (1.5 - along);
    let vein = fade(0.035, 0.0, across.abs()) * (1.0 - along);
    let light = 0.55 + 0.35 * along + 0.3 * fade(-0.02, 0.02, across) + 0.25 * vein;
    let green = mix(hex(0x5f_78_58), hex(0xb4_b0_70), 0.5 * along) * light;
    mix(behind, green, cover((across.abs() - half) * size))
}

/// Draws the bottle: the glass, the label on it, and the cap.
fn bottle(behind: Rgb, x: f32, y: f32) -> Rgb {
    let across = (x - AXIS) / GIRTH;
    if across.abs() > 1.1 || !(180.0..910.0).contains(&y) {
        return behind;
    }
    // The rims of a round body are ellipses, which are rounder the farther they are from eye level. Shifting y by the
    // square of the distance from the axis bends the straight outlines to such ellipses.
    let bent = y + (y - EYE) * 0.05 * across * across;
    let body = slab(x, bent, 452.0, FOOT, GIRTH, if bent < 600.0 { 92.0 } else { 26.0 });
    let neck = slab(x, bent, 340.0, 500.0, 58.0, 6.0);
    let glass = blend(body, neck, 36.0);
    let color = mix(behind, shade_glass(x, y, bent, glass), cover(glass));
    let color = mix(color, shade_label(x, bent), cover(slab(x, bent, 566.0, 806.0, 114.0, 5.0)));
    let cap = slab(x, bent, 252.0, 372.0, 68.0, 9.0);
    let color = color * (1.0 - 0.5 * fade(0.0, -1.0, glass) * fade(392.0, 368.0, bent));
    mix(color, shade_cap(x, bent), cover(cap))
}

/// Returns the colour of the glass. `bent` is y along the rounded outlines, and `depth` the distance to the outline.
fn shade_glass(x: f32, y: f32, bent: f32, depth: f32) -> Rgb {
    let wide = 58.0 + (GIRTH - 58.0) * fade(420.0, 530.0, y);
    let side = ((x - AXIS) / wide).clamp(-1.0, 1.0);
    let thick = (1.0 - side * side).sqrt();
    // A filled bottle is a lens. It shows the background mirrored.
    let through = backdrop(&HILLS[..2], AXIS - side * 300.0 + 90.0, 300.0 + (y - 300.0) * 0.66);
    let filled = fade(467.0, 473.0, bent - 10.0 * thick);
    let base = fade(FOOT - 26.0, FOOT - 16.0, bent + 8.0 * side * side);
    let amber = mix(hex(0xf6_b0_58), hex(0xa8_4a_12), thick * (0.30 + 0.70 * filled - 0.5 * base));
    let surface = fade(3.0, 0.0, (bent - 470.0 - 10.0 * thick).abs()) * fade(1.0, 0.9, side.abs());
    let glow = 1.0 + 0.45 * surface + 0.6 * falloff(side - 0.55, (y - 840.0) / 130.0);
    let glass = through * amber * (glow * (0.30 + 0.70 * fade(0.0, 30.0, -depth)));
    let rim = fade(15.0, 3.0, -depth) * fade(-0.5, 2.5, -depth);
    let sunny = fade(-0.2, 1.0, side);
    let strip = fade(-0.90, -0.86, side) * fade(-0.70, -0.76, side) * fade(520.0, 640.0, y) * fade(860.0, 780.0, y);
    let spark = falloff((side + 0.5) / 0.10, (y - 490.0) / 22.0);
    glass + SUNLIGHT * (rim * (0.10 + 0.80 * sunny)) + hex(0xff_ee_e6) * (0.4 * strip + 0.35 * spark * spark)
}

/// Returns the colour of the label with its wordmark and its emblem.
fn shade_label(x: f32, y: f32) -> Rgb {
    let side = (x - AXIS) / GIRTH;
    // The distance along the round surface from the front: the first terms of the arcsine.
    let turn = GIRTH * side * (1.0 + side * side * (1.0 / 6.0 + side * side * 0.075));
    let light = 0.90 + 0.30 * side - 0.28 * side * side;
    let fiber = 0.97 + 0.03 * noise(x / 1.5, y / 2.3) + 0.03 * noise(x / 9.0, y / 7.0);
    let paper = mix(hex(0xf0_de_d6), hex(0xff_ee_d2), 0.5 + 0.5 * side) * (fiber * light);
    let ink = cover(wordmark(turn * 1.12, (y - 714.0) * 1.12).min(emblem(turn, y - 650.0)));
    mix(paper, hex(0x3c_2a_28) * (0.5 + 0.5 * light), ink)
}

/// Returns the colour of the brass cap.
fn shade_cap(x: f32, y: f32) -> Rgb {
    let side = (x - AXIS) / 68.0;
    let brushed = 0.94 + 0.10 * noise(x / 1.3, y / 60.0);
    let groove = 1.0 - 0.55 * fade(2.4, 0.6, (y - 352.0).abs()) + 0.5 * fade(2.0, 0.4, (y - 355.0).abs());
    let edge = 1.0 + 0.5 * fade(4.0, 0.5, (y - 256.0).abs());
    gradient(&BRASS, 0.5 + 0.5 * side) * (brushed * groove * edge)
}

/// Returns the distance to the letters AURA and the line below them.
fn wordmark(x: f32, y: f32) -> f32 {
    let letter_a = |x: f32| line(x, y, (0.0, -25.0), (20.0, 25.0)).min(line(x, y, (0.0, 9.0), (13.0, 9.0)));
    let letter_u = |x: f32| {
        if y < 8.0 { line(x, y, (17.0, -25.0), (17.0, 8.0)) } else { (length(x, y - 8.0) - 17.0).abs() }
    };
    let letter_r = |x: f32| {
        let bars = line(x, (y + 11.5).abs(), (-14.0, 13.5), (2.0, 13.5));
        let bowl = if x < 2.0 { bars } else { (length(x - 2.0, y + 11.5) - 13.5).abs() };
        bowl.min(line(x, y, (-14.0, -25.0), (-14.0, 25.0))).min(line(x, y, (0.0, 2.0), (15.0, 25.0)))
    };
    // The two letters A are at the same distance from the centre, and A and U are each symmetric, so absolute values
    // of x suffice.
    let letters = letter_a((x.abs() - 84.0).abs()).min(letter_u((x + 29.0).abs())).min(letter_r(x - 31.0));
    (letters - 3.1).min(line(x, y, (-26.0, 56.0), (26.0, 56.0)) - 1.2)
}

/// Returns the distance to the emblem, a rising sun.
fn emblem(x: f32, y: f32) -> f32 {
    let disc = (length(x, y) - 12.0).max(y);
    let rays = [((0.0, -19.0), (0.0, -30.0)), ((13.4, -13.4), (21.2, -21.2)), ((19.0, 0.0), (30.0, 0.0))];
    rays.iter().map(|&(from, to)| line(x.abs(), y, from, to) - 1.4).fold(disc, f32::min)
}

/// Draws the orange as a sphere whose normal is (`nx`, `ny`, `nz`), with a bumpy peel, a stalk and a leaf.
fn orange(behind: Rgb, x: f32, y: f32) -> Rgb {
    let (cx, cy, r) = ORANGE;
    let (nx, ny) = ((x - cx) / r, (y - cy) / r);
    if nx.abs() > 1.6 || ny.abs() > 1.6 {
        return behind;
    }
    let nz = (1.0 - nx * nx - ny * ny).max(0.0).sqrt();
    let bulge = 30.0 / (0.5 + 0.5 * nz);
    let peel = noise(nx * bulge, ny * bulge) + 0.6 * noise(nx * bulge * 0.5, ny * bulge * 0.5 + 50.0) - 0.8;
    let sun = fade(-0.25, 0.95, 0.66 * nx - 0.62 * ny - 0.12 * nz + 0.06 * peel);
    let fill = 0.22 + 0.20 * (0.7 * nz - 0.4 * nx - 0.4 * ny) + 0.05 * peel + 0.08 * fade(0.4, 1.0, ny);
    let gleam = falloff((nx + 0.36 + 0.05 * peel) / 0.16, (ny + 0.42 + 0.05 * peel) / 0.16);
    let skin = hex(0xf0_78_1c) * fill + hex(0xff_a6_3c) * sun + hex(0xff_e8_dc) * (0.14 * gleam * gleam);
    let color = mix(behind, skin, cover((length(nx, ny) - 1.0) * r));
    let color = mix(color, hex(0x5a_4a_30), cover(line(nx, ny, (0.06, -0.9), (0.10, -1.08)) * r - 2.6));
    leaf(color, (x - cx - 0.08 * r, y - cy + 1.0 * r), (0.9, -0.3), 72.0)
}

/// A colour in linear light. The values of the picture are the square roots.
#[derive(Clone, Copy)]
struct Rgb(f32, f32, f32);

impl Add for Rgb {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }
}

impl Mul for Rgb {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.1, self.2 * other.2)
    }
}

impl Mul<f32> for Rgb {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        Self(self.0 * by, self.1 * by, self.2 * by)
    }
}

/// Converts a colour from its 8-bit values.
const fn hex(rgb: u32) -> Rgb {
    let [_, r, g, b] = rgb.to_be_bytes();
    let (r, g, b) = (r as f32 / 255.0, g as f32 / 255.0, b as f32 / 255.0);
    Rgb(r * r, g * g, b * b)
}

fn mix(from: Rgb, to: Rgb, part: f32) -> Rgb {
    from * (1.0 - part) + to * part
}

/// Returns the colour at the position `at`, from 0 to 1, among evenly spaced colours.
fn gradient(stops: &[Rgb; 5], at: f32) -> Rgb {
    let [first, rest @ ..] = *stops;
    rest.into_iter()
        .zip(0_u8..)
        .fold(first, |color, (stop, index)| mix(color, stop, (at * 4.0 - f32::from(index)).clamp(0.0, 1.0)))
}

/// Converts a colour to 8-bit values. Highlights are compressed, and grain hides the steps between the values.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is clamped to 0..=255")]
fn develop(color: Rgb, column: u16, row: u16) -> [u8; 3] {
    let roll = |v: f32| if v < 0.7 { v } else { 1.0 - 0.09 / (v - 0.4) };
    let grain = random(column.into(), row.into()) + random(u32::from(row) + 4096, column.into()) - 1.0;
    [color.0, color.1, color.2].map(|v| (roll(v).max(0.0).sqrt() * 255.0 + 0.5 + grain * 1.6).clamp(0.0, 255.0) as u8)
}

/// Rises smoothly from 0 at `start` to 1 at `end` (smoothstep). `start` can be greater than `end`.
fn fade(start: f32, end: f32, at: f32) -> f32 {
    let t = ((at - start) / (end - start)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Returns the brightness of a soft spot: 1 in the centre and 1/2 at the distance 1.
fn falloff(x: f32, y: f32) -> f32 {
    1.0 / (1.0 + x * x + y * y)
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// Returns the part of a pixel that a shape covers, from the distance to its outline.
fn cover(distance: f32) -> f32 {
    fade(0.8, -0.8, distance)
}

/// Returns the distance to a rectangle with rounded corners that is centred on the axis of the bottle.
fn slab(x: f32, y: f32, top: f32, bottom: f32, half_width: f32, corner: f32) -> f32 {
    let dx = (x - AXIS).abs() - half_width + corner;
    let dy = (y - f32::midpoint(top, bottom)).abs() - (bottom - top) / 2.0 + corner;
    length(dx.max(0.0), dy.max(0.0)) + dx.max(dy).min(0.0) - corner
}

/// Returns the distance to the union of two shapes. The seam is rounded over the distance `seam`.
fn blend(a: f32, b: f32, seam: f32) -> f32 {
    let h = (seam - (a - b).abs()).max(0.0) / seam;
    a.min(b) - h * h * seam / 4.0
}

/// Returns the distance to a line segment.
fn line(x: f32, y: f32, from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (x - from.0, y - from.1);
    let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    length(px - along * dx, py - along * dy)
}

/// Returns noise of several octaves (fractal Brownian motion), between 0 and 1.
fn fbm(x: f32, y: f32, octaves: u32) -> f32 {
    let (mut sum, mut size, mut scale) = (0.0, 1.0, 1.0);
    for _ in 0..octaves {
        size *= 0.5;
        sum += size * noise(x * scale, y * scale);
        scale *= 2.03;
    }
    sum / (1.0 - size)
}

/// Returns value noise between 0 and 1: random values on a lattice, smoothly interpolated.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "in range")]
fn noise(x: f32, y: f32) -> f32 {
    // The shift makes the coordinates positive, so that truncation rounds down.
    let (x, y) = (x + 256.0, y + 256.0);
    let (column, row) = (x as u32, y as u32);
    let (u, v) = (fade(0.0, 1.0, x - column as f32), fade(0.0, 1.0, y - row as f32));
    let at = |dx: u32, dy: u32| random(column + dx, row + dy);
    let upper = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
    let lower = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
    upper + (lower - upper) * v
}

/// Returns a pseudorandom number, at least 0 and below 1, for a point of the lattice.
#[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
fn random(column: u32, row: u32) -> f32 {
    let bits = column.wrapping_mul(0x9e37_79b1) ^ row.wrapping_mul(0x85eb_ca77).rotate_left(13);
    let bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
    ((bits ^ (bits >> 14)) >> 8) as f32 / 16_777_216.0
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the values are exact")]
mod tests {
    use smart_resize::plan::Digest;

    use super::*;

    /// `cargo xtask bless` writes the file.
    #[test]
    fn the_sample_has_the_same_bytes_on_every_machine() {
        let (width, height, pixels) = sample();
        assert_eq!((width, height, pixels.len()), (1536, 1024, 1536 * 1024 * 3));
        let found = format!("{}\n", Digest::of(&pixels));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample.sha256");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &found).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), found, "cargo xtask bless writes the file");
    }

    #[test]
    fn a_fade_is_smooth_from_0_at_its_start_to_1_at_its_end() {
        assert_eq!([1.0, 2.0, 3.0, 4.0, 6.0, 7.0].map(|at| fade(2.0, 6.0, at)), [0.0, 0.0, 0.15625, 0.5, 1.0, 1.0]);
        // The start can be greater than the end.
        assert_eq!([2.0, 5.0, 6.0].map(|at| fade(6.0, 2.0, at)), [1.0, 0.15625, 0.0]);
    }

    #[test]
    fn the_falloff_is_1_in_the_centre_and_a_half_at_the_distance_1() {
        assert_eq!(
            [falloff(0.0, 0.0), falloff(0.0, -1.0), falloff(1.0, 0.0), falloff(1.0, 1.0)],
            [1.0, 0.5, 0.5, 1.0 / 3.0]
        );
    }

    #[test]
    fn distances_are_negative_inside_of_a_shape() {
        let (left, right) = ((0.0, 0.0), (10.0, 0.0));
        assert_eq!(
            [line(5.0, 3.0, left, right), line(-3.0, 4.0, left, right), line(13.0, 4.0, left, right)],
            [3.0, 5.0, 5.0]
        );
        let slab = |x: f32, y: f32| slab(AXIS + x, y, 100.0, 140.0, 30.0, 4.0);
        assert_eq!(
            [slab(0.0, 120.0), slab(25.0, 120.0), slab(30.0, 120.0), slab(-33.0, 120.0)],
            [-20.0, -5.0, 0.0, 3.0]
        );
        assert_eq!([slab(0.0, 98.0), slab(0.0, 142.0)], [2.0, 2.0]);
    }
}
