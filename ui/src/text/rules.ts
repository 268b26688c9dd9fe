// Rules and business hours, in words.

export const rules = {
  title: "Rules",
};

export const hours = {
  title: "Business hours",
};
