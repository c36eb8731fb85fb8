// Divides the page between files, editor and terminal. Runs before the first paint to avoid a layout shift.

import { makeDivider } from "/divider.js";
import { localStore, sessionStore } from "/storage.js";

const root = document.documentElement;
const main = document.querySelector("main");
const initial = { files: 240, editor: 0.6 };
const shares = { ...initial, ...localStore.get("shares", {}) };

function apply() {
  root.style.setProperty("--files", `${shares.files}px`);
  root.style.setProperty("--editor", `${shares.editor * 100}%`);
}
const keep = () => localStore.set("shares", shares);

makeDivider(document.getElementById("files-divider"), {
  label: "Width of the files",
  isUpright: true,
  read: () => ({ size: shares.files, min: 140, max: Math.max(140, innerWidth - 360) }),
  write: (size) => { shares.files = Math.round(size); apply(); },
  reset: () => { shares.files = initial.files; apply(); },
  done: keep,
});
makeDivider(document.getElementById("editor-divider"), {
  label: "Height of the editor",
  isUpright: false,
  read: () => ({ size: shares.editor * main.clientHeight, min: 96, max: main.clientHeight - 96 }),
  write: (size) => { shares.editor = size / main.clientHeight; apply(); },
  reset: () => { shares.editor = initial.editor; apply(); },
  done: keep,
});
apply();

// Without an open file the terminal takes the place of the editor.
export function setEditorVisible(isNeeded) {
  document.body.classList.toggle("has-file", isNeeded);
}
setEditorVisible(sessionStore.get("files", []).length > 0);
