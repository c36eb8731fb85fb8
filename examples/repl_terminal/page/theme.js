// The theme (the system's, until the user switches it), and the font size of editor and terminal.

import { localStore } from "/storage.js";

const SIZES = { min: 9, initial: 13, max: 24 };
const system = matchMedia("(prefers-color-scheme: dark)");
const themeListeners = new Set();

export const terminalColours = {
  dark: {
    background: "#16181d", foreground: "#e4e7ec", cursor: "#6cb6ff", cursorAccent: "#16181d",
    selectionBackground: "#3a4a63",
    scrollbarSliderBackground: "#3a414f", scrollbarSliderHoverBackground: "#4a5364", scrollbarSliderActiveBackground: "#5a6478",
    overviewRulerBorder: "#16181d",
    black: "#242832", red: "#f58a8f", green: "#57c28a", yellow: "#e0b04c",
    blue: "#6cb6ff", magenta: "#c79bf2", cyan: "#56c8d8", white: "#cdd3dc",
    brightBlack: "#8791a1", brightRed: "#ffa9ad", brightGreen: "#7fdba9", brightYellow: "#f2cb78",
    brightBlue: "#9acdff", brightMagenta: "#dcbcff", brightCyan: "#86e0ec", brightWhite: "#ffffff",
  },
  light: {
    background: "#ffffff", foreground: "#1a1d23", cursor: "#0a62bd", cursorAccent: "#ffffff",
    selectionBackground: "#bcd8f5",
    scrollbarSliderBackground: "#d5dae1", scrollbarSliderHoverBackground: "#c2c9d3", scrollbarSliderActiveBackground: "#aab3c0",
    overviewRulerBorder: "#ffffff",
    black: "#1a1d23", red: "#b3291f", green: "#17704a", yellow: "#805400",
    blue: "#0a62bd", magenta: "#8230b0", cyan: "#0b6c7c", white: "#586173",
    brightBlack: "#6b7484", brightRed: "#c9382d", brightGreen: "#1c7f55", brightYellow: "#8f6000",
    brightBlue: "#1a6fd0", brightMagenta: "#9340c2", brightCyan: "#0f7688", brightWhite: "#1a1d23",
  },
};

export function currentTheme() {
  return document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");
}

// Calls the callback now and at every change.
export function onTheme(callback) {
  themeListeners.add(callback);
  callback(currentTheme());
}

export function switchTheme() {
  const theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStore.set("theme", theme);
  notifyTheme();
}

// Calls the callback now and at every change.
export function onFontSize(callback) {
  sizeListeners.add(callback);
  callback(fontSize);
}

// Changes the size by `step` pixels. With 0 it restores the initial size.
export function changeFontSize(step) {
  const size = step ? fontSize + step : SIZES.initial;
  fontSize = Math.min(SIZES.max, Math.max(SIZES.min, size));
  localStore.set("font-size", fontSize);
  for (const listener of sizeListeners) listener(fontSize);
}

function notifyTheme() {
  for (const listener of themeListeners) listener(currentTheme());
}

const sizeListeners = new Set();
let fontSize = Number(localStore.get("font-size", SIZES.initial)) || SIZES.initial;
const chosen = localStore.get("theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
system.addEventListener("change", notifyTheme);
