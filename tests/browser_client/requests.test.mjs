// Tests requests to the peer, and their replies.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/browser/client.js";
import { settled, setUp, setUpOpen } from "./support.mjs";

test("a request has its own id and resolves with the reply's data, or null if there is none", async () => {
  const { client, socket } = setUpOpen();
  const sum = client.request("sum", [1, 2]), nothing = client.request("nothing");
  const [first, second] = socket.take();
  assert.deepEqual([first.event, first.data, second.event], ["sum", [1, 2], "nothing"]);
  assert.notEqual(first.id, second.id);
  assert.ok(Number.isSafeInteger(first.id));
  socket.receive({ event: "$ack", id: second.id });
  socket.receive({ event: "$ack", id: first.id, data: 3, error: null });
  assert.deepEqual(await Promise.all([sum, nothing]), [3, null]);
});

test("an error reply rejects with remote_error and has the peer's code, message and path", async () => {
  const { client, socket } = setUpOpen();
  const reply = client.request("x");
  socket.receive({ event: "$ack", id: socket.messages[0].id, error: { code: "invalid_payload", message: "a number", path: "/a" } });
  const error = await reply.then(assert.fail, (reason) => reason);
  assert.ok(error instanceof Error && error.failure instanceof Failure);
  assert.deepEqual([error.code, error.message], ["remote_error", "a number"]);
  assert.deepEqual([error.failure.code, error.failure.message, error.failure.path], ["invalid_payload", "a number", "/a"]);
});

test("a malformed error reply rejects as well", async () => {
  const { client, socket } = setUpOpen();
  for (const error of ["text", 1, true, false, "", [], {}, { code: 1, message: {} }, { code: { toString: 1 } }]) {
    const reply = client.request("x");
    socket.receive({ event: "$ack", id: socket.messages.at(-1).id, error });
    await assert.rejects(reply, (reason) => reason.code === "remote_error" && reason.failure.code === "" && reason.failure.message === "");
  }
});

test("a late, duplicate or unexpected reply is ignored", async () => {
  const { client, socket, clock, errors } = setUpOpen();
  const reply = client.request("x", null, { timeout: 10 });
  const [{ id }] = socket.take();
  clock.advance(10);
  await assert.rejects(reply, { code: "timed_out" });
  for (const wrong of [id, id + 1, String(id), null, undefined, -1, {}, "x".repeat(100)]) socket.receive({ event: "$ack", id: wrong, data: 1 });
  for (const wrong of [id, null]) socket.receive({ event: "$ack", id: wrong, error: { code: "x" } });
  const other = client.request("x");
  const [{ id: next }] = socket.take();
  socket.receive({ event: "$ack", id: next, data: "first" });
  socket.receive({ event: "$ack", id: next, data: "second" });
  assert.equal(await other, "first");
  assert.deepEqual(errors, []);
  assert.deepEqual(socket.sent, []);
});

test("the timeout is 10 s, or the client's requestTimeout, or the request's own timeout", async () => {
  for (const [options, own, deadline] of [[{}, {}, 10_000], [{ requestTimeout: 40 }, {}, 40], [{ requestTimeout: 40 }, { timeout: 20 }, 20]]) {
    const { client, clock } = setUpOpen(options);
    let code = "none yet";
    client.request("x", null, own).catch((error) => { code = error.code; });
    clock.advance(deadline - 1);
    await settled();
    assert.equal(code, "none yet");
    clock.advance(1);
    await settled();
    assert.equal(code, "timed_out");
  }
});

test("an infinite timeout is allowed", async () => {
  const { client, socket, clock } = setUpOpen();
  const forever = client.request("x", null, { timeout: Infinity });
  clock.advance(20_000);
  socket.receive({ event: "$ack", id: socket.messages[0].id, data: 1 });
  assert.equal(await forever, 1);
});

test("an abort signal cancels a request, and its reason is the cause of the error", async () => {
  const { client, clock } = setUpOpen(), controller = new AbortController(), reason = new Error("changed my mind");
  const timers = clock.timers();
  const reply = client.request("x", null, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(reply, { code: "cancelled", cause: reason });
  assert.equal(clock.timers(), timers, "its timer is still running");
});

test("a request with an aborted signal is not sent", async () => {
  const { client, socket } = setUpOpen();
  await assert.rejects(client.request("x", null, { signal: AbortSignal.abort() }), { code: "cancelled" });
  assert.deepEqual(socket.sent, []);
});

test("a finished request removes its abort listener and its timer", async () => {
  const { client, socket, clock } = setUpOpen(), { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => { ++listeners; addEventListener.apply(signal, args); };
  signal.removeEventListener = (...args) => { --listeners; removeEventListener.apply(signal, args); };
  const timers = clock.timers();
  const reply = client.request("x", null, { signal });
  assert.equal(listeners, 1);
  socket.receive({ event: "$ack", id: socket.messages[0].id });
  await reply;
  assert.equal(listeners, 0);
  assert.equal(clock.timers(), timers);
});

test("at most 1,024 requests may be open", async () => {
  const { client, socket } = setUpOpen();
  const open = Array.from({ length: 1024 }, () => client.request("x"));
  await assert.rejects(client.request("x"), { code: "too_many_requests" });
  assert.equal(socket.sent.length, 1024);
  socket.receive({ event: "$ack", id: socket.messages[5].id, data: "room" });
  assert.equal(await open[5], "room");
  const last = client.request("x");
  client.close();
  const outcomes = await Promise.allSettled([...open, last]);
  assert.deepEqual([...new Set(outcomes.map(({ reason }) => reason?.code))], ["closed", undefined]);
});

test("open requests fail when the connection is lost, and a late reply on the next connection is ignored", async () => {
  const { client, sockets, clock } = setUpOpen();
  const reply = client.request("x");
  const [{ id }] = sockets[0].take();
  sockets[0].drop();
  await assert.rejects(reply, { code: "closed" });
  clock.advance(250);
  sockets[1].accept();
  const other = client.request("y");
  assert.notEqual(sockets[1].messages[0].id, id);
  sockets[1].receive({ event: "$ack", id, data: "late" });
  sockets[1].receive({ event: "$ack", id: sockets[1].messages[0].id, data: "mine" });
  assert.equal(await other, "mine");
});

test("a request made while disconnected is queued, and its timeout runs", async () => {
  const { client, sockets, clock } = setUp();
  const answered = client.request("answered"), late = client.request("late", null, { timeout: 100 });
  clock.advance(100);
  await assert.rejects(late, { code: "timed_out" });
  sockets[0].drop();
  clock.advance(250);
  sockets[1].accept();
  assert.deepEqual(sockets[1].messages.map(({ event }) => event), ["answered"]);
  sockets[1].receive({ event: "$ack", id: sockets[1].messages[0].id, data: 1 });
  assert.equal(await answered, 1);
});

test("a request that is cancelled while queued is never sent and frees its space in the queue", async () => {
  const { client, socket } = setUp({ maxQueued: 1, maxQueuedBytes: 100 }), controller = new AbortController();
  const reply = client.request("x", "y".repeat(50), { signal: controller.signal });
  assert.equal(client.emit("z", "z".repeat(50)), false);
  controller.abort();
  await assert.rejects(reply, { code: "cancelled" });
  assert.equal(client.emit("z", "z".repeat(50)), true);
  socket.accept();
  assert.deepEqual(socket.messages.map(({ event }) => event), ["z"]);
});

test("a request that can be neither sent nor queued rejects with the reason", async () => {
  const { client, socket } = setUp({ maxQueued: 1, maxQueuedBytes: 200, maxBufferedBytes: 100 });
  await assert.rejects(client.request("x", "y".repeat(200)), { code: "too_large" });
  client.emit("x");
  await assert.rejects(client.request("x"), { code: "queue_full" });
  socket.accept();
  await assert.rejects(client.request("x", "y".repeat(100)), { code: "too_large" });
  socket.bufferedAmount = 90;
  await assert.rejects(client.request("x"), { code: "queue_full" });
  client.close();
  await assert.rejects(client.request("x"), { code: "closed" });
});

test("a refused request does not count as open", async () => {
  const { client } = setUp({ maxRequests: 1, autoConnect: false });
  for (let count = 0; count < 3; ++count) await assert.rejects(client.request("x"), { code: "closed" });
});
