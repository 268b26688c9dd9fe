// The picture viewer: which photo of a conversation is looked at, and the photos beside it, fetched as the agent goes on.
import { tick } from "svelte";

import type { ConversationId, Fault, MessageId, ImagePage, ImageView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";

/** Photos asked for at once. */
export const PICTURES_PAGE_SIZE = 40;
/** So near the end of what is held the next ones are asked for. */
const AHEAD = 10;

export class Viewer {
  /** The conversation whose photos are shown; null while the viewer is closed. */
  conversation = $state<ConversationId | null>(null);
  /** The message whose photo is looked at. */
  message = $state<MessageId | null>(null);
  pictures = $state.raw<readonly ImageView[]>([]);
  hasOlder = $state(false);
  hasNewer = $state(false);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  /** A photo that TikTok is asked for right now. */
  fetching = $state<MessageId | null>(null);
  /** Why the last thing done with the photo on screen did not work. */
  problem = $state.raw<Fault | null>(null);
  /** The outcome of the last action, for screen readers too. */
  announcement = $state("");
  /** False once the host has said that it has no clipboard for pictures. */
  copies = $state(true);
  /** This host has no folder to save to. */
  saves = $state(true);
  at = $derived(this.pictures.findIndex((one) => one.message === this.message));
  picture: ImageView | undefined = $derived(this.pictures[this.at]);
  #back: HTMLElement | null = null;
  #generation = 0;
  #paging: "older" | "newer" | null = null;

  get isOpen(): boolean {
    return this.conversation !== null;
  }

  /** Shows the photo of a message over the whole window; closing gives the focus back to where it was. */
  open(conversation: ConversationId, message: MessageId): void {
    const active = document.activeElement;
    this.#back = active instanceof HTMLElement && active !== document.body ? active : null;
    this.#generation += 1;
    this.#paging = null;
    this.pictures = [];
    this.loaded = false;
    this.hasOlder = this.hasNewer = false;
    this.fetching = null;
    this.#turnTo(message);
    this.conversation = conversation;
    void this.reload();
  }

  close(): void {
    if (this.conversation === null) return;
    this.#generation += 1;
    this.conversation = null;
    this.message = null;
    this.pictures = [];
    const back = this.#back;
    this.#back = null;
    void tick().then(() => {
      if (back?.isConnected) back.focus({ preventScroll: true });
    });
  }

  /** The photos around the one looked at, asked for anew. */
  async reload(): Promise<void> {
    const { conversation, message } = this;
    if (conversation === null) return;
    const generation = this.#generation;
    try {
      const page = await ask("listImages", { conversation, around: message, limit: PICTURES_PAGE_SIZE });
      if (generation !== this.#generation) return;
      this.fault = null;
      this.#take(page);
      this.loaded = true;
      this.#ahead();
    } catch (error) {
      if (generation === this.#generation) this.fault = faultOf(error);
    }
  }

  /** To the next newer photo, or the next older one. */
  step(by: 1 | -1): void {
    const next = this.pictures[this.at + by];
    if (this.at < 0 || !next) return;
    this.#turnTo(next.message);
    this.#ahead();
  }

  canStep(by: 1 | -1): boolean {
    return this.at >= 0 && this.pictures[this.at + by] !== undefined;
  }

  /** A conversation may have changed. */
  invalidate(conversation?: ConversationId): void {
    if (this.conversation !== null && (conversation === undefined || conversation === this.conversation))
      void this.reload();
  }

  /** Asks TikTok for the photo on screen, which is not on this computer. */
  async fetch(): Promise<void> {
    const message = this.message;
    if (message === null || this.fetching !== null) return;
    this.fetching = message;
    await this.#do(message, () => ask("fetchImage", { message }));
    this.fetching = null;
    await this.reload();
  }

  /** @param done what to say once it is copied */
  async copy(done: string): Promise<void> {
    const { picture } = this;
    if (picture?.media.state !== "kept") return;
    const { key } = picture.media;
    const fault = await this.#do(picture.message, () => ask("copyImage", { key }).then(() => done));
    if (fault?.code === "notPossibleHere") this.copies = false;
  }

  /** @param done what to say once it is saved, by where it is */
  async save(done: (place: string) => string): Promise<void> {
    const { picture } = this;
    if (!picture) return;
    const { message } = picture;
    const fault = await this.#do(message, () => ask("saveImage", { message }).then(({ place }) => done(place)));
    if (fault?.code === "notPossibleHere") this.saves = false;
  }

  #turnTo(message: MessageId): void {
    this.message = message;
    this.problem = null;
    this.announcement = "";
  }

  /** Does something with a photo; what came of it is said only while that photo is on screen. */
  async #do(message: MessageId, run: () => Promise<unknown>): Promise<Fault | null> {
    this.problem = null;
    this.announcement = "";
    try {
      const said = await run();
      if (message === this.message && typeof said === "string") this.announcement = said;
      return null;
    } catch (error) {
      const fault = faultOf(error);
      if (message === this.message) this.problem = fault;
      return fault;
    }
  }

  /** Merges a page of photos into the known ones: the page replaces its range, the others stay. */
  #take(page: ImagePage): void {
    const [first, last] = [page.pictures[0], page.pictures.at(-1)];
    if (!first || !last) {
      this.pictures = [];
      this.hasOlder = this.hasNewer = false;
      return;
    }
    const from = this.pictures.findIndex((one) => one.message === first.message);
    const to = this.pictures.findIndex((one) => one.message === last.message);
    const older = from > 0 ? this.pictures.slice(0, from) : [];
    const newer = to >= 0 ? this.pictures.slice(to + 1) : [];
    if (older.length === 0) this.hasOlder = page.hasOlder;
    if (newer.length === 0) this.hasNewer = page.hasNewer;
    this.pictures = [...older, ...page.pictures, ...newer];
  }

  #ahead(): void {
    if (this.at < 0) return;
    if (this.hasOlder && this.at < AHEAD) void this.#page("older");
    else if (this.hasNewer && this.at >= this.pictures.length - AHEAD) void this.#page("newer");
  }

  async #page(which: "older" | "newer"): Promise<void> {
    const { conversation } = this;
    const edge = which === "older" ? this.pictures[0] : this.pictures.at(-1);
    if (conversation === null || !edge || this.#paging) return;
    const generation = this.#generation;
    this.#paging = which;
    try {
      const page = await ask("listImages", { conversation, around: edge.message, limit: PICTURES_PAGE_SIZE });
      if (generation !== this.#generation) return;
      const known = new Set(this.pictures.map((one) => one.message));
      const at = page.pictures.findIndex((one) => one.message === edge.message);
      const fresh = (which === "older" ? page.pictures.slice(0, Math.max(0, at)) : page.pictures.slice(at + 1)).filter(
        (one) => !known.has(one.message),
      );
      if (which === "older") {
        this.pictures = [...fresh, ...this.pictures];
        this.hasOlder = page.hasOlder && fresh.length > 0;
      } else {
        this.pictures = [...this.pictures, ...fresh];
        this.hasNewer = page.hasNewer && fresh.length > 0;
      }
    } catch {
      // Going on asks again.
    } finally {
      if (generation === this.#generation) this.#paging = null;
    }
  }
}
