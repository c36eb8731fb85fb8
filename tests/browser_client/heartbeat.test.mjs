// Tests how the client distinguishes a dead connection from a silent one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUpOpen } from "./support.mjs";

const ping = '{"event":"$ping"}';

function setUpDocument(t) {
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  t.after(() => delete globalThis.document);
  return globalThis.document;
}

test("after 25 s of silence the client pings, and after 45 s it ends the connection", () => {
  const { client, socket, clock, states } = setUpOpen(), seen = [];
  client.on("disconnect", (reason) => seen.push(reason));
  clock.advance(24_999);
  assert.deepEqual(socket.sent, []);
  clock.advance(1);
  assert.deepEqual(socket.sent, [ping]);
  clock.advance(19_999);
  assert.equal(client.state, "open");
  clock.advance(1);
  assert.equal(client.state, "waiting");
  assert.deepEqual(seen, [{ reason: "heartbeat_timeout", code: 3008, text: "", by_peer: false }]);
  assert.deepEqual(socket.closed, { code: 3008, reason: "" });
  assert.equal(states.at(-1).attempt, 1);
});

test("each received message counts: a $pong, an event, or a malformed message", () => {
  for (const message of [{ event: "$pong" }, { event: "x" }, "not json", { event: "$ack", id: 9 }]) {
    const { client, socket, clock } = setUpOpen();
    for (let count = 0; count < 20; ++count) {
      clock.advance(44_000);
      socket.receive(message);
    }
    assert.equal(client.state, "open");
  }
});

test("the client does not ping while messages arrive", () => {
  const { socket, clock } = setUpOpen();
  for (let count = 0; count < 100; ++count) {
    clock.advance(20_000);
    socket.receive({ event: "x" });
  }
  assert.deepEqual(socket.sent, []);
});

test("sending does not count as receiving", () => {
  const { client, clock } = setUpOpen();
  for (let count = 0; count < 5; ++count) {
    client.emit("x");
    clock.advance(9_000);
  }
  assert.equal(client.state, "waiting");
});

test("a connection survives the freezing of the page, for any length of time", () => {
  for (const before of [0, 24_000, 25_000, 34_999, 35_000, 44_999]) {
    const { client, socket, clock } = setUpOpen();
    clock.advance(before);
    if (socket.take().length) socket.receive({ event: "$pong" });
    clock.freeze(3_600_000);
    assert.equal(client.state, "open", `frozen after ${before} ms`);
    if (socket.take().length) socket.receive({ event: "$pong" });
    clock.advance(24_000);
    assert.equal(client.state, "open");
  }
});

test("a pong that is handled after a late timer keeps the connection open", () => {
  const { client, socket, clock } = setUpOpen();
  clock.advance(25_000);
  assert.equal(socket.take().length, 1);
  clock.freeze(60_000); // the pong arrived while the page was frozen, but the timer runs before it is handled
  assert.equal(client.state, "open");
  socket.receive({ event: "$pong" });
  clock.advance(24_000);
  assert.equal(client.state, "open");
});

test("if timers run once a minute, as in a hidden page, a live connection stays open and a dead one ends", () => {
  const { client, socket, clock } = setUpOpen();
  for (let minute = 0; minute < 60; ++minute) {
    clock.freeze(60_000);
    if (socket.take().length) socket.receive({ event: "$pong" });
  }
  assert.equal(client.state, "open");
  for (let minute = 0; minute < 4; ++minute) clock.freeze(60_000);
  assert.notEqual(client.state, "open");
});

test("a long upload that makes progress keeps the connection open, although the ping waits in the send buffer", () => {
  const { client, socket, clock } = setUpOpen();
  socket.isStuck = true;
  client.emit("file", "x".repeat(1_000_000));
  while (socket.bufferedAmount > 10_000) {
    socket.bufferedAmount -= 10_000;
    client.emit("more", "x".repeat(5_000)); // so that the buffer's size alone does not show the progress
    clock.advance(5_000);
    assert.equal(client.state, "open", `${socket.bufferedAmount} bytes are buffered`);
  }
  socket.bufferedAmount = 0;
  clock.advance(5_000);
  socket.receive({ event: "$pong" });
  clock.advance(24_000);
  assert.equal(client.state, "open");
});

test("an upload without progress ends the connection", () => {
  const { client, socket, clock } = setUpOpen();
  socket.isStuck = true;
  client.emit("file", "x".repeat(1_000_000));
  for (let second = 0; second < 45; ++second) {
    client.emit("x");
    clock.advance(1_000);
  }
  assert.equal(client.state, "waiting");
});

test("the silence of one connection does not count for the next", () => {
  const { client, sockets, clock } = setUpOpen();
  clock.advance(40_000);
  sockets[0].drop();
  clock.advance(500);
  sockets[1].accept();
  clock.advance(24_000);
  assert.deepEqual(sockets[1].sent, []);
  assert.equal(client.state, "open");
});

test("with an infinite pingInterval the client never pings, also if the page becomes visible", (t) => {
  const document = setUpDocument(t);
  for (const idleTimeout of [45_000, Infinity]) {
    const { client, socket, clock } = setUpOpen({ pingInterval: Infinity, idleTimeout });
    clock.advance(100 * 86_400_000);
    document.dispatchEvent(new Event("visibilitychange"));
    clock.advance(60_000);
    assert.deepEqual(socket.sent, []);
    assert.equal(client.state, "open");
  }
});

test("a page that becomes visible pings once", (t) => {
  const document = setUpDocument(t), { client, socket, clock } = setUpOpen();
  clock.advance(1_000);
  for (let count = 0; count < 3; ++count) document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(socket.sent, [ping]);
  clock.advance(20_000);
  assert.equal(client.state, "waiting");
});
