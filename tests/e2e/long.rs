//! A long conversation in the real window: opened, scrolled to its start and back with a real wheel, every frame on record.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use model::{ConversationId, MediaState, Reaction, Surface};
use serde_json::{Value, json};
use store::Store;
use store::table::message::{self, IncomingMessage};
use store::table::{account, conversation};

use super::shop::{Shop, open_conversation};
use super::window::Window;
use tests::Patience;
use tests::process::{GLANCE, wait_for};

const CUSTOMER: &str = "Nadia Rahman";
/// How many messages the conversation has before it is opened; the whole run says `DESKBELL_MESSAGES=10000`.
const MESSAGES: i64 = 1_500;
/// A message every so often, back from a week ago.
const APART_MS: i64 = 7 * 60_000;
/// How long the wheel may take to get from one end to the other.
const A_LONG_WAY: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread")]
async fn a_long_conversation_scrolls_to_its_start_and_back_without_a_jump_or_a_blank() -> Result<()> {
    let shop = Shop::open().await?;
    let mut app = shop.app().await?;
    shop.link(app.window()).await?;
    app.kill(&shop.desktop).await?;
    let messages = std::env::var("DESKBELL_MESSAGES").ok().and_then(|many| many.parse().ok()).unwrap_or(MESSAGES);
    let (first, last) = fill(&shop, messages).await?;
    app.restart(&shop.desktop).await?;

    let window = app.window();
    window.resize(1280, 800).await?;
    let opened = Instant::now();
    open_conversation(window, CUSTOMER).await?;
    window.see("Is the linen set back in M?").await?;
    let opened = opened.elapsed();
    let up = scroll(&shop, window, Way::Up, &first).await?;
    window.shot("long-start").await?;
    let down = scroll(&shop, window, Way::Down, &last).await?;
    window.shot("long-end").await?;
    println!("{}", json!({ "messages": messages, "open_ms": opened.as_millis() as u64, "up": up, "down": down }));
    for (way, seen) in [("up", &up), ("down", &down)] {
        for fault in ["jumps", "blanks", "lost"] {
            ensure!(seen[fault] == json!(0), "{way}: {fault}: {seen}");
        }
        ensure!(seen["frames"].as_u64().unwrap_or(0) > 100, "{way} was watched: {seen}");
        ensure!(seen["mostMessages"].as_u64().is_some_and(|most| most <= 400), "{way} holds a part only: {seen}");
    }
    Ok(())
}

/// Writes the conversation's past, as if it had been here all along; its first and last message as the page names them.
async fn fill(shop: &Shop, messages: i64) -> Result<(String, String)> {
    // A process that was killed holds its lock until the system has buried it.
    let store = wait_for("the database to be free", || Store::open(&shop.data).ok()).await?;
    let now_ms = shop.tiktok.now_ms();
    let ends = store
        .write(move |tx| {
            let account = account::all(tx)?.remove(0).id;
            let person: i64 =
                tx.query_row("SELECT id FROM person WHERE name = ?1", [CUSTOMER], |row| row.get(0))?;
            let id: ConversationId = tx.query_row(
                "SELECT id FROM conversation WHERE person_id = ?1",
                [person],
                |row| row.get(0).map(ConversationId),
            )?;
            for nth in 0..messages {
                let at_ms = now_ms - 7 * 86_400_000 - (messages - nth) * APART_MS;
                message::insert(tx, account, id, &news(nth, at_ms), true)?;
            }
            conversation::refresh(tx, id)?;
            let end = |order: &str| {
                tx.query_row(
                    &format!("SELECT id FROM message WHERE conversation_id = ?1 ORDER BY sent_at_ms {order}, tie {order}, id {order} LIMIT 1"),
                    [id.0],
                    |row| row.get::<_, i64>(0),
                )
            };
            Ok((end("ASC")?.to_string(), end("DESC")?.to_string()))
        })
        .await?;
    store.close().await;
    Ok(ends)
}

/// Lines of every length and script, cards, stickers that are gone, and hearts.
fn news(nth: i64, at_ms: i64) -> IncomingMessage {
    const LINES: [&str; 8] = [
        "Do you ship to Utrecht?",
        "Ich nehme die Größe M, falls sie noch da ist, und sonst warte ich gern ein paar Tage. Könnten Sie mir schreiben?",
        "¿Está disponible en azul?",
        "サイズを教えてください",
        "هل يوجد شحن إلى الرياض؟",
        "ok 🙏",
        "The parcel came on Tuesday.\nOne seam was open.\nI have sewn it myself, so nothing to do for you, only so that you know.",
        "사이즈 교환 가능한가요?",
    ];
    let line = LINES[usize::try_from(nth).unwrap_or(0) % LINES.len()];
    let content = match nth % 37 {
        11 => model::Content::Sticker { url: "https://p16.tiktokcdn.com/gone".into(), media: MediaState::Unavailable },
        23 => model::Content::Card {
            kind: None,
            title: "Which size do you wear?".into(),
            buttons: vec!["S".into(), "M".into(), "L".into()],
        },
        _ => model::Content::Text { body: format!("{line} ({nth})") },
    };
    IncomingMessage {
        remote_id: format!("past-{nth}"),
        sent_at_ms: at_ms,
        is_timed: true,
        outgoing: nth % 3 == 1,
        surface: if nth % 3 == 1 { Surface::Web } else { Surface::Phone },
        auto: None,
        content,
        quoted_remote_id: (nth % 29 == 7).then(|| format!("past-{}", nth - 5)),
        reactions: if nth % 41 == 3 {
            vec![Reaction { emoji: "❤️".into(), picture: None, from: model::Direction::In }]
        } else {
            Vec::new()
        },
        raw: "{}".into(),
    }
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// Turns the wheel one way, for real, until the message at that end is in sight; what every frame showed.
async fn scroll(shop: &Shop, window: &Window, way: Way, end: &str) -> Result<Value> {
    record(window, "start").await?;
    let since = Instant::now();
    let mut patience = Patience::of(A_LONG_WAY);
    let button = match way {
        Way::Up => "4",
        Way::Down => "5",
    };
    shop.desktop.xdotool(&["mousemove", "760", "400"])?;
    let script = "const box = document.querySelector('[data-region=thread][role=log]');\
        const shown = [...box.querySelectorAll('[data-message]')].map((one) => one.dataset.message);\
        return arguments[1] ? shown[0] === arguments[0] && box.scrollTop <= 0\
            : shown.at(-1) === arguments[0] && box.scrollHeight - box.scrollTop - box.clientHeight <= 1;";
    loop {
        shop.desktop.xdotool(&["click", "--repeat", "30", "--delay", "8", button])?;
        let there = window.client().execute(script, vec![json!(end), json!(matches!(way, Way::Up))]).await?;
        if there == json!(true) {
            break;
        }
        ensure!(!patience.is_over(), "the end is not reached: {}", record(window, "stop").await?);
    }
    tokio::time::sleep(GLANCE * 10).await;
    let mut seen = record(window, "stop").await?;
    seen["seconds"] = json!(since.elapsed().as_secs_f32());
    Ok(seen)
}

/// The recorder that the mock page is watched with, too.
async fn record(window: &Window, what: &str) -> Result<Value> {
    let script = include_str!("../../ui/dev/recorder.js");
    window.client().execute(script, vec![json!(what), json!(true)]).await.context("the recorder")
}
