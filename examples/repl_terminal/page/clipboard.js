// What goes between the terminal and the clipboard.

import { ask } from "/dialog.js";
import { shown } from "/paths.js";
import { toast } from "/toasts.js";

const MOST_SHOWN = 12;  // lines
let withdraw = () => {};

export async function copyText(text, what = "This") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    toast(`${what} could not be copied: the browser does not allow it here.`);
  }
}

// OSC 52: a program asks for the clipboard. What it would read is refused without an answer; what it writes is only offered,
// since anything that prints may be the one who asks. The latest takes the place of the one before.
export function offerCopy(sequence) {
  const coded = sequence.slice(sequence.indexOf(";") + 1);
  if (coded === "?" || coded === "") return true;
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0)));
  } catch {
    return true;  // it is no text
  }
  const size = text.length === 1 ? "1 character" : `${text.length} characters`;
  withdraw();
  withdraw = toast(`A program wants to copy ${size} to the clipboard.`, { kind: "note", action: { label: "Copy", run: () => copyText(text) } });
  return true;
}

// A paste that ends its own brackets would run what follows.
export function withoutControls(text) {
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "");
}

// A shell runs each line of what is pasted, unless it knows that it is a paste.
export async function mayPaste(text, terminal) {
  if (!/[\r\n]/.test(text) || terminal.modes.bracketedPasteMode) return true;
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n|\r/);
  const seen = lines.slice(0, MOST_SHOWN).map(shown).join("\n") + (lines.length > MOST_SHOWN ? "\n…" : "");
  return await ask({
    title: lines.length === 1 ? "Paste a line with its end?" : `Paste ${lines.length} lines?`,
    text: "The program in this terminal may run each line as soon as it arrives.",
    detail: seen,
    buttons: [{ label: "Paste", value: true, isMain: true }],
  }) === true;
}
