//! Any number of threads gives the same results as one thread.

use rayon::ThreadPoolBuilder;
use smart_resize::Format;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeError, EncodeOptions, PngEffort, PngOptions, encode};
use smart_resize::pixels::render::{
    Inspect, RenderError, RenderOptions, RenderTarget, Rendered, Renderer, Undersized, render_all,
};

use crate::pictures::{photo, png, size};
use crate::pixels::renderer::{broken_below, pictures, targets};
use crate::support::threads::with_threads;

use crate::any::point;

/// Targets in these formats in turn, one with a byte limit that can be kept, and one with a limit that cannot.
fn mixed(formats: &[Format]) -> Vec<RenderTarget> {
    let formats = formats.iter().copied().cycle();
    let mut all: Vec<_> = targets().into_iter().zip(formats).map(|(target, format)| target.format(format)).collect();
    let small = RenderTarget::new(size("99x70"));
    all.extend([6_000, 10].map(|most| small.format(Format::Jpeg).max_bytes(most)));
    all
}

#[test]
fn concurrent_targets_are_those_of_one_thread() {
    let cases = [
        (Inspect::Off, [Format::Jpeg, Format::WebP, Format::Png]),
        (Inspect::Report, [Format::Png, Format::Jpeg, Format::WebP]),
        (Inspect::Fail, [Format::WebP, Format::Png, Format::Jpeg]),
    ];
    for (kind, file) in pictures(size("420x320")) {
        for (inspect, formats) in cases {
            let mut options = RenderOptions::default();
            (options.inspect, options.undersized) = (inspect, Undersized::Enlarge);
            let (renderer, targets) = (Renderer::new(options.clone()), mixed(&formats));
            let one = with_threads(1, || render_all(&file, &targets, &options));
            let right = one.iter().filter(|result| result.is_ok()).count();
            assert!(inspect == Inspect::Fail || right == targets.len() - 1, "all but the target over its byte limit");
            for threads in [2, 5] {
                let found = with_threads(threads, || renderer.render_all(&file, &targets));
                assert!(found == one, "{kind}, {inspect:?}, {threads} threads");
            }
            let alone =
                with_threads(2, || targets.iter().map(|target| renderer.render(&file, target)).collect::<Vec<_>>());
            assert!(alone == one, "{kind}, {inspect:?}, alone");
        }
    }
}

#[test]
fn findings_and_errors_are_those_of_one_thread() {
    let photo = photo(size("420x320"));
    let (row, black) = (photo.row_bytes(), 40);
    let pixels = photo.pixels().iter().enumerate();
    // A letterbox, whose lower bar is decoded last.
    let boxed = pixels.map(|(at, level)| if (black..320 - black).contains(&(at / row)) { *level } else { 0 }).collect();
    let boxed = png(&Picture::from_rgb(photo.size(), boxed).unwrap());
    let targets = mixed(&[Format::Jpeg]);
    for (inspect, trim_borders) in
        [(Inspect::Off, false), (Inspect::Report, false), (Inspect::Fail, false), (Inspect::Report, true)]
    {
        let mut options = RenderOptions::default();
        (options.inspect, options.trim_borders) = (inspect, trim_borders);
        let [one, two] = [1, 2].map(|threads| with_threads(threads, || render_all(&boxed, &targets, &options)));
        assert!(one == two, "{inspect:?}, {trim_borders}");
        let is_rejected = |result: &Result<_, RenderError>| matches!(result, Err(RenderError::Rejected(_)));
        assert_eq!(two.iter().all(is_rejected), inspect == Inspect::Fail);
    }
    // Files that are broken, or cut short at any byte.
    let broken = broken_below();
    let found = with_threads(2, || render_all(&broken, &targets, &RenderOptions::default()));
    assert!(found.iter().all(|result| matches!(result, Err(RenderError::Decode(DecodeError::Corrupt { .. })))));
    let whole = png(&photo);
    for end in (0..whole.len()).step_by(997).chain(whole.len() - 20..whole.len()) {
        let [one, two] = [1, 2].map(|threads| {
            with_threads(threads, || render_all(&whole[..end], &targets[..3], &RenderOptions::default()))
        });
        assert!(one == two && (end > whole.len() - 20 || one[0].is_err()), "{end} of {} bytes", whole.len());
    }
    // A target that fails does not affect the other.
    let [.., fits, too_heavy] = &targets[..] else { panic!("ten targets") };
    let found = with_threads(2, || render_all(&whole, &[*fits, *too_heavy], &RenderOptions::default()));
    assert!(matches!(&found[..], [Ok(_), Err(RenderError::Encode(EncodeError::OverByteLimit { .. }))]), "{found:?}");
}

#[test]
fn the_results_are_in_order_and_the_same_with_any_number_of_threads() {
    let generated = png(&photo(size("400x300")));
    let formats = [Format::Png, Format::Jpeg, Format::WebP];
    let targets: Vec<_> = (0..24_u32)
        .map(|index| {
            let target = RenderTarget::new(size(&format!("{}x{}", 10 + 16 * index, 300 - 11 * index)));
            target.format(formats[index as usize % 3]).focus(point(900, 100))
        })
        .chain([RenderTarget::new(size("401x1")), RenderTarget::new(size("400x300"))])
        .collect();
    let options = RenderOptions::default();
    let with = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| render_all(&generated, &targets, &options))
    };
    let one = with(1);
    let sizes: Vec<_> =
        one.iter().map(|result| result.as_ref().map(|rendered: &Rendered| rendered.size).ok()).collect();
    assert_eq!((sizes[0], sizes[23], sizes[24]), (Some(size("10x300")), Some(size("378x47")), None));
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
    // Rendering each target on its own gives the same as well.
    for (target, expected) in targets.iter().zip(&one) {
        assert_eq!(smart_resize::pixels::render::render(&generated, target, &options), *expected);
    }
}

#[test]
fn concurrent_strips_give_the_file_of_one_thread() {
    let photo = photo(size("1024x1025"));
    let (grey, clear) = (
        photo.pixels().chunks(3).flat_map(|pixel| [pixel[0]; 3]).collect(),
        photo.pixels().chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[0] ^ pixel[2]]).collect(),
    );
    let pictures = [
        Picture::from_rgb(photo.size(), grey).unwrap(),
        Picture::from_rgba(photo.size(), clear).unwrap(),
        Picture::from_rgb(photo.size(), photo.pixels().iter().map(|byte| byte & 0xc0).collect()).unwrap(),
        photo,
    ];
    for (picture, effort) in
        pictures.iter().zip([PngEffort::Balanced, PngEffort::Balanced, PngEffort::Small, PngEffort::Balanced])
    {
        let mut options = EncodeOptions::default();
        options.png = PngOptions::default().effort(effort);
        let with = |threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| encode(picture, Format::Png, &options).unwrap())
        };
        let one = with(1);
        assert!(decode(&one.bytes, &DecodeOptions::default()).unwrap().picture == *picture);
        for threads in [2, 3, 8] {
            assert!(with(threads) == one, "{picture:?}, {effort}, {threads} threads");
        }
    }
}
