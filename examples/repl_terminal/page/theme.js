// Light and dark, the system's choice until the switch was used; and the size of code and terminal.

import { ofBrowser } from "/storage.js";

const SIZES = { least: 9, usual: 13, most: 24 };
const system = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set();

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

// At once and at every change.
export function onTheme(callback) {
  watchers.add(callback);
  callback(currentTheme());
}

export function switchTheme() {
  const theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  ofBrowser.set("theme", theme);
  tell();
}

// At once and at every change.
export function onFontSize(callback) {
  sizeWatchers.add(callback);
  callback(fontSize);
}

// By so many pixels; without them it is the usual one again.
export function changeFontSize(step) {
  const size = step ? fontSize + step : SIZES.usual;
  fontSize = Math.min(SIZES.most, Math.max(SIZES.least, size));
  ofBrowser.set("font-size", fontSize);
  for (const watcher of sizeWatchers) watcher(fontSize);
}

function tell() {
  for (const watcher of watchers) watcher(currentTheme());
}

const sizeWatchers = new Set();
let fontSize = Number(ofBrowser.get("font-size", SIZES.usual)) || SIZES.usual;
const chosen = ofBrowser.get("theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
system.addEventListener("change", tell);
