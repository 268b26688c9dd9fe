// The composer's field is as high as its text, whatever becomes of the space it has.
import { afterEach, expect, test, vi } from "vitest";
import { fitHeight, followSize } from "../src/features/composer/autosize";

afterEach(() => vi.unstubAllGlobals());

test("the field is fitted again when a panel beside it goes after the window was resized", () => {
  let observed: () => void = () => undefined;
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(callback: () => void) {
        observed = callback;
      }
      observe(): void {}
      disconnect(): void {}
    },
  );
  const field = document.createElement("textarea");
  // Beside the panel there is so little space that each word has a line of its own.
  const size = { width: 40, height: 180 };
  Object.defineProperty(field, "clientWidth", { get: () => size.width });
  Object.defineProperty(field, "scrollHeight", { get: () => size.height });
  fitHeight(field);
  const stop = followSize(field);
  expect(field.style.height).toBe("180px");

  Object.assign(size, { width: 500, height: 46 });
  observed();
  expect(field.style.height).toBe("46px");

  // A change of its height alone is its own doing.
  size.height = 90;
  observed();
  expect(field.style.height).toBe("46px");
  stop();
});
