// Keeps what the agent looks at where it is while messages come and go above it. WebKit has no scroll anchoring.
export interface Held {
  id: string;
  /** Where the message stood, in pixels from the top of the visible part. */
  at: number;
}

/** The first message in sight, and where it stands. */
export function hold(box: HTMLElement): Held | null {
  const top = box.getBoundingClientRect().top;
  for (const message of box.querySelectorAll<HTMLElement>("[data-message]")) {
    const rect = message.getBoundingClientRect();
    if (rect.bottom > top) return { id: message.dataset["message"] ?? "", at: rect.top - top };
  }
  return null;
}

/** Scrolls so that the held message stands where it stood. */
export function restore(box: HTMLElement, held: Held | null): void {
  if (!held) return;
  const message = box.querySelector<HTMLElement>(`[data-message="${CSS.escape(held.id)}"]`);
  if (!message) return;
  const moved = message.getBoundingClientRect().top - box.getBoundingClientRect().top - held.at;
  if (Math.abs(moved) >= 1) box.scrollTop += moved;
}
