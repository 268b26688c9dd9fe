//! A page under test, as its user has it: things are found by role and name, worked by mouse and keyboard, and waited
//! for. The same for the app's own window and for a web browser.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use fantoccini::Client;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use tests::Patience;
use tests::patience::PATIENCE;
use tests::process::GLANCE;

/// The page.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    client: Client,
    /// Goes into the names of pictures.
    engine: &'static str,
}

impl Window {
    pub(crate) fn new(client: Client, engine: &'static str) -> Window {
        Window { client, engine }
    }

    /// The session itself, for what is not here.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for the element with this role whose accessible name is, begins with, or contains the given one.
    pub(crate) async fn find(&self, role: &str, name: &str) -> Result<Element> {
        let mut patience = Patience::default();
        loop {
            if let Some(element) = self.all(role, name).await?.into_iter().next() {
                return Ok(element);
            }
            if patience.is_over() {
                return Err(self.in_vain(&format!("a {role} named “{name}”")).await);
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The elements with this role and name that are shown right now, best match first.
    pub(crate) async fn all(&self, role: &str, name: &str) -> Result<Vec<Element>> {
        let found = self.client.execute(include_str!("page.js"), vec![json!(role), json!(name)]).await?;
        let Value::Array(found) = found else { return Ok(Vec::new()) };
        found.into_iter().map(|one| self.element(one)).collect()
    }

    /// Clicks it with the mouse.
    pub(crate) async fn click(&self, role: &str, name: &str) -> Result<()> {
        let mut patience = Patience::default();
        loop {
            // It may be re-drawn between being found and being clicked: then it is found again.
            let clicked = self.find(role, name).await?.click().await;
            match clicked {
                Ok(()) => return Ok(()),
                Err(error) if patience.is_over() => {
                    return Err(error).with_context(|| format!("the {role} “{name}” cannot be clicked"));
                }
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Clicks into a text field and types at its end. Letters outside the BMP are lost on the way: see [`Window::paste`].
    pub(crate) async fn type_into(&self, name: &str, text: &str) -> Result<()> {
        let field = self.find("textbox", name).await?;
        field.click().await?;
        // The click put the caret where the mouse was.
        self.press(&[Key::Control], Key::End).await?;
        field.send_keys(text).await.with_context(|| format!("“{name}” takes no text"))
    }

    /// Empties a text field and types.
    pub(crate) async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = self.find("textbox", name).await?;
        field.clear().await?;
        self.type_into(name, text).await
    }

    /// Puts text into the field at the caret as an input method would: drivers drop emoji that are typed.
    pub(crate) async fn paste(&self, name: &str, text: &str) -> Result<()> {
        let field = self.find("textbox", name).await?;
        let script = "const [field, text] = arguments; field.focus();\
            field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');\
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: text }));";
        self.client.execute(script, vec![serde_json::to_value(&field)?, json!(text)]).await?;
        Ok(())
    }

    /// What a text field holds.
    pub(crate) async fn value(&self, name: &str) -> Result<String> {
        let field = self.find("textbox", name).await?;
        Ok(field.prop("value").await?.unwrap_or_default())
    }

    /// Presses a key where the focus is, with modifiers held down.
    pub(crate) async fn press(&self, modifiers: &[Key], key: impl Into<char>) -> Result<()> {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for modifier in modifiers {
            actions = actions.then(KeyAction::Down { value: (*modifier).into() });
        }
        let key = key.into();
        actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for modifier in modifiers.iter().rev() {
            actions = actions.then(KeyAction::Up { value: (*modifier).into() });
        }
        Ok(self.client.perform_actions(actions).await?)
    }

    /// The text on the screen.
    pub(crate) async fn text(&self) -> Result<String> {
        let text = self.client.execute("return document.body?.innerText ?? '';", Vec::new()).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until this text is on the screen.
    pub(crate) async fn see(&self, text: &str) -> Result<()> {
        let shown = flat(text);
        self.wait(&format!("“{text}” on the screen"), |page| flat(page).contains(&shown)).await
    }

    /// Waits until this text is not on the screen.
    pub(crate) async fn gone(&self, text: &str) -> Result<()> {
        let shown = flat(text);
        self.wait(&format!("“{text}” to leave the screen"), |page| !flat(page).contains(&shown)).await
    }

    /// Waits until the text on the screen is as wanted.
    pub(crate) async fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let mut patience = Patience::default();
        while !wanted(&self.text().await?) {
            if patience.is_over() {
                return Err(self.in_vain(what).await);
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Waits until a script in the page says `true`.
    pub(crate) async fn holds(&self, what: &str, script: &str) -> Result<()> {
        let mut patience = Patience::default();
        while self.client.execute(script, Vec::new()).await? != json!(true) {
            if patience.is_over() {
                return Err(self.in_vain(what).await);
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// The role and the name the engine's own accessibility tree gives an element.
    pub(crate) async fn accessible(&self, element: &Element) -> Result<(String, String)> {
        let ask = |what| Computed { element: element.element_id().to_string(), what };
        let role = self.client.issue_cmd(ask("computedrole")).await?;
        let label = self.client.issue_cmd(ask("computedlabel")).await?;
        Ok((role.as_str().unwrap_or_default().to_owned(), label.as_str().unwrap_or_default().to_owned()))
    }

    /// Makes the page this large, whatever frame the window has.
    pub(crate) async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let mut patience = Patience::default();
        let (mut outer_width, mut outer_height) = (width, height);
        loop {
            self.client.set_window_rect(0, 0, outer_width, outer_height).await?;
            let settled = Instant::now();
            while settled.elapsed().as_millis() < 500 {
                let inner = self.client.execute("return [innerWidth, innerHeight];", Vec::new()).await?;
                let side = |at: usize| inner.get(at).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
                let (Some(inner_width), Some(inner_height)) = (side(0), side(1)) else { bail!("the page has no size") };
                if (inner_width, inner_height) == (width, height) {
                    return Ok(());
                }
                if settled.elapsed().as_millis() > 300 {
                    outer_width = (outer_width + width).saturating_sub(inner_width);
                    outer_height = (outer_height + height).saturating_sub(inner_height);
                    break;
                }
                tokio::time::sleep(GLANCE).await;
            }
            if patience.is_over() {
                bail!("the page does not become {width} by {height}");
            }
        }
    }

    /// Shows the page light or dark, as the agent's setting would.
    pub(crate) async fn theme(&self, theme: &str) -> Result<()> {
        self.client.execute("document.documentElement.dataset.theme = arguments[0];", vec![json!(theme)]).await?;
        Ok(())
    }

    /// Keeps a picture under `target/e2e-shots/`. Not while a picture of the page is still loading: WebKit's driver then
    /// never answers.
    pub(crate) async fn shot(&self, name: &str) -> Result<PathBuf> {
        // Two frames: what was just changed is painted by then.
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        let _ = self.client.execute_async(frames, Vec::new()).await;
        let picture = self.client.screenshot().await?;
        let folder = target()?.join("e2e-shots");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{name}-{}.png", self.engine));
        fs::write(&file, picture)?;
        Ok(file)
    }

    fn element(&self, reference: Value) -> Result<Element> {
        let Value::Object(fields) = reference else { bail!("{reference} is no element") };
        let id = fields
            .into_iter()
            .next()
            .and_then(|(_, id)| id.as_str().map(str::to_owned))
            .context("an element has an id")?;
        Ok(Element::from_element_id(self.client.clone(), id.into()))
    }

    /// The error of a wait: with the text of the page and a picture of it.
    pub(crate) async fn in_vain(&self, what: &str) -> anyhow::Error {
        let text = self.text().await.unwrap_or_default();
        let picture = self.shot("failed").await.map(|file| file.display().to_string()).unwrap_or_default();
        anyhow::anyhow!(
            "waited {} s in vain for {what}\nPicture: {picture}\nThe page says:\n{text}",
            PATIENCE.as_secs()
        )
    }
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> Result<PathBuf> {
    let ours = std::env::current_exe()?;
    // target/debug/deps/it-0123456789abcdef
    ours.ancestors().nth(3).map(PathBuf::from).context("the test lies outside of target/")
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// "Get Computed Role" and "Get Computed Label" of WebDriver 2.
#[derive(Debug)]
struct Computed {
    element: String,
    what: &'static str,
}

impl WebDriverCompatibleCommand for Computed {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/element/{}/{}", session.unwrap_or_default(), self.element, self.what))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::GET, None)
    }
}
