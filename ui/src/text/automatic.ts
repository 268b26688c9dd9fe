// TikTok’s automatic messages and comments answered by message, in words.

export const automatic = {
  title: "Automatic messages",
};

export const comments = {
  title: "Comments",
};
