// Whose a conversation is, putting it away, and who answers, in words.

export const agents = {
  title: "Agents",
};

export const snooze = {
  title: "Snooze",
};
