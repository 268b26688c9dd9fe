// Where a place in a field is on screen: the field is laid out once more, out of sight, up to that place.
const COPIED = [
  "boxSizing",
  "width",
  "paddingTop",
  "paddingRight",
  "paddingBottom",
  "paddingLeft",
  "borderTopWidth",
  "borderRightWidth",
  "borderBottomWidth",
  "borderLeftWidth",
  "borderStyle",
  "font",
  "letterSpacing",
  "lineHeight",
  "tabSize",
  "textAlign",
  "direction",
  "whiteSpace",
  "overflowWrap",
  "wordBreak",
  "fontFeatureSettings",
] as const;

export function caretLeft(field: HTMLTextAreaElement, at: number): number {
  const style = getComputedStyle(field);
  const mirror = document.createElement("div");
  for (const name of COPIED) mirror.style[name] = style[name];
  Object.assign(mirror.style, {
    position: "fixed",
    top: "0",
    left: "0",
    visibility: "hidden",
    whiteSpace: "pre-wrap",
    overflowWrap: "break-word",
  });
  mirror.dir = field.dir;
  mirror.textContent = field.value.slice(0, at);
  const mark = document.createElement("span");
  mark.textContent = field.value.slice(at, at + 1) || ".";
  mirror.append(mark);
  document.body.append(mirror);
  const left = mark.getBoundingClientRect().left - mirror.getBoundingClientRect().left;
  mirror.remove();
  return field.getBoundingClientRect().left + left;
}
