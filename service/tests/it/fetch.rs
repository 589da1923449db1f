//! Fetching URLs from misbehaving and malicious servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue};
use smart_resize::wire::fal::{ErrorType, Loc};
use smart_resize_service::fetch::{FetchError, FetchLimits, Fetcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Handles a connection after the head of its request has been read. The arguments are the head and the connection.
type Serve = fn(String, TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server of a test, with its port and the number of its connections.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(serve: Serve) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, connections) = (listener.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        head.push(byte);
                    }
                    let head = String::from_utf8(head).unwrap();
                    serve(head, stream).await;
                });
            }
        });
        Self { port, connections }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Answers according to the path.
fn by_path(head: String, mut stream: TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let whole = |head: &str, body: &str| format!("HTTP/1.1 {head}\r\n\r\n{body}");
        let answer = match path {
            "/ten" => whole("200 OK\r\ncontent-length: 10", "0123456789"),
            "/chunks" => whole("200 OK\r\ntransfer-encoding: chunked", "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"),
            "/lying-short" => whole("200 OK\r\ncontent-length: 5", "0123456789"),
            "/lying-long" => whole("200 OK\r\ncontent-length: 20", "0123456789"),
            "/zipped" => whole("200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4", "zip!"),
            "/huge" => whole("200 OK\r\ncontent-length: 99999999999", "0"),
            "/missing" => whole("404 Not Found\r\ncontent-length: 6", "secret"),
            "/nonsense" => "SSH-2.0-OpenSSH_9.6\r\n".to_owned(),
            "/loop" => whole("302 Found\r\nlocation: /loop\r\ncontent-length: 0", ""),
            "/nowhere" => whole("302 Found\r\ncontent-length: 0", ""),
            "/relative" => whole("301 Moved\r\nlocation: ten\r\ncontent-length: 0", ""),
            "/to-metadata" => {
                whole("302 Found\r\nlocation: http://169.254.169.254/latest/meta-data\r\ncontent-length: 0", "")
            }
            "/to-file" => whole("302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0", ""),
            "/to-credentials" => whole("302 Found\r\nlocation: http://a:b@127.0.0.1/\r\ncontent-length: 0", ""),
            "/headers" => whole(&format!("200 OK\r\ncontent-length: {}", head.len()), &head),
            "/endless" => {
                let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                while sent.is_ok() {
                    sent = stream.write_all(format!("1000\r\n{}\r\n", "0".repeat(0x1000)).as_bytes()).await;
                }
                return;
            }
            "/dripping" => {
                let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n").await;
                while sent.is_ok() {
                    sleep(Duration::from_millis(20)).await;
                    sent = stream.write_all(b"0").await;
                }
                return;
            }
            "/silent" => return std::future::pending().await,
            path => {
                let left: u32 = path.trim_start_matches("/hop/").parse().unwrap();
                let next = if left == 0 { "/ten".to_owned() } else { format!("/hop/{}", left - 1) };
                whole(&format!("307 Moved\r\nlocation: {next}\r\ncontent-length: 0"), "")
            }
        };
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    })
}

fn limits(allow_private: bool) -> FetchLimits {
    let mut limits = FetchLimits::default();
    limits.allow_private = allow_private;
    limits
}

fn open() -> Fetcher {
    Fetcher::new(limits(true)).unwrap()
}

fn guarded() -> Fetcher {
    Fetcher::new(limits(false)).unwrap()
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_in_every_notation() {
    let server = Server::start(by_path).await;
    let port = server.port;
    let fetcher = guarded();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433", // decimal
        "0x7f000001", // hexadecimal
        "0x7f.0.0.1",
        "0177.0.0.1", // octal
        "017700000001",
        "0",
        "0.0.0.0",
        "%31%32%37.0.0.1", // escaped
        "１２７.０.０.１", // full width
        "127。0。0。1",    // other full stops
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", // Teredo
        "[fd00::1]",
        "[fe80::1]",
    ] {
        for url in [format!("http://{host}:{port}/ten"), format!("https://{host}:{port}/ten")] {
            assert!(matches!(fetcher.check(&url), Err(FetchError::Address { .. })), "{url}");
            assert!(matches!(fetcher.get(&url).await, Err(FetchError::Address { .. })), "{url}");
            let posted = fetcher.post(&url, HeaderMap::new(), Bytes::new()).await;
            assert!(matches!(posted, Err(FetchError::Address { .. })), "{url}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_with_private_addresses_is_refused() {
    let server = Server::start(by_path).await;
    let port = server.port;
    for host in ["localhost", "LOCALHOST", "localhost."] {
        let url = format!("http://{host}:{port}/ten");
        assert!(guarded().check(&url).is_ok(), "{url}: a check must not resolve names");
        let error = guarded().get(&url).await.unwrap_err();
        // Some resolvers do not know the name with a trailing dot, which is an error too.
        let is_refused = matches!(error, FetchError::Name { .. });
        assert!(is_refused || host.ends_with('.'), "{url}: {error:?}");
        assert!(guarded().post(&url, HeaderMap::new(), Bytes::new()).await.is_err());
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(open().get(&format!("http://localhost:{port}/ten")).await.unwrap(), "0123456789");
}

#[tokio::test]
async fn an_invalid_url_is_refused_without_a_connection() {
    let case = |url: &str, expected: &str| assert_eq!(open().check(url).unwrap_err().to_string(), expected, "{url}");
    case("file:///etc/passwd", "the scheme is \"file\"; expected \"http\" or \"https\"");
    case("ftp://example.com/a.png", "the scheme is \"ftp\"; expected \"http\" or \"https\"");
    case("gopher://127.0.0.1:25/_HELO", "the scheme is \"gopher\"; expected \"http\" or \"https\"");
    case("data:image/png;base64,AAAA", "the scheme is \"data\"; expected \"http\" or \"https\"");
    case("http://user@example.com/", "the URL has credentials; expected none");
    case("http://:password@example.com/", "the URL has credentials; expected none");
    case("http://example.com@127.0.0.1/", "the URL has credentials; expected none");
    case("", "the URL is invalid");
    case("shoe.png", "the URL is invalid");
    case("http://", "the URL is invalid");
    case("http://1.2.3.4.5/", "the URL is invalid");
    case("http://256.0.0.1/", "the URL is invalid");
    case("http://[fe80::1%25eth0]/", "the URL is invalid");
    assert_eq!(guarded().check("HTTPS://EXAMPLE.com:8443/a").unwrap().as_str(), "https://example.com:8443/a");
    assert!(guarded().check("http://93.184.216.34/").is_ok());
}

#[tokio::test]
async fn each_redirect_is_checked_like_the_first_url() {
    let server = Server::start(by_path).await;
    let fetch = async |path: &str| open().get(&server.url(path)).await;
    assert_eq!(fetch("/relative").await.unwrap(), "0123456789");
    assert_eq!(fetch("/hop/4").await.unwrap(), "0123456789"); // five redirects
    assert!(matches!(fetch("/hop/5").await, Err(FetchError::Redirects { max: 5 })));
    let before = server.connections();
    assert!(matches!(fetch("/loop").await, Err(FetchError::Redirects { max: 5 })));
    assert_eq!(server.connections() - before, 6);
    assert!(matches!(fetch("/nowhere").await, Err(FetchError::NoLocation { status: 302 })));
    assert!(matches!(fetch("/to-file").await, Err(FetchError::Scheme { .. })));
    assert!(matches!(fetch("/to-credentials").await, Err(FetchError::Credentials)));
}

#[tokio::test]
async fn the_size_is_limited_whatever_the_header_says() {
    let server = Server::start(by_path).await;
    let fetch = async |path: &str, max: u64| open().get_up_to(&server.url(path), max).await;
    assert_eq!(fetch("/ten", 10).await.unwrap(), "0123456789");
    assert!(matches!(fetch("/ten", 9).await, Err(FetchError::TooLarge { max: 9 })));
    assert_eq!(fetch("/chunks", 11).await.unwrap(), "01234567890");
    assert!(matches!(fetch("/chunks", 10).await, Err(FetchError::TooLarge { max: 10 })));
    assert_eq!(fetch("/lying-short", 100).await.unwrap(), "01234");
    assert!(matches!(fetch("/lying-long", 100).await, Err(FetchError::Broken(_))));
    assert!(matches!(fetch("/huge", 1 << 20).await, Err(FetchError::TooLarge { .. })));
    assert!(matches!(fetch("/endless", 1 << 20).await, Err(FetchError::TooLarge { .. })));
    assert_eq!(fetch("/zipped", 100).await.unwrap(), "zip!", "a body must not be decompressed");
}

#[tokio::test]
async fn the_total_time_is_limited() {
    let server = Server::start(by_path).await;
    let mut limits = limits(true);
    limits.timeout = Duration::from_millis(200);
    let fetcher = Fetcher::new(limits).unwrap();
    for path in ["/silent", "/dripping"] {
        let begun = Instant::now();
        let error = fetcher.get(&server.url(path)).await.unwrap_err();
        assert_eq!(error.to_string(), "the fetch took longer than 0.2 s", "{path}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{path}");
    }
}

#[tokio::test]
async fn the_error_of_a_failed_answer_has_only_its_status() {
    let server = Server::start(by_path).await;
    let error = open().get(&server.url("/missing")).await.unwrap_err();
    assert!(matches!(error, FetchError::Status { status: 404 }));
    assert!(!format!("{error:?} {error}").contains("secret"));
    assert!(matches!(open().get(&server.url("/nonsense")).await, Err(FetchError::Broken(_))));
    let closed = open().get("http://127.0.0.1:1/").await;
    assert!(matches!(closed, Err(FetchError::Unreachable { .. })), "{closed:?}");
}

#[tokio::test]
async fn no_identifying_header_is_sent() {
    let server = Server::start(by_path).await;
    let head = open().get(&server.url("/headers")).await.unwrap();
    let head = String::from_utf8(head.to_vec()).unwrap().to_lowercase();
    for name in ["cookie", "authorization", "referer", "accept-encoding"] {
        assert!(!head.contains(&format!("\n{name}:")), "{head}");
    }
}

#[tokio::test]
async fn no_idle_connection_is_kept_so_that_each_fetch_checks_the_address_again() {
    // The server leaves each connection open for another request.
    let server = Server::start(|_, mut stream| {
        Box::pin(async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc").await;
            let _ = stream.read_u8().await;
        })
    })
    .await;
    let fetcher = open();
    for connections in 1..=3 {
        assert_eq!(fetcher.get(&server.url("/")).await.unwrap(), "abc");
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn the_user_agent_is_the_service_with_its_version() {
    let server = Server::start(by_path).await;
    let head = String::from_utf8(open().get(&server.url("/headers")).await.unwrap().to_vec()).unwrap();
    let expected = concat!("user-agent: smart-resize-service/", env!("CARGO_PKG_VERSION"), "\r\n");
    assert!(head.contains(expected), "{head}");
}

#[tokio::test]
async fn a_post_returns_its_status_and_follows_no_redirect() {
    let server = Server::start(by_path).await;
    let post = async |path: &str| {
        let headers = HeaderMap::from_iter([("x-test".parse().unwrap(), HeaderValue::from_static("1"))]);
        open().post(&server.url(path), headers, Bytes::new()).await
    };
    assert_eq!(post("/ten").await.unwrap(), 200);
    assert_eq!(post("/missing").await.unwrap(), 404);
    assert_eq!(post("/to-metadata").await.unwrap(), 302);
}

#[tokio::test]
async fn errors_have_fals_form_and_reveal_nothing_about_the_internal_network() {
    let loc = || [Loc::from("body"), Loc::from("image_url")];
    let entry = |error: &FetchError| error.to_entry("http://localhost/a.png", loc());
    let hidden = entry(&FetchError::Name { host: "db.internal".to_owned() });
    let absent = entry(&FetchError::Unreachable { host: "db.internal".to_owned(), source: "refused".into() });
    assert_eq!(hidden, absent);
    assert_eq!(hidden.error_type, ErrorType::FileDownloadError);
    assert_eq!(hidden.msg, "Could not load image from url: db.internal cannot be reached");
    assert_eq!(hidden.to_string(), format!("body.image_url: {}", hidden.msg));

    let private = entry(&guarded().check("http://127.0.0.1/").unwrap_err());
    assert_eq!(private.error_type, ErrorType::ImageLoadError);
    assert_eq!(private.msg, "Could not load image from url: the address 127.0.0.1 is not public");

    let large = entry(&FetchError::TooLarge { max: 50 << 20 });
    assert_eq!(
        (large.error_type, &*large.msg),
        (ErrorType::FileTooLarge, "File is too large: the body has more than 52428800 bytes")
    );
    assert_eq!(large.ctx.unwrap()["max_size"], 50 << 20);
    let missing = entry(&FetchError::Status { status: 404 });
    assert_eq!(missing.msg, "Could not load image from url: the response has status 404; expected 200 to 299");
}
