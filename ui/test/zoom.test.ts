import { describe, expect, test } from "vitest";

import { fitted, kept, MAX_SCALE, moved, WHOLE, zoomed } from "../src/features/viewer/zoom";

const BOX = { width: 1000, height: 600 };
const PICTURE = { width: 2000, height: 800 };

describe("a picture in the viewer", () => {
  test("is shown whole, and never larger than it is", () => {
    expect(fitted(PICTURE, BOX)).toEqual({ width: 1000, height: 400 });
    expect(fitted({ width: 300, height: 200 }, BOX)).toEqual({ width: 300, height: 200 });
    expect(fitted({ width: 0, height: 0 }, BOX)).toEqual({ width: 0, height: 0 });
  });

  test("keeps what lies under the pointer where it is", () => {
    const fit = { width: 1000, height: 600 };
    const at = { x: 200, y: -100 };
    const now = zoomed(WHOLE, 2, at, fit, BOX);
    expect(now.scale).toBe(2);
    // The point that was under the pointer: (at - offset) / scale.
    expect((at.x - now.x) / now.scale).toBeCloseTo(at.x);
    expect((at.y - now.y) / now.scale).toBeCloseTo(at.y);
  });

  test("cannot be dragged out of the window, nor moved while it is whole", () => {
    const fit = fitted(PICTURE, BOX);
    expect(moved(WHOLE, 50, 50, fit, BOX)).toEqual(WHOLE);
    expect(moved({ scale: 2, x: 0, y: 0 }, 9_999, -9_999, fit, BOX)).toEqual({ scale: 2, x: 500, y: -100 });
    expect(kept({ scale: 1.2, x: 0, y: 80 }, fit, BOX)).toEqual({ scale: 1.2, x: 0, y: 0 });
  });

  test("has a largest size, and out of it comes the whole picture", () => {
    const fit = fitted(PICTURE, BOX);
    expect(zoomed(WHOLE, 99, { x: 0, y: 0 }, fit, BOX).scale).toBe(MAX_SCALE);
    expect(zoomed({ scale: 1.2, x: 40, y: 0 }, 0.5, { x: 0, y: 0 }, fit, BOX)).toEqual(WHOLE);
  });
});
