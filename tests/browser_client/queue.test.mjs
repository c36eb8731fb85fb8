// Tests messages that are emitted while disconnected or while the send buffer is full.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp, setUpOpen } from "./support.mjs";

const envelope = (event, data) => JSON.stringify({ event, data });

test("messages emitted while disconnected are sent in order, before new ones", () => {
  const { client, socket } = setUp();
  client.on("connect", () => client.emit("connected"));
  client.emit("a");
  client.request("b").catch(() => {});
  client.emitBinary("c", null, new Uint8Array(1));
  client.onState(({ state }) => { if (state === "open") client.emit("opened"); });
  client.emit("d");
  socket.accept();
  client.emit("new");
  const events = socket.sent.map((payload) => String(typeof payload === "string" ? payload : new TextDecoder().decode(payload)).match(/"event":"(\w+)"/)[1]);
  assert.deepEqual(events, ["a", "b", "c", "d", "connected", "opened", "new"]);
});

test("queued messages survive failed attempts and are sent once", () => {
  const { client, sockets, clock } = setUp();
  client.emit("x");
  sockets[0].drop();
  client.emit("y");
  clock.advance(250);
  sockets[1].drop();
  clock.advance(500);
  sockets[2].accept();
  assert.deepEqual(sockets[2].take().map(({ event }) => event), ["x", "y"]);
  sockets[2].drop();
  clock.advance(1000);
  sockets[3].accept();
  assert.deepEqual(sockets[3].sent, []);
});

test("at most 256 messages are queued, and emit returns false for the next", () => {
  const { client, socket } = setUp();
  for (let count = 0; count < 256; ++count) assert.equal(client.emit("x", count), true);
  assert.equal(client.emit("x", 256), false);
  assert.equal(client.emitBinary("x", 256, new Uint8Array(1)), false);
  socket.accept();
  assert.deepEqual(socket.messages.map(({ data }) => data), Array.from({ length: 256 }, (_, index) => index));
});

test("at most 1 MiB is queued, counted in UTF-8", () => {
  const mebibyte = 1024 ** 2, { client } = setUp();
  const overhead = envelope("x", "").length, half = "ä".repeat((mebibyte / 2 - overhead) / 2 | 0);
  assert.equal(client.emit("x", half), true);
  assert.equal(client.emit("x", half), true);
  assert.equal(client.emit("x", "12"), false);
});

test("a message may be as large as the bound of the queue, but not larger", () => {
  const size = envelope("x", "y".repeat(50)).length, { client } = setUp({ maxQueuedBytes: size });
  assert.equal(client.emit("x", "y".repeat(51)), false);
  assert.equal(client.emit("x", "y".repeat(50)), true);
  assert.equal(client.emit("x"), false);
});

test("with maxQueued 0 no message is queued", () => {
  const { client, socket } = setUp({ maxQueued: 0 });
  assert.equal(client.emit("x"), false);
  socket.accept();
  assert.equal(client.emit("x"), true);
});

test("the queue is empty again after it was sent", () => {
  const { client, sockets, clock } = setUp({ maxQueued: 2 });
  for (const expected of [true, true, false]) assert.equal(client.emit("x"), expected);
  sockets[0].accept();
  sockets[0].drop();
  for (const expected of [true, true, false]) assert.equal(client.emit("x"), expected);
  clock.advance(250);
  sockets[1].accept();
  assert.equal(sockets[1].sent.length, 2);
});

test("a volatile event is not queued while disconnected", () => {
  const { client, sockets, clock } = setUp();
  assert.equal(client.emitVolatile("x"), false);
  sockets[0].accept();
  assert.equal(client.emitVolatile("y"), true);
  sockets[0].drop();
  assert.equal(client.emitVolatile("z"), false);
  clock.advance(250);
  sockets[1].accept();
  assert.deepEqual([sockets[0].messages, sockets[1].messages], [[{ event: "y" }], []]);
});

test("nothing is queued while closed, and close drops queued messages", async () => {
  const { client, sockets } = setUp();
  client.emit("x");
  const reply = client.request("y");
  client.close();
  await assert.rejects(reply, { code: "closed" });
  assert.equal(client.emit("z"), false);
  client.connect();
  sockets[1].accept();
  assert.deepEqual(sockets[1].sent, []);
});

test("a final close code drops queued messages and fails queued requests", async () => {
  const { client, sockets } = setUpOpen();
  sockets[0].readyState = 2; // as after the peer's close frame, before the close event
  assert.equal(client.emit("x"), true);
  const reply = client.request("y");
  sockets[0].drop(1008);
  await assert.rejects(reply, { code: "closed" });
  client.connect();
  sockets[1].accept();
  assert.deepEqual(sockets[1].sent, []);
});

test("messages emitted while the socket closes are queued for the next connection", async () => {
  const { client, sockets, clock } = setUpOpen();
  const sent = client.request("sent");
  sockets[0].readyState = 2;
  assert.equal(client.emit("x"), true);
  assert.equal(client.emitVolatile("late"), false);
  client.request("kept").catch(() => {});
  sockets[0].drop(1012);
  await assert.rejects(sent, { code: "closed" });
  clock.advance(250);
  sockets[1].accept();
  assert.deepEqual(sockets[1].messages.map(({ event }) => event), ["x", "kept"]);
});

test("emit returns false while the send buffer would exceed 4 MiB", () => {
  const { client, socket } = setUpOpen(), bound = 4 * 1024 ** 2, size = envelope("x", 1).length;
  socket.bufferedAmount = bound - size;
  assert.equal(client.emit("x", 1), true);
  socket.bufferedAmount = bound - size + 1;
  assert.equal(client.emit("x", 1), false);
  socket.bufferedAmount = 0;
  assert.equal(client.emit("x", 1), true);
  assert.equal(socket.sent.length, 2);
});

test("an empty send buffer accepts a message of maxBufferedBytes, but not a larger one", () => {
  const { client } = setUpOpen({ maxBufferedBytes: envelope("x", "yyy").length });
  assert.equal(client.emit("x", "yyyy"), false);
  assert.equal(client.emit("x", "yyy"), true);
});

test("a volatile event is refused if the send buffer would exceed a quarter of its bound", () => {
  const { client, socket } = setUpOpen({ maxBufferedBytes: 400 });
  socket.bufferedAmount = 100;
  assert.equal(client.emitVolatile("x"), false);
  assert.equal(client.emit("x"), true);
  socket.bufferedAmount = 0;
  assert.equal(client.emitVolatile("x", "y".repeat(200)), true);
});

test("replies and pongs are sent even if the send buffer is full", async () => {
  const { client, socket } = setUpOpen();
  socket.bufferedAmount = 5 * 1024 ** 2;
  client.on("x", () => 1);
  socket.receive({ event: "x", id: 1 });
  socket.receive({ event: "$ping" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(socket.messages, [{ event: "$pong" }, { event: "$ack", id: 1, data: 1 }]);
});
