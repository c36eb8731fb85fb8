// Promises of files: which answer meets which.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "../../../browser_client/support.mjs";
import { connect, makePage } from "./support.mjs";

const page = makePage();
const { Files } = await page("files.js");

async function makeFiles() {
  const world = await connect(page);
  world.files = new Files(world.connection);
  return world;
}

test("an answer meets the question that named its paths", async () => {
  const { files, tell } = await makeFiles();
  const one = files.read("one"), other = files.read("other");
  tell("fetchContentResponse", { path: "other", content: "2" });
  tell("fetchContentResponse", { path: "one", content: "1" });
  assert.deepEqual([(await one).content, (await other).content], ["1", "2"]);
});

test("an error brings all that the server says besides", async () => {
  const { files, tell } = await makeFiles();
  const asked = files.read("picture");
  tell("fetchContentResponse", { path: "picture", error: "It is binary.", binary: true, size: 3 });
  await assert.rejects(asked, { message: "It is binary.", binary: true, size: 3 });
});

test("the late answer of a save does not meet the next save of the file", async () => {
  const { files, clock, tell } = await makeFiles();
  const late = files.save("a", "patch", "old");
  clock.advance(10_000);
  await assert.rejects(late, { message: "The server does not answer." });
  const next = files.save("a", "patch", "old");
  let hash = null;
  next.then((answer) => { hash = answer.hash; });
  tell("updateContentResponse", { path: "a", success: true, hash: "of the late one" });
  await settled();
  assert.equal(hash, null);
  tell("updateContentResponse", { path: "a", success: true, hash: "of the next one" });
  assert.equal((await next).hash, "of the next one");
});

test("what was asked on a lost connection is answered on no other", async () => {
  const world = await makeFiles();
  const lost = world.files.read("a");
  world.comeBack();
  await assert.rejects(lost, { message: "The connection was lost before the answer came." });
  const next = world.files.read("a");
  world.tell("fetchContentResponse", { path: "a", content: "new" });
  assert.equal((await next).content, "new");
});

test("what the server does not let happen is told, and waits for no answer", async () => {
  const { files, take, refuse, tell } = await makeFiles();
  const refused = files.createFile("a");
  refuse(take("createFile")[0], "This server only lets you look.");
  await assert.rejects(refused, { message: "This server only lets you look." });
  const next = files.createFile("a");
  tell("createFileResponse", { path: "a", success: true });
  assert.equal((await next).success, true);
});

test("each connection is asked whether anything may be changed", async () => {
  const world = await makeFiles();
  const heard = [];
  world.files.onReadOnly((isReadOnly) => heard.push(isReadOnly));
  for (const more of [{ readOnly: true }, {}]) {
    assert.equal(world.take("Connection").length, 1);
    world.tell("Loaded", { rootContents: [], ...more });
    world.comeBack();
  }
  assert.deepEqual(heard, [false, true, false]);
});
