// Keyboard shortcuts of the whole page. The terminal does not receive these keys.

// `acts` maps a combination such as "Ctrl+Shift+F" to a function. Letters, digits and the key above Tab are matched by
// their position on the keyboard. If the function returns false, the key is not handled.
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
  // The Command key of Apple keyboards counts as Ctrl.
  return `${ctrlKey || metaKey ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}${shiftKey ? "Shift+" : ""}${place}`;
}
