//! Strategies for the values that the laws are tested with, biased towards the limits.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::{Fit, Focus, FocusMode, Insets, PerMille, Rect};
use smart_resize::model::{Model, Preset, PriceList, Smallest, UsdMicros};
use smart_resize::plan::Digest;
use smart_resize::request::{RequestBuilder, Sharing};
use smart_resize::scene::{Area, Region, Scene};
use smart_resize::{Format, Request, Size, Source, Target};

pub(crate) fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).unwrap()
}

pub(crate) fn share(thousandths: u16) -> PerMille {
    PerMille::new(thousandths).unwrap()
}

/// Insets in thousandths, in the order top, right, bottom, left.
pub(crate) fn insets(edges: [u16; 4]) -> Insets {
    let [top, right, bottom, left] = edges.map(share);
    Insets::new(top, right, bottom, left).unwrap()
}

/// A point in thousandths.
pub(crate) fn point(x: u16, y: u16) -> Focus {
    Focus::point(share(x), share(y))
}

pub(crate) fn shared(max_loss: u16) -> Sharing {
    Sharing::Shared { max_loss: share(max_loss) }
}

/// Any side. The least and the largest sides and small sides are frequent.
pub(crate) fn any_side() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1), Just(2), 1..=40_u32, 1..=7000_u32, 1..=65_535_u32, Just(65_534), Just(65_535)]
}

pub(crate) fn any_size() -> impl Strategy<Value = Size> {
    (any_side(), any_side()).prop_map(|(width, height)| size(width, height))
}

/// The size of a picture and a target that it covers. On each axis both sides are often equal.
pub(crate) fn any_covered() -> impl Strategy<Value = (Size, Size)> {
    let side = || (any_side(), any_side(), 0..4).prop_map(|(a, b, tight)| if tight == 0 { (a, a) } else { (a, b) });
    (side(), side()).prop_map(|((a, b), (c, d))| (size(a.max(b), c.max(d)), size(a.min(b), c.min(d))))
}

/// Any rectangle inside a picture of `frame` pixels.
pub(crate) fn any_part(frame: Size) -> impl Strategy<Value = Rect> {
    (any_size(), 0..65_536_u32, 0..65_536_u32).prop_map(move |(part, x, y)| {
        let part = size(part.width().min(frame.width()), part.height().min(frame.height()));
        Rect::new(x % (frame.width() - part.width() + 1), y % (frame.height() - part.height() + 1), part)
    })
}

pub(crate) fn any_insets() -> impl Strategy<Value = Insets> {
    let pair = || prop_oneof![Just((0, 0)), Just((999, 0)), Just((0, 999)), (0..500_u16, 0..500_u16)];
    (pair(), pair()).prop_map(|((top, bottom), (right, left))| insets([top, right, bottom, left]))
}

/// Points and regions in both modes. The edges and the middle are frequent.
pub(crate) fn any_focus() -> impl Strategy<Value = Focus> {
    let edge = || prop_oneof![Just(0_u16), Just(500), Just(1000), 0..=1000_u16];
    let point = (edge(), edge()).prop_map(|(x, y)| point(x, y));
    let region = (edge(), edge(), edge(), edge())
        .prop_map(|(a, b, c, d)| [a.min(b), c.min(d), a.max(b), c.max(d)].map(share))
        .prop_map(|[left, top, right, bottom]| Focus::region(left, top, right, bottom).unwrap());
    let nudge = prop_oneof![Just(0_u16), Just(100), Just(1000), 0..=1000_u16]
        .prop_map(|margin| FocusMode::Nudge { margin: share(margin) });
    let mode = prop_oneof![Just(FocusMode::Centre), nudge];
    (prop_oneof![Just(Focus::CENTRE), point, region], mode).prop_map(|(focus, mode)| focus.mode(mode))
}

pub(crate) fn any_scene() -> impl Strategy<Value = Scene> {
    let area = || {
        (0..1000_u16, 1..=1000_u16, 0..1000_u16, 1..=1000_u16)
            .prop_map(|(x, width, y, height)| Area::new(x, y, (x + width).min(1000), (y + height).min(1000)).unwrap())
    };
    let regions = move || {
        let region = ("[ -~é×]{0,20}[a-z]", area()).prop_map(|(label, area)| Region::new(label, area).unwrap());
        prop::collection::vec(region, 0..4)
    };
    ("[ -~é×]{0,40}[a-z]", regions(), regions()).prop_map(|(summary, subjects, texts)| {
        let scene = subjects.into_iter().try_fold(Scene::new(summary).unwrap(), Scene::subject).unwrap();
        texts.into_iter().try_fold(scene, Scene::text).unwrap()
    })
}

pub(crate) fn any_format() -> impl Strategy<Value = Format> {
    select(vec![Format::Png, Format::Jpeg, Format::WebP])
}

/// The built-in models, and a custom model with an unusual name, ratio and tier.
pub(crate) fn any_table() -> impl Strategy<Value = Model> {
    let own = Model::new(
        "my \"model\"",
        vec![
            Preset::new(size(3500, 1500)).ratio("7:3".parse().unwrap()).tier("3K".parse().unwrap()),
            Preset::new(size(1500, 3500)).ratio("3:7".parse().unwrap()).tier("3K".parse().unwrap()),
            Preset::new(size(700, 300)).ratio("7:3".parse().unwrap()).tier("0.75K".parse().unwrap()),
        ],
    );
    let mut tables = Model::all().to_vec();
    tables.push(own.unwrap());
    select(tables)
}

fn any_source() -> impl Strategy<Value = Source> {
    let url = || Source::from_url("https://example.com/a.jpg");
    let sources = vec![
        url(),
        Source::from_digest(Digest::of(b"a")).url("https://example.com/a.jpg"),
        Source::from_bytes(*b"some bytes"),
        Source::from_bytes(*b"some bytes").url("https://example.com/a.jpg"),
    ];
    (select(sources), option::of(any_size()))
        .prop_map(|(source, size)| if let Some(size) = size { source.size(size) } else { source })
}

/// Valid requests with any value of the options that the service has.
pub(crate) fn any_request() -> impl Strategy<Value = Request> {
    any_builder().prop_map(|builder| builder.sharing(Sharing::PerTarget).build().unwrap())
}

/// Valid requests with any value of all options, including those that reduce cost.
pub(crate) fn any_economical_request() -> impl Strategy<Value = Request> {
    let target =
        (1..=300_u32, 1..=300_u32, any_format(), option::of(1..=u64::MAX)).prop_map(|(w, h, format, max_bytes)| {
            let insets = Insets::from_pixels(0, (w as u16 - 1) / 2, h as u16 - 1, w as u16 / 2);
            let target = Target::new(size(w, h)).format(format).safe_area(insets);
            if let Some(max_bytes) = max_bytes { target.max_bytes(max_bytes) } else { target }
        });
    let loss = prop_oneof![Just(0_u16), Just(1000), 0..=1000_u16];
    let sharing = prop_oneof![Just(Sharing::PerTarget), Just(Sharing::Duplicates), loss.prop_map(shared)];
    let options = (option::of(target), any_focus(), sharing, option::of(0..=1000_u16), 0..200_u64, any::<bool>());
    (any_builder(), options).prop_map(|(mut builder, (target, focus, sharing, crop_source_above, nodes, bounded))| {
        builder = builder.targets(target).focus(focus).sharing(sharing).max_search_nodes(nodes);
        if let Some(min_kept) = crop_source_above {
            // Cutting from the source needs its bytes and its size.
            let cropping = builder.clone().crop_source_above(share(min_kept));
            builder = if cropping.clone().build().is_ok() { cropping } else { builder };
        }
        if bounded {
            builder = builder.max_cost(UsdMicros(u64::MAX)).max_calls(u32::MAX);
        }
        builder.build().unwrap()
    })
}

fn any_builder() -> impl Strategy<Value = RequestBuilder> {
    let targets = |table: &Model| {
        let target = (select(table.presets().to_vec()), any_side(), any_side(), option::of(any_insets())).prop_map(
            |(preset, width, height, insets)| {
                let inside = size(width.min(preset.size.width()), height.min(preset.size.height()));
                Target::new(inside).safe_area(insets.unwrap_or_default())
            },
        );
        // Targets are drawn from a small pool, so that duplicates occur.
        prop::collection::vec(target, 1..5).prop_flat_map(|pool| prop::collection::vec(select(pool), 1..8))
    };
    let floor = |table: &Model| match table.tiers() {
        tiers if tiers.is_empty() => Just(None).boxed(),
        tiers => option::of(select(tiers)).boxed(),
    };
    let own_prices = || {
        let (low, high) = ("0.75K".parse().unwrap(), "3K".parse().unwrap());
        PriceList::default().price("my \"model\"", Some(low), UsdMicros(1)).price(
            "my \"model\"",
            Some(high),
            UsdMicros(u64::MAX),
        )
    };
    let of_a_table = move |table: Model| (targets(&table), floor(&table), Just(table));
    let options = (
        any_source(),
        option::of(any_scene()),
        "[ -~\\n×]{0,60}",
        1..=9_u32,
        option::of(prop_oneof![0..10_u64, Just(u64::MAX), Just((1 << 31) - 1), any::<u64>()]),
        1..=6_u8,
        (any_format(), any_format()),
        any::<(bool, bool)>(),
    );
    (any_table().prop_flat_map(of_a_table), options).prop_map(move |(of_table, options)| {
        let (targets, floor, table) = of_table;
        let (source, scene, prompt, variants, seed, tolerance, (format, transfer), (crop, by_pixels)) = options;
        let mut builder = Request::builder(source)
            .targets(targets)
            .model(table)
            .prices(own_prices())
            .instruction(prompt)
            .variants(variants)
            .safety_tolerance(tolerance)
            .format(format)
            .transfer_format(transfer)
            .fit(if crop { Fit::Crop } else { Fit::Cover })
            .smallest(if by_pixels { Smallest::ByPixels } else { Smallest::ByTier });
        if let Some(floor) = floor {
            builder = builder.floor(floor);
        }
        if let Some(seed) = seed {
            builder = builder.seed(seed);
        }
        if let Some(scene) = scene {
            builder = builder.scene(scene);
        }
        builder
    })
}
