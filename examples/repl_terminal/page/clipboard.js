// Copying from and pasting into the terminal.

import { ask } from "/dialog.js";
import { displayText } from "/paths.js";
import { toast } from "/toasts.js";

const MAX_PREVIEW_LINES = 12;
let dismissOffer = () => {};

export async function copyText(text, what = "This") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    toast(`${what} could not be copied: the browser does not allow it.`);
  }
}

// Handles OSC 52, by which a program reads or writes the clipboard. A read is ignored. A write is only offered as a
// toast, because the sequence may come from any file that is printed. The toast replaces the previous offer.
export function offerCopy(sequence) {
  const encoded = sequence.slice(sequence.indexOf(";") + 1);
  if (encoded === "?" || encoded === "") return true;
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0)));
  } catch {
    return true;  // not UTF-8 text
  }
  const size = text.length === 1 ? "1 character" : `${text.length} characters`;
  dismissOffer();
  dismissOffer = toast(`A program wants to copy ${size} to the clipboard.`, { kind: "note", action: { label: "Copy", run: () => copyText(text) } });
  return true;
}

// Removes control characters. Without this, a paste could contain the end marker of bracketed paste mode, and the rest
// would be executed.
export function stripControls(text) {
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "");
}

// Asks before a paste of several lines, unless bracketed paste mode is on: without that mode a shell executes each
// line.
export async function confirmPaste(text, terminal) {
  if (!/[\r\n]/.test(text) || terminal.modes.bracketedPasteMode) return true;
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n|\r/);
  const preview = lines.slice(0, MAX_PREVIEW_LINES).map(displayText).join("\n") + (lines.length > MAX_PREVIEW_LINES ? "\n…" : "");
  return await ask({
    title: lines.length === 1 ? "Paste a line that ends with a line break?" : `Paste ${lines.length} lines?`,
    text: "The program in this terminal may run each line as soon as it arrives.",
    detail: preview,
    buttons: [{ label: "Paste", value: true, isMain: true }],
  }) === true;
}
