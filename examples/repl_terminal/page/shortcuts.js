// Keys that work everywhere on the page, also in the terminal: they never reach the shell.

// By combination, such as "Ctrl+Shift+F"; letters, digits and the key above Tab go by their place on the keyboard. An act
// that returns false lets the key through.
export function listenForShortcuts(acts) {
  addEventListener("keydown", (event) => {
    const act = acts[nameOf(event)];
    if (!act || event.isComposing || document.querySelector("dialog[open]") || act(event) === false) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
}

function nameOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  const place = code.match(/^(?:Key|Digit)(\w)$/)?.[1] ?? { Backquote: "`", Equal: "+", Minus: "-" }[code] ?? key;
  // Apple's command key does what Ctrl does elsewhere.
  return `${ctrlKey || metaKey ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}${shiftKey ? "Shift+" : ""}${place}`;
}
