// The desk over loopback HTTP: end-to-end tests and the browser demo.
import type { Event, Fault } from "./bindings";
import { FaultError, type Host } from "./desk";

const MAX_PAUSE_MS = 10_000;

export function httpHost(): Host {
  return {
    async ask(command, args) {
      const response = await fetch("/rpc", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ command, args }),
      });
      return answerOf(response);
    },
    async attach(conversation, file) {
      return answerOf(
        await fetch(`/attach/${encodeURIComponent(conversation ?? "none")}`, {
          method: "POST",
          headers: { "content-type": "application/octet-stream" },
          body: file,
        }),
      );
    },
    listen(heard, wire) {
      let source: EventSource | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let pause = 500;
      const open = () => {
        source = new EventSource("/events");
        source.onopen = () => {
          pause = 500;
          wire("open");
          // Events were missed while the connection was down.
          heard({ event: "stale", changes: [{ kind: "everything" }] });
        };
        source.onmessage = (message) => heard(JSON.parse(String(message.data)) as Event);
        source.onerror = () => {
          wire("lost");
          source?.close();
          timer = setTimeout(open, pause);
          pause = Math.min(pause * 2, MAX_PAUSE_MS);
        };
      };
      open();
      return () => {
        clearTimeout(timer);
        source?.close();
      };
    },
    mediaUrl: (key) => `/media/${key.split("/").map(encodeURIComponent).join("/")}`,
  };
}

async function answerOf(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const answer = (await response.json()) as { reply: unknown } | { fault: Fault };
  if ("fault" in answer) throw new FaultError(answer.fault);
  return answer.reply;
}
