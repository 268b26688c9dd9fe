// A message in words, for screen readers and quotes.
import type { Content, Snippet } from "../../ipc/bindings";
import { t } from "../../text";
import { clamped, sanitize } from "../../text/sanitize";

export function spoken(content: Content): string {
  switch (content.type) {
    case "text":
      return clamped(sanitize(content.body), 300).text;
    case "card":
      return sanitize(content.title) || t.thread.card;
    case "image":
      return t.snippets.image;
    case "video":
      return t.snippets.video;
    case "sharePost":
      return t.snippets.sharePost;
    case "sticker":
      return t.snippets.sticker;
    case "unsupported":
      return t.snippets.unsupported;
    case "unreadable":
      return t.thread.unreadable.what;
  }
}

/** The line of a message that a quote of it shows, as the desk makes it. */
export function snippetOf(content: Content): Snippet {
  const text = content.type === "text" ? content.body : content.type === "card" ? content.title : "";
  return {
    kind: content.type === "unreadable" ? "unsupported" : content.type,
    text: [...text.trim().replace(/\s+/gu, " ")].slice(0, 160).join(""),
  };
}
