// The menu of the terminal.

import { showFindBar } from "/find_bar.js";
import { openMenu } from "/menu.js";
import { pick } from "/picker.js";
import { changeFontSize } from "/theme.js";
import { toast } from "/toasts.js";

export function openTerminalMenu(tabs, place) {
  const view = tabs.active;
  openMenu("Terminal", [
    { label: "New terminal", keys: "Ctrl+Shift+`", run: () => tabs.add() },
    { label: "Split", keys: "Ctrl+Shift+5", isOff: !tabs.canSplit, run: () => tabs.split() },
    { label: "Running shells…", run: () => chooseRunning(tabs) },
    null,
    { label: "Find", keys: "Ctrl+Shift+F", isOff: !view, run: () => showFindBar(tabs) },
    { label: "Copy", keys: "Ctrl+Shift+C", isOff: !view?.terminal.hasSelection(), run: () => view.copy() },
    { label: "Select all", isOff: !view, run: () => view.terminal.selectAll() },
    { label: "Clear the scrollback", isOff: !view, run: () => view.terminal.clear() },
    null,
    { label: "Larger font", keys: "Alt++", run: () => changeFontSize(1) },
    { label: "Smaller font", keys: "Alt+-", run: () => changeFontSize(-1) },
    { label: "Default font size", keys: "Alt+0", run: () => changeFontSize(0) },
    null,
    { label: "Detach", isOff: view?.state !== "running", run: () => tabs.close({ leaves: true }) },
    { label: "Close", isOff: !view || view.isShared, run: () => tabs.close() },
  ], place);
}

// Lets the user choose a running shell that this window does not show.
async function chooseRunning(tabs) {
  let others;
  try {
    others = await tabs.shells.listOthers();
  } catch (error) {
    return toast(error.message);
  }
  const choices = others.flatMap((session, at) => {
    const { sessionId, cols, rows, viewers } = session;
    const detail = `${cols}×${rows}, ${viewers === 0 ? "in no window" : viewers === 1 ? "in 1 window" : `in ${viewers} windows`}`;
    const label = `Shell ${at + 1}`;
    return [
      { label: `Open ${label}`, detail, value: { sessionId } },
      { label: `Watch ${label}`, detail: `${detail}; typing is off`, value: { sessionId, readOnly: true } },
    ];
  });
  const session = await pick({ label: "Running shells", choices, empty: "No other shell is running." });
  if (session) tabs.add(session);
}
