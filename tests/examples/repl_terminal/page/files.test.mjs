// The promises of file events: each answer is matched to its request.
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

test("an answer is matched to the request with the same paths", async () => {
  const { files, receive } = await makeFiles();
  const one = files.read("one"), other = files.read("other");
  receive("fetchContentResponse", { path: "other", content: "2" });
  receive("fetchContentResponse", { path: "one", content: "1" });
  assert.deepEqual([(await one).content, (await other).content], ["1", "2"]);
});

test("an error has all fields of the server's answer", async () => {
  const { files, receive } = await makeFiles();
  const asked = files.read("picture");
  receive("fetchContentResponse", { path: "picture", error: "It is binary.", binary: true, size: 3 });
  await assert.rejects(asked, { message: "It is binary.", binary: true, size: 3 });
});

test("the late answer of a save is not matched to the next save of the file", async () => {
  const { files, clock, receive } = await makeFiles();
  const late = files.save("a", "patch", "old");
  clock.advance(10_000);
  await assert.rejects(late, { message: "The server does not answer." });
  const next = files.save("a", "patch", "old");
  let hash = null;
  next.then((answer) => { hash = answer.hash; });
  receive("updateContentResponse", { path: "a", success: true, hash: "of the late one" });
  await settled();
  assert.equal(hash, null);
  receive("updateContentResponse", { path: "a", success: true, hash: "of the next one" });
  assert.equal((await next).hash, "of the next one");
});

test("a request on a lost connection is not answered by the next connection", async () => {
  const world = await makeFiles();
  const lost = assert.rejects(world.files.read("a"), { message: "The connection was lost before the answer arrived." });
  await world.reconnect();
  await lost;
  const next = world.files.read("a");
  world.receive("fetchContentResponse", { path: "a", content: "new" });
  assert.equal((await next).content, "new");
});

test("a refused request rejects at once, without waiting for an answer", async () => {
  const { files, take, refuse, receive } = await makeFiles();
  const refused = files.createFile("a");
  refuse(take("createFile")[0], "This server only lets you look.");
  await assert.rejects(refused, { message: "This server only lets you look." });
  const next = files.createFile("a");
  receive("createFileResponse", { path: "a", success: true });
  assert.equal((await next).success, true);
});

test("every connection reports whether changes are allowed", async () => {
  const world = await makeFiles();
  const calls = [];
  world.files.onReadOnly((isReadOnly) => calls.push(isReadOnly));
  for (const more of [{ readOnly: true }, {}]) {
    assert.equal(world.take("Connection").length, 1);
    world.receive("Loaded", { rootContents: [], ...more });
    await world.reconnect();
  }
  assert.deepEqual(calls, [false, true, false]);
});

test("a lost answer times out after its reply, and the next answer is matched to the next request", async () => {
  const { files, clock, take, receive, reply } = await makeFiles();
  const late = files.read("a"), [request] = take("fetchContent");
  clock.advance(10_000);
  const error = await late.catch((error) => error);
  assert.ok(error.isTimeout);
  reply(request, null);
  await settled();
  clock.advance(10_000);
  await assert.rejects(error.pending, { message: "The server's answer was lost.", isOutcomeUnknown: true });
  const next = files.read("a");
  receive("fetchContentResponse", { path: "a", content: "new" });
  assert.equal((await next).content, "new");
});

test("a request with a reply but no answer is rejected when the connection is lost", async () => {
  const world = await makeFiles();
  const lost = assert.rejects(world.files.read("a"), { message: "The connection was lost before the answer arrived.", isOutcomeUnknown: true });
  world.reply(world.take("fetchContent")[0], null);
  await settled();
  await world.reconnect();
  await lost;
});

test("a request that failed on the server is removed", async () => {
  const { files, take, receive, refuse } = await makeFiles();
  const failed = files.read("a");
  refuse(take("fetchContent")[0], "the handler failed");
  await assert.rejects(failed, { message: "the handler failed" });
  const next = files.read("a");
  receive("fetchContentResponse", { path: "a", content: "new" });
  assert.equal((await next).content, "new");
});

test("a request on a closing connection is not sent on the next connection", async () => {
  const world = await makeFiles();
  world.socket.close();
  const lost = assert.rejects(world.files.remove("a"), { message: "The connection was lost before the answer arrived.", isOutcomeUnknown: true });
  await world.reconnect();
  await lost;
  assert.deepEqual(world.take("delete"), []);
});

test("a request that is too large to send is rejected as not sent", async () => {
  const { files } = await makeFiles();
  await assert.rejects(files.save("a", "x".repeat(5 * 1024 ** 2), "old"), { message: "Not sent: too much data is already waiting to be sent." });
});
