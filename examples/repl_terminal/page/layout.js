// How the place is shared between files, editor and terminal. Runs before the first paint, so that nothing jumps.

import { makeDivider } from "/divider.js";
import { ofBrowser, ofWindow } from "/storage.js";

const root = document.documentElement;
const main = document.querySelector("main");
const usual = { files: 240, editor: 0.6 };
const shares = { ...usual, ...ofBrowser.get("shares", {}) };

function apply() {
  root.style.setProperty("--files", `${shares.files}px`);
  root.style.setProperty("--editor", `${shares.editor * 100}%`);
}
const keep = () => ofBrowser.set("shares", shares);

makeDivider(document.getElementById("files-divider"), {
  label: "Width of the files",
  isUpright: true,
  read: () => ({ size: shares.files, least: 140, most: Math.max(140, innerWidth - 360) }),
  write: (size) => { shares.files = Math.round(size); apply(); },
  reset: () => { shares.files = usual.files; apply(); },
  done: keep,
});
makeDivider(document.getElementById("editor-divider"), {
  label: "Height of the editor",
  isUpright: false,
  read: () => ({ size: shares.editor * main.clientHeight, least: 96, most: main.clientHeight - 96 }),
  write: (size) => { shares.editor = size / main.clientHeight; apply(); },
  reset: () => { shares.editor = usual.editor; apply(); },
  done: keep,
});
apply();

// The terminal has all of the place until a file is open.
export function makeRoomForFiles(isNeeded) {
  document.body.classList.toggle("has-file", isNeeded);
}
makeRoomForFiles(ofWindow.get("files", []).length > 0);
