// Sentences that appear at the edge and are read out. They stay until they are closed.

const MOST = 4;
const region = document.getElementById("toasts");

export function toast(sentence) {
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
  while (region.children.length > MOST) region.firstChild.remove();
}
