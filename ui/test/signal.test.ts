// Events between parts of the page.
import { describe, expect, test } from "vitest";

import { Commands } from "../src/state/commands";
import { Request, Signal } from "../src/state/signal";
import { settle } from "./world";

describe("a signal", () => {
  test("calls those who listen, and nobody later", () => {
    const signal = new Signal<number>();
    const heard: number[] = [];
    signal.emit(1);
    const end = signal.listen((value) => heard.push(value));
    signal.emit(2);
    end();
    signal.emit(3);
    expect(heard).toEqual([2]);
  });
});

describe("a request", () => {
  test("waits for its handler, and the last one counts", async () => {
    const request = new Request<string>();
    const handled: string[] = [];
    request.send("first");
    request.send("last");
    await settle();
    request.handle((value) => handled.push(value));
    expect(handled).toEqual(["last"]);
    await settle();
    expect(handled).toEqual(["last"]);
  });
  test("goes to the part on screen once the page is up to date, not to the one that leaves", async () => {
    const request = new Request();
    const handled: string[] = [];
    const leave = request.handle(() => handled.push("old"));
    request.send();
    leave();
    request.handle(() => handled.push("new"));
    await settle();
    expect(handled).toEqual(["new"]);
  });
  test("for the focus replaces the one for another part", async () => {
    const commands = new Commands();
    const focused: string[] = [];
    commands.focus("composer");
    commands.focus("list");
    await settle();
    commands.focusComposer.handle(() => focused.push("composer"));
    commands.focusList.handle(() => focused.push("list"));
    expect(focused).toEqual(["list"]);
  });
});
