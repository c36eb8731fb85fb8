// Answers to what the peer asks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/browser/client.js";
import { binaryFrame, settled, setUpOpen } from "./support.mjs";

async function answers(world, ...messages) {
  for (const message of messages) world.socket.receive(message);
  await settled();
  return world.socket.take();
}

test("what a callback returns is the reply, also when it comes later", async () => {
  const world = setUpOpen();
  world.client.on("sum", ([a, b]) => a + b);
  world.client.on("later", async (data) => ({ got: data }));
  assert.deepEqual(await answers(world, { event: "sum", id: 7, data: [1, 2] }, { event: "later", id: "text", data: 1 }),
    [{ event: "$ack", id: 7, data: 3 }, { event: "$ack", id: "text", data: { got: 1 } }]);
});

test("an id of 0 and an empty one are ids", async () => {
  const world = setUpOpen();
  world.client.on("x", (data, { id }) => id);
  assert.deepEqual(await answers(world, { event: "x", id: 0 }, { event: "x", id: "" }),
    [{ event: "$ack", id: 0, data: 0 }, { event: "$ack", id: "", data: "" }]);
});

test("a callback that returns nothing replies without data", async () => {
  const world = setUpOpen();
  world.client.on("x", () => {});
  world.client.on("y", () => null);
  world.client.onAny(() => {});
  await answers(world, { event: "x", id: 1 });
  world.socket.receive({ event: "y", id: 2 });
  await settled();
  assert.deepEqual(world.socket.sent, ['{"event":"$ack","id":2}']);
});

test("a message without an id gets no reply, whatever comes of it", async () => {
  const world = setUpOpen();
  world.client.on("x", () => 1);
  world.client.on("y", () => { throw new Error("no"); });
  assert.deepEqual(await answers(world, { event: "x" }, { event: "y" }, { event: "z" }), []);
});

test("the first callback that returns a value gives the reply, onAny's last", async () => {
  const world = setUpOpen();
  world.client.onAny(() => "any");
  assert.deepEqual(await answers(world, { event: "x", id: 1 }), [{ event: "$ack", id: 1, data: "any" }]);
  world.client.on("x", () => {});
  world.client.on("x", async () => "slow");
  world.client.on("x", () => "quick");
  assert.deepEqual(await answers(world, { event: "x", id: 2 }), [{ event: "$ack", id: 2, data: "slow" }]);
});

test("a throw replies internal without a word of the exception, the rest still run, and it is reported", async () => {
  const world = setUpOpen(), seen = [], secret = Object.assign(new Error("secret"), { code: "SECRET" });
  world.client.on("x", () => 1);
  world.client.on("x", () => { throw secret; });
  world.client.on("x", () => { seen.push("rest"); });
  world.client.on("y", () => Promise.reject(undefined));
  assert.deepEqual(await answers(world, { event: "x", id: 1 }, { event: "y", id: 2 }), [
    { event: "$ack", id: 1, error: { code: "internal", message: "the handler failed" } },
    { event: "$ack", id: 2, error: { code: "internal", message: "the handler failed" } },
  ]);
  assert.deepEqual(seen, ["rest"]);
  assert.deepEqual(world.errors, [secret, undefined]);
});

test("a Failure, thrown or returned, replies with its code, message and path, and is no error of ours", async () => {
  const world = setUpOpen();
  world.client.on("thrown", () => { throw new Failure("no_room", "the room is full"); });
  world.client.on("returned", async () => new Failure("no_room"));
  world.client.on("path", () => { throw new Failure("invalid_payload", "a number", "/a/0"); });
  const replies = await answers(world, { event: "thrown", id: 1 }, { event: "returned", id: 2 }, { event: "path", id: 3 });
  assert.deepEqual(replies.sort((one, other) => one.id - other.id), [
    { event: "$ack", id: 1, error: { code: "no_room", message: "the room is full" } },
    { event: "$ack", id: 2, error: { code: "no_room", message: "no_room" } },
    { event: "$ack", id: 3, error: { code: "invalid_payload", message: "a number", path: "/a/0" } },
  ]);
  assert.deepEqual(world.errors, []);
});

test("a Failure that answers nobody is reported", async () => {
  const world = setUpOpen(), failure = new Failure("no_room");
  world.client.on("x", () => { throw failure; });
  await answers(world, { event: "x" });
  assert.deepEqual(world.errors, [failure]);
});

test("a failed request inside a callback does not tell one peer what another said", async () => {
  const world = setUpOpen();
  world.client.on("x", () => world.client.request("y"));
  world.socket.receive({ event: "x", id: 1 });
  const [{ id }] = world.socket.take();
  world.socket.receive({ event: "$ack", id, error: { code: "secret", message: "secret" } });
  await settled();
  assert.deepEqual(world.socket.take(), [{ event: "$ack", id: 1, error: { code: "internal", message: "the handler failed" } }]);
});

test("nobody listens: unknown_event", async () => {
  const world = setUpOpen();
  world.client.on("gone", () => 1)();
  const replies = await answers(world, { event: "x", id: 1 }, { event: "gone", id: 2 });
  assert.deepEqual(replies.map(({ id, error }) => [id, error.code]), [[1, "unknown_event"], [2, "unknown_event"]]);
});

test("a reply that JSON cannot hold is internal, and reported", async () => {
  const world = setUpOpen();
  world.client.on("x", () => 1n);
  const [{ error }] = await answers(world, { event: "x", id: 1 });
  assert.equal(error.code, "internal");
  assert.equal(world.errors.length, 1);
});

test("a question may come with bytes", async () => {
  const world = setUpOpen();
  world.client.on("size", (data, { bytes }) => bytes.length);
  assert.deepEqual(await answers(world, binaryFrame({ event: "size", id: 1 }, [0, 0, 0])), [{ event: "$ack", id: 1, data: 3 }]);
});

test("a callback may ask the peer back before it answers", async () => {
  const world = setUpOpen();
  world.client.on("ask", async () => `you said ${await world.client.request("what?")}`);
  world.socket.receive({ event: "ask", id: 1 });
  const [{ id }] = world.socket.take();
  assert.deepEqual(await answers(world, { event: "$ack", id, data: "hi" }), [{ event: "$ack", id: 1, data: "you said hi" }]);
});

test("a reply that is late for its connection is not sent on the next one", async () => {
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

test("a callback that ends the connection answers nobody and harms nothing", async () => {
  const world = setUpOpen();
  world.client.on("x", () => { world.client.close(); return 1; });
  assert.deepEqual(await answers(world, { event: "x", id: 1 }), []);
  assert.deepEqual(world.errors, []);
});
