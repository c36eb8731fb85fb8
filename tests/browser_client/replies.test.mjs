// Tests replies to requests from the peer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/browser/client.js";
import { binaryFrame, settled, setUpOpen } from "./support.mjs";

async function repliesTo(world, ...messages) {
  for (const message of messages) world.socket.receive(message);
  await settled();
  return world.socket.take();
}

test("the value or promise that a callback returns is the reply", async () => {
  const world = setUpOpen();
  world.client.on("sum", ([a, b]) => a + b);
  world.client.on("later", async (data) => ({ got: data }));
  assert.deepEqual(await repliesTo(world, { event: "sum", id: 7, data: [1, 2] }, { event: "later", id: "text", data: 1 }),
    [{ event: "$ack", id: 7, data: 3 }, { event: "$ack", id: "text", data: { got: 1 } }]);
});

test("0 and the empty string are valid ids", async () => {
  const world = setUpOpen();
  world.client.on("x", (data, { id }) => id);
  assert.deepEqual(await repliesTo(world, { event: "x", id: 0 }, { event: "x", id: "" }),
    [{ event: "$ack", id: 0, data: 0 }, { event: "$ack", id: "", data: "" }]);
});

test("the reply has no data if no callback returns a value", async () => {
  const world = setUpOpen();
  world.client.on("x", () => {});
  world.client.on("y", () => null);
  world.client.onAny(() => {});
  await repliesTo(world, { event: "x", id: 1 });
  world.socket.receive({ event: "y", id: 2 });
  await settled();
  assert.deepEqual(world.socket.sent, ['{"event":"$ack","id":2}']);
});

test("a message without an id gets no reply", async () => {
  const world = setUpOpen();
  world.client.on("x", () => 1);
  world.client.on("y", () => { throw new Error("no"); });
  assert.deepEqual(await repliesTo(world, { event: "x" }, { event: "y" }, { event: "z" }), []);
});

test("the first callback that returns a value gives the reply, and onAny callbacks come last", async () => {
  const world = setUpOpen();
  world.client.onAny(() => "any");
  assert.deepEqual(await repliesTo(world, { event: "x", id: 1 }), [{ event: "$ack", id: 1, data: "any" }]);
  world.client.on("x", () => {});
  world.client.on("x", async () => "slow");
  world.client.on("x", () => "quick");
  assert.deepEqual(await repliesTo(world, { event: "x", id: 2 }), [{ event: "$ack", id: 2, data: "slow" }]);
});

test("an exception is reported and answered with internal, without details, and the other callbacks still run", async () => {
  const world = setUpOpen(), seen = [], secret = Object.assign(new Error("secret"), { code: "SECRET" });
  world.client.on("x", () => 1);
  world.client.on("x", () => { throw secret; });
  world.client.on("x", () => { seen.push("rest"); });
  world.client.on("y", () => Promise.reject(undefined));
  assert.deepEqual(await repliesTo(world, { event: "x", id: 1 }, { event: "y", id: 2 }), [
    { event: "$ack", id: 1, error: { code: "internal", message: "the handler failed" } },
    { event: "$ack", id: 2, error: { code: "internal", message: "the handler failed" } },
  ]);
  assert.deepEqual(seen, ["rest"]);
  assert.deepEqual(world.errors, [secret, undefined]);
});

test("a thrown or returned Failure replies with its code, message and path, and is not reported", async () => {
  const world = setUpOpen();
  world.client.on("thrown", () => { throw new Failure("no_room", "the room is full"); });
  world.client.on("returned", async () => new Failure("no_room"));
  world.client.on("path", () => { throw new Failure("invalid_payload", "a number", "/a/0"); });
  const replies = await repliesTo(world, { event: "thrown", id: 1 }, { event: "returned", id: 2 }, { event: "path", id: 3 });
  assert.deepEqual(replies.sort((a, b) => a.id - b.id), [
    { event: "$ack", id: 1, error: { code: "no_room", message: "the room is full" } },
    { event: "$ack", id: 2, error: { code: "no_room", message: "no_room" } },
    { event: "$ack", id: 3, error: { code: "invalid_payload", message: "a number", path: "/a/0" } },
  ]);
  assert.deepEqual(world.errors, []);
});

test("a Failure thrown for a message without an id is reported", async () => {
  const world = setUpOpen(), failure = new Failure("no_room");
  world.client.on("x", () => { throw failure; });
  await repliesTo(world, { event: "x" });
  assert.deepEqual(world.errors, [failure]);
});

test("the error of a request made in a callback is not passed on to the peer", async () => {
  const world = setUpOpen();
  world.client.on("x", () => world.client.request("y"));
  world.socket.receive({ event: "x", id: 1 });
  const [{ id }] = world.socket.take();
  world.socket.receive({ event: "$ack", id, error: { code: "secret", message: "secret" } });
  await settled();
  assert.deepEqual(world.socket.take(), [{ event: "$ack", id: 1, error: { code: "internal", message: "the handler failed" } }]);
});

test("an event without a callback is answered with unknown_event", async () => {
  const world = setUpOpen();
  world.client.on("removed", () => 1)();
  const replies = await repliesTo(world, { event: "x", id: 1 }, { event: "removed", id: 2 });
  assert.deepEqual(replies.map(({ id, error }) => [id, error.code]), [[1, "unknown_event"], [2, "unknown_event"]]);
});

test("a reply that JSON cannot represent is reported and answered with internal", async () => {
  const world = setUpOpen();
  world.client.on("x", () => 1n);
  const [{ error }] = await repliesTo(world, { event: "x", id: 1 });
  assert.equal(error.code, "internal");
  assert.equal(world.errors.length, 1);
});

test("a request may be a binary message", async () => {
  const world = setUpOpen();
  world.client.on("size", (data, { bytes }) => bytes.length);
  assert.deepEqual(await repliesTo(world, binaryFrame({ event: "size", id: 1 }, [0, 0, 0])), [{ event: "$ack", id: 1, data: 3 }]);
});

test("a callback may send a request to the peer before it replies", async () => {
  const world = setUpOpen();
  world.client.on("ask", async () => `you said ${await world.client.request("what?")}`);
  world.socket.receive({ event: "ask", id: 1 });
  const [{ id }] = world.socket.take();
  assert.deepEqual(await repliesTo(world, { event: "$ack", id, data: "hi" }), [{ event: "$ack", id: 1, data: "you said hi" }]);
});

test("a reply is not sent on a later connection", async () => {
  const { client, sockets, clock } = setUpOpen();
  let finish;
  client.on("x", () => new Promise((resolve) => { finish = resolve; }));
  sockets[0].receive({ event: "x", id: 1 });
  sockets[0].drop();
  clock.advance(250);
  sockets[1].accept();
  finish("late");
  await settled();
  assert.deepEqual([...sockets[0].sent, ...sockets[1].sent], []);
});

test("a callback that closes the connection sends no reply and causes no error", async () => {
  const world = setUpOpen();
  world.client.on("x", () => { world.client.close(); return 1; });
  assert.deepEqual(await repliesTo(world, { event: "x", id: 1 }), []);
  assert.deepEqual(world.errors, []);
});
