// The client in a real browser, against the library's own server and against a peer that asks.
//   node chromium.mjs ECHO      the program examples/echo
// The browser is /usr/bin/chromium, or what CHROMIUM names.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { WebSocketServer } from "ws";
import { startEcho } from "./echo_server.mjs";
import { startFront } from "./front.mjs";

const program = process.argv[2];
const source = readFileSync(new URL("../../src/browser/client.js", import.meta.url), "utf8");
const html = `<!doctype html><title>client</title><link rel="icon" href="data:,">
<script type="module">import * as all from "/client.js"; Object.assign(window, all);</script>`;
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
const front = await startFront(files, () => server.url);
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
const complaints = [];
const isRefusal = (text) => /^WebSocket connection to .* failed: /.test(text); // Chromium says so whenever a server is away
page.on("console", (message) => { if (!isRefusal(message.text())) complaints.push(message.text()); });
page.on("pageerror", (error) => complaints.push(String(error)));

// Opens a client in the page; resolves with the peer's end of it.
async function meet(options) {
  const met = once(peer, "connection");
  await page.evaluate(([url, given]) => { window.client = new Client(url, given); }, [peerUrl, options]);
  const [socket] = await met;
  return socket;
}
const send = (socket, message) => socket.send(JSON.stringify(message));
const hear = async (socket) => JSON.parse(String((await once(socket, "message"))[0]));
async function ask(socket, message) {
  const heard = hear(socket);
  send(socket, message);
  return heard;
}

try {
  await page.goto(front.url);
  await page.waitForFunction(() => window.Client);

  await step("a page imports the module as it stands, and finds its server by a relative URL", async () => {
    const seen = await page.evaluate(async () => {
      window.client = new Client("/ws");
      const before = client.state;
      await new Promise((resolve) => client.on("connect", resolve));
      return [before, client.state];
    });
    assert.deepEqual(seen, ["connecting", "open"]);
  });

  await step("text of every plane comes back as it was sent", async () => {
    const data = { text: "ä€🌹\u0000\u2028\"\\", list: [1, -1.5, true, null] };
    const echo = (sent) => page.evaluate((value) => new Promise((resolve) => {
      client.once("echo", resolve);
      client.emit("echo", value === "half" ? "\ud83c" : value);
    }), sent);
    assert.deepEqual(await echo(data), data);
    assert.equal(await echo("half"), "\ufffd");
  });

  await step("requests are answered, unknown ones too", async () => {
    const outcomes = await page.evaluate(async () => [
      await client.request("echo", 1),
      await client.request("nobody listens").catch(({ code, failure }) => [code, failure.code]),
      await client.request("echo", 1, { signal: AbortSignal.abort() }).catch(({ code, cause }) => [code, cause.name]),
    ]);
    assert.deepEqual(outcomes, [null, ["remote_error", "unknown_event"], ["cancelled", "AbortError"]]);
  });

  await step("bytes travel behind their envelope", async () => {
    assert.deepEqual(await page.evaluate(() => new Promise((resolve) => {
      client.once("echo", resolve);
      client.emitBinary("echo", { name: "ü" }, Uint8Array.from([0, 255, 0]));
    })), { name: "ü" });
  });

  await step("what is emitted before the connection arrives first, in order", async () => {
    const seen = await page.evaluate(() => new Promise((resolve) => {
      const other = new Client("/ws"), seen = [];
      other.on("echo", (data) => { if (seen.push(data) === 400) { resolve(seen); other.close(); } });
      other.on("connect", () => { for (let count = 200; count < 400; ++count) other.emit("echo", count); });
      for (let count = 0; count < 200; ++count) other.emit("echo", count);
    }));
    assert.deepEqual(seen, Array.from({ length: 400 }, (_, index) => index));
  });

  await step("it works in a worker", async () => {
    assert.equal(await page.evaluate(() => new Promise((resolve, reject) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    })), null);
  });

  await step("codes that pages may not send throw, and the connection stays", async () => {
    assert.deepEqual(await page.evaluate(async () => {
      const names = [1001, 2999, 5000].map((code) => { try { client.close(code); } catch ({ name }) { return name; } });
      try { client.close(1000, "x".repeat(124)); } catch ({ name }) { names.push(name); }
      return [...names, client.state, await client.request("echo")];
    }), ["InvalidAccessError", "InvalidAccessError", "InvalidAccessError", "SyntaxError", "open", null]);
  });

  await step("a server that went away finds the client again, and gets what waited", async () => {
    await page.evaluate(() => {
      client.close();
      window.client = new Client("/ws", { baseDelay: 20, maxDelay: 200 });
      window.ends = [];
      client.on("disconnect", (why) => ends.push(why));
      return new Promise((resolve) => client.on("connect", resolve));
    });
    await server.stop();
    await page.waitForFunction(() => ends.length);
    assert.deepEqual(await page.evaluate(() => ends.map(({ reason, code }) => [reason, code])), [["peer_close", 1001]]);
    await page.evaluate(() => {
      window.echoed = new Promise((resolve) => client.once("echo", resolve));
      window.asked = client.request("echo", "asked");
      client.emit("echo", "kept");
    });
    server = await startEcho(program);
    assert.deepEqual(await page.evaluate(() => Promise.all([asked, echoed])), [null, "asked"]);
  });

  for (const [what, event] of [
    ["a network that is back", async () => { await context.setOffline(true); await context.setOffline(false); }],
    ["a page that is looked at", () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")))],
  ]) {
    await step(`${what} ends a long pause`, async () => {
      await page.evaluate(() => {
        client.close();
        window.client = new Client("/ws", { baseDelay: 1e9, maxDelay: 1e9, clock: { random: () => 1 } });
        return new Promise((resolve) => client.on("connect", resolve));
      });
      await server.stop("SIGKILL");
      await page.waitForFunction(() => client.state === "waiting");
      server = await startEcho(program);
      await event();
      await page.waitForFunction(() => client.state === "open");
    });
  }

  await step("what the peer asks is answered", async () => {
    await page.evaluate(() => client.close());
    const socket = await meet();
    await page.evaluate(() => {
      client.on("sum", ([a, b]) => a + b);
      client.on("later", async (data) => ({ got: data }));
      client.on("refuse", () => { throw new Failure("no_room", "the room is full"); });
      client.on("size", (data, { bytes }) => [bytes.byteLength, bytes.at(-1)]);
    });
    assert.deepEqual(await ask(socket, { event: "sum", id: 1, data: [1, 2] }), { event: "$ack", id: 1, data: 3 });
    assert.deepEqual(await ask(socket, { event: "later", id: "a", data: 1 }), { event: "$ack", id: "a", data: { got: 1 } });
    assert.deepEqual((await ask(socket, { event: "refuse", id: 2 })).error, { code: "no_room", message: "the room is full" });
    assert.equal((await ask(socket, { event: "nothing", id: 3 })).error.code, "unknown_event");
    const reported = once(page, "pageerror");
    assert.equal((await ask(socket, { event: "connect", id: 4 })).error.code, "reserved_event");
    await reported;
    assert.equal(complaints.pop(), "Error: reserved event");
    assert.deepEqual(await ask(socket, { event: "$ping" }), { event: "$pong" });
    const heard = hear(socket);
    socket.send(Buffer.concat([Buffer.from('{"event":"size","id":5}\0'), Buffer.from([0, 1, 2])]));
    assert.deepEqual((await heard).data, [3, 2]);
  });

  await step("outgoing bytes are a binary frame, its envelope before the NUL", async () => {
    const [socket] = peer.clients, heard = once(socket, "message");
    await page.evaluate(() => client.emitBinary("file", { name: "ü" }, new Uint8Array([9, 0, 9]).subarray(1)));
    const [frame, isBinary] = await heard;
    assert.deepEqual([isBinary, frame], [true, Buffer.from('{"event":"file","data":{"name":"ü"}}\0\0\x09')]);
  });

  await step("a socket that the peer does not read takes no more than 4 MiB, and takes again later", async () => {
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

  await step("close tells the peer the code and the text", async () => {
    const [socket] = peer.clients, closed = once(socket, "close");
    assert.equal(await page.evaluate(() => { client.close(4000, "enough ä"); return client.state; }), "closed");
    assert.deepEqual((await closed).map(String), ["4000", "enough ä"]);
  });

  await step("final codes end it, others do not", async () => {
    for (const [code, state] of [[1000, "closed"], [1008, "closed"], [3000, "closed"], [1001, "waiting"], [1013, "waiting"], [4000, "waiting"]]) {
      const socket = await meet({ baseDelay: 1e9, maxDelay: 1e9 });
      await page.waitForFunction(() => client.state === "open");
      await page.evaluate(() => { window.ended = new Promise((resolve) => client.on("disconnect", resolve)); });
      socket.close(code, "why");
      assert.deepEqual(await page.evaluate(() => ended), { reason: "peer_close", code, text: "why", by_peer: true });
      assert.equal(await page.evaluate(() => client.state), state, String(code));
      await page.evaluate(() => client.close());
    }
  });

  await step("a peer that says nothing at all is found dead; one that answers pings is not", async () => {
    const options = { pingAfter: 20, deadAfter: 60, baseDelay: 1e9, maxDelay: 1e9 };
    const closed = once(peer, "connection").then(([socket]) => once(socket, "close"));
    await meet(options);
    await page.waitForFunction(() => client.state === "waiting");
    assert.equal((await closed)[0], 3008);
    await page.evaluate(() => client.close());
    const pinged = once(peer, "connection").then(([socket]) => hear(socket));
    const alive = await meet({ ...options, deadAfter: 60_020 });
    assert.deepEqual(await pinged, { event: "$ping" });
    send(alive, { event: "$pong" });
    assert.equal(await page.evaluate(() => client.state), "open");
    await page.evaluate(() => client.close());
  });

  await step("what a callback throws is reported as any uncaught error, and harms nothing", async () => {
    const socket = await meet();
    await page.evaluate(() => client.on("x", (data) => { if (data === 1) throw new Error("mine"); return data; }));
    const reported = once(page, "pageerror");
    send(socket, { event: "x", data: 1 });
    assert.equal((await reported)[0].message, "mine");
    assert.equal(complaints.pop(), "Error: mine");
    assert.equal((await ask(socket, { event: "x", id: 1, data: 2 })).data, 2);
  });

  await step("the console is empty", () => assert.deepEqual(complaints, []));
} finally {
  await browser.close();
  for (const socket of peer.clients) socket.terminate();
  peer.close();
  front.stop();
  await server.stop("SIGKILL");
}
