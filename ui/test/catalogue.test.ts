import { describe, expect, test } from "vitest";

import { t } from "../src/text";

/** Every string of the catalogue, with functions left out. */
function strings(of: unknown, path = ""): [string, string][] {
  if (typeof of === "string") return [[path, of]];
  if (typeof of !== "object" || of === null) return [];
  return Object.entries(of).flatMap(([key, value]) => strings(value, `${path}.${key}`));
}

describe("the catalogue", () => {
  // That every FaultCode and RefusalReason is there is checked by their types: Record<FaultCode, Advice>.
  test.each(Object.entries(t.faults))("says what happened and what to do for %s", (_, { what, todo }) => {
    expect(what).toMatch(/^[A-Z].*[.]$/);
    expect(todo).toMatch(/^[A-Z].*[.]$/);
  });
  test.each(Object.entries(t.refusals))("a refusal for %s reads on after “Not sent:”", (_, { what, todo }) => {
    expect(t.delivery.refused(what)).toMatch(/^Not sent: (?!.*[.]$)/);
    expect(todo).toMatch(/^[A-Z].*[.]$/);
  });
  test("knows one from many", () => {
    expect(t.thread.newMessages(1)).toBe("1 new message");
    expect(t.thread.newMessages(1200)).toBe("1,200 new messages");
    expect(t.rail.inboxWaiting(1)).toContain("1 conversation waits");
  });
  test("has no empty entries besides those that say nothing on purpose", () => {
    const silent = [".snippets.text", ".surfaces.deskbell"];
    expect(strings(t).filter(([path, text]) => text.trim() === "" && !silent.includes(path))).toEqual([]);
  });
  test("never shows a code or a straight apostrophe", () => {
    expect(strings(t).filter(([, text]) => /'|Error|null|undefined/.test(text))).toEqual([]);
  });
});
