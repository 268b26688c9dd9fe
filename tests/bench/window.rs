//! The real window: `cargo xtask bench --window`. The built app on a throw-away desktop, on the made history, linked to a
//! sandbox; beside the emptiest window that WebKitGTK can show. Times are from a key or a click to changed pixels.

mod live;
mod screen;
mod tree;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tests::process::which;
use tokio::runtime::Runtime;

use crate::fill::Data;
use crate::measure::Case;
use crate::report::say;
use crate::stage::pick;
use live::{Live, spawn};
use screen::{Area, CONTROL, ENTER, ESCAPE, Picture, Screen, WHEEL_DOWN};

/// The page's size.
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 800;
/// After so long it will not come any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// A key that changes nothing within this was no news to the page.
const NO_NEWS: Duration = Duration::from_millis(700);
/// So much writing has a list of conversations, a thread, and the list of what was found.
const WRITTEN: usize = 600;
/// So much writing is a customer's name.
const NAME: usize = 60;
/// A letter is wider than a caret.
const LETTER: usize = 4;
/// Down, and Alt.
const ALT: u32 = 0xffe9;
const DOWN: u32 = 0xff54;
/// The colour of the empty window.
const EMPTY: [u8; 3] = [0x78, 0x50, 0x28];
/// For so long an idle window is watched.
const IDLE: Duration = Duration::from_secs(20);
/// A day's conversations.
const DAY: usize = 500;

/// What is written into the composer and sought in the palette.
const WORDS: [&str; 12] =
    ["order", "size", "linen", "black", "return", "parcel", "delivery", "colour", "dress", "refund", "thanks", "when"];

/// Where everything is that is started here.
struct Programs {
    deskbell: PathBuf,
    empty: PathBuf,
}

impl Programs {
    fn beside(bench: &Path) -> Result<Programs> {
        let folder = bench.parent().context("the program lies in no folder")?;
        let programs = Programs { deskbell: folder.join("deskbell"), empty: folder.join("examples/empty_window") };
        for program in [&programs.deskbell, &programs.empty] {
            ensure!(program.is_file(), "there is no {}; `cargo xtask bench --window` builds it", program.display());
        }
        Ok(programs)
    }
}

/// A window that ends with us.
struct Shown {
    child: Child,
    title: &'static str,
}

impl Drop for Shown {
    /// Asks first, so that a database is closed and not merely left.
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The desktop, and what is on it.
pub(crate) struct Window {
    live: Live,
    screen: Screen,
    programs: Programs,
    lot_of_windows: RefCell<Vec<Shown>>,
}

impl Window {
    pub(crate) fn open(runtime: &Runtime, made: &Data) -> Result<Window> {
        let programs = Programs::beside(&std::env::current_exe()?)?;
        let live = Live::make(runtime, made)?;
        let screen = Screen::open(live.desktop.display())?;
        Ok(Window { live, screen, programs, lot_of_windows: RefCell::default() })
    }

    fn ours(&self) -> Result<Shown> {
        Ok(Shown { child: self.live.start(&self.programs.deskbell)?, title: "Deskbell" })
    }

    fn empty(&self) -> Result<Shown> {
        let mut command = self.live.desktop.command(&self.programs.empty);
        // As the app chooses where there is no GPU.
        if !Path::new("/dev/dri/renderD128").exists() {
            command.env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        }
        Ok(Shown { child: spawn(&mut command)?, title: "Empty" })
    }

    /// Waits for the window and for what it shows; milliseconds since.
    fn comes(
        &self,
        title: &str,
        since: Instant,
        part: impl Fn(Area) -> Area,
        wanted: impl Fn(&Picture) -> bool,
    ) -> Result<f64> {
        while since.elapsed() < PATIENCE {
            if let Some((_, area)) = self.screen.window(title)?
                && let Some(ms) = self.screen.until(part(area), since, Duration::ZERO, &wanted)?
            {
                return Ok(ms);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("“{title}” shows nothing after {} s", PATIENCE.as_secs())
    }

    fn start_ours(&self) -> Result<(Shown, f64)> {
        let since = Instant::now();
        let shown = self.ours()?;
        let ms = self.comes(shown.title, since, list, |picture| picture.is_written(WRITTEN))?;
        Ok((shown, ms))
    }

    fn start_empty(&self) -> Result<(Shown, f64)> {
        let since = Instant::now();
        let shown = self.empty()?;
        let middle = |area: Area| area.part(600, 200, 20, 20);
        let ms = self.comes(shown.title, since, middle, |picture| picture.one_colour() == Some(EMPTY))?;
        Ok((shown, ms))
    }

    /// From nothing to a list of conversations.
    pub(crate) fn start(&self) -> Case<'_> {
        Case::new("window_start")
            .floor(move |_| Ok(vec![self.start_empty()?.1]))
            .desk(move |_| Ok(vec![self.start_ours()?.1]))
    }

    /// Other programs from nothing to something, where they are installed: milliseconds, and MB once they rest.
    pub(crate) fn peers(&self) -> Result<Value> {
        let mut told = serde_json::Map::new();
        let home = self.live.desktop.home();
        let page = "data:text/html,<title>Peer</title><body style='margin:0;background:rgb(40,80,120)'>";
        let browser = [
            format!("--app={page}"),
            "--no-sandbox".into(),
            "--no-first-run".into(),
            "--disable-gpu".into(),
            "--window-size=1280,800".into(),
            format!("--user-data-dir={}", home.join("chromium").display()),
        ];
        let telegram = ["-workdir".to_owned(), home.join("telegram").display().to_string()];
        let peers: [(&str, &str, &[String]); 2] =
            [("chromium", "Peer", &browser), ("telegram-desktop", "Telegram", &telegram)];
        for (program, title, arguments) in peers {
            if which(program).is_none() {
                say(&format!("{program} is not installed: not measured"));
                continue;
            }
            std::fs::create_dir_all(home.join("telegram"))?;
            let (mut times, mut memory) = (Vec::new(), 0.0);
            for _ in 0..8 {
                let since = Instant::now();
                let child = spawn(self.live.desktop.command(program).args(arguments))?;
                let shown = Shown { child, title: "" };
                let part = |area: Area| area.part(100, 100, 400, 400);
                let wanted = |picture: &Picture| picture.one_colour() == Some(EMPTY) || picture.is_written(WRITTEN / 2);
                times.push(self.comes(title, since, part, wanted)?);
                std::thread::sleep(Duration::from_secs(2));
                memory = tree::pss_mb(shown.child.id());
            }
            // The first start makes a profile.
            let middle = crate::measure::percentile(times.get(1..).unwrap_or_default(), 50.0);
            say(&format!("{program}: {middle:.0} ms to something, {memory:.0} MB"));
            told.insert(program.to_owned(), json!({ "start_p50_ms": middle, "pss_mb": memory }));
        }
        Ok(Value::Object(told))
    }

    /// Puts both windows where they stay, with a conversation open in ours.
    pub(crate) fn set_up(&self) -> Result<Page<'_>> {
        // One after the other: where a window opens, nothing may stand that looks like what is waited for.
        let (floor, _) = self.start_empty()?;
        self.screen.place(floor.title, 700, 560, WIDTH, HEIGHT)?;
        let (ours, _) = self.start_ours()?;
        let area = self.screen.place(ours.title, 340, 60, WIDTH, HEIGHT)?;
        self.lot_of_windows.borrow_mut().extend([ours, floor]);
        let page = Page { screen: &self.screen, ours: area };
        page.to_ours()?;
        // The first row is of a customer whose reply window is open: TikTok's own, who wrote just now.
        self.screen.click(page.ours.part(150, 150, 60, 20))?;
        let named = |picture: &Picture| picture.is_written(NAME);
        let opened = self.screen.until(header(page.ours), Instant::now(), PATIENCE, named)?;
        ensure!(opened.is_some(), "no conversation opens");
        self.screen.still(thread(page.ours))?;
        Ok(page)
    }

    /// A picture of the whole desktop, for whoever wants to see what was measured.
    pub(crate) fn picture(&self, file: &Path) -> Result<()> {
        let taken = self.live.desktop.command("scrot").arg("-o").arg(file).status()?;
        ensure!(taken.success(), "no picture was taken");
        Ok(())
    }

    /// What both windows take when nothing happens, and ours after a day's reading; MB and hundredths of a core.
    pub(crate) fn memory(&self, page: &Page<'_>) -> Result<Value> {
        let (ours, floor) = {
            let windows = self.lot_of_windows.borrow();
            let pid = |title: &str| windows.iter().find(|shown| shown.title == title).map(|shown| shown.child.id());
            (pid("Deskbell").context("Deskbell is gone")?, pid("Empty").context("the empty window is gone")?)
        };
        page.to_ours()?;
        std::thread::sleep(Duration::from_secs(5));
        let idle = (tree::pss_mb(floor), tree::pss_mb(ours));
        let shown_cpu = idle_cpu(ours);
        let mut after = Vec::new();
        for at in 1..=DAY {
            page.next()?;
            std::thread::sleep(Duration::from_millis(60));
            if at % (DAY / 2) == 0 {
                self.screen.still(thread(page.ours))?;
                after.push(tree::pss_mb(ours));
            }
        }
        Ok(json!({
            "empty_pss_mb": idle.0, "idle_pss_mb": idle.1, "after_250_mb": after.first(), "after_500_mb": after.last(),
            "idle_cpu_percent": shown_cpu,
        }))
    }
}

/// How much of a core it takes while nothing is done with it.
fn idle_cpu(pid: u32) -> f64 {
    let before = tree::cpu_ticks(pid);
    std::thread::sleep(IDLE);
    // A tick is a hundredth of a second.
    (tree::cpu_ticks(pid) - before) as f64 / IDLE.as_secs_f64()
}

fn list(window: Area) -> Area {
    window.part(130, 140, 200, 500)
}

fn header(window: Area) -> Area {
    window.part(410, 6, 200, 40)
}

fn thread(window: Area) -> Area {
    window.part(410, 60, 570, 560)
}

/// Our window with the keyboard.
pub(crate) struct Page<'a> {
    screen: &'a Screen,
    ours: Area,
}

impl Page<'_> {
    fn composer(&self) -> Area {
        self.ours.part(425, 700, 400, 30)
    }

    /// The keyboard goes to our window; nothing in it is clicked.
    fn to_ours(&self) -> Result<()> {
        self.screen.click(self.ours.part(620, 6, 60, 6))?;
        self.screen.still(self.ours)?;
        Ok(())
    }

    fn next(&self) -> Result<()> {
        self.screen.press(&[ALT], DOWN)
    }

    /// Types letter by letter; how long each took to show.
    fn type_there(&self, field: Area, letters: &str) -> Result<Vec<f64>> {
        let mut samples = Vec::new();
        for letter in letters.chars() {
            let before = self.screen.still(field)?;
            let since = Instant::now();
            self.screen.press(&[], u32::from(letter))?;
            let shown = self.screen.until(field, since, PATIENCE, |now| now.columns_changed(&before) >= LETTER)?;
            samples.push(shown.with_context(|| format!("“{letter}” never showed"))?);
        }
        Ok(samples)
    }

    fn empty_field(&self, field: Area, letters: usize) -> Result<()> {
        for _ in 0..letters {
            self.screen.press(&[], 0xff08)?;
        }
        self.screen.still(field)?;
        Ok(())
    }

    /// A letter typed into the composer, to its being there.
    pub(crate) fn key_to_paint(&self) -> Case<'_> {
        Case::new("window_key").desk(move |lot| {
            let field = self.composer();
            self.screen.click(field)?;
            self.screen.still(field)?;
            let word = pick(&WORDS, lot)?;
            let samples = self.type_there(field, word)?;
            self.empty_field(field, word.len())?;
            Ok(samples)
        })
    }

    /// A letter typed into the palette, to what is found for it.
    pub(crate) fn search(&self) -> Case<'_> {
        Case::new("window_search").desk(move |lot| {
            self.to_ours()?;
            let found = self.ours.part(380, 190, 520, 380);
            self.screen.press(&[CONTROL], u32::from('k'))?;
            self.screen.still(found)?;
            let mut samples = Vec::new();
            for letter in pick(&WORDS, lot)?.chars() {
                let before = self.screen.still(found)?;
                let since = Instant::now();
                self.screen.press(&[], u32::from(letter))?;
                // Letters that change nothing of what is found have nothing to show.
                samples.extend(self.screen.until(found, since, NO_NEWS, |now| now.columns_changed(&before) > LETTER)?);
            }
            self.screen.press(&[], ESCAPE)?;
            self.screen.still(self.ours)?;
            Ok(samples)
        })
    }

    /// To the next conversation, until its messages are there.
    pub(crate) fn switch(&self) -> Case<'_> {
        Case::new("window_switch").desk(move |_| {
            self.to_ours()?;
            let thread = thread(self.ours);
            let mut samples = Vec::new();
            for _ in 0..8 {
                let before = self.screen.still(thread)?;
                let since = Instant::now();
                self.next()?;
                samples.extend(self.screen.until(thread, since, NO_NEWS, |now| {
                    now.columns_changed(&before) > LETTER && now.is_written(WRITTEN / 3)
                })?);
            }
            Ok(samples)
        })
    }

    /// A turn of the wheel over the list, until it has moved.
    pub(crate) fn scroll(&self) -> Case<'_> {
        Case::new("window_scroll").desk(move |_| {
            let list = list(self.ours);
            self.screen.point(list)?;
            let mut samples = Vec::new();
            for _ in 0..12 {
                let before = self.screen.still(list)?;
                let since = Instant::now();
                self.screen.button(WHEEL_DOWN)?;
                let moved = |now: &Picture| now.columns_changed(&before) > LETTER && now.is_written(WRITTEN);
                samples.extend(self.screen.until(list, since, NO_NEWS, moved)?);
            }
            Ok(samples)
        })
    }

    /// Enter, to the reply standing in the thread.
    pub(crate) fn bubble(&self) -> Result<Vec<f64>> {
        let thread = thread(self.ours);
        let mut samples = Vec::new();
        for word in WORDS.iter().take(8) {
            self.screen.click(self.composer())?;
            self.type_there(self.composer(), word)?;
            let before = self.screen.still(thread)?;
            let since = Instant::now();
            self.screen.press(&[], ENTER)?;
            let there = self.screen.until(thread, since, PATIENCE, |now| now.columns_changed(&before) > LETTER)?;
            samples.push(there.context("the reply never showed")?);
        }
        Ok(samples)
    }
}
