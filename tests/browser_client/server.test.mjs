// Tests the client against the library's server. The environment variable ECHO is the path of the program examples/echo.
// Node 20 has no WebSocket, so the npm package ws is used there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "../../src/browser/client.js";
import { startEcho } from "./echo_server.mjs";

const program = process.env.ECHO;
const skip = program ? false : "the environment variable ECHO is not set";
const WebSocket = globalThis.WebSocket ?? (skip ? undefined : (await import("ws")).WebSocket);

const next = (client, event) => new Promise((resolve) => client.once(event, (data, message) => resolve({ data, ...message })));
const waitForState = (client, expected) => new Promise((resolve) => {
  const remove = client.onState(({ state }) => { if (state === expected) { resolve(); queueMicrotask(() => remove()); } });
});

let server;
before(async () => { if (!skip) server = await startEcho(program); });
after(() => server?.stop());

function start(t, options) {
  const client = new Client(server.url, { WebSocket, ...options });
  t.after(() => client.close());
  return client;
}

test("an event is echoed unchanged, also with text of every Unicode plane", { skip }, async (t) => {
  const client = start(t);
  for (const data of [{ text: "ä€🌹\u0000\u2028\"\\", list: [1, -1.5, true, null] }, "half: \ud83c", 0, "", [], null]) {
    const echoed = next(client, "echo");
    assert.equal(client.emit("echo", data), true);
    assert.deepEqual((await echoed).data, data === "half: \ud83c" ? "half: \ufffd" : data);
  }
});

test("a thousand events are echoed in order, including those emitted before the connect", { skip }, async (t) => {
  const client = start(t), seen = [];
  const all = new Promise((resolve) => client.on("echo", (data) => { if (seen.push(data) === 1000) resolve(); }));
  for (let count = 0; count < 200; ++count) assert.equal(client.emit("echo", count), true);
  await next(client, "connect");
  for (let count = 200; count < 1000; ++count) assert.equal(client.emit("echo", count), true);
  await all;
  assert.deepEqual(seen, Array.from({ length: 1000 }, (_, index) => index));
});

test("a request gets a reply, and an event without a callback is unknown_event", { skip }, async (t) => {
  const client = start(t);
  assert.equal(await client.request("echo", 1), null);
  await assert.rejects(client.request("unknown"), ({ code, failure }) => code === "remote_error" && failure.code === "unknown_event");
  await assert.rejects(client.request("x".repeat(256)), ({ failure }) => failure.code === "unknown_event");
});

test("a binary message is accepted", { skip }, async (t) => {
  const client = start(t), echoed = next(client, "echo");
  client.emitBinary("echo", { name: "ü" }, Uint8Array.from([0, 255, 0]));
  assert.deepEqual((await echoed).data, { name: "ü" });
});

test("the server answers $ping", { skip }, async (t) => {
  const received = [];
  let onPong;
  const pong = new Promise((resolve) => { onPong = resolve; });
  class Recording extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => { received.push(data); onPong(); });
    }
  }
  const client = start(t, { WebSocket: Recording, pingInterval: 1, idleTimeout: 60_001 });
  await pong;
  assert.deepEqual(received, ['{"event":"$pong"}']);
  assert.equal(client.state, "open");
});

test("the server reports a malformed message with an error event, and the connection stays open", { skip }, async (t) => {
  let socket;
  class Exposed extends WebSocket { constructor(...args) { super(...args); socket = this; } }
  const client = start(t, { WebSocket: Exposed }), error = next(client, "error");
  await next(client, "connect");
  socket.send("{");
  assert.equal((await error).data.code, "bad_json");
  assert.equal(await client.request("echo"), null);
});

test("after a restart of the server the client reconnects and sends the queued messages", { skip }, async (t) => {
  const first = await startEcho(program);
  const client = new Client(first.url, { WebSocket, baseDelay: 20, maxDelay: 100 });
  t.after(() => client.close());
  await next(client, "connect");
  const lost = next(client, "disconnect");
  await first.stop();
  const { data } = await lost;
  assert.deepEqual([data.reason, data.code, data.by_peer], ["peer_close", 1001, true]);
  assert.equal(client.emit("echo", "queued"), true);
  const reply = client.request("echo", "request"), echoed = next(client, "echo");
  const second = await startEcho(program, first.url.port);
  t.after(() => second.stop());
  assert.equal((await echoed).data, "queued");
  assert.equal(await reply, null);
});

test("a killed server causes a transport_error", { skip }, async (t) => {
  const first = await startEcho(program);
  const client = new Client(first.url, { WebSocket, baseDelay: 60_000 });
  t.after(() => client.close());
  await next(client, "connect");
  await client.request("echo");
  const lost = next(client, "disconnect");
  await first.stop("SIGKILL");
  assert.equal((await lost).data.reason, "transport_error");
  assert.equal(client.state, "waiting");
});

test("close ends the connection, and connect opens a new one", { skip }, async (t) => {
  const client = start(t);
  await next(client, "connect");
  const lost = next(client, "disconnect");
  client.close(4000, "enough");
  assert.deepEqual((await lost).data, { reason: "local_close", code: 4000, text: "enough", by_peer: false });
  client.connect();
  await waitForState(client, "open");
  assert.equal(await client.request("echo"), null);
});
