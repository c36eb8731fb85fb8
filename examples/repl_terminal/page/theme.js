// Light and dark: the system's choice, until the switch was used.

const KEY = "repl-terminal-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set();

export const terminalColours = {
  dark: {
    background: "#16181d", foreground: "#e4e7ec", cursor: "#6cb6ff", cursorAccent: "#16181d",
    selectionBackground: "#3a4a63",
    black: "#242832", red: "#f58a8f", green: "#57c28a", yellow: "#e0b04c",
    blue: "#6cb6ff", magenta: "#c79bf2", cyan: "#56c8d8", white: "#cdd3dc",
    brightBlack: "#8791a1", brightRed: "#ffa9ad", brightGreen: "#7fdba9", brightYellow: "#f2cb78",
    brightBlue: "#9acdff", brightMagenta: "#dcbcff", brightCyan: "#86e0ec", brightWhite: "#ffffff",
  },
  light: {
    background: "#ffffff", foreground: "#1a1d23", cursor: "#0a62bd", cursorAccent: "#ffffff",
    selectionBackground: "#bcd8f5",
    black: "#1a1d23", red: "#b3291f", green: "#17704a", yellow: "#805400",
    blue: "#0a62bd", magenta: "#8230b0", cyan: "#0b6c7c", white: "#586173",
    brightBlack: "#6b7484", brightRed: "#c9382d", brightGreen: "#1c7f55", brightYellow: "#8f6000",
    brightBlue: "#1a6fd0", brightMagenta: "#9340c2", brightCyan: "#0f7688", brightWhite: "#1a1d23",
  },
};

export function currentTheme() {
  return document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");
}

export function onTheme(callback) {
  watchers.add(callback);
  callback(currentTheme());
}

export function switchTheme() {
  const theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
  tell();
}

function tell() {
  for (const watcher of watchers) watcher(currentTheme());
}

const chosen = localStorage.getItem(KEY);
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
system.addEventListener("change", tell);
