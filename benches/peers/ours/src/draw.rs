//! Drawn pictures: one with photographic content, one flat graphic with text. Raw RGB, the same on every machine.

/// Value noise from 0 to 255: random at the points of a lattice, interpolated smoothly between them, in integers.
fn noise(x: u32, y: u32, cell: u32, seed: u32) -> i32 {
    let random = |x: u32, y: u32| {
        let mut state = x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b) ^ seed.wrapping_mul(0xc2b2_ae35);
        for _ in 0..2 {
            state ^= state >> 15;
            state = state.wrapping_mul(0x2c1b_3c6d);
        }
        i64::from(state >> 24)
    };
    let (column, row) = (x / cell, y / cell);
    let ease = |at: u32| {
        let at = i64::from(at * 1024 / cell);
        (at * at * (3 * 1024 - 2 * at)) >> 20
    };
    let (across, down) = (ease(x % cell), ease(y % cell));
    let mix = |a: i64, b: i64, part: i64| a * (1024 - part) + b * part;
    let above = mix(random(column, row), random(column + 1, row), across);
    let below = mix(random(column, row + 1), random(column + 1, row + 1), across);
    i32::try_from(mix(above, below, down) >> 20).unwrap_or(0)
}

/// A landscape: a sky with clouds, three ridges with hard edges and texture, and sensor noise over the whole picture.
pub(crate) fn photo((width, height): (u32, u32)) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    let unit = height.max(64) / 64;
    for y in 0..height {
        for x in 0..width {
            let down = i32::try_from(y * 256 / height).unwrap_or(0);
            // Three ridges, each nearer and darker than the one behind it.
            let ridge = |at: u32| {
                let cell = unit * (22 - 5 * at);
                let edge =
                    70 + 50 * i32::try_from(at).unwrap_or(0) + noise(x, 0, cell, at) / 4 + noise(x, 0, unit, at) / 24;
                down > edge
            };
            let near = (0..3).filter(|at| ridge(*at)).count();
            let cloud = noise(x, y, unit * 12, 7) / 3 + noise(x, y, unit * 4, 8) / 6;
            let grain = |strength: i32| {
                let fine = noise(x, y, 11, 9) + noise(x, y, 5, 10) + noise(x, y, 3, 11) - 384;
                fine * strength / 24
            };
            let [red, green, blue] = match near {
                0 => [150 - down / 2 + cloud, 165 - down / 4 + cloud, 215 - down / 6 + cloud / 2],
                1 => [105 + grain(1), 118 + grain(1), 140 + grain(1)],
                2 => [70 + cloud / 2 + grain(3), 86 + cloud / 2 + grain(3), 62 + grain(2)],
                _ => [46 + cloud / 3 + grain(5), 58 + cloud / 2 + grain(6), 24 + grain(3)],
            };
            let sensor = |channel: u32| noise(x, y, 1, 20 + channel) % 7 - 3;
            let colour = [red + sensor(0), green + sensor(1), blue + sensor(2)];
            pixels.extend(colour.map(|value| u8::try_from(value.clamp(0, 255)).unwrap_or(0)));
        }
    }
    pixels
}

/// Letters of 5 by 7 pixels. Each byte is a row, its lowest five bits are the pixels.
const LETTERS: [[u8; 7]; 10] = [
    [14, 17, 17, 31, 17, 17, 17],
    [31, 16, 16, 30, 16, 16, 31],
    [14, 4, 4, 4, 4, 4, 14],
    [16, 16, 16, 16, 16, 16, 31],
    [17, 25, 21, 19, 17, 17, 17],
    [14, 17, 17, 17, 17, 17, 14],
    [30, 17, 17, 30, 20, 18, 17],
    [15, 16, 16, 14, 1, 1, 30],
    [31, 4, 4, 4, 4, 4, 4],
    [0, 0, 0, 0, 0, 0, 0],
];

/// Boxes and discs in few colours with antialiased edges, and lines of text in three sizes.
pub(crate) fn flat((width, height): (u32, u32)) -> Vec<u8> {
    /// A pixel is the mean of this many samples per side.
    const FINE: u32 = 4;
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            let mut sum = [0_u32; 3];
            for sample in 0..FINE * FINE {
                let colour = flat_at(x * FINE + sample % FINE, y * FINE + sample / FINE, width * FINE, height * FINE);
                sum = [0, 1, 2].map(|channel| sum[channel] + u32::from(colour[channel]));
            }
            pixels.extend(sum.map(|sum| u8::try_from(sum / (FINE * FINE)).unwrap_or(u8::MAX)));
        }
    }
    pixels
}

fn flat_at(x: u32, y: u32, width: u32, height: u32) -> [u8; 3] {
    let (column, row) = (x * 12 / width, y * 12 / height);
    if row == 0 {
        return if text(x, y, 20) { [255; 3] } else { [24, 44, 92] };
    }
    if column < 3 {
        return if text(x, y, 12) && row % 3 != 0 { [60, 70, 90] } else { [236, 238, 243] };
    }
    if row < 5 {
        // Discs on a coloured ground.
        let (side, across, down) = (width / 12, x % (width / 12), y % (height / 12));
        let inside = across.abs_diff(side / 2).pow(2) + down.abs_diff(side / 2).pow(2) < (side * 2 / 5).pow(2);
        let colours = [[214, 70, 60], [250, 190, 40], [60, 160, 110], [40, 120, 200]];
        return if inside { colours[((column + row) % 4) as usize] } else { [250, 244, 232] };
    }
    if text(x, y, if row < 8 { 16 } else { 9 }) { [30, 32, 38] } else { [255; 3] }
}

/// Whether the stroke of a letter covers the sample. A pixel of a letter has `unit` samples per side.
fn text(x: u32, y: u32, unit: u32) -> bool {
    let (column, row) = (x / unit, y / unit);
    let (letter, line) = (column / 6, row / 11);
    let (across, down) = (column % 6, row % 11);
    let which = (letter * 7 + line * 13 + letter * line) % 10;
    across < 5 && (2..9).contains(&down) && LETTERS[which as usize][down as usize - 2] >> (4 - across) & 1 == 1
}
