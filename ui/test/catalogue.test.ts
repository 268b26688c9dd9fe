import { describe, expect, test } from "vitest";

import { t } from "../src/text";
import { adviceOf } from "../src/text/advice";
import { codeOf, unknownCode } from "../src/text/codes";

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
  test.each([
    0, 20001, 40000, 40001, 40002, 40006, 40007, 40008, 40009, 40014, 40016, 40050, 40051, 40064, 40100, 40101, 40102,
    40103, 40104, 40105, 40107, 40110, 40113, 40115, 40118, 40132, 40133, 40907, 40908, 41000, 50000, 50002, 51065,
    51305, 60001,
  ])("says what TikTok’s code %s means and what to do", (code) => {
    expect(codeOf(code)).not.toBe(unknownCode);
    expect(codeOf(code).what).toMatch(/^[A-Z].*[.]$/);
    expect(codeOf(code).todo).toMatch(/^[A-Z].*[.]$/);
  });
  test("has words for a code nobody has heard of", () => expect(codeOf(99_999)).toBe(unknownCode));
  test("turns what the desk says by a short code into words", () => {
    expect(adviceOf({ code: "cardInvalid", detail: "titleTooLong", incident: null })).toMatchObject({
      todo: "Shorten the question to 40 characters.",
      detail: null,
    });
    expect(adviceOf({ code: "cardInvalid", detail: "new", incident: null }).todo).toMatch(/^Give it/);
    expect(
      adviceOf({ code: "scheduleAfterWindow", detail: String(Date.UTC(2026, 5, 12)), incident: null }),
    ).toMatchObject({ detail: null, what: expect.stringMatching(/closes before that, .*2026/) });
    expect(adviceOf({ code: "tikTokRefused", detail: "their words", incident: null }).detail).toBe("their words");
  });
  test("knows one from many", () => {
    expect(t.thread.newMessages(1)).toBe("1 new message");
    expect(t.thread.newMessages(1200)).toBe("1,200 new messages");
    expect(t.rail.inboxWaiting(1)).toContain("1 conversation waits");
  });
  test("has no empty entries besides those that say nothing on purpose", () => {
    // Samples of variables that the day and the agent fill in.
    const silent = [
      ".snippets.text",
      ".surfaces.deskbell",
      ".saved.variables.date.sample",
      ".saved.variables.blank.sample",
    ];
    expect(strings(t).filter(([path, text]) => text.trim() === "" && !silent.includes(path))).toEqual([]);
  });
  test("never shows a code or a straight apostrophe", () => {
    expect(strings(t).filter(([, text]) => /'|Error|null|undefined/.test(text))).toEqual([]);
  });
});
