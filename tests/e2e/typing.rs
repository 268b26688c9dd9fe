//! The power goes in the middle of a sentence: at most the last second of typing is lost, and none of it turns up in
//! another conversation.
//!
//! `DESKBELL_KILLS=200 cargo test -p tests --test it -- e2e::typing --nocapture` does it two hundred times.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use tests::patience::threads_per_core;
use tokio::sync::watch;

use super::app::App;
use super::shop::{Shop, open_conversation};

const CUSTOMERS: [&str; 2] = ["Nadia Rahman", "Marco Bellini"];
/// What may be lost: the last second, of which a busy machine gives the program a share.
const MOST_LOST: Duration = Duration::from_secs(1);
/// A desktop lives five minutes at most.
const KILLS_ON_ONE_DESKTOP: usize = 25;

/// What was typed into one composer, and when each bit of it was in.
struct Typing {
    text: String,
    known: Vec<(Instant, usize)>,
}

/// Types until the program is gone, and tells how many bits are in.
async fn type_until_killed(app: &App, to: &str, before: String, seed: u64, bits: watch::Sender<usize>) -> Typing {
    let mut lot = StdRng::seed_from_u64(seed);
    let mut typing = Typing { text: before, known: Vec::new() };
    let name = format!("Message to {to}");
    let Ok(field) = app.window().find("textbox", &name).await else { return typing };
    // The click puts the caret where the mouse was.
    if field.click().await.is_err() || app.window().press(&[Key::Control], Key::End).await.is_err() {
        return typing;
    }
    for word in 0.. {
        let bit = format!("{}{word} ", ["for ", "your ", "order ", "we ", "have "][lot.random_range(0..5)]);
        typing.text.push_str(&bit);
        // Past this call it is in the field; if the call fails it may be.
        if field.send_keys(&bit).await.is_err() {
            break;
        }
        typing.known.push((Instant::now(), typing.text.chars().count()));
        bits.send_modify(|bits| *bits += 1);
    }
    typing
}

async fn draft(app: &App, of: &str) -> Result<String> {
    open_conversation(app.window(), of).await?;
    // The field can be written into once the desk's draft is in it.
    app.window()
        .holds("the draft to be there", "return document.querySelector('textarea[data-composer]')?.readOnly === false;")
        .await?;
    app.window().value(&format!("Message to {of}")).await
}

/// How long before the end the oldest bit was typed that is not there any more, and how many characters were typed.
async fn kill_in_a_sentence(
    app: &mut App,
    shop: &Shop,
    drafts: &mut [String; 2],
    seed: u64,
) -> Result<(Duration, usize)> {
    let mut lot = StdRng::seed_from_u64(seed);
    let at = lot.random_range(0..2);
    // A draft that has grown long is begun anew, so that typing stays typing.
    if drafts[at].len() > 600 {
        open_conversation(app.window(), CUSTOMERS[at]).await?;
        app.window().fill(&format!("Message to {}", CUSTOMERS[at]), "Again: ").await?;
        // Its row shows the draft once it is kept.
        open_conversation(app.window(), CUSTOMERS[1 - at]).await?;
        app.window().see("Again:").await?;
        drafts[at] = "Again: ".to_owned();
    }
    open_conversation(app.window(), CUSTOMERS[at]).await?;
    let (bits, mut typed) = watch::channel(0);
    let (enough, moment) = (lot.random_range(0..40), Duration::from_millis(lot.random_range(0..100)));
    let killed = async {
        // Not by the clock: a busy machine types slowly. If nothing can be typed at all, the sender is gone.
        let _ = typed.wait_for(|bits| *bits >= enough).await;
        tokio::time::sleep(moment).await;
        app.kill(&shop.desktop).await
    };
    let (typing, killed) = tokio::join!(type_until_killed(app, CUSTOMERS[at], drafts[at].clone(), seed, bits), killed);
    let killed = killed?;
    let share = threads_per_core();
    app.restart(&shop.desktop).await?;
    let kept = draft(app, CUSTOMERS[at]).await?;
    ensure!(typing.text.starts_with(&kept), "seed {seed}: {kept:?} is not how {:?} begins", typing.text);
    let held = kept.chars().count();
    let lost = typing
        .known
        .iter()
        .find(|(_, chars)| *chars > held)
        .map_or(Duration::ZERO, |(when, _)| killed.saturating_duration_since(*when).div_f64(share));
    ensure!(
        lost <= MOST_LOST,
        "seed {seed}: {} ms of typing are lost: {kept:?} of {:?}",
        lost.as_millis(),
        typing.text
    );
    let other = draft(app, CUSTOMERS[1 - at]).await?;
    ensure!(other == drafts[1 - at], "seed {seed}: another draft changed: {other:?} was {:?}", drafts[1 - at]);
    let typed = typing.known.last().map_or(0, |(_, chars)| *chars).saturating_sub(drafts[at].chars().count());
    drafts[at] = kept;
    Ok((lost, typed))
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_the_last_second_of_typing_is_lost_and_never_to_another_conversation() -> Result<()> {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().map_or(Ok(default), |text| text.parse()).with_context(|| format!("{name} is a number"))
    };
    let (kills, seed) = (usize::try_from(number("DESKBELL_KILLS", 3)?)?, number("DESKBELL_SEED", 1)?);
    let (mut lost, mut typed) = (Vec::new(), 0);
    while lost.len() < kills {
        let shop = Shop::open().await?;
        let mut app = shop.app().await?;
        shop.link(app.window()).await?;
        let mut drafts = [String::new(), String::new()];
        for _ in 0..KILLS_ON_ONE_DESKTOP.min(kills - lost.len()) {
            let one = kill_in_a_sentence(&mut app, &shop, &mut drafts, seed * 1_000 + lost.len() as u64).await?;
            lost.push(one.0);
            typed += one.1;
        }
    }
    ensure!(typed > 10 * kills, "only {typed} characters were typed: that is no typing");
    lost.sort();
    let ms = |at: usize| lost.get(at).map_or(0, Duration::as_millis);
    let any = lost.iter().filter(|one| !one.is_zero()).count();
    println!(
        "{} kills while typing {typed} characters (seed {seed}): something lost in {any}, at most the last {} ms, median {} ms; \
         no draft of another conversation changed",
        lost.len(),
        ms(lost.len() - 1),
        ms(lost.len() / 2)
    );
    Ok(())
}
