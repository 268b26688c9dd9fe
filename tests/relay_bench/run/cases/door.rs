//! Forged, stale, replayed, oversized, malformed and slow webhooks: what each is answered, and what it leaves in the log.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use wire::paths::BUSINESS_WEBHOOK;

use crate::run::http::{self, Connection};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};
use crate::run::stored;
use crate::run::webhook::{Maker, now_s};

pub(crate) const NAME: &str = "door";
const HOUR_S: i64 = 3_600;
/// More than the door takes.
const TOO_LONG: usize = 300 << 10;
/// The relay waits 5 s for headers, and 10 s for a body.
const MAX_HEADER_S: f64 = 8.0;
const MAX_BODY_S: f64 = 13.0;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What a webhook is to come to.
struct Row {
    name: &'static str,
    request: Vec<u8>,
    status: u16,
    /// How many events it adds to the log.
    events: u64,
}

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    let mut shop = Shop::open(address, 0).await?;
    let relay = shop.relay()?.address;
    let maker = shop.maker(100);
    let mut report = Report::new(NAME, database);
    for row in rows(&maker) {
        let before = stored::head(&shop.database).await?;
        let status = ask(relay, &row.request).await.unwrap_or(0);
        let events = stored::head(&shop.database).await? - before;
        let is_right = status == row.status && events == row.events;
        let words = format!("{status}, {events} stored (to be {}, {})", row.status, row.events);
        report.check(row.name, is_right, &words);
    }
    let before = stored::head(&shop.database).await?;
    report.check("breaks off in its body", breaks_off(relay, &maker).await, "closed, and not answered with 200");
    if options.quick {
        report.note("left_out", json!("slow headers and slow bodies take 15 s: not with --quick"));
    } else {
        let ((header, header_status), (body, body_status)) =
            tokio::join!(drip(relay, &maker, false), drip(relay, &maker, true));
        report.at_most(&format!("slow headers: {header_status}, closed after"), Some(header), MAX_HEADER_S, "s");
        report.at_most(&format!("slow body: {body_status}, closed after"), Some(body), MAX_BODY_S, "s");
        report.check("slow body is answered", body_status == 408, &body_status.to_string());
    }
    let events = stored::head(&shop.database).await? - before;
    report.check("none of these is stored", events == 0, &events.to_string());
    report.usage(shop.relay()?.usage()?);
    Ok(report)
}

fn request(headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("POST {BUSINESS_WEBHOOK} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    text.into_bytes()
}

/// Each with a body of its own, unless it repeats another.
fn rows(maker: &Maker) -> Vec<Row> {
    const SIGNATURE: &str = "Tiktok-Signature";
    let row = |name, request, status, events| Row { name, request, status, events };
    let (now, body) = (now_s(), |number: u32| maker.body(number));
    let signed = |body: &str, at_s| request(&[(SIGNATURE, &maker.signature_at(body, at_s))], body);
    let with = |body: &str, signature: &str| request(&[(SIGNATURE, signature)], body);
    let stranger = Maker { secret: "another secret".to_owned(), ..maker.clone() };
    let right = maker.signature(&body(2));
    let digits = right.split_once("s=").map(|(_, digits)| digits).unwrap_or_default();
    let long = "x".repeat(TOO_LONG);
    let in_chunks = {
        let head = format!(
            "POST {BUSINESS_WEBHOOK} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n{SIGNATURE}: {}\r\n\
             Transfer-Encoding: chunked\r\n\r\n{TOO_LONG:x}\r\n{long}\r\n0\r\n\r\n",
            maker.signature(&long)
        );
        head.into_bytes()
    };
    let event = |name: &str, account: &str| maker.envelope(name, account, &json!({ "timestamp": maker.at_ms }));
    let (unknown, stranger_account) = (event("im_of_tomorrow", &maker.account), event("im_receive_msg", "nobody"));
    let stripped = maker.envelope(
        "im_receive_msg_eu",
        &maker.account,
        &json!({
            "to": "shop", "to_user": { "id": maker.account, "role": "business_account" }, "timestamp": maker.at_ms,
        }),
    );
    vec![
        row("right", signed(&body(1), now), 200, 1),
        row("the same again", signed(&body(1), now), 200, 0),
        row("the same, signed anew", signed(&body(1), now + 1), 200, 0),
        row("the same, signed an hour ago", signed(&body(1), now - HOUR_S), 200, 0),
        row("new, signed an hour ago: a hint", signed(&body(3), now - HOUR_S), 200, 1),
        row("new, signed in an hour: a hint", signed(&body(4), now + HOUR_S), 200, 1),
        row("a message whose content TikTok keeps: a hint", signed(&stripped, now), 200, 1),
        row("signed by another secret", with(&body(2), &stranger.signature(&body(2))), 401, 0),
        row("altered body", with(&body(2).replace("7aB+c", "7aB+d"), &right), 401, 0),
        row("altered time", with(&body(2), &format!("t={},s={digits}", now - 7)), 401, 0),
        row("no signature", request(&[], &body(2)), 401, 0),
        row("empty signature", with(&body(2), ""), 401, 0),
        row("two signatures", request(&[(SIGNATURE, &right), (SIGNATURE, &right)], &body(2)), 401, 0),
        row("a signature with two times", with(&body(2), &format!("t={now},{right}")), 401, 0),
        row("a signature that is no hex", with(&body(2), &format!("t={now},s={}", "z".repeat(64))), 401, 0),
        row("half a signature", with(&body(2), right.get(..40).unwrap_or_default()), 401, 0),
        row("too long, as it says", signed(&long, now), 413, 0),
        row("too long, in chunks", in_chunks, 413, 0),
        row("signed, and no JSON: kept aside", signed("{\"event\":", now), 200, 0),
        row("signed, and empty: kept aside", signed("", now), 200, 0),
        row("an event of a later version: kept aside", signed(&unknown, now), 200, 0),
        row("an account of another shop: kept aside", signed(&stranger_account, now), 200, 0),
        row(
            "another method",
            format!("GET {BUSINESS_WEBHOOK} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n").into_bytes(),
            405,
            0,
        ),
        row("headers of 100 KB", request(&[("X-Long", &"x".repeat(100_000))], &body(2)), 431, 0),
    ]
}

/// The answer's status.
async fn ask(relay: SocketAddr, request: &[u8]) -> Result<u16> {
    let asked = async {
        let mut connection = Connection::open(relay, 0).await?;
        // A server that has heard enough may answer before the last byte is written.
        let _ = connection.send(request).await;
        Ok::<_, anyhow::Error>(connection.head().await?.status)
    };
    tokio::time::timeout(ANSWER_TIMEOUT, asked).await?
}

async fn breaks_off(relay: SocketAddr, maker: &Maker) -> bool {
    let whole = maker.request(&maker.body(5));
    let asked = async {
        let mut connection = Connection::open(relay, 0).await?;
        connection.send(whole.get(..whole.len() - 20).unwrap_or_default()).await?;
        connection.stream.shutdown().await?;
        Ok::<_, anyhow::Error>(connection.head().await?.status)
    };
    !matches!(tokio::time::timeout(ANSWER_TIMEOUT, asked).await, Ok(Ok(200)) | Err(_))
}

/// Sends headers, or a body, a byte at a time. Until when it was taken, in seconds, and the answer's status.
async fn drip(relay: SocketAddr, maker: &Maker, has_headers: bool) -> (f64, u16) {
    let whole = maker.request(&maker.body(6));
    let headers = http::find(&whole, b"\r\n\r\n").map_or(0, |end| end + 4);
    let began = Instant::now();
    let dripped = async {
        let mut connection = Connection::open(relay, 1).await?;
        let at = if has_headers { headers } else { 0 };
        connection.send(whole.get(..at).unwrap_or_default()).await?;
        for byte in whole.get(at..).unwrap_or_default() {
            tokio::select! {
                head = connection.head() => return Ok(head?.status),
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
            connection.send(&[*byte]).await?;
        }
        Ok::<_, anyhow::Error>(connection.head().await?.status)
    };
    let status = tokio::time::timeout(ANSWER_TIMEOUT, dripped).await;
    (began.elapsed().as_secs_f64(), status.map_or(0, |status| status.unwrap_or(0)))
}
