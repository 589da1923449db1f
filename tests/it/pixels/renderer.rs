//! A result depends only on the picture, the target and the options. It does not depend on earlier renderings, other
//! targets, inspection or the number of threads.

use smart_resize::geometry::Fit;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};
use smart_resize::pixels::encode::{PngEffort, PngOptions};
use smart_resize::pixels::render::{
    Inspect, PassThrough, RenderError, RenderOptions, RenderTarget, Renderer, render, render_all, render_picture,
};
use smart_resize::{Format, Size};

use crate::pictures::{photo, png, raw_png, size, transparent};
use crate::support::threads::with_threads;

use crate::any::point;

fn options(effort: PngEffort, inspect: Inspect) -> RenderOptions {
    let mut options = RenderOptions::default();
    options.encode.png = PngOptions::default().effort(effort);
    (options.inspect, options.pass_through) = (inspect, PassThrough::Off);
    options
}

/// Pictures with few colours, with many colours from different rows on, grey, with an opaque alpha channel, and with
/// transparency.
pub(crate) fn pictures(area: Size) -> Vec<(&'static str, Vec<u8>)> {
    let many = photo(area);
    let row = many.row_bytes();
    let late = |from: usize, below: u8| {
        let samples = many.pixels().iter().enumerate();
        let pixels = samples.map(|(at, level)| if at / row < from { level & below } else { *level }).collect();
        Picture::from_rgb(area, pixels).unwrap()
    };
    let grey = many.pixels().chunks(3).flat_map(|pixel| [pixel[0]; 3]).collect();
    let opaque: Vec<u8> = many.pixels().chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let rows = area.height() as usize;
    vec![
        ("few", png(&late(rows, 0x80))),
        ("late", png(&late(rows * 3 / 4, 0x80))),
        ("black, then many", png(&late(rows / 2, 0))),
        ("grey", png(&Picture::from_rgb(area, grey).unwrap())),
        ("opaque", raw_png(area, ::png::ColorType::Rgba, ::png::BitDepth::Eight, &opaque)),
        ("transparent", png(&transparent(area))),
        ("many", png(&many)),
    ]
}

/// The whole picture, crops of its own pixels from the middle and from a corner, smaller targets, and one too large.
pub(crate) fn targets() -> Vec<RenderTarget> {
    let target = |text: &str| RenderTarget::new(size(text));
    let corner = point(1000, 0);
    vec![
        target("420x320"),
        target("400x300").fit(Fit::Crop),
        target("333x222").fit(Fit::Crop).focus(corner),
        target("419x319"),
        target("301x299").focus(corner),
        target("300x220"),
        target("16x16"),
        target("400x321"),
    ]
}

#[test]
fn a_target_has_the_same_bytes_alone_and_among_others() {
    const ALL: &[PngEffort] = &[PngEffort::Balanced, PngEffort::Small];
    for (kind, file) in pictures(size("420x320")) {
        // `Small` is slow, and differs from `Balanced` only in the search of the same encoder.
        let efforts = if matches!(kind, "few" | "transparent") { ALL } else { &ALL[..1] };
        for &effort in efforts {
            let long = with_threads(1, || render_all(&file, &targets(), &options(effort, Inspect::Report)));
            let renderer = Renderer::new(options(effort, Inspect::Off));
            for (target, long) in targets().iter().zip(long) {
                let long = long.map(|rendered| (rendered.bytes, rendered.encoder));
                let case = format!("{kind}, {target:?}, {effort}");
                for (inspect, threads) in [(Inspect::Off, 1), (Inspect::Report, 2), (Inspect::Off, 5)] {
                    let short = with_threads(threads, || render(&file, target, &options(effort, inspect)));
                    assert!(short.map(|rendered| (rendered.bytes, rendered.encoder)) == long, "{case}, {threads}");
                }
                let kept = renderer.render(&file, target).map(|rendered| (rendered.bytes, rendered.encoder));
                assert!(kept == long, "{case}, kept");
            }
            let short = render_all(&file, &targets(), &options(effort, Inspect::Off));
            assert!(short == renderer.render_all(&file, &targets()), "{kind}");
        }
    }
}

#[test]
fn files_of_several_strips_are_the_same_with_any_number_of_threads() {
    let file = png(&photo(size("900x800")));
    for text in ["880x780", "620x560", "900x700"] {
        let target = RenderTarget::new(size(text));
        let beside = [target, RenderTarget::new(size("9x9"))];
        let long = with_threads(1, || render_all(&file, &beside, &options(PngEffort::Balanced, Inspect::Report)));
        let long = long[0].as_ref().map(|rendered| &rendered.bytes);
        for inspect in [Inspect::Off, Inspect::Report] {
            for threads in [1, 2] {
                let options = options(PngEffort::Balanced, inspect);
                let one = with_threads(threads, || render(&file, &target, &options));
                assert!(one.as_ref().map(|rendered| &rendered.bytes) == long, "{text}, {inspect:?}, {threads}");
                let both = with_threads(threads, || render_all(&file, &beside, &options));
                assert!(both[0].as_ref().map(|rendered| &rendered.bytes) == long, "{text}, {inspect:?}, {threads}");
            }
        }
        // The file has the pixels of `render_picture`, which does not encode.
        let pixels = render_picture(&file, &target, &options(PngEffort::Balanced, Inspect::Off)).unwrap().picture;
        assert!(decode(long.unwrap(), &DecodeOptions::default()).unwrap().picture == pixels, "{text}");
    }
}

#[test]
fn earlier_renderings_do_not_affect_a_renderer() {
    let files = pictures(size("420x320"));
    let formats = [Format::Png, Format::Jpeg, Format::WebP];
    let options = RenderOptions::default();
    let renderer = Renderer::new(options.clone());
    for round in 0..2 {
        for (at, (kind, file)) in files.iter().enumerate() {
            let target = targets()[(at + round) % 7].format(formats[at % 3]);
            assert!(renderer.render(file, &target) == render(file, &target, &options), "{kind}");
            // A broken file does not affect later renderings.
            assert!(renderer.render(&file[..file.len() / 2], &target).is_err());
        }
    }
    assert_eq!(renderer.options(), &options);
    // Each picture of another size needs its own resampling weights for the same target.
    let target = RenderTarget::new(size("100x70"));
    for area in ["420x320", "440x330", "420x320"] {
        let file = png(&photo(size(area)));
        assert!(renderer.render(&file, &target) == render(&file, &target, &options), "{area}");
    }
}

#[test]
fn threads_can_share_a_renderer() {
    let (renderer, file) = (Renderer::default(), png(&photo(size("200x150"))));
    let expected = render(&file, &RenderTarget::new(size("90x70")), &RenderOptions::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(renderer.render(&file, &RenderTarget::new(size("90x70"))) == expected));
        }
    });
}

/// A file whose pixels are broken somewhere in the lower half.
pub(crate) fn broken_below() -> Vec<u8> {
    let mut file = png(&photo(size("420x320")));
    let at = file.len() * 3 / 4;
    // The damage is in the deflate data, so that rows above it decode before the error.
    file[at..at + 64].fill(0xff);
    assert!(decode(&file, &DecodeOptions::default()).is_err());
    file
}

#[test]
fn a_picture_broken_below_the_rectangle_is_refused() {
    let (file, top) = (broken_below(), point(500, 0));
    let above = [RenderTarget::new(size("420x100")).focus(top), RenderTarget::new(size("200x60")).focus(top)];
    for inspect in [Inspect::Off, Inspect::Report] {
        for result in render_all(&file, &above, &options(PngEffort::Balanced, inspect)) {
            assert!(matches!(result, Err(RenderError::Decode(DecodeError::Corrupt { .. }))), "{inspect:?}");
        }
    }
}

/// The chunks are intact, but the deflate stream breaks after some rows have been processed.
#[cfg(feature = "serde")]
#[test]
fn a_stream_broken_in_the_middle_is_refused_alike() {
    use crate::laws;
    use miniz_oxide::deflate::compress_to_vec_zlib;

    let rgb = photo(size("420x320"));
    let lines: Vec<u8> = rgb.pixels().chunks(420 * 3).flat_map(|row| [&[0], row].concat()).collect();
    let stream = compress_to_vec_zlib(&lines, 6);
    let mut refused = 0;
    for at in (stream.len() / 9..stream.len() - 40).step_by(stream.len() / 8) {
        let mut stream = stream.clone();
        stream[at..at + 4].fill(0xff);
        let mut file = laws::header(420, 320, 2);
        stream.chunks(4096).for_each(|part| laws::chunk(&mut file, *b"IDAT", part));
        laws::chunk(&mut file, *b"IEND", &[]);
        let expected = decode(&file, &DecodeOptions::default()).map(|_| ()).map_err(RenderError::Decode);
        refused += usize::from(expected.is_err());
        let [whole, half] = [RenderTarget::new(size("420x320")), RenderTarget::new(size("210x160"))];
        let jpeg = half.format(Format::Jpeg);
        for (threads, inspect) in
            [1, 2].into_iter().flat_map(|threads| [(threads, Inspect::Off), (threads, Inspect::Report)])
        {
            for targets in [&[whole][..], &[half], &[jpeg], &[whole, half, jpeg]] {
                let results =
                    with_threads(threads, || render_all(&file, targets, &options(PngEffort::Balanced, inspect)));
                let results = results.into_iter().map(|result| result.map(|_| ()));
                assert!(results.into_iter().all(|result| result == expected), "{at}, {threads}, {inspect:?}");
            }
        }
    }
    assert!(refused > 3, "{refused}");
}

#[test]
fn a_file_cut_short_at_any_byte_is_refused_alike() {
    let file = png(&photo(size("300x230")));
    let target = RenderTarget::new(size("300x229"));
    for end in (0..file.len()).step_by(file.len() / 300).chain(file.len() - 20..file.len()) {
        let bytes = &file[..end];
        let expected = decode(bytes, &DecodeOptions::default()).map(|_| ()).map_err(RenderError::Decode);
        for threads in [1, 2] {
            let found =
                with_threads(threads, || render(bytes, &target, &options(PngEffort::Balanced, Inspect::Report)));
            assert_eq!(found.map(|_| ()), expected, "{end} of {} bytes, {threads} threads", file.len());
            let all = RenderTarget::new(size("300x230"));
            let found = with_threads(threads, || render(bytes, &all, &options(PngEffort::Balanced, Inspect::Off)));
            assert_eq!(found.map(|_| ()), expected, "{end} of {} bytes, {threads} threads", file.len());
            let jpeg = all.format(Format::Jpeg);
            let found = render(bytes, &jpeg, &options(PngEffort::Balanced, Inspect::Off));
            assert_eq!(found.map(|_| ()), expected, "{end} of {} bytes", file.len());
        }
    }
}

#[test]
fn a_target_too_large_is_refused_with_and_without_inspection() {
    let file = png(&photo(size("420x320")));
    let mut tight = options(PngEffort::Balanced, Inspect::Off);
    tight.decode.limits.pixels = 420 * 320 - 1;
    let error = render(&file, &RenderTarget::new(size("300x300")), &tight).unwrap_err();
    assert_eq!(error.to_string(), "the picture is 420x320; expected at most 134399 pixels");
    for inspect in [Inspect::Off, Inspect::Report] {
        let error =
            render(&file, &RenderTarget::new(size("421x320")), &options(PngEffort::Balanced, inspect)).unwrap_err();
        assert_eq!(error.to_string(), "a picture of 420x320 does not cover 421x320");
    }
}
