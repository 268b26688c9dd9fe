// The screens of the window, and the tools of the composer.

export type Screen = "inbox" | "automatic" | "rules" | "saved" | "link" | "settings";

/** The tools that open from the composer's bar. */
export type Tool = "image" | "emoji" | "saved" | "card" | "post" | "later";
