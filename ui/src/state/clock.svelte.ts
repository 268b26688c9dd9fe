// TikTok's time, on which every countdown runs. It ticks in tens of seconds for the list and in seconds for those who count.
import { checkZone } from "../text/zone";

const COARSE_MS = 10_000;

export class Clock {
  /** To ten seconds. */
  now = $state(Date.now());
  /** To the second. */
  second = $state(Date.now());
  #ahead = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Takes the desk's word for what time it is. */
  set(nowMs: number): void {
    this.#ahead = nowMs - Date.now();
    this.#tick(true);
  }

  /** To the millisecond; not followed by what shows it. */
  exact(): number {
    return Date.now() + this.#ahead;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(false), 1000);
    // The agent who comes back may have travelled.
    addEventListener("focus", checkZone);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    removeEventListener("focus", checkZone);
  }

  #tick(all: boolean): void {
    this.second = Date.now() + this.#ahead;
    if (all || Math.abs(this.second - this.now) >= COARSE_MS) {
      this.now = this.second;
      checkZone();
    }
  }
}
