// Finds what a person using a screen reader would find: an element by its role and its accessible name. Run inside the
// page under test with the wanted role and name; gives the elements that are shown, best match first.
const [role, wanted] = arguments;

const SELECTORS = {
  alert: "[role=alert]",
  button: "button:not([role]), [role=button], summary, input[type=submit], input[type=button]",
  checkbox: "input[type=checkbox], [role=checkbox], [role=switch]",
  combobox: "select, [role=combobox]",
  dialog: "dialog, [role=dialog], [role=alertdialog]",
  heading: "h1, h2, h3, h4, h5, h6, [role=heading]",
  link: "a[href], [role=link]",
  listbox: "[role=listbox]",
  log: "[role=log]",
  navigation: "nav, [role=navigation]",
  option: "option, [role=option]",
  radio: "input[type=radio], [role=radio]",
  region: "section, [role=region], main, [role=main], aside",
  status: "[role=status], output",
  tab: "[role=tab]",
  textbox:
    "textarea, input:not([type]), input[type=text], input[type=password], input[type=url], input[type=email], input[type=search], [role=textbox], [contenteditable=true], [contenteditable=plaintext-only]",
};

const flat = (text) => (text ?? "").replace(/\s+/g, " ").trim();

function shown(element) {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden";
}

function nameOf(element) {
  const labelledby = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const byId = labelledby.map((id) => flat(document.getElementById(id)?.textContent)).join(" ");
  if (byId) return byId;
  const label = flat(element.getAttribute("aria-label"));
  if (label) return label;
  const labels = [...(element.labels ?? [])].map((one) => flat(one.textContent)).join(" ");
  if (labels) return labels;
  const own = element.matches("input, textarea, select") ? "" : flat(element.innerText ?? element.textContent);
  return own || flat(element.getAttribute("title")) || flat(element.getAttribute("placeholder")) || flat(element.value);
}

const name = flat(wanted).toLowerCase();
const rank = (element) => {
  const found = nameOf(element).toLowerCase();
  return found === name ? 0 : found.startsWith(name) ? 1 : found.includes(name) ? 2 : 3;
};
return [...document.querySelectorAll(SELECTORS[role] ?? `[role=${role}]`)]
  .filter(shown)
  .map((element) => [rank(element), element])
  .filter(([place]) => place < 3)
  .sort(([one], [other]) => one - other)
  .map(([, element]) => element);
