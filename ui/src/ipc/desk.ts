// The one door to the desk. Nothing else in the page knows whether it runs in the Tauri window or in a browser.
import type { Attachment, Commands, ConversationId, Event, Fault } from "./bindings";

/** Whether events reach us; while they do not, everything on screen may be stale. */
export type ConnectionState = "open" | "lost";

/** The transport of commands to the desk and of events back. */
export interface Host {
  /** Asks; rejects with a {@link Fault} or with whatever broke on the way. */
  ask(command: string, args: unknown): Promise<unknown>;
  /** Puts a picture file on a conversation's draft, or for none only keeps it; its bytes travel as they are. Rejects as `ask` does. */
  attach(conversation: ConversationId | null, file: Blob): Promise<unknown>;
  /** The picture in the clipboard, where pages are not told of it; none if there is none. Browsers tell by themselves. */
  clipboardPicture?(): Promise<Blob | null>;
  /** The names of the files in the clipboard, where pages are not told of them. */
  clipboardFiles?(): Promise<string[]>;
  /** The bytes of one of them. Rejects as `ask` does. */
  clipboardFile?(at: number): Promise<Blob>;
  /** Shows the page larger or smaller; 1 is as it was made. Browsers do it by themselves. */
  zoom?(factor: number): Promise<void>;
  /** Hears events until the returned function is called. */
  listen(heard: (event: Event) => void, wire: (state: ConnectionState) => void): () => void;
  /** Where the page finds a picture of the media vault. */
  mediaUrl(key: string): string;
}

/** The desk answered with a fault. */
export class FaultError extends Error {
  constructor(readonly fault: Fault) {
    super(fault.code);
    this.name = "FaultError";
  }
}

let host: Host | undefined;

/** Takes the host to use from now on. */
export function connect(to: Host): void {
  host = to;
}

/** Finds the host this page runs in. */
export async function findHost(): Promise<Host> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./tauri")).tauriHost();
  return (await import("./http")).httpHost();
}

/** A value whose texts can be written as UTF-8: half of a pair of surrogates, as a broken emoji leaves it, becomes U+FFFD. */
export function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toWellFormed(), wellFormed(one)]));
}

/** Asks the desk one of the contract's questions; throws a {@link FaultError} if it cannot answer. */
export async function ask<K extends keyof Commands>(
  command: K,
  args: Commands[K]["args"],
): Promise<Commands[K]["reply"]> {
  if (!host) throw new FaultError({ code: "unexpected", detail: "no host", incident: null });
  try {
    return (await host.ask(command, wellFormed(args))) as Commands[K]["reply"];
  } catch (error) {
    throw new FaultError(faultOf(error));
  }
}

/** The desk reads no file that is larger. */
export const LARGEST_FILE = 32 * 1024 * 1024;

/**
 * Puts a picture file on a conversation's draft: the desk decodes it, turns it upright and makes it fit for TikTok. For no
 * conversation it is only kept, for the saved reply that is going to name it.
 */
export async function attach(conversation: ConversationId | null, file: Blob): Promise<Attachment> {
  if (!host) throw new FaultError({ code: "unexpected", detail: "no host", incident: null });
  // Before a byte of it is read.
  if (file.size > LARGEST_FILE) throw new FaultError({ code: "imageTooLarge", detail: null, incident: null });
  try {
    return (await host.attach(conversation, file)) as Attachment;
  } catch (error) {
    throw new FaultError(faultOf(error));
  }
}

/** The picture in the clipboard, as far as the page was not told of it when the agent pasted. */
export async function clipboardPicture(): Promise<Blob | null> {
  try {
    return (await host?.clipboardPicture?.()) ?? null;
  } catch {
    // No picture is what the agent sees then, too.
    return null;
  }
}

/** The names of the files in the clipboard, as far as the page was not told of them when the agent pasted. */
export async function clipboardFiles(): Promise<string[]> {
  try {
    return (await host?.clipboardFiles?.()) ?? [];
  } catch {
    return [];
  }
}

/** One of the files that `clipboardFiles` named last. */
export async function clipboardFile(at: number): Promise<Blob> {
  if (!host?.clipboardFile) throw new FaultError({ code: "imageNotAPicture", detail: null, incident: null });
  try {
    return await host.clipboardFile(at);
  } catch (error) {
    throw new FaultError(faultOf(error));
  }
}

/** The host's zoom; null where the browser zooms by itself. */
export function zoomHost(): ((factor: number) => Promise<void>) | null {
  return host?.zoom ? (factor) => host?.zoom?.(factor) ?? Promise.resolve() : null;
}

/** Hears what the desk says without being asked. */
export function listen(heard: (event: Event) => void, wire: (state: ConnectionState) => void = () => {}): () => void {
  if (!host) throw new Error("no host");
  return host.listen(heard, wire);
}

/** The address of a picture in the media vault. */
export function mediaUrl(key: string): string {
  return host ? host.mediaUrl(key) : "";
}

/** Turns a thrown value into a fault that can be shown. */
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    return { detail: null, incident: null, ...error } as Fault;
  }
  return { code: "unexpected", detail: error instanceof Error ? error.message : String(error), incident: null };
}
