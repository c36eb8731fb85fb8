// The paths that the server is shownToasts to watch.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "../../../browser_client/support.mjs";
import { connect, makePage, toasts } from "./support.mjs";

const page = makePage(toasts);
const { Watcher } = await page("watcher.js");

async function makeWatcher() {
  const world = await connect(page);
  const watcher = new Watcher(world.connection);
  world.watch = async (wanted) => {
    for (const [kind, paths] of Object.entries(wanted)) watcher.watch(kind, paths);
    await settled();
    return world.take("watch").map(({ data }) => data.paths);
  };
  return world;
}

const some = (count, name) => Array.from({ length: count }, (_, at) => `${name}${at}`);

test("every watch request contains all wanted files and folders", async () => {
  const { watch } = await makeWatcher();
  assert.deepEqual((await watch({ folders: ["", "b"], files: ["a"] })).at(-1), ["a", "", "b"]);
  assert.deepEqual((await watch({ files: ["c"] })), [["c", "", "b"]]);
  assert.deepEqual((await watch({ files: ["c"] })), []);
});

test("if there are too many paths, files come before folders, and the first of each are sent", async () => {
  const { watch } = await makeWatcher();
  const files = some(100, "file"), folders = ["", ...some(300, "folder")];
  assert.deepEqual((await watch({ folders, files })).at(-1), [...files, ...folders.slice(0, 156)]);
});

test("paths that are too deep are left out, and the rest is watched", async () => {
  const { watch } = await makeWatcher();
  const deep = (count) => some(count, "d").join("/");
  assert.deepEqual((await watch({ folders: ["", deep(64), deep(65)], files: ["a"] })).at(-1), ["a", "", deep(64)]);
});
