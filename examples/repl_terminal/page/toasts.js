// Sentences that appear at the edge and are read out.

const MOST = 4;
const SHORT = 8_000;  // ms
const region = document.getElementById("toasts");

// `stays`: until it is closed, for what was not saved.
export function toast(sentence, { stays = false } = {}) {
  for (const shown of region.children) {
    if (shown.firstChild.textContent === sentence) return;
  }
  const box = document.createElement("div");
  const text = document.createElement("span");
  const close = document.createElement("button");
  box.className = "toast";
  text.textContent = sentence;
  close.type = "button";
  close.textContent = "✕";
  close.setAttribute("aria-label", "Close");
  close.onclick = () => box.remove();
  box.append(text, close);
  region.append(box);
  if (!stays) setTimeout(() => box.remove(), SHORT);
  while (region.children.length > MOST) region.firstChild.remove();
}
