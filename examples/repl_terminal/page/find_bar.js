// The search bar of the active terminal.

import { currentTheme } from "/theme.js";

const bar = document.getElementById("find");
const input = document.getElementById("find-text");
const count = document.getElementById("find-count");
const COLOURS = {
  dark: { matchBackground: "#4a4527", activeMatchBackground: "#8a6d1f", matchOverviewRuler: "#e0b04c", activeMatchColorOverviewRuler: "#6cb6ff" },
  light: { matchBackground: "#fbe8b0", activeMatchBackground: "#f0bf4c", matchOverviewRuler: "#805400", activeMatchColorOverviewRuler: "#0a62bd" },
};

let view = null;
let stop = null;

export function showFindBar(tabs) {
  if (!tabs.active) return;
  if (view !== tabs.active) leave();
  if (!view) {
    view = tabs.active;
    stop = view.search.onDidChangeResults(({ resultIndex, resultCount }) => {
      count.textContent = input.value === "" ? "" : resultCount === 0 ? "No result" : `${resultIndex + 1} of ${resultCount}`;
    });
  }
  bar.hidden = false;
  const selected = view.terminal.getSelection();
  if (selected && !selected.includes("\n")) input.value = selected;
  input.focus();
  input.select();
  find(1, true);
}

function find(step, isTyping = false) {
  if (!view || view.isGone) return;
  if (input.value === "") {
    view.search.clearDecorations();
    count.textContent = "";
    return;
  }
  const options = { incremental: isTyping, decorations: COLOURS[currentTheme()] };
  if (step > 0) view.search.findNext(input.value, options);
  else view.search.findPrevious(input.value, options);
}

function leave() {
  stop?.dispose();
  if (!view?.isGone) view?.search.clearDecorations();
  view = stop = null;
}

function close() {
  const last = view;
  bar.hidden = true;
  leave();
  last?.focus();
}

input.oninput = () => find(1, true);
bar.onsubmit = (event) => { event.preventDefault(); find(1); };
bar.onkeydown = (event) => {
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && event.shiftKey && event.target === input) find(-1);
  else return;
  event.preventDefault();
};
document.getElementById("find-previous").onclick = () => find(-1);
document.getElementById("find-next").onclick = () => find(1);
document.getElementById("find-close").onclick = close;
