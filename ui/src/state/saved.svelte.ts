// The saved replies: those on their screen, and the one that is being edited, which outlives the screen until it is saved.
import type {
  Fault,
  ImportReport,
  SavedFile,
  SavedFormat,
  SavedReplyId,
  SavedReplyText,
  SavedReplyView,
} from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { t } from "../text";
import { oneAtATime } from "../domain/oneAtATime";
import type { Toasts } from "./toasts.svelte";

/** More than anybody scrolls through; the rest is found by typing. */
export const MAX_SAVED_LISTED = 500;
/** So long a deleted one can be had back; until then it is only hidden. */
const UNDO_MS = 6_000;

/** A saved reply that is being edited: what is there, and what stands in the fields. */
export interface Editing {
  /** None for one that is new. */
  id: SavedReplyId | null;
  before: SavedReplyText;
  text: SavedReplyText;
  /** The picture as it is shown. */
  picture: SavedReplyView["attachment"];
}

const EMPTY: SavedReplyText = { name: "", shortcut: "", category: "", body: "", attachment: null };

const textOf = (one: SavedReplyView): SavedReplyText => ({
  name: one.name,
  shortcut: one.shortcut,
  category: one.category,
  body: one.body,
  attachment: one.attachment?.key ?? null,
});
const same = (a: SavedReplyText, b: SavedReplyText): boolean =>
  a.name === b.name &&
  a.shortcut === b.shortcut &&
  a.category === b.category &&
  a.body === b.body &&
  a.attachment === b.attachment;

export class Saved {
  query = $state("");
  list = $state.raw<readonly SavedReplyView[]>([]);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  editing = $state<Editing | null>(null);
  saving = $state(false);
  /** Why the desk refused the last save. */
  wrong = $state.raw<Fault | null>(null);
  #deleting = new Map<SavedReplyId, ReturnType<typeof setTimeout>>();
  #hidden = $state.raw<ReadonlySet<SavedReplyId>>(new Set());
  #toasts: Toasts;

  constructor(toasts: Toasts) {
    this.#toasts = toasts;
  }

  /** The replies on screen: without those whose deletion can still be undone. */
  get shown(): readonly SavedReplyView[] {
    return this.#hidden.size === 0 ? this.list : this.list.filter((one) => !this.#hidden.has(one.id));
  }

  get changed(): boolean {
    const editing = this.editing;
    return editing !== null && !same(editing.before, editing.text);
  }

  read = oneAtATime(async () => {
    const query = this.query;
    try {
      this.list = await ask("findSavedReplies", { query, limit: MAX_SAVED_LISTED });
      this.loaded = true;
      this.fault = null;
      this.#follow();
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** They have changed; asked for again if anyone has looked at them. */
  invalidate(): void {
    if (this.loaded) void this.read();
  }

  edit(one: SavedReplyView | null): void {
    this.wrong = null;
    this.editing =
      one === null
        ? { id: null, before: { ...EMPTY }, text: { ...EMPTY }, picture: null }
        : { id: one.id, before: textOf(one), text: textOf(one), picture: one.attachment };
  }

  close(): void {
    this.wrong = null;
    this.editing = null;
  }

  /** The fields' text when editing began. */
  reset(): void {
    const editing = this.editing;
    const there = this.list.find((one) => one.id === editing?.id);
    if (there) this.edit(there);
    else this.close();
  }

  /** Keeps what stands in the fields; false if it could not be kept. */
  async save(): Promise<boolean> {
    const editing = this.editing;
    if (!editing || this.saving) return false;
    this.saving = true;
    this.wrong = null;
    const text = { ...editing.text };
    try {
      const one = await ask("saveSavedReply", { saved: editing.id, text });
      if (this.editing === editing) {
        // What was typed while it was on its way is still to be saved.
        if (same(editing.text, text)) this.edit(one);
        else Object.assign(editing, { id: one.id, before: textOf(one) });
      }
      await this.read();
      return true;
    } catch (error) {
      const fault = faultOf(error);
      // It was deleted meanwhile: what stands here is a new one now.
      if (fault.code === "notFound" && this.editing === editing) editing.id = null;
      this.wrong = fault;
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Hides one, and deletes it once it can no longer be undone. */
  remove(one: Pick<SavedReplyView, "id" | "name">): void {
    if (this.editing?.id === one.id) this.close();
    this.#hide(one.id, true);
    this.#deleting.set(
      one.id,
      setTimeout(() => void this.#delete(one.id), UNDO_MS),
    );
    this.#toasts.say(t.saved.deleted(one.name), { label: t.saved.undo, run: () => this.#keep(one.id) });
  }

  /** Deletes at once what is hidden, because the window closes. */
  flush(): void {
    for (const id of this.#deleting.keys()) void this.#delete(id);
  }

  async export(format: SavedFormat): Promise<void> {
    try {
      const file: SavedFile = await ask("exportSavedReplies", { format, name: t.saved.fileName });
      this.#toasts.say(t.saved.exported(file.place));
    } catch (error) {
      this.#toasts.fault(faultOf(error));
    }
  }

  async import(format: SavedFormat, text: string): Promise<ImportReport> {
    const report = await ask("importSavedReplies", { format, text });
    void this.read();
    return report;
  }

  #keep(id: SavedReplyId): void {
    clearTimeout(this.#deleting.get(id));
    if (this.#deleting.delete(id)) this.#hide(id, false);
  }

  async #delete(id: SavedReplyId): Promise<void> {
    clearTimeout(this.#deleting.get(id));
    this.#deleting.delete(id);
    try {
      await ask("deleteSavedReply", { saved: id });
      this.list = this.list.filter((one) => one.id !== id);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.code !== "notFound") this.#toasts.fault(fault);
    }
    this.#hide(id, false);
  }

  #hide(id: SavedReplyId, hidden: boolean): void {
    const now = new Set(this.#hidden);
    if (hidden) now.add(id);
    else now.delete(id);
    this.#hidden = now;
  }

  /** The one in the editor may have changed elsewhere; what the agent has typed stays. */
  #follow(): void {
    const editing = this.editing;
    const there = editing?.id ? this.list.find((one) => one.id === editing.id) : undefined;
    if (editing && there && !this.changed && !same(textOf(there), editing.before)) this.edit(there);
  }
}
