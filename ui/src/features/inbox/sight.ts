// Which rows are in sight, from how far the list is scrolled. Every row has the same height.
export const ROW = 57;
export const PAD = 4;
/** Rows kept ready above and below. */
const SPARE = 8;

export interface Sight {
  /** The first and last row to have ready. */
  first: number;
  last: number;
  /** The first row really in sight. */
  top: number;
}

export function inSight(scrolled: number, height: number, total: number): Sight {
  const top = Math.max(0, Math.floor((scrolled - PAD) / ROW));
  const bottom = Math.ceil((scrolled + height - PAD) / ROW);
  const most = Math.max(0, total - 1);
  return {
    first: Math.min(Math.max(0, top - SPARE), most),
    last: total === 0 ? bottom + SPARE : Math.min(bottom + SPARE, most),
    top: Math.min(top, most),
  };
}

/** Where to scroll so that a row is wholly in sight; nothing if it is. */
export function reveal(place: number, scrolled: number, height: number): number | null {
  const top = PAD + place * ROW;
  if (top - PAD < scrolled) return top - PAD;
  if (top + ROW > scrolled + height) return top + ROW + PAD - height;
  return null;
}
