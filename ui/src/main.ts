// Finds the desk and puts the page on screen.
import "@fontsource-variable/inter/wght.css";
import "./style/base.css";

import { mount } from "svelte";

import Page from "./App.svelte";
import { connect, findHost } from "./ipc/desk";
import { App } from "./state/app.svelte";

if (import.meta.env.MODE === "mock") connect((await import("../dev/scene")).fakeFromAddress());
else connect(await findHost());

const target = document.getElementById("app");
if (target) mount(Page, { target, props: { app: new App() } });
