// Fits the composer's field to its text.
import { MAX_REPLY_LENGTH } from "../../domain/replyText";

/** The field is never limited to less, in pixels. */
const MIN_LIMIT_PX = 120;

/** As high as its text, up to two fifths of the conversation. */
export function fitHeight(field: HTMLTextAreaElement): void {
  const limit = Math.max(MIN_LIMIT_PX, (field.closest(".thread")?.clientHeight ?? 500) * 0.4);
  // A text longer than TikTok takes fills the field anyway; measuring it at every key would be felt.
  const height = field.value.length > MAX_REPLY_LENGTH ? Infinity : measure(field);
  field.style.height = `${Math.min(height, limit)}px`;
  field.style.overflowY = height > limit ? "auto" : "hidden";
}

/**
 * Fits the field again whenever it becomes wider or narrower, or the window higher or lower. The field's own width is
 * watched, because panels beside it come and go after the window's event. Returns how to stop.
 */
export function followSize(field: HTMLTextAreaElement): () => void {
  const again = (): void => fitHeight(field);
  window.addEventListener("resize", again);
  let width = field.clientWidth;
  const watch =
    typeof ResizeObserver === "undefined"
      ? null
      : new ResizeObserver(() => {
          // Its height changes by fitting it.
          if (field.clientWidth !== width) {
            width = field.clientWidth;
            again();
          }
        });
  watch?.observe(field);
  return () => {
    window.removeEventListener("resize", again);
    watch?.disconnect();
  };
}

function measure(field: HTMLTextAreaElement): number {
  field.style.height = "auto";
  return field.scrollHeight;
}
