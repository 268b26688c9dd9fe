// Saved replies, in words.

export const saved = {
  title: "Saved replies",
};
