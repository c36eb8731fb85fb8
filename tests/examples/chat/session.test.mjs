// The page's session, with a clock and sockets that do what a test says.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { settled, setUp } from "../../browser_client/support.mjs";

globalThis.crypto ??= webcrypto; // which Debian 12's Node 18 has as a module only

// As data: Node would take the file for CommonJS, since the page's folder has no package.json.
const source = readFileSync(new URL("../../../examples/chat/page/session.js", import.meta.url), "utf8");
const { Session } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

function makeSession() {
  const world = setUp(), told = [];
  const view = {};
  for (const name of ["room", "message", "joined", "left", "typing", "unsent", "refused", "out"]) {
    view[name] = (...data) => told.push([name, ...data]);
  }
  world.session = new Session(world.client, view, "secret");
  world.told = (name) => told.filter(([one]) => one === name).map(([, ...data]) => data);
  // What the server does when somebody joins.
  world.letIn = (messages = []) => {
    const { room, nick } = world.session.seat;
    world.socket.receive({ event: "room", data: { room, nick, members: [nick], messages } });
  };
  return world;
}

// A page that is in a room.
async function makeInside() {
  const world = makeSession();
  world.socket.accept();
  world.session.join("tea", "Ada");
  world.letIn();
  answer(world.socket, world.socket.take()[0]);
  await settled();
  return world;
}

const answer = (socket, { id }, error) => socket.receive({ event: "$ack", id, error });
const summary = (socket) => socket.take().map(({ event, data }) => (event === "say" ? data.text : event));

// Lost, and there again.
function comeBack(world) {
  world.socket.drop();
  world.clock.advance(30_000);
  world.socket.accept();
}

test("it joins when there is a connection, and again after every loss, with the same nick and key", () => {
  const world = makeSession();
  world.session.join("tea", "Ada");
  world.socket.accept();
  const [first] = world.socket.take();
  assert.deepEqual([first.event, first.data], ["join", { room: "tea", nick: "Ada", key: "secret" }]);
  comeBack(world);
  const [again] = world.socket.take();
  assert.deepEqual([again.event, again.data], [first.event, first.data]);
});

test("what is said while away is sent in order, once it is in the room again", async () => {
  const world = await makeInside();
  world.socket.drop();
  world.session.say("one");
  world.session.say("two");
  assert.deepEqual(world.told("unsent").map(([{ nick, text }]) => [nick, text]), [["Ada", "one"], ["Ada", "two"]]);
  world.clock.advance(30_000);
  world.socket.accept();
  assert.deepEqual(summary(world.socket), ["join"]);
  world.letIn();
  assert.deepEqual(summary(world.socket), ["one", "two"]);
});

test("what lost its answer is sent again with the same id, unless the history has it", async () => {
  const world = await makeInside();
  world.session.say("arrived");
  world.session.say("lost");
  const [arrived, lost] = world.socket.take().map(({ data }) => data);
  comeBack(world);
  await settled();
  world.socket.take();
  world.letIn([{ ...arrived, nick: "Ada", time: 1 }]);
  assert.deepEqual(world.socket.take().map(({ data }) => data), [lost]);
});

test("what has been answered is not sent again", async () => {
  const world = await makeInside();
  world.session.say("hello");
  answer(world.socket, world.socket.take()[0]);
  await settled();
  comeBack(world);
  world.letIn();
  assert.deepEqual(summary(world.socket), ["join"]);
});

test("what is said while the socket closes comes too early, and is sent again", async () => {
  const world = await makeInside();
  world.socket.readyState = 2;
  world.session.say("hello");
  comeBack(world);
  const [early] = world.socket.take();
  assert.equal(early.event, "say");
  answer(world.socket, early, { code: "not_joined", message: "Join a room first" });
  await settled();
  world.letIn();
  assert.deepEqual(summary(world.socket), ["hello"]);
  assert.deepEqual(world.told("refused"), []);
});

test("what the server refuses is told, and not sent again", async () => {
  const world = await makeInside();
  world.session.say("too long");
  answer(world.socket, world.socket.take()[0], { code: "invalid", message: "No" });
  await settled();
  const [[{ text }, why]] = world.told("refused");
  assert.deepEqual([text, why], ["too long", "No"]);
  comeBack(world);
  world.letIn();
  assert.deepEqual(summary(world.socket), ["join"]);
});

test("at most 50 messages wait", async () => {
  const world = await makeInside();
  world.socket.drop();
  for (let count = 0; count < 50; ++count) assert.equal(world.session.say("x"), true);
  assert.equal(world.session.say("x"), false);
});

test("a nick that is taken leads out, and what waits is sent with another one", async () => {
  const world = await makeInside();
  world.socket.drop();
  world.session.say("hello");
  world.clock.advance(30_000);
  world.socket.accept();
  answer(world.socket, world.socket.take()[0], { code: "nick_taken", message: "Taken" });
  await settled();
  assert.deepEqual(world.told("out"), [["Taken"]]);
  world.session.join("tea", "Eve");
  world.letIn();
  assert.deepEqual(summary(world.socket), ["join", "hello"]);
});

test("what waits for one room is not said in another", async () => {
  const world = await makeInside();
  world.socket.drop();
  world.session.say("hello");
  world.session.join("coffee", "Ada");
  world.socket.accept();
  world.letIn();
  assert.deepEqual(summary(world.socket), ["join"]);
});

test("whoever changes the room before he is in leaves the first, and hears nothing of it", async () => {
  const world = makeSession();
  world.socket.accept();
  world.session.join("tea", "Ada");
  world.session.join("coffee", "Ada");
  const room = { nick: "Ada", members: ["Ada"], messages: [] };
  world.socket.receive({ event: "room", data: { room: "tea", ...room } });
  world.socket.receive({ event: "joined", data: { nick: "Bob" } });
  assert.deepEqual([world.told("room"), world.told("joined")], [[], []]);
  world.letIn();
  assert.deepEqual(world.told("room").map(([{ room: name }]) => name), ["coffee"]);
  assert.deepEqual(summary(world.socket), ["join", "leave", "join"]);
});

test("a connection that the server ends for good leads out, and joining dials again", async () => {
  const world = await makeInside();
  world.socket.drop(1000, "You have joined from another window.");
  assert.deepEqual(world.told("out"), [["You have joined from another window."]]);
  world.session.join("tea", "Ada");
  assert.equal(world.sockets.length, 2);
  world.socket.accept();
  assert.deepEqual(summary(world.socket), ["join"]);
});

test("typing is told in the room only", async () => {
  const world = await makeInside();
  world.session.type();
  assert.deepEqual(summary(world.socket), ["typing"]);
  world.socket.drop();
  world.session.type();
  world.clock.advance(30_000);
  world.socket.accept();
  assert.deepEqual(summary(world.socket), ["join"]);
});
