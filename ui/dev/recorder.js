// Watches how a thread scrolls, frame by frame. Run inside the page under test with one argument: "start" begins, "stop" ends
// and gives what was seen. No other script is needed: the mock page (dev/frames.mjs) and the real window run the same.
//
// Each frame it notes how long it took; whether some height of the thread shows no message, day or notice (a blank); and how
// far the message in the middle has moved against what the wheel asked for: the other way, or further, is a jump. A window
// that scrolls in a thread of its own is ahead of its events by up to one turn of the wheel: its second argument says so.
// eslint-disable-next-line no-undef -- WebDriver wraps the script in a function
const [what, late = false] = arguments;

if (what === "stop") {
  const done = window.deskbellFrames?.stop();
  delete window.deskbellFrames;
  return done ?? null;
}

const box = document.querySelector("[data-region=thread][role=log]");
const inner = box?.firstElementChild;
if (!box || !inner) return null;

/** So much room stands between two messages at most: a day's name and what is kept free around it. */
const ROOM = 48;
/** In how many places what can be seen is asked of the window itself. */
const SAMPLES = 6;
/** Frames within which a turn of the wheel must have had its effect. */
const REACH = 12;
const seen = { frames: [], jumps: [], blanks: [], lost: 0, most: 0, moved: 0, wheel: 0, longest: 0 };
let wheel = 0;
let recent = [];
/** The largest single turn. */
let notch = 0;
let anchor = null;
let last = 0;
let on = true;

const turned = (event) => {
  const unit = event.deltaMode === 1 ? 40 : event.deltaMode === 2 ? box.clientHeight : 1;
  wheel += event.deltaY * unit;
  notch = Math.max(notch, Math.abs(event.deltaY * unit));
};
window.addEventListener("wheel", turned, { passive: true, capture: true });

const hits = (x, y) => {
  const found = document.elementFromPoint(x, y);
  return found !== null && found !== inner && found !== box && box.parentElement.contains(found);
};

/** The first child that reaches below a height. */
function below(y) {
  let from = 0;
  let to = inner.children.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (inner.children[middle].getBoundingClientRect().bottom > y) to = middle;
    else from = middle + 1;
  }
  return from;
}

function look(now) {
  if (!on) return;
  const view = box.getBoundingClientRect();
  const x = view.left + view.width / 2;
  if (last > 0) seen.frames.push(now - last);
  last = now;
  recent = [...recent.slice(1 - REACH), wheel];
  seen.wheel += Math.abs(wheel);
  wheel = 0;
  const blank = (y) =>
    seen.blanks.push({ frame: seen.frames.length, y: Math.round(y - view.top), top: Math.round(box.scrollTop) });
  // From one line to the next there is never more room than a day's name takes.
  const begins = below(view.top);
  let end = begins === 0 ? (inner.children[0]?.getBoundingClientRect().top ?? view.top) : view.top;
  if (end > view.top + ROOM && box.scrollTop > ROOM) blank(view.top);
  let middle = null;
  for (let at = begins; at < inner.children.length && end < view.bottom; at += 1) {
    const one = inner.children[at];
    const rect = one.getBoundingClientRect();
    if (rect.top - end > ROOM) blank(end);
    end = Math.max(end, rect.bottom);
    if (one.dataset.message && (!middle || rect.top <= view.top + view.height / 2))
      middle = { element: one, top: rect.top - view.top };
  }
  if (end < view.bottom - ROOM && inner.children.length > 12) blank(end);
  // And what stands there is really shown.
  let missed = 0;
  for (let at = 0; at < SAMPLES; at += 1) {
    const y = view.top + ((at + 0.5) * view.height) / SAMPLES;
    if (!hits(x, y) && !hits(x, y + 22) && !hits(x, y - 22)) missed += 1;
  }
  if (missed > 0 && inner.children.length > 12) blank(view.top);
  // Where the message of the frame before has gone.
  if (anchor) {
    if (!anchor.element.isConnected) seen.lost += 1;
    else {
      const by = anchor.top - (anchor.element.getBoundingClientRect().top - view.top);
      const asked = recent.reduce((sum, one) => sum + one, 0);
      const [low, high] = [Math.min(0, ...recent, asked), Math.max(0, ...recent, asked)];
      seen.moved += by;
      seen.longest = Math.max(seen.longest, Math.abs(by));
      const ahead = 1.5 + (late ? notch : 0);
      if (by < low - ahead || by > high + ahead)
        seen.jumps.push({
          frame: seen.frames.length,
          by: Math.round(by * 10) / 10,
          asked,
          top: Math.round(box.scrollTop),
        });
    }
  }
  anchor = middle;
  seen.most = Math.max(seen.most, inner.querySelectorAll("[data-message]").length);
  requestAnimationFrame(look);
}

window.deskbellFrames = {
  stop() {
    on = false;
    window.removeEventListener("wheel", turned, { capture: true });
    const sorted = [...seen.frames].sort((a, b) => a - b);
    const part = (share) =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
    return {
      frames: sorted.length,
      p50: part(0.5),
      p95: part(0.95),
      p99: part(0.99),
      max: part(1),
      late: sorted.filter((one) => one > 25).length,
      jumps: seen.jumps.length,
      firstJumps: seen.jumps.slice(0, 5),
      blanks: seen.blanks.length,
      firstBlanks: seen.blanks.slice(0, 5),
      lost: seen.lost,
      mostMessages: seen.most,
      scrolled: Math.round(seen.moved),
      longestStep: Math.round(seen.longest),
    };
  },
};
requestAnimationFrame(look);
return true;
