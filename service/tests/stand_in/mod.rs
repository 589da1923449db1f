//! Stand-ins of the services below: they speak their protocols, make real pictures of the sizes that are asked, check
//! what they are sent, count, and misbehave when they are told to.

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

/// What every stand-in wants in the header of a key.
pub(crate) const KEY: &str = "key-of-the-tests";

/// What a stand-in does wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trick {
    /// Nothing.
    Well,
    /// A picture of three quarters of the sides that were asked.
    Smaller,
    /// A picture of a quarter of the sides.
    TooSmall,
    /// A JPEG that is called a PNG.
    JpegAsPng,
    /// White bars above and below the picture.
    Framed,
    /// A text and no picture.
    TextOnly,
    /// A safety filter refuses.
    Refused,
    /// Gemini's refusal of the prompt itself.
    Blocked,
    /// An interim picture, smaller, before the final one.
    ThoughtFirst,
    /// Status 429, and a second to wait.
    RateLimited,
    /// Status 429, and an hour to wait.
    RateLimitedForLong,
    /// Status 500 in the place of the acceptance.
    Broken,
    /// This status of a gateway, when the call has been taken.
    Gateway(u16),
    /// The call is taken, and the model fails.
    ModelFails,
    /// Nothing is answered for longer than anybody waits; fal has accepted the call, and makes it later.
    Slow,
    /// The picture is made, and the connection is lost in the middle of the answer.
    Lost,
    /// The first download of each picture fails.
    NoDownload,
    /// The pictures are gone: this status in the place of each.
    Gone(u16),
    /// The picture is on another host, which is private.
    ElsewherePrivate,
    /// The picture's URL redirects to another host, which is private.
    RedirectsPrivate,
    /// A page of a proxy in the place of the result, each time.
    Html,
    /// A page of a proxy in the place of the status and of the result, once each.
    HtmlOnce,
    /// A result that is longer than anybody reads.
    Huge,
    /// A picture that is longer than anybody reads.
    HugePicture,
    /// One image more than was asked.
    More,
    /// One image fewer than was asked.
    Fewer,
    /// The pictures as data URIs.
    Embedded,
    /// The call is accepted, and nobody knows it any more.
    Forgotten,
    /// The URLs of the call are on another host.
    ElsewhereUrls,
}

/// What a stand-in is to do with the next calls, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Script {
    tricks: Mutex<VecDeque<Trick>>,
    /// When each call came.
    pub(crate) arrivals: Mutex<Vec<Instant>>,
    billed: AtomicUsize,
}

impl Script {
    pub(crate) fn play(&self, tricks: &[Trick]) {
        self.tricks.lock().unwrap().extend(tricks);
    }

    /// Counts a call, and says what to do with it.
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

/// Serves at a free port of this machine until the runtime ends, and says where.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The size of a preset, by what a service is told of it.
fn preset(model: &str, ratio: &str, tier: Option<&str>) -> Option<Size> {
    let table = Model::all().into_iter().find(|table| table.name() == model)?;
    let found = table.presets().iter().find(|preset| {
        preset.ratio.is_some_and(|own| own.to_string() == ratio)
            && preset.tier.map(|tier| tier.to_string()).as_deref() == tier
    })?;
    Some(found.size)
}

/// A picture of `size`, as the trick makes it.
fn picture(size: Size, trick: Trick) -> Bytes {
    let (numerator, denominator) = match trick {
        Trick::Smaller => (3, 4),
        Trick::TooSmall => (1, 4),
        _ => (1, 1),
    };
    let part = |side: u32| side * numerator / denominator;
    let size = Size::new(part(size.width()), part(size.height())).unwrap();
    let bar = if trick == Trick::Framed { size.height() / 8 } else { 0 };
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

/// What a proxy answers.
fn page() -> Response {
    let body = "<html><body>Please wait.</body></html>";
    Response::builder().header("content-type", "text/html").body(Body::from(body)).unwrap()
}

fn json(status: u16, body: &serde_json::Value) -> Response {
    let builder = Response::builder().status(status).header("content-type", "application/json");
    builder.body(Body::from(body.to_string())).unwrap()
}
