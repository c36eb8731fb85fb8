// Sentences that appear at the edge and are read out.

import { icon } from "/icons.js";
import { shown } from "/paths.js";

const MOST = 4;
const SHORT = 8_000;  // ms
const region = document.getElementById("toasts");

// `kind`: "error" or "note". `stays`: until it is closed, for what was not saved. `action`: { label, run }, what can be done.
// Returns what takes it away again.
export function toast(sentence, { kind = "error", stays = false, action = null } = {}) {
  const words = shown(sentence);
  const same = [...region.children].find((other) => other.firstChild.textContent === words);
  if (same) return () => same.remove();
  const box = document.createElement("div");
  const text = document.createElement("span");
  const close = document.createElement("button");
  box.className = `toast ${kind}`;
  text.textContent = words;
  close.type = "button";
  close.className = "icon";
  close.append(icon("close"));
  close.setAttribute("aria-label", "Close");
  close.onclick = () => box.remove();
  box.append(text);
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
  if (stays) box.classList.add("stays");
  else fade(box);
  while (region.children.length > MOST) (region.querySelector(".toast:not(.stays)") ?? region.firstChild).remove();
  return () => box.remove();
}

// Not while it is looked at.
function fade(box) {
  setTimeout(() => (box.matches(":hover, :focus-within") ? fade(box) : box.remove()), SHORT);
}
