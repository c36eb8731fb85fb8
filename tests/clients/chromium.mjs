// Tests the WebSocket of Debian's chromium against the library's server.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { main, maxMessageBytes, port, step, url } from "./checks.mjs";

// Runs in the page. Connects, sends each of `messages` and compares its echo, and closes with `code`, or without one sends a
// message that is one byte larger than the last. Returns the messages with a wrong echo, and the close event.
async function exchange({ url, messages, code }) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const opened = await new Promise((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onclose = () => resolve(false);
  });
  if (!opened) return { opened };
  const next = () => new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(data); });
  const isEqual = (echoed, sent) => typeof sent === "string" ? echoed === sent
    : echoed instanceof ArrayBuffer && echoed.byteLength === sent.length && new Uint8Array(echoed).every((byte, at) => byte === sent[at]);
  const wrong = [];
  for (const { text, binary, size } of messages) {
    const sent = text !== undefined ? text.repeat(size) : Uint8Array.from({ length: size }, (_, at) => at * binary);
    const echoed = next();
    socket.send(sent);
    if (!isEqual(await echoed, sent)) wrong.push(`${text ?? "binary"} x ${size}`);
  }
  const closed = new Promise((resolve) => { socket.onclose = (event) => resolve([event.code, event.wasClean]); });
  if (code) socket.close(code, "bye");
  else socket.send(new Uint8Array(messages.at(-1).size + 1));
  return { opened, wrong, extensions: socket.extensions, closed: await closed };
}

await main(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);    // an error page, but it has the server's origin
    await step("text, binary and large messages are echoed, and the close code comes back", async () => {
      const messages = [{ text: "", size: 0 }, { text: "\u00e9\u20ac\u{1F600}", size: 5000 }, { binary: 7, size: 0 },
                        { binary: 7, size: 70000 }, { text: "z", size: maxMessageBytes }, { binary: 251, size: maxMessageBytes - 100 }];
      const result = await page.evaluate(exchange, { url, messages, code: 4001 });
      assert.deepEqual(result, { opened: true, wrong: [], extensions: "permessage-deflate", closed: [4001, true] });
    });
    await step("a message over the bound is closed with 1009", async () => {
      const result = await page.evaluate(exchange, { url, messages: [{ binary: 1, size: maxMessageBytes }] });
      assert.equal(result.closed[0], 1009);
    });
    await step("a page of another origin is refused", async () => {
      await page.goto(`http://localhost:${port}/`);
      const consoleError = page.waitForEvent("console", { predicate: (message) => message.text().includes(url), timeout: 10_000 });
      assert.deepEqual(await page.evaluate(exchange, { url, messages: [] }), { opened: false });
      assert.match((await consoleError).text(), /403/);
    });
  } finally {
    await browser.close();
  }
});
