// The desk inside Deskbell's own window.
import { Channel, invoke } from "@tauri-apps/api/core";

import type { Event } from "./bindings";
import type { Host } from "./desk";
import { giveUndoKeys, lacksUndoKeys } from "./editing";

export function tauriHost(): Host {
  if (lacksUndoKeys(navigator.userAgent)) giveUndoKeys();
  const base = navigator.userAgent.includes("Windows") ? "http://media.localhost/" : "media://localhost/";
  return {
    ask: (command, args) => invoke("rpc", { request: { command, args } }),
    attach: async (conversation, file) =>
      invoke("attach", new Uint8Array(await file.arrayBuffer()), { headers: { conversation: conversation ?? "none" } }),
    async clipboardPicture() {
      const bytes = await invoke<ArrayBuffer>("clipboard_picture");
      return bytes.byteLength > 0 ? new Blob([bytes], { type: "image/png" }) : null;
    },
    clipboardFiles: () => invoke<string[]>("clipboard_files"),
    clipboardFile: async (at) => new Blob([await invoke<ArrayBuffer>("clipboard_file", { at })]),
    zoom: (factor) => invoke("zoom", { factor }),
    listen(heard, wire) {
      let listening = true;
      const channel = new Channel<Event>();
      channel.onmessage = (event) => {
        if (listening) heard(event);
      };
      invoke("listen", { channel }).then(
        () => wire("open"),
        () => wire("lost"),
      );
      return () => {
        listening = false;
      };
    },
    mediaUrl: (key) => base + key.split("/").map(encodeURIComponent).join("/"),
  };
}
