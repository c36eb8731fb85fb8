// Copying from and pasting into the terminal.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { makePage, toasts } from "./support.mjs";

const page = makePage({
  ...toasts,
  "dialog.js": `export const questions = [];
    export async function ask(question) { questions.push(question); return ask.answer; }`,
});
const { confirmPaste, offerCopy, stripControls } = await page("clipboard.js");
const { shownToasts } = await page("toasts.js");
const { questions, ask } = await page("dialog.js");

const copied = [];
Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText: async (text) => { copied.push(text); } } } });
const offer = (text) => offerCopy(`c;${Buffer.from(text).toString("base64")}`);
const shell = (bracketedPasteMode) => ({ modes: { bracketedPasteMode } });

beforeEach(() => { for (const list of [shownToasts, questions, copied]) list.length = 0; });

test("a paste cannot contain the end marker of bracketed paste mode, and keeps its line breaks and tabs", () => {
  assert.equal(stripControls("a\x1b[201~\rrm\n\tb\x9b201~\x7f\x00c ä🌹"), "a[201~\rrm\n\tb201~c ä🌹");
});

test("a paste of several lines asks first, unless bracketed paste mode is on", async () => {
  ask.answer = null;
  assert.equal(await confirmPaste("one\ntwo", shell(true)), true);
  assert.equal(await confirmPaste("one", shell(false)), true);
  assert.equal(questions.length, 0);
  assert.equal(await confirmPaste("one\r\ntwo\n", shell(false)), false);
  assert.deepEqual([questions[0].title, questions[0].detail], ["Paste 2 lines?", "one\ntwo"]);
  ask.answer = true;
  assert.equal(await confirmPaste("one\n", shell(false)), true);
});

test("the preview of a paste shows control characters", async () => {
  await confirmPaste("echo \u202eone\n\ttwo", shell(false));
  assert.equal(questions[0].detail, "echo \ufffdone\n␉two");
});

test("a click copies the latest offer, and earlier offers are removed", () => {
  for (const texts of [["first", "other"], ["short", "a longer one"]]) {
    for (const text of texts) offer(text);
    assert.deepEqual(shownToasts.map(({ message }) => message), [`A program wants to copy ${texts[1].length} characters to the clipboard.`]);
    shownToasts[0].action.run();
    assert.equal(copied.at(-1), texts[1]);
  }
});

test("a clipboard read by a program, and data that is not text, are ignored", () => {
  for (const sequence of ["c;?", "c;", "c;%", `c;${Buffer.from([0xff]).toString("base64")}`]) assert.equal(offerCopy(sequence), true);
  assert.deepEqual(shownToasts, []);
});
