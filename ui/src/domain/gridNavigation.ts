// Moving in a grid of buttons with one tab stop: the arrows, Home and End, and a page at a time.
/** Where a key leads from a place among so many in rows of so many; none if the key is no move. */
export function moved(key: string, at: number, count: number, columns: number, rtl = false): number | null {
  if (count === 0) return null;
  const on = rtl ? -1 : 1;
  const by: Record<string, number> = {
    ArrowRight: on,
    ArrowLeft: -on,
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: 5 * columns,
    PageUp: -5 * columns,
  };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = by[key];
  if (step === undefined) return null;
  const to = at + step;
  // Up out of the first row and down out of the last stay where they are, sideways too.
  if (Math.abs(step) === columns)
    return to >= 0 && to < count
      ? to
      : step > 0 && Math.floor(at / columns) < Math.floor((count - 1) / columns)
        ? count - 1
        : at;
  return Math.min(count - 1, Math.max(0, to));
}

/** In rows of so many. */
export function rowsOf<T>(all: readonly T[], columns: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / columns) }, (_, row) =>
    all.slice(row * columns, (row + 1) * columns),
  );
}
