//! What comes from outside, in the real window: names, times and lines as they should not be.

use anyhow::Result;
use sandbox::{Fault, Times};
use serde_json::{Value, json};

use super::shop::{Shop, open_conversation};
use super::window::Window;

/// Names of customers, and how each is drawn.
const NAMES: [(&str, &str); 7] = [
    ("\u{3164}", "@"),
    ("An\u{AD}a", "An‹SHY›a"),
    ("Ana\u{2062}", "Ana‹U+2062›"),
    ("A\u{34F}na", "A‹CGJ›na"),
    ("Ben\u{202E}gnp.exe", "Ben‹RLO›gnp.exe"),
    ("Zoë 👩\u{200D}👧", "Zoë 👩\u{200D}👧"),
    ("Ana", "Ana"),
];

#[tokio::test(flavor = "multi_thread")]
async fn names_times_and_lines_that_should_not_be_are_drawn_and_nothing_is_hidden_by_them() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    for (name, _) in NAMES {
        shop.tiktok.customer(name).says("one\u{B}two\u{85}three");
    }
    let long = "N".repeat(110_000);
    shop.tiktok.customer(&long).says("a name of 110,000 characters");
    let odd = shop.tiktok.customer("Odile Time");
    odd.says("before");
    window.click("tab", "All").await?;
    for (_, drawn) in NAMES {
        window.see(drawn).await?;
    }
    window.see("NNNN…").await?;
    window.shot("border-names").await?;

    // A time in nanoseconds, one in 400 days, and none.
    let now_ms = shop.tiktok.now_ms();
    let message = |n: i64, timestamp: Value| {
        json!({ "message_id": format!("odd-{n}"), "timestamp": timestamp, "message_type": "TEXT", "text": { "body": format!("odd {n}") },
            "from_user": { "role": "PERSONAL_ACCOUNT", "id": odd.unique_identifier() } })
    };
    let times = [json!(now_ms * 1_000_000), json!(now_ms + 400 * 86_400_000), json!(0), json!(-1), json!(null)];
    let messages: Vec<Value> = (0..).zip(times).map(|(n, at)| message(n, at)).collect();
    let body =
        json!({ "code": 0, "message": "OK", "request_id": "1", "data": { "participants": [], "messages": messages } });
    open_conversation(window, "Odile Time").await?;
    shop.tiktok.fault_with(&odd, "content_list", Fault::answer(body.to_string()), Times::UntilCleared);
    odd.says("after");
    for n in 0..5 {
        window.see(&format!("odd {n}")).await?;
    }
    shop.tiktok.clear_faults();
    odd.says("and after that");
    window.see("and after that").await?;
    window.shot("border-times").await?;

    half_an_emoji(&shop, window).await
}

/// Half an emoji in the composer costs neither the draft nor the agent's trust.
async fn half_an_emoji(shop: &Shop, window: &Window) -> Result<()> {
    open_conversation(window, "Ana").await?;
    window
        .client()
        .execute(
            "const field = document.querySelector('form.composer textarea'); field.value = 'hi \\ud83d there'; field.dispatchEvent(new InputEvent('input', { bubbles: true }));",
            vec![],
        )
        .await?;
    open_conversation(window, "Odile Time").await?;
    open_conversation(window, "Ana").await?;
    // WebDriver's JSON carries no half an emoji.
    let well_formed = "return document.querySelector('form.composer textarea').value.toWellFormed();";
    let kept = window.client().execute(well_formed, vec![]).await?;
    let kept = kept.as_str().unwrap_or_default();
    assert!(kept.starts_with("hi ") && kept.ends_with(" there"), "{kept:?}");
    window.gone("Something went wrong").await?;
    window.shot("border-lines").await?;
    assert!(shop.tiktok.ledger().attempts.is_empty());
    Ok(())
}
