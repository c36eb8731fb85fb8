// The connection's state in words, and the theme's switch.

import { onTheme, switchTheme } from "/theme.js";

const WORDS = {
  connecting: () => "Connecting…",
  connected: () => "Connected",
  away: ({ retryAt }) => `Reconnecting in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s`,
  refused: () => "Access refused: open the URL that the server printed",
};

export function showStatus(connection) {
  const text = document.getElementById("state");
  const now = document.getElementById("now");
  const theme = document.getElementById("theme");

  const show = (state) => {
    const words = WORDS[state.name](state);
    if (text.textContent !== words) text.textContent = words;
  };
  let countdown = 0;
  connection.onState((state) => {
    document.body.dataset.state = state.name;
    now.hidden = state.name !== "away";
    show(state);
    clearInterval(countdown);
    if (state.name === "away") countdown = setInterval(() => show(state), 250);
  });
  connection.onRoundTrip((time) => { text.textContent = `Connected · ${Math.round(time)} ms`; });
  now.onclick = () => connection.reconnectNow();

  theme.onclick = switchTheme;
  onTheme((name) => { theme.textContent = name === "dark" ? "Light theme" : "Dark theme"; });
}
