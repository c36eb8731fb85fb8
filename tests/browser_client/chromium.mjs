// Tests the client in Chromium, against the library's server and against a peer that sends requests.
//   node chromium.mjs ECHO      ECHO is the path of the program examples/echo
// The environment variable CHROMIUM may name the browser; the default is /usr/bin/chromium.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { WebSocketServer } from "ws";
import { startEcho } from "./echo_server.mjs";
import { startReverseProxy } from "./reverse_proxy.mjs";

const program = process.argv[2];
const source = readFileSync(new URL("../../src/browser/client.js", import.meta.url), "utf8");
const html = `<!doctype html><title>client</title><link rel="icon" href="data:,">
<script type="module">import * as exports from "/client.js"; Object.assign(window, exports);</script>`;
const worker = `import { Client } from "/client.js";
const client = new Client("/ws");
client.request("echo").then((reply) => { postMessage(reply); client.close(); });`;

async function step(name, act) {
  const start = performance.now();
  const note = await act();
  console.log(`ok  ${name}${note ? `: ${note}` : ""} (${Math.round(performance.now() - start)} ms)`);
}

let server = await startEcho(program);
const files = { "/": ["text/html", html], "/client.js": ["text/javascript", source], "/worker.js": ["text/javascript", worker] };
const proxy = await startReverseProxy(files, () => server.url);
const peer = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(peer, "listening");
const peerUrl = `ws://127.0.0.1:${peer.address().port}/`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext();
const page = await context.newPage();
const consoleTexts = [];
// Chromium logs this error whenever the server is not running.
const isFailedConnection = (text) => /^WebSocket connection to .* failed: /.test(text);
page.on("console", (message) => { if (!isFailedConnection(message.text())) consoleTexts.push(message.text()); });
page.on("pageerror", (error) => consoleTexts.push(String(error)));

// Opens a client in the page, and resolves with the peer's socket.
async function connectPage(options) {
  const connected = once(peer, "connection");
  await page.evaluate(([url, options]) => { window.client = new Client(url, options); }, [peerUrl, options]);
  const [socket] = await connected;
  return socket;
}
const send = (socket, message) => socket.send(JSON.stringify(message));
const receive = async (socket) => JSON.parse(String((await once(socket, "message"))[0]));
async function request(socket, message) {
  const reply = receive(socket);
  send(socket, message);
  return reply;
}

try {
  await page.goto(proxy.url);
  await page.waitForFunction(() => window.Client);

  await step("a page imports the module and connects by a relative URL", async () => {
    const seen = await page.evaluate(async () => {
      window.client = new Client("/ws");
      const before = client.state;
      await new Promise((resolve) => client.on("connect", resolve));
      return [before, client.state];
    });
    assert.deepEqual(seen, ["connecting", "open"]);
  });

  await step("text of every Unicode plane is echoed unchanged", async () => {
    const data = { text: "ä€🌹\u0000\u2028\"\\", list: [1, -1.5, true, null] };
    const echo = (sent) => page.evaluate((value) => new Promise((resolve) => {
      client.once("echo", resolve);
      client.emit("echo", value === "half" ? "\ud83c" : value);
    }), sent);
    assert.deepEqual(await echo(data), data);
    assert.equal(await echo("half"), "\ufffd");
  });

  await step("requests get replies, also for an unknown event", async () => {
    const outcomes = await page.evaluate(async () => [
      await client.request("echo", 1),
      await client.request("unknown").catch(({ code, failure }) => [code, failure.code]),
      await client.request("echo", 1, { signal: AbortSignal.abort() }).catch(({ code, cause }) => [code, cause.name]),
    ]);
    assert.deepEqual(outcomes, [null, ["remote_error", "unknown_event"], ["cancelled", "AbortError"]]);
  });

  await step("a binary message is accepted", async () => {
    assert.deepEqual(await page.evaluate(() => new Promise((resolve) => {
      client.once("echo", resolve);
      client.emitBinary("echo", { name: "ü" }, Uint8Array.from([0, 255, 0]));
    })), { name: "ü" });
  });

  await step("messages emitted before the connect arrive first, in order", async () => {
    const seen = await page.evaluate(() => new Promise((resolve) => {
      const other = new Client("/ws"), seen = [];
      other.on("echo", (data) => { if (seen.push(data) === 400) { resolve(seen); other.close(); } });
      other.on("connect", () => { for (let count = 200; count < 400; ++count) other.emit("echo", count); });
      for (let count = 0; count < 200; ++count) other.emit("echo", count);
    }));
    assert.deepEqual(seen, Array.from({ length: 400 }, (_, index) => index));
  });

  await step("the client works in a worker", async () => {
    assert.equal(await page.evaluate(() => new Promise((resolve, reject) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    })), null);
  });

  await step("close throws for codes that a page may not send, and the connection stays open", async () => {
    assert.deepEqual(await page.evaluate(async () => {
      const names = [1001, 2999, 5000].map((code) => { try { client.close(code); } catch ({ name }) { return name; } });
      try { client.close(1000, "x".repeat(124)); } catch ({ name }) { names.push(name); }
      return [...names, client.state, await client.request("echo")];
    }), ["InvalidAccessError", "InvalidAccessError", "InvalidAccessError", "SyntaxError", "open", null]);
  });

  await step("after a restart of the server the client reconnects and sends the queued messages", async () => {
    await page.evaluate(() => {
      client.close();
      window.client = new Client("/ws", { baseDelay: 20, maxDelay: 200 });
      window.ends = [];
      client.on("disconnect", (reason) => ends.push(reason));
      return new Promise((resolve) => client.on("connect", resolve));
    });
    await server.stop();
    await page.waitForFunction(() => ends.length);
    assert.deepEqual(await page.evaluate(() => ends.map(({ reason, code }) => [reason, code])), [["peer_close", 1001]]);
    await page.evaluate(() => {
      window.echoed = new Promise((resolve) => client.once("echo", resolve));
      window.reply = client.request("echo", "request");
      client.emit("echo", "queued");
    });
    server = await startEcho(program);
    assert.deepEqual(await page.evaluate(() => Promise.all([reply, echoed])), [null, "request"]);
  });

  for (const [name, trigger] of [
    ["a network that comes back", async () => { await context.setOffline(true); await context.setOffline(false); }],
    ["a page that becomes visible", () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")))],
  ]) {
    await step(`${name} ends a long reconnection delay`, async () => {
      await page.evaluate(() => {
        client.close();
        window.client = new Client("/ws", { baseDelay: 1e9, maxDelay: 1e9, clock: { random: () => 1 } });
        return new Promise((resolve) => client.on("connect", resolve));
      });
      await server.stop("SIGKILL");
      await page.waitForFunction(() => client.state === "waiting");
      server = await startEcho(program);
      await trigger();
      await page.waitForFunction(() => client.state === "open");
    });
  }

  await step("requests from the peer get replies", async () => {
    await page.evaluate(() => client.close());
    const socket = await connectPage();
    await page.evaluate(() => {
      client.on("sum", ([a, b]) => a + b);
      client.on("later", async (data) => ({ got: data }));
      client.on("refuse", () => { throw new Failure("no_room", "the room is full"); });
      client.on("size", (data, { bytes }) => [bytes.byteLength, bytes.at(-1)]);
    });
    assert.deepEqual(await request(socket, { event: "sum", id: 1, data: [1, 2] }), { event: "$ack", id: 1, data: 3 });
    assert.deepEqual(await request(socket, { event: "later", id: "a", data: 1 }), { event: "$ack", id: "a", data: { got: 1 } });
    assert.deepEqual((await request(socket, { event: "refuse", id: 2 })).error, { code: "no_room", message: "the room is full" });
    assert.equal((await request(socket, { event: "nothing", id: 3 })).error.code, "unknown_event");
    const reported = once(page, "pageerror");
    assert.equal((await request(socket, { event: "connect", id: 4 })).error.code, "reserved_event");
    await reported;
    assert.equal(consoleTexts.pop(), "Error: reserved event");
    assert.deepEqual(await request(socket, { event: "$ping" }), { event: "$pong" });
    const reply = receive(socket);
    socket.send(Buffer.concat([Buffer.from('{"event":"size","id":5}\0'), Buffer.from([0, 1, 2])]));
    assert.deepEqual((await reply).data, [3, 2]);
  });

  await step("emitBinary sends a binary frame: the envelope, a NUL, and the bytes", async () => {
    const [socket] = peer.clients, message = once(socket, "message");
    await page.evaluate(() => client.emitBinary("file", { name: "ü" }, new Uint8Array([9, 0, 9]).subarray(1)));
    const [frame, isBinary] = await message;
    assert.deepEqual([isBinary, frame], [true, Buffer.from('{"event":"file","data":{"name":"ü"}}\0\0\x09')]);
  });

  await step("at most 4 MiB are buffered while the peer does not read, and emit works again after it has read", async () => {
    const [socket] = peer.clients;
    socket.pause();
    const accepted = await page.evaluate(async () => {
      const chunk = new Uint8Array(256 * 1024);
      let count = 0;
      while (client.emitBinary("chunk", null, chunk)) if (++count % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
      return [count, client.emitVolatile("x"), client.state];
    });
    assert.deepEqual(accepted.slice(1), [false, "open"]);
    socket.resume();
    await page.waitForFunction(() => client.emitVolatile("room"));
    return `${accepted[0]} chunks of 256 KiB`;
  });

  await step("close sends the code and the text", async () => {
    const [socket] = peer.clients, closed = once(socket, "close");
    assert.equal(await page.evaluate(() => { client.close(4000, "enough ä"); return client.state; }), "closed");
    assert.deepEqual((await closed).map(String), ["4000", "enough ä"]);
  });

  await step("a final close code closes the client, and other codes do not", async () => {
    for (const [code, state] of [[1000, "closed"], [1008, "closed"], [3000, "closed"], [1001, "waiting"], [1013, "waiting"], [4000, "waiting"]]) {
      const socket = await connectPage({ baseDelay: 1e9, maxDelay: 1e9 });
      await page.waitForFunction(() => client.state === "open");
      await page.evaluate(() => { window.ended = new Promise((resolve) => client.on("disconnect", resolve)); });
      socket.close(code, "reason");
      assert.deepEqual(await page.evaluate(() => ended), { reason: "peer_close", code, text: "reason", by_peer: true });
      assert.equal(await page.evaluate(() => client.state), state, String(code));
      await page.evaluate(() => client.close());
    }
  });

  await step("the connection to a silent peer ends, and the connection to a peer that answers pings stays open", async () => {
    const options = { pingInterval: 20, idleTimeout: 60, baseDelay: 1e9, maxDelay: 1e9 };
    const closed = once(peer, "connection").then(([socket]) => once(socket, "close"));
    await connectPage(options);
    await page.waitForFunction(() => client.state === "waiting");
    assert.equal((await closed)[0], 3008);
    await page.evaluate(() => client.close());
    const pinged = once(peer, "connection").then(([socket]) => receive(socket));
    const alive = await connectPage({ ...options, idleTimeout: 60_020 });
    assert.deepEqual(await pinged, { event: "$ping" });
    send(alive, { event: "$pong" });
    assert.equal(await page.evaluate(() => client.state), "open");
    await page.evaluate(() => client.close());
  });

  await step("an exception of a callback is reported like an uncaught error, and the client continues", async () => {
    const socket = await connectPage();
    await page.evaluate(() => client.on("x", (data) => { if (data === 1) throw new Error("mine"); return data; }));
    const reported = once(page, "pageerror");
    send(socket, { event: "x", data: 1 });
    assert.equal((await reported)[0].message, "mine");
    assert.equal(consoleTexts.pop(), "Error: mine");
    assert.equal((await request(socket, { event: "x", id: 1, data: 2 })).data, 2);
  });

  await step("the console has no other messages", () => assert.deepEqual(consoleTexts, []));
} finally {
  await browser.close();
  for (const socket of peer.clients) socket.terminate();
  peer.close();
  proxy.stop();
  await server.stop("SIGKILL");
}
