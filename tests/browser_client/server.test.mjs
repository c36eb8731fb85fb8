// Against the library's own server. ECHO names the program examples/echo; Node 20 lacks WebSocket, so npm's ws stands in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "../../src/browser/client.js";
import { startEcho } from "./echo_server.mjs";

const program = process.env.ECHO;
const skip = program ? false : "the environment variable ECHO names no echo program";
const WebSocket = globalThis.WebSocket ?? (skip ? undefined : (await import("ws")).WebSocket);

const next = (client, event) => new Promise((resolve) => client.once(event, (data, message) => resolve({ data, ...message })));
const reaches = (client, wanted) => new Promise((resolve) => {
  const remove = client.onState(({ state }) => { if (state === wanted) { resolve(); queueMicrotask(() => remove()); } });
});

let server;
before(async () => { if (!skip) server = await startEcho(program); });
after(() => server?.stop());

function start(t, options) {
  const client = new Client(server.url, { WebSocket, ...options });
  t.after(() => client.close());
  return client;
}

test("an event comes back as it was sent, text of every plane included", { skip }, async (t) => {
  const client = start(t);
  for (const data of [{ text: "ä€🌹\u0000\u2028\"\\", list: [1, -1.5, true, null] }, "half: \ud83c", 0, "", [], null]) {
    const echoed = next(client, "echo");
    assert.equal(client.emit("echo", data), true);
    assert.deepEqual((await echoed).data, data === "half: \ud83c" ? "half: \ufffd" : data);
  }
});

test("a thousand events come back in order, those from before the connection first", { skip }, async (t) => {
  const client = start(t), seen = [];
  const all = new Promise((resolve) => client.on("echo", (data) => { if (seen.push(data) === 1000) resolve(); }));
  for (let count = 0; count < 200; ++count) assert.equal(client.emit("echo", count), true);
  await next(client, "connect");
  for (let count = 200; count < 1000; ++count) assert.equal(client.emit("echo", count), true);
  await all;
  assert.deepEqual(seen, Array.from({ length: 1000 }, (_, index) => index));
});

test("a request is acknowledged; an event that nobody handles is unknown_event", { skip }, async (t) => {
  const client = start(t);
  assert.equal(await client.request("echo", 1), null);
  await assert.rejects(client.request("nobody listens"), ({ code, failure }) => code === "remote_error" && failure.code === "unknown_event");
  await assert.rejects(client.request("x".repeat(256)), ({ failure }) => failure.code === "unknown_event");
});

test("bytes travel behind their envelope", { skip }, async (t) => {
  const client = start(t), echoed = next(client, "echo");
  client.emitBinary("echo", { name: "ü" }, Uint8Array.from([0, 255, 0]));
  assert.deepEqual((await echoed).data, { name: "ü" });
});

test("the server answers the heartbeat", { skip }, async (t) => {
  const heard = [];
  let answered;
  const pong = new Promise((resolve) => { answered = resolve; });
  class Listening extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => { heard.push(data); answered(); });
    }
  }
  const client = start(t, { WebSocket: Listening, pingAfter: 1, deadAfter: 60_001 });
  await pong;
  assert.deepEqual(heard, ['{"event":"$pong"}']);
  assert.equal(client.state, "open");
});

test("a message that the server finds malformed is told to the client, and the connection stays", { skip }, async (t) => {
  let socket;
  class Open extends WebSocket { constructor(...all) { super(...all); socket = this; } }
  const client = start(t, { WebSocket: Open }), told = next(client, "error");
  await next(client, "connect");
  socket.send("{");
  assert.equal((await told).data.code, "bad_json");
  assert.equal(await client.request("echo"), null);
});

test("a server that goes away and comes back finds the client, and gets what waited", { skip }, async (t) => {
  const own = await startEcho(program);
  const client = new Client(own.url, { WebSocket, baseDelay: 20, maxDelay: 100 });
  t.after(() => client.close());
  await next(client, "connect");
  const lost = next(client, "disconnect");
  await own.stop();
  const { data } = await lost;
  assert.deepEqual([data.reason, data.code, data.by_peer], ["peer_close", 1001, true]);
  assert.equal(client.emit("echo", "kept"), true);
  const asked = client.request("echo", "asked"), echoed = next(client, "echo");
  const again = await startEcho(program, own.url.port);
  t.after(() => again.stop());
  assert.equal((await echoed).data, "kept");
  assert.equal(await asked, null);
});

test("a server that is killed is a transport error, and open requests fail", { skip }, async (t) => {
  const own = await startEcho(program);
  const client = new Client(own.url, { WebSocket, baseDelay: 60_000 });
  t.after(() => client.close());
  await next(client, "connect");
  await client.request("echo");
  const lost = next(client, "disconnect");
  await own.stop("SIGKILL");
  assert.equal((await lost).data.reason, "transport_error");
  assert.equal(client.state, "waiting");
});

test("close says goodbye, and connect starts again", { skip }, async (t) => {
  const client = start(t);
  await next(client, "connect");
  const lost = next(client, "disconnect");
  client.close(4000, "enough");
  assert.deepEqual((await lost).data, { reason: "local_close", code: 4000, text: "enough", by_peer: false });
  client.connect();
  await reaches(client, "open");
  assert.equal(await client.request("echo"), null);
});
