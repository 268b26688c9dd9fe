//! The screen as whoever sits before it has it: pixels come from the X server, keys and clicks go to it. The page under
//! measurement is not asked and does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConfigureWindowAux, ConnectionExt, ImageFormat,
    KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, MapState,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// How often the screen is looked at: what is measured is later than it was by half of this, and by a capture.
const GLANCE: Duration = Duration::from_micros(500);
/// Nothing moves on the screen for so long before something is measured.
const STILL: Duration = Duration::from_millis(80);
/// How much lighter or darker than its ground a pixel is to count as ink, of 255.
const INK: i32 = 96;
/// The page's ground is lighter than this, of 255.
const PAPER: i32 = 200;
/// Writing covers less than one part in so many.
const MOST_INK: usize = 4;
/// A window's frame is thinner than this.
const FRAME: i32 = 60;

pub(crate) const ENTER: u32 = 0xff0d;
pub(crate) const ESCAPE: u32 = 0xff1b;
pub(crate) const CONTROL: u32 = 0xffe3;
pub(crate) const WHEEL_DOWN: u8 = 5;

/// A rectangle, in pixels of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: i16,
    pub(crate) y: i16,
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Area {
    /// A rectangle within this one, by its own coordinates.
    pub(crate) fn part(self, x: i16, y: i16, width: u16, height: u16) -> Area {
        Area { x: self.x + x, y: self.y + y, width, height }
    }

    fn middle(self) -> (i16, i16) {
        (self.x + (self.width / 2) as i16, self.y + (self.height / 2) as i16)
    }
}

/// What a rectangle showed at one moment: four bytes a pixel, blue first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    bytes: Vec<u8>,
    width: usize,
}

impl Picture {
    fn pixels(&self) -> impl Iterator<Item = [u8; 3]> {
        self.bytes.as_chunks::<4>().0.iter().map(|[blue, green, red, _]| [*blue, *green, *red])
    }

    /// How light the ground is, which is the commonest shade, and how many pixels are written on it.
    fn ink(&self) -> (i32, usize) {
        let light = |pixel: [u8; 3]| pixel.iter().map(|part| i32::from(*part)).sum::<i32>() / 3;
        let mut counts = BTreeMap::new();
        for pixel in self.pixels() {
            *counts.entry(light(pixel)).or_insert(0_u32) += 1;
        }
        let ground = counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(light, _)| light);
        (ground, self.pixels().filter(|pixel| (light(*pixel) - ground).abs() >= INK).count())
    }

    /// Whether this much is written on a light ground, and not so much that it is something else: a window half drawn, or a picture.
    pub(crate) fn is_written(&self, least: usize) -> bool {
        let (ground, ink) = self.ink();
        ground >= PAPER && ink >= least && ink <= self.bytes.len() / 4 / MOST_INK
    }

    /// Whether all of it has one colour, and which.
    pub(crate) fn one_colour(&self) -> Option<[u8; 3]> {
        let first = self.pixels().next()?;
        self.pixels().all(|pixel| pixel == first).then_some(first)
    }

    /// How many columns of it changed since: a caret that blinks changes two.
    pub(crate) fn columns_changed(&self, since: &Picture) -> usize {
        let both = self.pixels().zip(since.pixels()).enumerate();
        let changed = both.filter(|(_, (now, then))| now != then).map(|(at, _)| at % self.width.max(1));
        changed.collect::<BTreeSet<_>>().len()
    }
}

/// A connection to the screen.
pub(crate) struct Screen {
    x: RustConnection,
    root: u32,
    /// The keycode of each symbol that needs no other key held down.
    keys: Vec<(u32, u8)>,
}

impl Screen {
    pub(crate) fn open(display: &str) -> Result<Screen> {
        let (x, number) = x11rb::connect(Some(display)).context("the screen does not answer")?;
        let root = x.setup().roots.get(number).context("no screen")?.root;
        let (first, last) = (x.setup().min_keycode, x.setup().max_keycode);
        let map = x.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let each = usize::from(map.keysyms_per_keycode.max(1));
        let plain = map.keysyms.chunks(each).zip(first..=last);
        let keys = plain.filter_map(|(symbols, code)| Some((*symbols.first()?, code))).collect();
        Ok(Screen { x, root, keys })
    }

    /// The window with this title, once it is on the screen; without its frame.
    pub(crate) fn window(&self, title: &str) -> Result<Option<(u32, Area)>> {
        let mut seen = vec![self.root];
        while let Some(window) = seen.pop() {
            // A window may go while it is looked at.
            let Ok(tree) = self.x.query_tree(window)?.reply() else { continue };
            seen.extend(tree.children);
            let name = self.x.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64)?.reply();
            if !name.is_ok_and(|name| name.value == title.as_bytes()) {
                continue;
            }
            let shown = self.x.get_window_attributes(window)?.reply();
            if !shown.is_ok_and(|shown| shown.map_state == MapState::VIEWABLE) {
                continue;
            }
            let size = self.x.get_geometry(window)?.reply()?;
            if size.width < 400 {
                continue;
            }
            let at = self.x.translate_coordinates(window, self.root, 0, 0)?.reply()?;
            return Ok(Some((window, Area { x: at.dst_x, y: at.dst_y, width: size.width, height: size.height })));
        }
        Ok(None)
    }

    /// Puts a window somewhere, with this much to show its page on; where it is then.
    pub(crate) fn place(&self, title: &str, x: i32, y: i32, width: u32, height: u32) -> Result<Area> {
        let (window, _) = self.window(title)?.with_context(|| format!("there is no window “{title}”"))?;
        self.x.configure_window(window, &ConfigureWindowAux::new().x(x).y(y).width(width).height(height))?.check()?;
        let since = Instant::now();
        loop {
            let (_, area) = self.window(title)?.context("the window is gone")?;
            // The frame is the window manager's, and stands around it.
            let there = (i32::from(area.x) - x).abs() < FRAME && (i32::from(area.y) - y).abs() < FRAME;
            if there && (u32::from(area.width), u32::from(area.height)) == (width, height) {
                return Ok(area);
            }
            if since.elapsed() > Duration::from_secs(5) {
                bail!("“{title}” does not go where it is put: {area:?}");
            }
            std::thread::sleep(STILL);
        }
    }

    /// What a rectangle shows now.
    pub(crate) fn picture(&self, area: Area) -> Result<Picture> {
        let image = self
            .x
            .get_image(ImageFormat::Z_PIXMAP, self.root, area.x, area.y, area.width, area.height, !0)?
            .reply()
            .context("the screen gives no picture")?;
        Ok(Picture { bytes: image.data, width: usize::from(area.width) })
    }

    /// Looks until the rectangle is as wanted; milliseconds since, or nothing if it never was.
    pub(crate) fn until(
        &self,
        area: Area,
        since: Instant,
        patience: Duration,
        wanted: impl Fn(&Picture) -> bool,
    ) -> Result<Option<f64>> {
        loop {
            let picture = self.picture(area)?;
            let elapsed = since.elapsed();
            if wanted(&picture) {
                return Ok(Some(elapsed.as_secs_f64() * 1e3));
            }
            if elapsed > patience {
                return Ok(None);
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// Waits until nothing but a caret moves in it; what it shows then.
    pub(crate) fn still(&self, area: Area) -> Result<Picture> {
        let mut last = self.picture(area)?;
        for _ in 0..100 {
            std::thread::sleep(STILL);
            let now = self.picture(area)?;
            if now.columns_changed(&last) <= 3 {
                return Ok(now);
            }
            last = now;
        }
        bail!("the screen does not come to rest")
    }

    /// Presses a key and lets it go, with others held down.
    pub(crate) fn press(&self, held: &[u32], key: u32) -> Result<()> {
        for one in held {
            self.fake(KEY_PRESS_EVENT, self.code(*one)?, 0, 0)?;
        }
        self.fake(KEY_PRESS_EVENT, self.code(key)?, 0, 0)?;
        self.fake(KEY_RELEASE_EVENT, self.code(key)?, 0, 0)?;
        for one in held.iter().rev() {
            self.fake(KEY_RELEASE_EVENT, self.code(*one)?, 0, 0)?;
        }
        Ok(self.x.flush()?)
    }

    /// Clicks the middle of a rectangle.
    pub(crate) fn click(&self, area: Area) -> Result<()> {
        self.point(area)?;
        self.button(1)
    }

    /// Moves the mouse over a rectangle.
    pub(crate) fn point(&self, area: Area) -> Result<()> {
        let (x, y) = area.middle();
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)?;
        Ok(self.x.flush()?)
    }

    /// Presses a button of the mouse where it is; the wheel is one.
    pub(crate) fn button(&self, button: u8) -> Result<()> {
        self.fake(BUTTON_PRESS_EVENT, button, 0, 0)?;
        self.fake(BUTTON_RELEASE_EVENT, button, 0, 0)?;
        Ok(self.x.flush()?)
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<()> {
        self.x.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?;
        Ok(())
    }

    fn code(&self, symbol: u32) -> Result<u8> {
        let found = self.keys.iter().find(|(known, _)| *known == symbol);
        found.map(|(_, code)| *code).with_context(|| format!("the keyboard has no key {symbol:#x}"))
    }
}
