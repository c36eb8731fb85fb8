// A row of keys that on-screen keyboards lack. Ctrl applies to the next key.

const KEYS = [
  ["Esc", "\x1b"], ["Tab", "\t"], ["Ctrl", null], ["←", "\x1b[D"], ["↓", "\x1b[B"], ["↑", "\x1b[A"], ["→", "\x1b[C"],
  ["|", "|"], ["~", "~"], ["/", "/"],
];
const NAMES = { "←": "Left", "↓": "Down", "↑": "Up", "→": "Right" };

export function showKeyRow(row, tabs) {
  const buttons = KEYS.map(([label]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", NAMES[label] ?? label);
    button.addEventListener("pointerdown", (event) => event.preventDefault());  // keeps the on-screen keyboard open
    return button;
  });
  const control = buttons[KEYS.findIndex(([label]) => label === "Ctrl")];
  const setControlHeld = (held) => control.setAttribute("aria-pressed", held);
  const withControl = (data) => {
    if (control.getAttribute("aria-pressed") !== "true" || data.length !== 1) return data;
    setControlHeld(false);
    return String.fromCharCode(data.toUpperCase().charCodeAt(0) & 0x1f);
  };
  setControlHeld(false);

  KEYS.forEach(([, data], at) => {
    buttons[at].onclick = () => {
      if (data === null) setControlHeld(control.getAttribute("aria-pressed") !== "true");
      else if (tabs.active) tabs.active.type(withControl(applicationCursor(tabs.active, data)));
      tabs.focus();
    };
  });
  tabs.changeInput = withControl;
  row.append(...buttons);
}

// Converts arrow keys to the form of application cursor mode (DECCKM), if it is on.
function applicationCursor(view, data) {
  return view.terminal.modes.applicationCursorKeysMode ? data.replace(/^\x1b\[([A-D])$/, "\x1bO$1") : data;
}
