// What goes between the terminal and the clipboard.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { makePage, toasts } from "./support.mjs";

const page = makePage({
  ...toasts,
  "dialog.js": `export const asked = [];
    export async function ask(question) { asked.push(question); return ask.answer; }`,
});
const { mayPaste, offerCopy, withoutControls } = await page("clipboard.js");
const { told } = await page("toasts.js");
const { asked, ask } = await page("dialog.js");

const copied = [];
Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText: async (text) => { copied.push(text); } } } });
const offer = (text) => offerCopy(`c;${Buffer.from(text).toString("base64")}`);
const shell = (bracketedPasteMode) => ({ modes: { bracketedPasteMode } });

beforeEach(() => { for (const list of [told, asked, copied]) list.length = 0; });

test("a paste cannot end its own brackets, and keeps its lines and tabs", () => {
  assert.equal(withoutControls("a\x1b[201~\rrm\n\tb\x9b201~\x7f\x00c ä🌹"), "a[201~\rrm\n\tb201~c ä🌹");
});

test("several lines are asked about, unless the program knows that they are pasted", async () => {
  ask.answer = null;
  assert.equal(await mayPaste("one\ntwo", shell(true)), true);
  assert.equal(await mayPaste("one", shell(false)), true);
  assert.equal(asked.length, 0);
  assert.equal(await mayPaste("one\r\ntwo\n", shell(false)), false);
  assert.deepEqual([asked[0].title, asked[0].detail], ["Paste 2 lines?", "one\ntwo"]);
  ask.answer = true;
  assert.equal(await mayPaste("one\n", shell(false)), true);
});

test("what would be pasted is shown as it is", async () => {
  await mayPaste("echo \u202eone\n\ttwo", shell(false));
  assert.equal(asked[0].detail, "echo \ufffdone\n␉two");
});

test("a click copies what was offered last, and no earlier offer is left", () => {
  for (const texts of [["first", "other"], ["short", "a longer one"]]) {
    for (const text of texts) offer(text);
    assert.deepEqual(told.map(({ sentence }) => sentence), [`A program wants to copy ${texts[1].length} characters to the clipboard.`]);
    told[0].action.run();
    assert.equal(copied.at(-1), texts[1]);
  }
});

test("a program's question for the clipboard, and what is no text, are passed over", () => {
  for (const sequence of ["c;?", "c;", "c;%", `c;${Buffer.from([0xff]).toString("base64")}`]) assert.equal(offerCopy(sequence), true);
  assert.deepEqual(told, []);
});
