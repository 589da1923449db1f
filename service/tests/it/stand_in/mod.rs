//! Stand-ins for the upstream services. They speak the services' protocols, check requests, return real pictures of the
//! requested sizes, count calls, and misbehave on demand.

pub(crate) mod fal;
pub(crate) mod gemini;
pub(crate) mod run;
pub(crate) mod table;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use smart_resize::model::Model;
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// The key that every stand-in requires.
pub(crate) const KEY: &str = "key-of-the-tests";

/// The misbehaviour of a stand-in in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trick {
    /// None.
    Well,
    /// A picture with three quarters of the requested sides.
    Smaller,
    /// A picture with a quarter of the requested sides.
    TooSmall,
    /// A JPEG declared as a PNG.
    JpegAsPng,
    /// White bars above and below the picture.
    Bordered,
    /// A text without a picture.
    TextOnly,
    /// A refusal by a safety filter.
    Refused,
    /// Gemini's refusal of the prompt itself.
    Blocked,
    /// An interim picture, smaller, before the final one.
    ThoughtFirst,
    /// Status 429 with a retry delay of a second.
    RateLimited,
    /// Status 429 with a retry delay of an hour.
    RateLimitedForLong,
    /// Status 500 instead of the acceptance.
    Broken,
    /// This status from a gateway, although the call was accepted.
    Gateway(u16),
    /// The call is accepted and the model fails.
    ModelFails,
    /// The answer takes longer than the client waits. fal accepts the call and completes it later.
    Slow,
    /// The picture is made and billed, and the connection is lost in the middle of the answer.
    Lost,
    /// The first download of each picture fails.
    NoDownload,
    /// The pictures are gone: their URLs answer with this status.
    Gone(u16),
    /// The picture's URL has another host with a private address.
    ElsewherePrivate,
    /// The picture's URL redirects to another host with a private address.
    RedirectsPrivate,
    /// A proxy's HTML page instead of the result, each time.
    Html,
    /// A proxy's HTML page instead of the status and of the result, once each.
    HtmlOnce,
    /// A result that exceeds the client's limit.
    Huge,
    /// A picture that exceeds the client's limit.
    HugePicture,
    /// One image more than requested.
    More,
    /// One image fewer than requested.
    Fewer,
    /// The pictures as data URIs.
    Embedded,
    /// The call is accepted, and its id is unknown afterwards.
    Forgotten,
    /// The URLs of the call have another host.
    ElsewhereUrls,
}

/// The misbehaviours of the next calls, and counts of the calls so far.
#[derive(Debug, Default)]
pub(crate) struct Script {
    tricks: Mutex<VecDeque<Trick>>,
    /// The time at which each call arrived.
    pub(crate) arrivals: Mutex<Vec<Instant>>,
    billed: AtomicUsize,
}

impl Script {
    pub(crate) fn play(&self, tricks: &[Trick]) {
        self.tricks.lock().unwrap().extend(tricks);
    }

    /// Counts a call and returns its misbehaviour.
    fn next(&self) -> Trick {
        self.arrivals.lock().unwrap().push(Instant::now());
        self.tricks.lock().unwrap().pop_front().unwrap_or(Trick::Well)
    }

    fn bill(&self, images: usize) {
        self.billed.fetch_add(images, Ordering::SeqCst);
    }

    pub(crate) fn calls(&self) -> usize {
        self.arrivals.lock().unwrap().len()
    }

    pub(crate) fn billed(&self) -> usize {
        self.billed.load(Ordering::SeqCst)
    }
}

/// Serves at a free port of this machine until the runtime ends, and returns the URL.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The size of the preset that a service is asked for.
fn preset(model: &str, ratio: &str, tier: Option<&str>) -> Option<Size> {
    let table = Model::all().into_iter().find(|table| table.name() == model)?;
    let found = table.presets().iter().find(|preset| {
        preset.ratio.is_some_and(|own| own.to_string() == ratio)
            && preset.tier.map(|tier| tier.to_string()).as_deref() == tier
    })?;
    Some(found.size)
}

/// A picture of `size`, changed by the trick.
fn picture(size: Size, trick: Trick) -> Bytes {
    let (numerator, denominator) = match trick {
        Trick::Smaller => (3, 4),
        Trick::TooSmall => (1, 4),
        _ => (1, 1),
    };
    let part = |side: u32| side * numerator / denominator;
    let size = Size::new(part(size.width()), part(size.height())).unwrap();
    let bar = if trick == Trick::Bordered { size.height() / 8 } else { 0 };
    let pixel = |at: u32| {
        let (x, y) = (at % size.width(), at / size.width());
        if y < bar || y >= size.height() - bar {
            return [255; 3];
        }
        let shade = |value: u32, whole: u32| u8::try_from(value * 200 / whole).unwrap();
        [shade(x, size.width()), shade(y, size.height()), if (x / 16 + y / 16) % 2 == 0 { 60 } else { 180 }]
    };
    let pixels = (0..size.area()).flat_map(pixel).collect();
    let picture = Picture::from_rgb(size, pixels).unwrap();
    let format = if trick == Trick::JpegAsPng { Format::Jpeg } else { Format::Png };
    encode(&picture, format, &EncodeOptions::default()).unwrap().bytes.into()
}

/// An answer whose body announces `length` bytes and breaks off after a few.
fn broken_off(length: u64) -> Response {
    let chunks = [Ok(Bytes::from_static(b"{\"images\": [")), Err(std::io::Error::other("lost"))];
    Response::builder()
        .header("content-type", "application/json")
        .header("content-length", length)
        .body(Body::from_stream(stream::iter(chunks)))
        .unwrap()
}

/// An answer whose body announces `length` bytes, of which only the first come.
fn too_long(length: u64) -> Response {
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{\"images\": ["))]);
    Response::builder()
        .header("content-type", "application/json")
        .header("content-length", length)
        .body(Body::from_stream(first.chain(stream::pending())))
        .unwrap()
}

/// The HTML page of a proxy.
fn page() -> Response {
    let body = "<html><body>Please wait.</body></html>";
    Response::builder().header("content-type", "text/html").body(Body::from(body)).unwrap()
}

fn json(status: u16, body: &serde_json::Value) -> Response {
    let builder = Response::builder().status(status).header("content-type", "application/json");
    builder.body(Body::from(body.to_string())).unwrap()
}
