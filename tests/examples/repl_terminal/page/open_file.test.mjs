// One file that is open, and what becomes of it when the disk has another.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { makePage, toasts } from "./support.mjs";

// Ace's session, as far as a file needs it: it has one kind of line end.
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
const { told } = await page("toasts.js");

// A disk whose one file is `content`; none where that is null.
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

const outside = (disk, file, content) => { disk.content = content; return file.check(); };

beforeEach(() => { told.length = 0; });

test("a file without changes follows the disk, and may be typed into as its line ends allow", async () => {
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

test("a file with changes asks, and either text can win", async () => {
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

test("a save that finds another content on the disk writes nothing, and asks", async () => {
  const { disk, file } = await open("one\n");
  file.session.type("mine\n");
  disk.content = "theirs\n";
  await file.save();
  await file.check();
  assert.deepEqual([disk.content, file.disk, told.length], ["theirs\n", "changed", 0]);
});

test("a file that is deleted can be written again, to the letter", async () => {
  for (const content of ["one\n", "one\r\ntwo\n"]) {
    const { disk, file } = await open(content);
    await outside(disk, file, null);
    assert.deepEqual([file.disk, file.isChanged], ["deleted", true]);
    await file.save();
    assert.deepEqual([disk.content, file.disk, file.isChanged], [content, "same", false]);
  }
});

test("one that is deleted and made again is followed, unless it was changed here", async () => {
  const { disk, file } = await open("one\n");
  await outside(disk, file, null);
  await outside(disk, file, "two\n");
  assert.deepEqual([file.disk, file.isChanged, file.session.getValue()], ["same", false, "two\n"]);
  file.session.type("mine\n");
  await outside(disk, file, null);
  await outside(disk, file, "three\n");
  assert.deepEqual([file.disk, file.session.getValue()], ["changed", "two\nmine\n"]);
});

test("one that left its path by being renamed is not deleted", async () => {
  const { file } = await open("one\n");
  file.markDeleted();
  file.moveTo("b.txt");
  assert.deepEqual([file.path, file.disk, file.isChanged], ["b.txt", "same", false]);
});

test("what is no text is shown once it is, and told when it is gone", async () => {
  const { disk, file } = await open("\0");
  assert.deepEqual([file.problem, file.session], ["It is not as it should be.", null]);
  await outside(disk, file, null);
  assert.deepEqual([file.disk, file.isChanged], ["deleted", false]);
  await outside(disk, file, "text");
  assert.deepEqual([file.disk, file.problem, file.session.getValue()], ["same", "", "text"]);
});
