// Tests the states of the connection and how it ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp, setUpOpen, settled } from "./support.mjs";

const stateNames = (states) => states.map(({ state }) => state);

test("a client connects in its constructor, and is open when the peer accepts", () => {
  const { client, socket, states } = setUp();
  assert.equal(client.state, "connecting");
  socket.accept();
  assert.equal(client.state, "open");
  assert.deepEqual(states, [{ state: "connecting", attempt: 0, delay: 0 }, { state: "open", attempt: 0, delay: 0 }]);
});

test("without autoConnect a client is closed until connect is called", () => {
  const { client, sockets } = setUp({ autoConnect: false });
  assert.equal(client.state, "closed");
  assert.equal(sockets.length, 0);
  client.connect();
  client.connect();
  assert.equal(sockets.length, 1);
  sockets[0].accept();
  client.connect();
  assert.equal(sockets.length, 1);
});

test("a relative URL is resolved against the page's URL, and http becomes ws", (t) => {
  t.after(() => delete globalThis.location);
  for (const [page, url, expected] of [
    ["https://app.test/a/b?c#d", "/ws", "wss://app.test/ws"],
    ["http://app.test:81/a/b", "ws?room=1", "ws://app.test:81/a/ws?room=1"],
    ["http://app.test/", "wss://peer.test/ws", "wss://peer.test/ws"],
    ["http://app.test/", "https://peer.test", "wss://peer.test/"],
    ["http://app.test/", "//peer.test/ws", "ws://peer.test/ws"],
  ]) {
    globalThis.location = { href: page };
    const { socket } = setUp({ url });
    assert.equal(socket.url, expected);
  }
});

test("an invalid URL throws in the constructor", () => {
  assert.throws(() => setUp({ url: "/relative to nothing" }), TypeError);
});

test("subprotocols are offered", () => {
  assert.deepEqual(setUp({ protocols: ["a", "b"] }).socket.protocols, ["a", "b"]);
});

test("an undefined option has its default value", () => {
  const { client } = setUp({ autoConnect: undefined, maxQueued: undefined });
  assert.equal(client.state, "connecting");
  assert.equal(client.emit("x"), true);
});

test("connect and disconnect are called in pairs, and disconnect gets the close reason", () => {
  const { client, sockets, clock } = setUp(), seen = [];
  client.on("connect", (data) => seen.push(["connect", data]));
  client.on("disconnect", (reason) => seen.push(["disconnect", reason]));
  sockets[0].drop(); // before it was open
  clock.advance(250);
  sockets[1].accept();
  sockets[1].drop();
  clock.advance(500);
  sockets[2].accept();
  sockets[2].drop(1001, "restart");
  assert.deepEqual(seen, [
    ["connect", undefined], ["disconnect", { reason: "transport_error", code: 1006, text: "", by_peer: false }],
    ["connect", undefined], ["disconnect", { reason: "peer_close", code: 1001, text: "restart", by_peer: true }],
  ]);
});

test("a connect callback that is registered after the connect is called once", async () => {
  const { client, socket, clock, sockets } = setUp(), seen = [];
  client.on("connect", () => {
    seen.push("early");
    client.once("connect", () => seen.push("nested"));
  });
  socket.accept();
  client.on("connect", () => seen.push("late"));
  client.on("connect", () => seen.push("removed"))();
  assert.deepEqual(seen, ["early"]);
  await settled();
  assert.deepEqual(seen.splice(0), ["early", "nested", "late"]);
  client.on("connect", () => seen.push("too late"));
  socket.drop();
  await settled();
  assert.deepEqual(seen, []);
  clock.advance(250);
  sockets[1].accept();
  assert.deepEqual(seen, ["early", "late", "too late"]);
});

test("close sends its code, calls disconnect at once, and does not reconnect", () => {
  const { client, sockets, clock, states } = setUpOpen(), seen = [];
  client.on("disconnect", (reason) => seen.push(reason));
  client.close(4001, "enough");
  assert.deepEqual(sockets[0].closed, { code: 4001, reason: "enough" });
  assert.equal(client.state, "closed");
  assert.deepEqual(seen, [{ reason: "local_close", code: 4001, text: "enough", by_peer: false }]);
  client.close();
  sockets[0].drop(4001);
  clock.advance(100_000);
  assert.equal(sockets.length, 1);
  assert.equal(seen.length, 1);
  assert.deepEqual(stateNames(states), ["connecting", "open", "closed"]);
  assert.equal(clock.timers(), 0);
});

test("close throws for a code that a page may not send, and changes nothing", () => {
  const { client, socket } = setUpOpen();
  assert.throws(() => client.close(1001), { name: "InvalidAccessError" });
  assert.equal(client.state, "open");
  assert.equal(client.emit("x"), true);
  assert.equal(socket.closed, null);
});

test("close works in every state, and the default code is 1000", () => {
  for (const prepare of [() => {}, ({ socket }) => socket.accept(), ({ socket }) => socket.drop()]) {
    const world = setUp();
    prepare(world);
    world.client.close();
    assert.equal(world.client.state, "closed");
    assert.equal(world.clock.timers(), 0);
    if (world.socket.closed) assert.equal(world.socket.closed.code, 1000);
  }
});

test("connect after close opens a new connection and ignores the old one", () => {
  const { client, sockets } = setUpOpen(), seen = [];
  client.on("x", (data) => seen.push(data));
  client.close();
  client.connect();
  sockets[0].receive({ event: "x", data: "old" });
  sockets[0].drop();
  assert.equal(client.state, "connecting");
  sockets[1].accept();
  sockets[1].receive({ event: "x", data: "new" });
  assert.deepEqual(seen, ["new"]);
});

test("an onState callback is called at once and at each change, until it is removed", () => {
  const { client, socket } = setUp(), seen = [];
  const remove = client.onState(({ state }) => seen.push(state));
  assert.deepEqual(seen, ["connecting"]);
  socket.accept();
  remove();
  socket.drop();
  assert.deepEqual(seen, ["connecting", "open"]);
});

test("a callback that changes the state does not leave other callbacks with an outdated state", () => {
  const { client, socket, sockets, states } = setUp(), seen = [];
  client.onState(({ state }) => { if (state === "closed") client.connect(); });
  client.onState(({ state }) => seen.push(state));
  client.on("connect", () => client.close());
  socket.accept();
  assert.equal(client.state, "connecting");
  assert.equal(sockets.length, 2);
  assert.deepEqual(stateNames(states), ["connecting", "closed", "connecting"]);
  assert.deepEqual(seen, ["connecting", "connecting"]);
});

test("a disconnect callback sees the new state, and may close or connect", () => {
  const { client, sockets, clock } = setUpOpen(), seen = [];
  client.once("disconnect", () => { seen.push(client.state); client.connect(); });
  sockets[0].drop();
  assert.deepEqual(seen, ["waiting"]);
  assert.equal(client.state, "connecting");
  sockets[1].accept();
  client.once("disconnect", () => client.close());
  sockets[1].drop();
  assert.equal(client.state, "closed");
  clock.advance(60_000);
  assert.equal(sockets.length, 2);
});

test("an exception of the WebSocket constructor reaches the caller, and the client stays closed", () => {
  class Throwing { constructor() { throw new DOMException("no", "SecurityError"); } }
  const { client } = setUp({ autoConnect: false, WebSocket: Throwing });
  assert.throws(() => client.connect(), { name: "SecurityError" });
  assert.equal(client.state, "closed");
});
