//! Results have the credit of the source and the mark of origin, and no other metadata.

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::{Generated, GenerationRequest, from_fn};
use smart_resize::geometry::PerMille;
use smart_resize::pixels::decode::{DecodeLimits, DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeError, EncodeOptions, encode};
use smart_resize::pixels::metadata::{
    ALGORITHMICALLY_ENHANCED, COMPOSITE_WITH_MODEL, Credit, Mark, Metadata, MetadataOptions, read,
};
use smart_resize::pixels::render::{PassThrough, RenderError, RenderOptions, RenderTarget, render};
use smart_resize::run::{Driver, RenditionError};
use smart_resize::{Format, Generator, Plan, Request, Source, Target};
use smart_resize_metadata::{strip, write};

use crate::pictures::{exif, photo, size, with_segment};

const FORMATS: [Format; 3] = [Format::Png, Format::Jpeg, Format::WebP];
const CAPTURE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture";
const SECRET: &[u8] = b"52.5200 N, 13.4050 E";

fn credit() -> Metadata {
    Metadata::default().creator(["Ann Other"]).rights("© 2026 Ann Other").credit("An agency")
}

fn plain(of: &str, format: Format) -> Vec<u8> {
    encode(&photo(size(of)), format, &EncodeOptions::default()).unwrap().bytes
}

/// A JPEG of 96x64 with a credit, a mark, a title, and a position in EXIF.
fn credited() -> Source {
    let metadata = credit().title("A shoe").digital_source_type(CAPTURE);
    let file = write(&plain("96x64", Format::Jpeg), &metadata).unwrap();
    let file = with_segment(&file, 0xe1, &[b"Exif\0\0", &exif(1)[..], SECRET].concat());
    let source = Source::read([&file[..], SECRET].concat(), &DecodeLimits::default()).unwrap();
    assert_eq!((source.metadata.as_deref(), read(source.bytes().unwrap())), (Some(&metadata), Metadata::default()));
    source
}

/// Runs a plan for a target of 40x40 in each format, cut from the source or generated. Returns the files.
fn run(source: &Source, is_cut: bool, generator: &impl Generator, options: RenderOptions) -> Vec<Vec<u8>> {
    let targets = FORMATS.map(|format| Target::new(size("40x40")).format(format));
    let request = Request::builder(source.clone()).targets(targets);
    let request = if is_cut { request.crop_source_above(PerMille::ZERO) } else { request };
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    let outcome = Driver::new(&plan, source).options(options).run(generator).unwrap();
    let files: Vec<_> = outcome.outputs().map(|(_, output)| output.unwrap().bytes.clone()).collect();
    assert!(files.iter().zip(FORMATS).all(|(file, format)| Format::sniff(file) == Some(format)));
    files
}

/// A backend whose images have a position, a credit of their own and a mark.
fn model() -> impl Generator {
    from_fn(|request: &GenerationRequest| {
        let picture = photo(request.preset().size);
        let file = encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
        let file = with_segment(&file, 0xfe, SECRET);
        Ok(Generated::new("model", vec![file; request.variants() as usize]))
    })
}

fn has_secret(file: &[u8]) -> bool {
    file.windows(SECRET.len()).any(|part| part == SECRET)
}

#[test]
fn every_format_has_the_credit_and_the_mark_of_its_origin() {
    let source = credited();
    let found = |is_cut, generator: &dyn Fn() -> Vec<Vec<u8>>| {
        let files = generator();
        assert!(!files.iter().any(|file| has_secret(file)), "{is_cut}");
        files.iter().map(|file| read(file)).collect::<Vec<_>>()
    };
    let options = RenderOptions::default;
    let cut = found(true, &|| run(&source, true, &model(), options()));
    let local = found(false, &|| run(&source, false, &LocalGenerator::default(), options()));
    let generated = found(false, &|| run(&source, false, &model(), options()));
    for (found, uri) in [(cut, CAPTURE), (local, ALGORITHMICALLY_ENHANCED), (generated, COMPOSITE_WITH_MODEL)] {
        assert_eq!(found, vec![credit().digital_source_type(uri); 3]);
    }
}

#[test]
fn options_choose_the_credit_the_mark_and_fields_of_the_caller() {
    let own = Metadata::default().title("own").ai_system("a model").rights("own rights");
    let metadata =
        MetadataOptions::default().credit(Credit::Drop).mark(Mark::Given("a uri".into())).fields(own.clone());
    let files = run(&credited(), false, &model(), RenderOptions::default().metadata(metadata));
    assert!(files.iter().all(|file| read(file) == own.clone().digital_source_type("a uri")));
    let none = MetadataOptions::default().credit(Credit::Drop).mark(Mark::Off);
    let files = run(&credited(), false, &model(), RenderOptions::default().metadata(none));
    assert!(files.iter().all(|file| strip(file).unwrap() == *file));
}

#[test]
fn metadata_changes_no_pixel_and_a_run_gives_the_same_bytes_again() {
    let none = MetadataOptions::default().credit(Credit::Drop).mark(Mark::Off);
    let with = run(&credited(), false, &model(), RenderOptions::default());
    let without = run(&credited(), false, &model(), RenderOptions::default().metadata(none));
    assert!(with.iter().zip(&without).all(|(with, without)| with != without && strip(with).unwrap() == *without));
    assert_eq!(run(&credited(), false, &model(), RenderOptions::default()), with);
}

#[test]
fn metadata_counts_against_the_byte_limit() {
    let metadata = MetadataOptions::default().fields(credit().usage_terms("t".repeat(900)));
    let options = RenderOptions::default().metadata(metadata);
    for format in FORMATS {
        let target = RenderTarget::new(size("40x40")).format(format);
        let file = plain("96x64", Format::Png);
        let length = render(&file, &target, &options).unwrap().bytes.len() as u64;
        assert!(length > 1500);
        let fitting = render(&file, &target.max_bytes(length), &options).unwrap().bytes;
        assert_eq!((fitting.len() as u64, read(&fitting).credit), (length, credit().credit));
        let tight = render(&file, &target.max_bytes(1400), &options);
        let error = tight.unwrap_err();
        assert!(
            matches!(&error, RenderError::Encode(EncodeError::OverByteLimit { smallest, .. }) if smallest.bytes.len() > 1400)
        );
        let _ = RenditionError::from(error);
    }
}

/// The compressed pixels stay, whatever the file lacks.
#[test]
fn a_picture_that_passes_through_gets_its_metadata_and_one_that_has_it_stays_byte_for_byte() {
    let marked = MetadataOptions::default().fields(credit()).mark(Mark::Given(COMPOSITE_WITH_MODEL.into()));
    for format in FORMATS {
        let bare = plain("40x40", format);
        let target = RenderTarget::new(size("40x40")).format(format);
        for pass_through in [PassThrough::Checked, PassThrough::Trusted] {
            let mut options = RenderOptions::default().metadata(marked.clone()).pass_through(pass_through);
            options.inspect = smart_resize::pixels::render::Inspect::Off;
            let first = render(&bare, &target, &options).unwrap();
            assert!(first.encoder.is_none() && strip(&first.bytes).unwrap() == bare, "{format} {pass_through:?}");
            assert_eq!(read(&first.bytes), credit().digital_source_type(COMPOSITE_WITH_MODEL));
            let second = render(&first.bytes, &target, &options).unwrap();
            assert!(second.encoder.is_none() && second.bytes == first.bytes, "{format} {pass_through:?}");
            // Other metadata does not pass, and is not copied.
            options.metadata = MetadataOptions::default().credit(Credit::Drop);
            let third = render(&first.bytes, &target, &options).unwrap();
            assert!(third.encoder.is_some() && read(&third.bytes).credit.is_none());
            // A file that would exceed the limit with its metadata does not pass.
            options.metadata = marked.clone();
            let limit = bare.len() as u64 + 10;
            let fourth = render(&bare, &target.max_bytes(limit), &options);
            assert!(fourth.map_or(true, |rendered| rendered.encoder.is_some()), "{format}");
        }
        let pixels = |file: &[u8]| decode(file, &DecodeOptions::default()).unwrap().picture;
        let rendered = render(&bare, &target, &RenderOptions::default().metadata(marked.clone())).unwrap();
        assert_eq!(pixels(&rendered.bytes), pixels(&bare));
    }
}
