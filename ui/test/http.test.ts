import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Event as DeskEvent } from "../src/ipc/bindings";
import { ask, connect, FaultError, faultOf } from "../src/ipc/desk";
import { httpHost } from "../src/ipc/http";

class Source {
  static all: Source[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    Source.all.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

beforeEach(() => {
  Source.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the desk over HTTP", () => {
  test("asks, answers, and throws its faults", async () => {
    const fetch = vi.fn(async () => new Response(JSON.stringify({ reply: { ok: 1 } })));
    vi.stubGlobal("fetch", fetch);
    connect(httpHost());
    expect(await ask("syncAccounts", {})).toEqual({ ok: 1 });
    expect(fetch).toHaveBeenCalledWith(
      "/rpc",
      expect.objectContaining({ method: "POST", body: '{"command":"syncAccounts","args":{}}' }),
    );
    fetch.mockResolvedValueOnce(
      new Response(JSON.stringify({ fault: { code: "offline", detail: null, incident: null } })),
    );
    await expect(ask("syncAccounts", {})).rejects.toMatchObject({ fault: { code: "offline" } });
    fetch.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(ask("syncAccounts", {})).rejects.toBeInstanceOf(FaultError);
  });

  test("treats everything as stale after each connection, and comes back ever slower", () => {
    const heard: DeskEvent[] = [];
    const wires: string[] = [];
    const stop = httpHost().listen(
      (event) => heard.push(event),
      (wire) => wires.push(wire),
    );
    Source.all[0]?.onopen?.();
    Source.all[0]?.onmessage?.({ data: '{"event":"stale","changes":[{"kind":"link"}]}' });
    expect(heard).toEqual([
      { event: "stale", changes: [{ kind: "everything" }] },
      { event: "stale", changes: [{ kind: "link" }] },
    ]);
    Source.all[0]?.onerror?.();
    vi.advanceTimersByTime(500);
    Source.all[1]?.onerror?.();
    vi.advanceTimersByTime(999);
    expect(Source.all).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(Source.all).toHaveLength(3);
    Source.all[2]?.onopen?.();
    expect(wires).toEqual(["open", "lost", "lost", "open"]);
    expect(heard).toHaveLength(3);
    stop();
    expect(Source.all[2]?.closed).toBe(true);
  });

  test("finds pictures below their own address only", () => {
    expect(httpHost().mediaUrl("ab/c d?.png")).toBe("/media/ab/c%20d%3F.png");
  });
});

test("whatever is thrown becomes a fault that can be shown", () => {
  expect(faultOf({ code: "offline" })).toEqual({ code: "offline", detail: null, incident: null });
  expect(faultOf("boom")).toMatchObject({ code: "unexpected", detail: "boom" });
});
