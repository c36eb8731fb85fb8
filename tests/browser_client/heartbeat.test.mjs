// How a dead connection is told from a quiet one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUpOpen } from "./support.mjs";

const ping = '{"event":"$ping"}';

function setUpDocument(t) {
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  t.after(() => delete globalThis.document);
  return globalThis.document;
}

test("after 25 s of silence it pings, at 45 s the connection is dead", () => {
  const { client, socket, clock, states } = setUpOpen(), seen = [];
  client.on("disconnect", (why) => seen.push(why));
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

test("whatever is heard counts: a $pong, an event, even what is malformed", () => {
  for (const message of [{ event: "$pong" }, { event: "x" }, "no json", { event: "$ack", id: 9 }]) {
    const { client, socket, clock } = setUpOpen();
    for (let count = 0; count < 20; ++count) {
      clock.advance(44_000);
      socket.receive(message);
    }
    assert.equal(client.state, "open");
  }
});

test("a connection that hears something all the time is never pinged", () => {
  const { socket, clock } = setUpOpen();
  for (let count = 0; count < 100; ++count) {
    clock.advance(20_000);
    socket.receive({ event: "x" });
  }
  assert.deepEqual(socket.sent, []);
});

test("what we send does not count as heard", () => {
  const { client, clock } = setUpOpen();
  for (let count = 0; count < 5; ++count) {
    client.emit("x");
    clock.advance(9_000);
  }
  assert.equal(client.state, "waiting");
});

test("a page that was frozen finds its connection alive, however long that was", () => {
  for (const before of [0, 24_000, 25_000, 34_999, 35_000, 44_999]) {
    const { client, socket, clock } = setUpOpen();
    clock.advance(before);
    const answered = socket.take().length;
    if (answered) socket.receive({ event: "$pong" });
    clock.freeze(3_600_000);
    assert.equal(client.state, "open", `frozen after ${before} ms`);
    if (socket.take().length) socket.receive({ event: "$pong" });
    clock.advance(24_000);
    assert.equal(client.state, "open");
  }
});

test("a pong that waited behind a late timer saves the connection", () => {
  const { client, socket, clock } = setUpOpen();
  clock.advance(25_000);
  assert.equal(socket.take().length, 1);
  clock.freeze(60_000); // the pong came while the page was frozen, but the timer runs first
  assert.equal(client.state, "open");
  socket.receive({ event: "$pong" });
  clock.advance(24_000);
  assert.equal(client.state, "open");
});

test("where timers run once a minute, as in a hidden page, a live connection lives and a dead one is found", () => {
  const { client, socket, clock } = setUpOpen();
  for (let minute = 0; minute < 60; ++minute) {
    clock.freeze(60_000);
    if (socket.take().length) socket.receive({ event: "$pong" });
  }
  assert.equal(client.state, "open");
  for (let minute = 0; minute < 4; ++minute) clock.freeze(60_000);
  assert.notEqual(client.state, "open");
});

test("a long upload that moves on is no death, though the ping waits behind it", () => {
  const { client, socket, clock } = setUpOpen();
  socket.isStuck = true;
  client.emit("file", "x".repeat(1_000_000));
  while (socket.bufferedAmount > 10_000) {
    socket.bufferedAmount -= 10_000;
    client.emit("more", "x".repeat(5_000)); // so that the buffer's size alone tells little
    clock.advance(5_000);
    assert.equal(client.state, "open", `${socket.bufferedAmount} bytes wait`);
  }
  socket.bufferedAmount = 0;
  clock.advance(5_000);
  socket.receive({ event: "$pong" });
  clock.advance(24_000);
  assert.equal(client.state, "open");
});

test("an upload that stands still is a death like any other", () => {
  const { client, socket, clock } = setUpOpen();
  socket.isStuck = true;
  client.emit("file", "x".repeat(1_000_000));
  for (let second = 0; second < 45; ++second) {
    client.emit("x");
    clock.advance(1_000);
  }
  assert.equal(client.state, "waiting");
});

test("the next connection has its own silence", () => {
  const { client, sockets, clock } = setUpOpen();
  clock.advance(40_000);
  sockets[0].drop();
  clock.advance(500);
  sockets[1].accept();
  clock.advance(24_000);
  assert.deepEqual(sockets[1].sent, []);
  assert.equal(client.state, "open");
});

test("a heartbeat that is infinitely far off never comes, whoever looks", (t) => {
  const document = setUpDocument(t);
  for (const deadAfter of [45_000, Infinity]) {
    const { client, socket, clock } = setUpOpen({ pingAfter: Infinity, deadAfter });
    clock.advance(100 * 86_400_000);
    document.dispatchEvent(new Event("visibilitychange"));
    clock.advance(60_000);
    assert.deepEqual(socket.sent, []);
    assert.equal(client.state, "open");
  }
});

test("a page that is looked at again asks whether its connection still lives, once", (t) => {
  const document = setUpDocument(t), { client, socket, clock } = setUpOpen();
  clock.advance(1_000);
  for (let count = 0; count < 3; ++count) document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(socket.sent, [ping]);
  clock.advance(20_000);
  assert.equal(client.state, "waiting");
});
