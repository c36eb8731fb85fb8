// Tests the page's session with a fake clock and fake sockets.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { settled, setUp } from "../../browser_client/support.mjs";

globalThis.crypto ??= webcrypto; // Node 18, of Debian 12, has it only as a module

// Imported by a data URL: the page's folder has no package.json, so Node would treat the file as CommonJS.
const source = readFileSync(new URL("../../../examples/chat/page/session.js", import.meta.url), "utf8");
const { Session } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

function makeSession() {
  const world = setUp(), calls = [];
  const view = {};
  for (const name of ["room", "message", "joined", "left", "typing", "unsent", "rejected", "ended"]) {
    view[name] = (...data) => calls.push([name, ...data]);
  }
  world.session = new Session(world.client, view, "secret");
  // The arguments of all calls of one method of the view.
  world.callsOf = (name) => calls.filter(([called]) => called === name).map(([, ...data]) => data);
  // Sends the `room` event, as the server does after `join`.
  world.confirmJoin = (messages = []) => {
    const { room, nick } = world.session.membership;
    world.socket.receive({ event: "room", data: { room, nick, members: [nick], messages } });
  };
  return world;
}

// A session that has joined a room.
async function makeJoined() {
  const world = makeSession();
  world.socket.accept();
  world.session.join("tea", "Ada");
  world.confirmJoin();
  answer(world.socket, world.socket.take()[0]);
  await settled();
  return world;
}

const answer = (socket, { id }, error) => socket.receive({ event: "$ack", id, error });
// The event names, or the text of a `say`, of all messages sent since the last call.
const takeSummary = (socket) => socket.take().map(({ event, data }) => (event === "say" ? data.text : event));

function reconnect(world) {
  world.socket.drop();
  world.clock.advance(30_000);
  world.socket.accept();
}

test("the session joins when the client connects, and again after each reconnection, with the same nick and key", () => {
  const world = makeSession();
  world.session.join("tea", "Ada");
  world.socket.accept();
  const [first] = world.socket.take();
  assert.deepEqual([first.event, first.data], ["join", { room: "tea", nick: "Ada", key: "secret" }]);
  reconnect(world);
  const [again] = world.socket.take();
  assert.deepEqual([again.event, again.data], [first.event, first.data]);
});

test("messages written while disconnected are sent in order after the next join", async () => {
  const world = await makeJoined();
  world.socket.drop();
  world.session.say("one");
  world.session.say("two");
  assert.deepEqual(world.callsOf("unsent").map(([{ nick, text }]) => [nick, text]), [["Ada", "one"], ["Ada", "two"]]);
  world.clock.advance(30_000);
  world.socket.accept();
  assert.deepEqual(takeSummary(world.socket), ["join"]);
  world.confirmJoin();
  assert.deepEqual(takeSummary(world.socket), ["one", "two"]);
});

test("a message without an answer is sent again with the same id, unless the history has it", async () => {
  const world = await makeJoined();
  world.session.say("arrived");
  world.session.say("lost");
  const [arrived, lost] = world.socket.take().map(({ data }) => data);
  reconnect(world);
  await settled();
  world.socket.take();
  world.confirmJoin([{ ...arrived, nick: "Ada", time: 1 }]);
  assert.deepEqual(world.socket.take().map(({ data }) => data), [lost]);
});

test("a message that has been answered is not sent again", async () => {
  const world = await makeJoined();
  world.session.say("hello");
  answer(world.socket, world.socket.take()[0]);
  await settled();
  reconnect(world);
  world.confirmJoin();
  assert.deepEqual(takeSummary(world.socket), ["join"]);
});

test("a message that the server receives before join is sent again after it", async () => {
  const world = await makeJoined();
  world.socket.readyState = 2;
  world.session.say("hello");
  reconnect(world);
  const [early] = world.socket.take();
  assert.equal(early.event, "say");
  answer(world.socket, early, { code: "not_joined", message: "Join a room first" });
  await settled();
  world.confirmJoin();
  assert.deepEqual(takeSummary(world.socket), ["hello"]);
  assert.deepEqual(world.callsOf("rejected"), []);
});

test("a message that the server refuses is reported to the view and not sent again", async () => {
  const world = await makeJoined();
  world.session.say("too long");
  answer(world.socket, world.socket.take()[0], { code: "invalid", message: "No" });
  await settled();
  const [[{ text }, reason]] = world.callsOf("rejected");
  assert.deepEqual([text, reason], ["too long", "No"]);
  reconnect(world);
  world.confirmJoin();
  assert.deepEqual(takeSummary(world.socket), ["join"]);
});

test("at most 50 messages are kept unsent", async () => {
  const world = await makeJoined();
  world.socket.drop();
  for (let count = 0; count < 50; ++count) assert.equal(world.session.say("x"), true);
  assert.equal(world.session.say("x"), false);
});

test("a taken nick ends the membership, and unsent messages are sent after a join with another nick", async () => {
  const world = await makeJoined();
  world.socket.drop();
  world.session.say("hello");
  world.clock.advance(30_000);
  world.socket.accept();
  answer(world.socket, world.socket.take()[0], { code: "nick_taken", message: "Taken" });
  await settled();
  assert.deepEqual(world.callsOf("ended"), [["Taken"]]);
  world.session.join("tea", "Eve");
  world.confirmJoin();
  assert.deepEqual(takeSummary(world.socket), ["join", "hello"]);
});

test("an unsent message of one room is not sent to another", async () => {
  const world = await makeJoined();
  world.socket.drop();
  world.session.say("hello");
  world.session.join("coffee", "Ada");
  world.socket.accept();
  world.confirmJoin();
  assert.deepEqual(takeSummary(world.socket), ["join"]);
});

test("a change of the room before the join is confirmed leaves the first room, and its events are ignored", async () => {
  const world = makeSession();
  world.socket.accept();
  world.session.join("tea", "Ada");
  world.session.join("coffee", "Ada");
  const room = { nick: "Ada", members: ["Ada"], messages: [] };
  world.socket.receive({ event: "room", data: { room: "tea", ...room } });
  world.socket.receive({ event: "joined", data: { nick: "Bob" } });
  assert.deepEqual([world.callsOf("room"), world.callsOf("joined")], [[], []]);
  world.confirmJoin();
  assert.deepEqual(world.callsOf("room").map(([{ room: name }]) => name), ["coffee"]);
  assert.deepEqual(takeSummary(world.socket), ["join", "leave", "join"]);
});

test("a final close by the server ends the membership, and the next join connects again", async () => {
  const world = await makeJoined();
  world.socket.drop(1000, "You have joined from another window.");
  assert.deepEqual(world.callsOf("ended"), [["You have joined from another window."]]);
  world.session.join("tea", "Ada");
  assert.equal(world.sockets.length, 2);
  world.socket.accept();
  assert.deepEqual(takeSummary(world.socket), ["join"]);
});

test("typing is sent only while joined", async () => {
  const world = await makeJoined();
  world.session.sendTyping();
  assert.deepEqual(takeSummary(world.socket), ["typing"]);
  world.socket.drop();
  world.session.sendTyping();
  world.clock.advance(30_000);
  world.socket.accept();
  assert.deepEqual(takeSummary(world.socket), ["join"]);
});
