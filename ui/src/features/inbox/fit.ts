// Which tabs have room beside each other. Pure; the widths are measured elsewhere.

/** Pixels between two tabs. */
const GAP = 2;

/**
 * The first ones stay, as many as fit; whichever is chosen always does. As soon as one does not, room is kept for the button
 * behind which the others are.
 */
export function fitting(widths: readonly number[], room: number, chosen: number, button: number): boolean[] {
  const whole = widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
  if (whole <= room) return widths.map(() => true);
  let left = room - button - (widths[chosen] ?? 0) - GAP;
  let full = false;
  return widths.map((width, at) => {
    if (at === chosen) return true;
    // None is left out for one after it that is narrower: they stay where the agent knows them.
    full ||= width + GAP > left;
    if (!full) left -= width + GAP;
    return !full;
  });
}
