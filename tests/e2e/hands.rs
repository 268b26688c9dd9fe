//! The agent's hands in the real window: what leaves the composer, how it looks at every width, keys on other layouts, an
//! input method, and what other programs put into the clipboard.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::shop::{Shop, open_conversation};
use super::window::Window;
use tests::Patience;
use tests::desktop::Desktop;
use tests::process::GLANCE;

const NADIA: &str = "Nadia Rahman";
const COMPOSER: &str = "document.querySelector('textarea[data-composer]')";

/// The keycodes of an evdev keyboard, by what a US keyboard has on them.
mod code {
    pub(super) const CONTROL: u8 = 37;
    pub(super) const SHIFT: u8 = 50;
    pub(super) const ESCAPE: u8 = 9;
    pub(super) const ENTER: u8 = 36;
    pub(super) const K: u8 = 45;
    pub(super) const F: u8 = 41;
    pub(super) const J: u8 = 44;
    pub(super) const V: u8 = 55;
    pub(super) const U: u8 = 30;
    pub(super) const A: u8 = 38;
    pub(super) const N: u8 = 57;
    pub(super) const ONE: u8 = 10;
    pub(super) const SIX: u8 = 15;
    pub(super) const ZERO: u8 = 19;
    pub(super) const DE_PLUS: u8 = 35;
    pub(super) const DE_MINUS: u8 = 61;
    pub(super) const COMMA: u8 = 59;
    pub(super) const EQUAL: u8 = 21;
    pub(super) const MINUS: u8 = 20;
}

async fn ask(window: &Window, script: &str) -> Result<Value> {
    Ok(window.client().execute(script, Vec::new()).await?)
}

async fn written(window: &Window) -> Result<String> {
    let value = ask(window, &format!("return {COMPOSER}?.value ?? '';")).await?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

async fn empty_composer(window: &Window) -> Result<()> {
    ask(
        window,
        &format!("const one = {COMPOSER}; one.focus(); one.select(); document.execCommand('delete'); return true;"),
    )
    .await?;
    window
        .holds(
            "the composer to be empty and to have the focus",
            &format!("return {COMPOSER}.value === '' && document.activeElement === {COMPOSER};"),
        )
        .await
}

/// Waits for a script's answer without failing: whether it came.
async fn comes(window: &Window, script: &str) -> Result<bool> {
    let mut patience = Patience::default();
    while ask(window, script).await? != json!(true) {
        if patience.is_over() {
            return Ok(false);
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(true)
}

/// Leaves one conversation in Waiting, and opens it.
async fn leave_one_waiting(window: &Window) -> Result<String> {
    window.click("tab", "Waiting").await?;
    window.find("option", "").await?;
    loop {
        let waiting = ask(window, "return document.querySelectorAll('[data-conversation]').length;").await?;
        let left = waiting.as_u64().unwrap_or_default();
        window.find("option", "").await?.click().await?;
        if left <= 1 {
            break;
        }
        window.find("heading", "").await?;
        window.holds("the conversation to be known", &format!("return {COMPOSER}?.readOnly === false;")).await?;
        // Out of any field: the key is meant for the conversation.
        ask(window, "document.querySelector('[data-focus=list]').focus(); return true;").await?;
        window.press(&[], 'e').await?;
        let fewer = format!("return document.querySelectorAll('[data-conversation]').length < {left};");
        window.holds("one fewer to wait", &fewer).await?;
    }
    window.holds("the composer", &format!("return {COMPOSER}?.readOnly === false;")).await?;
    let label = ask(window, &format!("return {COMPOSER}.getAttribute('aria-label');")).await?;
    label
        .as_str()
        .and_then(|label| label.strip_prefix("Message to "))
        .map(str::to_owned)
        .context("a composer has a label")
}

/// Everything of the composer's bar that sticks out of the composer.
const OUTSIDE: &str = "const form = document.querySelector('form.composer').getBoundingClientRect();\
    return [...document.querySelectorAll('form.composer .bar button, form.composer .bar span')].filter((one) => {\
      const box = one.getBoundingClientRect();\
      const hidden = getComputedStyle(one).clipPath !== 'none' || box.width < 2;\
      return !hidden && (box.right > form.right + 1 || box.left < form.left - 1 || box.bottom > form.bottom + 1);\
    }).map((one) => one.textContent || one.getAttribute('aria-label'));";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_meant_for_the_window_reaches_a_customer() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    window.resize(1280, 800).await?;
    let name = leave_one_waiting(window).await?;
    let composer = format!("Message to {name}");
    let sent = shop.tiktok.ledger().accepted.len();

    // A slash word that nothing answers: Enter closes the list, the next one asks.
    window.type_into(&composer, "/tr").await?;
    window.holds("the list", "return document.querySelector('[data-choices]') !== null;").await?;
    window.see("No saved reply answers to this").await?;
    window.shot("hands-slash-list").await?;
    window.press(&[], Key::Enter).await?;
    window.holds("the list to close", "return document.querySelector('[data-choices]') === null;").await?;
    window.press(&[], Key::Enter).await?;
    window.see("Send anyway").await?;
    window.shot("hands-slash-asked").await?;
    ensure!(written(window).await? == "/tr", "the slash word stays in the field");
    empty_composer(window).await?;
    window.gone("Send anyway").await?;

    // At every width the bar stays inside the composer while a reply is held.
    for (width, theme) in [
        (900, "light"),
        (1000, "light"),
        (1100, "light"),
        (1100, "dark"),
        (1200, "light"),
        (1300, "light"),
        (1300, "dark"),
        (1920, "light"),
    ] {
        window.resize(width, 800).await?;
        window.theme(theme).await?;
        window.type_into(&composer, "One moment, please.").await?;
        super::shop::send(window, &composer).await?;
        window.see("Sends in").await?;
        let outside = ask(window, OUTSIDE).await?;
        window.shot(&format!("hands-held-{width}-{theme}")).await?;
        ensure!(outside == json!([]), "at {width} px outside of the composer: {outside}");
        ask(window, "document.querySelector('[data-held] button').click(); return true;").await?;
        window.holds("the text to be back", &format!("return {COMPOSER}.value !== '';")).await?;
        empty_composer(window).await?;
    }
    window.theme("light").await?;
    // A screen of 1366 by 768 at 150 %.
    window.resize(911, 440).await?;
    window.shot("hands-small").await?;
    let hidden = ask(window, "const box = document.querySelector('form.composer').getBoundingClientRect(); return box.bottom > innerHeight || document.documentElement.scrollWidth > innerWidth;").await?;
    ensure!(hidden == json!(false), "the composer is on a small screen");
    window.resize(1280, 800).await?;

    // The last one is answered and the list is empty: Escape leaves the composer all the same.
    window.type_into(&composer, "On its way.").await?;
    super::shop::send(window, &composer).await?;
    window.holds("nobody to wait", "return document.querySelectorAll('[data-conversation]').length === 0;").await?;
    window.holds("the focus in the composer", &format!("return document.activeElement === {COMPOSER};")).await?;
    window.press(&[], Key::Escape).await?;
    window.press(&[], 'e').await?;
    window.press(&[], 'j').await?;
    window.shot("hands-empty-list").await?;
    let draft = written(window).await?;
    ensure!(draft.is_empty(), "the keys were written to {name}: {draft:?}");
    ensure!(shop.tiktok.ledger().texts_to(&name).iter().all(|text| !text.starts_with('/')), "a slash word went out");
    ensure!(shop.tiktok.ledger().accepted.len() <= sent + 1, "what was undone went out");
    Ok(())
}

/// Presses keys until the page shows what they do: a layout takes effect when the window hears of it.
async fn press_until(desktop: &Desktop, window: &Window, codes: &[u8], what: &str, script: &str) -> Result<()> {
    desktop.press_keycodes(codes)?;
    ensure!(comes(window, script).await?, "{what}: in vain with {codes:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_act_on_every_layout() -> Result<()> {
    let mut shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    open_conversation(window, NADIA).await?;
    let picture = png()?;
    shop.desktop.fill_clipboard(&[("image/png", &picture)]).await?;
    const PALETTE: &str = "document.querySelector('[data-palette]').open";
    for (layout, letter) in [("us", "k"), ("de", "k"), ("ru", "л"), ("th", "า"), ("ara", "ن"), ("kr", "k")] {
        let desktop = &shop.desktop;
        desktop.set_layout(layout)?;
        // The layout is there once its letter is.
        empty_composer(window).await?;
        let mut patience = Patience::default();
        while !written(window).await?.contains(letter) {
            desktop.press_keycodes(&[code::K])?;
            tokio::time::sleep(GLANCE * 3).await;
            ensure!(!patience.is_over(), "{layout} is not there: {:?}", written(window).await?);
        }
        empty_composer(window).await?;
        let control = |key: u8| [code::CONTROL, key];
        press_until(desktop, window, &control(code::K), &format!("{layout}: Ctrl K"), &format!("return {PALETTE};"))
            .await?;
        press_until(desktop, window, &[code::ESCAPE], "the palette closes", &format!("return !{PALETTE};")).await?;
        press_until(
            desktop,
            window,
            &control(code::F),
            &format!("{layout}: Ctrl F"),
            "return document.querySelector('[data-find]') !== null;",
        )
        .await?;
        press_until(
            desktop,
            window,
            &[code::ESCAPE],
            "the find bar closes",
            "return document.querySelector('[data-find]') === null;",
        )
        .await?;
        empty_composer(window).await?;
        // A picture is pasted.
        press_until(
            desktop,
            window,
            &control(code::V),
            &format!("{layout}: Ctrl V"),
            "return document.querySelector('form.composer img') !== null;",
        )
        .await?;
        window.click("button", "Remove the picture").await?;
        empty_composer(window).await?;
        // German has + and - elsewhere.
        let (larger, smaller) =
            if layout == "de" { (code::DE_PLUS, code::DE_MINUS) } else { (code::EQUAL, code::MINUS) };
        for (key, factor) in [(larger, "1.1"), (smaller, "1")] {
            let zoomed = format!("return localStorage.getItem('deskbell.zoom') === '{factor}';");
            press_until(desktop, window, &control(key), &format!("{layout}: to {factor}"), &zoomed).await?;
        }
        // Out of the composer, to the next conversation.
        press_until(
            desktop,
            window,
            &[code::ESCAPE],
            &format!("{layout}: Escape"),
            &format!("return document.activeElement !== {COMPOSER};"),
        )
        .await?;
        let before = ask(window, &format!("return {COMPOSER}.dataset.composer;")).await?;
        press_until(
            desktop,
            window,
            &[code::J],
            &format!("{layout}: J"),
            &format!("return {COMPOSER}.dataset.composer !== {before};"),
        )
        .await?;
        press_until(
            desktop,
            window,
            &[code::K],
            &format!("{layout}: K"),
            &format!("return {COMPOSER}.dataset.composer === {before};"),
        )
        .await?;
        ensure!(written(window).await?.is_empty(), "{layout}: nothing is written");
        press_until(
            desktop,
            window,
            &control(code::COMMA),
            &format!("{layout}: Ctrl ,"),
            "return document.querySelector('[data-screen=settings]') !== null;",
        )
        .await?;
        press_until(
            desktop,
            window,
            &[code::ESCAPE],
            "settings close",
            "return document.querySelector('[data-screen=settings]') === null;",
        )
        .await?;
        open_conversation(window, NADIA).await?;
    }
    Ok(())
}

/// Types "kana", of which anthy makes かな.
fn compose_kana(desktop: &Desktop) -> Result<()> {
    for key in [code::K, code::A, code::N, code::A] {
        desktop.press_keycodes(&[key])?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_belongs_to_an_input_method_that_composes() -> Result<()> {
    let mut shop = Shop::open().await?;
    let mut app = shop.app().await?;
    shop.link(app.window()).await?;
    // Linked first: a driver's keys come out of an input method in another order.
    app.kill(&shop.desktop).await?;
    shop.desktop.start_input_method().await?;
    app.restart(&shop.desktop).await?;
    let window = app.window();
    open_conversation(window, NADIA).await?;
    let sent = shop.tiktok.ledger().accepted.len();
    let desktop = &shop.desktop;
    empty_composer(window).await?;
    desktop.choose_engine("anthy").await?;
    // It begins with Latin letters; this turns it on, for every field.
    desktop.press_keycodes(&[code::CONTROL, code::J])?;

    // In the composer: what Enter ends is written, and not sent.
    compose_kana(desktop)?;
    let composed = format!("return {COMPOSER}.value === 'かな';");
    press_until(desktop, window, &[code::ENTER], "anthy in the composer", &composed).await?;
    ensure!(ask(window, "return document.querySelector('[data-held]') === null;").await? == json!(true), "it was sent");

    // In the field for tags: nothing is chosen.
    ask(window, "document.querySelector('[data-add]').click(); return true;").await?;
    const TAG: &str = "document.querySelector('[data-tag-field]')";
    window.holds("the tag's field", &format!("return {TAG} !== null && document.activeElement === {TAG};")).await?;
    compose_kana(desktop)?;
    let ended = format!("return {TAG}?.value === 'かな' || document.querySelector('.tags [data-tag]') !== null;");
    press_until(desktop, window, &[code::ENTER], "anthy in the tag's field", &ended).await?;
    ensure!(ask(window, &format!("return {TAG}?.value === 'かな';")).await? == json!(true), "the tag was added");
    ensure!(shop.tiktok.ledger().accepted.len() == sent, "a text that was being composed went out");
    window.shot("hands-input-method").await.map(|_| ())
}

/// What another program offers, the text that is pasted of it, and what the composer shows then.
struct Copied {
    from: &'static str,
    targets: Vec<(&'static str, Vec<u8>)>,
    text: String,
    shown: &'static str,
}

fn copied(home: &Path) -> Result<Vec<Copied>> {
    let (picture, other) = (home.join("My photo ä.png"), home.join("list.pdf"));
    let png = png()?;
    std::fs::write(&picture, &png)?;
    std::fs::write(&other, b"%PDF-1.4")?;
    let uri = |file: &Path| url::Url::from_file_path(file).map(String::from).unwrap_or_default();
    let (one, two, gone) = (uri(&picture), uri(&other), uri(&home.join("gone.png")));
    let path = picture.display().to_string();
    let plain = |text: &str| vec![("UTF8_STRING", text.as_bytes().to_vec()), ("text/plain", text.as_bytes().to_vec())];
    let gnome = |uri: &str| ("x-special/gnome-copied-files", format!("copy\n{uri}").into_bytes());
    let list =
        |uris: &[&str]| ("text/uri-list", uris.iter().flat_map(|uri| format!("{uri}\r\n").into_bytes()).collect());
    let html = |html: &str| ("text/html", html.as_bytes().to_vec());
    let image = || ("image/png", png.clone());
    let case = |from, targets: Vec<Vec<(&'static str, Vec<u8>)>>, text: &str, shown| Copied {
        from,
        targets: targets.into_iter().flatten().collect(),
        text: text.to_owned(),
        shown,
    };
    Ok(vec![
        case("a file manager", vec![vec![gnome(&one), list(&[&one])], plain(&path)], "", "64 × 40"),
        case("an older one", vec![vec![gnome(&one)], plain(&path)], "", "64 × 40"),
        case("Nautilus' text", vec![plain(&format!("x-special/nautilus-clipboard\ncopy\n{one}\n"))], "", "64 × 40"),
        case("KDE, two files", vec![vec![list(&[&two, &one])]], "", "Only the first picture was taken"),
        case("no picture", vec![vec![list(&[&two])], plain(&path)], "", "not a picture"),
        case("a file that is gone", vec![vec![gnome(&gone), list(&[&gone])]], "", "not a picture"),
        case(
            "a browser",
            vec![vec![image(), html("<img src='https://example.com/a.png' alt='words'>")]],
            "",
            "64 × 40",
        ),
        case("a screenshot", vec![vec![image()]], "", "64 × 40"),
        case(
            "a spreadsheet",
            vec![plain("12\t34"), vec![html("<table><tr><td>12<td>34</table>"), image()]],
            "12\t34",
            "",
        ),
        case("a path as text", vec![plain(&path)], &path, ""),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_copied_is_pasted_as_what_it_is() -> Result<()> {
    let mut shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    open_conversation(window, NADIA).await?;

    // GTK's own Unicode entry is not a key of ours.
    empty_composer(window).await?;
    shop.desktop.press_keycodes(&[code::CONTROL, code::SHIFT, code::U])?;
    for key in [code::ONE, code::F, code::SIX, code::ZERO, code::ZERO] {
        shop.desktop.press_keycodes(&[key])?;
    }
    let emoji = format!("return {COMPOSER}.value === '😀';");
    press_until(&shop.desktop, window, &[code::ENTER], "an emoji by its number", &emoji).await?;

    for Copied { from, targets, text, shown } in copied(&shop.desktop.home())? {
        empty_composer(window).await?;
        let targets: Vec<(&str, &[u8])> = targets.iter().map(|(target, bytes)| (*target, bytes.as_slice())).collect();
        shop.desktop.fill_clipboard(&targets).await?;
        let done = format!(
            "return {COMPOSER}.value === {} && document.querySelector('form.composer').innerText.includes({});",
            json!(text),
            json!(shown)
        );
        press_until(&shop.desktop, window, &[code::CONTROL, code::V], from, &done).await?;
        let attached = ask(window, "return document.querySelector('form.composer [data-picture]') !== null;").await?;
        let expected = shown.starts_with("64") || shown.starts_with("Only");
        ensure!(attached == json!(expected), "{from}: a picture is attached: {attached}");
        if expected {
            window.click("button", "Remove the picture").await?;
        }
        let nothing = "return document.querySelector('form.composer [data-picture]') === null;";
        window.holds("nothing to be attached", nothing).await?;
    }
    Ok(())
}

fn png() -> Result<Vec<u8>> {
    let picture = image::RgbImage::from_fn(64, 40, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, 140]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
