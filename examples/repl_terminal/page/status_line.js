// The status line: the state of the connection, and information about the active file.

import { onTheme, switchTheme } from "/theme.js";

const WORDS = {
  connecting: () => "Connecting…",
  connected: () => "Connected",
  away: ({ retryAt }) => `Reconnecting in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s`,
  refused: () => "Access refused: open the URL that the server printed",
};

export function showStatus(connection, files, editor, tabs) {
  const text = document.getElementById("state");
  const time = document.getElementById("round-trip");
  const now = document.getElementById("now");
  const theme = document.getElementById("theme");
  let countdown = 0;

  const show = (state) => {
    const words = WORDS[state.name](state);
    if (text.textContent !== words) text.textContent = words;
  };
  connection.onState((state) => {
    document.body.dataset.state = state.name;
    now.hidden = state.name !== "away";
    time.textContent = "";
    show(state);
    clearInterval(countdown);
    if (state.name === "away") countdown = setInterval(() => show(state), 250);
  });
  connection.onRoundTrip((took) => { time.textContent = ` · ${took < 10 ? took.toFixed(1) : Math.round(took)} ms`; });
  now.onclick = () => connection.reconnectNow();

  files.onReadOnly((isReadOnly) => { document.getElementById("rights").textContent = isReadOnly ? "Read-only" : ""; });
  editor.onChange((file) => {
    for (const name of ["news", "position", "lineEnd", "language"]) document.getElementById(`file-${name}`).textContent = file?.[name] ?? "";
  });
  tabs.onChange(() => {
    const terminal = tabs.active?.terminal;
    document.getElementById("terminal-size").textContent = terminal ? `${terminal.cols}×${terminal.rows}` : "";
  });

  theme.onclick = switchTheme;
  onTheme((name) => { theme.textContent = name === "dark" ? "Light theme" : "Dark theme"; });
}
