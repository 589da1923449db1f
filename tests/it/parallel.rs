//! With any number of threads the results are those of one.

use rayon::ThreadPoolBuilder;
use smart_resize::{Focus, Format, RenderOptions, RenderTarget, Rendered, render_all};

use crate::pictures::{photo, png, size};

#[test]
fn the_results_are_in_order_and_the_same_with_any_number_of_threads() {
    let generated = png(&photo(size("400x300")));
    let formats = [Format::Png, Format::Jpeg, Format::WebP];
    let targets: Vec<_> = (0..24_u32)
        .map(|index| {
            let target = RenderTarget::new(size(&format!("{}x{}", 10 + 16 * index, 300 - 11 * index)));
            target.with_format(formats[index as usize % 3]).with_focus(Focus::point(900, 100).unwrap())
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
    // One after the other gives the same as well.
    for (target, expected) in targets.iter().zip(&one) {
        assert_eq!(smart_resize::render(&generated, target, &options), *expected);
    }
}
