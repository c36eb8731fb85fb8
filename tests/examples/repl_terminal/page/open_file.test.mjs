// An open file, and changes of the file on disk.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { settled } from "../../../browser_client/support.mjs";
import { makePage, toasts } from "./support.mjs";

// A fake Ace session. Like Ace, it has one kind of line ending.
const page = makePage({
  ...toasts,
  "code_editor.js": `export const loadAce = async () => ({});
    const even = (text) => text.replaceAll("\\r\\n", "\\n").replaceAll("\\n", text.match(/\\r?\\n/)?.[0] ?? "\\n");
    export function makeSession(ace, path, content) {
      const watchers = [];
      let text = even(content);
      const set = (next) => { text = even(next); for (const watcher of watchers) watcher(); };
      return {
        getValue: () => text, getLength: () => 1, getScrollTop: () => 0, setScrollTop() {},
        doc: { setValue: set }, selection: { getCursor: () => ({ row: 0, column: 0 }), moveTo() {} },
        on: (event, watcher) => watchers.push(watcher), type: (more) => set(text + more),
      };
    }`,
  "patches.js": "export const makePatch = (before, after) => ({ before, after });",
});
const { FileError } = await page("files.js");
const { OpenFile } = await page("open_file.js");
const { shownToasts } = await page("toasts.js");

// A disk with one file, whose content is `content`. The file does not exist if `content` is null.
function makeDisk(content) {
  const disk = { content };
  const refuse = (more) => { throw new FileError({ error: "It is not as it should be.", ...more }); };
  disk.read = async () => {
    if (disk.content === null) refuse();
    return disk.content.includes("\0") ? refuse({ binary: true }) : { content: disk.content, hash: disk.content };
  };
  disk.createFile = async () => { disk.content = ""; };
  disk.save = async (path, { before, after }, hash = "") => {
    if (disk.content !== hash || disk.content !== before) refuse({ conflict: true });
    disk.content = after;
    return { hash: after };
  };
  return disk;
}

async function open(content) {
  const disk = makeDisk(content);
  const file = new OpenFile(disk, "a.txt", () => {});
  await file.open();
  return { disk, file };
}

// Makes the next save time out. Returns a function that lets the server answer.
function makeLate(disk) {
  const { save } = disk;
  let act;
  disk.save = async (...what) => {
    disk.save = save;
    const pending = new Promise((resolve) => { act = () => resolve(save(...what)); });
    throw Object.assign(new Error("The server does not answer."), { isOutcomeUnknown: true, isTimeout: true, pending });
  };
  return async () => { act(); await settled(); };
}

const sentences = () => shownToasts.map(({ message }) => message);
const outside = (disk, file, content) => { disk.content = content; return file.check(); };

beforeEach(() => { shownToasts.length = 0; });

test("a file without changes is updated from disk, and is read-only if its line endings are mixed", async () => {
  const { disk, file } = await open("one\ntwo\n");
  assert.ok(!file.isReadOnly);
  await outside(disk, file, "one\r\ntwo\n");
  assert.deepEqual([file.isReadOnly, file.isChanged, file.disk], [true, false, "same"]);
  await outside(disk, file, "one\r\ntwo\r\n");
  assert.deepEqual([file.isReadOnly, file.session.getValue()], [false, "one\r\ntwo\r\n"]);
  file.session.type("three");
  await file.save();
  assert.equal(disk.content, "one\r\ntwo\r\nthree");
});

test("a file with changes lets the user choose either text", async () => {
  const { disk, file } = await open("one\n");
  file.session.type("mine\n");
  await outside(disk, file, "theirs\n");
  assert.deepEqual([file.disk, file.session.getValue()], ["changed", "one\nmine\n"]);
  await file.keepMine();
  await file.save();
  assert.deepEqual([disk.content, file.isChanged], ["one\nmine\n", false]);
  file.session.type("more\n");
  await outside(disk, file, "one\r\ntwo\n");
  await file.reload();
  assert.deepEqual([file.disk, file.isReadOnly, file.isChanged], ["same", true, false]);
});

test("a save writes nothing if the content on disk has changed, and lets the user choose", async () => {
  const { disk, file } = await open("one\n");
  file.session.type("mine\n");
  disk.content = "theirs\n";
  await file.save();
  await file.check();
  assert.deepEqual([disk.content, file.disk, shownToasts.length], ["theirs\n", "changed", 0]);
});

test("a deleted file can be saved again without changing a character", async () => {
  for (const content of ["one\n", "one\r\ntwo\n"]) {
    const { disk, file } = await open(content);
    await outside(disk, file, null);
    assert.deepEqual([file.disk, file.isChanged], ["deleted", true]);
    await file.save();
    assert.deepEqual([disk.content, file.disk, file.isChanged], [content, "same", false]);
  }
});

test("a file that is deleted and created again is updated, unless it has changes", async () => {
  const { disk, file } = await open("one\n");
  await outside(disk, file, null);
  await outside(disk, file, "two\n");
  assert.deepEqual([file.disk, file.isChanged, file.session.getValue()], ["same", false, "two\n"]);
  file.session.type("mine\n");
  await outside(disk, file, null);
  await outside(disk, file, "three\n");
  assert.deepEqual([file.disk, file.session.getValue()], ["changed", "two\nmine\n"]);
});

test("a renamed file is not marked as deleted", async () => {
  const { file } = await open("one\n");
  file.markDeleted();
  file.moveTo("b.txt");
  assert.deepEqual([file.path, file.disk, file.isChanged], ["b.txt", "same", false]);
});

test("a binary file is shown when it becomes text, and marked when it is deleted", async () => {
  const { disk, file } = await open("\0");
  assert.deepEqual([file.problem, file.session], ["It is not as it should be.", null]);
  await outside(disk, file, null);
  assert.deepEqual([file.disk, file.isChanged], ["deleted", false]);
  await outside(disk, file, "text");
  assert.deepEqual([file.disk, file.problem, file.session.getValue()], ["same", "", "text"]);
});

test("the content of a late save is not treated as a foreign change", async () => {
  const { disk, file } = await open("one\n");
  const act = makeLate(disk);
  file.session.type("two\n");
  await file.save();
  assert.deepEqual(sentences(), ["It is not known yet whether “a.txt” was saved. The server does not answer."]);
  assert.deepEqual([file.isChanged, file.isSaving], [true, false]);
  file.session.type("three\n");
  await act();
  assert.deepEqual([file.disk, file.isChanged, disk.content, shownToasts.length], ["same", true, "one\ntwo\n", 0]);
  await file.save();
  assert.deepEqual([disk.content, file.isChanged, shownToasts.length], ["one\ntwo\nthree\n", false, 0]);
});

test("a save after an unanswered save finds out if that one succeeded", async () => {
  for (const isDone of [true, false]) {
    const { disk, file } = await open("one\n");
    const { save } = disk;
    disk.save = async (...what) => {
      disk.save = save;
      if (isDone) await save(...what);
      throw Object.assign(new Error("The connection was lost before the answer arrived."), { isOutcomeUnknown: true });
    };
    file.session.type("two\n");
    file.save();
    file.session.type("three\n");
    await file.save();
    assert.deepEqual([disk.content, file.disk, file.isChanged], ["one\ntwo\nthree\n", "same", false]);
    assert.deepEqual(sentences(), []);
  }
});

test("a late save that finds a changed file lets the user choose", async () => {
  const { disk, file } = await open("one\n");
  const act = makeLate(disk);
  disk.content = "theirs\n";
  file.session.type("two\n");
  await file.save();
  await act();
  assert.deepEqual([disk.content, file.disk, shownToasts.length], ["theirs\n", "changed", 0]);
});
