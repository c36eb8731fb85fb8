// Short messages at the edge of the page. Screen readers announce them.

import { icon } from "/icons.js";
import { displayText } from "/paths.js";

const MAX_TOASTS = 4;
const DURATION = 8_000;  // ms
const region = document.getElementById("toasts");
Object.assign(region.style, { maxHeight: "50dvh", overflowY: "auto" });  // there may be many sticky toasts

// `kind` is "error" or "note". If `isSticky` is true, the toast stays until the user closes it. `action` is { label,
// run }, a button. Returns a function that removes the toast.
export function toast(message, { kind = "error", isSticky = false, action = null } = {}) {
  const text = displayText(message);
  const same = [...region.children].find((other) => other.firstChild.textContent === text);
  if (same) return () => same.remove();
  const box = document.createElement("div");
  const content = document.createElement("span");
  const close = document.createElement("button");
  box.className = `toast ${kind}`;
  content.textContent = text;
  close.type = "button";
  close.className = "icon";
  close.append(icon("close"));
  close.setAttribute("aria-label", "Close");
  close.onclick = () => box.remove();
  box.append(content);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "action";
    button.textContent = action.label;
    button.onclick = () => { box.remove(); action.run(); };
    box.append(button);
  }
  box.append(close);
  region.append(box);
  if (isSticky) box.classList.add("sticky");
  else fade(box);
  const older = [...region.querySelectorAll(".toast:not(.sticky)")].filter((other) => other !== box);
  while (region.children.length > MAX_TOASTS && older.length > 0) older.shift().remove();
  box.scrollIntoView({ block: "nearest" });
  return () => box.remove();
}

// Not while the pointer or the focus is on it.
function fade(box) {
  setTimeout(() => (box.matches(":hover, :focus-within") ? fade(box) : box.remove()), DURATION);
}
