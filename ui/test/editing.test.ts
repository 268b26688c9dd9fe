import { describe, expect, it } from "vitest";

import { editingCommand, lacksUndoKeys } from "../src/ipc/editing";

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  code: "",
  ctrlKey: true,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});

describe("undo keys of a field", () => {
  it("are given to WebKitGTK alone", () => {
    expect(
      lacksUndoKeys(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
      ),
    ).toBe(true);
    expect(
      lacksUndoKeys(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
      ),
    ).toBe(false);
    expect(
      lacksUndoKeys("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"),
    ).toBe(false);
  });

  it("are the usual ones", () => {
    expect(editingCommand(press("z"))).toBe("undo");
    expect(editingCommand(press("Z", { shiftKey: true }))).toBe("redo");
    expect(editingCommand(press("y"))).toBe("redo");
    expect(editingCommand(press("z", { altKey: true }))).toBeNull();
    expect(editingCommand(press("z", { ctrlKey: false }))).toBeNull();
    expect(editingCommand(press("a"))).toBeNull();
  });
});
